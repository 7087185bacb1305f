/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data and commands are two spellings of one thing: every leaf has a command, and a configuration
 * that is written as commands and read back is the same configuration.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/cli/edit.h"
#include "config/cli/node.h"
#include "config/cli/running.h"
#include "config/schema/schema.h"

#include <libyang/libyang.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 1000, ROUNDS_FULL = 10000, TEXT_MAX = 256 * 1024 };

static struct ly_ctx *schema;
static uint32_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8) % below;
}

/* --- the schema ------------------------------------------------------------------------------ */

static bool is_configuration(const struct lysc_node *node)
{
    return (node->flags & LYS_CONFIG_W) != 0 && strncmp(node->module->name, "nmspd-", 6) == 0;
}

/* module:a/b of a command's node. */
static void path_of_command(const struct command *command, char *buf, size_t size)
{
    struct node_path path;

    node_read(command->node, &path);
    size_t used = (size_t)snprintf(buf, size, "nmspd-%s:", path.module);
    for (size_t i = 0; i < path.count; i++)
        used +=
            (size_t)snprintf(buf + used, size - used, "%s%s", i > 0 ? "/" : "", path.step[i].name);
}

/* The names down to the node, with a slash between each two. */
static size_t put_path(const struct lysc_node *node, char *buf, size_t size)
{
    if (node == NULL)
        return 0;
    size_t used = put_path(node->parent, buf, size);
    used += (size_t)snprintf(buf + used, size - used, "%s%s", used > 0 ? "/" : "", node->name);
    assert_true(used < size);
    return used;
}

static void path_of_parent(const struct lysc_node *leaf, char *buf, size_t size)
{
    size_t used = (size_t)snprintf(buf, size, "%s:", leaf->module->name);

    (void)put_path(leaf->parent, buf + used, size - used);
}

static bool has_command(const struct lysc_node *leaf)
{
    char wanted[600];
    char path[600];

    path_of_parent(leaf, wanted, sizeof(wanted));
    for (size_t i = 0; i < command_count; i++) {
        if (commands[i].node == NULL)
            continue;
        path_of_command(&commands[i], path, sizeof(path));
        const struct grammar *grammar = grammar_of(&commands[i]);
        for (size_t p = 0; p < grammar->count && strcmp(path, wanted) == 0; p++)
            if (grammar->tokens[p].leaf != NULL && strcmp(grammar->tokens[p].leaf, leaf->name) == 0)
                return true;
    }
    return false;
}

static LY_ERR look_at(struct lysc_node *node, void *data, ly_bool *skip)
{
    unsigned *count = data;

    (void)skip;
    if ((node->nodetype & (LYS_LEAF | LYS_LEAFLIST)) == 0 || !is_configuration(node))
        return LY_SUCCESS;
    (*count)++;
    if (!has_command(node))
        fail_msg("no command edits %s/%s", node->parent->name, node->name);
    return LY_SUCCESS;
}

static void every_leaf_has_a_command(void **state)
{
    const struct lys_module *module = NULL;
    uint32_t index = 0;
    unsigned count = 0;

    (void)state;
    while ((module = ly_ctx_get_module_iter(schema, &index)) != NULL)
        if (module->implemented && strncmp(module->name, "nmspd-", 6) == 0)
            (void)lysc_module_dfs_full(module, look_at, &count);
    assert_true(count > 50);
}

static void every_command_edits_leaves_that_there_are(void **state)
{
    char path[600];
    char whole[700];

    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        if (commands[i].node == NULL)
            continue;
        path_of_command(&commands[i], path, sizeof(path));
        const struct grammar *grammar = grammar_of(&commands[i]);
        for (size_t p = 0; p < grammar->count; p++) {
            if (grammar->tokens[p].leaf == NULL)
                continue;
            (void)snprintf(whole, sizeof(whole), "/%s/%s", path, grammar->tokens[p].leaf);
            if (lys_find_path(schema, NULL, whole, 0) == NULL)
                fail_msg("%s edits %s, which is not there", commands[i].syntax, whole);
        }
    }
}

