/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink with the kernel of the machine that runs the test: no radios are needed. */
#include "platform/netlink.h"
#include "platform/nl80211/attr.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct heard {
    unsigned messages;
    bool found;
    unsigned done;
    enum netlink_result result;
    int error;
};

static void on_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct heard *heard = context;

    (void)tag;
    heard->done++;
    heard->result = result;
    heard->error = error;
}

static struct netlink *real_netlink(struct loop *loop, int protocol)
{
    struct netlink *nl = netlink_new(loop, &(struct netlink_options){.protocol = protocol});

    assert_non_null(nl);
    return nl;
}

/* A real clock only bounds how long a kernel that never answers can hold the test up. */
static void wait_done(struct loop *loop, const struct heard *heard)
{
    for (int i = 0; i < 1000 && heard->done == 0; i++)
        assert_int_equal(loop_turn(loop, 10), 0);
    assert_int_equal(heard->done, 1);
}

static void on_family(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct heard *heard = context;
    struct cursor body = message->body;
    struct attribute attribute;
    char name[16];

    (void)tag;
    heard->messages++;
    while (attribute_next(&body, &attribute)) {
        if (attribute.type != CTRL_ATTR_FAMILY_NAME)
            continue;
        attribute_text(&attribute, name, sizeof(name));
        if (strcmp(name, "nlctrl") == 0)
            heard->found = true;
    }
    assert_false(body.failed);
}

static void the_controller_of_this_kernel_lists_its_families(void **state)
{
    struct loop *loop = loop_new();
    struct netlink *nl = real_netlink(loop, NETLINK_GENERIC);
    struct heard heard = {0};
    struct netlink_request request = {.type = GENL_ID_CTRL,
                                      .command = CTRL_CMD_GETFAMILY,
                                      .version = 1,
                                      .dump = true,
                                      .context = &heard,
                                      .on_message = on_family,
                                      .on_done = on_done};

    (void)state;
    assert_true(netlink_request(nl, &request));
    wait_done(loop, &heard);
    assert_int_equal(heard.result, NETLINK_OK);
    assert_true(heard.messages > 0);
    assert_true(heard.found);
    netlink_free(nl);
    loop_free(loop);
}

static void a_family_that_this_kernel_has_not_is_refused_with_enoent(void **state)
{
    struct loop *loop = loop_new();
    struct netlink *nl = real_netlink(loop, NETLINK_GENERIC);
    struct heard heard = {0};
    struct netlink_request request = {.type = GENL_ID_CTRL,
                                      .command = CTRL_CMD_GETFAMILY,
                                      .version = 1,
                                      .context = &heard,
                                      .on_done = on_done};

    (void)state;
    netlink_add_text(&request, CTRL_ATTR_FAMILY_NAME, "no-such-family");
    assert_true(netlink_request(nl, &request));
    netlink_flush(nl);
    assert_int_equal(heard.done, 1);
    assert_int_equal(heard.result, NETLINK_REFUSED);
    assert_int_equal(heard.error, ENOENT);
    netlink_free(nl);
    loop_free(loop);
}

static void on_link(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct heard *heard = context;

    (void)tag;
    assert_int_equal(message->type, RTM_NEWLINK);
    heard->messages++;
}

static void the_links_of_this_machine_are_listed(void **state)
{
    struct loop *loop = loop_new();
    struct netlink *nl = real_netlink(loop, NETLINK_ROUTE);
    struct heard heard = {0};
    struct netlink_request request = {.type = RTM_GETLINK,
                                      .dump = true,
                                      .context = &heard,
                                      .on_message = on_link,
                                      .on_done = on_done};

    (void)state;
    assert_int_equal(netlink_join(nl, RTNLGRP_LINK), 0);
    assert_true(netlink_request(nl, &request));
    wait_done(loop, &heard);
    assert_int_equal(heard.result, NETLINK_OK);
    assert_true(heard.messages > 0);
    netlink_leave(nl, RTNLGRP_LINK);
    netlink_free(nl);
    loop_free(loop);
}

static void on_neighbour(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct heard *heard = context;

    (void)tag;
    assert_int_equal(message->type, RTM_NEWNEIGH);
    heard->messages++;
}

/* It may be empty: what matters is that this kernel takes the request. */
static void the_neighbours_of_this_machine_are_listed(void **state)
{
    struct loop *loop = loop_new();
    struct netlink *nl = real_netlink(loop, NETLINK_ROUTE);
    struct heard heard = {0};
    struct netlink_request request = {.type = RTM_GETNEIGH,
                                      .dump = true,
                                      .context = &heard,
                                      .on_message = on_neighbour,
                                      .on_done = on_done};

    (void)state;
    assert_int_equal(netlink_join(nl, RTNLGRP_NEIGH), 0);
    assert_true(netlink_request(nl, &request));
    wait_done(loop, &heard);
    assert_int_equal(heard.result, NETLINK_OK);
    netlink_leave(nl, RTNLGRP_NEIGH);
    netlink_free(nl);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_controller_of_this_kernel_lists_its_families),
        cmocka_unit_test(a_family_that_this_kernel_has_not_is_refused_with_enoent),
        cmocka_unit_test(the_links_of_this_machine_are_listed),
        cmocka_unit_test(the_neighbours_of_this_machine_are_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
