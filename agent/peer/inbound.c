/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/inbound.h"

#include "agent/base/hex.h"
#include "agent/base/log-window.h"
#include "agent/base/log.h"
#include "agent/peer/address.h"
#include "agent/peer/hosts.h"
#include "agent/refusals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW(member, name) {name, offsetof(struct inbound_counters, member)},
const struct counter inbound_counter_table[] = {INBOUND_COUNTERS(ROW){NULL, 0}};
#undef ROW

enum {
    /* Those that wait to be authorised, and those that are. */
    PLACES = LISTENER_PENDING_MAX + INBOUND_SESSIONS_MAX,
    NAME_SIZE = ADDRESS_TEXT_SIZE + 16,
    SESSIONS_TOLD = 64, /* within a window: that one is up, or down */
};

struct inbound {
    struct inbounds *all;
    struct connection *connection; /* NULL: a free place */
    bool waiting;                  /* occupies a place of the listener */
    unsigned listener_place;
    struct address_host host;
    bool authorised;
    bool crowded_out;
    char name[NAME_SIZE]; /* for the log */
    char address[ADDRESS_TEXT_SIZE];
    enum diagnosis_code not_admitted;
    bool crosses;         /* its MAC has our session to the same host */
    int64_t active_since; /* -1: not active */
};

struct inbounds {
    const struct gate *gate;
    struct listener *listener;
    bool listening;
    bool legacy_cipher;
    struct inbound places[PLACES];
    struct inbound_counters counters;
    struct refusals refusals;

    struct log_window log;     /* anybody can make us write a line */
    struct log_window comings; /* and who is let in, if it comes and goes all the time */
    struct hosts good;
};

static int64_t now(const struct inbounds *all)
{
    return loop_now(all->gate->shared->loop);
}

/* --- telling failures ------------------------------------------------------------------------ */

static const char *without_port(const char *address, char text[static NAME_SIZE])
{
    (void)snprintf(text, NAME_SIZE, "from %.*s", (int)(strrchr(address, ':') - address), address);
    return text;
}

/* Whether lines may be written for this: by the address, the code and the key that was presented,
 * never by what the other side can vary in any other way. */
static bool may_tell(struct inbounds *all, const struct diagnosis *diagnosis)
{
    char who[NAME_SIZE];
    char key[9] = "";
    char cause[LOG_WINDOW_TEXT_SIZE];

    if (diagnosis->has_presented)
        (void)hex_text(diagnosis->presented.spki_sha256, 4, key);
    (void)snprintf(cause, sizeof(cause), "no session (%s%s%s)",
                   diagnosis_code_name(diagnosis->code), key[0] != '\0' ? ", key " : "", key);
    return log_window_open(&all->log, without_port(diagnosis->address, who), cause, 1);
}

static void tell_news(struct inbounds *all, const char *name, const struct diagnosis *diagnosis)
{
    refusals_told(&all->refusals, diagnosis);
    gate_tell(all->gate, name, diagnosis);
}

static void tell_failure(struct inbound *in, enum connection_end why,
                         const struct diagnosis *diagnosis, bool news, const char *reason)
{
    const struct certificate_info *presented = connection_peer(in->connection);

    if (!may_tell(in->all, diagnosis))
        return;
    log_warning("%s: no session: %s", in->name, reason);
    if (why == CONNECTION_REFUSED && presented != NULL &&
        connection_decision(in->connection)->verdict != AUTHLIST_OK)
        gate_log_presented(in->name, presented);
    if (news)
        tell_news(in->all, in->name, diagnosis);
}

static void diagnose(const struct inbound *in, enum connection_end why, struct diagnosis *out)
{
    gate_diagnose(in->all->gate, in->connection, why, NULL, out);
    if (in->crowded_out)
        out->code = DIAGNOSIS_CROWDED_OUT;
    else if (out->code == DIAGNOSIS_NONE)
        out->code = in->not_admitted;
    out->inbound = true;
    out->port = listener_port(in->all->listener);
    (void)snprintf(out->address, sizeof(out->address), "%s", in->address);
}

/* Why it has no session, unless nothing is wrong. True if that is news. */
static bool note_refusal(struct inbound *in, const struct diagnosis *diagnosis)
{
    const struct authlist_decision *decision = connection_decision(in->connection);
    bool was_let_in = decision != NULL && decision->verdict == AUTHLIST_OK;

    switch (diagnosis->code) {
    case DIAGNOSIS_NONE:
    case DIAGNOSIS_ENDED_HERE:
        return false;
    case DIAGNOSIS_PEER_CLOSED:
        if (in->active_since >= 0)
            return false;
        break;
    case DIAGNOSIS_SESSION_EXISTS:
        if (in->crosses)
            return false;
        break;
    default:
        break;
    }
    return refusals_note(&in->all->refusals, diagnosis, was_let_in ? &decision->mac : NULL,
                         now(in->all));
}

