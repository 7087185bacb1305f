/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/agent_internal.h"
#include "agent/engine/table.h"
#include "agent/state.h"
#include "agent/tls/memory.h"
#include "agent/wire/wire.h"

#include <stdio.h>
#include <string.h>

const char *state_phase_text(enum state_phase phase)
{
    static const char *const texts[] = {[STATE_IDLE] = "idle",
                                        [STATE_RESOLVING] = "resolving",
                                        [STATE_CONNECTING] = "connecting",
                                        [STATE_HANDSHAKE] = "TLS handshake",
                                        [STATE_WAITING] = "waiting for Capability",
                                        [STATE_ACTIVE] = "active",
                                        [STATE_HELD] = "held",
                                        [STATE_BACKOFF] = "back-off"};

    return texts[phase];
}

const char *state_service_name(unsigned bit)
{
    return wire_service_name(bit);
}

const char *state_message_name(uint16_t id)
{
    const struct wire_message_info *info = wire_message_info(id);
    return info != NULL ? info->name : NULL;
}

bool state_next_peer(const struct agent *agent, struct state_peer_cursor *cursor,
                     struct state_peer *out)
{
    size_t at = cursor->next;
    size_t servers = 0;

    for (const struct agent_server *s = agent->servers; s != NULL; s = s->next, servers++) {
        if (servers < at)
            continue;
        peer_state(s->peer, out);
        agent_diagnose_peer(agent, out);
        cursor->next = servers + 1;
        return true;
    }
    size_t place = at - servers;
    if (inbounds_next(agent->inbounds, &place) == NULL)
        return false;
    inbounds_state(agent->inbounds, place - 1, out);
    cursor->next = servers + place;
    return true;
}

static void summarise_engine(const struct agent *agent, struct state_summary *out)
{
    struct engine *engine = agent->options.engine;
    const struct engine_counters *counters = engine_counters(engine);

    engine_expire(engine);
    out->offered = engine_offered(engine);
    out->devices = engine_table(engine)->device_count;
    out->samples = engine_table(engine)->sample_count;
    out->aps = engine_ap_count(engine);
    out->devices_evicted = counters->devices_evicted;
    out->devices_expired = counters->devices_expired;
    out->samples_taken = counters->samples;
    out->samples_refused = counters->samples_refused;
    out->aps_dropped = counters->aps_dropped;
    out->local_ignored = counters->local_ignored;
    out->facts_yielded = facts_counters(engine_facts(engine))->yielded;
    out->facts_refused = facts_counters(engine_facts(engine))->refused;
}

static void summarise_listener(const struct agent *agent, struct state_summary *out)
{
    const struct listener *listener = inbounds_listener(agent->inbounds);
    const struct inbound_counters *inbound = inbounds_counters(agent->inbounds);

    out->listen_port = listener_port(listener);
    (void)snprintf(out->listener_trouble, sizeof(out->listener_trouble), "%s",
                   listener_trouble(listener));
    out->accepts = listener_counters(listener)->accepted;
    out->accepts_refused = listener_counters(listener)->refused;
    out->accepts_throttled = listener_counters(listener)->throttled;
    out->accepts_evicted = listener_counters(listener)->evicted;
    out->handshakes_failed = inbound->handshakes_failed;
    out->peers_refused = inbound->refused;
}

static void summarise_identity(const struct agent *agent, struct state_summary *out)
{
    const struct certificate_info *own = identity_info(agent->identity);

    out->identity_ready = own != NULL;
    if (own != NULL)
        out->identity = *own;
    (void)snprintf(out->certificate_path, sizeof(out->certificate_path), "%s",
                   identity_certificate_path(agent->identity));
}

void state_summary(const struct agent *agent, struct state_summary *out)
{
    const struct agent_options *options = &agent->options;

    memset(out, 0, sizeof(*out));
    (void)snprintf(out->software, sizeof(out->software), "%s", options->software);
    out->base_mac = agent->session.base_mac;
    out->enabled = agent->settings->enabled;
    summarise_identity(agent, out);
    summarise_engine(agent, out);
    summarise_listener(agent, out);
    out->wakeups = loop_wakeups(agent->loop);
    out->tls_memory = tls_memory();
    out->uptime = loop_now(agent->loop) - agent->started;
    options->radio->describe(options->platform, out->radios, sizeof(out->radios));
}

uint64_t state_radio_counter(const struct agent *agent, const char *container, const char *leaf)
{
    return agent->options.radio->counter(agent->options.platform, container, leaf);
}
