/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/agent_internal.h"
#include "agent/peer/address.h"
#include "agent/state.h"

#include <assert.h>
#include <strings.h>

/* --- observers ------------------------------------------------------------------------------- */

void state_observe(struct agent *agent, struct state_observer *observer)
{
    struct state_observer **link = &agent->observers;

    while (*link != NULL)
        link = &(*link)->next;
    observer->next = NULL;
    *link = observer;
}

void state_unobserve(struct agent *agent, struct state_observer *observer)
{
    struct state_observer **link = &agent->observers;

    while (*link != observer) {
        assert(*link != NULL);
        link = &(*link)->next;
    }
    *link = observer->next;
}

void agent_up(void *context, const struct peer_status *peer)
{
    const struct agent *agent = context;

    inbounds_forget_refusals(agent->inbounds, &peer->mac);
    for (const struct state_observer *o = agent->observers; o != NULL; o = o->next)
        if (o->session_up != NULL)
            o->session_up(o->context, peer);
}

void agent_down(void *context, const struct peer_status *peer, const struct diagnosis *why,
                const char *reason, int64_t lasted)
{
    const struct agent *agent = context;

    for (const struct state_observer *o = agent->observers; o != NULL; o = o->next)
        if (o->session_down != NULL)
            o->session_down(o->context, peer, why, reason, lasted);
}

void agent_refused(const struct agent *agent, const struct diagnosis *why)
{
    for (const struct state_observer *o = agent->observers; o != NULL; o = o->next)
        if (o->peer_refused != NULL)
            o->peer_refused(o->context, why);
}

/* --- reconnecting ---------------------------------------------------------------------------- */

static bool is_meant(const struct peer *peer, const char *host)
{
    struct peer_status state;

    if (host == NULL || strcasecmp(peer_server(peer)->host, host) == 0)
        return true;
    peer_state(peer, &state);
    return state.address[0] != '\0' && address_is_of(state.address, host);
}

size_t state_reconnect(struct agent *agent, const char *host)
{
    static const char reason[] = "an operator asked for it to be connected anew";
    size_t count = 0;

    for (struct agent_server *s = agent->servers; s != NULL; s = s->next)
        if (!s->leaving && is_meant(s->peer, host) && peer_reconnect(s->peer, reason))
            count++;
    return count + inbounds_finish(agent->inbounds, host, reason);
}
