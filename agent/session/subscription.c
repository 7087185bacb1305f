/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/subscription.h"

#include "agent/view/subfilter.h"

void subscription_init(struct subscription *subscription, struct engine *engine,
                       struct views *views, const struct view_member *pattern)
{
    *subscription = (struct subscription){.engine = engine, .views = views};
    subscription->members[0] = subscription->members[1] = *pattern;
    subscription->member = &subscription->members[0];
}

static void put_intervals(const struct subscription *subscription, uint64_t granted,
                          const struct subfilter *filter, struct writer *body)
{
    for (unsigned bit = 0; bit < SUBFILTER_SERVICES; bit++) {
        uint16_t seconds =
            (granted & WIRE_BIT(bit)) != 0 ? views_interval(subscription->views, filter, bit) : 0;
        if (seconds > 0)
            wire_put_interval(body, (uint8_t)bit, seconds);
    }
}

/* False if there is no memory, and then the old membership stays. Takes the filter over. */
static bool replace_member(struct subscription *subscription, struct subfilter *filter)
{
    bool first = subscription->member == &subscription->members[0];
    struct view_member *fresh = &subscription->members[first ? 1 : 0];

    if (subfilter_services(filter) == 0)
        subfilter_free(filter);
    else if (!views_join(subscription->views, fresh, filter))
        return false;
    views_leave(subscription->member);
    subscription->member = fresh;
    return true;
}

uint16_t subscription_take(struct subscription *subscription, const struct wire_message *message,
                           struct writer *body)
{
    uint64_t granted = message->services.mask & engine_offered(subscription->engine);
    struct writer begun = *body;
    struct subfilter *filter;

    if (subfilter_new(subscription->engine, message, granted, &filter) != SUBFILTER_OK)
        return WIRE_RESULT_OUT_OF_RESOURCES;
    wire_put_result(body, WIRE_RESULT_OK, "");
    wire_put_services(body, granted);
    put_intervals(subscription, granted, filter, body);
    if (!replace_member(subscription, filter)) {
        *body = begun;
        return WIRE_RESULT_OUT_OF_RESOURCES;
    }
    subscription->granted = granted;
    return WIRE_RESULT_OK;
}

void subscription_withdraw(struct subscription *subscription, uint64_t offered)
{
    views_withdraw(subscription->member, subscription->granted & ~offered);
    subscription->granted &= offered;
}

void subscription_end(struct subscription *subscription)
{
    views_leave(subscription->member);
    subscription->granted = 0;
}

void subscription_describe(const struct subscription *subscription, struct subscription_facts *out)
{
    const struct subfilter *filter = view_filter(subscription->member);

    *out = (struct subscription_facts){.granted = subscription->granted};
    if (filter == NULL)
        return;
    out->has_ap_filter = subfilter_ap_filter(filter, &out->ap_filter);
    out->has_device_filter = subfilter_device_filter(filter, &out->device_filter);
    for (unsigned bit = 0; bit < SUBFILTER_SERVICES; bit++)
        if ((subscription->granted & WIRE_BIT(bit)) != 0)
            out->intervals[bit] = views_interval(subscription->views, filter, bit);
}

bool subscription_behind(const struct subscription *subscription)
{
    return view_is_behind(subscription->member);
}
