/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-parts.h"

#include "agent/base/hex.h"
#include "agent/base/log.h"
#include "config/text/diagnosis.h"

/* --- in several places ----------------------------------------------------------------------- */

void make_peer_name(struct state_maker *m, struct lyd_node *node, bool inbound, const char *host,
                    uint16_t port, const char *address)
{
    make_text(m, node, "direction", inbound ? "inbound" : "outbound");
    make_some(m, node, "host", host);
    if (port != 0)
        make_number(m, node, "port", port);
    make_some(m, node, "address", address);
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
    static const struct state_field fields[] = {
        FIELD(FIELD_TEXT, certificate_info, subject, "subject"),
        FIELD(FIELD_NUMBER, certificate_info, key_bits, "key-bits"),
        FIELD_END,
    };

    make_fields(m, node, fields, peer);
    for (size_t i = 0; i < peer->mac_count; i++)
        make_mac(m, node, "mac", &peer->macs[i]);
    make_hash(m, node, "sha1-key-hash", peer->spki_sha1, sizeof(peer->spki_sha1));
    make_hash(m, node, "sha2-key-hash", peer->spki_sha256, sizeof(peer->spki_sha256));
}

void make_diagnosis(struct state_maker *m, struct lyd_node *node, const struct diagnosis *d)
{
    struct diagnosis_lines lines;
    char text[DIAGNOSIS_TEXT_SIZE];

    make_text(m, node, "code", diagnosis_code_name(d->code));
    make_some(m, node, "cause", diagnosis_cause(d, text));
    make_some(m, node, "remedy", diagnosis_remedy(d, text));
    diagnosis_lines(d, &lines);
    for (size_t i = 0; i < lines.count; i++)
        make_some(m, node, "line", lines.line[i]);
    if (d->has_presented)
        make_key(m, make_inner(m, node, "presented"), &d->presented);
}

void make_services(struct state_maker *m, struct lyd_node *node, uint64_t services)
{
    for (unsigned bit = 0; bit < 64; bit++)
        if ((services >> bit & 1) != 0 && state_service_name(bit) != NULL)
            make_text(m, node, "service", state_service_name(bit));
}

/* --- the agent ------------------------------------------------------------------------------- */

static void fill_certificate(struct state_maker *m, struct lyd_node *root,
                             const struct state_summary *s)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_TEXT, state_summary, certificate_path, "file"),
        FIELD(FIELD_TIME, state_summary, not_before, "not-before"),
        FIELD(FIELD_TIME, state_summary, not_after, "not-after"),
        FIELD_END,
    };
    struct lyd_node *node = make_entry(
        m, root, "certificate", s->identity.key_type == CERTIFICATE_KEY_EC ? "ec" : "rsa", NULL);

    make_key(m, node, &s->identity);
    make_fields(m, node, fields, s);
}

static void fill_agent(struct state_maker *m, struct lyd_node *root, const struct state_summary *s)
{
    static const struct state_field top[] = {
        FIELD(FIELD_BOOL, state_summary, enabled, "enabled"),
        FIELD_END,
    };
    static const struct state_field agent[] = {
        FIELD(FIELD_TEXT, state_summary, software, "software"),
        FIELD(FIELD_SECONDS, state_summary, uptime, "uptime"),
        FIELD(FIELD_NUMBER, state_summary, wakeups, "wake-ups"),
        FIELD(FIELD_NUMBER, state_summary, tls_memory, "tls-memory"),
        FIELD_END,
    };
    static const struct state_field listener[] = {
        FIELD(FIELD_SOME, state_summary, listen_port, "port"),
        FIELD(FIELD_TEXT, state_summary, listener_trouble, "trouble"),
        FIELD_END,
    };

    make_fields(m, root, top, s);
    if (!mac_is_zero(&s->base_mac))
        make_mac(m, root, "base-mac", &s->base_mac);
    make_fields(m, make_inner(m, root, "agent"), agent, s);
    make_services(m, make_inner(m, root, "capability"), s->offered);
    if (s->identity_ready)
        fill_certificate(m, root, s);
    struct lyd_node *node = make_inner(m, root, "listener");
    make_fields(m, node, listener, s);
    make_counters(m, node, listener_counter_table, &s->listener);
    make_counters(m, node, inbound_counter_table, &s->inbound);
}

