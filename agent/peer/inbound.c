/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/inbound.h"

#include "agent/base/hex.h"
#include "agent/base/log-window.h"
#include "agent/base/log.h"
#include "agent/peer/address.h"
#include "agent/peer/attempt.h"
#include "agent/peer/hosts.h"
#include "agent/peer/refusals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW(member, name) {name, offsetof(struct inbound_counters, member)},
const struct counter inbound_counter_table[] = {INBOUND_COUNTERS(ROW){NULL, 0}};
#undef ROW

enum {
    /* Those that wait to be authorised, and those that are; access points come to that. */
    PLACES = LISTENER_PENDING_MAX + INBOUND_SESSIONS_MAX,
    SESSIONS_TOLD = 64, /* within a window: that one is up, or down */
};

struct inbound {
    struct inbounds *all;
    struct attempt attempt; /* not open: a free place */
    bool waiting;           /* occupies a place of the listener */
    unsigned listener_place;
    struct address_host host;
    bool authorised;
    bool is_access_point;
};

struct inbounds {
    struct registry *registry;
    struct listener *listener;
    bool listening;
    bool legacy_cipher;
    struct inbound *places;
    size_t place_count;
    struct inbound_counters counters;
    struct refusals refusals;
    struct registry_observer observer;

    struct log_window log;     /* anybody can make us write a line */
    struct log_window comings; /* and who is let in, if it comes and goes all the time */
    struct hosts good;
};

static struct connection *connection_of(const struct inbound *in)
{
    return in->attempt.entry.connection;
}

static int64_t now(const struct inbounds *all)
{
    return loop_now(registry_options(all->registry)->shared->loop);
}

static void state_of(const struct inbound *in, struct peer_status *out)
{
    memset(out, 0, sizeof(*out));
    attempt_status(&in->attempt, out);
}

/* --- telling failures ------------------------------------------------------------------------ */

/* Whether lines may be written for this: by the address, the code and the key that was presented,
 * never by what the other side can vary in any other way. */
static bool may_tell(struct inbounds *all, const struct diagnosis *diagnosis)
{
    const char *address = diagnosis->address;
    char who[ATTEMPT_NAME_SIZE];
    char key[9] = "";
    char cause[LOG_WINDOW_TEXT_SIZE];

    if (diagnosis->has_presented)
        (void)hex_text(diagnosis->presented.spki_sha256, 4, key);
    (void)snprintf(cause, sizeof(cause), "no session (%s%s%s)",
                   diagnosis_code_name(diagnosis->code), key[0] != '\0' ? ", key " : "", key);
    (void)snprintf(who, sizeof(who), "from %.*s", (int)(strrchr(address, ':') - address), address);
    return log_window_open(&all->log, who, cause, 1);
}

static void tell_news(struct inbounds *all, const char *name, const struct diagnosis *diagnosis)
{
    refusals_told(&all->refusals, diagnosis);
    registry_diagnosed(all->registry, name, diagnosis);
}

/* Why it has no session, unless nothing is wrong. True if that is news. */
static bool note_refusal(struct inbound *in, const struct attempt_end *end)
{
    switch (end->diagnosis.code) {
    case DIAGNOSIS_NONE:
    case DIAGNOSIS_ENDED_HERE:
        return false;
    case DIAGNOSIS_PEER_CLOSED:
        if (end->active >= 0)
            return false;
        break;
    case DIAGNOSIS_SESSION_EXISTS:
        if (in->attempt.crosses)
            return false;
        break;
    default:
        break;
    }
    return refusals_note(&in->all->refusals, &end->diagnosis,
                         end->was_let_in ? &end->status.mac : NULL, now(in->all));
}

static void tell_failure(struct inbound *in, const struct attempt_end *end, bool is_news)
{
    if (!may_tell(in->all, &end->diagnosis))
        return;
    log_warning("%s: no session: %s", in->attempt.name, end->reason);
    if (end->was_refused)
        attempt_log_presented(in->attempt.name, &end->diagnosis.presented);
    if (is_news)
        tell_news(in->all, in->attempt.name, &end->diagnosis);
}

static void tell_down(const struct inbound *in, const struct attempt_end *end, bool is_news)
{
    if (!in->is_access_point && /* the collector tells that */
        log_window_open(&in->all->comings, "listener", "sessions up or down", SESSIONS_TOLD))
        attempt_log_down(&in->attempt, end);
    registry_down(in->all->registry, &end->status, &end->diagnosis, end->reason, end->active);
    if (is_news && may_tell(in->all, &end->diagnosis))
        tell_news(in->all, in->attempt.name, &end->diagnosis);
}

