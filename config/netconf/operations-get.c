/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations that read: data, schemas.
 */
#include "config/netconf/monitoring.h"
#include "config/netconf/operations.h"
#include "config/schema/compat.h"
#include "config/schema/schema.h"

#define DATA "<data xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">"

/* --- printing -------------------------------------------------------------------------------- */

bool operation_with_defaults(struct request *request, uint32_t *options)
{
    const char *mode = request_leaf(request->op, "with-defaults");

    *options = LYD_PRINT_WD_EXPLICIT;
    if (mode == NULL || strcmp(mode, "explicit") == 0)
        return true;
    if (strcmp(mode, "report-all") == 0)
        *options = LYD_PRINT_WD_ALL;
    else if (strcmp(mode, "trim") == 0)
        *options = LYD_PRINT_WD_TRIM;
    else {
        struct rpc_error *error = rpc_error_add(
            request->errors, RPC_ERROR_PROTOCOL, RPC_INVALID_VALUE, NULL,
            "defaults can be had in the modes explicit, report-all and trim (RFC 6243, 4.3)");
        (void)snprintf(error->bad_element, sizeof(error->bad_element), "with-defaults");
        return false;
    }
    return true;
}

/* --- get and get-config ---------------------------------------------------------------------- */

bool operation_readable(struct request *request, const struct lyd_node *tree,
                        struct lyd_node **copy)
{
    *copy = NULL;
    if (tree != NULL &&
        lyd_dup_siblings(tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, copy) != LY_SUCCESS)
        return request_refuse_for_memory(request);
    if (request->service->nacm != NULL)
        nacm_prune(request->service->nacm, &request->session->user, copy);
    return true;
}

/* What the user may not read is not there, for the filter as well. */
static bool put_data(struct request *request, const struct filter *filter,
                     const struct lyd_node *tree, uint32_t options)
{
    struct nacm *nacm = request->service->nacm;
    struct printer printer = {.out = &request->reply, .options = options};
    struct nacm_reader reader;
    struct lyd_node *readable = NULL;

    if (nacm != NULL && nacm_reader_begin(nacm, &request->session->user, &reader)) {
        if (filter_is_xpath(filter) && !operation_readable(request, tree, &readable))
            return false;
        if (filter_is_xpath(filter)) {
            tree = readable;
        } else {
            printer.is_seen = nacm_may_read;
            printer.context = &reader;
        }
    }
    xmlbuf_put(&request->reply, DATA);
    bool done = filter_print(filter, tree, &printer, request->errors);
    xmlbuf_put(&request->reply, "</data>");
    lyd_free_all(readable);
    return done;
}

static bool take_filter(struct request *request, struct filter **filter)
{
    const struct lyd_node *element = NULL;

    *filter = NULL;
    if (request_child(request->op, "filter") == NULL)
        return true;
    element = request_xml(request);
    return element != NULL && filter_new(request->op, element, filter, request->errors);
}

static bool get_config(struct request *request, const struct filter *filter, uint32_t options)
{
    enum store_id source = operation_datastore(request->op, "source");

    return put_data(request, filter, store_tree(request->service->store, source), options);
}

static bool get(struct request *request, const struct filter *filter, uint32_t options)
{
    struct service *service = request->service;
    const struct lyd_node *running = store_tree(service->store, STORE_RUNNING);
    struct lyd_node *tree = NULL;
    bool made = running == NULL ||
                lyd_dup_siblings(running, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &tree) ==
                    LY_SUCCESS;

    made = made && (service->state == NULL || state_tree_add(service->state, &tree)) &&
           monitoring_add(service, filter, &tree);
    bool done =
        made ? put_data(request, filter, tree, options) : request_refuse_for_memory(request);
    lyd_free_all(tree);
    return done;
}

static enum request_outcome read_data(struct request *request,
                                      bool (*put)(struct request *request,
                                                  const struct filter *filter, uint32_t options))
{
    struct filter *filter = NULL;
    uint32_t options = 0;
    bool done = operation_with_defaults(request, &options) && take_filter(request, &filter) &&
                put(request, filter, options);

    filter_free(filter);
    return done ? REQUEST_DONE : REQUEST_FAILED;
}

enum request_outcome operation_get(struct request *request)
{
    return read_data(request, get);
}

enum request_outcome operation_get_config(struct request *request)
{
    return read_data(request, get_config);
}

/* --- get-schema ------------------------------------------------------------------------------ */

/* RFC 6022, 3.1; without a version there must be one only. */
static const struct lys_module *find_schema(struct request *request, const char *name,
                                            const char *version)
{
    const struct lys_module *module = NULL;
    const struct lys_module *found = NULL;
    uint32_t index = 0;

    while ((module = ly_ctx_get_module_iter(request->service->schema, &index)) != NULL) {
        const char *revision = module->revision != NULL ? module->revision : "";
        if (strcmp(module->name, name) != 0 || (version != NULL && strcmp(version, revision) != 0))
            continue;
        if (found != NULL) {
            struct rpc_error *error =
                rpc_error_add(request->errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                              "there is more than one version of it: name one");
            error->app_tag = "data-not-unique";
            return NULL;
        }
        found = module;
    }
    if (found == NULL)
        (void)request_refuse(request, RPC_ERROR_APPLICATION, RPC_INVALID_VALUE,
                             "there is no such schema, or not in this version");
    return found;
}

static enum request_outcome put_schema(struct request *request, const struct lys_module *module)
{
    const struct schema_module *own = schema_find(module->name, module->revision);
    char *printed = NULL;

    /* libyang's own modules are not ours to embed; it writes them from what it has read. */
    if (own == NULL && lys_print_mem(&printed, module, LYS_OUT_YANG, 0) != LY_SUCCESS)
        return request_refuse(request, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED,
                              "libyang cannot write this schema");
    xmlbuf_put(&request->reply,
               "<data xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\">");
    xmlbuf_escape(&request->reply, own != NULL ? own->text : printed);
    xmlbuf_put(&request->reply, "</data>");
    free(printed);
    return REQUEST_DONE;
}

enum request_outcome operation_get_schema(struct request *request)
{
    const char *format = request_leaf(request->op, "format");
    const char *name = request_leaf(request->op, "identifier");

    if (format != NULL && strcmp(format, "ietf-netconf-monitoring:yang") != 0)
        return request_refuse(request, RPC_ERROR_APPLICATION, RPC_INVALID_VALUE,
                              "schemas are there in the format yang only");
    const struct lys_module *module =
        find_schema(request, name != NULL ? name : "", request_leaf(request->op, "version"));
    return module != NULL ? put_schema(request, module) : REQUEST_FAILED;
}
