/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/agent_internal.h"
#include "agent/base/hex.h"
#include "agent/base/log.h"
#include "agent/base/trace.h"
#include "agent/state.h"
#include "agent/wire/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TRACE_LINES = 100, SERVICES_TEXT_SIZE = 256, TITLE_SIZE = SETTINGS_HOST_SIZE + 32 };

static const char *services_text(uint64_t mask, char text[static SERVICES_TEXT_SIZE])
{
    size_t used = 0;

    (void)snprintf(text, SERVICES_TEXT_SIZE, "none");
    for (unsigned bit = 0; bit < 64; bit++) {
        const char *name = wire_service_name(bit);
        if ((mask >> bit & 1) == 0)
            continue;
        int len = snprintf(text + used, SERVICES_TEXT_SIZE - used, "%s%s", used > 0 ? ", " : "",
                           name != NULL ? name : "?");
        if (len < 0 || (size_t)len >= SERVICES_TEXT_SIZE - used)
            break;
        used += (size_t)len;
    }
    return text;
}

static void report_own(const struct certificate_info *own, const char *path)
{
    char sha1[2 * sizeof(own->spki_sha1) + 1];
    char sha256[2 * sizeof(own->spki_sha256) + 1];

    log_info("report: identity: %s in %s", own->subject, path);
    log_info("report: identity: SHA1 key hash %s",
             hex_text(own->spki_sha1, sizeof(own->spki_sha1), sha1));
    log_info("report: identity: SHA2 key hash %s",
             hex_text(own->spki_sha256, sizeof(own->spki_sha256), sha256));
}

static void report_identity(const struct state_summary *s)
{
    char mac[MAC_TEXT_SIZE];

    log_info("report: base MAC %s", mac_text(&s->base_mac, mac));
    if (!s->identity_ready) {
        log_info("report: identity: none yet");
        return;
    }
    report_own(&s->identity, s->certificate_path);
}

static void report_radios(const struct agent *agent, const struct state_summary *s)
{
#define OF(container, leaf) state_radio_counter(agent, container, leaf)
    log_info("report: radios: %s", s->radios);
    log_info("report: radios: %" PRIu64 " dumps, %" PRIu64 " interrupted, %" PRIu64
             " abandoned, %" PRIu64 " overruns, %" PRIu64 " timeouts, %" PRIu64 " errors, %" PRIu64
             " invalid readings, %" PRIu64 " malformed messages, %" PRIu64 " stations not tracked",
             OF("stations", "dumps"), OF("stations", "dumps-interrupted"),
             OF("stations", "dumps-abandoned"), OF("stations", "overruns"),
             OF("stations", "timeouts"), OF("stations", "errors"),
             OF("stations", "invalid-samples"), OF("stations", "malformed"),
             OF("stations", "untracked"));
    log_info("report: hostapd: %" PRIu64 " probe requests, %" PRIu64 " times attached, %" PRIu64
             " times lost, %" PRIu64 " lines not understood",
             OF("hostapd", "probes"), OF("hostapd", "attached"), OF("hostapd", "lost"),
             OF("hostapd", "ignored"));
    log_info("report: scans: %" PRIu64 " dumps of results, %" PRIu64 " own scans refused",
             OF("scan", "results"), OF("scan", "refused"));
    log_info("report: monitors: %" PRIu64 " frames, %" PRIu64 " lost, %" PRIu64
             " malformed, %" PRIu64 " stations and rogues forgotten for others",
             OF("monitor", "frames"), OF("monitor", "lost"), OF("monitor", "malformed"),
             OF("monitor", "forgotten"));
#undef OF
    log_info("report: engine: %" PRIu32 " devices, %" PRIu32 " samples, %" PRIu32 " APs; %" PRIu64
             " devices evicted, %" PRIu64 " readings refused",
             s->devices, s->samples, s->aps, s->devices_evicted, s->samples_refused);
    log_info("report: engine: %" PRIu64 " readings taken, %" PRIu64 " devices expired, %" PRIu64
             " APs beyond those kept, %" PRIu64 " readings of locally administered MACs ignored",
             s->samples_taken, s->devices_expired, s->aps_dropped, s->local_ignored);
    log_info("report: facts: %" PRIu64 " made room for others, %" PRIu64 " found none",
             s->facts_yielded, s->facts_refused);
}

