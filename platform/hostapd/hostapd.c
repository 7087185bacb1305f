/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/hostapd/hostapd.h"

#include "platform/hostapd/hostapd-internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTER(name, member)                           \
    {                                                   \
        name, offsetof(struct hostapd_counters, member) \
    }
static const struct counter counter_table[] = {
    COUNTER("hostapd/probes", probes),     COUNTER("stations/invalid-samples", invalid_samples),
    COUNTER("hostapd/attached", attached), COUNTER("hostapd/lost", lost),
    COUNTER("hostapd/ignored", ignored),   {NULL, 0}};

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

/* --- interfaces --- */

static void control_forget(struct control *control)
{
    control_close(control);
    loop_timer_stop(&control->timer);
    control->used = false;
}

static struct control *find(struct hostapd *h, const struct inventory_interface *interface)
{
    for (size_t i = 0; i < CONTROLS_MAX; i++) {
        struct control *control = &h->controls[i];
        if (control->used && control->interface.ifindex == interface->ifindex &&
            strcmp(control->interface.name, interface->name) == 0)
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

static void take_interface(struct hostapd *h, const struct inventory_interface *interface)
{
    struct control *control = find(h, interface);
    bool was_up = control != NULL && control->interface.ap.up;
    bool is_new = control == NULL;

    if (is_new)
        control = add(h);
    if (control == NULL)
        return;
    control->seen = true;
    control->interface = *interface;
    /* hostapd opens its socket before it starts the AP. */
    if (is_new || (interface->ap.up && !was_up))
        control_try_now(control);
}

void hostapd_interfaces_changed(void *hostapd)
{
    struct hostapd *h = hostapd;
    struct inventory_interface interface;

    for (size_t i = 0; i < CONTROLS_MAX; i++)
        h->controls[i].seen = false;
    for (size_t i = 0; h->enabled && inventory_at(&h->setup.inventory, i, &interface); i++) {
        if (interface.is_ap && !interface.is_vlan && interface.has_ap && interface.name[0] != '\0')
            take_interface(h, &interface);
    }
    for (size_t i = 0; i < CONTROLS_MAX; i++) {
        if (h->controls[i].used && !h->controls[i].seen)
            control_forget(&h->controls[i]);
    }
}

void hostapd_client_changed(void *hostapd, const struct radio_event *event)
{
    struct hostapd *h = hostapd;
    const struct radio_client *client = &event->joined;

    if (event->kind == RADIO_CLIENT_LEFT)
        reports_left(h->reports, &event->left);
    if (event->kind != RADIO_CLIENT_JOINED)
        return;
    for (size_t i = 0; i < CONTROLS_MAX; i++) {
        struct control *control = &h->controls[i];
        if (control->used && control->attached && control->interface.ap.ap == client->ap)
            control_ask_user(control, &client->device, false);
    }
}

/* --- life --- */

void *hostapd_new(const struct source_setup *setup)
{
    struct hostapd *h = calloc(1, sizeof(*h));
    int result = 0;

    if (h == NULL)
        return NULL;
    h->setup = *setup;
    source_counters_add(setup->counters, &h->counted, counter_table, &h->counters);
    h->reports = reports_new(setup, &(struct reports_owner){control_measure, NULL});
    if (h->reports == NULL)
        result = -ENOMEM;
    for (size_t i = 0; i < CONTROLS_MAX && result == 0; i++)
        result = control_init(h, &h->controls[i]);
    if (result < 0) {
        hostapd_free(h);
        return NULL;
    }
    return h;
}

void hostapd_free(void *hostapd)
{
    struct hostapd *h = hostapd;

    if (h == NULL)
        return;
    for (size_t i = 0; i < CONTROLS_MAX; i++) {
        if (h->controls[i].used)
            control_close(&h->controls[i]);
        loop_timer_fini(&h->controls[i].timer);
    }
    reports_free(h->reports);
    free(h);
}

void hostapd_configure(void *hostapd, const struct settings_radios *settings)
{
    struct hostapd *h = hostapd;

    if (h->enabled && strcmp(h->directory, settings->hostapd_directory) != 0) {
        h->enabled = false; /* all sockets are elsewhere now */
        hostapd_interfaces_changed(h);
    }
    memcpy(h->directory, settings->hostapd_directory, sizeof(h->directory));
    h->enabled = settings->hostapd && h->directory[0] != '\0';
    h->trouble = 0;
    if (reports_configure(h->reports, h->enabled ? settings->beacon_report : 0)) {
        for (size_t i = 0; i < CONTROLS_MAX; i++)
            control_walk(&h->controls[i]);
    }
    hostapd_interfaces_changed(h);
}

void hostapd_describe(void *hostapd, char *text, size_t size)
{
    const struct hostapd *h = hostapd;
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
