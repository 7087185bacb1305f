/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_PER_TURN = 64, SIGNALS_MAX = 65 };

struct signal_handler {
    void (*handler)(void *context, int signo);
    void *context;
};

struct loop {
    int epoll;
    bool virtual_clock;
    int64_t now;
    int64_t wall;
    int64_t ahead; /* the real-time clock of the monotonic one, when that was told last */
    void (*clock_set)(void *context);
    void *clock_context;
    uint64_t wakeups;
    bool stopping;
    int status;

    /* A binary heap of running timers, ordered by time; heap[0] is not used. */
    struct loop_timer **heap;
    size_t running;
    size_t reserved; /* timers that were initialised: each has a place */
    size_t heap_size;
    uint64_t starts; /* of timers, so far */

    /* The events of this turn: a watch that is removed while they are handled is struck out here.
     */
    struct epoll_event events[EVENTS_PER_TURN];
    int event_count;
    size_t watches;

    struct loop_deferred *deferred_first;
    struct loop_deferred **deferred_last;

    int signal_fd;
    struct loop_watch signal_watch;
    sigset_t signal_set;
    struct signal_handler signal_handlers[SIGNALS_MAX];
};

/* --- clock ----------------------------------------------------------------------------------- */

static int64_t read_clock(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void loop_refresh(struct loop *loop)
{
    if (loop->virtual_clock)
        return;
    loop->now = read_clock(CLOCK_MONOTONIC);
    loop->wall = read_clock(CLOCK_REALTIME);
}

int64_t loop_now(const struct loop *loop)
{
    return loop->now;
}

int64_t loop_wall(const struct loop *loop)
{
    return loop->wall;
}

void loop_on_clock_set(struct loop *loop, void (*handler)(void *context), void *context)
{
    loop->ahead = loop->wall - loop->now;
    loop->clock_set = handler;
    loop->clock_context = context;
}

static void watch_clock(struct loop *loop)
{
    int64_t ahead = loop->wall - loop->now;

    if (llabs(ahead - loop->ahead) < LOOP_CLOCK_SET_MS)
        return;
    loop->ahead = ahead;
    if (loop->clock_set != NULL)
        loop->clock_set(loop->clock_context);
}

uint64_t loop_wakeups(const struct loop *loop)
{
    return loop->wakeups;
}

/* --- set-up ---------------------------------------------------------------------------------- */

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL)
        return NULL;
    loop->signal_fd = -1;
    loop->deferred_last = &loop->deferred_first;
    sigemptyset(&loop->signal_set);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0) {
        free(loop);
        return NULL;
    }
    loop_refresh(loop);
    return loop;
}

struct loop *loop_new_virtual(int64_t now, int64_t wall)
{
    struct loop *loop = loop_new();
    if (loop == NULL)
        return NULL;
    loop->virtual_clock = true;
    loop->now = now;
    loop->wall = wall;
    return loop;
}

static void run_deferred(struct loop *loop);

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    run_deferred(loop);
    loop_watch_remove(&loop->signal_watch);
    if (loop->signal_fd >= 0)
        (void)close(loop->signal_fd);
    assert(loop->reserved == 0);
    assert(loop->watches == 0);
    (void)close(loop->epoll);
    free(loop->heap);
    free(loop);
}

/* --- descriptors ----------------------------------------------------------------------------- */