/* --- what the connection tells --------------------------------------------------------------- */

static void settle(struct inbound *in)
{
    if (in->waiting)
        listener_settled(in->all->listener, in->listener_place, in->authorised);
    in->waiting = false;
}

static const char *on_authorised(void *context, const struct mac *identity,
                                 enum diagnosis_code *code)
{
    struct inbound *in = context;
    const struct collector *collector = registry_options(in->all->registry)->shared->collector;
    unsigned sessions = 0;

    in->authorised = true;
    hosts_note(&in->all->good, &in->host);
    in->is_access_point = collector != NULL && collector_expects(collector, identity);
    if (in->is_access_point && collector_has_place(collector, identity))
        return NULL;
    for (size_t i = 0; i < in->all->place_count; i++)
        sessions += connection_of(&in->all->places[i]) != NULL && !in->all->places[i].waiting &&
                    !in->all->places[i].is_access_point;
    if (sessions < INBOUND_SESSIONS_MAX && !in->is_access_point)
        return NULL;
    *code = DIAGNOSIS_TOO_MANY;
    return "there are as many inbound sessions as this agent holds";
}

static void on_began(void *context)
{
    settle(context);
}

static void on_active(void *context)
{
    struct inbound *in = context;
    struct peer_status status;

    refusals_forget(&in->all->refusals, in->attempt.address, connection_peer(connection_of(in)));
    if (!in->is_access_point &&
        log_window_open(&in->all->comings, "listener", "sessions up or down", SESSIONS_TOLD))
        attempt_log_up(&in->attempt);
    state_of(in, &status);
    registry_up(in->all->registry, &status);
}

static void on_ended(void *context, struct attempt_end *end)
{
    struct inbound *in = context;

    end->diagnosis.port = listener_port(in->all->listener);
    bool is_news = note_refusal(in, end);
    if (end->active >= 0)
        tell_down(in, end, is_news);
    else
        tell_failure(in, end, is_news);
    if (!end->had_session && end->why == CONNECTION_REFUSED)
        in->all->counters.refused++;
    else if (!end->had_session && end->diagnosis.code != DIAGNOSIS_CROWDED_OUT)
        in->all->counters.handshakes_failed++;
    settle(in);
}

/* --- coming in ------------------------------------------------------------------------------- */

/* There is always one: the listener and on_admit() hold both kinds to their numbers. */
static struct inbound *free_place(struct inbounds *all)
{
    for (size_t i = 0; i < all->place_count; i++) {
        if (connection_of(&all->places[i]) == NULL)
            return &all->places[i];
    }
    return NULL;
}

static bool on_accepted(void *context, int fd, const struct sockaddr_storage *from, unsigned place)
{
    static const struct attempt_owner owner = {
        .authorised = on_authorised, .began = on_began, .active = on_active, .ended = on_ended};
    struct inbounds *all = context;
    const struct registry_options *agent = registry_options(all->registry);
    struct inbound *in = free_place(all);
    struct tls_context *tls = agent->tls(agent->context, TLS_SERVER, all->legacy_cipher);
    char address[ADDRESS_TEXT_SIZE]; /* a compiler thinks that the one in `in` overlaps its name */

    if (in == NULL || tls == NULL) {
        (void)close(fd);
        return false;
    }
    *in = (struct inbound){
        .all = all, .waiting = true, .listener_place = place, .host = address_host(from)};
    attempt_init(&in->attempt, all->registry, true, &owner, in);
    (void)address_text(from, in->attempt.address);
    (void)snprintf(in->attempt.name, sizeof(in->attempt.name), "from %s",
                   address_text(from, address));
    return attempt_open(&in->attempt, fd, tls, all->legacy_cipher);
}

/* --- what the listener asks, and tells ------------------------------------------------------- */

static bool on_knows(void *context, const struct sockaddr_storage *from)
{
    const struct inbounds *all = context;
    const struct address_host host = address_host(from);

    return hosts_has(&all->good, &host) || registry_dials(all->registry, &host);
}

static struct inbound *waiting_at(struct inbounds *all, unsigned place)
{
    for (size_t i = 0; i < all->place_count; i++) {
        struct inbound *in = &all->places[i];
        if (connection_of(in) != NULL && in->waiting && in->listener_place == place)
            return in;
    }
    return NULL;
}

static bool on_has_hello(void *context, unsigned place)
{
    const struct inbound *in = waiting_at(context, place);

    return in != NULL && connection_has_hello(connection_of(in));
}

