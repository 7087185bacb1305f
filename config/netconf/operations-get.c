/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations that read: data, schemas.
 */
#include "config/netconf/internal.h"
#include "config/schema/compat.h"
#include "config/schema/schema.h"

#define DATA "<data xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">"

/* --- printing -------------------------------------------------------------------------------- */

bool operation_with_defaults(struct rpc *rpc, uint32_t *options)
{
    const char *mode = operation_leaf(rpc->op, "with-defaults");

    *options = LYD_PRINT_WD_EXPLICIT;
    if (mode == NULL || strcmp(mode, "explicit") == 0)
        return true;
    if (strcmp(mode, "report-all") == 0)
        *options = LYD_PRINT_WD_ALL;
    else if (strcmp(mode, "trim") == 0)
        *options = LYD_PRINT_WD_TRIM;
    else {
        struct rpc_error *error = rpc_error_add(
            rpc->errors, RPC_ERROR_PROTOCOL, RPC_INVALID_VALUE, NULL,
            "defaults can be had in the modes explicit, report-all and trim (RFC 6243, 4.3)");
        (void)snprintf(error->bad_element, sizeof(error->bad_element), "with-defaults");
        return false;
    }
    return true;
}

/* --- get and get-config ---------------------------------------------------------------------- */

static bool refuse_for_memory(struct rpc *rpc)
{
    (void)operation_refuse(rpc, RPC_ERROR_APPLICATION, RPC_RESOURCE_DENIED, "memory is out");
    return false;
}

bool operation_readable(struct rpc *rpc, const struct lyd_node *tree, struct lyd_node **copy)
{
    *copy = NULL;
    if (tree != NULL &&
        lyd_dup_siblings(tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, copy) != LY_SUCCESS)
        return refuse_for_memory(rpc);
    if (rpc->server->options.nacm != NULL)
        nacm_prune(rpc->server->options.nacm, &rpc->session->user, copy);
    return true;
}

/* What the user may not read is not there, for the filter as well. */
static bool put_data(struct rpc *rpc, const struct filter *filter, const struct lyd_node *tree,
                     uint32_t options)
{
    struct nacm *nacm = rpc->server->options.nacm;
    struct printer printer = {.out = &rpc->reply, .options = options};
    struct nacm_reader reader;
    struct lyd_node *readable = NULL;

    if (nacm != NULL && nacm_reader_begin(nacm, &rpc->session->user, &reader)) {
        if (filter_is_xpath(filter) && !operation_readable(rpc, tree, &readable))
            return false;
        if (filter_is_xpath(filter)) {
            tree = readable;
        } else {
            printer.is_seen = nacm_may_read;
            printer.context = &reader;
        }
    }
    xmlbuf_put(&rpc->reply, DATA);
    bool done = filter_print(filter, tree, &printer, rpc->errors);
    xmlbuf_put(&rpc->reply, "</data>");
    lyd_free_all(readable);
    return done;
}

static bool take_filter(struct rpc *rpc, struct filter **filter)
{
    const struct lyd_node *element = NULL;

    *filter = NULL;
    if (operation_child(rpc->op, "filter") == NULL)
        return true;
    element = rpc_xml(rpc);
    return element != NULL && filter_new(rpc->op, element, filter, rpc->errors);
}

static bool get_config(struct rpc *rpc, const struct filter *filter, uint32_t options)
{
    enum store_id source = operation_datastore(rpc->op, "source");

    return put_data(rpc, filter, store_tree(rpc->server->options.store, source), options);
}

static bool get(struct rpc *rpc, const struct filter *filter, uint32_t options)
{
    struct server *server = rpc->server;
    const struct lyd_node *running = store_tree(server->options.store, STORE_RUNNING);
    struct lyd_node *tree = NULL;
    bool made = running == NULL ||
                lyd_dup_siblings(running, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &tree) ==
                    LY_SUCCESS;

    made = made &&
           (server->options.state == NULL || state_tree_add(server->options.state, &tree)) &&
           monitoring_add(server, filter, &tree);
    bool done = made ? put_data(rpc, filter, tree, options) : refuse_for_memory(rpc);
    lyd_free_all(tree);
    return done;
}

static enum rpc_outcome read_data(struct rpc *rpc,
                                  bool (*put)(struct rpc *rpc, const struct filter *filter,
                                              uint32_t options))
{
    struct filter *filter = NULL;
    uint32_t options = 0;
    bool done = operation_with_defaults(rpc, &options) && take_filter(rpc, &filter) &&
                put(rpc, filter, options);

    filter_free(filter);
    return done ? RPC_DONE : RPC_FAILED;
}

enum rpc_outcome operation_get(struct rpc *rpc)
{
    return read_data(rpc, get);
}

enum rpc_outcome operation_get_config(struct rpc *rpc)
{
    return read_data(rpc, get_config);
}

/* --- get-schema ------------------------------------------------------------------------------ */

/* RFC 6022, 3.1; without a version there must be one only. */
static const struct lys_module *find_schema(struct rpc *rpc, const char *name, const char *version)
{
    const struct lys_module *module = NULL;
    const struct lys_module *found = NULL;
    uint32_t index = 0;

    while ((module = ly_ctx_get_module_iter(rpc->schema, &index)) != NULL) {
        const char *revision = module->revision != NULL ? module->revision : "";
        if (strcmp(module->name, name) != 0 || (version != NULL && strcmp(version, revision) != 0))
            continue;
        if (found != NULL) {
            struct rpc_error *error =
                rpc_error_add(rpc->errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                              "there is more than one version of it: name one");
            error->app_tag = "data-not-unique";
            return NULL;
        }
        found = module;
    }
    if (found == NULL)
        (void)operation_refuse(rpc, RPC_ERROR_APPLICATION, RPC_INVALID_VALUE,
                               "there is no such schema, or not in this version");
    return found;
}

static enum rpc_outcome put_schema(struct rpc *rpc, const struct lys_module *module)
{
    const struct schema_module *own = schema_find(module->name, module->revision);
    char *printed = NULL;

    /* libyang's own modules are not ours to embed; it writes them from what it has read. */
    if (own == NULL && lys_print_mem(&printed, module, LYS_OUT_YANG, 0) != LY_SUCCESS)
        return operation_refuse(rpc, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED,
                                "libyang cannot write this schema");
    xmlbuf_put(&rpc->reply, "<data xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\">");
    xmlbuf_escape(&rpc->reply, own != NULL ? own->text : printed);
    xmlbuf_put(&rpc->reply, "</data>");
    free(printed);
    return RPC_DONE;
}

enum rpc_outcome operation_get_schema(struct rpc *rpc)
{
    const char *format = operation_leaf(rpc->op, "format");
    const char *name = operation_leaf(rpc->op, "identifier");

    if (format != NULL && strcmp(format, "ietf-netconf-monitoring:yang") != 0)
        return operation_refuse(rpc, RPC_ERROR_APPLICATION, RPC_INVALID_VALUE,
                                "schemas are there in the format yang only");
    const struct lys_module *module =
        find_schema(rpc, name != NULL ? name : "", operation_leaf(rpc->op, "version"));
    return module != NULL ? put_schema(rpc, module) : RPC_FAILED;
}
