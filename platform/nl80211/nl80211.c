/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/nl80211.h"

#include "agent/base/log.h"
#include "platform/nl80211/link.h"
#include "platform/nl80211/poll.h"

#include <linux/netlink.h>
#include <linux/nl80211.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OVERRUN_MS = 100, /* lets a burst of events end before everything is dumped again */
    RETRY_MS = 5000,  /* after a dump of wiphys or interfaces that failed */
};

struct nl80211 {
    struct source_setup setup;
    const struct settings_radios *settings;
    struct nl80211_counters counters;
    struct source_counters counted;
    struct family_listener listener;
    struct netlink *routes; /* links, and the events about them */

    struct radios radios;
    struct own_aps aps;
    struct clients clients;
    struct poll poll;
    bool running[INTERFACES_MAX]; /* as rtnetlink told it last */

    bool want_wiphys; /* to be dumped again, as soon as the dump under way is done */
    bool want_interfaces;
    bool dumping;
    uint8_t attempts;
    bool available_said;
    bool missing_said;
    bool overrun_said;
    struct loop_timer resync_timer;
    struct loop_deferred settle;
};

#define COUNTER(name, member)                                       \
    {                                                               \
        "stations/" name, offsetof(struct nl80211_counters, member) \
    }
static const struct counter counter_table[] = {COUNTER("dumps", dumps),
                                               COUNTER("dumps-interrupted", dumps_interrupted),
                                               COUNTER("dumps-abandoned", dumps_abandoned),
                                               COUNTER("overruns", overruns),
                                               COUNTER("timeouts", timeouts),
                                               COUNTER("errors", errors),
                                               COUNTER("invalid-samples", invalid_samples),
                                               COUNTER("malformed", malformed),
                                               COUNTER("untracked", untracked),
                                               {NULL, 0}};

/* --- settling: what follows from changed tables ---------------------------------------------- */

static bool should_collect(struct nl80211 *n, const struct interface *interface)
{
    const struct radio *radio = radios_of(&n->radios, interface);

    if (radio == NULL || own_aps_of(&n->aps, radio)->choice.disabled || !interface_is_ap(interface))
        return false;
    if (interface->is.type == NL80211_IFTYPE_AP)
        return interface->is.frequency != 0;
    return radios_operating(&n->radios, radio) != NULL;
}

/* Whose interface operates no more has no clients there. */
static void stop_collecting(struct nl80211 *n)
{
    for (EACH_INTERFACE(interface, &n->radios)) {
        if (clients_collected(&n->clients, interface) && !should_collect(n, interface))
            clients_drop(&n->clients, interface);
    }
}

static void start_collecting(struct nl80211 *n)
{
    for (EACH_INTERFACE(interface, &n->radios)) {
        const struct radio *radio = radios_of(&n->radios, interface);
        if (clients_collected(&n->clients, interface) || !should_collect(n, interface) ||
            !own_aps_told(&n->aps, radio))
            continue;
        clients_collect(&n->clients, interface);
        poll_now(&n->poll, radio);
    }
}

static void tell_aps(struct nl80211 *n)
{
    struct own_aps_changes changes = own_aps_tell(&n->aps);

    for (EACH_RADIO(radio, &n->radios)) {
        uint32_t bit = UINT32_C(1) << radio_index(&n->radios, radio);
        if ((changes.left & bit) != 0)
            clients_forget(&n->clients, radio);
        if ((changes.came & bit) != 0)
            clients_tell_again(&n->clients, radio);
    }
}

static void settle(void *context)
{
    struct nl80211 *n = context;

    if (n->settings == NULL)
        return;
    own_aps_match(&n->aps);
    stop_collecting(n);
    tell_aps(n);
    if (n->setup.interfaces_changed != NULL)
        n->setup.interfaces_changed(n->setup.interfaces_context);
    start_collecting(n);
    poll_schedule(&n->poll);
}

/* At the end of this turn. */
static void settle_later(void *context)
{
    struct nl80211 *n = context;

    loop_defer(n->setup.loop, &n->settle, settle, n);
}

/* --- what changes in the tables -------------------------------------------------------------- */