/* --- peers ----------------------------------------------------------------------------------- */

static void fill_messages(struct state_maker *m, struct lyd_node *node, const char *list,
                          const uint64_t by_id[SESSION_IDS])
{
    for (unsigned id = 0; id < SESSION_IDS; id++) {
        char key[8];
        if (by_id[id] == 0)
            continue;
        (void)snprintf(key, sizeof(key), "%u", id);
        struct lyd_node *entry = make_entry(m, node, list, key, NULL);
        if (state_message_name((uint16_t)id) != NULL)
            make_text(m, entry, "name", state_message_name((uint16_t)id));
        make_number(m, entry, "count", by_id[id]);
    }
}

void make_session_counters(struct state_maker *m, struct lyd_node *peer,
                           const struct session_counters *c)
{
    struct lyd_node *node = make_inner(m, peer, "counters");

    make_counters(m, node, session_counter_table, c);
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
        struct lyd_node *service = make_entry(m, node, "service", state_service_name(bit), NULL);
        if (s->intervals[bit] != 0)
            make_number(m, service, "interval", s->intervals[bit]);
    }
    if (s->has_ap_filter)
        make_number(m, node, "ap-filter", s->ap_filter);
    if (s->has_device_filter)
        make_number(m, node, "device-filter", s->device_filter);
}

static void fill_peer(struct state_maker *m, struct lyd_node *root, const struct peer_status *p)
{
    static const struct state_field peer[] = {
        FIELD_NAMED(FIELD_NAME, peer_status, phase, "phase", peer_phase_names),
        FIELD(FIELD_NUMBER, peer_status, connections, "connections"),
        FIELD(FIELD_NUMBER, peer_status, disconnections, "disconnections"),
        FIELD(FIELD_NUMBER, peer_status, attempts, "attempts"),
        FIELD(FIELD_TEXT, peer_status, last_reason, "last-reason"),
        FIELD(FIELD_MS, peer_status, next_attempt, "next-attempt"),
        FIELD_END,
    };
    static const struct state_field connection[] = {
        FIELD(FIELD_NUMBER, peer_status, connection, "connection"),
        FIELD(FIELD_TEXT, peer_status, tls_version, "tls-version"),
        FIELD(FIELD_TEXT, peer_status, tls_cipher, "tls-cipher"),
        FIELD(FIELD_BOOL, peer_status, legacy_cipher, "legacy-cipher"),
        FIELD_END,
    };
    struct lyd_node *node = make_entry(m, root, "peer", NULL, NULL);

    make_peer_name(m, node, p->inbound, p->host, p->port, p->address);
    if (p->has_mac)
        make_mac(m, node, "mac", &p->mac);
    make_fields(m, node, peer, p);
    if (p->has_connection)
        make_fields(m, node, connection, p);
    if (p->has_session) {
        make_number(m, node, "session-age", (uint64_t)(p->session_age / 1000));
        fill_subscription(m, node, &p->subscription);
    }
    if (p->has_session || p->connections > 0)
        make_session_counters(m, node, &p->counters);
}

/* --- statistics and diagnosis ---------------------------------------------------------------- */

static void fill_statistics(struct state_maker *m, struct lyd_node *root,
                            const struct statistics *s)
{
    struct lyd_node *node = make_inner(m, root, "statistics");

    make_counters(m, make_inner(m, node, "global"), statistics_global_table, s);
    make_counters(m, make_inner(m, node, "ssl"), statistics_ssl_table, s);
    make_counters(m, make_inner(m, node, "aaa"), statistics_aaa_table, s);
}

static void fill_diagnosis(struct state_maker *m, struct lyd_node *root, const struct diagnosis *d)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_SECONDS, diagnosis, since, "since"),
        FIELD(FIELD_SOME, diagnosis, count, "count"),
        FIELD(FIELD_MS, diagnosis, next_attempt, "next-attempt"),
        FIELD_END,
    };
    struct lyd_node *node = make_entry(m, root, "diagnosis", NULL, NULL);

    /* What is about the configuration alone is about no peer. */
    if (d->inbound || d->host[0] != '\0')
        make_peer_name(m, node, d->inbound, d->host, d->port, d->address);
    make_diagnosis(m, node, d);
    make_fields(m, node, fields, d);
}

