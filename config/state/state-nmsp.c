/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-internal.h"

#include "agent/base/hex.h"
#include "agent/base/log.h"
#include "config/text/diagnosis.h"

#define COUNTER(name, type, member)         \
    {                                       \
        name, offsetof(struct type, member) \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- in several places ----------------------------------------------------------------------- */

void make_peer_name(struct state_maker *m, struct lyd_node *node, bool inbound, const char *host,
                    uint16_t port, const char *address)
{
    make_text(m, node, "direction", inbound ? "inbound" : "outbound");
    make_some_text(m, node, "host", host);
    if (port != 0)
        make_number(m, node, "port", port);
    make_some_text(m, node, "address", address);
}

static void make_hash(struct state_maker *m, struct lyd_node *node, const char *name,
                      const uint8_t *hash, size_t len)
{
    char text[2 * SETTINGS_KEY_HASH_MAX + 1];

    make_text(m, node, name, hex_text(hash, len, text));
}

static void make_key(struct state_maker *m, struct lyd_node *node,
                     const struct certificate_info *peer)
{
    make_some_text(m, node, "subject", peer->subject);
    for (size_t i = 0; i < peer->mac_count; i++)
        make_mac(m, node, "mac", &peer->macs[i]);
    make_hash(m, node, "sha1-key-hash", peer->spki_sha1, sizeof(peer->spki_sha1));
    make_hash(m, node, "sha2-key-hash", peer->spki_sha256, sizeof(peer->spki_sha256));
    make_number(m, node, "key-bits", peer->key_bits);
}

void make_diagnosis(struct state_maker *m, struct lyd_node *node, const struct diagnosis *d)
{
    struct diagnosis_lines lines;
    char text[DIAGNOSIS_TEXT_SIZE];

    make_text(m, node, "code", diagnosis_code_name(d->code));
    make_some_text(m, node, "cause", diagnosis_cause(d, text));
    make_some_text(m, node, "remedy", diagnosis_remedy(d, text));
    diagnosis_lines(d, &lines);
    for (size_t i = 0; i < lines.count; i++)
        make_some_text(m, node, "line", lines.line[i]);
    if (d->has_presented)
        make_key(m, make_inner(m, node, "presented"), &d->presented);
}

static void make_services(struct state_maker *m, struct lyd_node *node, uint64_t services)
{
    for (unsigned bit = 0; bit < 64; bit++)
        if ((services >> bit & 1) != 0 && state_service_name(bit) != NULL)
            make_text(m, node, "service", state_service_name(bit));
}

/* --- the agent ------------------------------------------------------------------------------- */

static void fill_certificate(struct state_maker *m, struct lyd_node *root,
                             const struct certificate_info *own, const char *path)
{
    struct lyd_node *node =
        make_entry_of(m, root, "certificate", own->key_type == CERTIFICATE_KEY_EC ? "ec" : "rsa");

    make_key(m, node, own);
    make_time(m, node, "not-before", own->not_before * 1000);
    make_time(m, node, "not-after", own->not_after * 1000);
    make_some_text(m, node, "file", path);
}

static void fill_agent(struct state_maker *m, struct lyd_node *root, const struct state_summary *s)
{
    struct lyd_node *node;

    make_bool(m, root, "enabled", s->enabled);
    if (!mac_is_zero(&s->base_mac))
        make_mac(m, root, "base-mac", &s->base_mac);
    node = make_inner(m, root, "agent");
    make_some_text(m, node, "software", s->software);
    make_number(m, node, "uptime", (uint64_t)(s->uptime / 1000));
    make_number(m, node, "wake-ups", s->wakeups);
    make_number(m, node, "tls-memory", s->tls_memory);
    make_services(m, make_inner(m, root, "capability"), s->offered);
    if (s->identity_ready)
        fill_certificate(m, root, &s->identity, s->certificate_path);
}

static void fill_listener(struct state_maker *m, struct lyd_node *root,
                          const struct state_summary *s)
{
    static const struct state_counter counters[] = {
        COUNTER("accepted", state_summary, accepts),
        COUNTER("closed-at-once", state_summary, accepts_refused),
        COUNTER("throttled", state_summary, accepts_throttled),
        COUNTER("evicted", state_summary, accepts_evicted),
        COUNTER("handshakes-failed", state_summary, handshakes_failed),
        COUNTER("not-let-in", state_summary, peers_refused),
    };
    struct lyd_node *node = make_inner(m, root, "listener");

    if (s->listen_port != 0)
        make_number(m, node, "port", s->listen_port);
    make_some_text(m, node, "trouble", s->listener_trouble);
    make_counters(m, node, counters, COUNT(counters), s);
}

/* --- peers ----------------------------------------------------------------------------------- */

static const char *const phase_names[] = {
    [STATE_IDLE] = "idle",
    [STATE_RESOLVING] = "resolving",
    [STATE_CONNECTING] = "connecting",
    [STATE_HANDSHAKE] = "handshake",
    [STATE_WAITING] = "waiting",
    [STATE_ACTIVE] = "active",
    [STATE_HELD] = "held",
    [STATE_BACKOFF] = "back-off",
};

static void fill_messages(struct state_maker *m, struct lyd_node *node, const char *list,
                          const uint64_t by_id[SESSION_IDS])
{
    for (unsigned id = 0; id < SESSION_IDS; id++) {
        char key[8];
        if (by_id[id] == 0)
            continue;
        (void)snprintf(key, sizeof(key), "%u", id);
        struct lyd_node *entry = make_entry_of(m, node, list, key);
        if (state_message_name((uint16_t)id) != NULL)
            make_text(m, entry, "name", state_message_name((uint16_t)id));
        make_number(m, entry, "count", by_id[id]);
    }
}

static void fill_counters(struct state_maker *m, struct lyd_node *peer,
                          const struct session_counters *c)
{
    static const struct state_counter counters[] = {
        COUNTER("received-frames", session_counters, rx_frames),
        COUNTER("sent-frames", session_counters, tx_frames),
        COUNTER("received-data", session_counters, rx_data),
        COUNTER("sent-data", session_counters, tx_data),
        COUNTER("received-echo-requests", session_counters, rx_echo_requests),
        COUNTER("sent-echo-responses", session_counters, tx_echo_responses),
        COUNTER("unsupported", session_counters, unsupported),
        COUNTER("malformed", session_counters, malformed),
        COUNTER("foreign-senders", session_counters, foreign_sender),
        COUNTER("missed-ticks", session_counters, missed_ticks),
    };
    struct lyd_node *node = make_inner(m, peer, "counters");

    make_counters(m, node, counters, COUNT(counters), c);
    fill_messages(m, node, "received", c->rx_by_id);
    fill_messages(m, node, "sent", c->tx_by_id);
}

static void fill_subscription(struct state_maker *m, struct lyd_node *peer,
                              const struct subscription_facts *s)
{
    struct lyd_node *node = make_inner(m, peer, "subscription");

    for (unsigned bit = 0; bit < SUBFILTER_SERVICES; bit++) {
        if ((s->granted >> bit & 1) == 0 || state_service_name(bit) == NULL)
            continue;
        struct lyd_node *service = make_entry_of(m, node, "service", state_service_name(bit));
        if (s->intervals[bit] != 0)
            make_number(m, service, "interval", s->intervals[bit]);
    }
    if (s->has_ap_filter)
        make_number(m, node, "ap-filter", s->ap_filter);
    if (s->has_device_filter)
        make_number(m, node, "device-filter", s->device_filter);
}

static void fill_connection(struct state_maker *m, struct lyd_node *node,
                            const struct state_peer *p)
{
    make_number(m, node, "connection", p->connection);
    if (p->has_session)
        make_number(m, node, "session-age", (uint64_t)(p->session_age / 1000));
    make_some_text(m, node, "tls-version", p->tls_version);
    make_some_text(m, node, "tls-cipher", p->tls_cipher);
    make_bool(m, node, "legacy-cipher", p->legacy_cipher);
}

static void fill_peer(struct state_maker *m, struct lyd_node *root, const struct state_peer *p)
{
    struct lyd_node *node = make_entry(m, root, "peer");

    make_peer_name(m, node, p->inbound, p->host, p->port, p->address);
    if (p->has_mac)
        make_mac(m, node, "mac", &p->mac);
    make_text(m, node, "phase", phase_names[p->phase]);
    if (p->has_connection)
        fill_connection(m, node, p);
    make_number(m, node, "connections", p->connections);
    make_number(m, node, "disconnections", p->disconnections);
    make_number(m, node, "attempts", p->attempts);
    make_some_text(m, node, "last-reason", p->last_reason);
    if (p->next_attempt >= 0)
        make_number(m, node, "next-attempt", (uint64_t)p->next_attempt);
    if (p->has_session)
        fill_subscription(m, node, &p->subscription);
    if (p->has_session || p->connections > 0)
        fill_counters(m, node, &p->counters);
}

/* --- statistics and diagnosis ---------------------------------------------------------------- */

static void fill_statistics(struct state_maker *m, struct lyd_node *root,
                            const struct statistics *s)
{
    static const struct state_counter global[] = {COUNTER("restarts", statistics, restarts)};
    static const struct state_counter ssl[] = {
        COUNTER("verifications", statistics, verifications),
        COUNTER("verification-failures", statistics, verification_failures),
        COUNTER("verification-successes", statistics, verification_successes),
        COUNTER("connections-created", statistics, connections_created),
        COUNTER("connections-closed", statistics, connections_closed),
        COUNTER("accept-attempts", statistics, accept_attempts),
        COUNTER("accept-failures", statistics, accept_failures),
        COUNTER("accept-rejects", statistics, accept_rejects),
        COUNTER("accept-successes", statistics, accept_successes),
        COUNTER("failed-registrations", statistics, failed_registrations),
    };
    static const struct state_counter aaa[] = {
        COUNTER("requests", statistics, aaa_requests),
        COUNTER("send-failures", statistics, aaa_send_failures),
        COUNTER("sent", statistics, aaa_sent),
        COUNTER("responses", statistics, aaa_responses),
        COUNTER("to-validate", statistics, aaa_to_validate),
        COUNTER("validate-errors", statistics, aaa_validate_errors),
        COUNTER("validate-successes", statistics, aaa_validate_successes),
    };
    struct lyd_node *node = make_inner(m, root, "statistics");

    make_counters(m, make_inner(m, node, "global"), global, COUNT(global), s);
    make_counters(m, make_inner(m, node, "ssl"), ssl, COUNT(ssl), s);
    make_counters(m, make_inner(m, node, "aaa"), aaa, COUNT(aaa), s);
}

static void fill_diagnosis(struct state_maker *m, struct lyd_node *root, const struct diagnosis *d)
{
    struct lyd_node *node = make_entry(m, root, "diagnosis");

    /* What is about the configuration alone is about no peer. */
    if (d->inbound || d->host[0] != '\0')
        make_peer_name(m, node, d->inbound, d->host, d->port, d->address);
    make_diagnosis(m, node, d);
    if (d->since >= 0)
        make_number(m, node, "since", (uint64_t)(d->since / 1000));
    if (d->count > 0)
        make_number(m, node, "count", d->count);
    if (d->next_attempt >= 0)
        make_number(m, node, "next-attempt", (uint64_t)d->next_attempt);
}

static void fill_diagnoses(struct state_tree *state, struct state_maker *m, struct lyd_node *root)
{
    struct state_diagnosis_cursor cursor = {0};
    struct diagnosis d;
    uint64_t count = 0;

    while (state_next_diagnosis(state->options.agent, &cursor, &d))
        if (count++ < STATE_DIAGNOSES_MAX)
            fill_diagnosis(m, root, &d);
    if (count > STATE_DIAGNOSES_MAX)
        make_number(m, root, "diagnoses-omitted", count - STATE_DIAGNOSES_MAX);
}

void state_fill_nmsp(struct state_tree *state, struct state_maker *m, struct lyd_node *root)
{
    const struct agent *agent = state->options.agent;
    struct state_peer_cursor cursor = {0};
    struct state_summary summary;
    struct statistics statistics;
    struct state_peer peer;

    state_summary(agent, &summary);
    fill_agent(m, root, &summary);
    fill_listener(m, root, &summary);
    while (state_next_peer(agent, &cursor, &peer))
        fill_peer(m, root, &peer);
    state_statistics(agent, &statistics);
    fill_statistics(m, root, &statistics);
    fill_diagnoses(state, m, root);
}

/* --- rpcs ------------------------------------------------------------------------------------ */

bool state_clear_statistics_rpc(struct state_tree *state, struct lyd_node *rpc,
                                struct state_maker *m, struct rpc_errors *errors)
{
    (void)errors;
    state_output(rpc, m);
    log_info("statistics: cleared on request");
    state_clear_statistics(state->options.agent);
    return true;
}

bool state_reconnect_rpc(struct state_tree *state, struct lyd_node *rpc, struct state_maker *m,
                         struct rpc_errors *errors)
{
    const char *host = input_text(rpc, "address");
    size_t peers = state_reconnect(state->options.agent, host);

    if (host != NULL && peers == 0) {
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_INVALID_VALUE,
                            "/nmspd-nmsp:reconnect/address",
                            "no peer is known as %s, or it is not to be connected: give a host as "
                            "it is configured or an address of /nmspd-nmsp:nmsp-state/peer",
                            host);
        return false;
    }
    state_output(rpc, m);
    make_number(m, rpc, "peers", peers);
    return true;
}

