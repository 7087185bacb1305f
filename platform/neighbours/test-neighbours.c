/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/log.h"
#include "platform/neighbours/neighbour.h"
#include "platform/neighbours/neighbours.h"
#include "tests/unit/failing.h"
#include "tests/unit/fake-kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 64, LOG_SIZE = 65536, CLIENTS = 4, IFINDEX = 7 };

enum fault { FAULT_NONE, FAULT_SILENT, FAULT_REFUSE, FAULT_INTERRUPT };

/* A row of the kernel's table. The MAC is written as its last byte; 0: none. */
struct row {
    const char *address; /* NULL: no row */
    uint8_t mac;
    uint16_t state;
    uint32_t ifindex; /* 0: IFINDEX */
};

struct bed {
    struct loop *loop;
    struct fake_kernel kernel;
    struct neighbours *neighbours;
    struct source_counters *counters;
    struct row rows[ROWS];
    uint8_t clients[CLIENTS];
    enum fault fault;
    unsigned dumps;
    char said[LOG_SIZE];
    char warned[LOG_SIZE];
};

static struct bed *bed;

/* --- the kernel --- */

static void build_row(struct builder *b, uint16_t type, uint16_t flags, uint32_t sequence,
                      const struct row *row)
{
    struct ndmsg header = {.ndm_state = row->state,
                           .ndm_ifindex = (int)(row->ifindex != 0 ? row->ifindex : IFINDEX)};
    const uint8_t mac[6] = {2, 0, 0, 0, 0, row->mac};
    uint8_t address[16];
    bool is_6 = strchr(row->address, ':') != NULL;

    header.ndm_family = is_6 ? AF_INET6 : AF_INET;
    assert_int_equal(inet_pton(header.ndm_family, row->address, address), 1);
    build_message(b, type, flags, sequence);
    build_bytes(b, &header, sizeof(header));
    build_attribute(b, NDA_DST, address, is_6 ? 16 : 4);
    if (row->mac != 0)
        build_attribute(b, NDA_LLADDR, mac, sizeof(mac));
    build_u32(b, NDA_PROBES, 1);
}

static void respond(struct fake_kernel *kernel, struct fake_socket *socket,
                    const struct nlmsghdr *request)
{
    static struct builder b;
    uint16_t flags = bed->fault == FAULT_INTERRUPT ? NLM_F_MULTI | NLM_F_DUMP_INTR : NLM_F_MULTI;

    (void)kernel;
    assert_int_equal(request->nlmsg_type, RTM_GETNEIGH);
    assert_int_equal(request->nlmsg_len, NLMSG_LENGTH(sizeof(struct ndmsg)));
    assert_true((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP);
    bed->dumps++;
    b = (struct builder){0};
    if (bed->fault == FAULT_SILENT)
        return;
    if (bed->fault == FAULT_REFUSE) {
        build_error(&b, request->nlmsg_seq, EPERM);
        fake_put(socket, &b);
        return;
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (bed->rows[i].address != NULL)
            build_row(&b, RTM_NEWNEIGH, flags, request->nlmsg_seq, &bed->rows[i]);
    }
    build_done(&b, flags, request->nlmsg_seq, 0);
    fake_put(socket, &b);
}

/* --- events --- */

static bool is_client(void *context, const struct mac *station)
{
    const struct bed *b = context;

    for (size_t i = 0; i < CLIENTS; i++) {
        if (b->clients[i] != 0 && b->clients[i] == station->b[5])
            return true;
    }
    return false;
}

static void on_address(void *context, const struct radio_address *address)
{
    struct bed *b = context;
    size_t len = strlen(b->said);
    char text[INET6_ADDRSTRLEN];

    assert_true(address->family == 4 || address->family == 6);
    (void)inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->address, text,
                    sizeof(text));
    (void)snprintf(b->said + len, sizeof(b->said) - len, "%c%02x %s\n",
                   address->present ? '+' : '-', address->device.b[5], text);
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

static void keep_line(enum log_level level, const char *line)
{
    size_t len = strlen(bed->warned);

    if (level <= LOG_LEVEL_WARNING)
        (void)snprintf(bed->warned + len, sizeof(bed->warned) - len, "%s\n", line);
}

/* --- the bed --- */

static void turn(void)
{
    for (int i = 0; i < 4; i++) {
        loop_advance(bed->loop, 0);
        assert_int_equal(loop_turn(bed->loop, 0), 0);
    }
}

static void advance(int64_t ms)
{
    loop_advance(bed->loop, ms);
    turn();
}

static const char *said(void)
{
    static char taken[LOG_SIZE];

    memcpy(taken, bed->said, LOG_SIZE);
    bed->said[0] = '\0';
    return taken;
}

static void event_type(uint16_t type, struct row row)
{
    static struct builder b;

    b = (struct builder){0};
    build_row(&b, type, 0, 0, &row);
    fake_multicast(&bed->kernel, NETLINK_ROUTE, RTNLGRP_NEIGH, &b);
    turn();
}

static void event(const char *address, uint8_t mac, uint16_t state)
{
    event_type(RTM_NEWNEIGH, (struct row){.address = address, .mac = mac, .state = state});
}

static void joined(uint8_t mac)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        if (bed->clients[i] == 0) {
            bed->clients[i] = mac;
            break;
        }
    }
    neighbours_client_changed(bed->neighbours, &(struct radio_event){.kind = RADIO_CLIENT_JOINED});
    turn();
}

