/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/internal.h"

#include "agent/base/log.h"
#include "platform/nl80211/link.h"

#include <linux/nl80211.h>
#include <stdlib.h>
#include <string.h>

/* What a server need not hear of again: smaller changes are noise themselves. */
enum { NOISE_STEP = 2, UTILISATION_STEP = 13 };

/* --- finding --- */

struct radio *radio_find(struct nl80211 *n, uint32_t wiphy)
{
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (n->radios[i].used && n->radios[i].is.index == wiphy)
            return &n->radios[i];
    }
    return NULL;
}

struct radio *radio_of(struct nl80211 *n, const struct interface *interface)
{
    return interface->is.has_wiphy ? radio_find(n, interface->is.wiphy) : NULL;
}

struct interface *interface_find(struct nl80211 *n, uint32_t ifindex)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        if (n->interfaces[i].used && n->interfaces[i].is.ifindex == ifindex)
            return &n->interfaces[i];
    }
    return NULL;
}

static bool on_radio(const struct interface *interface, const struct radio *radio)
{
    return interface->used && interface->is.has_wiphy && interface->is.wiphy == radio->is.index;
}

bool interface_is_ap(const struct interface *interface)
{
    return interface->is.type == NL80211_IFTYPE_AP || interface->is.type == NL80211_IFTYPE_AP_VLAN;
}

struct interface *radio_operating(struct nl80211 *n, const struct radio *radio)
{
    struct interface *found = NULL;

    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        struct interface *interface = &n->interfaces[i];
        if (on_radio(interface, radio) && interface->is.type == NL80211_IFTYPE_AP &&
            interface->is.frequency != 0 &&
            (found == NULL || interface->is.ifindex < found->is.ifindex))
            found = interface;
    }
    return found;
}

/* --- wiphys --- */

static struct radio *radio_add(struct nl80211 *n, uint32_t wiphy)
{
    uint16_t handle = 0;
    size_t i = 0;

    while (i < RADIOS_MAX && n->radios[i].used)
        i++;
    if (i < RADIOS_MAX && handles_take(n->setup.handles, &handle)) {
        struct radio *radio = &n->radios[i];
        *radio = (struct radio){.used = true,
                                .handle = handle,
                                .is = {.has_index = true, .index = wiphy},
                                .slot = NO_SLOT,
                                .noise = RADIO_DB_UNKNOWN,
                                .utilisation = RADIO_UTILISATION_UNKNOWN};
        stations_init(&radio->stations, &n->key);
        return radio;
    }
    if (!n->radios_full_said)
        log_warning("more than %zu radios: the others are not used", i);
    n->radios_full_said = true;
    return NULL;
}

static void tell_gone(struct nl80211 *n, const struct radio *radio)
{
    radio_tell(&n->setup.sink, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = radio->handle});
}

static void radio_remove(struct nl80211 *n, struct radio *radio)
{
    log_info("radio %s is gone", radio->is.name);
    if (radio->told)
        tell_gone(n, radio);
    handles_give_back(n->setup.handles, radio->handle);
    stations_fini(&radio->stations);
    radio->used = false;
}

void radios_dump_begins(struct nl80211 *n)
{
    for (size_t i = 0; i < RADIOS_MAX; i++)
        n->radios[i].seen = false;
}

void radio_put(struct nl80211 *n, const struct nl80211_wiphy *piece)
{
    struct radio *radio = piece->has_index ? radio_find(n, piece->index) : NULL;

    if (radio == NULL && piece->has_index)
        radio = radio_add(n, piece->index);
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
        base_mac_offer(n, &piece->mac, false);
    }
}

/* Lower bands first, as in boxes whose slot 0 is 2.4 GHz; then the order of the wiphys. */
static bool radio_before(const struct radio *x, const struct radio *y)
{
    uint8_t x_band = x->is.bands & (uint8_t)-x->is.bands; /* the lowest bit */
    uint8_t y_band = y->is.bands & (uint8_t)-y->is.bands;

    return x_band != y_band ? x_band < y_band : x->is.index < y->is.index;
}

static uint8_t free_slot(const struct nl80211 *n)
{
    uint8_t slot = 0;

    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (n->radios[i].used && n->radios[i].slot == slot) {
            slot++;
            i = (size_t)-1; /* once more from the start */
        }
    }
    return slot;
}

/*
 * As long as a radio was never told as an AP its number is open: while a machine boots, radios come
 * up in any order, and must be numbered as after a restart, when all are there.
 */
static void give_slots(struct nl80211 *n)
{
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (!n->radios[i].was_told)
            n->radios[i].slot = NO_SLOT;
    }
    for (;;) {
        struct radio *first = NULL;
        for (size_t i = 0; i < RADIOS_MAX; i++) {
            struct radio *radio = &n->radios[i];
            if (radio->used && radio->slot == NO_SLOT &&
                (first == NULL || radio_before(radio, first)))
                first = radio;
        }
        if (first == NULL)
            return;
        first->slot = free_slot(n);
    }
}