static void on_radio_gone(void *context, const struct radio *radio)
{
    struct nl80211 *n = context;

    own_aps_radio_gone(&n->aps, radio);
    clients_radio_gone(&n->clients, radio);
    poll_radio_gone(&n->poll, radio);
}

static void on_interface_gone(void *context, const struct interface *interface)
{
    struct nl80211 *n = context;

    clients_drop(&n->clients, interface);
    poll_interface_gone(&n->poll, interface);
    n->running[interface_index(&n->radios, interface)] = false;
}

static void on_interface_told(void *context, const struct interface *interface,
                              const struct nl80211_interface *now)
{
    struct nl80211 *n = context;
    const struct nl80211_interface *was = &interface->is;

    if (strcmp(was->name, now->name) != 0) {
        own_aps_renamed(&n->aps, interface);
        clients_changed(&n->clients, interface);
    }
    if (was->frequency != now->frequency)
        own_aps_channel_changed(&n->aps, interface);
    if (was->ssid_len != now->ssid_len || memcmp(was->ssid, now->ssid, now->ssid_len) != 0)
        clients_changed(&n->clients, interface);
}

static void offer_mac(struct nl80211 *n, const struct mac *mac, bool wired)
{
    if (own_aps_offer_mac(&n->aps, mac, wired))
        settle_later(n);
}

static void on_mac_told(void *context, const struct mac *mac)
{
    offer_mac(context, mac, false);
}

static const struct radios_events table_events = {.radio_gone = on_radio_gone,
                                                  .interface_gone = on_interface_gone,
                                                  .interface_told = on_interface_told,
                                                  .mac_told = on_mac_told};

/* --- links: permanent MACs, and what nl80211 tells nobody ------------------------------------ */

static void look_again(struct nl80211 *n, bool wiphys);

static void on_link(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct nl80211 *n = context;
    struct link link;

    (void)tag;
    if (message->type != RTM_NEWLINK)
        return;
    if (!link_parse(message->body, &link)) {
        n->counters.malformed++;
        return;
    }
    if (link.ethernet && link.has_permanent)
        offer_mac(n, &link.permanent, radios_interface(&n->radios, link.ifindex) == NULL);
}

static void on_links_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct nl80211 *n = context;

    (void)tag;
    if (result == NETLINK_OK || result == NETLINK_REFUSED) {
        own_aps_keep_mac(&n->aps);
        if (result == NETLINK_REFUSED)
            log_warning("the network interfaces cannot be listed (%s): the base MAC is that of a "
                        "radio; `nmsp base-mac` sets it",
                        strerror(error));
        look_again(n, false); /* a device without permanent MACs takes what its radios have */
    } else {
        loop_timer_start(&n->resync_timer, RETRY_MS);
    }
    settle_later(n);
}

static void request_links(void *context)
{
    struct nl80211 *n = context;
    struct netlink_request request = {.type = RTM_GETLINK,
                                      .dump = true,
                                      .context = n,
                                      .on_message = on_link,
                                      .on_done = on_links_done};

    if (!n->aps.links_known && !netlink_request(n->routes, &request))
        loop_timer_start(&n->resync_timer, RETRY_MS);
}

static void on_link_event(void *context, const struct netlink_message *message)
{
    struct nl80211 *n = context;
    struct link link;

    if (message->type != RTM_NEWLINK || !link_parse(message->body, &link) || link.wireless_event)
        return;
    const struct interface *interface = radios_interface(&n->radios, link.ifindex);
    if (interface == NULL)
        return;
    bool *running = &n->running[interface_index(&n->radios, interface)];
    if (*running == link.running && strcmp(interface->is.name, link.name) == 0)
        return;
    *running = link.running;
    look_again(n, false);
}

/* --- dumps of wiphys and interfaces ---------------------------------------------------------- */

static void next_dump(struct nl80211 *n);

static void on_wiphy(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct nl80211 *n = context;
    struct nl80211_wiphy piece;

    (void)tag;
    if (nl80211_parse_wiphy(message->body, &piece))
        radios_put(&n->radios, &piece);
    else
        n->counters.malformed++;
}

static void on_interface(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct nl80211 *n = context;
    struct nl80211_interface interface;

    (void)tag;
    if (nl80211_parse_interface(message->body, &interface))
        radios_put_interface(&n->radios, &interface);
    else
        n->counters.malformed++;
}