bool state_renew_certificate_rpc(struct state_tree *state, struct lyd_node *rpc,
                                 struct state_maker *m, struct rpc_errors *errors)
{
    const char *type = input_text(rpc, "key-type");
    enum certificate_key_type kind = CERTIFICATE_KEY_OTHER;

    if (type != NULL)
        kind = strcmp(type, "ec") == 0 ? CERTIFICATE_KEY_EC : CERTIFICATE_KEY_RSA;
    const char *trouble = state_renew_identity(state->options.agent, kind);
    if (trouble != NULL) {
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                            "the certificate cannot be renewed now: %s", trouble);
        return false;
    }
    state_output(rpc, m);
    return true;
}

static void count_peers(const struct agent *agent, struct state_maker *m, struct lyd_node *rpc)
{
    struct state_peer_cursor cursor = {0};
    struct state_peer peer;
    uint64_t peers = 0, active = 0, sent = 0, received = 0;

    while (state_next_peer(agent, &cursor, &peer)) {
        peers++;
        active += peer.phase == STATE_ACTIVE ? 1 : 0;
        sent += peer.counters.tx_data;
        received += peer.counters.rx_data;
    }
    make_number(m, rpc, "peers", peers);
    make_number(m, rpc, "active-sessions", active);
    make_number(m, rpc, "sent-data", sent);
    make_number(m, rpc, "received-data", received);
}

