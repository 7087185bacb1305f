/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config.h"

#include "agent/base/log.h"
#include "config/datastore/datastore.h"
#include "config/schema/schema.h"

#include <stdlib.h>

struct config {
    struct ly_ctx *schema;
    struct config_capabilities capabilities;
    bool kept_told;
};

struct config *config_new(const struct config_capabilities *capabilities)
{
    struct config *config = calloc(1, sizeof(*config));
    if (config == NULL)
        return NULL;
    if (capabilities != NULL)
        config->capabilities = *capabilities;
    config->schema = schema_new();
    if (config->schema == NULL) {
        free(config);
        return NULL;
    }
    return config;
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    schema_free(config->schema);
    free(config);
}

static void tell_kept(struct config *config, const struct settings *settings)
{
    if (config->kept_told)
        return;
    for (size_t i = 0; i < settings->kept_count; i++)
        log_info("%s: accepted and kept, but not acted on by this version", settings->kept[i]);
    config->kept_told = true;
}

struct settings *config_parse(struct config *config, const char *text, size_t len,
                              struct config_error *error)
{
    config_error_clear(error);
    struct lyd_node *tree = datastore_parse(config->schema, text, len, error);
    if (error->status != CONFIG_OK)
        return NULL;
    struct settings *settings = apply_settings(tree, &config->capabilities, error);
    if (settings != NULL)
        tell_kept(config, settings);
    datastore_free(tree);
    return settings;
}

struct settings *config_load(struct config *config, const char *path, struct config_error *error)
{
    size_t len = 0;

    config_error_clear(error);
    char *text = datastore_read(path, &len, error);
    if (text == NULL)
        return NULL;
    struct settings *settings = config_parse(config, text, len, error);
    free(text);
    return settings;
}