void radios_dump_complete(struct nl80211 *n)
{
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        struct radio *radio = &n->radios[i];
        if (!radio->used)
            continue;
        if (!radio->seen)
            radio_remove(n, radio);
        else if (!radio->found_said)
            log_info("radio %s found", radio->is.name);
        radio->found_said = true;
    }
    give_slots(n);
    settle_later(n);
}

/* --- interfaces --- */

void interfaces_dump_begins(struct nl80211 *n)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++)
        n->interfaces[i].seen = false;
}

static struct interface *interface_add(struct nl80211 *n)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        if (n->interfaces[i].used)
            continue;
        n->interfaces[i] = (struct interface){.used = true};
        return &n->interfaces[i];
    }
    if (!n->interfaces_full_said)
        log_warning("more than %d wireless interfaces: the others are not used", INTERFACES_MAX);
    n->interfaces_full_said = true;
    return NULL;
}

/*
 * Settings stay with a radio while its interface is away, because a restart of hostapd may take it
 * down and make it anew. An interface that got another name has left them.
 */
static void renamed(struct nl80211 *n, const struct interface *interface)
{
    struct radio *radio = radio_of(n, interface);

    if (radio != NULL && strcmp(radio->choice.ifname, interface->is.name) == 0)
        radio->choice.ifname[0] = '\0';
}

/* Noise and load were those of another channel. */
static void channel_changed(struct nl80211 *n, const struct interface *interface)
{
    struct radio *radio = radio_of(n, interface);

    if (radio == NULL)
        return;
    radio->noise = RADIO_DB_UNKNOWN;
    radio->utilisation = RADIO_UTILISATION_UNKNOWN;
    radio->active = 0;
    radio->busy = 0;
}

static bool forget_interface_of(void *context, struct station *station)
{
    const uint32_t *ifindex = context;

    if (station->ifindex == *ifindex)
        station->ifindex = 0;
    return false;
}

/* Its clients are told anew when they are listed next. */
static void ssid_changed(struct nl80211 *n, const struct interface *interface)
{
    struct radio *radio = radio_of(n, interface);
    uint32_t ifindex = interface->is.ifindex;

    if (radio != NULL)
        stations_sweep(&radio->stations, forget_interface_of, &ifindex);
}

void interface_put(struct nl80211 *n, const struct nl80211_interface *is)
{
    struct interface *interface = is->has_ifindex ? interface_find(n, is->ifindex) : NULL;

    if (interface != NULL) {
        if (strcmp(interface->is.name, is->name) != 0)
            renamed(n, interface);
        if (interface->is.frequency != is->frequency)
            channel_changed(n, interface);
        if (interface->is.ssid_len != is->ssid_len ||
            memcmp(interface->is.ssid, is->ssid, is->ssid_len) != 0)
            ssid_changed(n, interface);
    } else if (is->has_ifindex) {
        interface = interface_add(n);
    }
    if (interface == NULL)
        return;
    interface->is = *is;
    interface->seen = true;
}

static void interface_remove(struct nl80211 *n, struct interface *interface)
{
    clients_drop_interface(n, interface);
    poll_forget(n, interface);
    interface->used = false;
}

void interfaces_dump_complete(struct nl80211 *n)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        struct interface *interface = &n->interfaces[i];
        if (interface->used && !interface->seen)
            interface_remove(n, interface);
        else if (interface->used && interface->is.has_mac && n->links_known)
            base_mac_offer(n, &interface->is.mac, false); /* counts if nothing else was found */
    }
    settle_later(n);
}

void radios_forget(struct nl80211 *n)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++)
        n->interfaces[i].used = false;
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (n->radios[i].used)
            radio_remove(n, &n->radios[i]);
    }
    settle_later(n);
}

/* --- which settings --- */

static struct radio *radio_named(struct nl80211 *n, const char *ifname)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        struct interface *interface = &n->interfaces[i];
        if (interface->used && strcmp(interface->is.name, ifname) == 0)
            return radio_of(n, interface);
    }
    return NULL;
}

static struct radio *radio_remembered(struct nl80211 *n, const char *ifname)
{
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (n->radios[i].used && strcmp(n->radios[i].choice.ifname, ifname) == 0)
            return &n->radios[i];
    }
    return NULL;
}

