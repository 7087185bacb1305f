/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/peer.h"

#include "agent/base/log.h"
#include "agent/peer/attempt.h"
#include "agent/peer/backoff.h"
#include "agent/peer/failure.h"
#include "agent/peer/resolve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
    struct registry *registry;
    struct settings_server server;
    struct attempt attempt;
    bool running;
    bool held;
    bool redials;      /* as soon as this connection has ended */
    bool has_identity; /* it was authorised before, by the MAC in the attempt */
    struct backoff backoff;
    struct loop_timer timer; /* the next round */

    /* The round. */
    struct resolve *resolve;
    struct resolve_result addresses;
    size_t next_address;
    struct registry_server stands;
    struct address_host hosts[RESOLVE_ADDRESSES_MAX]; /* of the last round that found any */
    enum connection_end worst; /* of this round's failures: how far one came at most; or its end */
    char failure[PEER_REASON_SIZE];
    struct diagnosis failed; /* with the failure */
    bool was_refused;        /* and the certificate in it was, by the auth list */
    bool lacks_clock;        /* one was refused in this round because our clock is not set */

    struct diagnosis diagnosis; /* DIAGNOSIS_NONE: a session is up, or nothing is known yet */
    int64_t diagnosed_at;
    uint64_t connections;
    uint64_t disconnections;
    uint64_t attempts;
    char last_reason[PEER_REASON_SIZE];
    bool told;                        /* the diagnosis was logged and nothing else happened since */
    uint64_t repeats;                 /* of it, that were not logged */
    struct session_counters counters; /* of the last session */
};

static void dial_anew(struct peer *p);
static void try_next(struct peer *p);

static struct loop *loop_of(const struct peer *p)
{
    return registry_options(p->registry)->shared->loop;
}

/* --- why there is no session, as a code ------------------------------------------------------ */

/* The server's side of a diagnosis. */
static void describe_server(const struct peer *p, struct diagnosis *out)
{
    (void)snprintf(out->host, sizeof(out->host), "%s", p->server.host);
    out->port = p->server.port;
    out->legacy_cipher = p->server.legacy_cipher;
    out->has_expected = p->server.has_mac;
    out->expected = p->server.mac;
}

/* True if it is news. */
static bool set_diagnosis(struct peer *p, const struct diagnosis *diagnosis)
{
    struct diagnosis now = *diagnosis;

    describe_server(p, &now);
    bool news = !diagnosis_same(&p->diagnosis, &now);
    now.count = 1 + (news ? 0 : p->diagnosis.count);
    if (news)
        p->diagnosed_at = loop_now(loop_of(p));
    p->diagnosis = now;
    return news;
}

static void set_code(struct peer *p, enum diagnosis_code code)
{
    struct diagnosis diagnosis;

    diagnosis_init(&diagnosis, code);
    (void)set_diagnosis(p, &diagnosis);
}

/* --- waiting --------------------------------------------------------------------------------- */

static int64_t wait_for_next_round(struct peer *p)
{
    int64_t delay = backoff_next(&p->backoff);

    loop_timer_start(&p->timer, delay);
    return delay;
}

/* The MAC it is known by, if that has a session already. */
static bool must_hold(const struct peer *p)
{
    const struct mac *mac = p->server.has_mac ? &p->server.mac : &p->attempt.entry.identity;

    return (p->server.has_mac || p->has_identity) && registry_has_session(p->registry, mac);
}

static void hold(struct peer *p)
{
    if (p->held)
        return;
    p->held = true;
    loop_timer_stop(&p->timer);
    set_code(p, DIAGNOSIS_HELD);
    log_info("%s: not dialled, because its MAC has a session already", p->attempt.name);
}

/* --- telling why there is no session --------------------------------------------------------- */

/* The one that came farthest is what the round failed by. */
static void note_failure(struct peer *p, enum connection_end why, const struct diagnosis *diagnosis,
                         const char *where, const char *reason)
{
    if (p->failure[0] != '\0' && why < p->worst)
        return;
    p->failed = *diagnosis;
    (void)snprintf(p->failed.address, sizeof(p->failed.address), "%s", p->attempt.address);
    p->worst = why;
    p->was_refused = false;
    (void)snprintf(p->failure, sizeof(p->failure), "%s%s%.*s", where, where[0] != '\0' ? ": " : "",
                   (int)(sizeof(p->failure) - ADDRESS_TEXT_SIZE - 2), reason);
}