static void left(uint8_t mac)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        if (bed->clients[i] == mac)
            bed->clients[i] = 0;
    }
    neighbours_client_changed(bed->neighbours, &(struct radio_event){.kind = RADIO_CLIENT_LEFT});
    turn();
}

static struct neighbours *make(struct loop *loop)
{
    static const struct inventory_operations inventory = {.is_client = is_client};
    const struct source_setup setup = {.loop = loop,
                                       .sink = {take_event, bed},
                                       .inventory = {&inventory, bed},
                                       .counters = &bed->counters,
                                       .io = &fake_kernel_io,
                                       .io_context = &bed->kernel};

    bed->counters = NULL;
    return neighbours_new(&setup);
}

static int set_up(void **state)
{
    (void)state;
    bed = calloc(1, sizeof(*bed));
    assert_non_null(bed);
    log_divert(keep_line);
    bed->loop = loop_new_virtual(1000000, 1800000000000);
    bed->kernel.respond = respond;
    bed->neighbours = make(bed->loop);
    assert_non_null(bed->neighbours);
    neighbours_configure(bed->neighbours, NULL);
    turn();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    neighbours_free(bed->neighbours);
    loop_free(bed->loop);
    fake_kernel_fini(&bed->kernel);
    log_divert(NULL);
    free(bed);
    return 0;
}

/* --- the parser --- */

static struct cursor message_of(struct builder *b, const struct row *row)
{
    *b = (struct builder){0};
    build_row(b, RTM_NEWNEIGH, 0, 0, row);
    return cursor_of(b->bytes + NLMSG_HDRLEN, b->len - NLMSG_HDRLEN);
}

static void a_row_of_the_table_is_understood(void **state)
{
    static struct builder b;
    const uint8_t address[16] = {0xfe, 0x80, [15] = 1};
    struct neighbour n;
    bool is_host;

    (void)state;
    assert_true(
        neighbour_parse(message_of(&b, &(struct row){"fe80::1", 5, NUD_STALE, 0}), &n, &is_host));
    assert_true(is_host && n.valid && n.has_mac);
    assert_int_equal(n.family, 6);
    assert_memory_equal(n.address, address, 16);
    assert_int_equal(n.ifindex, IFINDEX);
    assert_int_equal(n.mac.b[5], 5);
}

static void only_what_the_kernel_believes_in_is_valid(void **state)
{
    static const struct {
        uint16_t state;
        bool valid;
    } states[] = {{NUD_NONE, false},  {NUD_INCOMPLETE, false}, {NUD_FAILED, false},
                  {NUD_NOARP, false}, {NUD_REACHABLE, true},   {NUD_STALE, true},
                  {NUD_DELAY, true},  {NUD_PROBE, true},       {NUD_PERMANENT, true}};
    static struct builder b;
    struct neighbour n;
    bool is_host;

    (void)state;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        const struct row row = {"10.0.0.1", 5, states[i].state, 0};
        assert_true(neighbour_parse(message_of(&b, &row), &n, &is_host));
        assert_int_equal(n.valid, states[i].valid);
    }
}

static void what_is_no_hosts_address_is_told_apart(void **state)
{
    static const char *const addresses[] = {"0.0.0.0", "224.0.0.1", "255.255.255.255",
                                            "::", "ff02::1"};
    static struct builder b;
    struct neighbour n;
    bool is_host;

    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        const struct row row = {addresses[i], 5, NUD_REACHABLE, 0};
        assert_true(neighbour_parse(message_of(&b, &row), &n, &is_host));
        assert_false(is_host);
    }
    /* A bridge's forwarding table comes through the same group. */
    struct cursor body = message_of(&b, &(struct row){"10.0.0.1", 5, NUD_REACHABLE, 0});
    b.bytes[NLMSG_HDRLEN] = AF_BRIDGE;
    assert_true(neighbour_parse(body, &n, &is_host));
    assert_false(is_host);
}