static void fill_diagnoses(const struct state_tree *state, struct state_maker *m,
                           struct lyd_node *root)
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

void state_fill_nmsp(const struct state_tree *state, struct state_maker *m, struct lyd_node *root)
{
    const struct agent *agent = state->options.agent;
    struct state_peer_cursor cursor = {0};
    struct state_summary summary;
    struct statistics statistics;
    struct peer_status peer;

    state_summary(agent, &summary);
    fill_agent(m, root, &summary);
    while (state_next_peer(agent, &cursor, &peer))
        fill_peer(m, root, &peer);
    state_statistics(agent, &statistics);
    fill_statistics(m, root, &statistics);
    fill_diagnoses(state, m, root);
}

/* --- rpcs ------------------------------------------------------------------------------------ */

bool state_clear_statistics_rpc(const struct state_tree *state, struct lyd_node *rpc,
                                struct state_maker *m, struct rpc_errors *errors)
{
    (void)errors;
    make_output(rpc, m);
    log_info("statistics: cleared on request");
    state_clear_statistics(state->options.agent);
    return true;
}

bool state_reconnect_rpc(const struct state_tree *state, struct lyd_node *rpc,
                         struct state_maker *m, struct rpc_errors *errors)
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
    make_output(rpc, m);
    make_number(m, rpc, "peers", peers);
    return true;
}

bool state_renew_certificate_rpc(const struct state_tree *state, struct lyd_node *rpc,
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
    make_output(rpc, m);
    return true;
}

static void count_peers(const struct agent *agent, struct state_maker *m, struct lyd_node *rpc)
{
    struct state_peer_cursor cursor = {0};
    struct peer_status peer;
    uint64_t peers = 0, active = 0, sent = 0, received = 0;

    while (state_next_peer(agent, &cursor, &peer)) {
        peers++;
        active += peer.phase == PEER_ACTIVE ? 1 : 0;
        sent += peer.counters.tx_data;
        received += peer.counters.rx_data;
    }
    make_number(m, rpc, "peers", peers);
    make_number(m, rpc, "active-sessions", active);
    make_number(m, rpc, "sent-data", sent);
    make_number(m, rpc, "received-data", received);
}

bool state_live_summary_rpc(const struct state_tree *state, struct lyd_node *rpc,
                            struct state_maker *m, struct rpc_errors *errors)
{
    static const struct state_field summary[] = {
        FIELD(FIELD_MS, state_summary, uptime, "uptime"),
        FIELD(FIELD_NUMBER, state_summary, devices, "devices"),
        FIELD(FIELD_NUMBER, state_summary, samples, "samples"),
        FIELD(FIELD_NUMBER, state_summary, aps, "aps"),
        FIELD(FIELD_NUMBER, state_summary, engine.samples, "samples-taken"),
        FIELD(FIELD_NUMBER, state_summary, wakeups, "wake-ups"),
        FIELD_END,
    };
    static const struct state_field devices[] = {
        FIELD(FIELD_NUMBER, state_device_counts, associated, "associated-clients"),
        FIELD(FIELD_NUMBER, state_device_counts, by_class[RADIO_CLASS_CLIENT], "clients"),
        FIELD(FIELD_NUMBER, state_device_counts, by_class[RADIO_CLASS_TAG], "tags"),
        FIELD(FIELD_NUMBER, state_device_counts, by_class[RADIO_CLASS_ROGUE_AP], "rogue-aps"),
        FIELD(FIELD_NUMBER, state_device_counts, by_class[RADIO_CLASS_ROGUE_CLIENT],
              "rogue-clients"),
        FIELD_END,
    };
    const struct agent *agent = state->options.agent;
    struct state_device_counts counts;
    struct state_summary s;

    (void)errors;
    make_output(rpc, m);
    state_summary(agent, &s);
    state_count_devices(agent, &counts);
    count_peers(agent, m, rpc);
    make_fields(m, rpc, summary, &s);
    make_fields(m, rpc, devices, &counts);
    return true;
}
