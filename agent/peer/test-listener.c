/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/log.h"
#include "agent/peer/address.h"
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
    bool refuses;      /* the owner is out of memory */
    const char *known; /* the address of a configured server */
    size_t count;
    int fds[TAKEN_MAX]; /* -1: was pushed out */
    unsigned places[TAKEN_MAX];
    bool hello[TAKEN_MAX];
    unsigned turned_away;
    unsigned throttled;
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
    bed->hello[bed->count] = false;
    bed->fds[bed->count] = fd;
    bed->places[bed->count++] = place;
    return true;
}

static bool on_knows(void *context, const struct sockaddr_storage *from)
{
    char text[ADDRESS_TEXT_SIZE];

    (void)context;
    return bed->known != NULL && address_is_of(address_text(from, text), bed->known);
}

/* The one that is at this place now. */
static size_t taken_at(unsigned place)
{
    size_t at = bed->count;

    while (at-- > 0) {
        if (bed->fds[at] >= 0 && bed->places[at] == place)
            return at;
    }
    fail();
    return 0;
}

static bool on_has_hello(void *context, unsigned place)
{
    (void)context;
    return bed->hello[taken_at(place)];
}

static void on_evict(void *context, unsigned place)
{
    size_t at = taken_at(place);

    (void)context;
    (void)close(bed->fds[at]);
    bed->fds[at] = -1;
    listener_settled(bed->listener, place, false);
}

static void on_turned_away(void *context, const struct sockaddr_storage *from, bool throttled)
{
    (void)context;
    assert_int_not_equal(from->ss_family, AF_UNSPEC);
    bed->turned_away++;
    bed->throttled += throttled ? 1 : 0;
}

static const struct listener_owner owner = {.accepted = on_accepted,
                                            .knows = on_knows,
                                            .has_hello = on_has_hello,
                                            .evict = on_evict,
                                            .turned_away = on_turned_away};

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
    bed->listener = listener_new(bed->loop, &owner);
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
    for (size_t i = 0; i < bed->count; i++) {
        if (bed->fds[i] >= 0)
            (void)close(bed->fds[i]);
    }
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

/* From 127.0.<group>.<1 or more>; the far side is closed at once, which nobody here minds. */
static size_t arrive(unsigned group)
{
    char address[32];
    size_t before = bed->count;

    (void)snprintf(address, sizeof(address), "127.0.%u.1", group);
    (void)close(come_from(address));
    return before;
}

/* Which of those that were taken have been pushed out, as text: "3" for the fourth. */
static const char *gone(char text[static 128])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < bed->count; i++) {
        if (bed->fds[i] < 0)
            used += (size_t)snprintf(text + used, 128 - used, "%s%zu", used > 0 ? " " : "", i);
    }
    return text;
}

static void one_address_has_four_places_and_its_oldest_goes_for_the_next(void **state)
{
    char text[128];

    (void)state;
    start();
    for (size_t i = 0; i < LISTENER_PENDING_EACH; i++)
        (void)arrive(1);
    assert_string_equal(gone(text), "");
    (void)arrive(2);
    (void)arrive(1);
    assert_string_equal(gone(text), "0");
    (void)arrive(1);
    assert_string_equal(gone(text), "0 1");
    assert_counted(7, 0);
    assert_int_equal(listener_counters(bed->listener)->evicted, 2);
    assert_int_equal(bed->turned_away, 0);
}

static void who_is_patient_lets_more_wait_than_there_are_places_for(void **state)
{
    const unsigned places = LISTENER_PENDING_MAX - LISTENER_PENDING_KEPT;
    char text[128];

    (void)state;
    start();
    listener_be_patient(bed->listener, true);
    for (unsigned i = 0; i < places + 2; i++)
        (void)arrive(1 + i);
    assert_int_equal(bed->count, places);
    assert_string_equal(gone(text), "");
    assert_int_equal(bed->turned_away, 0);
    (void)close(bed->fds[3]);
    bed->fds[3] = -1;
    listener_settled(bed->listener, bed->places[3], true);
    turn();
    assert_int_equal(bed->count, places + 1); /* and no more */
    listener_be_patient(bed->listener, false);
    turn();
    assert_int_equal(bed->count, places + 2);
    assert_int_equal(listener_counters(bed->listener)->evicted, 1);
}

static void a_settled_connection_makes_room(void **state)
{
    char text[128];

    (void)state;
    start();
    for (size_t i = 0; i < LISTENER_PENDING_EACH; i++)
        (void)arrive(1);
    listener_settled(bed->listener, bed->places[2], true);
    (void)arrive(1);
    assert_string_equal(gone(text), "");
}

static void strangers_have_twelve_places_and_the_oldest_goes_for_the_next(void **state)
{
    char text[128];

    (void)state;
    start();
    for (unsigned i = 0; i < LISTENER_PENDING_MAX - LISTENER_PENDING_KEPT; i++)
        (void)arrive(1 + i / 2);
    assert_string_equal(gone(text), "");
    for (unsigned i = 0; i < 3; i++)
        (void)arrive(100 + i);
    assert_string_equal(gone(text), "0 1 2");
    for (size_t i = 3; i < bed->count; i++) {
        for (size_t j = 3; j < i; j++)
            assert_int_not_equal(bed->places[i], bed->places[j]);
    }
    assert_counted(15, 0);
}

