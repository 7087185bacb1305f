/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/neighbours/neighbours.h"

#include "agent/base/keyed.h"
#include "agent/base/log.h"
#include "platform/neighbours/neighbour.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 32, DUMP_ATTEMPTS = 3 };

/* An address that was told. The same one may stand on two interfaces (a bridge and its port). */
struct entry {
    uint8_t family;
    struct mac mac;
    uint8_t address[16];
    uint32_t ifindex;
    uint32_t round; /* the last one in which the kernel had it */
};

struct neighbours_counters {
    uint64_t overruns, timeouts, errors, malformed;
};

#define COUNTER(name, member)                              \
    {                                                      \
        name, offsetof(struct neighbours_counters, member) \
    }
static const struct counter counter_table[] = {COUNTER("stations/overruns", overruns),
                                               COUNTER("stations/timeouts", timeouts),
                                               COUNTER("stations/errors", errors),
                                               COUNTER("stations/malformed", malformed),
                                               {NULL, 0}};

struct neighbours {
    struct source_setup setup;
    struct neighbours_counters counters;
    struct source_counters counted;
    struct netlink *netlink;
    struct loop_timer timer;
    bool started;
    bool want_dump;
    bool dumping;
    unsigned attempts;
    int64_t last_look;
    uint32_t round;
    bool full_said;
    bool refused_said;

    struct keyed index; /* by the address alone */
    struct entry *entries;
    uint32_t size;
    uint32_t count;
};

/* --- the table --- */

static uint64_t hash_of(const void *owner, uint32_t number)
{
    const struct neighbours *n = owner;
    return siphash(&n->index.key, n->entries[number].address, sizeof(n->entries[number].address));
}

static bool is_entry_of(const void *owner, uint32_t number, const void *wanted)
{
    const struct entry *entry = &((const struct neighbours *)owner)->entries[number];
    const struct neighbour *neighbour = wanted;

    return entry->family == neighbour->family && entry->ifindex == neighbour->ifindex &&
           memcmp(entry->address, neighbour->address, sizeof(entry->address)) == 0;
}

static struct entry *find(const struct neighbours *n, const struct neighbour *neighbour)
{
    uint64_t hash = siphash(&n->index.key, neighbour->address, sizeof(neighbour->address));
    uint32_t number = keyed_find(&n->index, hash, is_entry_of, n, neighbour);

    return number != KEYED_NONE ? &n->entries[number] : NULL;
}

static bool is_twin_of(const void *owner, uint32_t number, const void *wanted)
{
    const struct entry *other = &((const struct neighbours *)owner)->entries[number];
    const struct entry *entry = wanted;

    return other != entry && other->family == entry->family &&
           mac_equal(&other->mac, &entry->mac) &&
           memcmp(other->address, entry->address, sizeof(entry->address)) == 0;
}

/* Has the client this address on another interface too? */
static bool is_elsewhere(const struct neighbours *n, const struct entry *entry)
{
    uint64_t hash = hash_of(n, (uint32_t)(entry - n->entries));

    return keyed_find(&n->index, hash, is_twin_of, n, entry) != KEYED_NONE;
}

static bool grow(struct neighbours *n)
{
    uint32_t size = n->size == 0 ? FIRST_SIZE : n->size * 2;
    struct entry *entries = realloc(n->entries, size * sizeof(*entries));

    if (entries == NULL)
        return false;
    n->entries = entries;
    if (!keyed_reserve(&n->index, size, n->count, hash_of, n))
        return false;
    n->size = size;
    return true;
}

/* One client cannot take all the room. */
static bool has_its_share(const struct neighbours *n, const struct mac *mac)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < n->count; i++)
        count += mac_equal(&n->entries[i].mac, mac) ? 1 : 0;
    return count >= NEIGHBOURS_CLIENT_MAX;
}