/* A failure without a connection. */
static void note_code(struct peer *p, enum diagnosis_code code, int error, const char *where,
                      const char *reason)
{
    struct diagnosis diagnosis;

    diagnosis_init(&diagnosis, code);
    diagnosis.error = error;
    registry_explain(p->registry, NULL, NULL, NULL, &diagnosis);
    note_failure(p, CONNECTION_UNREACHABLE, &diagnosis, where, reason);
}

static void tell_repeats(struct peer *p)
{
    if (p->repeats > 0)
        log_info("%s: what kept it away happened %" PRIu64 " more times", p->attempt.name,
                 p->repeats);
    p->repeats = 0;
}

/* What keeps it away is told again when the diagnosis changes, and not because the reason is worded
 * in another way: that is often a library's text, which the other side can vary. */
static bool may_tell(struct peer *p, bool news, const char *reason)
{
    (void)snprintf(p->last_reason, sizeof(p->last_reason), "%s", reason);
    if (p->told && !news) {
        p->repeats++;
        return false;
    }
    tell_repeats(p);
    p->told = true;
    return true;
}

static void round_failed(struct peer *p)
{
    int64_t delay = wait_for_next_round(p);
    bool news = set_diagnosis(p, &p->failed);

    if (!may_tell(p, news, p->failure))
        return;
    log_warning("%s: no session: %s; next try in %" PRId64 " ms, and so on until it works",
                p->attempt.name, p->failure, delay);
    if (p->was_refused)
        attempt_log_presented(p->attempt.name, &p->failed.presented);
    if (news) /* else it was told when the session ended */
        registry_diagnosed(p->registry, p->attempt.name, &p->diagnosis);
}

/* --- what the connection tells --------------------------------------------------------------- */

static bool is_access_point(const struct peer *p, const struct mac *identity)
{
    const struct collector *collector = registry_options(p->registry)->shared->collector;

    return collector != NULL && collector_expects(collector, identity);
}

static const char *on_authorised(void *context, const struct mac *identity,
                                 enum diagnosis_code *code)
{
    struct peer *p = context;

    p->has_identity = true;
    if (!is_access_point(p, identity))
        return NULL;
    *code = DIAGNOSIS_IS_CONTROLLER;
    return "it is configured as an access point, and those are not dialled";
}

static void on_began(void *context)
{
    ((struct peer *)context)->connections++;
}

static void on_active(void *context)
{
    struct peer *p = context;
    struct peer_status state;

    attempt_log_up(&p->attempt);
    tell_repeats(p);
    p->told = false;
    set_code(p, DIAGNOSIS_NONE);
    peer_state(p, &state);
    registry_up(p->registry, &state);
}

static void tell_down(struct peer *p, const struct attempt_end *end)
{
    struct peer_status state;

    attempt_log_down(&p->attempt, end);
    peer_state(p, &state);
    registry_down(p->registry, &state, &end->diagnosis, end->reason, end->active);
}

static void session_ended(struct peer *p, const struct attempt_end *end)
{
    p->worst = end->why;
    p->counters = end->status.counters;
    p->disconnections++;
    if (end->active >= PEER_SETTLED_MS)
        backoff_reset(&p->backoff);
    bool is_news = set_diagnosis(p, &end->diagnosis);
    bool is_told = may_tell(p, is_news, end->reason);
    if (end->active >= 0)
        tell_down(p, end);
    else if (is_told)
        log_warning("%s: the session ended before it was active: %s", p->attempt.name, end->reason);
    if (is_news && end->diagnosis.code != DIAGNOSIS_ENDED_HERE)
        registry_diagnosed(p->registry, p->attempt.name, &p->diagnosis);
    if (p->running && must_hold(p))
        hold(p);
    else if (p->running && !p->redials)
        (void)wait_for_next_round(p);
}

static void on_ended(void *context, struct attempt_end *end)
{
    struct peer *p = context;
    bool redials = p->redials && p->running;

    if (end->diagnosis.code == DIAGNOSIS_CLOCK_NOT_SET)
        p->lacks_clock = true;
    if (end->had_session) {
        session_ended(p, end);
    } else if (!redials) {
        note_failure(p, end->why, &end->diagnosis, p->attempt.address, end->reason);
        if (end->why == p->worst)
            p->was_refused = end->was_refused;
    }
    p->redials = false;
    if (redials && !p->held)
        dial_anew(p);
    else if (!end->had_session)
        try_next(p);
}

/* --- a round --------------------------------------------------------------------------------- */