static void one_without_a_client_hello_goes_before_an_older_one_with_it(void **state)
{
    char text[128];

    (void)state;
    start();
    for (unsigned i = 0; i < LISTENER_PENDING_MAX - LISTENER_PENDING_KEPT; i++)
        bed->hello[arrive(1 + i / 2)] = i != 5 && i != 7;
    bed->hello[arrive(100)] = true;
    bed->hello[arrive(101)] = true;
    assert_string_equal(gone(text), "5 7");
    /* All have theirs and are silent now: they do not hold the places for that. */
    bed->hello[arrive(102)] = true;
    assert_string_equal(gone(text), "0 5 7");
}

static void the_known_have_places_that_no_stranger_gets(void **state)
{
    char text[128];

    (void)state;
    start();
    bed->known = "127.0.9.1";
    size_t first = arrive(9);
    for (unsigned i = 0; i < 40; i++)
        (void)arrive(20 + i / 2);
    assert_int_equal(bed->fds[first] >= 0, true);
    for (unsigned i = 1; i < LISTENER_PENDING_KEPT; i++)
        (void)arrive(9);
    (void)gone(text);
    for (unsigned i = 0; i < LISTENER_PENDING_KEPT; i++)
        assert_true(bed->fds[bed->count - 1 - i] >= 0);
    assert_int_equal(listener_counters(bed->listener)->evicted,
                     40 - (LISTENER_PENDING_MAX - LISTENER_PENDING_KEPT));
    /* With all places taken the strangers go for them, and not they for strangers. */
    bed->known = "127.0.10.1";
    bed->hello[first] = true;
    (void)arrive(10);
    assert_true(bed->fds[first] >= 0);
    assert_true(bed->fds[bed->count - 1] >= 0);
    assert_int_equal(bed->turned_away, 0);
}

/* Four of the known are all that their address may have; one that is not known cannot get in. */
static void a_stranger_does_not_push_out_the_known_of_its_prefix(void **state)
{
    (void)state;
    start();
    bed->known = "127.0.9.1";
    for (unsigned i = 0; i < LISTENER_PENDING_EACH; i++)
        (void)arrive(9);
    bed->known = NULL;
    int extra = come_from("127.0.9.1");
    assert_true(far_is_closed(extra));
    assert_counted(5, 1);
    assert_int_equal(bed->turned_away, 1);
    assert_int_equal(bed->throttled, 0);
    (void)close(extra);
}

static void what_comes_to_nothing_is_throttled_and_the_known_are_not(void **state)
{
    (void)state;
    bed->settings.each = (struct settings_rate){.rate = 60, .burst = 3};
    bed->settings.all = (struct settings_rate){.rate = 600, .burst = 100};
    start();
    for (unsigned i = 0; i < 10; i++) {
        (void)arrive(1);
        if (bed->throttled == 0)
            listener_settled(bed->listener, bed->places[bed->count - 1], false);
    }
    assert_int_equal(bed->count, 3);
    assert_int_equal(bed->throttled, 7);
    assert_int_equal(listener_counters(bed->listener)->throttled, 7);
    assert_counted(10, 0);
    (void)arrive(2);
    assert_int_equal(bed->count, 4);
    loop_advance(bed->loop, 2000);
    for (unsigned i = 0; i < 10; i++)
        (void)arrive(1);
    assert_int_equal(bed->count, 6);
    bed->known = "127.0.1.1";
    for (unsigned i = 0; i < 10; i++)
        (void)arrive(1);
    assert_int_equal(bed->count, 16);
}

static void who_is_authorised_is_not_throttled(void **state)
{
    (void)state;
    bed->settings.each = (struct settings_rate){.rate = 1, .burst = 2};
    start();
    for (unsigned i = 0; i < 30; i++)
        listener_settled(bed->listener, bed->places[arrive(1)], true);
    assert_int_equal(bed->throttled, 0);
}

static void a_throttled_one_is_told_with_a_reset(void **state)
{
    (void)state;
    bed->settings.each = (struct settings_rate){.rate = 1, .burst = 1};
    start();
    (void)arrive(1);
    int fd = come_from("127.0.1.1");
    char byte;
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, ECONNRESET);
    (void)close(fd);
}

static void another_rate_holds_at_once(void **state)
{
    (void)state;
    bed->settings.each = (struct settings_rate){.rate = 1, .burst = 1};
    start();
    (void)arrive(1);
    (void)arrive(1);
    assert_int_equal(bed->throttled, 1);
    bed->settings.port = 0;
    bed->settings.each.burst = 10;
    listener_configure(bed->listener, &bed->settings);
    (void)arrive(1);
    assert_int_equal(bed->throttled, 1);
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
    assert_int_equal(bed->count, 1);
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
        struct listener *listener = listener_new(loop, &owner);
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
        TEST(one_address_has_four_places_and_its_oldest_goes_for_the_next),
        TEST(who_is_patient_lets_more_wait_than_there_are_places_for),
        TEST(a_settled_connection_makes_room),
        TEST(strangers_have_twelve_places_and_the_oldest_goes_for_the_next),
        TEST(one_without_a_client_hello_goes_before_an_older_one_with_it),
        TEST(the_known_have_places_that_no_stranger_gets),
        TEST(a_stranger_does_not_push_out_the_known_of_its_prefix),
        TEST(what_comes_to_nothing_is_throttled_and_the_known_are_not),
        TEST(who_is_authorised_is_not_throttled),
        TEST(a_throttled_one_is_told_with_a_reset),
        TEST(another_rate_holds_at_once),
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
