/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/internal.h"

#include "agent/base/log.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <string.h>

static void start_round(struct nl80211 *n, struct radio *radio);

/* --- surveys: noise and utilisation --- */

static void take_times(struct radio *radio, const struct nl80211_survey *survey)
{
    uint64_t active = survey->active - radio->active;
    uint64_t busy = survey->busy - radio->busy;
    bool comparable = radio->active != 0 && survey->active > radio->active &&
                      survey->busy >= radio->busy && busy <= active;

    if (comparable && active < UINT32_MAX) /* 49 days: more is no difference of two polls */
        radio->utilisation = (uint8_t)(busy * 254 / active);
    radio->active = survey->active;
    radio->busy = survey->busy;
}

static void on_survey(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct nl80211 *n = context;
    struct interface *interface = interface_find(n, tag);
    struct radio *radio = interface != NULL ? radio_of(n, interface) : NULL;
    struct nl80211_survey survey;

    if (!nl80211_parse_survey(message->body, &survey)) {
        n->counters.malformed++;
        return;
    }
    if (radio == NULL || survey.frequency == 0 || survey.frequency != interface->is.frequency)
        return;
    if (survey.noise < 0)
        radio->noise = survey.noise;
    if (survey.has_active && survey.has_busy)
        take_times(radio, &survey);
}

static void on_survey_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct nl80211 *n = context;
    struct interface *interface = interface_find(n, tag);
    struct radio *radio = interface != NULL ? radio_of(n, interface) : NULL;

    if (result == NETLINK_TIMED_OUT)
        n->counters.timeouts++;
    else if (result == NETLINK_REFUSED && error != EOPNOTSUPP)
        n->counters.errors++;
    if (radio != NULL && result == NETLINK_REFUSED && error == EOPNOTSUPP)
        radio->no_survey = true;
    settle_later(n);
}

static void request_survey(struct nl80211 *n, const struct interface *interface)
{
    struct netlink_request request = {.type = n->family.id,
                                      .command = NL80211_CMD_GET_SURVEY,
                                      .dump = true,
                                      .context = n,
                                      .tag = interface->is.ifindex,
                                      .on_message = on_survey,
                                      .on_done = on_survey_done};

    netlink_add_u32(&request, NL80211_ATTR_IFINDEX, interface->is.ifindex);
    (void)netlink_request(n->requests, &request); /* none this time */
}

/* What gives no event, or none on every kernel: noise, transmit power, a new channel. */
static void survey_all(struct nl80211 *n)
{
    look_again(n, false);
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        struct radio *radio = &n->radios[i];
        struct interface *interface =
            radio->used && radio->told && !radio->no_survey ? radio_operating(n, radio) : NULL;
        if (interface != NULL)
            request_survey(n, interface);
    }
}

/* --- station dumps --- */

static void on_station(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct nl80211 *n = context;
    struct interface *interface = interface_find(n, tag);
    struct nl80211_station station;

    if (interface == NULL)
        return;
    if (!nl80211_parse_station(message->body, &station)) {
        n->counters.malformed++;
        interface->disturbed = true; /* who was not understood has not left */
        return;
    }
    if (station.has_generation) {
        if (interface->has_generation && interface->generation != station.generation)
            interface->disturbed = true;
        interface->has_generation = true;
        interface->generation = station.generation;
    }
    client_seen(n, interface, &station);
}

static const char *reason_of(enum netlink_result result, int error)
{
    if (result == NETLINK_REFUSED)
        return strerror(error);
    return result == NETLINK_TIMED_OUT ? "no answer" : "it was interrupted again and again";
}

/* Said once when it begins to fail or fails otherwise, and once when it works again. */
static void note_trouble(struct nl80211 *n, struct interface *interface, enum netlink_result result,
                         int error)
{
    const struct radio *radio = radio_of(n, interface);
    int trouble = result == NETLINK_OK ? 0 : result == NETLINK_REFUSED ? error : -(int)result;

    if (interface->trouble == trouble || radio == NULL)
        return;
    interface->trouble = trouble;
    if (trouble == 0)
        log_info("radio %s: stations of %s can be listed again", radio->is.name,
                 interface->is.name);
    else
        log_warning("radio %s: stations of %s cannot be listed (%s); those known are kept, and it "
                    "is tried again at every poll",
                    radio->is.name, interface->is.name, reason_of(result, error));
}

static void end_round(struct nl80211 *n, struct radio *radio)
{
    clients_end_round(n, radio);
    if (radio->again) {
        radio->again = false;
        start_round(n, radio);
    } else if (radio->waiting && radio->soon > 0) {
        poll_soon(n, radio, radio->soon);
    } else if (!loop_timer_running(&n->soon_timer)) {
        radio->soon = 0;
    }
}

static void dump_over(struct nl80211 *n, struct interface *interface)
{
    struct radio *radio = radio_of(n, interface);

    interface->awaiting = false;
    if (radio != NULL && radio->pending > 0 && --radio->pending == 0)
        end_round(n, radio);
}

static bool request_stations(struct nl80211 *n, struct interface *interface);

