/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/radios.h"

#include "agent/base/log.h"

#include <linux/nl80211.h>
#include <string.h>

/* --- finding --- */

struct radio *radios_next(struct radios *r, const struct radio *radio)
{
    for (size_t i = radio == NULL ? 0 : radio_index(r, radio) + 1; i < RADIOS_MAX; i++) {
        if (r->radios[i].used)
            return &r->radios[i];
    }
    return NULL;
}

struct interface *radios_next_interface(struct radios *r, const struct interface *interface)
{
    for (size_t i = interface == NULL ? 0 : interface_index(r, interface) + 1; i < INTERFACES_MAX;
         i++) {
        if (r->interfaces[i].used)
            return &r->interfaces[i];
    }
    return NULL;
}

static struct radio *find(struct radios *r, uint32_t wiphy)
{
    struct radio *radio = NULL;

    while ((radio = radios_next(r, radio)) != NULL && radio->is.index != wiphy)
        ;
    return radio;
}

struct radio *radios_of(struct radios *r, const struct interface *interface)
{
    return interface->is.has_wiphy ? find(r, interface->is.wiphy) : NULL;
}

struct interface *radios_interface(struct radios *r, uint32_t ifindex)
{
    struct interface *interface = NULL;

    while ((interface = radios_next_interface(r, interface)) != NULL &&
           interface->is.ifindex != ifindex)
        ;
    return interface;
}

struct interface *radios_named(struct radios *r, const char *name)
{
    struct interface *interface = NULL;

    while ((interface = radios_next_interface(r, interface)) != NULL &&
           strcmp(interface->is.name, name) != 0)
        ;
    return interface;
}

bool interface_is_ap(const struct interface *interface)
{
    return interface->is.type == NL80211_IFTYPE_AP || interface->is.type == NL80211_IFTYPE_AP_VLAN;
}

struct interface *radios_operating(struct radios *r, const struct radio *radio)
{
    struct interface *interface = NULL;
    struct interface *found = NULL;

    while ((interface = radios_next_interface(r, interface)) != NULL) {
        if (interface->is.has_wiphy && interface->is.wiphy == radio->is.index &&
            interface->is.type == NL80211_IFTYPE_AP && interface->is.frequency != 0 &&
            (found == NULL || interface->is.ifindex < found->is.ifindex))
            found = interface;
    }
    return found;
}

/* --- wiphys --- */

static struct radio *add(struct radios *r, uint32_t wiphy)
{
    uint16_t handle = 0;
    size_t i = 0;

    while (i < RADIOS_MAX && r->radios[i].used)
        i++;
    if (i < RADIOS_MAX && handles_take(r->handles, &handle)) {
        r->radios[i] = (struct radio){.used = true,
                                      .handle = handle,
                                      .is = {.has_index = true, .index = wiphy},
                                      .slot = RADIO_NO_SLOT};
        return &r->radios[i];
    }
    if (!r->radios_full_said)
        log_warning("more than %zu radios: the others are not used", i);
    r->radios_full_said = true;
    return NULL;
}

static void forget(struct radios *r, struct radio *radio)
{
    log_info("radio %s is gone", radio->is.name);
    r->events->radio_gone(r->context, radio);
    handles_give_back(r->handles, radio->handle);
    radio->used = false;
}

void radios_begin(struct radios *r)
{
    for (size_t i = 0; i < RADIOS_MAX; i++)
        r->radios[i].seen = false;
}

void radios_put(struct radios *r, const struct nl80211_wiphy *piece)
{
    struct radio *radio = piece->has_index ? find(r, piece->index) : NULL;

    if (radio == NULL && piece->has_index)
        radio = add(r, piece->index);
    if (radio == NULL)
        return;
    radio->seen = true;
    radio->is.bands |= piece->bands;
    if (piece->name[0] != '\0')
        memcpy(radio->is.name, piece->name, sizeof(radio->is.name));
    if (piece->antennas != 0)
        radio->is.antennas = piece->antennas;
    if (piece->has_mac) {
        radio->is.has_mac = true;
        radio->is.mac = piece->mac;
        r->events->mac_told(r->context, &piece->mac);
    }
}