static void tell_down(const struct inbound *in, const struct diagnosis *diagnosis, bool news,
                      const char *reason)
{
    int64_t lasted = now(in->all) - in->active_since;
    struct peer_status state;

    if (log_window_open(&in->all->comings, "listener", "sessions up or down", SESSIONS_TOLD))
        log_info("%s: session down after %" PRId64 " s: %s", in->name, lasted / 1000, reason);
    inbounds_state(in->all, (size_t)(in - in->all->places), &state);
    gate_down(in->all->gate, &state, diagnosis, reason, lasted);
    if (news && may_tell(in->all, diagnosis))
        tell_news(in->all, in->name, diagnosis);
}

/* --- what the connection tells --------------------------------------------------------------- */

static bool on_authorise(void *context, const struct certificate_info *presented,
                         struct authlist_decision *decision)
{
    const struct gate *gate = ((struct inbound *)context)->all->gate;

    return gate->authorise(gate->context, presented, NULL, decision);
}

static void settle(struct inbound *in)
{
    if (in->waiting)
        listener_settled(in->all->listener, in->listener_place, in->authorised);
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

    const struct gate *gate = in->all->gate;

    in->authorised = true;
    hosts_note(&in->all->good, &in->host);
    if (sessions(in->all) >= INBOUND_SESSIONS_MAX) {
        in->not_admitted = DIAGNOSIS_TOO_MANY;
        return "there are as many inbound sessions as this agent holds";
    }
    const char *refusal = gate->admit(gate->context, identity, true);
    if (refusal == NULL)
        return NULL;
    in->not_admitted = gate->has_session(gate->context, identity) ? DIAGNOSIS_SESSION_EXISTS
                                                                  : DIAGNOSIS_ENDED_HERE;
    in->crosses = gate->crosses != NULL && gate->crosses(gate->context, identity, in->address);
    return refusal;
}

static void on_began(void *context)
{
    settle(context);
}

static void on_active(void *context)
{
    struct inbound *in = context;
    const struct session *session = connection_session(in->connection);
    struct peer_status state;
    char mac[MAC_TEXT_SIZE];

    in->active_since = now(in->all);
    refusals_forget(&in->all->refusals, in->address, connection_peer(in->connection));
    if (log_window_open(&in->all->comings, "listener", "sessions up or down", SESSIONS_TOLD)) {
        log_info("%s: session up with %s, %s %s%s", in->name,
                 mac_text(session_identity(session), mac), connection_tls_version(in->connection),
                 connection_tls_cipher(in->connection),
                 connection_legacy_cipher(in->connection) ? ", legacy cipher" : "");
        gate_log_hash_alone(in->name, in->connection);
    }
    inbounds_state(in->all, (size_t)(in - in->all->places), &state);
    gate_up(in->all->gate, &state);
}

static void on_ended(void *context, enum connection_end why, const char *reason)
{
    struct inbound *in = context;
    const struct gate *gate = in->all->gate;
    struct connection *connection = in->connection;
    struct diagnosis diagnosis;

    diagnose(in, why, &diagnosis);
    bool news = note_refusal(in, &diagnosis);
    if (in->active_since >= 0)
        tell_down(in, &diagnosis, news, reason);
    else
        tell_failure(in, why, &diagnosis, news, reason);
    if (connection_session(connection) == NULL && why == CONNECTION_REFUSED)
        in->all->counters.refused++;
    else if (connection_session(connection) == NULL && !in->crowded_out)
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
    struct tls_context *tls = all->gate->tls(all->gate->context, TLS_SERVER, all->legacy_cipher);
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
    *in = (struct inbound){.all = all,
                           .waiting = true,
                           .listener_place = place,
                           .host = address_host(from),
                           .active_since = -1};
    (void)address_text(from, in->address);
    (void)snprintf(in->name, sizeof(in->name), "from %s", in->address);
    in->connection = connection_new(&(struct connection_spec){.shared = all->gate->shared,
                                                              .farewell = all->gate->farewell,
                                                              .tls = tls,
                                                              .statistics = all->gate->statistics,
                                                              .inbound = true,
                                                              .legacy_cipher = all->legacy_cipher,
                                                              .fd = fd},
                                    &owner);
    return in->connection != NULL;
}

/* --- what the listener asks, and tells ------------------------------------------------------- */

static bool on_knows(void *context, const struct sockaddr_storage *from)
{
    const struct inbounds *all = context;
    const struct gate *gate = all->gate;
    const struct address_host host = address_host(from);

    return hosts_has(&all->good, &host) ||
           (gate->dials != NULL && gate->dials(gate->context, &host));
}