/* True if the dump is complete. Otherwise it is wanted again: at once if it was interrupted, a few
 * times; else later. */
static bool dump_is_over(struct nl80211 *n, enum netlink_result result, bool *wanted)
{
    n->dumping = false;
    if (result == NETLINK_OK) {
        n->attempts = 0;
        return true;
    }
    if (!family_available(n->setup.family))
        return false;
    if (result == NETLINK_TIMED_OUT)
        n->counters.timeouts++;
    else if (result == NETLINK_REFUSED)
        n->counters.errors++;
    if (result == NETLINK_INTERRUPTED && ++n->attempts < POLL_DUMP_ATTEMPTS) {
        *wanted = true;
        return false;
    }
    n->attempts = 0;
    loop_timer_start(&n->resync_timer, RETRY_MS);
    return false;
}

static void on_wiphys_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct nl80211 *n = context;

    (void)tag;
    (void)error;
    if (dump_is_over(n, result, &n->want_wiphys)) {
        radios_complete(&n->radios);
        settle_later(n);
    }
    next_dump(n);
}

/* The MAC of a wireless interface counts if nothing else was found. */
static void on_interfaces_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct nl80211 *n = context;

    (void)tag;
    (void)error;
    if (dump_is_over(n, result, &n->want_interfaces)) {
        radios_complete_interfaces(&n->radios);
        for (EACH_INTERFACE(interface, &n->radios)) {
            if (interface->is.has_mac && n->aps.links_known)
                offer_mac(n, &interface->is.mac, false);
        }
        settle_later(n);
        request_links(n);
    }
    next_dump(n);
}

static bool request_dump(struct nl80211 *n, uint8_t command,
                         void (*on_message)(void *, uint32_t, const struct netlink_message *),
                         void (*on_done)(void *, uint32_t, enum netlink_result, int))
{
    struct netlink_request request = {.command = command,
                                      .dump = true,
                                      .context = n,
                                      .on_message = on_message,
                                      .on_done = on_done};

    if (command == NL80211_CMD_GET_WIPHY)
        netlink_add_flag(&request, NL80211_ATTR_SPLIT_WIPHY_DUMP);
    return family_request(n->setup.family, &request);
}

static void next_dump(struct nl80211 *n)
{
    if (n->dumping || !family_available(n->setup.family))
        return;
    if (n->want_wiphys) {
        n->want_wiphys = false;
        radios_begin(&n->radios);
        n->dumping = request_dump(n, NL80211_CMD_GET_WIPHY, on_wiphy, on_wiphys_done);
    } else if (n->want_interfaces) {
        n->want_interfaces = false;
        radios_begin_interfaces(&n->radios);
        n->dumping = request_dump(n, NL80211_CMD_GET_INTERFACE, on_interface, on_interfaces_done);
    } else {
        return;
    }
    if (!n->dumping)
        loop_timer_start(&n->resync_timer, RETRY_MS);
}

static void look_again(struct nl80211 *n, bool wiphys)
{
    n->want_wiphys = n->want_wiphys || wiphys;
    n->want_interfaces = true;
    next_dump(n);
}

static void look_at_interfaces(void *context)
{
    look_again(context, false);
}

/* --- the family ------------------------------------------------------------------------------ */

static void on_available(void *context)
{
    struct nl80211 *n = context;

    if (!n->available_said)
        log_info("nl80211 is available");
    n->available_said = true;
    n->missing_said = false;
    look_again(n, true);
    for (EACH_RADIO(radio, &n->radios)) {
        if (own_aps_told(&n->aps, radio))
            poll_now(&n->poll, radio);
    }
}

static void on_missing(void *context)
{
    struct nl80211 *n = context;

    n->available_said = false;
    n->want_wiphys = false;
    n->want_interfaces = false;
    radios_forget(&n->radios);
    settle_later(n);
    request_links(n);
    if (n->missing_said)
        return;
    n->missing_said = true;
    log_warning("nl80211 is not available: the kernel has no generic netlink family nl80211 (is "
                "cfg80211 loaded?); radios are picked up when it appears");
}

/* Everything once more: the family may have come, gone or been replaced meanwhile. */
static void on_resync(void *context)
{
    family_resolve(((struct nl80211 *)context)->setup.family);
}

