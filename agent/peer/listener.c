/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/listener.h"

#include "agent/base/log.h"
#include "agent/peer/address.h"
#include "agent/peer/backoff.h"
#include "agent/peer/resolve.h"
#include "agent/peer/throttle.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW(member, name) {name, offsetof(struct listener_counters, member)},
const struct counter listener_counter_table[] = {LISTENER_COUNTERS(ROW){NULL, 0}};
#undef ROW

enum {
    BACKLOG =
        256, /* a flood must not make the kernel drop the SYN of a server: it waits a second */
    ACCEPTS_PER_TURN = 32,
    STARVED_MS = 1000, /* no descriptors left: how long nobody is accepted */
};

struct pending {
    bool used;
    bool known; /* so it did not pay either */
    uint64_t order;
    struct address_group from;
};

struct listener {
    struct loop *loop;
    struct listener_owner owner;
    struct settings_listen settings;
    int fd; /* -1: not listening */
    struct loop_watch watch;
    struct loop_timer timer; /* opens again, or accepts again */
    struct backoff backoff;
    char trouble[128];
    bool starved;
    bool patient;
    bool waits; /* for a place */
    struct pending pending[LISTENER_PENDING_MAX];
    uint64_t arrivals; /* so far, for their order */
    struct throttle throttle;
    struct listener_counters counters;
};

/* --- who may occupy a place ------------------------------------------------------------------ */

static unsigned from_group(const struct listener *l, const struct address_group *from)
{
    unsigned count = 0;

    for (size_t i = 0; i < LISTENER_PENDING_MAX; i++)
        count += l->pending[i].used && address_group_equal(&l->pending[i].from, from);
    return count;
}

static unsigned unknown(const struct listener *l)
{
    unsigned count = 0;

    for (size_t i = 0; i < LISTENER_PENDING_MAX; i++)
        count += l->pending[i].used && !l->pending[i].known;
    return count;
}

/* The higher the earlier it goes: unknown ones first, of these those without a ClientHello. */
static unsigned expendable(const struct listener *l, unsigned place)
{
    return (l->pending[place].known ? 0U : 2U) +
           (l->owner.has_hello(l->owner.context, place) ? 0U : 1U);
}

/* Makes a place, out of those of this group (NULL: of all). Its number, or -1 if nobody may be
 * pushed out for the one that comes. */
static int make_place(struct listener *l, const struct address_group *from, bool known)
{
    int chosen = -1;
    unsigned most = 0;

    for (unsigned i = 0; i < LISTENER_PENDING_MAX; i++) {
        const struct pending *one = &l->pending[i];
        if (!one->used || (one->known && !known) ||
            (from != NULL && !address_group_equal(&one->from, from)))
            continue;
        unsigned rank = expendable(l, i);
        if (chosen >= 0 && (rank < most || (rank == most && one->order > l->pending[chosen].order)))
            continue;
        chosen = (int)i;
        most = rank;
    }
    if (chosen >= 0) {
        l->counters.evicted++;
        l->owner.evict(l->owner.context, (unsigned)chosen);
    }
    return chosen;
}

static int place_for(struct listener *l, const struct address_group *from, bool known)
{
    if (from_group(l, from) >= LISTENER_PENDING_EACH)
        return make_place(l, from, known);
    if (!known && unknown(l) >= LISTENER_PENDING_MAX - LISTENER_PENDING_KEPT)
        return make_place(l, NULL, false);
    for (int i = 0; i < LISTENER_PENDING_MAX; i++) {
        if (!l->pending[i].used)
            return i;
    }
    return make_place(l, NULL, known);
}

/* With a reset: nothing of it is left in the kernel, however many there are. */
static void turn_away(struct listener *l, int fd, const struct sockaddr_storage *from,
                      bool throttled)
{
    const struct linger now = {.l_onoff = 1};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    (void)close(fd);
    if (throttled)
        l->counters.throttled++;
    else
        l->counters.refused++;
    l->owner.turned_away(l->owner.context, from, throttled);
}

static void take_in(struct listener *l, int fd, const struct sockaddr_storage *from)
{
    struct address_group group = address_group(from);
    bool known = l->owner.knows(l->owner.context, from);

    l->counters.accepted++;
    if (!known && !throttle_take(&l->throttle, &l->settings, &group, loop_now(l->loop))) {
        turn_away(l, fd, from, true);
        return;
    }
    int place = place_for(l, &group, known);
    if (place < 0) {
        if (!known)
            throttle_give_back(&l->throttle, &group);
        turn_away(l, fd, from, false);
        return;
    }
    l->pending[place] =
        (struct pending){.used = true, .known = known, .order = ++l->arrivals, .from = group};
    if (!l->owner.accepted(l->owner.context, fd, from, (unsigned)place)) {
        l->counters.refused++;
        l->pending[place].used = false;
    }
}

static bool is_full(const struct listener *l)
{
    unsigned count = 0;

    for (size_t i = 0; i < LISTENER_PENDING_MAX; i++)
        count += l->pending[i].used;
    return count >= LISTENER_PENDING_MAX - LISTENER_PENDING_KEPT;
}

/* Somebody waits for a place, and there may be one now. */
static void go_on(struct listener *l)
{
    if (!l->waits || (l->patient && is_full(l)))
        return;
    l->waits = false;
    if (l->fd >= 0 && !l->starved)
        loop_watch_set(&l->watch, LOOP_READ);
}

void listener_be_patient(struct listener *l, bool patient)
{
    l->patient = patient;
    go_on(l);
}

void listener_settled(struct listener *l, unsigned place, bool authorised)
{
    if (authorised && !l->pending[place].known)
        throttle_give_back(&l->throttle, &l->pending[place].from);
    l->pending[place].used = false;
    go_on(l);
}