/* NULL if there is no room. */
static struct entry *add(struct neighbours *n, const struct neighbour *neighbour)
{
    if (n->count == NEIGHBOURS_MAX || has_its_share(n, &neighbour->mac) ||
        (n->count == n->size && !grow(n))) {
        if (!n->full_said)
            log_warning("more IP addresses than %d a client or %d in all: the others are not told "
                        "(said once)",
                        NEIGHBOURS_CLIENT_MAX, NEIGHBOURS_MAX);
        n->full_said = true;
        return NULL;
    }
    struct entry *entry = &n->entries[n->count];
    *entry = (struct entry){.family = neighbour->family, .ifindex = neighbour->ifindex};
    memcpy(entry->address, neighbour->address, sizeof(entry->address));
    keyed_put(&n->index, hash_of(n, n->count), n->count);
    n->count++;
    return entry;
}

/* The last one moves to its place. */
static void drop(struct neighbours *n, struct entry *entry)
{
    uint32_t number = (uint32_t)(entry - n->entries);
    uint32_t last = n->count - 1;

    keyed_remove(&n->index, number, hash_of, n);
    if (number != last) {
        keyed_renumber(&n->index, hash_of(n, last), last, number);
        *entry = n->entries[last];
    }
    n->count--;
}

/* --- telling --- */

static void tell(struct neighbours *n, const struct entry *entry, bool present)
{
    struct radio_event event = {
        .kind = RADIO_ADDRESS,
        .address = {.device = entry->mac, .family = entry->family, .present = present}};

    memcpy(event.address.address, entry->address, sizeof(entry->address));
    radio_tell(&n->setup.sink, &event);
}

static void take_back(struct neighbours *n, struct entry *entry)
{
    const struct entry gone = *entry;
    bool elsewhere = is_elsewhere(n, entry);

    drop(n, entry);
    if (!elsewhere)
        tell(n, &gone, false);
}

static void put(struct neighbours *n, const struct neighbour *neighbour)
{
    struct entry *entry = find(n, neighbour);
    bool is_client = inventory_is_client(&n->setup.inventory, &neighbour->mac);

    if (entry != NULL && (!is_client || !mac_equal(&entry->mac, &neighbour->mac))) {
        take_back(n, entry); /* another one has it now */
        entry = NULL;
    }
    if (!is_client)
        return;
    if (entry == NULL) {
        entry = add(n, neighbour);
        if (entry == NULL)
            return;
        entry->mac = neighbour->mac;
        if (!is_elsewhere(n, entry))
            tell(n, entry, true);
    }
    entry->round = n->round;
}

static void take(struct neighbours *n, const struct netlink_message *message)
{
    struct neighbour neighbour;
    struct entry *entry;
    bool is_host;

    if (message->type != RTM_NEWNEIGH && message->type != RTM_DELNEIGH)
        return;
    if (!neighbour_parse(message->body, &neighbour, &is_host)) {
        n->counters.malformed++;
        return;
    }
    if (!is_host)
        return;
    if (message->type == RTM_NEWNEIGH && neighbour.valid && neighbour.has_mac) {
        put(n, &neighbour);
        return;
    }
    entry = find(n, &neighbour);
    if (entry != NULL)
        take_back(n, entry);
}

static void sweep(struct neighbours *n,
                  bool (*gone)(struct neighbours *n, const struct entry *entry))
{
    for (uint32_t i = n->count; i-- > 0;) /* dropping moves only one that was asked already */
        if (gone(n, &n->entries[i]))
            take_back(n, &n->entries[i]);
}

static bool has_left(struct neighbours *n, const struct entry *entry)
{
    return !inventory_is_client(&n->setup.inventory, &entry->mac);
}

static bool missed_the_round(struct neighbours *n, const struct entry *entry)
{
    return entry->round != n->round;
}

/* --- reading the table --- */

static void look_at(struct neighbours *n, int64_t at)
{
    if (n->started && (!loop_timer_running(&n->timer) || n->timer.at > at))
        loop_timer_start_at(&n->timer, at);
}

static void look_soon(struct neighbours *n)
{
    int64_t at = n->last_look + NEIGHBOURS_DUMP_MS;

    look_at(n, at > loop_now(n->setup.loop) ? at : loop_now(n->setup.loop));
}

