/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/running.h"

#include "agent/base/log.h"
#include "config/schema/compat.h"

static bool is_valid(const struct running *running, struct lyd_node **tree,
                     struct rpc_errors *errors)
{
    struct ly_ctx *schema = running->options->schema;

    ly_err_clean(schema, NULL);
    if (lyd_validate_all(tree, schema, LYD_VALIDATE_NO_STATE | COMPAT_VALIDATE_ALL_FAULTS, NULL) ==
        LY_SUCCESS)
        return true;
    rpc_errors_from_libyang(errors, schema, *tree);
    ly_err_clean(schema, NULL);
    return false;
}

struct settings *running_try(const struct running *running, struct lyd_node **tree,
                             struct rpc_errors *errors)
{
    struct config_error faults;

    if (!is_valid(running, tree, errors))
        return NULL;
    config_error_clear(&faults);
    struct settings *settings = apply_settings(*tree, &running->options->capabilities, &faults);
    if (settings == NULL)
        rpc_errors_from_faults(errors, &faults);
    return settings;
}

bool running_permits(const struct store_access *access, const struct lyd_node *from,
                     const struct lyd_node *to, bool *changes, struct rpc_errors *errors)
{
    struct lyd_node *diff = NULL;

    if (lyd_diff_siblings(from, to, 0, &diff) != LY_SUCCESS)
        return rpc_error_refuse(errors, RPC_RESOURCE_DENIED, "memory is out");
    *changes = diff != NULL;
    bool permitted =
        diff == NULL || access->permits == NULL || access->permits(access->context, diff, errors);
    lyd_free_all(diff);
    return permitted;
}

/* --- taking ---------------------------------------------------------------------------------- */

static bool is_told(const struct running *running, const char *path)
{
    for (size_t i = 0; i < running->kept_count; i++)
        if (running->kept[i] == path)
            return true;
    return false;
}

static void tell_kept(struct running *running, const struct settings *settings)
{
    for (size_t i = 0; i < settings->kept_count; i++)
        if (!is_told(running, settings->kept[i]))
            log_info("%s: accepted and kept, but not acted on by this version", settings->kept[i]);
    running->kept_count = settings->kept_count;
    memcpy(running->kept, settings->kept, sizeof(running->kept));
}

static void adopt(struct running *running, struct snapshot *snapshot, struct settings *settings)
{
    snapshot_swap(&running->now, snapshot);
    tell_kept(running, settings);
    running->options->apply(running->options->context, settings);
}

bool running_begin(struct running *running, struct lyd_node *tree, struct settings *settings)
{
    tell_kept(running, settings);
    settings_free(settings);
    running->now = snapshot_new(tree);
    return running->now != NULL;
}

bool running_take(struct running *running, const struct store_access *access, struct lyd_node *tree,
                  bool always, struct rpc_errors *errors)
{
    bool changes = false;
    struct snapshot *snapshot = NULL;
    struct settings *settings = running_try(running, &tree, errors);
    bool ok =
        settings != NULL && running_permits(access, running->now->tree, tree, &changes, errors);

    if (!ok || (!changes && !always)) {
        settings_free(settings);
        lyd_free_all(tree);
        return ok;
    }
    snapshot = snapshot_new(tree);
    if (snapshot == NULL) {
        settings_free(settings);
        return rpc_error_refuse(errors, RPC_RESOURCE_DENIED, "memory is out");
    }
    if (always)
        running->kept_count = 0;
    adopt(running, snapshot, settings);
    return true;
}

bool running_take_back(struct running *running, struct snapshot *snapshot)
{
    struct config_error faults;

    config_error_clear(&faults);
    struct settings *settings =
        apply_settings(snapshot->tree, &running->options->capabilities, &faults);
    if (settings == NULL)
        return false;
    adopt(running, snapshot_share(snapshot), settings);
    return true;
}