static void report_listener(const struct state_summary *s)
{
    if (s->listener_trouble[0] != '\0')
        log_info("report: listener: does not listen: %s", s->listener_trouble);
    else if (s->listen_port != 0)
        log_info("report: listener: port %u", (unsigned)s->listen_port);
    else
        log_info("report: listener: off");
    log_info("report: listener: %" PRIu64 " connections, %" PRIu64 " closed at once, %" PRIu64
             " throttled, %" PRIu64 " made room for others, %" PRIu64
             " failed the handshake, %" PRIu64 " not let in",
             s->accepts, s->accepts_refused, s->accepts_throttled, s->accepts_evicted,
             s->handshakes_failed, s->peers_refused);
}

static void report_counters(const char *title, const struct session_counters *c)
{
    log_info("report: %s: received %" PRIu64 " frames (%" PRIu64 " data), sent %" PRIu64
             " (%" PRIu64 " data), echo requests received %" PRIu64 ", echoes answered %" PRIu64
             ", unsupported %" PRIu64 ", malformed %" PRIu64 ", ticks missed %" PRIu64
             ", foreign sender-ids %" PRIu64,
             title, c->rx_frames, c->rx_data, c->tx_frames, c->tx_data, c->rx_echo_requests,
             c->tx_echo_responses, c->unsupported, c->malformed, c->missed_ticks,
             c->foreign_sender);
}

/* "1 echo-request 14, ...": what came, or went, so far. */
static void report_messages(const char *title, const char *way, const uint64_t by_id[SESSION_IDS])
{
    char text[1024];
    size_t used = 0;

    for (unsigned id = 0; id < SESSION_IDS; id++) {
        const struct wire_message_info *info = wire_message_info((uint16_t)id);
        if (by_id[id] == 0)
            continue;
        int len =
            snprintf(text + used, sizeof(text) - used, "%s%u %s %" PRIu64, used > 0 ? ", " : "", id,
                     info != NULL ? info->name : "unknown", by_id[id]);
        if (len < 0 || (size_t)len >= sizeof(text) - used)
            break;
        used += (size_t)len;
    }
    if (used > 0)
        log_info("report: %s: %s by id: %.*s", title, way, (int)used, text);
}

static void report_line(void *context, const char *text)
{
    log_info("report: %s: %s", (const char *)context, text);
}

static void report_diagnosis(const struct agent *agent, const struct diagnosis *d, char *title)
{
    if (d->count > 1)
        log_info("report: %s: diagnosis %s, for %" PRId64 " s, %" PRIu64 " times", title,
                 diagnosis_code_name(d->code), d->since / 1000, d->count);
    else
        log_info("report: %s: diagnosis %s", title, diagnosis_code_name(d->code));
    if (agent->options.diagnosis_text != NULL)
        agent->options.diagnosis_text(d, report_line, title);
}

static void report_diagnoses(const struct agent *agent)
{
    struct state_diagnosis_cursor cursor = {0};
    struct diagnosis d;
    char title[TITLE_SIZE];

    while (state_next_diagnosis(agent, &cursor, &d)) {
        if (d.host[0] != '\0')
            (void)snprintf(title, sizeof(title), "server %s port %u", d.host, (unsigned)d.port);
        else if (d.inbound)
            (void)snprintf(title, sizeof(title), "from %s", d.address);
        else
            (void)snprintf(title, sizeof(title), "configuration");
        report_diagnosis(agent, &d, title);
    }
}

