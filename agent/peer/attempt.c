/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/attempt.h"

#include "agent/base/hex.h"
#include "agent/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const peer_phase_names[] = {
    [PEER_IDLE] = "idle",
    [PEER_RESOLVING] = "resolving",
    [PEER_CONNECTING] = "connecting",
    [PEER_HANDSHAKE] = "handshake",
    [PEER_WAITING] = "waiting",
    [PEER_ACTIVE] = "active",
    [PEER_HELD] = "held",
    [PEER_BACKOFF] = "back-off",
    NULL,
};

static int64_t now(const struct attempt *a)
{
    return loop_now(registry_options(a->registry)->shared->loop);
}

/* --- what is told of it ---------------------------------------------------------------------- */

void attempt_log_up(const struct attempt *a)
{
    const struct connection *c = a->entry.connection;
    const struct authlist_decision *decision = connection_decision(c);
    struct peer_status status = {.inbound = a->entry.inbound};
    char mac[MAC_TEXT_SIZE];

    connection_status(c, &status);
    log_info("%s: session up with %s%s%s, %s %s%s", a->name, mac_text(&status.mac, mac),
             status.inbound ? "" : " at ", status.inbound ? "" : a->address, status.tls_version,
             status.tls_cipher, status.legacy_cipher ? ", legacy cipher" : "");
    if (decision != NULL && decision->by_hash_alone)
        log_info("%s: its certificate (%s) names no MAC; it is taken for user %s by its key hash "
                 "alone",
                 a->name, connection_peer(c)->subject, mac_text(&decision->mac, mac));
}

void attempt_log_down(const struct attempt *a, const struct attempt_end *end)
{
    log_info("%s: session down after %" PRId64 " s: %s", a->name, end->active / 1000, end->reason);
}

void attempt_log_presented(const char *name, const struct certificate_info *peer)
{
    static const char *const types[] = {[CERTIFICATE_KEY_RSA] = "RSA",
                                        [CERTIFICATE_KEY_EC] = "EC",
                                        [CERTIFICATE_KEY_OTHER] = "other"};
    char sha1[2 * sizeof(peer->spki_sha1) + 1];
    char sha256[2 * sizeof(peer->spki_sha256) + 1];
    char mac[MAC_TEXT_SIZE] = "none";

    if (peer->mac_count > 0)
        (void)mac_text(&peer->macs[0], mac);
    log_info("%s: it presented %s, MAC %s, key %s %u, SHA1 key hash %s, SHA2 key hash %s; if this "
             "is a server of yours, put its MAC and one of the hashes into the auth list",
             name, peer->subject, mac, types[peer->key_type], peer->key_bits,
             hex_text(peer->spki_sha1, sizeof(peer->spki_sha1), sha1),
             hex_text(peer->spki_sha256, sizeof(peer->spki_sha256), sha256));
}

struct session *attempt_session(const struct attempt *a)
{
    return a->entry.connection != NULL ? connection_session(a->entry.connection) : NULL;
}

void attempt_status(const struct attempt *a, struct peer_status *out)
{
    const struct connection *connection = a->entry.connection;

    (void)snprintf(out->address, sizeof(out->address), "%s", a->address);
    if (connection == NULL)
        return;
    connection_status(connection, out);
    if (!a->entry.inbound)
        return;
    out->inbound = true;
    out->next_attempt = -1;
    out->attempts = 1;
    out->connections = out->has_session ? 1 : 0;
}

/* --- what the connection tells --------------------------------------------------------------- */

static bool on_authorise(void *context, const struct certificate_info *presented,
                         struct authlist_decision *decision)
{
    const struct attempt *a = context;
    const struct registry_options *agent = registry_options(a->registry);

    return agent->authorise(agent->context, presented, a->expected, decision);
}

static const char *on_admit(void *context, const struct mac *identity)
{
    struct attempt *a = context;
    const char *refusal = NULL;

    a->entry.identity = *identity;
    if (a->owner->authorised != NULL)
        refusal = a->owner->authorised(a->context, identity, &a->not_admitted);
    if (refusal != NULL)
        return refusal;
    refusal = registry_admit(a->registry, identity, a->entry.inbound);
    if (refusal == NULL)
        return NULL;
    a->not_admitted = registry_has_session(a->registry, identity) ? DIAGNOSIS_SESSION_EXISTS
                                                                  : DIAGNOSIS_ENDED_HERE;
    a->crosses = registry_crosses(a->registry, identity, a->address);
    return refusal;
}