/* --- random configurations ------------------------------------------------------------------- */

static const char *digits(size_t len, char *buf)
{
    for (size_t i = 0; i < len; i++)
        buf[i] = "0123456789abcdef"[draw(16)];
    buf[len] = '\0';
    return buf;
}

static const char *draw_mac(const char *list, char *buf)
{
    const char *separator = strcmp(list, "user") == 0 ? "" : ":";

    (void)snprintf(buf, 64, "00%s50%s56%s%02x%s%02x%s%02x", separator, separator, separator,
                   draw(256), separator, draw(256), separator, draw(256));
    return buf;
}

static const char *draw_name(char *buf)
{
    static const char *const names[] = {"default", "NMSP", "d",    "!list", "a?b",   "all",
                                        "|x",      "no",   "mac",  "list",  "\"q\"", "A-1",
                                        "x;y",     "#",    "name", "0"};
    (void)snprintf(buf, 64, "%s%u", names[draw(16)], draw(4));
    if (draw(3) == 0)
        buf[strlen(buf) - 1] = '\0';
    return buf;
}

/* A value of a text by the name of its leaf. */
static const char *draw_text(const struct lysc_node *leaf, char *buf)
{
    static const char *const hosts[] = {"10.0.0.1",    "2001:db8::1", "fe80::1%eth0",
                                        "mse.example", "127.0.0.1",   "a-b.c"};
    static const char *const addresses[] = {"0.0.0.0", "::", "192.0.2.1"};

    if (strstr(leaf->name, "mac") != NULL)
        return draw_mac(leaf->parent->name, buf);
    if (strcmp(leaf->name, "password") == 0)
        return digits(draw(2) == 0 ? 40 : 64, buf);
    if (strcmp(leaf->name, "host") == 0)
        return hosts[draw(6)];
    if (strcmp(leaf->name, "address") == 0)
        return addresses[draw(3)];
    if (strcmp(leaf->name, "directory") == 0 || strcmp(leaf->name, "helper") == 0) {
        (void)snprintf(buf, 64, "/run/%s", draw(2) == 0 ? "h?" : "x");
        return buf;
    }
    if (strcmp(leaf->name, "hostname") == 0)
        return draw(2) == 0 ? "R1" : "router-2.example";
    if (strcmp(leaf->name, "interface") == 0 || strcmp(leaf->name, "monitor") == 0) {
        (void)snprintf(buf, 64, "wlan%u", draw(5));
        return buf;
    }
    return draw_name(buf);
}

static bool draw_number(const struct lysc_type_num *type, char *buf)
{
    size_t part = draw((uint32_t)LY_ARRAY_COUNT(type->range->parts));
    uint64_t min = type->range->parts[part].min_u64;
    uint64_t max = type->range->parts[part].max_u64;

    (void)snprintf(
        buf, 64, "%lu",
        (unsigned long)(min + draw((uint32_t)(max - min < 1000 ? max - min + 1 : 1000))));
    return true;
}

static const char *draw_value(const struct lysc_node *node, char *buf)
{
    const struct lysc_type *type = ((const struct lysc_node_leaf *)node)->type;

    if (type->basetype == LY_TYPE_LEAFREF)
        type = ((const struct lysc_type_leafref *)type)->realtype;
    if (type->basetype == LY_TYPE_BOOL)
        return draw(2) == 0 ? "true" : "false";
    if (type->basetype == LY_TYPE_ENUM) {
        const struct lysc_type_enum *e = (const struct lysc_type_enum *)type;
        return e->enums[draw((uint32_t)LY_ARRAY_COUNT(e->enums))].name;
    }
    if (type->basetype == LY_TYPE_STRING)
        return draw_text(node, buf);
    (void)draw_number((const struct lysc_type_num *)type, buf);
    return buf;
}

static void fill(const struct lysc_node *parent, struct lyd_node *data);

