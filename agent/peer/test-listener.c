/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/log.h"
#include "agent/peer/listener.h"
#include "tests/unit/failing.h"
#include "tests/unit/far-end.h"
#include "tests/unit/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAKEN_MAX = 64 };

struct bed {
    struct loop *loop;
    struct listener *listener;
    struct settings_listen settings;
    bool refuses; /* the owner is out of memory */
    size_t count;
    int fds[TAKEN_MAX];
    unsigned places[TAKEN_MAX];
    char line[1024]; /* the last one logged */
    unsigned lines;
};

static struct bed *bed; /* for the log */

static bool on_accepted(void *context, int fd, const struct sockaddr_storage *from, unsigned place)
{
    (void)context;
    assert_int_not_equal(from->ss_family, AF_UNSPEC);
    if (bed->refuses) {
        (void)close(fd);
        return false;
    }
    assert_true(bed->count < TAKEN_MAX);
    bed->fds[bed->count] = fd;
    bed->places[bed->count++] = place;
    return true;
}

static void keep_line(enum log_level level, const char *line)
{
    if (level > LOG_LEVEL_WARNING)
        return;
    (void)snprintf(bed->line, sizeof(bed->line), "%s", line);
    bed->lines++;
}

static int set_up(void **state)
{
    bed = calloc(1, sizeof(*bed));
    *state = bed;
    log_divert(keep_line);
    bed->loop = loop_new_virtual(1000, 1000);
    bed->listener = listener_new(bed->loop, on_accepted, NULL);
    bed->settings = (struct settings_listen){.enabled = true};
    return bed->listener == NULL;
}

static void turn(void)
{
    loop_advance(bed->loop, 0);
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    log_divert(NULL);
    listener_free(bed->listener);
    for (size_t i = 0; i < bed->count; i++)
        (void)close(bed->fds[i]);
    loop_free(bed->loop);
    free(bed);
    return 0;
}

static void start(void)
{
    listener_configure(bed->listener, &bed->settings);
    assert_int_not_equal(listener_port(bed->listener), 0);
    assert_string_equal(listener_trouble(bed->listener), "");
}

static int come_from(const char *address)
{
    int fd = far_connect(address, listener_port(bed->listener));

    assert_true(fd >= 0);
    turn();
    return fd;
}

static void assert_counted(uint64_t accepted, uint64_t refused)
{
    assert_int_equal(listener_counters(bed->listener)->accepted, accepted);
    assert_int_equal(listener_counters(bed->listener)->refused, refused);
}

/* --- who is let in --- */

static void it_is_off_until_it_is_configured(void **state)
{
    (void)state;
    assert_int_equal(listener_port(bed->listener), 0);
    listener_configure(bed->listener, &(struct settings_listen){.enabled = false, .port = 1});
    assert_int_equal(listener_port(bed->listener), 0);
}

static void one_address_may_hold_four_places(void **state)
{
    int fds[LISTENER_PENDING_EACH];

    (void)state;
    start();
    for (size_t i = 0; i < LISTENER_PENDING_EACH; i++)
        fds[i] = come_from("127.0.0.1");
    assert_int_equal(bed->count, LISTENER_PENDING_EACH);
    int extra = come_from("127.0.0.1");
    assert_true(far_is_closed(extra));
    assert_int_equal(bed->count, LISTENER_PENDING_EACH);
    assert_counted(5, 1);
    int other = come_from("127.0.0.2");
    assert_false(far_is_closed(other));
    assert_int_equal(bed->count, LISTENER_PENDING_EACH + 1);
    for (size_t i = 0; i < LISTENER_PENDING_EACH; i++)
        (void)close(fds[i]);
    (void)close(extra);
    (void)close(other);
}

