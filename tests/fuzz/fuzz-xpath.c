/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as the XPath of a filter: it is let through or one error is given; and what is let
 * through is evaluated by libyang in a time in which nothing stalls (-timeout of the fuzzer).
 */
#include "config/netconf/filter-xpath.h"
#include "config/schema/compat.h"
#include "config/schema/schema.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES = 1000 };

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static struct lyd_node *make_tree(void)
{
    struct ly_ctx *schema = schema_new();
    struct lyd_node *tree = NULL;
    char path[100];

    expect(schema != NULL && lyd_new_path(NULL, schema, "/nmspd-system:system/hostname", "ap-1", 0,
                                          &tree) == LY_SUCCESS);
    for (int i = 0; i < ENTRIES; i++) {
        (void)snprintf(path, sizeof(path), "/nmspd-aaa:aaa/attribute-list[name='n%d']/password", i);
        expect(lyd_new_path(tree, NULL, path, "0123456789012345678901234567890123456789", 0,
                            NULL) == LY_SUCCESS);
    }
    (void)ly_log_options(0);
    return lyd_first_sibling(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rpc_errors errors;
    static struct lyd_node *tree;
    char text[FILTER_XPATH_MAX + 1];
    struct ly_set *set = NULL;

    if (size >= sizeof(text))
        return 0;
    if (tree == NULL)
        tree = make_tree();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    rpc_errors_clear(&errors);
    bool bounded = filter_xpath_is_bounded(text, &errors);
    expect(errors.count == (bounded ? 0 : 1));
    expect(bounded || errors.items[0].message[0] != '\0');
    if (bounded)
        (void)lyd_find_xpath(tree, text, &set);
    ly_set_free(set, NULL);
    return 0;
}
