/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/agent_internal.h"
#include "agent/base/log.h"

/* Nothing tells that the kernel began to count its clock as kept, so it is asked; and only while
 * somebody waits for that. */
enum { LOOK_MS = 1000 };

bool agent_clock_is_set(const struct agent *agent)
{
    return diagnosis_clock_is_set(loop_wall(agent->loop) / 1000, agent_ntp(agent));
}

static size_t count_waiting(const struct agent *agent)
{
    size_t count = 0;

    for (const struct agent_server *s = agent->servers; s != NULL; s = s->next)
        count += peer_waits_for_clock(s->peer) ? 1 : 0;
    return count;
}

static void try_waiting(struct agent *agent)
{
    for (struct agent_server *s = agent->servers; s != NULL; s = s->next)
        peer_clock_set(s->peer);
}

static void on_look(void *context)
{
    struct agent *agent = context;
    size_t waiting = count_waiting(agent);

    if (waiting == 0)
        return;
    if (!agent_clock_is_set(agent)) {
        loop_timer_start(&agent->clock_timer, LOOK_MS);
        return;
    }
    log_info("the clock is set now: %zu server%s held off until then %s tried again at once",
             waiting, waiting == 1 ? "" : "s", waiting == 1 ? "is" : "are");
    try_waiting(agent);
}

/* --- the end of certificates ----------------------------------------------------------------- */

/* Each that may stay says again until when. */
static void recheck(void *context)
{
    struct agent *agent = context;

    loop_timer_stop(&agent->dates_timer);
    registry_recheck(agent->registry);
}

/* Timers know nothing of the real-time clock: this one is right as long as nobody sets that. A look
 * for somebody who has gone meanwhile, or did not get in in the end, finds nothing. */
void agent_clock_until(struct agent *agent, int64_t not_after)
{
    int64_t left = (not_after + 1) * 1000 - loop_wall(agent->loop);
    int64_t at = loop_now(agent->loop) + left;

    if (!loop_timer_running(&agent->dates_timer) || at < agent->dates_timer.at)
        loop_timer_start_at(&agent->dates_timer, at);
}

/* --- set-up ---------------------------------------------------------------------------------- */

int agent_clock_init(struct agent *agent)
{
    int error = loop_timer_init(agent->loop, &agent->clock_timer, on_look, agent);

    if (error == 0)
        error = loop_timer_init(agent->loop, &agent->dates_timer, recheck, agent);
    if (error == 0)
        loop_on_clock_set(agent->loop, recheck, agent);
    return error;
}

void agent_clock_watch(struct agent *agent)
{
    if (!loop_timer_running(&agent->clock_timer) && count_waiting(agent) > 0)
        loop_timer_start(&agent->clock_timer, LOOK_MS);
}

void agent_clock_fini(struct agent *agent)
{
    loop_on_clock_set(agent->loop, NULL, NULL);
    loop_timer_fini(&agent->dates_timer);
    loop_timer_fini(&agent->clock_timer);
}