static void report_statistics(const struct agent *agent)
{
    struct statistics s;

    state_statistics(agent, &s);
    log_info("report: statistics: %" PRIu64 " restarts", s.restarts);
    log_info("report: statistics: SSL: %" PRIu64 " verifications, %" PRIu64 " failed, %" PRIu64
             " ok; %" PRIu64 " connections created, %" PRIu64 " closed; %" PRIu64
             " accept attempts, %" PRIu64 " failures, %" PRIu64 " rejects, %" PRIu64 " ok; %" PRIu64
             " failed registrations",
             s.verifications, s.verification_failures, s.verification_successes,
             s.connections_created, s.connections_closed, s.accept_attempts, s.accept_failures,
             s.accept_rejects, s.accept_successes, s.failed_registrations);
    log_info("report: statistics: AAA: %" PRIu64 " requests, %" PRIu64
             " failed to be sent, %" PRIu64 " sent, %" PRIu64 " responses, %" PRIu64
             " to validate, %" PRIu64 " errors, %" PRIu64 " ok",
             s.aaa_requests, s.aaa_send_failures, s.aaa_sent, s.aaa_responses, s.aaa_to_validate,
             s.aaa_validate_errors, s.aaa_validate_successes);
}

static void report_peer(const struct state_peer *p)
{
    char title[TITLE_SIZE];
    char mac[MAC_TEXT_SIZE] = "not known";
    char services[SERVICES_TEXT_SIZE];

    if (p->inbound)
        (void)snprintf(title, sizeof(title), "from %s", p->address);
    else
        (void)snprintf(title, sizeof(title), "server %s port %u", p->host, (unsigned)p->port);
    if (p->has_mac)
        (void)mac_text(&p->mac, mac);
    log_info("report: %s: %s, MAC %s, address %s, %s %s%s", title, state_phase_text(p->phase), mac,
             p->address[0] != '\0' ? p->address : "none", p->tls_version, p->tls_cipher,
             p->legacy_cipher ? ", legacy cipher" : "");
    log_info("report: %s: %" PRIu64 " attempts, %" PRIu64 " connections, %" PRIu64
             " disconnections",
             title, p->attempts, p->connections, p->disconnections);
    if (p->last_reason[0] != '\0')
        log_info("report: %s: last reason: %s", title, p->last_reason);
    if (p->next_attempt >= 0)
        log_info("report: %s: next try in %" PRId64 " ms", title, p->next_attempt);
    if (p->connections == 0)
        return;
    log_info("report: %s: granted %s", title, services_text(p->granted, services));
    report_counters(title, &p->counters);
    report_messages(title, "received", p->counters.rx_by_id);
    report_messages(title, "sent", p->counters.tx_by_id);
}

static void report_trace(void)
{
    struct trace_entry entry;
    char line[TRACE_LINE_SIZE];

    log_info("report: trace: level %s, %zu bytes, its last lines:", trace_level_name(trace_level()),
             trace_size());
    for (bool more = trace_last(TRACE_LINES, &entry); more;
         more = trace_after(entry.number, &entry))
        log_info("report: trace: %s", trace_format(&entry, line));
}

void agent_report(const struct agent *agent)
{
    struct state_summary summary;
    struct state_peer_cursor cursor = {0};
    struct state_peer peer;
    char services[SERVICES_TEXT_SIZE];

    state_summary(agent, &summary);
    log_info("report: %s, running for %" PRId64 " s, %" PRIu64 " wakeups, NMSP %s",
             agent->options.software, summary.uptime / 1000, summary.wakeups,
             summary.enabled ? "enabled" : "switched off");
    log_info("report: memory: %" PRIu64 " KiB held by wolfSSL", summary.tls_memory / 1024);
    report_identity(&summary);
    log_info("report: offered services: %s", services_text(summary.offered, services));
    report_radios(agent, &summary);
    report_listener(&summary);
    while (state_next_peer(agent, &cursor, &peer))
        report_peer(&peer);
    report_diagnoses(agent);
    report_statistics(agent);
    report_trace();
    log_info("report: end");
}