static void on_stations_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct nl80211 *n = context;
    struct interface *interface = interface_find(n, tag);

    if (interface == NULL || !interface->awaiting)
        return;
    if (result == NETLINK_OK && interface->disturbed)
        result = NETLINK_INTERRUPTED;
    if (result == NETLINK_INTERRUPTED || result == NETLINK_OVERRUN) {
        n->counters.dumps_interrupted++;
        if (++interface->attempts < DUMP_ATTEMPTS && request_stations(n, interface))
            return;
        n->counters.dumps_abandoned++;
    } else if (result == NETLINK_OK) {
        struct radio *radio = radio_of(n, interface);
        n->counters.dumps++;
        interface->complete_round = radio != NULL ? radio->round : 0;
    } else if (result == NETLINK_TIMED_OUT) {
        n->counters.timeouts++;
    } else {
        n->counters.errors++;
        if (error == ENODEV)
            look_again(n, false); /* it went, and the event comes later */
    }
    if (result != NETLINK_REFUSED || error != ENODEV)
        note_trouble(n, interface, result, error);
    dump_over(n, interface);
}

static bool request_stations(struct nl80211 *n, struct interface *interface)
{
    struct netlink_request request = {.type = n->family.id,
                                      .command = NL80211_CMD_GET_STATION,
                                      .dump = true,
                                      .context = n,
                                      .tag = interface->is.ifindex,
                                      .on_message = on_station,
                                      .on_done = on_stations_done};

    netlink_add_u32(&request, NL80211_ATTR_IFINDEX, interface->is.ifindex);
    interface->disturbed = false;
    interface->has_generation = false;
    interface->awaiting = netlink_request(n->requests, &request);
    return interface->awaiting;
}

static void start_round(struct nl80211 *n, struct radio *radio)
{
    radio->round++;
    radio->waiting = false;
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        struct interface *interface = &n->interfaces[i];
        if (!interface->used || !interface->polled || radio_of(n, interface) != radio)
            continue;
        interface->attempts = 0;
        if (request_stations(n, interface))
            radio->pending++;
    }
}

void poll_now(struct nl80211 *n, struct radio *radio)
{
    if (radio->pending > 0)
        radio->again = true;
    else
        start_round(n, radio);
}

void poll_forget(struct nl80211 *n, struct interface *interface)
{
    if (interface->awaiting)
        dump_over(n, interface);
}

/* --- timers --- */

static bool is_polled(struct nl80211 *n, const struct radio *radio)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        const struct interface *interface = &n->interfaces[i];
        if (interface->used && interface->polled && radio_of(n, interface) == radio)
            return true;
    }
    return false;
}

/*
 * Due times are multiples of the interval, less a lead: radios of one interval share their
 * wake-ups, and what was read is there when the agent announces, which it does on the multiple.
 */
static int64_t next_multiple(int64_t now, int64_t interval)
{
    return ((now + POLL_LEAD_MS) / interval + 1) * interval - POLL_LEAD_MS;
}

void poll_schedule(struct nl80211 *n)
{
    int64_t now = loop_now(n->setup.loop);
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < RADIOS_MAX; i++) {
        struct radio *radio = &n->radios[i];
        if (!radio->used || !radio->told || !is_polled(n, radio)) {
            radio->next_poll = 0;
            continue;
        }
        if (radio->next_poll == 0)
            radio->next_poll = next_multiple(now, radio->choice.poll_seconds * (int64_t)1000);
        if (radio->next_poll < first)
            first = radio->next_poll;
    }
    if (first == INT64_MAX)
        loop_timer_stop(&n->poll_timer);
    else if (!loop_timer_running(&n->poll_timer) || n->poll_timer.at != first)
        loop_timer_start_at(&n->poll_timer, first);
}

static void on_poll(void *context)
{
    struct nl80211 *n = context;
    int64_t now = loop_now(n->setup.loop);

    for (size_t i = 0; i < RADIOS_MAX; i++) {
        struct radio *radio = &n->radios[i];
        if (!radio->used || !radio->told || radio->next_poll == 0 || radio->next_poll > now)
            continue;
        radio->next_poll = next_multiple(now, radio->choice.poll_seconds * (int64_t)1000);
        if (radio->pending == 0)
            start_round(n, radio);
    }
    if (now >= n->next_survey) {
        n->next_survey = next_multiple(now, SURVEY_PERIOD_MS);
        survey_all(n);
    }
    poll_schedule(n);
}

static void on_soon(void *context)
{
    struct nl80211 *n = context;

    for (size_t i = 0; i < RADIOS_MAX; i++) {
        struct radio *radio = &n->radios[i];
        if (!radio->used || !radio->told || radio->soon == 0)
            continue;
        radio->soon--;
        poll_now(n, radio);
    }
}

void poll_soon(struct nl80211 *n, struct radio *radio, uint8_t rounds)
{
    if (radio->soon < rounds)
        radio->soon = rounds;
    if (!loop_timer_running(&n->soon_timer))
        loop_timer_start(&n->soon_timer, SOON_MS);
}

int poll_init(struct nl80211 *n)
{
    int result = loop_timer_init(n->setup.loop, &n->poll_timer, on_poll, n);

    if (result == 0)
        result = loop_timer_init(n->setup.loop, &n->soon_timer, on_soon, n);
    return result;
}

void poll_fini(struct nl80211 *n)
{
    loop_timer_fini(&n->poll_timer);
    loop_timer_fini(&n->soon_timer);
}
