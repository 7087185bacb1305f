/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/agent_internal.h"
#include "agent/engine/table.h"
#include "agent/state.h"
#include "agent/tls/memory.h"
#include "agent/wire/wire.h"

#include <stdio.h>
#include <string.h>

const char *state_service_name(unsigned bit)
{
    return wire_service_name(bit);
}

const char *state_message_name(uint16_t id)
{
    const struct wire_message_info *info = wire_message_info(id);
    return info != NULL ? info->name : NULL;
}

const char *state_alert_name(int alert)
{
    return tls_alert_name(alert);
}

bool state_next_peer(const struct agent *agent, struct state_peer_cursor *cursor,
                     struct peer_status *out)
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
    if (!inbounds_next(agent->inbounds, &place, out))
        return false;
    cursor->next = servers + place;
    return true;
}

static void summarise_engine(const struct agent *agent, struct state_summary *out)
{
    struct engine *engine = agent->options.engine;

    engine_expire(engine);
    out->offered = engine_offered(engine);
    out->devices = engine_table(engine)->device_count;
    out->samples = engine_table(engine)->sample_count;
    out->aps = engine_ap_count(engine);
    out->engine = *engine_counters(engine);
    out->info = *device_info_counters(engine_device_info(engine));
}

static void summarise_listener(const struct agent *agent, struct state_summary *out)
{
    const struct listener *listener = inbounds_listener(agent->inbounds);

    out->listen_port = listener_port(listener);
    (void)snprintf(out->listener_trouble, sizeof(out->listener_trouble), "%s",
                   listener_trouble(listener));
    out->listener = *listener_counters(listener);
    out->inbound = *inbounds_counters(agent->inbounds);
}

static void summarise_identity(const struct agent *agent, struct state_summary *out)
{
    const struct certificate_info *own = identity_info(agent->identity);

    out->identity_ready = own != NULL;
    if (own != NULL) {
        out->identity = *own;
        out->not_before = own->not_before * 1000;
        out->not_after = own->not_after * 1000;
    }
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
