/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/inbound.h"

#include "agent/address.h"
#include "agent/base/hex.h"
#include "agent/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    /* Those that wait to be authorised, and those that are. */
    PLACES = LISTENER_PENDING_MAX + INBOUND_SESSIONS_MAX,
    NAME_SIZE = ADDRESS_TEXT_SIZE + 16,
    FAILURE_SIZE = STATE_REASON_SIZE + ADDRESS_TEXT_SIZE + 16,
    TELLS_PER_WINDOW = 10,
    TELL_WINDOW_MS = 60 * 1000,
};

struct inbound {
    struct inbounds *all;
    struct connection *connection; /* NULL: a free place */
    bool waiting;                  /* occupies a place of the listener */
    unsigned listener_place;
    char name[NAME_SIZE]; /* for the log */
    char address[ADDRESS_TEXT_SIZE];
    int64_t active_since; /* -1: not active */
};

struct inbounds {
    const struct gate *gate;
    struct listener *listener;
    bool listening;
    struct inbound places[PLACES];
    struct inbound_counters counters;

    /* Anybody can make us write a line here, so lines are bounded, and repeats are counted. */
    char last_failure[FAILURE_SIZE];
    int64_t window;
    unsigned told;
    uint64_t not_told;
};

static int64_t now(const struct inbounds *all)
{
    return loop_now(all->gate->shared->loop);
}

/* --- telling failures ------------------------------------------------------------------------ */

/* Whether a line may be written for this failure, which `what` tells apart from others. */
static bool may_tell(struct inbounds *all, const char *what)
{
    if (now(all) - all->window >= TELL_WINDOW_MS) {
        all->window = now(all);
        all->told = 0;
        all->last_failure[0] = '\0';
    }
    if (all->told >= TELLS_PER_WINDOW || strcmp(all->last_failure, what) == 0) {
        all->not_told++;
        return false;
    }
    if (all->not_told > 0)
        log_info("listener: %" PRIu64 " more connections failed", all->not_told);
    all->not_told = 0;
    all->told++;
    (void)snprintf(all->last_failure, sizeof(all->last_failure), "%s", what);
    return true;
}

static void tell_failure(struct inbound *in, enum connection_end why, const char *reason)
{
    const struct authlist_peer *presented = connection_peer(in->connection);
    int host = (int)(strrchr(in->address, ':') - in->address); /* without the port */
    char key[9] = "";
    char what[FAILURE_SIZE];

    if (presented != NULL)
        (void)hex_text(presented->spki_sha256, 4, key);
    (void)snprintf(what, sizeof(what), "%.*s %s %s", host, in->address, key, reason);
    if (!may_tell(in->all, what))
        return;
    log_warning("%s: no session: %s", in->name, reason);
    if (why == CONNECTION_REFUSED && presented != NULL &&
        connection_decision(in->connection)->verdict != AUTHLIST_OK)
        gate_log_presented(in->name, presented);
}

/* --- what the connection tells --------------------------------------------------------------- */

static bool on_authorise(void *context, const struct authlist_peer *presented,
                         struct authlist_decision *decision)
{
    const struct gate *gate = ((struct inbound *)context)->all->gate;

    return gate->authorise(gate->context, presented, NULL, decision);
}

static void settle(struct inbound *in)
{
    if (in->waiting)
        listener_settled(in->all->listener, in->listener_place);
    in->waiting = false;
}

static unsigned sessions(const struct inbounds *all)
{
    unsigned count = 0;

    for (size_t i = 0; i < PLACES; i++) {
        if (all->places[i].connection != NULL && !all->places[i].waiting)
            count++;
    }
    return count;
}

static const char *on_admit(void *context, const struct mac *identity)
{
    struct inbound *in = context;

    if (sessions(in->all) >= INBOUND_SESSIONS_MAX)
        return "there are as many inbound sessions as this agent holds";
    return in->all->gate->admit(in->all->gate->context, identity, true);
}

static void on_began(void *context)
{
    settle(context);
}

static void on_active(void *context)
{
    struct inbound *in = context;
    const struct session *session = connection_session(in->connection);
    char mac[MAC_TEXT_SIZE];

    in->active_since = now(in->all);
    log_info("%s: session up with %s, %s %s", in->name, mac_text(session_identity(session), mac),
             connection_tls_version(in->connection), connection_tls_cipher(in->connection));
}

