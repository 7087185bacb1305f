/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/test-loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* An eventfd: readable while its count is not 0, always writable here. */
struct watched {
    struct loop_watch watch;
    int fd;
    unsigned ready;
    int calls;
    struct watched *victim; /* removed by the handler */
    struct watched *muted;  /* its reading is switched off by the handler */
};

static void note_ready(void *context, unsigned ready)
{
    struct watched *w = context;
    w->ready = ready;
    w->calls++;
    if (w->victim != NULL)
        loop_watch_remove(&w->victim->watch);
    if (w->muted != NULL)
        loop_watch_set(&w->muted->watch, 0);
}

static void open_watched(struct watched *w, unsigned count, unsigned events)
{
    *w = (struct watched){.fd = eventfd(count, EFD_CLOEXEC | EFD_NONBLOCK)};
    assert_true(w->fd >= 0);
    assert_int_equal(loop_watch_add(loop, &w->watch, w->fd, events, note_ready, w), 0);
}

static void close_watched(struct watched *w)
{
    loop_watch_remove(&w->watch);
    (void)close(w->fd);
}

static void a_handler_is_told_what_holds_of_what_was_asked(void **state)
{
    struct watched w;

    (void)state;
    open_watched(&w, 0, LOOP_READ);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(w.calls, 0);
    assert_int_equal(eventfd_write(w.fd, 1), 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(w.ready, LOOP_READ);
    loop_watch_set(&w.watch, LOOP_READ | LOOP_WRITE);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(w.ready, LOOP_READ | LOOP_WRITE);
    loop_watch_set(&w.watch, LOOP_WRITE);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(w.ready, LOOP_WRITE);
    assert_int_equal(w.calls, 3); /* as long as it holds */
    loop_watch_set(&w.watch, 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(w.calls, 3);
    close_watched(&w);
}

static void a_removed_watch_is_not_called_and_may_be_removed_again(void **state)
{
    struct watched w;
    struct loop_watch zero = {.loop = NULL};

    (void)state;
    open_watched(&w, 1, LOOP_READ);
    loop_watch_remove(&w.watch);
    loop_watch_remove(&w.watch);
    loop_watch_remove(&zero);
    loop_watch_set(&w.watch, LOOP_WRITE);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(w.calls, 0);
    close_watched(&w);
}

/* Both are ready in one turn; whichever comes first removes the other. */
static void a_watch_removed_by_another_handler_is_not_called_in_this_turn(void **state)
{
    struct watched x;
    struct watched y;

    (void)state;
    open_watched(&x, 1, LOOP_READ);
    open_watched(&y, 1, LOOP_READ);
    x.victim = &y;
    y.victim = &x;
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(x.calls + y.calls, 1);
    close_watched(&x);
    close_watched(&y);
}

static void what_another_handler_switched_off_is_not_reported(void **state)
{
    struct watched x;
    struct watched y;

    (void)state;
    open_watched(&x, 1, LOOP_READ);
    open_watched(&y, 1, LOOP_READ);
    x.muted = &y;
    y.muted = &x;
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(x.calls + y.calls, 1);
    close_watched(&x);
    close_watched(&y);
}

static struct watched replaced[2];

/* Closes the other's descriptor and opens a new one in its place: same number, same memory. */
static void replace_other(void *context, unsigned ready)
{
    struct watched *self = context;
    struct watched *other = self == &replaced[0] ? &replaced[1] : &replaced[0];
    int number = other->fd;

    (void)ready;
    self->calls++;
    close_watched(other);
    open_watched(other, 0, LOOP_READ);
    assert_int_equal(other->fd, number);
}

static void a_new_watch_does_not_get_the_event_of_an_old_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_watched(&replaced[i], 1, LOOP_READ);
        replaced[i].watch.handler = replace_other;
    }
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(replaced[0].calls + replaced[1].calls, 1);
    close_watched(&replaced[0]);
    close_watched(&replaced[1]);
}

static void free_watched(void *context, unsigned ready)
{
    struct watched *w = context;
    (void)ready;
    note('w');
    close_watched(w);
    free(w);
}

static void a_handler_may_free_its_own_watch(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct watched *w = malloc(sizeof(*w));
        assert_non_null(w);
        open_watched(w, 1, LOOP_READ);
        w->watch.handler = free_watched;
    }
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "www");
}

static void timer_removes_watch(void *context)
{
    struct watched *w = context;
    note('t');
    loop_watch_remove(&w->watch);
}

static void a_timer_may_remove_a_watch_that_was_served_in_its_turn(void **state)
{
    struct watched w;
    struct loop_timer timer;

    (void)state;
    open_watched(&w, 1, LOOP_READ);
    assert_int_equal(loop_timer_init(loop, &timer, timer_removes_watch, &w), 0);
    loop_timer_start(&timer, 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "t");
    assert_int_equal(w.calls, 1); /* descriptors come first */
    loop_timer_fini(&timer);
    close_watched(&w);
}