static void a_broken_message_is_refused(void **state)
{
    static struct builder b;
    struct cursor body = message_of(&b, &(struct row){"10.0.0.1", 5, NUD_REACHABLE, 0});
    struct neighbour n;
    bool is_host;
    size_t whole = cursor_left(&body);

    (void)state;
    for (size_t len = 0; len < sizeof(struct ndmsg); len++)
        assert_false(neighbour_parse(cursor_of(body.at, len), &n, &is_host));
    assert_false(neighbour_parse(cursor_of(body.at, whole - 1), &n, &is_host));
    b.bytes[NLMSG_HDRLEN + sizeof(struct ndmsg)] = 3; /* shorter than its own header */
    assert_false(neighbour_parse(body, &n, &is_host));
}

/* --- the table --- */

static void a_client_that_joins_has_the_addresses_of_the_table(void **state)
{
    (void)state;
    bed->rows[0] = (struct row){"10.0.0.1", 5, NUD_REACHABLE, 0};
    bed->rows[1] = (struct row){"fe80::5", 5, NUD_STALE, 0};
    bed->rows[2] = (struct row){"10.0.0.2", 6, NUD_REACHABLE, 0};
    bed->rows[3] = (struct row){"10.0.0.3", 5, NUD_FAILED, 0};
    bed->rows[4] = (struct row){"10.0.0.4", 0, NUD_INCOMPLETE, 0};
    assert_int_equal(bed->dumps, 0);
    joined(5);
    assert_string_equal(said(), "+05 10.0.0.1\n+05 fe80::5\n");
    advance(10000);
    assert_int_equal(bed->dumps, 1);
    assert_string_equal(said(), "");
}

static void many_that_join_are_read_together(void **state)
{
    (void)state;
    joined(5);
    for (int i = 0; i < 9; i++) {
        joined(6);
        advance(100);
    }
    assert_int_equal(bed->dumps, 1);
    advance(100);
    assert_int_equal(bed->dumps, 2);
    advance(10000);
    assert_int_equal(bed->dumps, 2);
}

static void an_address_that_comes_and_goes_is_told(void **state)
{
    (void)state;
    joined(5);
    event("10.0.0.1", 0, NUD_INCOMPLETE);
    assert_string_equal(said(), "");
    event("10.0.0.1", 5, NUD_REACHABLE);
    assert_string_equal(said(), "+05 10.0.0.1\n");
    event("10.0.0.1", 5, NUD_STALE);
    event("10.0.0.1", 5, NUD_PROBE);
    assert_string_equal(said(), "");
    event("10.0.0.1", 0, NUD_FAILED); /* names no MAC */
    assert_string_equal(said(), "-05 10.0.0.1\n");
    event("10.0.0.1", 0, NUD_FAILED);
    event_type(RTM_DELNEIGH, (struct row){"10.0.0.1", 0, NUD_FAILED, 0});
    assert_string_equal(said(), "");
    event("fe80::5", 5, NUD_DELAY);
    event_type(RTM_DELNEIGH, (struct row){"fe80::5", 5, NUD_STALE, 0});
    assert_string_equal(said(), "+05 fe80::5\n-05 fe80::5\n");
}

static void addresses_of_others_are_not_told(void **state)
{
    (void)state;
    joined(5);
    event("10.0.0.1", 9, NUD_REACHABLE);
    event("10.0.0.1", 9, NUD_FAILED);
    assert_string_equal(said(), "");
}

static void an_address_that_moves_is_taken_from_the_one_before(void **state)
{
    (void)state;
    joined(5);
    joined(6);
    event("10.0.0.1", 5, NUD_REACHABLE);
    event("10.0.0.1", 6, NUD_REACHABLE);
    assert_string_equal(said(), "+05 10.0.0.1\n-05 10.0.0.1\n+06 10.0.0.1\n");
    event("10.0.0.1", 9, NUD_REACHABLE); /* no client */
    assert_string_equal(said(), "-06 10.0.0.1\n");
}

static void an_address_on_two_interfaces_is_one(void **state)
{
    (void)state;
    joined(5);
    event_type(RTM_NEWNEIGH, (struct row){"fe80::5", 5, NUD_REACHABLE, 7});
    event_type(RTM_NEWNEIGH, (struct row){"fe80::5", 5, NUD_REACHABLE, 8});
    event_type(RTM_DELNEIGH, (struct row){"fe80::5", 0, NUD_FAILED, 7});
    assert_string_equal(said(), "+05 fe80::5\n");
    event_type(RTM_DELNEIGH, (struct row){"fe80::5", 0, NUD_FAILED, 8});
    assert_string_equal(said(), "-05 fe80::5\n");
}