static void on_ended(void *context, enum connection_end why, const char *reason)
{
    struct inbound *in = context;
    const struct gate *gate = in->all->gate;
    struct connection *connection = in->connection;

    if (in->active_since >= 0)
        log_info("%s: session down after %" PRId64 " s: %s", in->name,
                 (now(in->all) - in->active_since) / 1000, reason);
    else
        tell_failure(in, why, reason);
    if (connection_session(connection) == NULL && why == CONNECTION_REFUSED)
        in->all->counters.refused++;
    else if (connection_session(connection) == NULL)
        in->all->counters.handshakes_failed++;
    settle(in);
    in->connection = NULL;
    connection_free(connection);
    gate->released(gate->context);
}

/* --- coming in ------------------------------------------------------------------------------- */

/* There is always one: the listener and on_admit() hold both kinds to their numbers. */
static struct inbound *free_place(struct inbounds *all)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (all->places[i].connection == NULL)
            return &all->places[i];
    }
    return NULL;
}

static bool on_accepted(void *context, int fd, const struct sockaddr_storage *from, unsigned place)
{
    struct inbounds *all = context;
    struct inbound *in = free_place(all);
    struct tls_context *tls = all->gate->tls(all->gate->context, TLS_SERVER);
    const struct connection_owner owner = {.authorise = on_authorise,
                                           .admit = on_admit,
                                           .began = on_began,
                                           .active = on_active,
                                           .ended = on_ended,
                                           .context = in};

    if (in == NULL || tls == NULL) {
        (void)close(fd);
        return false;
    }
    *in =
        (struct inbound){.all = all, .waiting = true, .listener_place = place, .active_since = -1};
    (void)address_text(from, in->address);
    (void)snprintf(in->name, sizeof(in->name), "from %s", in->address);
    in->connection = connection_new(
        &(struct connection_spec){
            .shared = all->gate->shared, .farewell = all->gate->farewell, .tls = tls, .fd = fd},
        &owner);
    return in->connection != NULL;
}

/* --- from outside ---------------------------------------------------------------------------- */

struct inbounds *inbounds_new(const struct gate *gate)
{
    struct inbounds *all = calloc(1, sizeof(*all));

    if (all == NULL)
        return NULL;
    all->gate = gate;
    all->listener = listener_new(gate->shared->loop, on_accepted, all);
    if (all->listener == NULL) {
        free(all);
        return NULL;
    }
    return all;
}

void inbounds_free(struct inbounds *all)
{
    if (all == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++)
        connection_free(all->places[i].connection);
    listener_free(all->listener);
    free(all);
}

static void finish_all(struct inbounds *all, const char *reason)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (all->places[i].connection != NULL)
            connection_finish(all->places[i].connection, reason);
    }
}

void inbounds_configure(struct inbounds *all, const struct settings_listen *settings)
{
    listener_configure(all->listener, settings);
    if (all->listening && !settings->enabled)
        finish_all(all, "the agent does not listen any more");
    all->listening = settings->enabled;
}

void inbounds_stop(struct inbounds *all, const char *reason)
{
    listener_configure(all->listener, &(struct settings_listen){.enabled = false});
    all->listening = false;
    finish_all(all, reason);
}

struct connection *inbounds_next(const struct inbounds *all, size_t *cursor)
{
    while (*cursor < PLACES) {
        struct connection *connection = all->places[(*cursor)++].connection;
        if (connection != NULL)
            return connection;
    }
    return NULL;
}

void inbounds_state(const struct inbounds *all, size_t place, struct state_peer *out)
{
    const struct inbound *in = &all->places[place];

    memset(out, 0, sizeof(*out));
    out->inbound = true;
    (void)snprintf(out->address, sizeof(out->address), "%s", in->address);
    out->next_attempt = -1;
    out->attempts = 1;
    out->connections = connection_session(in->connection) != NULL ? 1 : 0;
    gate_describe(in->connection, out);
}

size_t inbounds_count(const struct inbounds *all)
{
    size_t cursor = 0;
    size_t count = 0;

    while (inbounds_next(all, &cursor) != NULL)
        count++;
    return count;
}

const struct listener *inbounds_listener(const struct inbounds *all)
{
    return all->listener;
}

const struct inbound_counters *inbounds_counters(const struct inbounds *all)
{
    return &all->counters;
}