static void on_began(void *context)
{
    struct attempt *a = context;

    a->entry.has_session = true;
    if (a->owner->began != NULL)
        a->owner->began(a->context);
}

static void on_active(void *context)
{
    struct attempt *a = context;

    a->active_since = now(a);
    if (a->owner->active != NULL)
        a->owner->active(a->context);
}

/* The code stays DIAGNOSIS_NONE only where nobody knows better. */
static void diagnose(const struct attempt *a, enum connection_end why, struct diagnosis *out)
{
    const struct connection *connection = a->entry.connection;
    const struct certificate_info *presented = connection_peer(connection);
    const struct authlist_decision *decision = connection_decision(connection);

    diagnosis_init(out, DIAGNOSIS_NONE);
    connection_diagnosis(connection, out);
    out->legacy_cipher = connection_legacy_cipher(connection);
    out->has_presented = presented != NULL;
    if (presented != NULL)
        out->presented = *presented;
    if (why != CONNECTION_REFUSED || out->code != DIAGNOSIS_NONE)
        decision = NULL;
    registry_explain(a->registry, presented, decision, a->expected, out);
    if (out->code == DIAGNOSIS_NONE || a->not_admitted == DIAGNOSIS_CROWDED_OUT)
        out->code = a->not_admitted;
    out->inbound = a->entry.inbound;
    (void)snprintf(out->address, sizeof(out->address), "%s", a->address);
}

static void close_entry(struct attempt *a)
{
    if (a->entry.connection == NULL)
        return;
    registry_remove(a->registry, &a->entry);
    connection_free(a->entry.connection);
    a->entry.connection = NULL;
    a->entry.has_session = false;
}

static void on_ended(void *context, enum connection_end why, const char *reason)
{
    struct attempt *a = context;
    const struct registry_options *agent = registry_options(a->registry);
    const struct connection *connection = a->entry.connection;
    const struct authlist_decision *decision = connection_decision(connection);
    struct attempt_end end = {.why = why,
                              .was_let_in = decision != NULL && decision->verdict == AUTHLIST_OK,
                              .had_session = connection_session(connection) != NULL,
                              .was_refused = why == CONNECTION_REFUSED && decision != NULL &&
                                             decision->verdict != AUTHLIST_OK,
                              .active = a->active_since >= 0 ? now(a) - a->active_since : -1};

    (void)snprintf(end.reason, sizeof(end.reason), "%s", reason);
    diagnose(a, why, &end.diagnosis);
    attempt_status(a, &end.status);
    close_entry(a);
    a->active_since = -1;
    a->owner->ended(a->context, &end);
    agent->released(agent->context);
}

/* --- from outside ---------------------------------------------------------------------------- */

void attempt_init(struct attempt *a, struct registry *registry, bool inbound,
                  const struct attempt_owner *owner, void *context)
{
    *a = (struct attempt){
        .registry = registry, .owner = owner, .context = context, .active_since = -1};
    a->entry.inbound = inbound;
    a->entry.address = a->address;
}

bool attempt_open(struct attempt *a, int fd, struct tls_context *tls, bool legacy_cipher)
{
    const struct connection_owner callbacks = {.authorise = on_authorise,
                                               .admit = on_admit,
                                               .began = on_began,
                                               .active = on_active,
                                               .ended = on_ended,
                                               .context = a};
    const struct connection_spec spec = {.shared = registry_options(a->registry)->shared,
                                         .lingering = registry_lingering(a->registry),
                                         .tls = tls,
                                         .statistics = registry_statistics(a->registry),
                                         .inbound = a->entry.inbound,
                                         .legacy_cipher = legacy_cipher,
                                         .fd = fd};

    a->not_admitted = DIAGNOSIS_NONE;
    a->crosses = false;
    a->active_since = -1;
    a->entry.connection = connection_new(&spec, &callbacks);
    if (a->entry.connection == NULL)
        return false;
    registry_add(a->registry, &a->entry);
    return true;
}

void attempt_crowd_out(struct attempt *a, const char *reason)
{
    a->not_admitted = DIAGNOSIS_CROWDED_OUT;
    connection_abort(a->entry.connection, reason);
    on_ended(a, CONNECTION_NO_TLS, reason);
}

void attempt_free(struct attempt *a)
{
    close_entry(a);
}
