/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses from a real kernel's neighbour table, in a network namespace of the test's own. */
#include "platform/neighbours/neighbours.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char said[1024];

static bool is_client(void *context, const struct mac *station)
{
    (void)context;
    return station->b[5] == 5;
}

static void on_address(void *context, const struct radio_address *address)
{
    size_t len = strlen(said);

    (void)context;
    (void)snprintf(said + len, sizeof(said) - len, "%cv%u .%u\n", address->present ? '+' : '-',
                   address->family, address->address[address->family == 4 ? 3 : 15]);
}

static void take_event(void *context, const struct radio_event *event)
{
    switch (event->kind) {
    case RADIO_ADDRESS:
        on_address(context, &event->address);
        break;
    default:
        break;
    }
}

static void command(const char *text)
{
    assert_int_equal(system(text), 0); /* NOLINT(cert-env33-c) */
}

/* A real clock only bounds how long a kernel that never tells can hold the test up. */
static void wait_for(struct loop *loop, const char *text)
{
    for (int i = 0; i < 1000 && strstr(said, text) == NULL; i++)
        assert_int_equal(loop_turn(loop, 10), 0);
    assert_non_null(strstr(said, text));
}

static void the_addresses_of_a_client_come_from_this_kernel(void **state)
{
    static const struct inventory_operations inventory = {.is_client = is_client};
    struct source_counters *counters = NULL;

    (void)state;
    if (unshare(CLONE_NEWNET) < 0)
        skip(); /* only root may */
    command("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up");
    command("ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:05 dev v0 nud reachable");
    command("ip neigh add fe80::2 lladdr 02:00:00:00:00:05 dev v0 nud stale");
    command("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0 nud reachable");
    struct loop *loop = loop_new();
    const struct source_setup setup = {.loop = loop,
                                       .sink = {.take = take_event},
                                       .inventory = {.operations = &inventory},
                                       .counters = &counters};
    struct neighbours *neighbours = neighbours_new(&setup);
    assert_non_null(neighbours);
    neighbours_configure(neighbours, NULL);
    neighbours_client_changed(neighbours, &(struct radio_event){.kind = RADIO_CLIENT_JOINED});
    wait_for(loop, "+v4 .1\n");
    wait_for(loop, "+v6 .2\n");
    command("ip neigh add 10.0.0.3 lladdr 02:00:00:00:00:05 dev v0 nud reachable");
    wait_for(loop, "+v4 .3\n");
    command("ip neigh del 10.0.0.1 dev v0");
    wait_for(loop, "-v4 .1\n");
    command("ip neigh change 10.0.0.3 lladdr 02:00:00:00:00:09 dev v0 nud reachable");
    wait_for(loop, "-v4 .3\n");
    assert_null(strstr(said, ".9\n"));
    neighbours_free(neighbours);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_addresses_of_a_client_come_from_this_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
