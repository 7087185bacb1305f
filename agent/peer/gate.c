/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/gate.h"

#include "agent/base/hex.h"
#include "agent/base/log.h"

#include <stdio.h>

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

static const char *key_type_text(enum certificate_key_type type)
{
    switch (type) {
    case CERTIFICATE_KEY_RSA:
        return "RSA";
    case CERTIFICATE_KEY_EC:
        return "EC";
    case CERTIFICATE_KEY_OTHER:
        break;
    }
    return "other";
}

void gate_log_presented(const char *who, const struct certificate_info *peer)
{
    char sha1[2 * sizeof(peer->spki_sha1) + 1];
    char sha256[2 * sizeof(peer->spki_sha256) + 1];
    char mac[MAC_TEXT_SIZE] = "none";

    if (peer->mac_count > 0)
        (void)mac_text(&peer->macs[0], mac);
    log_info("%s: it presented %s, MAC %s, key %s %u, SHA1 key hash %s, SHA2 key hash %s; if this "
             "is a server of yours, put its MAC and one of the hashes into the auth list",
             who, peer->subject, mac, key_type_text(peer->key_type), peer->key_bits,
             hex_text(peer->spki_sha1, sizeof(peer->spki_sha1), sha1),
             hex_text(peer->spki_sha256, sizeof(peer->spki_sha256), sha256));
}

void gate_log_hash_alone(const char *who, const struct connection *connection)
{
    const struct authlist_decision *decision = connection_decision(connection);
    char mac[MAC_TEXT_SIZE];

    if (decision != NULL && decision->by_hash_alone)
        log_info("%s: its certificate (%s) names no MAC; it is taken for user %s by its key hash "
                 "alone",
                 who, connection_peer(connection)->subject, mac_text(&decision->mac, mac));
}

void gate_explain(const struct gate *gate, struct diagnosis *out)
{
    if (gate->explain != NULL)
        gate->explain(gate->context, NULL, NULL, NULL, out);
}

void gate_diagnose(const struct gate *gate, const struct connection *connection,
                   enum connection_end why, const struct mac *expected, struct diagnosis *out)
{
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
    if (gate->explain != NULL)
        gate->explain(gate->context, presented, decision, expected, out);
}

void gate_tell(const struct gate *gate, const char *who, const struct diagnosis *diagnosis)
{
    if (gate->diagnosed != NULL)
        gate->diagnosed(gate->context, who, diagnosis);
}

void gate_up(const struct gate *gate, const struct peer_status *peer)
{
    if (gate->up != NULL)
        gate->up(gate->context, peer);
}

void gate_down(const struct gate *gate, const struct peer_status *peer, const struct diagnosis *why,
               const char *reason, int64_t lasted)
{
    if (gate->down != NULL)
        gate->down(gate->context, peer, why, reason, lasted);
}

void gate_describe(const struct gate *gate, const struct connection *connection,
                   struct peer_status *out)
{
    const struct authlist_decision *decision = connection_decision(connection);
    const struct session *session = connection_session(connection);

    out->phase = connection_phase(connection);
    out->connection = connection_number(connection);
    out->has_connection = true;
    if (decision != NULL && decision->verdict == AUTHLIST_OK) {
        out->has_mac = true;
        out->mac = decision->mac;
    }
    (void)snprintf(out->tls_version, sizeof(out->tls_version), "%s",
                   connection_tls_version(connection));
    (void)snprintf(out->tls_cipher, sizeof(out->tls_cipher), "%s",
                   connection_tls_cipher(connection));
    out->legacy_cipher = connection_legacy_cipher(connection);
    if (session == NULL)
        return;
    out->granted = session_granted(session);
    out->has_session = true;
    out->has_mac = true; /* a session that ends because of the list had one, too */
    out->mac = *session_identity(session);
    out->session_age = loop_now(gate->shared->loop) - session_since(session);
    session_subscribed(session, &out->subscription);
    out->counters = *session_counters(session);
}
