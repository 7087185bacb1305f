/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/agent_internal.h"
#include "agent/collector/collector.h"
#include "agent/state.h"

size_t state_next_access_points(const struct agent *agent, struct state_access_point_cursor *cursor,
                                struct collector_status *out, size_t most)
{
    size_t count = 0;

    engine_expire(agent->options.engine);
    while (count < most && count < STATE_ACCESS_POINTS_MAX &&
           collector_next(agent->collector, &cursor->next, &out[count]))
        count++;
    if (count > 0)
        collector_count_devices(agent->collector, out, count);
    return count;
}

bool state_find_access_point(const struct agent *agent, const struct mac *identity,
                             struct collector_status *out)
{
    engine_expire(agent->options.engine);
    if (!collector_find(agent->collector, identity, out))
        return false;
    collector_count_devices(agent->collector, out, 1);
    return true;
}

int64_t state_access_point_age(const struct agent *agent, const struct collector_status *of)
{
    return loop_now(agent->loop) - of->since;
}

bool state_access_point_peer(const struct agent *agent, const struct mac *identity,
                             struct peer_status *out)
{
    return inbounds_find_access_point(agent->inbounds, identity, out);
}

bool state_next_access_point_slot(const struct agent *agent, const struct mac *identity,
                                  struct state_access_point_cursor *cursor, struct state_ap *out)
{
    uint16_t handle;

    while (collector_next_slot(agent->collector, identity, &cursor->next, &handle)) {
        const struct radio_ap *ap = engine_ap(agent->options.engine, handle);
        if (ap == NULL)
            continue;
        out->ap = *ap;
        out->has_access_point = true;
        out->access_point = *identity;
        out->up = ap->up ? loop_now(agent->loop) - ap->up_since : 0;
        return true;
    }
    return false;
}