static void a_settled_connection_makes_room(void **state)
{
    (void)state;
    start();
    for (size_t i = 0; i < LISTENER_PENDING_EACH; i++)
        (void)close(come_from("127.0.0.1"));
    listener_settled(bed->listener, bed->places[2]);
    (void)close(come_from("127.0.0.1"));
    assert_counted(5, 0);
    (void)close(come_from("127.0.0.1"));
    assert_counted(6, 1);
}

static void all_together_may_hold_sixteen_places(void **state)
{
    char address[16];

    (void)state;
    start();
    for (unsigned i = 0; i < LISTENER_PENDING_MAX + 3; i++) {
        (void)snprintf(address, sizeof(address), "127.0.0.%u", 1 + i / 2);
        (void)close(come_from(address));
    }
    assert_int_equal(bed->count, LISTENER_PENDING_MAX);
    assert_counted(LISTENER_PENDING_MAX + 3, 3);
    for (size_t i = 0; i < LISTENER_PENDING_MAX; i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(bed->places[i], bed->places[j]);
    }
}

static void refusals_are_told_once_a_minute(void **state)
{
    (void)state;
    start();
    for (size_t i = 0; i < 20; i++)
        (void)close(come_from("127.0.0.1"));
    assert_int_equal(bed->lines, 1);
    loop_advance(bed->loop, 60000);
    (void)close(come_from("127.0.0.1"));
    assert_int_equal(bed->lines, 2);
    assert_non_null(strstr(bed->line, "16 connections closed at once"));
}

static void one_that_its_owner_cannot_take_is_refused_and_leaves_its_place(void **state)
{
    (void)state;
    start();
    bed->refuses = true;
    for (size_t i = 0; i < 10; i++)
        (void)close(come_from("127.0.0.1"));
    assert_counted(10, 10);
    bed->refuses = false;
    (void)close(come_from("127.0.0.1"));
    assert_counted(11, 10);
}

/* --- without descriptors --- */

static void without_descriptors_it_pauses_and_does_not_spin(void **state)
{
    (void)state;
    start();
    failing_from(FAILING_ACCEPT, 1, EMFILE);
    int fd = come_from("127.0.0.1");
    for (int i = 0; i < 100; i++)
        assert_int_equal(loop_turn(bed->loop, 0), 0);
    assert_int_equal(failing_count(FAILING_ACCEPT), 1);
    assert_non_null(strstr(bed->line, strerror(EMFILE)));
    loop_advance(bed->loop, 1000);
    turn();
    assert_int_equal(failing_count(FAILING_ACCEPT), 2);
    assert_int_equal(bed->lines, 1); /* told once */
    failing_reset();
    loop_advance(bed->loop, 1000);
    turn();
    assert_int_equal(bed->count, 1);
    (void)close(fd);
}

static void one_connection_that_broke_in_the_queue_hinders_no_other(void **state)
{
    (void)state;
    start();
    failing_at(FAILING_ACCEPT, 1, ECONNABORTED);
    int fd = come_from("127.0.0.1");
    assert_int_equal(bed->count, 1);
    assert_int_equal(bed->lines, 0);
    (void)close(fd);
}

/* --- where it listens --- */

static void all_addresses_are_both_families(void **state)
{
    (void)state;
    start();
    (void)close(come_from("127.0.0.1"));
    assert_int_equal(bed->count, 1);
}

static void without_ipv6_it_listens_on_ipv4(void **state)
{
    (void)state;
    failing_at(FAILING_SOCKET, 1, EAFNOSUPPORT);
    start();
    assert_true(failing_hit());
    (void)close(come_from("127.0.0.1"));
    assert_int_equal(bed->count, 1);
}

static void it_listens_on_one_address_if_it_is_told_to(void **state)
{
    (void)state;
    (void)snprintf(bed->settings.address, sizeof(bed->settings.address), "127.0.0.2");
    start();
    assert_int_equal(far_connect("127.0.0.1", listener_port(bed->listener)), -1);
    assert_int_equal(errno, ECONNREFUSED);
}