static void on_answer(void *context, uint32_t tag, const struct netlink_message *message)
{
    (void)tag;
    take(context, message);
}

static void count_failure(struct neighbours *n, enum netlink_result result, int error)
{
    if (result == NETLINK_TIMED_OUT)
        n->counters.timeouts++;
    else if (result == NETLINK_REFUSED)
        n->counters.errors++;
    if (result == NETLINK_REFUSED && !n->refused_said) {
        n->refused_said = true;
        log_warning("the neighbour table cannot be read (%s): IP addresses of clients are told as "
                    "they change only",
                    strerror(error));
    }
}

static void on_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct neighbours *n = context;

    (void)tag;
    n->dumping = false;
    if (result == NETLINK_OK) {
        n->attempts = 0;
        sweep(n, missed_the_round);
    } else {
        bool soon = (result == NETLINK_INTERRUPTED || result == NETLINK_OVERRUN) &&
                    ++n->attempts < DUMP_ATTEMPTS;
        count_failure(n, result, error);
        n->want_dump = true;
        if (!soon)
            n->attempts = 0;
        look_at(n, loop_now(n->setup.loop) + (soon ? NEIGHBOURS_DUMP_MS : NEIGHBOURS_RETRY_MS));
        return;
    }
    if (n->want_dump)
        look_soon(n);
}

static void on_timer(void *context)
{
    struct neighbours *n = context;
    const struct netlink_request request = {.type = RTM_GETNEIGH,
                                            .dump = true,
                                            .context = n,
                                            .on_message = on_answer,
                                            .on_done = on_done};

    n->last_look = loop_now(n->setup.loop);
    sweep(n, has_left);
    if (!n->want_dump || n->dumping)
        return;
    n->want_dump = false;
    n->round++;
    n->dumping = netlink_request(n->netlink, &request);
}

static void want_dump(struct neighbours *n)
{
    n->want_dump = true;
    if (!n->dumping)
        look_soon(n);
}

static void on_event(void *context, const struct netlink_message *message)
{
    take(context, message);
}

static void on_overrun(void *context)
{
    struct neighbours *n = context;

    n->counters.overruns++;
    want_dump(n);
}

/* --- life --- */

void *neighbours_new(const struct source_setup *setup)
{
    struct neighbours *n = calloc(1, sizeof(*n));

    if (n == NULL)
        return NULL;
    n->setup = *setup;
    source_counters_add(setup->counters, &n->counted, counter_table, &n->counters);
    n->last_look = loop_now(setup->loop) - NEIGHBOURS_DUMP_MS;
    n->netlink = netlink_new(setup->loop, &(struct netlink_options){.protocol = NETLINK_ROUTE,
                                                                    .io = setup->io,
                                                                    .io_context = setup->io_context,
                                                                    .context = n,
                                                                    .event = on_event,
                                                                    .overrun = on_overrun});
    if (n->netlink == NULL || keyed_init(&n->index, 0) < 0 ||
        loop_timer_init(setup->loop, &n->timer, on_timer, n) < 0) {
        neighbours_free(n);
        return NULL;
    }
    return n;
}

void neighbours_free(void *neighbours)
{
    struct neighbours *n = neighbours;

    if (n == NULL)
        return;
    netlink_free(n->netlink);
    loop_timer_fini(&n->timer);
    free(n->entries);
    keyed_fini(&n->index);
    free(n);
}

void neighbours_configure(void *neighbours, const struct settings_radios *settings)
{
    struct neighbours *n = neighbours;

    (void)settings;
    if (n->started)
        return;
    n->started = true;
    int result = netlink_join(n->netlink, RTNLGRP_NEIGH);
    if (result < 0)
        log_warning("changes of the neighbour table cannot be heard (%s): IP addresses of clients "
                    "are read when one joins only",
                    strerror(-result));
}

void neighbours_client_changed(void *neighbours, const struct radio_event *event)
{
    struct neighbours *n = neighbours;

    if (event->kind == RADIO_CLIENT_JOINED)
        want_dump(n);
    else if (n->count > 0)
        look_soon(n);
}