static void add_entry(const struct lysc_node *list, struct lyd_node *parent)
{
    const struct lysc_node *child = NULL;
    struct lyd_node *entry = NULL;
    char keys[512] = "";
    char buf[128];

    while ((child = lys_getnext(child, list, NULL, 0)) != NULL && child->flags & LYS_KEY) {
        const char *value = draw_value(child, buf);
        const char *quote = strchr(value, '\'') != NULL ? "\"" : "'";
        size_t used = strlen(keys);
        (void)snprintf(keys + used, sizeof(keys) - used, "[%s=%s%s%s]", child->name, quote, value,
                       quote);
    }
    if (lyd_new_list2(parent, NULL, list->name, keys, 0, &entry) == LY_SUCCESS)
        fill(list, entry);
}

static void add_node(const struct lysc_node *node, struct lyd_node *parent)
{
    struct lyd_node *made = NULL;
    char buf[128];

    if (node->nodetype == LYS_CONTAINER) {
        if (lyd_new_inner(parent, NULL, node->name, 0, &made) == LY_SUCCESS)
            fill(node, made);
    } else if (node->nodetype == LYS_LIST) {
        for (uint32_t count = draw(4); count > 0; count--)
            add_entry(node, parent);
    } else if (node->nodetype == LYS_LEAF && !(node->flags & LYS_KEY)) {
        (void)lyd_new_term(parent, NULL, node->name, draw_value(node, buf), 0, NULL);
    }
}

static void fill(const struct lysc_node *parent, struct lyd_node *data)
{
    const struct lysc_node *child = NULL;

    while ((child = lys_getnext(child, parent, NULL, 0)) != NULL)
        if (draw(3) != 0 || (child->flags & LYS_MAND_TRUE))
            add_node(child, data);
}

/* NULL: what was drawn is not valid. */
static struct lyd_node *draw_configuration(void)
{
    const struct lys_module *module = NULL;
    struct lyd_node *all = NULL;
    uint32_t index = 0;

    while ((module = ly_ctx_get_module_iter(schema, &index)) != NULL) {
        const struct lysc_node *top = NULL;
        if (!module->implemented || strncmp(module->name, "nmspd-", 6) != 0)
            continue;
        while ((top = lys_getnext(top, NULL, module->compiled, 0)) != NULL) {
            struct lyd_node *made = NULL;
            if (top->nodetype != LYS_CONTAINER || !is_configuration(top) || draw(8) == 0)
                continue;
            assert_int_equal(lyd_new_inner(NULL, module, top->name, 0, &made), LY_SUCCESS);
            fill(top, made);
            assert_int_equal(lyd_insert_sibling(all, made, &all), LY_SUCCESS);
        }
    }
    if (lyd_validate_all(&all, schema, LYD_VALIDATE_NO_STATE, NULL) == LY_SUCCESS)
        return all;
    lyd_free_all(all);
    return NULL;
}

/* Without what is a default anyway; the other one is freed. */
static struct lyd_node *trimmed(struct lyd_node *data)
{
    struct lyd_node *plain = NULL;
    char *printed = NULL;

    assert_int_equal(
        lyd_print_mem(&printed, data, LYD_XML, LYD_PRINT_WITHSIBLINGS | LYD_PRINT_WD_TRIM),
        LY_SUCCESS);
    assert_int_equal(lyd_parse_data_mem(schema, printed != NULL ? printed : "", LYD_XML,
                                        LYD_PARSE_STRICT, LYD_VALIDATE_NO_STATE, &plain),
                     LY_SUCCESS);
    free(printed);
    lyd_free_all(data);
    return plain;
}

/* --- there and back -------------------------------------------------------------------------- */

static char text[TEXT_MAX];

static void append_line(void *context, const char *line)
{
    char *to = context;
    size_t used = strlen(to);

    assert_true(used + strlen(line) + 2 < TEXT_MAX);
    (void)snprintf(to + used, TEXT_MAX - used, "%s\n", line);
}