bool state_live_summary_rpc(struct state_tree *state, struct lyd_node *rpc, struct state_maker *m,
                            struct rpc_errors *errors)
{
    const struct agent *agent = state->options.agent;
    struct state_device_counts counts;
    struct state_summary s;

    (void)errors;
    state_output(rpc, m);
    state_summary(agent, &s);
    state_count_devices(agent, &counts);
    make_number(m, rpc, "uptime", (uint64_t)s.uptime);
    count_peers(agent, m, rpc);
    make_number(m, rpc, "devices", s.devices);
    make_number(m, rpc, "associated-clients", counts.associated);
    make_number(m, rpc, "clients", counts.by_class[RADIO_CLASS_CLIENT]);
    make_number(m, rpc, "tags", counts.by_class[RADIO_CLASS_TAG]);
    make_number(m, rpc, "rogue-aps", counts.by_class[RADIO_CLASS_ROGUE_AP]);
    make_number(m, rpc, "rogue-clients", counts.by_class[RADIO_CLASS_ROGUE_CLIENT]);
    make_number(m, rpc, "samples", s.samples);
    make_number(m, rpc, "aps", s.aps);
    make_number(m, rpc, "samples-taken", s.samples_taken);
    make_number(m, rpc, "wake-ups", s.wakeups);
    return true;
}