static struct inbound *waiting_at(struct inbounds *all, unsigned place)
{
    for (size_t i = 0; i < PLACES; i++) {
        struct inbound *in = &all->places[i];
        if (in->connection != NULL && in->waiting && in->listener_place == place)
            return in;
    }
    return NULL;
}

static bool on_has_hello(void *context, unsigned place)
{
    const struct inbound *in = waiting_at(context, place);

    return in != NULL && connection_has_hello(in->connection);
}

/* At once, for its place is wanted now. */
static void on_evict(void *context, unsigned place)
{
    static const char reason[] = "its place was given to another connection that came in";
    struct inbound *in = waiting_at(context, place);

    if (in == NULL)
        return;
    in->crowded_out = true;
    connection_abort(in->connection, reason);
    on_ended(in, CONNECTION_NO_TLS, reason);
}

static void on_turned_away(void *context, const struct sockaddr_storage *from, bool throttled)
{
    struct inbounds *all = context;
    struct diagnosis diagnosis;
    char name[NAME_SIZE];

    diagnosis_init(&diagnosis, throttled ? DIAGNOSIS_THROTTLED : DIAGNOSIS_CROWDED_OUT);
    diagnosis.inbound = true;
    diagnosis.port = listener_port(all->listener);
    (void)address_text(from, diagnosis.address);
    bool news = refusals_note(&all->refusals, &diagnosis, NULL, now(all));
    if (!may_tell(all, &diagnosis))
        return;
    (void)snprintf(name, sizeof(name), "from %s", diagnosis.address);
    log_warning("%s: closed at once: %s", name,
                throttled ? "too many connections came to nothing lately"
                          : "as many as may be unauthorised at a time are here");
    if (news)
        tell_news(all, name, &diagnosis);
}

/* --- from outside ---------------------------------------------------------------------------- */

struct inbounds *inbounds_new(const struct gate *gate)
{
    struct loop *loop = gate->shared->loop;
    struct inbounds *all = calloc(1, sizeof(*all));

    if (all == NULL)
        return NULL;
    all->gate = gate;
    all->listener = listener_new(loop, &(struct listener_owner){.accepted = on_accepted,
                                                                .knows = on_knows,
                                                                .has_hello = on_has_hello,
                                                                .evict = on_evict,
                                                                .turned_away = on_turned_away,
                                                                .context = all});
    if (all->listener == NULL ||
        log_window_init(&all->log, loop, "listener: other connections without a session") != 0 ||
        log_window_init(&all->comings, loop, "listener") != 0) {
        inbounds_free(all);
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
    log_window_fini(&all->log);
    log_window_fini(&all->comings);
    free(all);
}

static void finish_all(struct inbounds *all, const char *reason)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (all->places[i].connection != NULL)
            connection_shutdown(all->places[i].connection, reason);
    }
}

static void finish_legacy(struct inbounds *all)
{
    struct connection *connection;
    size_t cursor = 0;

    while ((connection = inbounds_next(all, &cursor)) != NULL) {
        if (connection_legacy_cipher(connection))
            connection_shutdown(connection,
                                "it was made with legacy-cipher, which is not configured any more");
    }
}

void inbounds_configure(struct inbounds *all, const struct settings_listen *settings)
{
    if (!settings->legacy_cipher)
        finish_legacy(all);
    all->legacy_cipher = settings->legacy_cipher;
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

void inbounds_state(const struct inbounds *all, size_t place, struct peer_status *out)
{
    const struct inbound *in = &all->places[place];

    memset(out, 0, sizeof(*out));
    out->inbound = true;
    (void)snprintf(out->address, sizeof(out->address), "%s", in->address);
    out->next_attempt = -1;
    out->attempts = 1;
    out->connections = connection_session(in->connection) != NULL ? 1 : 0;
    gate_describe(in->all->gate, in->connection, out);
}

size_t inbounds_finish(struct inbounds *all, const char *host, const char *reason)
{
    size_t count = 0;

    for (size_t i = 0; i < PLACES; i++) {
        const struct inbound *in = &all->places[i];
        if (in->connection == NULL || (host != NULL && !address_is_of(in->address, host)))
            continue;
        connection_shutdown(in->connection, reason);
        count++;
    }
    return count;
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

bool inbounds_next_refusal(const struct inbounds *all, size_t *cursor, struct diagnosis *out)
{
    return refusals_next(&all->refusals, cursor, now(all), out);
}

void inbounds_forget_refusals(struct inbounds *all, const struct mac *identity)
{
    refusals_forget_mac(&all->refusals, identity);
}

void inbounds_clear_counters(struct inbounds *all)
{
    struct connection *connection;
    size_t cursor = 0;

    memset(&all->counters, 0, sizeof(all->counters));
    listener_clear_counters(all->listener);
    while ((connection = inbounds_next(all, &cursor)) != NULL) {
        if (connection_session(connection) != NULL)
            session_clear_counters(connection_session(connection));
    }
}
