/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/poll.h"

#include "agent/base/log.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <string.h>

enum {
    SURVEY_PERIOD_MS = 10000, /* also that of reading the interfaces again */
    SOON_MS = 200,            /* from a new station to the round that tells of its association */
};

static void start_round(struct poll *p, const struct radio *radio);

static struct poll_radio *at_radio(struct poll *p, const struct radio *radio)
{
    return &p->by_radio[radio_index(p->radios, radio)];
}

static struct poll_interface *at_interface(struct poll *p, const struct interface *interface)
{
    return &p->by_interface[interface_index(p->radios, interface)];
}

static bool is_collected(struct poll *p, const struct interface *interface,
                         const struct radio *radio)
{
    return clients_collected(p->clients, interface) && radios_of(p->radios, interface) == radio;
}

static void count_failure(struct poll *p, enum netlink_result result, int error, int allowed)
{
    if (result == NETLINK_TIMED_OUT)
        p->counters->timeouts++;
    else if (result == NETLINK_REFUSED && error != allowed)
        p->counters->errors++;
}

/* --- surveys: noise and load --- */

static void on_survey(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct poll *p = context;
    const struct interface *interface = radios_interface(p->radios, tag);
    const struct radio *radio = interface != NULL ? radios_of(p->radios, interface) : NULL;
    struct nl80211_survey survey;

    if (!nl80211_parse_survey(message->body, &survey)) {
        p->counters->malformed++;
        return;
    }
    if (radio != NULL && survey.frequency != 0 && survey.frequency == interface->is.frequency)
        own_aps_take_survey(p->aps, radio, &survey);
}

static void on_survey_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct poll *p = context;
    const struct interface *interface = radios_interface(p->radios, tag);
    const struct radio *radio = interface != NULL ? radios_of(p->radios, interface) : NULL;

    count_failure(p, result, error, EOPNOTSUPP);
    if (radio != NULL && result == NETLINK_REFUSED && error == EOPNOTSUPP)
        at_radio(p, radio)->no_survey = true;
    p->changed(p->context);
}

/* What gives no event, or none on every kernel: noise, transmit power, a new channel. */
static void survey_all(struct poll *p)
{
    p->look_again(p->context);
    for (EACH_RADIO(radio, p->radios)) {
        const struct interface *interface = radios_operating(p->radios, radio);
        if (interface == NULL || !own_aps_told(p->aps, radio) || at_radio(p, radio)->no_survey)
            continue;
        struct netlink_request request = {.command = NL80211_CMD_GET_SURVEY,
                                          .dump = true,
                                          .context = p,
                                          .tag = interface->is.ifindex,
                                          .on_message = on_survey,
                                          .on_done = on_survey_done};
        netlink_add_u32(&request, NL80211_ATTR_IFINDEX, interface->is.ifindex);
        (void)family_request(p->family, &request); /* none this time */
    }
}

/* --- station dumps --- */

static void on_station(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct poll *p = context;
    const struct interface *interface = radios_interface(p->radios, tag);
    struct nl80211_station station;

    if (interface == NULL)
        return;
    struct poll_interface *own = at_interface(p, interface);
    if (!nl80211_parse_station(message->body, &station)) {
        p->counters->malformed++;
        own->disturbed = true; /* who was not understood has not left */
        return;
    }
    if (station.has_generation) {
        if (own->has_generation && own->generation != station.generation)
            own->disturbed = true;
        own->has_generation = true;
        own->generation = station.generation;
    }
    clients_seen(p->clients, interface, &station);
}

static const char *reason_of(enum netlink_result result, int error)
{
    if (result == NETLINK_REFUSED)
        return strerror(error);
    return result == NETLINK_TIMED_OUT ? "no answer" : "it was interrupted again and again";
}

/* Said once when it begins to fail or fails otherwise, and once when it works again. */
static void note_trouble(struct poll *p, const struct interface *interface,
                         enum netlink_result result, int error)
{
    const struct radio *radio = radios_of(p->radios, interface);
    int *said = &at_interface(p, interface)->trouble;
    int trouble = result == NETLINK_OK ? 0 : result == NETLINK_REFUSED ? error : -(int)result;

    if (*said == trouble || radio == NULL)
        return;
    *said = trouble;
    if (trouble == 0)
        log_info("radio %s: stations of %s can be listed again", radio->is.name,
                 interface->is.name);
    else
        log_warning("radio %s: stations of %s cannot be listed (%s); those known are kept, and it "
                    "is tried again at every poll",
                    radio->is.name, interface->is.name, reason_of(result, error));
}

static void end_round(struct poll *p, const struct radio *radio)
{
    struct poll_radio *own = at_radio(p, radio);

    clients_end_round(p->clients, radio);
    if (own->again) {
        own->again = false;
        start_round(p, radio);
    } else if (clients_waiting(p->clients, radio) && own->soon > 0) {
        poll_soon(p, radio, own->soon);
    } else if (!loop_timer_running(&p->soon_timer)) {
        own->soon = 0;
    }
}

static void dump_over(struct poll *p, const struct interface *interface)
{
    const struct radio *radio = radios_of(p->radios, interface);

    at_interface(p, interface)->awaiting = false;
    if (radio == NULL)
        return;
    uint16_t *pending = &at_radio(p, radio)->pending;
    if (*pending > 0 && --*pending == 0)
        end_round(p, radio);
}

static bool request_stations(struct poll *p, const struct interface *interface);