static void match_entry(struct nl80211 *n, const struct settings_radio *entry, bool remembered)
{
    struct radio *radio = radio_named(n, entry->ifname);

    if (remembered)
        radio = radio == NULL ? radio_remembered(n, entry->ifname) : NULL;
    if (radio == NULL)
        return;
    if (radio->entry == NULL) {
        radio->entry = entry;
        return;
    }
    if (!radio->conflict_said && !remembered)
        log_warning("radio %s: the settings of %s are not used: those of %s, on the same radio, "
                    "stand before them",
                    radio->is.name, entry->ifname, radio->entry->ifname);
    radio->conflict_said = true;
}

/* The place among those that share the AP MAC, in the order of the configuration. */
static uint8_t own_slot(const struct settings_radios *settings, const struct settings_radio *entry)
{
    unsigned slot = 0;

    for (const struct settings_radio *other = settings->radios; other != entry; other++) {
        if (other->has_ap_mac && mac_equal(&other->ap_mac, &entry->ap_mac))
            slot++;
    }
    return slot < NO_SLOT ? (uint8_t)slot : NO_SLOT - 1;
}

static void choose(const struct settings_radios *settings, struct radio *radio)
{
    const struct settings_radio *entry = radio->entry;
    struct radio_choice choice = {.poll_seconds = settings->default_poll_seconds};
    const char *name = settings->hostname;

    if (entry != NULL) {
        memcpy(choice.ifname, entry->ifname, sizeof(choice.ifname));
        choice.disabled = entry->disabled;
        choice.has_ap_mac = entry->has_ap_mac;
        choice.ap_mac = entry->ap_mac;
        choice.poll_seconds = entry->poll_seconds;
        if (entry->has_ap_mac)
            choice.own_slot = own_slot(settings, entry);
        if (entry->ap_name[0] != '\0')
            name = entry->ap_name;
    }
    memcpy(choice.name, name, strnlen(name, sizeof(choice.name) - 1));
    if (choice.poll_seconds != radio->choice.poll_seconds)
        radio->next_poll = 0;
    radio->choice = choice;
}

void radios_match(struct nl80211 *n)
{
    const struct settings_radios *settings = n->settings;

    for (size_t i = 0; i < RADIOS_MAX; i++)
        n->radios[i].entry = NULL;
    for (size_t i = 0; i < settings->radio_count; i++)
        match_entry(n, &settings->radios[i], false);
    for (size_t i = 0; i < settings->radio_count; i++)
        match_entry(n, &settings->radios[i], true);
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (n->radios[i].used)
            choose(settings, &n->radios[i]);
    }
}

/* --- which AP --- */

void base_mac_offer(struct nl80211 *n, const struct mac *mac, bool wired)
{
    bool better = wired != n->own_mac_wired ? wired : link_mac_before(mac, &n->own_mac);

    if (n->has_own_mac && (n->links_known || !better))
        return;
    n->own_mac = *mac;
    n->own_mac_wired = wired;
    n->has_own_mac = true;
    settle_later(n);
}

bool nl80211_base_mac(void *nl80211, struct mac *mac)
{
    const struct nl80211 *n = nl80211;
    bool configured = n->settings != NULL && n->settings->has_base_mac;

    if (!configured && !(n->has_own_mac && n->links_known))
        return false;
    *mac = configured ? n->settings->base_mac : n->own_mac;
    return true;
}

/* What the AP is: its MAC and slot. False if the radio is none. */
static bool identify(struct nl80211 *n, const struct radio *radio, struct radio_ap *ap)
{
    struct mac base;
    bool has_base = nl80211_base_mac(n, &base);

    if (!radio->was_ap || radio->slot == NO_SLOT || radio->choice.disabled)
        return false;
    ap->ap = radio->handle;
    ap->mac = radio->choice.ap_mac;
    ap->slot = radio->choice.own_slot;
    if (radio->choice.has_ap_mac && !(has_base && mac_equal(&ap->mac, &base)))
        return true;
    ap->mac = base;
    ap->slot = radio->slot;
    return has_base;
}

/* A radio of one band is in it even while it is off. */
static uint8_t only_band(uint8_t bands)
{
    for (unsigned band = RADIO_BAND_2GHZ; band <= RADIO_BAND_6GHZ; band++) {
        if (bands == 1U << band)
            return (uint8_t)band;
    }
    return RADIO_BAND_UNKNOWN;
}

static int step(int was, int is)
{
    return was > is ? was - is : is - was;
}

/* A new value that hardly differs from the one that was told keeps that one. */
static void describe_medium(const struct radio *radio, struct radio_ap *ap)
{
    ap->noise = radio->noise;
    ap->utilisation = radio->utilisation;
    if (!radio->told || !radio->ap.up)
        return;
    if (ap->noise != RADIO_DB_UNKNOWN && radio->ap.noise != RADIO_DB_UNKNOWN &&
        step(radio->ap.noise, ap->noise) < NOISE_STEP)
        ap->noise = radio->ap.noise;
    if (ap->utilisation != RADIO_UTILISATION_UNKNOWN &&
        radio->ap.utilisation != RADIO_UTILISATION_UNKNOWN &&
        step(radio->ap.utilisation, ap->utilisation) < UTILISATION_STEP)
        ap->utilisation = radio->ap.utilisation;
}

