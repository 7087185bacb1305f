/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When what is due: lanes with intervals, and Information, for which there is only something to do
 * when something has changed. */
#include "agent/view/internal.h"

enum { AP_MONITOR_SECONDS = 60, STATISTICS_SECONDS = 60, INFORMATION_SECONDS = 1 };

uint16_t views_interval(const struct views *views, const struct selection *selection, unsigned bit)
{
    uint16_t configured;
    uint16_t asked = selection_interval(selection, bit);

    switch (bit) {
    case WIRE_RSSI_MS:
    case WIRE_RSSI_MS_ASSOCIATED_ONLY:
        configured = views->intervals.client;
        break;
    case WIRE_RSSI_RFID:
        configured = views->intervals.rfid;
        break;
    case WIRE_RSSI_ROGUE:
        configured = views->intervals.rogue_ap;
        break;
    default:
        return 0;
    }
    return asked > configured ? asked : configured;
}

uint16_t view_lane_interval(const struct view *view, enum view_lane lane)
{
    const struct selection *selection = view->selection;
    uint64_t services = selection_services(selection);
    uint16_t asked = selection_interval(selection, WIRE_RSSI_ROGUE);

    switch (lane) {
    case VIEW_LANE_CLIENT:
        if ((services & WIRE_BIT(WIRE_RSSI_MS)) != 0)
            return views_interval(view->views, selection, WIRE_RSSI_MS);
        if ((services & WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY)) != 0)
            return views_interval(view->views, selection, WIRE_RSSI_MS_ASSOCIATED_ONLY);
        return 0;
    case VIEW_LANE_TAG:
        return (services & WIRE_BIT(WIRE_RSSI_RFID)) != 0
                   ? views_interval(view->views, selection, WIRE_RSSI_RFID)
                   : 0;
    case VIEW_LANE_ROGUE_AP:
        return (services & WIRE_BIT(WIRE_RSSI_ROGUE)) != 0
                   ? views_interval(view->views, selection, WIRE_RSSI_ROGUE)
                   : 0;
    case VIEW_LANE_ROGUE_CLIENT:
        if ((services & WIRE_BIT(WIRE_RSSI_ROGUE)) == 0)
            return 0;
        return asked > view->views->intervals.rogue_client ? asked
                                                           : view->views->intervals.rogue_client;
    case VIEW_LANE_INFORMATION:
        return (services & wire_family_mask(WIRE_FAMILY_INFORMATION)) != 0 ? INFORMATION_SECONDS
                                                                           : 0;
    case VIEW_LANE_STATISTICS:
        return (services & wire_family_mask(WIRE_FAMILY_STATISTICS)) != 0 ? STATISTICS_SECONDS : 0;
    default:
        return (services & WIRE_BIT(WIRE_AP_MONITOR)) != 0 ? AP_MONITOR_SECONDS : 0;
    }
}

/* Ticks fall on multiples of their interval, so that all views with one interval share one wake-up.
 */
static int64_t next_tick(int64_t now, uint16_t seconds)
{
    int64_t interval = seconds * INT64_C(1000);
    return seconds == 0 ? INT64_MAX : (now / interval + 1) * interval;
}

static void start_timer(struct view *view)
{
    int64_t first = INT64_MAX;

    for (enum view_lane lane = 0; lane < VIEW_LANES; lane++) {
        if (view->due[lane] < first)
            first = view->due[lane];
    }
    if (first == INT64_MAX)
        loop_timer_stop(&view->timer);
    else
        loop_timer_start_at(&view->timer, first);
}

/* Only if there is something to look at, or to be dropped. */
static int64_t next_look(const struct view *view)
{
    int64_t now = loop_now(view->views->loop);
    int64_t at = engine_expires_at(view->views->engine);

    if (view_lane_interval(view, VIEW_LANE_INFORMATION) == 0)
        return INT64_MAX;
    if (view_has_news(view) || at <= now)
        return next_tick(now, INFORMATION_SECONDS);
    return at == INT64_MAX ? INT64_MAX : next_tick(at - 1, INFORMATION_SECONDS);
}

void view_schedule(struct view *view)
{
    view->due[VIEW_LANE_INFORMATION] = next_look(view);
    start_timer(view);
}

void view_wake(struct view *view)
{
    int64_t now = loop_now(view->views->loop);

    if (view->due[VIEW_LANE_INFORMATION] - now <= INFORMATION_SECONDS * INT64_C(1000))
        return;
    view->due[VIEW_LANE_INFORMATION] = next_tick(now, INFORMATION_SECONDS);
    start_timer(view);
}

void view_plan(struct view *view)
{
    for (enum view_lane lane = 0; lane < VIEW_LANES; lane++)
        view->due[lane] = next_tick(loop_now(view->views->loop), view_lane_interval(view, lane));
    view_schedule(view);
}

void view_take_due(struct view *view)
{
    int64_t now = loop_now(view->views->loop);

    for (enum view_lane lane = 0; lane < VIEW_LANES; lane++) {
        if (view->due[lane] > now)
            continue;
        view->due[lane] = next_tick(now, view_lane_interval(view, lane));
        view->skipped[lane] = true;
    }
}