static void on_stations_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct poll *p = context;
    const struct interface *interface = radios_interface(p->radios, tag);
    struct poll_interface *own = interface != NULL ? at_interface(p, interface) : NULL;

    if (interface == NULL || !own->awaiting)
        return;
    if (result == NETLINK_OK && own->disturbed)
        result = NETLINK_INTERRUPTED;
    if (result == NETLINK_INTERRUPTED || result == NETLINK_OVERRUN) {
        p->counters->dumps_interrupted++;
        if (++own->attempts < POLL_DUMP_ATTEMPTS && request_stations(p, interface))
            return;
        p->counters->dumps_abandoned++;
    } else if (result == NETLINK_OK) {
        p->counters->dumps++;
        clients_listed(p->clients, interface);
    }
    count_failure(p, result, error, 0);
    if (result == NETLINK_REFUSED && error == ENODEV)
        p->look_again(p->context); /* it went, and the event comes later */
    else
        note_trouble(p, interface, result, error);
    dump_over(p, interface);
}

static bool request_stations(struct poll *p, const struct interface *interface)
{
    struct poll_interface *own = at_interface(p, interface);
    struct netlink_request request = {.command = NL80211_CMD_GET_STATION,
                                      .dump = true,
                                      .context = p,
                                      .tag = interface->is.ifindex,
                                      .on_message = on_station,
                                      .on_done = on_stations_done};

    netlink_add_u32(&request, NL80211_ATTR_IFINDEX, interface->is.ifindex);
    own->disturbed = false;
    own->has_generation = false;
    own->awaiting = family_request(p->family, &request);
    return own->awaiting;
}

static void start_round(struct poll *p, const struct radio *radio)
{
    clients_begin_round(p->clients, radio);
    for (EACH_INTERFACE(interface, p->radios)) {
        if (!is_collected(p, interface, radio))
            continue;
        at_interface(p, interface)->attempts = 0;
        if (request_stations(p, interface))
            at_radio(p, radio)->pending++;
    }
}

void poll_now(struct poll *p, const struct radio *radio)
{
    struct poll_radio *own = at_radio(p, radio);

    if (own->pending > 0)
        own->again = true;
    else
        start_round(p, radio);
}

void poll_disturbed(struct poll *p, const struct interface *interface)
{
    struct poll_interface *own = at_interface(p, interface);

    own->disturbed = own->awaiting;
}

void poll_interface_gone(struct poll *p, const struct interface *interface)
{
    struct poll_interface *own = at_interface(p, interface);

    if (own->awaiting)
        dump_over(p, interface);
    memset(own, 0, sizeof(*own));
}

void poll_radio_gone(struct poll *p, const struct radio *radio)
{
    struct poll_radio *own = at_radio(p, radio);

    memset(own, 0, sizeof(*own));
}

/* --- timers --- */

static bool is_polled(struct poll *p, const struct radio *radio)
{
    const struct interface *interface = radios_next_interface(p->radios, NULL);

    while (interface != NULL && !is_collected(p, interface, radio))
        interface = radios_next_interface(p->radios, interface);
    return interface != NULL && own_aps_told(p->aps, radio);
}

/*
 * Due times are multiples of the interval, less a lead: radios of one interval share their
 * wake-ups, and what was read is there when the agent announces, which it does on the multiple.
 */
static int64_t next_multiple(int64_t now, int64_t interval)
{
    return ((now + POLL_LEAD_MS) / interval + 1) * interval - POLL_LEAD_MS;
}

void poll_schedule(struct poll *p)
{
    int64_t now = loop_now(p->loop);
    int64_t first = INT64_MAX;

    for (EACH_RADIO(radio, p->radios)) {
        struct poll_radio *own = at_radio(p, radio);

        uint8_t seconds = own_aps_of(p->aps, radio)->choice.poll_seconds;
        if (!is_polled(p, radio)) {
            own->next = 0;
            continue;
        }
        if (own->next == 0 || own->seconds != seconds)
            own->next = next_multiple(now, seconds * (int64_t)1000);
        own->seconds = seconds;
        if (own->next < first)
            first = own->next;
    }
    if (first == INT64_MAX)
        loop_timer_stop(&p->poll_timer);
    else if (!loop_timer_running(&p->poll_timer) || p->poll_timer.at != first)
        loop_timer_start_at(&p->poll_timer, first);
}

static void on_poll(void *context)
{
    struct poll *p = context;
    int64_t now = loop_now(p->loop);

    for (EACH_RADIO(radio, p->radios)) {
        struct poll_radio *own = at_radio(p, radio);

        if (!own_aps_told(p->aps, radio) || own->next == 0 || own->next > now)
            continue;
        own->next = next_multiple(now, own->seconds * (int64_t)1000);
        if (own->pending == 0)
            start_round(p, radio);
    }
    if (now >= p->next_survey) {
        p->next_survey = next_multiple(now, SURVEY_PERIOD_MS);
        survey_all(p);
    }
    poll_schedule(p);
}

static void on_soon(void *context)
{
    struct poll *p = context;

    for (EACH_RADIO(radio, p->radios)) {
        struct poll_radio *own = at_radio(p, radio);

        if (!own_aps_told(p->aps, radio) || own->soon == 0)
            continue;
        own->soon--;
        poll_now(p, radio);
    }
}

void poll_soon(struct poll *p, const struct radio *radio, uint8_t rounds)
{
    struct poll_radio *own = at_radio(p, radio);

    if (own->soon < rounds)
        own->soon = rounds;
    if (!loop_timer_running(&p->soon_timer))
        loop_timer_start(&p->soon_timer, SOON_MS);
}

int poll_init(struct poll *p)
{
    int result = loop_timer_init(p->loop, &p->poll_timer, on_poll, p);

    if (result == 0)
        result = loop_timer_init(p->loop, &p->soon_timer, on_soon, p);
    return result;
}

void poll_fini(struct poll *p)
{
    loop_timer_fini(&p->poll_timer);
    loop_timer_fini(&p->soon_timer);
}
