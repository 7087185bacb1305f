/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/json.h"

#include "config/cli/client.h"
#include "config/schema/schema.h"

#include <libyang/libyang.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json {
    struct ly_ctx *schema;
    struct buffer text;
    unsigned count;
    bool failed;
};

struct json *json_new(void)
{
    struct json *json = calloc(1, sizeof(*json));

    if (json != NULL)
        json->schema = schema_new();
    if (json != NULL && json->schema == NULL) {
        free(json);
        return NULL;
    }
    return json;
}

void json_free(struct json *json)
{
    if (json == NULL)
        return;
    schema_free(json->schema);
    buffer_free(&json->text);
    free(json);
}

static void add_tree(struct json *json, const struct lyd_node *tree)
{
    char *printed = NULL;

    if (lyd_print_mem(&printed, tree, LYD_JSON, LYD_PRINT_WITHSIBLINGS | LYD_PRINT_KEEPEMPTYCONT) !=
        LY_SUCCESS) {
        json->failed = true;
        return;
    }
    if (json->count++ > 0)
        buffer_put(&json->text, ",\n");
    /* libyang says nothing for nothing, and ends the rest with a line feed. */
    size_t len = printed != NULL ? strlen(printed) : 0;
    if (len > 0 && printed[len - 1] == '\n')
        printed[len - 1] = '\0';
    buffer_put(&json->text, printed != NULL && printed[0] != '\0' ? printed : "{}");
    free(printed);
}

/* What stands between <data ...> and </data>. */
static bool add_data(struct json *json, const char *reply)
{
    const char *start = strstr(reply, "<data");
    struct lyd_node *tree = NULL;
    struct buffer inner = {NULL, 0, 0};

    start = start != NULL ? strchr(start, '>') : NULL;
    const char *end = start != NULL ? strstr(start, "</data>") : NULL;
    buffer_put(&inner, "");
    if (end != NULL)
        buffer_add(&inner, start + 1, (size_t)(end - start - 1));
    LY_ERR result =
        lyd_parse_data_mem(json->schema, inner.bytes, LYD_XML, LYD_PARSE_ONLY, 0, &tree);
    if (result == LY_SUCCESS)
        add_tree(json, tree);
    lyd_free_all(tree);
    buffer_free(&inner);
    return result == LY_SUCCESS;
}

static bool parse_op(const struct ly_ctx *schema, struct lyd_node *parent, const char *text,
                     enum lyd_type type, struct lyd_node **envelope, struct lyd_node **op)
{
    struct ly_in *in = NULL;

    if (ly_in_new_memory(text, &in) != LY_SUCCESS)
        return false;
    LY_ERR result = parent != NULL ? lyd_parse_op(schema, parent, in, LYD_XML, type, envelope, NULL)
                                   : lyd_parse_op(schema, NULL, in, LYD_XML, type, envelope, op);
    ly_in_free(in, 0);
    return result == LY_SUCCESS;
}

static void without_input(struct lyd_node *op)
{
    struct lyd_node *next = NULL;

    for (struct lyd_node *node = lyd_child(op); node != NULL; node = next) {
        next = node->next;
        if ((node->schema->flags & LYS_IS_OUTPUT) == 0)
            lyd_free_tree(node);
    }
}

/* The output of an rpc is known only together with the rpc. */
static bool add_output(struct json *json, const char *operation, const char *reply)
{
    struct lyd_node *call = NULL;
    struct lyd_node *envelope = NULL;
    struct lyd_node *op = NULL;
    struct buffer rpc = {NULL, 0, 0};

    buffer_print(&rpc,
                 "<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"1\">%s"
                 "</rpc>",
                 operation);
    bool done = parse_op(json->schema, NULL, rpc.bytes, LYD_TYPE_RPC_NETCONF, &call, &op) &&
                parse_op(json->schema, op, reply, LYD_TYPE_REPLY_NETCONF, &envelope, NULL);
    if (done) {
        without_input(op);
        add_tree(json, op);
    }
    lyd_free_all(envelope);
    lyd_free_all(op);
    lyd_free_all(call);
    buffer_free(&rpc);
    return done;
}

void json_add(struct json *json, const char *operation, const char *reply)
{
    bool is_data =
        strncmp(operation, "<get>", 5) == 0 || strncmp(operation, "<get-config>", 12) == 0;

    if (!(is_data ? add_data(json, reply) : add_output(json, operation, reply)))
        json->failed = true;
}

bool json_print(struct json *json)
{
    bool done = !json->failed;

    if (json->count > 1)
        (void)printf("[\n%s]\n", json->text.bytes);
    else if (json->count == 1)
        (void)printf("%s\n", json->text.bytes);
    json->count = 0;
    json->failed = false;
    buffer_clear(&json->text);
    return fflush(stdout) == 0 && done;
}