static void on_overrun(void *context)
{
    struct nl80211 *n = context;

    n->counters.overruns++;
    if (!n->overrun_said)
        log_warning("events of the kernel were lost; all radios and stations are read again (said "
                    "once, then only counted)");
    n->overrun_said = true;
    if (!loop_timer_running(&n->resync_timer) ||
        n->resync_timer.at > loop_now(n->setup.loop) + OVERRUN_MS)
        loop_timer_start(&n->resync_timer, OVERRUN_MS);
}

/* --- events ---------------------------------------------------------------------------------- */

/*
 * A new station may only have authenticated, which anybody can without end, and most drivers do not
 * say. Then the early round tells who is associated.
 */
static void on_station_event(struct nl80211 *n, const struct netlink_message *message)
{
    struct nl80211_station station;

    if (!nl80211_parse_station(message->body, &station)) {
        n->counters.malformed++;
        return;
    }
    const struct interface *interface =
        station.has_ifindex ? radios_interface(&n->radios, station.ifindex) : NULL;
    if (interface == NULL || !clients_collected(&n->clients, interface) || !station.has_mac)
        return;
    if (message->command == NL80211_CMD_DEL_STATION) {
        poll_disturbed(&n->poll, interface);
        clients_lost(&n->clients, interface, &station.mac);
        return;
    }
    const struct radio *radio = radios_of(&n->radios, interface);
    if (station.flags_known != 0)
        clients_seen(&n->clients, interface, &station);
    if (radio != NULL)
        poll_soon(&n->poll, radio, POLL_SOON_ATTEMPTS);
}

static void on_event(void *context, const struct netlink_message *message)
{
    struct nl80211 *n = context;

    switch (message->command) {
    case NL80211_CMD_NEW_STATION:
    case NL80211_CMD_DEL_STATION:
        on_station_event(n, message);
        break;
    case NL80211_CMD_NEW_WIPHY:
    case NL80211_CMD_DEL_WIPHY:
        look_again(n, true);
        break;
    case NL80211_CMD_NEW_INTERFACE:
    case NL80211_CMD_DEL_INTERFACE:
    case NL80211_CMD_SET_INTERFACE:
    case NL80211_CMD_CH_SWITCH_NOTIFY:
    case NL80211_CMD_START_AP:
    case NL80211_CMD_STOP_AP:
        look_again(n, false);
        break;
    default:
        break;
    }
}

/* --- life ------------------------------------------------------------------------------------ */

static bool set_up(struct nl80211 *n)
{
    const struct source_setup *setup = &n->setup;
    const struct netlink_options routes = {.protocol = NETLINK_ROUTE,
                                           .receive_buffer = setup->event_buffer_bytes,
                                           .io = setup->io,
                                           .io_context = setup->io_context,
                                           .context = n,
                                           .event = on_link_event,
                                           .overrun = on_overrun};

    n->radios = (struct radios){.handles = setup->handles, .events = &table_events, .context = n};
    own_aps_init(&n->aps, &n->radios, setup->loop, &setup->sink);
    n->clients = (struct clients){.radios = &n->radios,
                                  .aps = &n->aps,
                                  .loop = setup->loop,
                                  .sink = setup->sink,
                                  .counters = &n->counters,
                                  .changed = settle_later,
                                  .context = n};
    n->poll = (struct poll){.family = setup->family,
                            .radios = &n->radios,
                            .aps = &n->aps,
                            .clients = &n->clients,
                            .loop = setup->loop,
                            .counters = &n->counters,
                            .look_again = look_at_interfaces,
                            .changed = settle_later,
                            .context = n};
    n->routes = netlink_new(setup->loop, &routes);
    return n->routes != NULL && clients_init(&n->clients) == 0 && poll_init(&n->poll) == 0 &&
           loop_timer_init(setup->loop, &n->resync_timer, on_resync, n) == 0;
}

