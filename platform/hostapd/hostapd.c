/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/hostapd/hostapd.h"

#include "platform/hostapd/hostapd-internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t hostapd_count_attached(const struct hostapd *h, size_t *all)
{
    size_t attached = 0;

    *all = 0;
    for (size_t i = 0; i < CONTROLS_MAX; i++) {
        *all += h->controls[i].used ? 1 : 0;
        attached += h->controls[i].used && h->controls[i].attached ? 1 : 0;
    }
    return attached;
}

/* --- places --- */

static void control_forget(struct control *control)
{
    control_close(control);
    loop_timer_stop(&control->timer);
    control->used = false;
}

static struct control *find(struct hostapd *h, const struct nl80211_place *place)
{
    for (size_t i = 0; i < CONTROLS_MAX; i++) {
        struct control *control = &h->controls[i];
        if (control->used && control->place.ifindex == place->ifindex &&
            strcmp(control->place.name, place->name) == 0)
            return control;
    }
    return NULL;
}

static struct control *add(struct hostapd *h)
{
    for (size_t i = 0; i < CONTROLS_MAX; i++) {
        struct control *control = &h->controls[i];
        if (control->used)
            continue;
        control->used = true;
        control->fd = -1;
        control->tries = 0;
        return control;
    }
    return NULL;
}

static void take_place(struct hostapd *h, const struct nl80211_place *place)
{
    struct control *control = find(h, place);
    bool was_up = control != NULL && control->place.ap.up;
    bool is_new = control == NULL;

    if (is_new)
        control = add(h);
    if (control == NULL)
        return;
    control->seen = true;
    control->place = *place;
    /* hostapd opens its socket before it starts the AP. */
    if (is_new || (place->ap.up && !was_up))
        control_try_now(control);
}

void hostapd_places_changed(struct hostapd *h)
{
    struct nl80211_place place;

    for (size_t i = 0; i < CONTROLS_MAX; i++)
        h->controls[i].seen = false;
    for (size_t i = 0; h->enabled && h->surroundings.place(h->surroundings.context, i, &place);
         i++) {
        if (place.is_ap && !place.is_vlan && place.has_ap && place.name[0] != '\0')
            take_place(h, &place);
    }
    for (size_t i = 0; i < CONTROLS_MAX; i++) {
        if (h->controls[i].used && !h->controls[i].seen)
            control_forget(&h->controls[i]);
    }
}

void hostapd_client_joined(struct hostapd *h, const struct radio_client *client)
{
    for (size_t i = 0; i < CONTROLS_MAX; i++) {
        struct control *control = &h->controls[i];
        if (control->used && control->attached && control->place.ap.ap == client->ap)
            control_ask_user(control, &client->device, false);
    }
}

/* --- life --- */

struct hostapd *hostapd_new(struct loop *loop, const struct hostapd_surroundings *surroundings,
                            const struct radio_events *events, void *events_context)
{
    struct hostapd *h = calloc(1, sizeof(*h));
    int result = 0;

    if (h == NULL)
        return NULL;
    h->loop = loop;
    h->surroundings = *surroundings;
    h->events = events;
    h->events_context = events_context;
    for (size_t i = 0; i < CONTROLS_MAX && result == 0; i++)
        result = control_init(h, &h->controls[i]);
    if (result < 0) {
        hostapd_free(h);
        return NULL;
    }
    return h;
}

void hostapd_free(struct hostapd *h)
{
    if (h == NULL)
        return;
    for (size_t i = 0; i < CONTROLS_MAX; i++) {
        if (h->controls[i].used)
            control_close(&h->controls[i]);
        loop_timer_fini(&h->controls[i].timer);
    }
    free(h);
}

void hostapd_configure(struct hostapd *h, const struct settings_radios *settings)
{
    if (h->enabled && strcmp(h->directory, settings->hostapd_directory) != 0) {
        h->enabled = false; /* all sockets are elsewhere now */
        hostapd_places_changed(h);
    }
    memcpy(h->directory, settings->hostapd_directory, sizeof(h->directory));
    h->enabled = settings->hostapd && h->directory[0] != '\0';
    h->trouble = 0;
    hostapd_places_changed(h);
}

void hostapd_describe(const struct hostapd *h, char *text, size_t size)
{
    size_t all;
    size_t attached = hostapd_count_attached(h, &all);

    text[0] = '\0';
    if (all == 0)
        return;
    if (attached == all || h->trouble == 0)
        (void)snprintf(text, size, "hostapd attached at %zu of %zu AP interfaces", attached, all);
    else
        (void)snprintf(text, size, "hostapd attached at %zu of %zu AP interfaces (%s/%s: %s)",
                       attached, all, h->directory, h->trouble_name, strerror(h->trouble));
}

void hostapd_counters(const struct hostapd *h, struct radio_counters *counters)
{
    counters->probes += h->counters.probes;
    counters->invalid_samples += h->counters.invalid_samples;
    counters->hostapd_attached += h->counters.hostapd_attached;
    counters->hostapd_lost += h->counters.hostapd_lost;
    counters->hostapd_ignored += h->counters.hostapd_ignored;
}