/* 0: connected or on the way; else an errno. */
static int open_connection(struct peer *p, const struct sockaddr_storage *address,
                           struct tls_context *tls)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    p->attempts++;
    (void)address_text(address, p->attempt.address);
    if (connect(fd, (const struct sockaddr *)address, address_size(address)) != 0 &&
        errno != EINPROGRESS && errno != EINTR) {
        int error = errno;
        (void)close(fd);
        return error;
    }
    return attempt_open(&p->attempt, fd, tls, p->server.legacy_cipher) ? 0 : ENOMEM;
}

static void try_next(struct peer *p)
{
    if (!p->running)
        return;
    if (must_hold(p)) {
        hold(p);
        return;
    }
    const struct registry_options *agent = registry_options(p->registry);
    struct tls_context *tls = agent->tls(agent->context, TLS_CLIENT, p->server.legacy_cipher);
    if (tls == NULL)
        note_code(p, DIAGNOSIS_NO_RESOURCES, 0, "", "there is no TLS context");
    while (tls != NULL && p->next_address < p->addresses.count) {
        const struct sockaddr_storage *address = &p->addresses.addresses[p->next_address++];
        int error = open_connection(p, address, tls);
        if (error == 0)
            return;
        char text[ADDRESS_TEXT_SIZE];
        note_code(p, failure_of_connect(error), error, address_text(address, text),
                  strerror(error));
    }
    round_failed(p);
}

static void remember_addresses(struct peer *p)
{
    if (p->addresses.count == 0)
        return;
    p->stands.count = p->addresses.count;
    for (size_t i = 0; i < p->stands.count; i++)
        p->hosts[i] = address_host(&p->addresses.addresses[i]);
}

static void resolved(void *context, const struct resolve_result *result)
{
    struct peer *p = context;

    p->resolve = NULL;
    p->addresses = *result;
    remember_addresses(p);
    if (result->count == 0)
        note_code(p, result->unknown ? DIAGNOSIS_NAME_UNKNOWN : DIAGNOSIS_NAME_SERVER, 0,
                  "its name cannot be resolved", result->reason);
    try_next(p);
}

static void dial(struct peer *p)
{
    loop_timer_stop(&p->timer);
    if (must_hold(p)) {
        hold(p);
        return;
    }
    p->held = false;
    p->failure[0] = '\0';
    p->was_refused = false;
    p->lacks_clock = false;
    p->worst = CONNECTION_UNREACHABLE;
    p->next_address = 0;
    resolve_numeric(p->server.host, p->server.port, &p->addresses);
    if (p->addresses.count > 0) {
        try_next(p);
        return;
    }
    p->resolve = resolve_start(loop_of(p), p->server.host, p->server.port, resolved, p);
    if (p->resolve == NULL) {
        note_code(p, DIAGNOSIS_NO_RESOURCES, errno, "its name cannot be looked up",
                  strerror(errno));
        round_failed(p);
    }
}

/* On request: waiting is short again. */
static void dial_anew(struct peer *p)
{
    backoff_reset(&p->backoff);
    dial(p);
}

static void on_timer(void *context)
{
    dial(context);
}

/* --- from outside ---------------------------------------------------------------------------- */

static void take_settings(struct peer *p, const struct settings_server *server)
{
    p->server = *server;
    p->attempt.expected = server->has_mac ? &p->server.mac : NULL;
}

struct peer *peer_new(struct registry *registry, const struct settings_server *server,
                      uint64_t seed)
{
    static const struct attempt_owner owner = {
        .authorised = on_authorised, .began = on_began, .active = on_active, .ended = on_ended};
    struct peer *p = calloc(1, sizeof(*p));

    if (p == NULL ||
        loop_timer_init(registry_options(registry)->shared->loop, &p->timer, on_timer, p) != 0) {
        free(p);
        return NULL;
    }
    p->registry = registry;
    attempt_init(&p->attempt, registry, false, &owner, p);
    (void)snprintf(p->attempt.name, sizeof(p->attempt.name),
                   strchr(server->host, ':') != NULL ? "server [%s]:%u" : "server %s:%u",
                   server->host, (unsigned)server->port);
    take_settings(p, server);
    diagnosis_init(&p->diagnosis, DIAGNOSIS_NONE);
    diagnosis_init(&p->failed, DIAGNOSIS_NONE);
    resolve_numeric(server->host, server->port, &p->addresses);
    remember_addresses(p);
    p->stands.hosts = p->hosts;
    registry_add_server(registry, &p->stands);
    backoff_init(&p->backoff, seed);
    return p;
}

