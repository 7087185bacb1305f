/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config.h"

#include "agent/base/log.h"
#include "config/access/nacm.h"
#include "config/datastore/store.h"
#include "config/errors/fault.h"
#include "config/errors/rpc-error.h"
#include "config/netconf/netconf_server.h"
#include "config/schema/schema.h"
#include "config/settings/loader.h"
#include "config/state/state-tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

struct config {
    struct config_options options;
    struct ly_ctx *schema;
    struct store *store;
    bool reloading;
    /* The door, while it is open. */
    struct nacm *nacm;
    struct state_tree *state;
    struct netconf_server *server;
};

static void tell_faults(const char *path, const struct config_error *error)
{
    char text[CONFIG_TEXT_SIZE];

    for (size_t i = 0; i < error->count; i++)
        log_error("%s: %s", path, config_fault_text(&error->faults[i], text, sizeof(text)));
    if (error->omitted > 0)
        log_error("%s: and %zu faults more", path, error->omitted);
    if (error->status == CONFIG_NOT_FOUND)
        log_error("write a configuration (nmspd(8) has one to begin with), or name another file "
                  "with --config; --check FILE looks at one without starting");
}

bool config_check(const char *path, const struct config_capabilities *capabilities)
{
    static struct config_error error;
    struct loader *loader = loader_new(capabilities);

    if (loader == NULL)
        return false;
    struct settings *settings = loader_file(loader, path, &error);
    loader_free(loader);
    if (settings == NULL)
        tell_faults(path, &error);
    settings_free(settings);
    return settings != NULL;
}

/* --- the datastores -------------------------------------------------------------------------- */

static void on_apply(void *context, struct settings *settings)
{
    struct config *config = context;

    if (config->reloading)
        log_info("reload: %s is taken up", config->options.path);
    config->options.apply(config->options.context, settings);
    if (config->server != NULL)
        netconf_server_running_changed(config->server);
}

/* What runs when the startup file is not taken. */
static const char *running_instead(const struct store *store)
{
    return store_origin(store) == STORE_FROM_LAST_GOOD
               ? "the last good configuration is running instead"
               : "an empty configuration is running instead";
}

struct config *config_open(const struct config_options *options)
{
    struct config *config = calloc(1, sizeof(*config));

    if (config == NULL) {
        log_error("cannot start: %s", strerror(ENOMEM));
        return NULL;
    }
    config->options = *options;
    config->schema = schema_new();
    if (config->schema == NULL) {
        config_close(config);
        return NULL;
    }
    const struct store_options store_options = {.loop = options->loop,
                                                .schema = config->schema,
                                                .path = options->path,
                                                .capabilities = options->capabilities,
                                                .apply = on_apply,
                                                .context = config};
    config->store = store_new(&store_options);
    if (config->store == NULL) {
        log_error("cannot start: %s", strerror(ENOMEM));
        config_close(config);
        return NULL;
    }
    const struct config_error *fault = store_startup_fault(config->store);
    if (fault != NULL) {
        tell_faults(options->path, fault);
        log_error("startup: %s; mend the file, then send SIGHUP", running_instead(config->store));
    }
#ifdef __GLIBC__
    (void)malloc_trim(0); /* what glibc would keep until it needs it again */
#endif
    return config;
}

void config_close(struct config *config)
{
    if (config == NULL)
        return;
    config_close_door(config);
    store_free(config->store);
    schema_free(config->schema);
    free(config);
}

struct settings *config_settings(struct config *config)
{
    return store_settings(config->store);
}

void config_reload(struct config *config)
{
    struct rpc_errors errors = {.count = 0};

    config->reloading = true;
    bool taken = store_reload(config->store, &errors);
    config->reloading = false;
    if (taken)
        return;
    const struct config_error *fault = store_startup_fault(config->store);
    if (fault != NULL && errors.items[0].tag != RPC_IN_USE)
        tell_faults(config->options.path, fault);
    else
        log_error("reload: %s", errors.items[0].message);
    log_error("reload: refused; nothing was changed");
}

void config_report(const struct config *config, struct agent *agent)
{
    state_report(&(struct state_tree_options){
        .schema = config->schema, .agent = agent, .store = config->store});
}

/* --- the door -------------------------------------------------------------------------------- */

static void on_notification(void *context, const struct lyd_node *notification)
{
    struct config *config = context;

    netconf_server_notify(config->server, notification);
}

void config_open_door(struct config *config, struct agent *agent, const char *path,
                      const char *group)
{
    const struct state_tree_options state = {.schema = config->schema,
                                             .agent = agent,
                                             .store = config->store,
                                             .notify = on_notification,
                                             .context = config};

    config->nacm = nacm_new(config->schema);
    config->state = state_tree_new(&state);
    const struct netconf_server_options server = {.loop = config->options.loop,
                                                  .store = config->store,
                                                  .nacm = config->nacm,
                                                  .state = config->state,
                                                  .path = path,
                                                  .group = group};
    if (config->nacm != NULL && config->state != NULL)
        config->server = netconf_server_new(&server);
    else
        log_error("management: %s; the agent runs without it", strerror(ENOMEM));
}

void config_close_door(struct config *config)
{
    netconf_server_free(config->server);
    config->server = NULL;
    state_tree_free(config->state);
    config->state = NULL;
    nacm_free(config->nacm);
    config->nacm = NULL;
}