/* --- accepting ------------------------------------------------------------------------------- */

static void pause_accepting(struct listener *l, int error)
{
    if (!l->starved)
        log_warning("listener: cannot accept: %s; raise the limit of open files, or see who holds "
                    "them in /proc/%d/fd",
                    strerror(error), (int)getpid());
    l->starved = true;
    loop_watch_set(&l->watch, 0);
    loop_timer_start(&l->timer, STARVED_MS);
}

static void on_incoming(void *context, unsigned ready)
{
    struct listener *l = context;

    (void)ready;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        if (l->patient && is_full(l)) {
            l->waits = true;
            loop_watch_set(&l->watch, 0);
            return;
        }
        struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
        socklen_t size = sizeof(from);
        int fd = accept4(l->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            l->starved = false;
            take_in(l, fd, &from);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            pause_accepting(l, errno);
            return;
        } else if (errno == EAGAIN) {
            return;
        }
        /* Anything else is the fate of one connection that broke while it waited (accept(2)). */
    }
}

/* --- opening --------------------------------------------------------------------------------- */

/* A listening descriptor or -errno. */
static int open_socket(const struct sockaddr_storage *address, bool any)
{
    int on = 1;
    int off = 0;
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (any && address->ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, (const struct sockaddr *)address, address_size(address)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        int error = errno;
        (void)close(fd);
        return -error;
    }
    return fd;
}

static int open_numeric(const char *host, uint16_t port, bool any)
{
    struct resolve_result found;

    resolve_numeric(host, port, &found);
    return found.count > 0 ? open_socket(&found.addresses[0], any) : -EINVAL;
}

static const char *remedy(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "another program listens there (`ss -ltnp` shows which); stop it or choose another "
               "port";
    case EADDRNOTAVAIL:
        return "this address is not on this device; give another one, or bring its interface up";
    case EACCES:
        return "ports below 1024 need a privilege that this program is not given; choose another "
               "port";
    default:
        return "check the address and the port";
    }
}

static void listen_failed(struct listener *l, int error)
{
    if (strcmp(l->trouble, strerror(error)) != 0)
        log_error("listener: cannot listen on %s port %u: %s: %s; it is tried again",
                  l->settings.address[0] != '\0' ? l->settings.address : "all addresses",
                  (unsigned)l->settings.port, strerror(error), remedy(error));
    (void)snprintf(l->trouble, sizeof(l->trouble), "%s", strerror(error));
    loop_timer_start(&l->timer, backoff_next(&l->backoff));
}

/* All addresses: one socket for both families; only IPv4 where the kernel has no IPv6. */
static void open_listener(struct listener *l)
{
    uint16_t port = l->settings.port;
    bool any = l->settings.address[0] == '\0';
    int fd = open_numeric(any ? "::" : l->settings.address, port, any);

    if (any && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL || fd == -EINVAL))
        fd = open_numeric("0.0.0.0", port, any);
    if (fd < 0) {
        listen_failed(l, -fd);
        return;
    }
    int error = loop_watch_add(l->loop, &l->watch, fd, LOOP_READ, on_incoming, l);
    if (error != 0) {
        (void)close(fd);
        listen_failed(l, -error);
        return;
    }
    l->fd = fd;
    l->trouble[0] = '\0';
    backoff_reset(&l->backoff);
    log_info("listener: waiting for location servers on %s port %u",
             any ? "all addresses" : l->settings.address, (unsigned)listener_port(l));
}

static void close_listener(struct listener *l)
{
    loop_timer_stop(&l->timer);
    l->trouble[0] = '\0';
    l->starved = l->waits = false;
    if (l->fd < 0)
        return;
    loop_watch_remove(&l->watch);
    (void)close(l->fd);
    l->fd = -1;
}

static void on_timer(void *context)
{
    struct listener *l = context;

    if (l->fd < 0)
        open_listener(l);
    else
        loop_watch_set(&l->watch, LOOP_READ);
}

/* --- from outside ---------------------------------------------------------------------------- */

struct listener *listener_new(struct loop *loop, const struct listener_owner *owner)
{
    struct listener *l = calloc(1, sizeof(*l));

    if (l == NULL || loop_timer_init(loop, &l->timer, on_timer, l) != 0) {
        free(l);
        return NULL;
    }
    l->loop = loop;
    l->owner = *owner;
    l->fd = -1;
    backoff_init(&l->backoff, 0);
    return l;
}

void listener_free(struct listener *l)
{
    if (l == NULL)
        return;
    close_listener(l);
    loop_timer_fini(&l->timer);
    free(l);
}

void listener_configure(struct listener *l, const struct settings_listen *settings)
{
    bool same = l->settings.enabled == settings->enabled && l->settings.port == settings->port &&
                strcmp(l->settings.address, settings->address) == 0;

    l->settings = *settings;
    if (same)
        return;
    close_listener(l);
    backoff_reset(&l->backoff);
    if (settings->enabled)
        open_listener(l);
}

const struct listener_counters *listener_counters(const struct listener *l)
{
    return &l->counters;
}

void listener_clear_counters(struct listener *l)
{
    memset(&l->counters, 0, sizeof(l->counters));
}

const char *listener_trouble(const struct listener *l)
{
    return l->trouble;
}

uint16_t listener_port(const struct listener *l)
{
    struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof(own);
    struct sockaddr_in in;

    if (l->fd < 0 || getsockname(l->fd, (struct sockaddr *)&own, &size) != 0)
        return 0;
    /* The port stands at the same place for both families. */
    memcpy(&in, &own, sizeof(in));
    return ntohs(in.sin_port);
}