static void a_taken_port_is_told_once_and_tried_until_it_is_free(void **state)
{
    int holder = far_listen("127.0.0.1", &bed->settings.port);

    (void)state;
    listener_configure(bed->listener, &bed->settings);
    assert_int_equal(listener_port(bed->listener), 0);
    assert_non_null(strstr(bed->line, "another program listens there"));
    assert_string_equal(listener_trouble(bed->listener), strerror(EADDRINUSE));
    loop_advance(bed->loop, 10000);
    assert_int_equal(bed->lines, 1);
    (void)close(holder);
    loop_advance(bed->loop, 75000);
    assert_int_equal(listener_port(bed->listener), bed->settings.port);
    assert_string_equal(listener_trouble(bed->listener), "");
}

static void each_failure_to_open_says_what_to_do(void **state)
{
    static const struct {
        enum failing_call call;
        int error;
        const char *remedy;
    } cases[] = {
        {FAILING_BIND, EADDRINUSE, "another program"},
        {FAILING_LISTEN, EADDRINUSE, "another program"},
        {FAILING_BIND, EACCES, "below 1024"},
        {FAILING_SOCKET, EMFILE, "check the address"},
        {FAILING_EPOLL_CTL, ENOSPC, "check the address"},
    };
    size_t before = open_descriptors();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        failing_at(cases[i].call, 1, cases[i].error);
        listener_configure(bed->listener, &bed->settings);
        assert_int_equal(listener_port(bed->listener), 0);
        assert_non_null(strstr(bed->line, strerror(cases[i].error)));
        assert_non_null(strstr(bed->line, cases[i].remedy));
        failing_reset();
        listener_configure(bed->listener, &(struct settings_listen){.enabled = false});
        assert_int_equal(open_descriptors(), before);
    }
}

static void an_address_that_is_not_here_is_told(void **state)
{
    (void)state;
    (void)snprintf(bed->settings.address, sizeof(bed->settings.address), "192.0.2.1");
    listener_configure(bed->listener, &bed->settings);
    assert_non_null(strstr(bed->line, "is not on this device"));
}

static void the_same_settings_again_change_nothing(void **state)
{
    (void)state;
    start();
    uint16_t port = listener_port(bed->listener);
    listener_configure(bed->listener, &bed->settings);
    assert_int_equal(listener_port(bed->listener), port);
    listener_configure(bed->listener, &(struct settings_listen){.enabled = false});
    assert_int_equal(listener_port(bed->listener), 0);
    assert_int_equal(far_connect("127.0.0.1", port), -1);
}

static void without_memory_there_is_none(void **state)
{
    struct loop *loop = loop_new_virtual(0, 0);

    (void)state;
    for (unsigned n = 1;; n++) {
        failing_malloc_at(n);
        struct listener *listener = listener_new(loop, on_accepted, NULL);
        bool failed = failing_hit();
        failing_reset();
        listener_free(listener);
        if (!failed)
            break;
        assert_null(listener);
    }
    loop_free(loop);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_off_until_it_is_configured),
        TEST(one_address_may_hold_four_places),
        TEST(a_settled_connection_makes_room),
        TEST(all_together_may_hold_sixteen_places),
        TEST(refusals_are_told_once_a_minute),
        TEST(one_that_its_owner_cannot_take_is_refused_and_leaves_its_place),
        TEST(without_descriptors_it_pauses_and_does_not_spin),
        TEST(one_connection_that_broke_in_the_queue_hinders_no_other),
        TEST(all_addresses_are_both_families),
        TEST(without_ipv6_it_listens_on_ipv4),
        TEST(it_listens_on_one_address_if_it_is_told_to),
        TEST(a_taken_port_is_told_once_and_tried_until_it_is_free),
        TEST(each_failure_to_open_says_what_to_do),
        TEST(an_address_that_is_not_here_is_told),
        TEST(the_same_settings_again_change_nothing),
        TEST(without_memory_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
