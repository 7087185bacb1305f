/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: descriptors (epoll), timers, signals (signalfd), deferred calls; and the only
 * clock.
 *
 * One loop, one thread. Watches and timers are embedded in their owner's struct; the loop never
 * frees them, and the owner must remove them before it goes. A handler may add, change and remove
 * any watch or timer, its own included.
 *
 * Times are int64_t milliseconds: loop_now() on the monotonic clock (intervals, ages, deadlines),
 * loop_wall() since 1970-01-01 UTC (what is told to others). Both are read once per turn of the
 * loop, so that all that happens in one turn happens at one time. A virtual loop (tests) has a
 * clock that only loop_advance() moves.
 */
#ifndef AGENT_BASE_LOOP_H
#define AGENT_BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

/* NULL if descriptors or memory are out (errno is set). */
struct loop *loop_new(void);

/* A loop whose clock stands still until loop_advance(). Both times in ms. */
struct loop *loop_new_virtual(int64_t now, int64_t wall);

/* Runs the deferred calls that are still pending; all watches and timers must have been removed by
 * then. Signals stay blocked. NULL is allowed. */
void loop_free(struct loop *loop);

int64_t loop_now(const struct loop *loop);
int64_t loop_wall(const struct loop *loop);
/* Reads the clocks again, for a handler that worked long before it stamps something. */
void loop_refresh(struct loop *loop);

/* Runs until loop_stop(); gives its status, or -errno if epoll itself fails. A loop_stop() that
 * came before it is not lost: then it returns at once. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int status);

/* One turn: waits at most max_wait ms (-1 without limit, 0 not at all), then runs what is due:
 * descriptors, then timers, then deferred calls. Descriptors that are ready are all served before
 * the first timer, so that a timer that ends what was silent has seen all input of before, however
 * long the turn before this one took. In a virtual loop max_wait is real time and only
 * descriptors end it early: its timers wait for loop_advance(). 0 or -errno. */
int loop_turn(struct loop *loop, int max_wait);

/* Virtual loops: moves both clocks by ms (0 or more), running each timer at its own time, with one
 * turn for ready descriptors now, at each of these times and at the end. */
void loop_advance(struct loop *loop, int64_t ms);
/* Virtual loops: a handler works for so long. Nothing else runs meanwhile. */
void loop_stall(struct loop *loop, int64_t ms);
/* Virtual loops: the real-time clock jumps, as NTP or an operator may make it. */
void loop_jump_wall(struct loop *loop, int64_t ms);

/*
 * The real-time clock has gone another way than the monotonic one, by LOOP_CLOCK_SET_MS or more in
 * all: it was set, or is being drawn to another time, or the machine slept. Called at the begin of
 * the next turn, before timers; nobody wakes the loop for it. One handler; NULL: none.
 */
enum { LOOP_CLOCK_SET_MS = 100 };
void loop_on_clock_set(struct loop *loop, void (*handler)(void *context), void *context);

/* How often the loop came back from waiting: what idleness costs. */
uint64_t loop_wakeups(const struct loop *loop);

/* --- descriptors ----------------------------------------------------------------------------- */

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_ERROR = 4 };

struct loop_watch {
    struct loop *loop; /* NULL: not added */
    int fd;
    unsigned events;
    /* ready: the LOOP_* that hold. LOOP_ERROR may come without having been asked for (hang-up,
     * error), and alone: the end of an empty pipe is LOOP_ERROR without LOOP_READ. */
    void (*handler)(void *context, unsigned ready);
    void *context;
};

/* 0 or -errno. The descriptor stays the caller's. */
int loop_watch_add(struct loop *loop, struct loop_watch *watch, int fd, unsigned events,
                   void (*handler)(void *context, unsigned ready), void *context);
void loop_watch_set(struct loop_watch *watch, unsigned events);
/* Does nothing for a watch that is all zero or was removed. Call it before closing the descriptor.
 */
void loop_watch_remove(struct loop_watch *watch);

/* --- timers ---------------------------------------------------------------------------------- */

struct loop_timer {
    struct loop *loop; /* NULL: not initialised */
    int64_t at;
    uint64_t order; /* of starting: timers of equal time run in it */
    size_t place;   /* in the heap, from 1; 0: not running */
    void (*handler)(void *context);
    void *context;
};

/* Reserves the timer's place, so that starting it can never fail. 0 or -ENOMEM. */
int loop_timer_init(struct loop *loop, struct loop_timer *timer, void (*handler)(void *context),
                    void *context);
/* Starts or restarts: due `delay` ms from now or at a given loop_now() time. A time that has passed
 * means now. Timers that are due together run in the order they were started in, and one that a
 * handler starts waits for the next turn, so that no timer can keep another one out. */
void loop_timer_start(struct loop_timer *timer, int64_t delay);
void loop_timer_start_at(struct loop_timer *timer, int64_t at);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_running(const struct loop_timer *timer);
/* Gives the place back; does nothing for a timer that is all zero. */
void loop_timer_fini(struct loop_timer *timer);

/* --- deferred calls -------------------------------------------------------------------------- */

/* Runs once, after the handlers of this turn, before the loop waits again: the way to free what is
 * in use. A deferred call that defers another one gets it run in the same turn. */
struct loop_deferred {
    struct loop_deferred *next;
    bool pending;
    void (*handler)(void *context);
    void *context;
};

void loop_defer(struct loop *loop, struct loop_deferred *deferred, void (*handler)(void *context),
                void *context);
void loop_deferred_cancel(struct loop *loop, struct loop_deferred *deferred);

/* --- signals --------------------------------------------------------------------------------- */

/* Blocks the signal and hands it to the handler inside the loop. One handler per signal. 0 or
 * -errno. */
int loop_signal(struct loop *loop, int signo, void (*handler)(void *context, int signo),
                void *context);

#endif