void peer_free(struct peer *p)
{
    if (p == NULL)
        return;
    resolve_cancel(p->resolve);
    attempt_free(&p->attempt);
    registry_remove_server(p->registry, &p->stands);
    loop_timer_fini(&p->timer);
    free(p);
}

const struct settings_server *peer_server(const struct peer *p)
{
    return &p->server;
}

void peer_configure(struct peer *p, const struct settings_server *server)
{
    bool same = p->server.has_mac == server->has_mac &&
                (!server->has_mac || mac_equal(&p->server.mac, &server->mac));

    take_settings(p, server);
    if (!same)
        peer_recheck(p);
    if (!server->legacy_cipher && p->attempt.entry.connection != NULL &&
        !connection_ending(p->attempt.entry.connection) &&
        connection_legacy_cipher(p->attempt.entry.connection))
        (void)peer_reconnect(p, "it was made with legacy-cipher, which is not configured any more");
}

void peer_start(struct peer *p)
{
    if (p->running)
        return;
    p->running = true;
    backoff_reset(&p->backoff);
    if (p->attempt.entry.connection == NULL)
        dial(p);
}

void peer_stop(struct peer *p, const char *reason)
{
    if (!p->running)
        return;
    p->running = false;
    p->held = false;
    loop_timer_stop(&p->timer);
    resolve_cancel(p->resolve);
    p->resolve = NULL;
    if (p->attempt.entry.connection != NULL)
        connection_shutdown(p->attempt.entry.connection, reason);
}

bool peer_reconnect(struct peer *p, const char *reason)
{
    if (!p->running)
        return false;
    if (p->attempt.entry.connection != NULL) {
        p->redials = true;
        connection_shutdown(p->attempt.entry.connection, reason);
    } else if (p->held) {
        peer_release(p);
    } else if (p->resolve == NULL) {
        dial_anew(p);
    }
    return true;
}

/* What kept it away may be gone with new settings. */
static bool may_be_cured(const struct peer *p)
{
    return p->running && loop_timer_running(&p->timer) &&
           (p->worst == CONNECTION_REFUSED || p->diagnosis.code == DIAGNOSIS_NO_COMMON);
}

void peer_recheck(struct peer *p)
{
    if (p->attempt.entry.connection != NULL) {
        connection_recheck(p->attempt.entry.connection);
    } else if (p->held) {
        peer_release(p);
    } else if (may_be_cured(p)) {
        dial_anew(p);
    }
}

bool peer_waits_for_clock(const struct peer *p)
{
    return p->running && p->lacks_clock && loop_timer_running(&p->timer);
}

void peer_clock_set(struct peer *p)
{
    if (peer_waits_for_clock(p))
        dial_anew(p);
}

void peer_release(struct peer *p)
{
    if (!p->held || must_hold(p))
        return;
    p->held = false;
    dial(p);
}

bool peer_is_over(const struct peer *p)
{
    return p->attempt.entry.connection == NULL;
}

void peer_clear_counters(struct peer *p)
{
    struct session *session = attempt_session(&p->attempt);

    p->connections = session != NULL ? 1 : 0;
    p->disconnections = 0;
    p->attempts = 0;
    memset(&p->counters, 0, sizeof(p->counters));
    if (session != NULL)
        session_clear_counters(session);
}

static enum peer_phase phase(const struct peer *p)
{
    if (p->resolve != NULL)
        return PEER_RESOLVING;
    if (p->held)
        return PEER_HELD;
    return loop_timer_running(&p->timer) ? PEER_BACKOFF : PEER_IDLE;
}

void peer_state(const struct peer *p, struct peer_status *out)
{
    memset(out, 0, sizeof(*out));
    (void)snprintf(out->host, sizeof(out->host), "%s", p->server.host);
    out->port = p->server.port;
    out->phase = phase(p);
    out->has_mac = p->has_identity;
    out->mac = p->attempt.entry.identity;
    out->connections = p->connections;
    out->disconnections = p->disconnections;
    out->attempts = p->attempts;
    (void)snprintf(out->last_reason, sizeof(out->last_reason), "%s", p->last_reason);
    out->next_attempt = -1;
    if (loop_timer_running(&p->timer))
        out->next_attempt = p->timer.at - loop_now(loop_of(p));
    out->diagnosis = p->diagnosis;
    describe_server(p, &out->diagnosis);
    out->diagnosis.next_attempt = out->next_attempt;
    if (p->diagnosis.code != DIAGNOSIS_NONE)
        out->diagnosis.since = loop_now(loop_of(p)) - p->diagnosed_at;
    out->counters = p->counters;
    attempt_status(&p->attempt, out);
}
