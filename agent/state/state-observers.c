/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/agent_internal.h"
#include "agent/peer/address.h"
#include "agent/state.h"

#include <strings.h>

/* --- observers ------------------------------------------------------------------------------- */

void state_observe(struct agent *agent, struct registry_observer *observer)
{
    registry_observe(agent->registry, observer);
}

void state_unobserve(struct agent *agent, struct registry_observer *observer)
{
    registry_unobserve(agent->registry, observer);
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
