/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/own-aps.h"

#include "agent/base/log.h"
#include "platform/nl80211/link.h"

#include <linux/nl80211.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What a server need not hear of again: smaller changes are noise themselves. */
enum { NOISE_STEP = 2, UTILISATION_STEP = 13 };

static const struct own_ap nothing = {.noise = RADIO_DB_UNKNOWN,
                                      .utilisation = RADIO_UTILISATION_UNKNOWN};

void own_aps_init(struct own_aps *a, struct radios *radios, struct loop *loop,
                  const struct radio_sink *sink)
{
    *a = (struct own_aps){.radios = radios, .loop = loop, .sink = *sink};
    for (size_t i = 0; i < RADIOS_MAX; i++)
        a->aps[i] = nothing;
}

static struct own_ap *ap_of(struct own_aps *a, const struct radio *radio)
{
    return &a->aps[radio_index(a->radios, radio)];
}

/* NULL if it is no radio's. */
static struct own_ap *ap_at(struct own_aps *a, const struct interface *interface)
{
    const struct radio *radio = radios_of(a->radios, interface);

    return radio != NULL ? ap_of(a, radio) : NULL;
}

/* --- which settings --- */

static struct own_ap *remembered(struct own_aps *a, const char *ifname)
{
    for (EACH_RADIO(radio, a->radios)) {
        if (strcmp(ap_of(a, radio)->choice.ifname, ifname) == 0)
            return ap_of(a, radio);
    }
    return NULL;
}

static void match_entry(struct own_aps *a, const struct settings_radio *entry, bool by_memory)
{
    const struct interface *interface = radios_named(a->radios, entry->ifname);
    struct own_ap *ap = interface != NULL ? ap_at(a, interface) : NULL;

    if (by_memory)
        ap = ap == NULL ? remembered(a, entry->ifname) : NULL;
    if (ap == NULL)
        return;
    if (ap->entry == NULL) {
        ap->entry = entry;
        return;
    }
    if (!ap->conflict_said && !by_memory)
        log_warning("radio %s: the settings of %s are not used: those of %s, on the same radio, "
                    "stand before them",
                    a->radios->radios[ap - a->aps].is.name, entry->ifname, ap->entry->ifname);
    ap->conflict_said = true;
}

/* The position among those that share the AP MAC, in the order of the configuration. */
static uint8_t own_slot(const struct settings_radios *settings, const struct settings_radio *entry)
{
    unsigned slot = 0;

    for (const struct settings_radio *other = settings->radios; other != entry; other++) {
        if (other->has_ap_mac && mac_equal(&other->ap_mac, &entry->ap_mac))
            slot++;
    }
    return slot < RADIO_NO_SLOT ? (uint8_t)slot : RADIO_NO_SLOT - 1;
}

static void choose(const struct settings_radios *settings, struct own_ap *ap)
{
    const struct settings_radio *entry = ap->entry;
    struct own_ap_choice choice = {.poll_seconds = settings->default_poll_seconds};
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
    ap->choice = choice;
}

void own_aps_match(struct own_aps *a)
{
    const struct settings_radios *settings = a->settings;

    for (size_t i = 0; i < RADIOS_MAX; i++)
        a->aps[i].entry = NULL;
    for (size_t i = 0; i < settings->radio_count; i++)
        match_entry(a, &settings->radios[i], false);
    for (size_t i = 0; i < settings->radio_count; i++)
        match_entry(a, &settings->radios[i], true);
    for (EACH_RADIO(radio, a->radios))
        choose(settings, ap_of(a, radio));
}

void own_aps_configure(struct own_aps *a, const struct settings_radios *settings)
{
    a->settings = settings;
    for (size_t i = 0; i < RADIOS_MAX; i++)
        a->aps[i].conflict_said = false;
}

void own_aps_renamed(struct own_aps *a, const struct interface *interface)
{
    struct own_ap *ap = ap_at(a, interface);

    if (ap != NULL && strcmp(ap->choice.ifname, interface->is.name) == 0)
        ap->choice.ifname[0] = '\0';
}

/* --- noise and load --- */

void own_aps_channel_changed(struct own_aps *a, const struct interface *interface)
{
    struct own_ap *ap = ap_at(a, interface);

    if (ap == NULL)
        return;
    ap->noise = RADIO_DB_UNKNOWN;
    ap->utilisation = RADIO_UTILISATION_UNKNOWN;
    ap->active = 0;
    ap->busy = 0;
}

