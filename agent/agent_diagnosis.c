/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/agent_internal.h"
#include "agent/base/log.h"
#include "agent/diagnosis.h"
#include "agent/state.h"

#include <stdio.h>
#include <string.h>

/* --- what the registry asks, and tells
 * ------------------------------------------------------------------- */

enum diagnosis_ntp agent_ntp(const struct agent *agent)
{
    return agent->options.ntp != NULL ? agent->options.ntp() : DIAGNOSIS_NTP_UNKNOWN;
}

static void describe_own(const struct agent *agent, struct diagnosis *out)
{
    const struct certificate_info *own = identity_info(agent->identity);

    out->has_own = own != NULL;
    if (own == NULL)
        return;
    out->own_key = own->key_type;
    out->own_mac = own->mac_count > 0 ? own->macs[0] : agent->session.base_mac;
    memcpy(out->own_sha1, own->spki_sha1, sizeof(out->own_sha1));
    memcpy(out->own_sha256, own->spki_sha256, sizeof(out->own_sha256));
}

void agent_explain(void *context, const struct certificate_info *presented,
                   const struct authlist_decision *decision, const struct mac *expected,
                   struct diagnosis *out)
{
    struct agent *agent = context;

    out->strong_cipher = agent->settings->strong_cipher;
    out->wall = loop_wall(agent->loop) / 1000;
    out->ntp = agent_ntp(agent);
    describe_own(agent, out);
    if (decision != NULL && decision->verdict != AUTHLIST_OK)
        diagnosis_of_refusal(&agent->settings->aaa, presented, decision, expected, out);
}

static void log_line(void *context, const char *text)
{
    log_warning("%s: %s", (const char *)context, text);
}

void agent_diagnosed(void *context, const char *who, const struct diagnosis *diagnosis)
{
    const struct agent *agent = context;
    char name[SETTINGS_HOST_SIZE + DIAGNOSIS_ADDRESS_SIZE];

    (void)snprintf(name, sizeof(name), "%s", who);
    if (diagnosis->code != DIAGNOSIS_NONE && agent->options.diagnosis_text != NULL)
        agent->options.diagnosis_text(diagnosis, log_line, name);
}

/* --- all of them in a row -------------------------------------------------------------------- */

/* What is wrong before any server is dialled. */
static enum diagnosis_code standing_still(const struct agent *agent)
{
    if (!agent->settings->enabled)
        return DIAGNOSIS_DISABLED;
    return agent->ready ? DIAGNOSIS_NONE : DIAGNOSIS_NO_IDENTITY;
}

void agent_diagnose_peer(const struct agent *agent, struct peer_status *peer)
{
    if (!peer->inbound && standing_still(agent) != DIAGNOSIS_NONE)
        peer->diagnosis.code = standing_still(agent);
}

static bool next_server(const struct agent *agent, size_t *next, struct diagnosis *out)
{
    struct peer_status peer;
    size_t index = 0;

    for (const struct agent_server *s = agent->servers; s != NULL; s = s->next, index++) {
        if (index < *next || s->leaving)
            continue;
        peer_state(s->peer, &peer);
        agent_diagnose_peer(agent, &peer);
        *next = index + 1;
        *out = peer.diagnosis;
        if (out->code != DIAGNOSIS_NONE)
            return true;
    }
    return false;
}

static bool next_inbound(const struct agent *agent, size_t *next, struct diagnosis *out)
{
    return inbounds_next_refusal(agent->inbounds, next, out);
}

/* Of access points that have a session, and of whom not all is taken. */
static bool next_access_point(const struct agent *agent, size_t *next, struct diagnosis *out)
{
    struct collector_trouble trouble;
    struct peer_status peer;

    if (!collector_next_trouble(agent->collector, next, &trouble))
        return false;
    diagnosis_init(out, trouble.code);
    out->inbound = true;
    if (inbounds_find_access_point(agent->inbounds, &trouble.identity, &peer))
        (void)snprintf(out->address, sizeof(out->address), "%s", peer.address);
    out->has_expected = out->has_mac = true;
    out->expected = trouble.identity;
    out->mac = trouble.mac;
    out->since = loop_now(agent->loop) - trouble.since;
    out->count = trouble.count;
    return true;
}

/* Without a server, who would come in does not get in for the same reason. */
static bool next_standing(const struct agent *agent, size_t *next, struct diagnosis *out)
{
    const struct settings *settings = agent->settings;

    if (*next > 0 || settings->server_count > 0 || !settings->listen.enabled)
        return false;
    *next = 1;
    diagnosis_init(out, standing_still(agent));
    return out->code != DIAGNOSIS_NONE;
}

/* Nobody has to have come for that. */
static bool next_dangling(const struct agent *agent, size_t *next, struct diagnosis *out)
{
    const struct settings_aaa *aaa = &agent->settings->aaa;

    while (*next < aaa->user_count) {
        const struct settings_user *user = &aaa->users[(*next)++];
        if (authlist_attributes(aaa, user->attribute_list) != NULL)
            continue;
        diagnosis_init(out, DIAGNOSIS_DANGLING_LIST);
        out->has_mac = true;
        out->mac = user->mac;
        memcpy(out->list, user->attribute_list, sizeof(out->list));
        return true;
    }
    return false;
}

static bool next_knob(const struct agent *agent, size_t *next, struct diagnosis *out)
{
    if (*next >= agent->settings->kept_count)
        return false;
    diagnosis_init(out, DIAGNOSIS_NOT_ACTED_ON);
    out->knob = agent->settings->kept[(*next)++];
    return true;
}

bool state_next_diagnosis(const struct agent *agent, struct state_diagnosis_cursor *cursor,
                          struct diagnosis *out)
{
    static bool (*const parts[])(const struct agent *, size_t *, struct diagnosis *) = {
        next_server, next_inbound, next_access_point, next_standing, next_dangling, next_knob};

    for (; cursor->part < sizeof(parts) / sizeof(parts[0]); cursor->part++, cursor->next = 0)
        if (parts[cursor->part](agent, &cursor->next, out))
            return true;
    return false;
}

/* --- statistics ------------------------------------------------------------------------------ */

/* What the listener closed at once is counted there. */
static uint64_t rejected(const struct agent *agent)
{
    const struct listener_counters *c = listener_counters(inbounds_listener(agent->inbounds));

    return c->refused + c->throttled;
}

void state_statistics(const struct agent *agent, struct statistics *out)
{
    *out = *registry_statistics(agent->registry);
    out->accept_rejects += rejected(agent);
    out->accept_attempts += rejected(agent);
}

void state_clear_statistics(struct agent *agent)
{
    memset(registry_statistics(agent->registry), 0, sizeof(struct statistics));
    for (struct agent_server *s = agent->servers; s != NULL; s = s->next)
        peer_clear_counters(s->peer);
    inbounds_clear_counters(agent->inbounds);
}