void *nl80211_new(const struct source_setup *setup)
{
    struct nl80211 *n = calloc(1, sizeof(*n));

    if (n == NULL)
        return NULL;
    n->setup = *setup;
    if (!set_up(n)) {
        nl80211_free(n);
        return NULL;
    }
    source_counters_add(setup->counters, &n->counted, counter_table, &n->counters);
    n->listener = (struct family_listener){.groups = 1U << FAMILY_CONFIG | 1U << FAMILY_MLME,
                                           .context = n,
                                           .available = on_available,
                                           .missing = on_missing,
                                           .failed = request_links,
                                           .event = on_event,
                                           .overrun = on_overrun};
    return n;
}

void nl80211_free(void *nl80211)
{
    struct nl80211 *n = nl80211;

    if (n == NULL)
        return;
    netlink_free(n->routes);
    clients_fini(&n->clients);
    poll_fini(&n->poll);
    loop_timer_fini(&n->resync_timer);
    loop_deferred_cancel(n->setup.loop, &n->settle);
    free(n);
}

/* The kernel answers while it is asked: after this the radios are known, or known not to be there.
 */
static void start(struct nl80211 *n)
{
    int result = netlink_join(n->routes, RTNLGRP_LINK);

    if (result < 0)
        log_warning("interfaces that are renamed or taken down are not noticed at once (%s)",
                    strerror(-result));
    family_listen(n->setup.family, &n->listener);
    family_resolve(n->setup.family);
    family_flush(n->setup.family);
    netlink_flush(n->routes);
}

void nl80211_configure(void *nl80211, const struct settings_radios *settings)
{
    struct nl80211 *n = nl80211;
    bool first = n->settings == NULL;

    n->settings = settings;
    own_aps_configure(&n->aps, settings);
    clients_configure(&n->clients, settings);
    if (first)
        start(n);
    settle(n);
}

bool nl80211_base_mac(void *nl80211, struct mac *mac)
{
    const struct nl80211 *n = nl80211;

    return own_aps_base_mac(&n->aps, mac);
}

void nl80211_describe(void *nl80211, char *text, size_t size)
{
    struct nl80211 *n = nl80211;

    if (family_available(n->setup.family))
        own_aps_describe(&n->aps, text, size);
    else
        (void)snprintf(text, size,
                       "no radios: nl80211 is not available (looked for the generic netlink family "
                       "nl80211, which the kernel module cfg80211 brings); they are picked up when "
                       "it appears");
}

/* --- the inventory --------------------------------------------------------------------------- */

static void tell_interface(struct nl80211 *n, const struct interface *interface,
                           struct inventory_interface *out)
{
    const struct radio *radio = radios_of(&n->radios, interface);

    *out = (struct inventory_interface){
        .ifindex = interface->is.ifindex,
        .wiphy = interface->is.wiphy,
        .mac = interface->is.mac,
        .is_ap = interface_is_ap(interface),
        .is_vlan = interface->is.type == NL80211_IFTYPE_AP_VLAN,
        .is_monitor = interface->is.type == NL80211_IFTYPE_MONITOR,
        .is_station = interface->is.type == NL80211_IFTYPE_STATION,
        .is_disabled = radio != NULL && own_aps_of(&n->aps, radio)->choice.disabled,
    };
    memcpy(out->name, interface->is.name, sizeof(out->name));
    if (!own_aps_told(&n->aps, radio))
        return;
    out->has_ap = true;
    out->ap = own_aps_of(&n->aps, radio)->is;
}

static bool find_interface(void *nl80211, size_t *index, struct inventory_interface *out)
{
    struct nl80211 *n = nl80211;

    for (EACH_INTERFACE(interface, &n->radios)) {
        if (*index == 0) {
            tell_interface(n, interface, out);
            return true;
        }
        (*index)--;
    }
    return false;
}

static bool is_own(void *nl80211, const struct mac *bssid)
{
    struct nl80211 *n = nl80211;
    const struct interface *interface = radios_next_interface(&n->radios, NULL);

    while (interface != NULL && !(interface_is_ap(interface) && interface->is.has_mac &&
                                  mac_equal(&interface->is.mac, bssid)))
        interface = radios_next_interface(&n->radios, interface);
    return interface != NULL;
}

static bool is_client(void *nl80211, const struct mac *station)
{
    return clients_have(&((const struct nl80211 *)nl80211)->clients, station);
}

const struct inventory_operations nl80211_inventory = {
    .interface = find_interface, .is_own = is_own, .is_client = is_client};
