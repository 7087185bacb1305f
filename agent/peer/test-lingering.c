/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/peer/lingering.h"
#include "tests/unit/failing.h"
#include "tests/unit/process.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct bed {
    struct loop *loop;
    struct lingering *lingering;
    unsigned idle;
    size_t descriptors;
};

static void on_idle(void *context)
{
    ((struct bed *)context)->idle++;
}

static int set_up(void **state)
{
    struct bed *bed = calloc(1, sizeof(*bed));

    bed->loop = loop_new_virtual(1000, 1000);
    bed->lingering = lingering_new(bed->loop, on_idle, bed);
    bed->descriptors = open_descriptors();
    *state = bed;
    return bed->lingering == NULL;
}

static int tear_down(void **state)
{
    struct bed *bed = *state;

    failing_reset();
    lingering_free(bed->lingering);
    loop_free(bed->loop);
    free(bed);
    return 0;
}

/* Takes one end and gives the other. */
static int take_one(struct bed *bed)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    lingering_take(bed->lingering, fds[0]);
    return fds[1];
}

static bool sees_end(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* The other end can write only as long as the descriptor is open. */
static bool is_open(int fd)
{
    return send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

static void the_peer_sees_the_end_and_can_still_talk_for_300_ms(void **state)
{
    struct bed *bed = *state;
    int fd = take_one(bed);

    assert_true(sees_end(fd));
    loop_advance(bed->loop, LINGERING_MS - 1);
    assert_true(is_open(fd));
    assert_int_equal(lingering_count(bed->lingering), 1);
    assert_int_equal(bed->idle, 0);
    loop_advance(bed->loop, 1);
    assert_false(is_open(fd));
    assert_int_equal(lingering_count(bed->lingering), 0);
    assert_int_equal(bed->idle, 1);
    (void)close(fd);
}

static void it_is_over_when_the_peer_has_closed_too(void **state)
{
    struct bed *bed = *state;

    (void)close(take_one(bed));
    loop_advance(bed->loop, 0);
    assert_int_equal(lingering_count(bed->lingering), 0);
    assert_int_equal(bed->idle, 1);
    assert_int_equal(open_descriptors(), bed->descriptors);
}

static void a_peer_that_floods_is_cut_off(void **state)
{
    struct bed *bed = *state;
    int fd = take_one(bed);
    static const char flood[4096];
    size_t sent = 0;

    for (int i = 0; i < 100 && lingering_count(bed->lingering) == 1; i++) {
        ssize_t n = send(fd, flood, sizeof(flood), MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        loop_advance(bed->loop, 0);
    }
    assert_int_equal(lingering_count(bed->lingering), 0);
    assert_in_range(sent, LINGERING_BYTES, LINGERING_BYTES + sizeof(flood));
    (void)close(fd);
}

static void beyond_its_places_the_oldest_goes_first(void **state)
{
    struct bed *bed = *state;
    int fds[LINGERING_MAX + 2];

    for (size_t i = 0; i < LINGERING_MAX + 2; i++)
        fds[i] = take_one(bed);
    assert_int_equal(lingering_count(bed->lingering), LINGERING_MAX);
    for (size_t i = 0; i < LINGERING_MAX + 2; i++)
        assert_int_equal(is_open(fds[i]), i >= 2);
    assert_int_equal(bed->idle, 0);
    loop_advance(bed->loop, LINGERING_MS);
    assert_int_equal(bed->idle, 1);
    for (size_t i = 0; i < LINGERING_MAX + 2; i++)
        (void)close(fds[i]);
}

static void a_descriptor_that_cannot_be_watched_is_closed_at_once(void **state)
{
    struct bed *bed = *state;

    failing_at(FAILING_EPOLL_CTL, 1, ENOSPC);
    int fd = take_one(bed);
    assert_int_equal(lingering_count(bed->lingering), 0);
    assert_false(is_open(fd));
    (void)close(fd);
}

static void freeing_closes_what_is_left(void **state)
{
    struct bed *bed = *state;
    int fd = take_one(bed);

    lingering_free(bed->lingering);
    bed->lingering = NULL;
    assert_false(is_open(fd));
    (void)close(fd);
}

static void without_memory_there_is_none(void **state)
{
    struct bed *bed = *state;

    failing_malloc_at(1);
    assert_null(lingering_new(bed->loop, NULL, NULL));
}

static void without_room_for_its_timers_there_is_none(void **state)
{
    struct loop *loop = loop_new_virtual(0, 0);

    (void)state;
    for (unsigned n = 2;; n++) {
        failing_malloc_at(n);
        struct lingering *lingering = lingering_new(loop, NULL, NULL);
        bool failed = failing_hit();
        failing_reset();
        lingering_free(lingering);
        if (!failed)
            break;
        assert_null(lingering);
    }
    loop_free(loop);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_peer_sees_the_end_and_can_still_talk_for_300_ms),
        TEST(it_is_over_when_the_peer_has_closed_too),
        TEST(a_peer_that_floods_is_cut_off),
        TEST(beyond_its_places_the_oldest_goes_first),
        TEST(a_descriptor_that_cannot_be_watched_is_closed_at_once),
        TEST(freeing_closes_what_is_left),
        TEST(without_memory_there_is_none),
        TEST(without_room_for_its_timers_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
