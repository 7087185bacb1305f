/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/schema/schema.h"

#include "agent/base/log.h"
#include "config/schema/compat.h"

struct table {
    const struct schema_module *modules;
    size_t count;
};

static const struct schema_module *find_in(const struct table *table, const char *name,
                                           const char *revision)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct schema_module *module = &table->modules[i];
        if (strcmp(module->name, name) == 0 &&
            (revision == NULL || strcmp(module->revision, revision) == 0))
            return module;
    }
    return NULL;
}

const struct schema_module *schema_find(const char *name, const char *revision)
{
    const struct table own = {schema_modules, schema_module_count};
    const struct table standard = {schema_standard_modules, schema_standard_module_count};
    const struct schema_module *module = find_in(&own, name, revision);

    return module != NULL ? module : find_in(&standard, name, revision);
}

/* libyang asks for a module or, with submod_name, for one of its submodules. */
static LY_ERR give_module(const char *mod_name, const char *mod_rev, const char *submod_name,
                          const char *submod_rev, void *user_data, LYS_INFORMAT *format,
                          const char **module_data,
                          void (**free_module_data)(void *model_data, void *user_data))
{
    bool sub = submod_name != NULL;
    const struct schema_module *module =
        schema_find(sub ? submod_name : mod_name, sub ? submod_rev : mod_rev);

    (void)user_data;
    if (module == NULL)
        return LY_ENOTFOUND;
    *format = LYS_IN_YANG;
    *module_data = module->text;
    *free_module_data = NULL;
    return LY_SUCCESS;
}

/* What config/netconf/ can do of RFC 6241, clause 8: its capabilities and these must agree. */
static const char *features[] = {"writable-running",
                                 "candidate",
                                 "confirmed-commit",
                                 "rollback-on-error",
                                 "validate",
                                 "startup",
                                 "xpath",
                                 NULL};

static bool load_table(struct ly_ctx *schema, const struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct schema_module *module = &table->modules[i];
        bool base = strcmp(module->name, "ietf-netconf") == 0;
        if (ly_ctx_load_module(schema, module->name, module->revision, base ? features : NULL) ==
            NULL)
            return false;
    }
    return true;
}

/* All are compiled at once at the end: one by one, each would compile those before it again. */
static bool load_modules(struct ly_ctx *schema)
{
    const struct table own = {schema_modules, schema_module_count};
    const struct table standard = {schema_standard_modules, schema_standard_module_count};

    return load_table(schema, &standard) && load_table(schema, &own) &&
           ly_ctx_compile(schema) == LY_SUCCESS;
}

struct ly_ctx *schema_new(void)
{
    struct ly_ctx *schema = NULL;
    uint16_t options = LY_CTX_DISABLE_SEARCHDIRS | LY_CTX_EXPLICIT_COMPILE;

    ly_log_level(LY_LLERR);
    (void)ly_log_options(LY_LOSTORE);
    if (ly_ctx_new(NULL, options, &schema) != LY_SUCCESS) {
        log_error("libyang cannot start: memory is out");
        return NULL;
    }
    ly_ctx_set_module_imp_clb(schema, give_module, NULL);
    if (!load_modules(schema)) {
        const struct ly_err_item *last = ly_err_last(schema);
        log_error("the YANG modules in this program do not load: %s",
                  last != NULL ? last->msg : "memory is out");
        schema_free(schema);
        return NULL;
    }
    return schema;
}

void schema_free(struct ly_ctx *schema)
{
    if (schema != NULL)
        ly_ctx_destroy(schema);
}
