/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/subscription.h"

#include "agent/view/selection.h"

void subscription_init(struct subscription *subscription, struct engine *engine,
                       struct views *views, const struct view_member *pattern)
{
    *subscription = (struct subscription){.engine = engine, .views = views};
    subscription->members[0] = subscription->members[1] = *pattern;
    subscription->member = &subscription->members[0];
}

static void put_intervals(const struct subscription *subscription, uint64_t granted,
                          const struct selection *selection, struct writer *body)
{
    for (unsigned bit = 0; bit < SELECTION_SERVICES; bit++) {
        uint16_t seconds = (granted & WIRE_BIT(bit)) != 0
                               ? views_interval(subscription->views, selection, bit)
                               : 0;
        if (seconds > 0)
            wire_put_interval(body, (uint8_t)bit, seconds);
    }
}

/* False if there is no memory, and then the old membership stays. Takes the selection over. */
static bool replace_member(struct subscription *subscription, struct selection *selection)
{
    bool first = subscription->member == &subscription->members[0];
    struct view_member *fresh = &subscription->members[first ? 1 : 0];

    if (selection_services(selection) == 0)
        selection_free(selection);
    else if (!views_join(subscription->views, fresh, selection))
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
    struct selection *selection;

    if (selection_new(subscription->engine, message, granted, &selection) != SELECTION_OK)
        return WIRE_RESULT_OUT_OF_RESOURCES;
    wire_put_result(body, WIRE_RESULT_OK, "");
    wire_put_services(body, granted);
    put_intervals(subscription, granted, selection, body);
    if (!replace_member(subscription, selection)) {
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
    const struct selection *selection = view_selection(subscription->member);

    *out = (struct subscription_facts){.granted = subscription->granted};
    if (selection == NULL)
        return;
    out->has_ap_filter = selection_ap_filter(selection, &out->ap_filter);
    out->has_device_filter = selection_device_filter(selection, &out->device_filter);
    for (unsigned bit = 0; bit < SELECTION_SERVICES; bit++)
        if ((subscription->granted & WIRE_BIT(bit)) != 0)
            out->intervals[bit] = views_interval(subscription->views, selection, bit);
}

bool subscription_behind(const struct subscription *subscription)
{
    return subscription->member->view != NULL && !subscription->member->in_step;
}