/* Lower bands first, as in boxes whose slot 0 is 2.4 GHz; then the order of the wiphys. */
static bool is_before(const struct radio *x, const struct radio *y)
{
    uint8_t x_band = x->is.bands & (uint8_t)-x->is.bands; /* the lowest bit */
    uint8_t y_band = y->is.bands & (uint8_t)-y->is.bands;

    return x_band != y_band ? x_band < y_band : x->is.index < y->is.index;
}

static uint8_t free_slot(struct radios *r)
{
    uint8_t slot = 0;

    for (struct radio *radio = radios_next(r, NULL); radio != NULL;) {
        bool taken = radio->slot == slot;
        slot += taken;
        radio = radios_next(r, taken ? NULL : radio); /* once more from the start */
    }
    return slot;
}

/*
 * As long as a radio was never told as an AP its number is open: while a machine boots, radios come
 * up in any order, and must be numbered as after a restart, when all are there.
 */
static void give_slots(struct radios *r)
{
    struct radio *first;

    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (!r->radios[i].slot_fixed)
            r->radios[i].slot = RADIO_NO_SLOT;
    }
    do {
        first = NULL;
        for (struct radio *radio = radios_next(r, NULL); radio != NULL;
             radio = radios_next(r, radio)) {
            if (radio->slot == RADIO_NO_SLOT && (first == NULL || is_before(radio, first)))
                first = radio;
        }
        if (first != NULL)
            first->slot = free_slot(r);
    } while (first != NULL);
}

void radios_complete(struct radios *r)
{
    for (struct radio *radio = radios_next(r, NULL); radio != NULL; radio = radios_next(r, radio)) {
        if (!radio->seen)
            forget(r, radio);
        else if (!radio->found_said)
            log_info("radio %s found", radio->is.name);
        radio->found_said = true;
    }
    give_slots(r);
}

void radios_fix_slot(struct radios *r, const struct radio *radio)
{
    r->radios[radio_index(r, radio)].slot_fixed = true;
}

/* --- interfaces --- */

void radios_begin_interfaces(struct radios *r)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++)
        r->interfaces[i].seen = false;
}

static struct interface *add_interface(struct radios *r)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        if (r->interfaces[i].used)
            continue;
        r->interfaces[i] = (struct interface){.used = true};
        return &r->interfaces[i];
    }
    if (!r->interfaces_full_said)
        log_warning("more than %d wireless interfaces: the others are not used", INTERFACES_MAX);
    r->interfaces_full_said = true;
    return NULL;
}

void radios_put_interface(struct radios *r, const struct nl80211_interface *is)
{
    struct interface *interface = is->has_ifindex ? radios_interface(r, is->ifindex) : NULL;

    if (interface != NULL)
        r->events->interface_told(r->context, interface, is);
    else if (is->has_ifindex)
        interface = add_interface(r);
    if (interface == NULL)
        return;
    interface->is = *is;
    interface->seen = true;
}

static void forget_interface(struct radios *r, struct interface *interface)
{
    r->events->interface_gone(r->context, interface);
    interface->used = false;
}

void radios_complete_interfaces(struct radios *r)
{
    for (struct interface *interface = radios_next_interface(r, NULL); interface != NULL;
         interface = radios_next_interface(r, interface)) {
        if (!interface->seen)
            forget_interface(r, interface);
    }
}

void radios_forget(struct radios *r)
{
    for (struct radio *radio = radios_next(r, NULL); radio != NULL; radio = radios_next(r, radio))
        forget(r, radio);
    for (struct interface *interface = radios_next_interface(r, NULL); interface != NULL;
         interface = radios_next_interface(r, interface))
        forget_interface(r, interface);
}