/* At once, for its place is wanted now. */
static void on_evict(void *context, unsigned place)
{
    struct inbound *in = waiting_at(context, place);

    if (in != NULL)
        attempt_crowd_out(&in->attempt, "its place was given to another connection that came in");
}

static void on_turned_away(void *context, const struct sockaddr_storage *from, bool throttled)
{
    struct inbounds *all = context;
    struct diagnosis diagnosis;
    char name[ATTEMPT_NAME_SIZE];

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

/* Whichever way and from wherever it came. */
static void on_session_up(void *context, const struct peer_status *peer)
{
    refusals_forget_mac(&((struct inbounds *)context)->refusals, &peer->mac);
}

struct inbounds *inbounds_new(struct registry *registry, uint16_t access_points)
{
    struct loop *loop = registry_options(registry)->shared->loop;
    struct inbounds *all = calloc(1, sizeof(*all));

    if (all == NULL)
        return NULL;
    all->registry = registry;
    all->place_count = PLACES + (size_t)access_points;
    all->places = calloc(all->place_count, sizeof(*all->places));
    all->observer = (struct registry_observer){.session_up = on_session_up, .context = all};
    registry_observe(registry, &all->observer);
    all->listener = listener_new(loop, &(struct listener_owner){.accepted = on_accepted,
                                                                .knows = on_knows,
                                                                .has_hello = on_has_hello,
                                                                .evict = on_evict,
                                                                .turned_away = on_turned_away,
                                                                .context = all});
    if (all->places == NULL || all->listener == NULL ||
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
    for (size_t i = 0; all->places != NULL && i < all->place_count; i++)
        attempt_free(&all->places[i].attempt);
    registry_unobserve(all->registry, &all->observer);
    listener_free(all->listener);
    log_window_fini(&all->log);
    log_window_fini(&all->comings);
    free(all->places);
    free(all);
}

void inbounds_configure(struct inbounds *all, const struct settings_listen *settings)
{
    for (size_t i = 0; i < all->place_count && !settings->legacy_cipher; i++) {
        struct connection *connection = connection_of(&all->places[i]);
        if (connection != NULL && connection_legacy_cipher(connection))
            connection_shutdown(connection,
                                "it was made with legacy-cipher, which is not configured any more");
    }
    const struct collector *collector = registry_options(all->registry)->shared->collector;
    listener_be_patient(all->listener, collector != NULL && collector_is_used(collector));
    all->legacy_cipher = settings->legacy_cipher;
    listener_configure(all->listener, settings);
    if (all->listening && !settings->enabled)
        (void)inbounds_finish(all, NULL, "the agent does not listen any more");
    all->listening = settings->enabled;
}

void inbounds_stop(struct inbounds *all, const char *reason)
{
    listener_configure(all->listener, &(struct settings_listen){.enabled = false});
    all->listening = false;
    (void)inbounds_finish(all, NULL, reason);
}

bool inbounds_next(const struct inbounds *all, size_t *cursor, struct peer_status *out)
{
    while (*cursor < all->place_count) {
        const struct inbound *in = &all->places[(*cursor)++];
        if (connection_of(in) == NULL || (in->is_access_point && !in->waiting))
            continue;
        state_of(in, out);
        return true;
    }
    return false;
}

bool inbounds_find_access_point(const struct inbounds *all, const struct mac *identity,
                                struct peer_status *out)
{
    for (size_t i = 0; i < all->place_count; i++) {
        const struct inbound *in = &all->places[i];
        if (connection_of(in) == NULL || !in->is_access_point || in->waiting ||
            !mac_equal(&in->attempt.entry.identity, identity))
            continue;
        state_of(in, out);
        return true;
    }
    return false;
}

size_t inbounds_finish(struct inbounds *all, const char *host, const char *reason)
{
    size_t count = 0;

    for (size_t i = 0; i < all->place_count; i++) {
        const struct inbound *in = &all->places[i];
        if (connection_of(in) == NULL ||
            (host != NULL && !address_is_of(in->attempt.address, host)))
            continue;
        connection_shutdown(connection_of(in), reason);
        count++;
    }
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

void inbounds_clear_counters(struct inbounds *all)
{
    memset(&all->counters, 0, sizeof(all->counters));
    listener_clear_counters(all->listener);
    for (size_t i = 0; i < all->place_count; i++)
        if (attempt_session(&all->places[i].attempt) != NULL)
            session_clear_counters(attempt_session(&all->places[i].attempt));
}