void own_aps_take_survey(struct own_aps *a, const struct radio *radio,
                         const struct nl80211_survey *survey)
{
    struct own_ap *ap = ap_of(a, radio);
    uint64_t active = survey->active - ap->active;
    uint64_t busy = survey->busy - ap->busy;
    bool comparable = ap->active != 0 && survey->active > ap->active && survey->busy >= ap->busy &&
                      busy <= active;

    if (survey->noise < 0)
        ap->noise = survey->noise;
    if (!survey->has_active || !survey->has_busy)
        return;
    if (comparable && active < UINT32_MAX) /* 49 days: more is no difference of two polls */
        ap->utilisation = (uint8_t)(busy * 254 / active);
    ap->active = survey->active;
    ap->busy = survey->busy;
}

void own_aps_set_clients(struct own_aps *a, const struct radio *radio, size_t count)
{
    ap_of(a, radio)->clients = (uint16_t)count;
}

/* --- which AP --- */

bool own_aps_offer_mac(struct own_aps *a, const struct mac *mac, bool wired)
{
    bool better = wired != a->own_mac_wired ? wired : link_mac_before(mac, &a->own_mac);

    if (a->has_own_mac && (a->links_known || !better))
        return false;
    a->own_mac = *mac;
    a->own_mac_wired = wired;
    a->has_own_mac = true;
    return true;
}

void own_aps_keep_mac(struct own_aps *a)
{
    a->links_known = true;
}

bool own_aps_base_mac(const struct own_aps *a, struct mac *mac)
{
    bool configured = a->settings != NULL && a->settings->has_base_mac;

    if (!configured && !(a->has_own_mac && a->links_known))
        return false;
    *mac = configured ? a->settings->base_mac : a->own_mac;
    return true;
}

/* What the AP is: its MAC and slot. False if the radio is none. */
static bool identify(struct own_aps *a, const struct radio *radio, struct radio_ap *is)
{
    const struct own_ap *ap = ap_of(a, radio);
    struct mac base;
    bool has_base = own_aps_base_mac(a, &base);

    if (!ap->was_ap || radio->slot == RADIO_NO_SLOT || ap->choice.disabled)
        return false;
    is->ap = radio->handle;
    is->mac = ap->choice.ap_mac;
    is->slot = ap->choice.own_slot;
    if (ap->choice.has_ap_mac && !(has_base && mac_equal(&is->mac, &base)))
        return true;
    is->mac = base;
    is->slot = radio->slot;
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
static void describe_medium(const struct own_ap *ap, struct radio_ap *now)
{
    now->noise = ap->noise;
    now->utilisation = ap->utilisation;
    if (!ap->told || !ap->is.up)
        return;
    if (now->noise != RADIO_DB_UNKNOWN && ap->is.noise != RADIO_DB_UNKNOWN &&
        step(ap->is.noise, now->noise) < NOISE_STEP)
        now->noise = ap->is.noise;
    if (now->utilisation != RADIO_UTILISATION_UNKNOWN &&
        ap->is.utilisation != RADIO_UTILISATION_UNKNOWN &&
        step(ap->is.utilisation, now->utilisation) < UTILISATION_STEP)
        now->utilisation = ap->is.utilisation;
}

static bool describe(struct own_aps *a, const struct radio *radio, struct radio_ap *now)
{
    const struct interface *interface = radios_operating(a->radios, radio);
    const struct own_ap *ap = ap_of(a, radio);

    *now = (struct radio_ap){.tx_power = RADIO_DB_UNKNOWN,
                             .noise = RADIO_DB_UNKNOWN,
                             .utilisation = RADIO_UTILISATION_UNKNOWN,
                             .band = only_band(radio->is.bands)};
    if (!identify(a, radio, now))
        return false;
    memcpy(now->name, ap->choice.name, sizeof(now->name));
    now->clients = ap->clients;
    if (interface == NULL)
        return true;
    now->up = true;
    now->up_since = ap->told && ap->is.up ? ap->is.up_since : loop_now(a->loop);
    now->band = nl80211_band(interface->is.frequency);
    now->channel = nl80211_channel(interface->is.frequency);
    now->width = interface->is.width;
    now->tx_power = interface->is.tx_power;
    describe_medium(ap, now);
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

/* --- telling --- */

static void log_ap(struct own_aps *a, const struct radio *radio)
{
    const struct interface *interface = radios_operating(a->radios, radio);
    const struct radio_ap *is = &ap_of(a, radio)->is;
    char mac[MAC_TEXT_SIZE];

    if (interface != NULL)
        log_info("radio %s: slot %u of AP %s, up on %s, channel %u, %u MHz", radio->is.name,
                 (unsigned)is->slot, mac_text(&is->mac, mac), interface->is.name,
                 (unsigned)is->channel, (unsigned)is->width);
    else
        log_info("radio %s: slot %u of AP %s, down", radio->is.name, (unsigned)is->slot,
                 mac_text(&is->mac, mac));
}

static void tell_gone(struct own_aps *a, const struct radio *radio)
{
    ap_of(a, radio)->told = false;
    radio_tell(&a->sink, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = radio->handle});
}

void own_aps_radio_gone(struct own_aps *a, const struct radio *radio)
{
    if (own_aps_told(a, radio))
        tell_gone(a, radio);
    *ap_of(a, radio) = nothing;
}

/* Withdraws what this radio is no more. True if it is no AP any more. */
static bool withdraw(struct own_aps *a, const struct radio *radio)
{
    struct radio_ap now;
    bool is_ap = describe(a, radio, &now);

    if (!own_aps_told(a, radio) || (is_ap && same_identity(&now, &ap_of(a, radio)->is)))
        return false;
    tell_gone(a, radio);
    if (!is_ap)
        log_info("radio %s: not used any more", radio->is.name);
    return !is_ap;
}

/* True if it was not told before. */
static bool tell(struct own_aps *a, const struct radio *radio)
{
    struct own_ap *ap = ap_of(a, radio);
    bool first = !ap->told;
    struct radio_ap now;

    if (!describe(a, radio, &now) || (!first && same_ap(&now, &ap->is)))
        return false;
    bool say = first || !same_operation(&now, &ap->is);
    ap->is = now;
    ap->told = true;
    radios_fix_slot(a->radios, radio);
    radio_tell(&a->sink, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = now});
    if (say)
        log_ap(a, radio);
    return first;
}