static bool describe_ap(struct nl80211 *n, const struct radio *radio, struct radio_ap *ap)
{
    const struct interface *interface = radio_operating(n, radio);

    *ap = (struct radio_ap){.tx_power = RADIO_DB_UNKNOWN,
                            .noise = RADIO_DB_UNKNOWN,
                            .utilisation = RADIO_UTILISATION_UNKNOWN,
                            .band = only_band(radio->is.bands)};
    if (!identify(n, radio, ap))
        return false;
    memcpy(ap->name, radio->choice.name, sizeof(ap->name));
    ap->clients = (uint16_t)radio->stations.count;
    if (interface == NULL)
        return true;
    ap->up = true;
    ap->up_since = radio->told && radio->ap.up ? radio->ap.up_since : loop_now(n->setup.loop);
    ap->band = nl80211_band(interface->is.frequency);
    ap->channel = nl80211_channel(interface->is.frequency);
    ap->width = interface->is.width;
    ap->tx_power = interface->is.tx_power;
    describe_medium(radio, ap);
    return true;
}

static bool same_identity(const struct radio_ap *x, const struct radio_ap *y)
{
    return x->slot == y->slot && mac_equal(&x->mac, &y->mac);
}

static bool same_operation(const struct radio_ap *x, const struct radio_ap *y)
{
    return x->up == y->up && x->up_since == y->up_since && x->band == y->band &&
           x->channel == y->channel && x->width == y->width;
}

static bool same_ap(const struct radio_ap *x, const struct radio_ap *y)
{
    return same_identity(x, y) && same_operation(x, y) && x->tx_power == y->tx_power &&
           x->noise == y->noise && x->utilisation == y->utilisation && x->clients == y->clients &&
           strcmp(x->name, y->name) == 0;
}

static void log_ap(struct nl80211 *n, const struct radio *radio)
{
    const struct interface *interface = radio_operating(n, radio);
    char mac[MAC_TEXT_SIZE];

    if (interface != NULL)
        log_info("radio %s: slot %u of AP %s, up on %s, channel %u, %u MHz", radio->is.name,
                 (unsigned)radio->ap.slot, mac_text(&radio->ap.mac, mac), interface->is.name,
                 (unsigned)radio->ap.channel, (unsigned)radio->ap.width);
    else
        log_info("radio %s: slot %u of AP %s, down", radio->is.name, (unsigned)radio->ap.slot,
                 mac_text(&radio->ap.mac, mac));
}

/* Withdraws what this radio is no more. */
static void withdraw(struct nl80211 *n, struct radio *radio)
{
    struct radio_ap now;
    bool is_ap = describe_ap(n, radio, &now);

    if (!radio->told || (is_ap && same_identity(&now, &radio->ap)))
        return;
    radio->told = false;
    tell_gone(n, radio);
    if (is_ap)
        return;
    stations_clear(&radio->stations);
    log_info("radio %s: not used any more", radio->is.name);
}

static void tell(struct nl80211 *n, struct radio *radio)
{
    bool first = !radio->told;
    struct radio_ap now;

    if (!describe_ap(n, radio, &now) || (!first && same_ap(&now, &radio->ap)))
        return;
    bool say = first || !same_operation(&now, &radio->ap);
    radio->ap = now;
    radio->told = true;
    radio->was_told = true;
    radio_tell(&n->setup.sink, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = now});
    if (say)
        log_ap(n, radio);
    if (first)
        clients_tell_again(n, radio);
}

static void tell_working(struct nl80211 *n)
{
    bool working = false;

    for (size_t i = 0; i < RADIOS_MAX; i++)
        working = working || (n->radios[i].used && n->radios[i].told);
    if (working == n->working)
        return;
    n->working = working;
    radio_tell(&n->setup.sink,
               &(struct radio_event){.kind = RADIO_CAPABILITIES,
                                     .capabilities = working ? RADIO_CAN_CLIENTS : 0});
}

/* All that goes, goes before anything comes: two radios may have swapped their places. */
void radios_tell(struct nl80211 *n)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        struct radio *radio = n->interfaces[i].used && interface_is_ap(&n->interfaces[i])
                                  ? radio_of(n, &n->interfaces[i])
                                  : NULL;
        if (radio != NULL)
            radio->was_ap = true;
    }
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (n->radios[i].used)
            withdraw(n, &n->radios[i]);
    }
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (n->radios[i].used)
            tell(n, &n->radios[i]);
    }
    tell_working(n);
}