static void the_addresses_of_who_left_are_taken_back(void **state)
{
    (void)state;
    joined(5);
    event("10.0.0.1", 5, NUD_REACHABLE);
    event("10.0.0.2", 5, NUD_REACHABLE);
    (void)said();
    left(5);
    advance(NEIGHBOURS_DUMP_MS);
    const char *gone = said();
    assert_non_null(strstr(gone, "-05 10.0.0.1\n"));
    assert_non_null(strstr(gone, "-05 10.0.0.2\n"));
    assert_int_equal(bed->dumps, 1);
    event("10.0.0.1", 5, NUD_REACHABLE);
    assert_string_equal(said(), "");
}

static void a_client_that_moved_to_another_ap_keeps_them(void **state)
{
    (void)state;
    joined(5);
    event("10.0.0.1", 5, NUD_REACHABLE);
    (void)said();
    bed->rows[0] = (struct row){"10.0.0.1", 5, NUD_REACHABLE, 0};
    left(9); /* it is still a client, elsewhere */
    advance(NEIGHBOURS_DUMP_MS);
    assert_string_equal(said(), "");
}

/* --- trouble --- */

static void lost_events_make_it_read_the_table_again(void **state)
{
    (void)state;
    joined(5);
    event("10.0.0.1", 5, NUD_REACHABLE);
    event("10.0.0.2", 5, NUD_REACHABLE);
    (void)said();
    bed->rows[0] = (struct row){"10.0.0.1", 5, NUD_REACHABLE, 0};
    bed->rows[1] = (struct row){"10.0.0.3", 5, NUD_REACHABLE, 0};
    fake_multicast_error(&bed->kernel, NETLINK_ROUTE, ENOBUFS);
    turn();
    advance(NEIGHBOURS_DUMP_MS);
    assert_string_equal(said(), "+05 10.0.0.3\n-05 10.0.0.2\n");
    assert_int_equal(source_counters_sum(bed->counters, "stations", "overruns"), 1);
}

static void a_reading_that_is_interrupted_takes_nothing_back(void **state)
{
    (void)state;
    joined(5);
    event("10.0.0.1", 5, NUD_REACHABLE);
    (void)said();
    bed->fault = FAULT_INTERRUPT;
    advance(NEIGHBOURS_DUMP_MS);
    joined(6);
    assert_int_equal(bed->dumps, 2);
    assert_string_equal(said(), "");
    bed->fault = FAULT_NONE;
    advance(NEIGHBOURS_DUMP_MS);
    assert_int_equal(bed->dumps, 3);
    assert_string_equal(said(), "-05 10.0.0.1\n");
}

static void a_reading_that_fails_is_tried_again_later(void **state)
{
    (void)state;
    bed->fault = FAULT_REFUSE;
    bed->rows[0] = (struct row){"10.0.0.1", 5, NUD_REACHABLE, 0};
    joined(5);
    assert_int_equal(source_counters_sum(bed->counters, "stations", "errors"), 1);
    assert_non_null(strstr(bed->warned, "neighbour table"));
    bed->warned[0] = '\0';
    advance(NEIGHBOURS_RETRY_MS);
    assert_int_equal(source_counters_sum(bed->counters, "stations", "errors"), 2);
    assert_string_equal(bed->warned, "");
    bed->fault = FAULT_SILENT;
    advance(NEIGHBOURS_RETRY_MS);
    advance(NETLINK_DEADLINE_MS);
    assert_int_equal(source_counters_sum(bed->counters, "stations", "timeouts"), 1);
    bed->fault = FAULT_NONE;
    advance(NEIGHBOURS_RETRY_MS);
    assert_string_equal(said(), "+05 10.0.0.1\n");
}

static void a_message_that_is_broken_is_counted(void **state)
{
    static struct builder b;

    (void)state;
    b = (struct builder){0};
    build_message(&b, RTM_NEWNEIGH, 0, 0);
    build_u32(&b, 0, 0);
    fake_multicast(&bed->kernel, NETLINK_ROUTE, RTNLGRP_NEIGH, &b);
    turn();
    assert_int_equal(source_counters_sum(bed->counters, "stations", "malformed"), 1);
}

static void without_events_it_works_with_readings(void **state)
{
    (void)state;
    neighbours_free(bed->neighbours);
    bed->kernel.join_error = EPERM;
    bed->neighbours = make(bed->loop);
    neighbours_configure(bed->neighbours, NULL);
    neighbours_configure(bed->neighbours, NULL);
    assert_non_null(strstr(bed->warned, "cannot be heard"));
    bed->rows[0] = (struct row){"10.0.0.1", 5, NUD_REACHABLE, 0};
    joined(5);
    assert_string_equal(said(), "+05 10.0.0.1\n");
}