static void tell_capabilities(struct own_aps *a)
{
    bool can = false;

    for (EACH_RADIO(radio, a->radios))
        can = can || own_aps_told(a, radio);
    if (can == a->can)
        return;
    a->can = can;
    radio_tell(&a->sink, &(struct radio_event){.kind = RADIO_CAPABILITIES,
                                               .capabilities = can ? RADIO_CAN_CLIENTS : 0});
}

/* All that goes, goes before anything comes: two radios may have swapped their slots. */
struct own_aps_changes own_aps_tell(struct own_aps *a)
{
    struct own_aps_changes changes = {0};

    for (EACH_INTERFACE(interface, a->radios)) {
        struct own_ap *ap = interface_is_ap(interface) ? ap_at(a, interface) : NULL;
        if (ap != NULL)
            ap->was_ap = true;
    }
    for (EACH_RADIO(radio, a->radios))
        changes.left |= (uint32_t)withdraw(a, radio) << radio_index(a->radios, radio);
    for (EACH_RADIO(radio, a->radios))
        changes.came |= (uint32_t)tell(a, radio) << radio_index(a->radios, radio);
    tell_capabilities(a);
    return changes;
}

/* --- in words --- */

struct text {
    char *at;
    size_t left;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int len = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    size_t used = len < 0 ? 0 : (size_t)len;
    if (used >= text->left)
        used = text->left > 0 ? text->left - 1 : 0;
    text->at += used;
    text->left -= used;
}

static void say_radio(struct own_aps *a, const struct radio *radio, struct text *text)
{
    static const char *const bands[] = {"unknown band", "2.4 GHz", "5 GHz", "6 GHz"};
    const struct interface *interface = radios_operating(a->radios, radio);
    const struct own_ap *ap = ap_of(a, radio);
    uint8_t band = ap->is.band < sizeof(bands) / sizeof(bands[0]) ? ap->is.band : 0;

    say(text, "%s (", radio->is.name);
    if (ap->choice.disabled)
        say(text, "disabled)");
    else if (!ap->was_ap)
        say(text, "no AP interface)");
    else if (!ap->told)
        say(text, "no MAC for its AP: set the base MAC)");
    else if (interface == NULL)
        say(text, "down)");
    else
        say(text, "%s, %s channel %u, %u %s)", interface->is.name, bands[band],
            (unsigned)ap->is.channel, (unsigned)ap->clients,
            ap->clients == 1 ? "client" : "clients");
}

void own_aps_describe(struct own_aps *a, char *t, size_t size)
{
    struct text text = {t, size};
    size_t count = 0;
    size_t said = 0;

    for (EACH_RADIO(radio, a->radios))
        count++;
    if (count == 0) {
        say(&text, "no radios: nl80211 is available, but has no wiphy here; one is picked up when "
                   "it appears");
        return;
    }
    say(&text, "%zu %s: ", count, count == 1 ? "radio" : "radios");
    for (unsigned slot = 0; slot < RADIOS_MAX; slot++) {
        for (EACH_RADIO(radio, a->radios)) {
            if (radio->slot != slot)
                continue;
            if (said++ > 0)
                say(&text, ", ");
            say_radio(a, radio, &text);
        }
    }
}
