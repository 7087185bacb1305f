/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/settings/loader.h"

#include "agent/base/log.h"
#include "config/datastore/datastore.h"
#include "config/schema/schema.h"

#include <stdlib.h>

struct loader {
    struct ly_ctx *schema;
    struct config_capabilities capabilities;
    bool kept_told;
};

struct loader *loader_new(const struct config_capabilities *capabilities)
{
    struct loader *loader = calloc(1, sizeof(*loader));
    if (loader == NULL)
        return NULL;
    if (capabilities != NULL)
        loader->capabilities = *capabilities;
    loader->schema = schema_new();
    if (loader->schema == NULL) {
        free(loader);
        return NULL;
    }
    return loader;
}

void loader_free(struct loader *loader)
{
    if (loader == NULL)
        return;
    schema_free(loader->schema);
    free(loader);
}

static void tell_kept(struct loader *loader, const struct settings *settings)
{
    if (loader->kept_told)
        return;
    for (size_t i = 0; i < settings->kept_count; i++)
        log_info("%s: accepted and kept, but not acted on by this version", settings->kept[i]);
    loader->kept_told = true;
}

struct settings *loader_text(struct loader *loader, const char *text, size_t len,
                             struct config_error *error)
{
    config_error_clear(error);
    struct lyd_node *tree = datastore_parse(loader->schema, text, len, error);
    if (error->status != CONFIG_OK)
        return NULL;
    struct settings *settings = apply_settings(tree, &loader->capabilities, error);
    if (settings != NULL)
        tell_kept(loader, settings);
    datastore_free(tree);
    return settings;
}

struct settings *loader_file(struct loader *loader, const char *path, struct config_error *error)
{
    size_t len = 0;

    config_error_clear(error);
    char *text = datastore_read(path, &len, error);
    if (text == NULL)
        return NULL;
    struct settings *settings = loader_text(loader, text, len, error);
    free(text);
    return settings;
}