/* --- bounds --- */

static void one_client_cannot_take_all_the_room(void **state)
{
    unsigned told = 0;

    (void)state;
    joined(5);
    joined(6);
    for (int i = 1; i <= 100; i++) {
        char text[24];
        (void)snprintf(text, sizeof(text), "10.0.1.%d", i);
        event(text, 5, NUD_REACHABLE);
    }
    for (const char *at = said(); (at = strchr(at, '+')) != NULL; at++)
        told++;
    assert_int_equal(told, NEIGHBOURS_CLIENT_MAX);
    assert_non_null(strstr(bed->warned, "IP addresses"));
    event("10.0.0.6", 6, NUD_REACHABLE);
    assert_string_equal(said(), "+06 10.0.0.6\n");
    /* What went makes room. */
    event("10.0.1.1", 0, NUD_FAILED);
    event("10.0.1.99", 5, NUD_REACHABLE);
    assert_string_equal(said(), "-05 10.0.1.1\n+05 10.0.1.99\n");
}

/* Adding and taking away at random, against a plain list. */
static void the_table_agrees_with_a_plain_list(void **state)
{
    bool there[2][200] = {{false}};
    unsigned random = 12345;

    (void)state;
    /* On both interfaces together nobody has more than a client may have. */
    for (int i = 0; i < 4000; i++) {
        random = random * 1103515245U + 12345U;
        unsigned host = (random >> 16) % 200;
        unsigned on = (random >> 8) % 2;
        char text[16];
        char expected[32];
        bool was = there[0][host] || there[1][host];
        uint8_t mac = (uint8_t)(host / (NEIGHBOURS_CLIENT_MAX / 2) + 1);

        bed->clients[0] = mac;
        (void)snprintf(text, sizeof(text), "10.0.0.%u", host + 1);
        there[on][host] = (random >> 24) % 2 == 0;
        bool is = there[0][host] || there[1][host];
        event_type(RTM_NEWNEIGH,
                   (struct row){text, there[on][host] ? mac : 0,
                                there[on][host] ? NUD_REACHABLE : NUD_FAILED, 7 + on});
        (void)snprintf(expected, sizeof(expected), "%c%02x %s\n", is ? '+' : '-', mac, text);
        assert_string_equal(said(), was == is ? "" : expected);
    }
}

static void without_memory_there_is_none_and_no_leak(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (unsigned n = 1;; n++) {
        struct loop *loop = loop_new();
        failing_malloc_at(n);
        struct neighbours *neighbours = make(loop);
        bool hit = failing_hit();
        failing_reset();
        assert_true(hit == (neighbours == NULL));
        neighbours_free(neighbours);
        loop_free(loop);
        if (!hit)
            break;
        failures++;
    }
    assert_true(failures > 2);
}

static void an_address_for_which_there_is_no_memory_is_left_out(void **state)
{
    (void)state;
    joined(5);
    failing_malloc_at(2); /* the first one is the test's own datagram */
    event("10.0.0.1", 5, NUD_REACHABLE);
    assert_true(failing_hit());
    assert_string_equal(said(), "");
    event("10.0.0.1", 5, NUD_STALE);
    assert_string_equal(said(), "+05 10.0.0.1\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_of_the_table_is_understood),
        TEST(only_what_the_kernel_believes_in_is_valid),
        TEST(what_is_no_hosts_address_is_told_apart),
        TEST(a_broken_message_is_refused),
        TEST(a_client_that_joins_has_the_addresses_of_the_table),
        TEST(many_that_join_are_read_together),
        TEST(an_address_that_comes_and_goes_is_told),
        TEST(addresses_of_others_are_not_told),
        TEST(an_address_that_moves_is_taken_from_the_one_before),
        TEST(an_address_on_two_interfaces_is_one),
        TEST(the_addresses_of_who_left_are_taken_back),
        TEST(a_client_that_moved_to_another_ap_keeps_them),
        TEST(lost_events_make_it_read_the_table_again),
        TEST(a_reading_that_is_interrupted_takes_nothing_back),
        TEST(a_reading_that_fails_is_tried_again_later),
        TEST(a_message_that_is_broken_is_counted),
        TEST(without_events_it_works_with_readings),
        TEST(one_client_cannot_take_all_the_room),
        TEST(the_table_agrees_with_a_plain_list),
        TEST(without_memory_there_is_none_and_no_leak),
        TEST(an_address_for_which_there_is_no_memory_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