static uint32_t to_epoll(unsigned events)
{
    return ((events & LOOP_READ) != 0 ? (uint32_t)EPOLLIN : 0U) |
           ((events & LOOP_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0U);
}

static unsigned from_epoll(uint32_t events)
{
    return ((events & EPOLLIN) != 0 ? LOOP_READ : 0U) |
           ((events & EPOLLOUT) != 0 ? LOOP_WRITE : 0U) |
           ((events & (EPOLLERR | EPOLLHUP)) != 0 ? LOOP_ERROR : 0U);
}

int loop_watch_add(struct loop *loop, struct loop_watch *watch, int fd, unsigned events,
                   void (*handler)(void *context, unsigned ready), void *context)
{
    struct epoll_event event = {.events = to_epoll(events), .data.ptr = watch};

    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return -errno;
    *watch = (struct loop_watch){
        .loop = loop, .fd = fd, .events = events, .handler = handler, .context = context};
    loop->watches++;
    return 0;
}

void loop_watch_set(struct loop_watch *watch, unsigned events)
{
    struct epoll_event event = {.events = to_epoll(events), .data.ptr = watch};

    if (watch->loop == NULL || watch->events == events)
        return;
    int result = epoll_ctl(watch->loop->epoll, EPOLL_CTL_MOD, watch->fd, &event);
    assert(result == 0); /* the descriptor was closed under its watch */
    (void)result;
    watch->events = events;
}

void loop_watch_remove(struct loop_watch *watch)
{
    struct loop *loop = watch->loop;

    if (loop == NULL)
        return;
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    for (int i = 0; i < loop->event_count; i++) {
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
    }
    loop->watches--;
    watch->loop = NULL;
}

static void run_watches(struct loop *loop)
{
    for (int i = 0; i < loop->event_count; i++) {
        struct loop_watch *watch = loop->events[i].data.ptr;
        if (watch == NULL)
            continue;
        /* An earlier handler of this turn may have switched off what epoll reported. */
        unsigned ready = from_epoll(loop->events[i].events) & (watch->events | LOOP_ERROR);
        if (ready != 0)
            watch->handler(watch->context, ready);
    }
    loop->event_count = 0;
}

/* --- timers ---------------------------------------------------------------------------------- */

static void heap_put(struct loop *loop, size_t place, struct loop_timer *timer)
{
    loop->heap[place] = timer;
    timer->place = place;
}

static bool earlier(const struct loop_timer *x, const struct loop_timer *y)
{
    return x->at != y->at ? x->at < y->at : x->order < y->order;
}

static void heap_up(struct loop *loop, struct loop_timer *timer, size_t place)
{
    while (place > 1 && earlier(timer, loop->heap[place / 2])) {
        heap_put(loop, place, loop->heap[place / 2]);
        place /= 2;
    }
    heap_put(loop, place, timer);
}

static void heap_down(struct loop *loop, struct loop_timer *timer, size_t place)
{
    for (;;) {
        size_t child = place * 2;
        if (child > loop->running)
            break;
        if (child < loop->running && earlier(loop->heap[child + 1], loop->heap[child]))
            child++;
        if (!earlier(loop->heap[child], timer))
            break;
        heap_put(loop, place, loop->heap[child]);
        place = child;
    }
    heap_put(loop, place, timer);
}

int loop_timer_init(struct loop *loop, struct loop_timer *timer, void (*handler)(void *context),
                    void *context)
{
    if (loop->reserved + 2 > loop->heap_size) {
        size_t size = loop->heap_size == 0 ? 16 : loop->heap_size * 2;
        struct loop_timer **heap = realloc(loop->heap, size * sizeof(struct loop_timer *));
        if (heap == NULL)
            return -ENOMEM;
        loop->heap = heap;
        loop->heap_size = size;
    }
    loop->reserved++;
    *timer = (struct loop_timer){.loop = loop, .handler = handler, .context = context};
    return 0;
}

bool loop_timer_running(const struct loop_timer *timer)
{
    return timer->place != 0;
}

void loop_timer_start_at(struct loop_timer *timer, int64_t at)
{
    struct loop *loop = timer->loop;

    loop_timer_stop(timer);
    timer->at = at > loop->now ? at : loop->now;
    timer->order = ++loop->starts;
    loop->running++;
    heap_up(loop, timer, loop->running);
}

void loop_timer_start(struct loop_timer *timer, int64_t delay)
{
    int64_t now = timer->loop->now;

    loop_timer_start_at(timer, delay < INT64_MAX - now ? now + delay : INT64_MAX);
}

void loop_timer_stop(struct loop_timer *timer)
{
    struct loop *loop = timer->loop;
    size_t place = timer->place;

    if (place == 0)
        return;
    struct loop_timer *last = loop->heap[loop->running--];
    timer->place = 0;
    if (last == timer)
        return;
    if (place > 1 && earlier(last, loop->heap[place / 2]))
        heap_up(loop, last, place);
    else
        heap_down(loop, last, place);
}

void loop_timer_fini(struct loop_timer *timer)
{
    if (timer->loop == NULL)
        return;
    loop_timer_stop(timer);
    timer->loop->reserved--;
    timer->loop = NULL;
}

/* What was due when the turn began; a timer that a handler starts anew waits for the next turn. */
static void run_timers(struct loop *loop, int64_t until, uint64_t newest)
{
    while (loop->running > 0) {
        struct loop_timer *timer = loop->heap[1];
        if (timer->at > until || timer->order > newest)
            break;
        loop_timer_stop(timer);
        timer->handler(timer->context);
    }
}

/* --- deferred calls -------------------------------------------------------------------------- */

void loop_defer(struct loop *loop, struct loop_deferred *deferred, void (*handler)(void *context),
                void *context)
{
    deferred->handler = handler;
    deferred->context = context;
    if (deferred->pending)
        return;
    deferred->pending = true;
    deferred->next = NULL;
    *loop->deferred_last = deferred;
    loop->deferred_last = &deferred->next;
}

void loop_deferred_cancel(struct loop *loop, struct loop_deferred *deferred)
{
    if (!deferred->pending)
        return;
    struct loop_deferred **link = &loop->deferred_first;
    while (*link != deferred)
        link = &(*link)->next;
    *link = deferred->next;
    if (deferred->next == NULL)
        loop->deferred_last = link;
    deferred->pending = false;
}

static void run_deferred(struct loop *loop)
{
    while (loop->deferred_first != NULL) {
        struct loop_deferred *deferred = loop->deferred_first;
        loop_deferred_cancel(loop, deferred);
        deferred->handler(deferred->context);
    }
}

/* --- signals --------------------------------------------------------------------------------- */

static void take_signal(void *context, unsigned ready)
{
    struct loop *loop = context;
    struct signalfd_siginfo info;

    (void)ready;
    while (read(loop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        struct signal_handler *handler = &loop->signal_handlers[info.ssi_signo];
        if (handler->handler != NULL)
            handler->handler(handler->context, (int)info.ssi_signo);
    }
}

/* Makes the signal descriptor, or changes the set of the one there is. */
static int watch_signals(struct loop *loop, const sigset_t *set)
{
    int fd = signalfd(loop->signal_fd, set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    if (fd == loop->signal_fd)
        return 0;
    int error = loop_watch_add(loop, &loop->signal_watch, fd, LOOP_READ, take_signal, loop);
    if (error != 0) {
        (void)close(fd);
        return error;
    }
    loop->signal_fd = fd;
    return 0;
}

int loop_signal(struct loop *loop, int signo, void (*handler)(void *context, int signo),
                void *context)
{
    sigset_t set = loop->signal_set;
    sigset_t before;

    if (signo <= 0 || signo >= SIGNALS_MAX || sigaddset(&set, signo) != 0)
        return -EINVAL;
    if (sigprocmask(SIG_BLOCK, &set, &before) != 0)
        return -errno;
    int error = watch_signals(loop, &set);
    if (error != 0) {
        /* Blocked without a handler, a SIGTERM would be lost: back to what it did before. */
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        return error;
    }
    loop->signal_set = set;
    loop->signal_handlers[signo] = (struct signal_handler){handler, context};
    return 0;
}

/* --- running --------------------------------------------------------------------------------- */

static int wait_time(const struct loop *loop, int max_wait)
{
    if (loop->deferred_first != NULL)
        return 0;
    if (loop->running == 0)
        return max_wait;
    /* While the loop waits a virtual clock stands still: what is not due now will not become due.
     */
    if (loop->virtual_clock)
        return loop->heap[1]->at > loop->now ? max_wait : 0;
    int64_t left = loop->heap[1]->at - read_clock(CLOCK_MONOTONIC);
    if (left < 0)
        left = 0;
    if (left > INT_MAX)
        left = INT_MAX;
    return max_wait >= 0 && max_wait < left ? max_wait : (int)left;
}

/* False: epoll itself has failed (errno is set). */
static bool look(struct loop *loop, int wait)
{
    int count = epoll_wait(loop->epoll, loop->events, EVENTS_PER_TURN, wait);

    loop->event_count = count < 0 ? 0 : count;
    return count >= 0 || errno == EINTR;
}

/* All that are ready, each once: epoll tells those first that it has not told yet. */
static bool serve_watches(struct loop *loop)
{
    size_t left = loop->watches;

    for (;;) {
        bool full = loop->event_count == EVENTS_PER_TURN;
        run_watches(loop);
        if (!full || left <= EVENTS_PER_TURN)
            return true;
        left -= EVENTS_PER_TURN;
        if (!look(loop, 0))
            return false;
    }
}

/* Descriptors come before timers: after a turn that took long, input that waits must be seen before
 * a timer judges that there was none. */
int loop_turn(struct loop *loop, int max_wait)
{
    if (!look(loop, wait_time(loop, max_wait)))
        return -errno;
    loop->wakeups++;
    loop_refresh(loop);
    watch_clock(loop);
    int64_t until = loop->now;
    uint64_t newest = loop->starts;
    if (!serve_watches(loop))
        return -errno;
    run_timers(loop, until, newest);
    run_deferred(loop);
    return 0;
}

int loop_run(struct loop *loop)
{
    while (!loop->stopping) {
        int result = loop_turn(loop, -1);
        if (result < 0)
            return result;
    }
    loop->stopping = false;
    return loop->status;
}

void loop_stop(struct loop *loop, int status)
{
    loop->stopping = true;
    loop->status = status;
}

void loop_advance(struct loop *loop, int64_t ms)
{
    int64_t until = loop->now + ms;

    assert(loop->virtual_clock && ms >= 0);
    for (;;) {
        (void)loop_turn(loop, 0);
        if (loop->running > 0 && loop->heap[1]->at <= loop->now)
            continue;
        int64_t next = loop->running > 0 && loop->heap[1]->at < until ? loop->heap[1]->at : until;
        if (next == loop->now)
            return;
        loop->wall += next - loop->now;
        loop->now = next;
    }
}

void loop_stall(struct loop *loop, int64_t ms)
{
    assert(loop->virtual_clock && ms >= 0);
    loop->now += ms;
    loop->wall += ms;
}

void loop_jump_wall(struct loop *loop, int64_t ms)
{
    assert(loop->virtual_clock);
    loop->wall += ms;
}