static void the_end_of_a_pipe_is_an_error_nobody_needs_to_ask_for(void **state)
{
    struct watched w = {.calls = 0};
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(loop_watch_add(loop, &w.watch, ends[0], 0, note_ready, &w), 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(w.calls, 0);
    (void)close(ends[1]);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(w.ready, LOOP_ERROR);
    loop_watch_remove(&w.watch);
    (void)close(ends[0]);
}

static void what_cannot_be_watched_is_refused(void **state)
{
    struct watched w;
    struct loop_watch refused = {.loop = NULL};

    (void)state;
    open_watched(&w, 1, LOOP_READ);
    assert_int_equal(loop_watch_add(loop, &refused, -1, LOOP_READ, note_ready, &w), -EBADF);
    assert_int_equal(loop_watch_add(loop, &refused, w.fd, LOOP_READ, note_ready, &w), -EEXIST);
    failing_at(FAILING_EPOLL_CTL, 1, ENOSPC);
    assert_int_equal(loop_watch_add(loop, &refused, w.fd, LOOP_READ, note_ready, &w), -ENOSPC);
    assert_null(refused.loop);
    loop_watch_remove(&refused);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(w.calls, 1);
    close_watched(&w);
}

static void more_ready_descriptors_than_a_turn_takes_all_get_their_turn(void **state)
{
    static struct watched many[150];

    (void)state;
    for (size_t i = 0; i < 150; i++)
        open_watched(&many[i], 1, LOOP_READ);
    for (int turn = 0; turn < 3; turn++)
        assert_int_equal(loop_turn(loop, 0), 0);
    for (size_t i = 0; i < 150; i++) {
        assert_true(many[i].calls >= 1);
        close_watched(&many[i]);
    }
}

static void advancing_serves_descriptors_at_each_time(void **state)
{
    struct watched w;
    struct noting t;

    (void)state;
    open_watched(&w, 1, LOOP_READ);
    init_timers(&t, 1);
    loop_timer_start(&t.timer, 10);
    loop_advance(loop, 20);
    assert_int_equal(w.calls, 3); /* at 0, 10 and 20 */
    fini_timers(&t, 1);
    close_watched(&w);
}

/* Without limit: if it did not, this would never end. */
static void a_virtual_loop_ends_its_waiting_for_a_descriptor(void **state)
{
    struct watched w;
    struct noting t;

    (void)state;
    init_timers(&t, 1);
    loop_timer_start(&t.timer, 10);
    open_watched(&w, 1, LOOP_READ);
    assert_int_equal(loop_turn(loop, -1), 0);
    assert_int_equal(w.calls, 1);
    assert_string_equal(happened, "");
    fini_timers(&t, 1);
    close_watched(&w);
}

/* --- after a long turn ----------------------------------------------------------------------- */

enum { PEERS = 150, SILENCE = 30000 };

struct peer {
    struct loop_watch watch;
    struct loop_timer dead;
    int fd;
};

static void hear_peer(void *context, unsigned ready)
{
    struct peer *peer = context;
    eventfd_t count = 0;

    (void)ready;
    assert_int_equal(eventfd_read(peer->fd, &count), 0);
    loop_timer_start(&peer->dead, SILENCE);
}

static void give_peer_up(void *context)
{
    (void)context;
    note('x');
}

/* All peers speak while a handler works for longer than they may be silent. */
static void work_long(void *context)
{
    struct peer *peers = context;

    for (size_t i = 0; i < PEERS; i++)
        if (i != 5)
            assert_int_equal(eventfd_write(peers[i].fd, 1), 0);
    loop_stall(loop, SILENCE + 5000);
    note('w');
}

static void after_a_long_turn_waiting_input_comes_before_the_timer_of_silence(void **state)
{
    static struct peer peers[PEERS];
    struct loop_timer work;

    (void)state;
    for (size_t i = 0; i < PEERS; i++) {
        peers[i].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        assert_int_equal(loop_timer_init(loop, &peers[i].dead, give_peer_up, &peers[i]), 0);
        assert_int_equal(
            loop_watch_add(loop, &peers[i].watch, peers[i].fd, LOOP_READ, hear_peer, &peers[i]), 0);
        loop_timer_start(&peers[i].dead, SILENCE);
    }
    assert_int_equal(loop_timer_init(loop, &work, work_long, peers), 0);
    loop_timer_start(&work, 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "wx"); /* the one that said nothing */
    loop_advance(loop, SILENCE);
    assert_int_equal(strlen(happened), 1 + PEERS);
    for (size_t i = 0; i < PEERS; i++) {
        loop_timer_fini(&peers[i].dead);
        loop_watch_remove(&peers[i].watch);
        (void)close(peers[i].fd);
    }
    loop_timer_fini(&work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_LOOP(a_handler_is_told_what_holds_of_what_was_asked),
        IN_LOOP(a_removed_watch_is_not_called_and_may_be_removed_again),
        IN_LOOP(a_watch_removed_by_another_handler_is_not_called_in_this_turn),
        IN_LOOP(what_another_handler_switched_off_is_not_reported),
        IN_LOOP(a_new_watch_does_not_get_the_event_of_an_old_one),
        IN_LOOP(a_handler_may_free_its_own_watch),
        IN_LOOP(a_timer_may_remove_a_watch_that_was_served_in_its_turn),
        IN_LOOP(the_end_of_a_pipe_is_an_error_nobody_needs_to_ask_for),
        IN_LOOP(what_cannot_be_watched_is_refused),
        IN_LOOP(more_ready_descriptors_than_a_turn_takes_all_get_their_turn),
        IN_LOOP(advancing_serves_descriptors_at_each_time),
        IN_LOOP(a_virtual_loop_ends_its_waiting_for_a_descriptor),
        IN_LOOP(after_a_long_turn_waiting_input_comes_before_the_timer_of_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