static void write_commands(const struct lyd_node *data, char *to)
{
    struct buffer xml = {NULL, 0, 0};
    char *printed = NULL;

    assert_int_equal(
        lyd_print_mem(&printed, data, LYD_XML, LYD_PRINT_WITHSIBLINGS | LYD_PRINT_WD_TRIM),
        LY_SUCCESS);
    buffer_print(&xml, "<data>%s</data>", printed != NULL ? printed : "");
    struct tree *tree = tree_read(xml.bytes, xml.len);
    assert_non_null(tree);
    to[0] = '\0';
    running_write(tree, false, append_line, to);
    free(tree);
    free(printed);
    buffer_free(&xml);
}

/* What an edit of nothing says is the data, but for what it removes. */
static void without_removals(struct buffer *xml)
{
    static const char mark[] = " nc:operation=\"remove\">";
    char *at;

    while ((at = strstr(xml->bytes, mark)) != NULL) {
        char *start = at;
        while (*start != '<')
            start--;
        char *end = strchr(at + strlen(mark), '>') + 1;
        memmove(start, end, strlen(end) + 1);
    }
}

static struct lyd_node *read_commands(char *from)
{
    static struct command_line line;
    struct buffer xml = {NULL, 0, 0};
    struct edit *edit = edit_new();
    struct lyd_node *data = NULL;
    unsigned mode = MODE_CONFIG;
    char context[GRAMMAR_LINE_MAX] = "";
    char why[512];
    char *rest = from;

    for (char *one = strtok_r(from, "\n", &rest); one != NULL; one = strtok_r(NULL, "\n", &rest)) {
        parse_line(one, mode, &line);
        if (line.outcome != PARSE_COMMAND && line.outcome != PARSE_EMPTY) {
            mode = MODE_CONFIG;
            parse_line(one, mode, &line);
        }
        if (line.outcome == PARSE_EMPTY || strcmp(one, "end") == 0)
            continue;
        if (line.outcome != PARSE_COMMAND)
            fail_msg("is not read back: %s", one);
        if (!edit_add(edit, &line, mode != MODE_CONFIG ? context : NULL, NULL, 0, why, sizeof(why)))
            fail_msg("%s: %s", one, why);
        if (line.command->enters != 0) {
            mode = line.command->enters;
            (void)snprintf(context, sizeof(context), "%s", line.values[0].text);
        }
    }
    edit_write(edit, &xml);
    buffer_put(&xml, "");
    without_removals(&xml);
    assert_int_equal(lyd_parse_data_mem(schema, xml.bytes, LYD_XML, LYD_PARSE_STRICT,
                                        LYD_VALIDATE_NO_STATE, &data),
                     LY_SUCCESS);
    edit_free(edit);
    buffer_free(&xml);
    return data;
}

static void configurations_go_there_and_back(void **state)
{
    static char again[TEXT_MAX];
    static char copy[TEXT_MAX];
    unsigned rounds = getenv("NMSPD_TEST_FULL") != NULL ? ROUNDS_FULL : ROUNDS;
    unsigned valid = 0;

    (void)state;
    for (unsigned i = 0; i < rounds; i++) {
        struct lyd_node *diff = NULL;
        seed = i;
        struct lyd_node *data = draw_configuration();
        if (data == NULL)
            continue;
        valid++;
        write_commands(data, text);
        memcpy(copy, text, sizeof(copy));
        struct lyd_node *back = read_commands(copy);
        write_commands(back, again);
        assert_string_equal(again, text);
        data = trimmed(data);
        back = trimmed(back);
        assert_int_equal(lyd_diff_siblings(data, back, 0, &diff), LY_SUCCESS);
        if (diff != NULL) {
            (void)lyd_print_file(stderr, diff, LYD_XML, LYD_PRINT_WITHSIBLINGS);
            fail_msg("configuration %u is another one afterwards:\n%s", i, text);
        }
        lyd_free_all(data);
        lyd_free_all(back);
    }
    print_message("%u of %u configurations were valid\n", valid, rounds);
    assert_true(valid > rounds / 3);
}

static int set_up(void **state)
{
    (void)state;
    schema = schema_new();
    return schema == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    schema_free(schema);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_leaf_has_a_command),
        cmocka_unit_test(every_command_edits_leaves_that_there_are),
        cmocka_unit_test(configurations_go_there_and_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
