/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/nl80211.h"

#include "agent/base/log.h"
#include "platform/nl80211/internal.h"
#include "platform/nl80211/link.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/nl80211.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

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

/* --- settling: what follows from changed tables --- */

static bool should_poll(struct nl80211 *n, const struct interface *interface)
{
    const struct radio *radio = radio_of(n, interface);

    if (radio == NULL || radio->choice.disabled || !interface_is_ap(interface))
        return false;
    if (interface->is.type == NL80211_IFTYPE_AP)
        return interface->is.frequency != 0;
    return radio_operating(n, radio) != NULL;
}

/* Whose interface operates no more has no clients there. */
static void stop_polling(struct nl80211 *n)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        struct interface *interface = &n->interfaces[i];
        if (!interface->used || !interface->polled || should_poll(n, interface))
            continue;
        interface->polled = false;
        clients_drop_interface(n, interface);
    }
}

static void start_polling(struct nl80211 *n)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        struct interface *interface = &n->interfaces[i];
        if (!interface->used || interface->polled || !should_poll(n, interface))
            continue;
        struct radio *radio = radio_of(n, interface);
        if (radio == NULL || !radio->told)
            continue;
        interface->polled = true;
        poll_now(n, radio);
    }
}

static void settle(void *context)
{
    struct nl80211 *n = context;

    if (n->settings == NULL)
        return;
    radios_match(n);
    stop_polling(n);
    radios_tell(n);
    if (n->setup.interfaces_changed != NULL)
        n->setup.interfaces_changed(n->setup.interfaces_context);
    start_polling(n);
    poll_schedule(n);
}

void settle_later(struct nl80211 *n)
{
    loop_defer(n->setup.loop, &n->settle, settle, n);
}

/* --- links: permanent MACs, and what nl80211 tells nobody --- */

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
        base_mac_offer(n, &link.permanent, interface_find(n, link.ifindex) == NULL);
}

static void on_links_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct nl80211 *n = context;

    (void)tag;
    if (result == NETLINK_OK || result == NETLINK_REFUSED) {
        n->links_known = true;
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

static void request_links(struct nl80211 *n)
{
    struct netlink_request request = {.type = RTM_GETLINK,
                                      .dump = true,
                                      .context = n,
                                      .on_message = on_link,
                                      .on_done = on_links_done};

    if (!n->links_known && !netlink_request(n->routes, &request))
        loop_timer_start(&n->resync_timer, RETRY_MS);
}

static void on_link_event(void *context, const struct netlink_message *message)
{
    struct nl80211 *n = context;
    struct link link;

    if (message->type != RTM_NEWLINK || !link_parse(message->body, &link) || link.wireless_event)
        return;
    struct interface *interface = interface_find(n, link.ifindex);
    if (interface == NULL)
        return;
    if (interface->running == link.running && strcmp(interface->is.name, link.name) == 0)
        return;
    interface->running = link.running;
    look_again(n, false);
}

/* --- dumps of wiphys and interfaces --- */

static void next_dump(struct nl80211 *n);

static void on_wiphy(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct nl80211 *n = context;
    struct nl80211_wiphy piece;

    (void)tag;
    if (nl80211_parse_wiphy(message->body, &piece))
        radio_put(n, &piece);
    else
        n->counters.malformed++;
}

static void on_interface(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct nl80211 *n = context;
    struct nl80211_interface interface;

    (void)tag;
    if (nl80211_parse_interface(message->body, &interface))
        interface_put(n, &interface);
    else
        n->counters.malformed++;
}

static void count_failure(struct nl80211 *n, enum netlink_result result)
{
    if (result == NETLINK_TIMED_OUT)
        n->counters.timeouts++;
    else if (result == NETLINK_REFUSED)
        n->counters.errors++;
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
    if (!n->available)
        return false;
    count_failure(n, result);
    if (result == NETLINK_INTERRUPTED && ++n->attempts < DUMP_ATTEMPTS) {
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
    if (dump_is_over(n, result, &n->want_wiphys))
        radios_dump_complete(n);
    next_dump(n);
}

static void on_interfaces_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct nl80211 *n = context;

    (void)tag;
    (void)error;
    if (dump_is_over(n, result, &n->want_interfaces)) {
        interfaces_dump_complete(n);
        request_links(n);
    }
    next_dump(n);
}

static bool request_dump(struct nl80211 *n, uint8_t command,
                         void (*on_message)(void *, uint32_t, const struct netlink_message *),
                         void (*on_done)(void *, uint32_t, enum netlink_result, int))
{
    struct netlink_request request = {.type = n->family.id,
                                      .command = command,
                                      .dump = true,
                                      .context = n,
                                      .on_message = on_message,
                                      .on_done = on_done};

    if (command == NL80211_CMD_GET_WIPHY)
        netlink_add_flag(&request, NL80211_ATTR_SPLIT_WIPHY_DUMP);
    return netlink_request(n->requests, &request);
}

static void next_dump(struct nl80211 *n)
{
    if (n->dumping || !n->available)
        return;
    if (n->want_wiphys) {
        n->want_wiphys = false;
        radios_dump_begins(n);
        n->dumping = request_dump(n, NL80211_CMD_GET_WIPHY, on_wiphy, on_wiphys_done);
    } else if (n->want_interfaces) {
        n->want_interfaces = false;
        interfaces_dump_begins(n);
        n->dumping = request_dump(n, NL80211_CMD_GET_INTERFACE, on_interface, on_interfaces_done);
    } else {
        return;
    }
    if (!n->dumping)
        loop_timer_start(&n->resync_timer, RETRY_MS);
}

void look_again(struct nl80211 *n, bool wiphys)
{
    n->want_wiphys = n->want_wiphys || wiphys;
    n->want_interfaces = true;
    next_dump(n);
}

/* --- the family --- */

static void on_available(void *context, uint16_t id)
{
    struct nl80211 *n = context;

    (void)id;
    if (!n->available)
        log_info("nl80211 is available");
    n->available = true;
    n->missing_said = false;
    look_again(n, true);
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (n->radios[i].used && n->radios[i].told)
            poll_now(n, &n->radios[i]);
    }
}

static void on_missing(void *context)
{
    struct nl80211 *n = context;

    n->available = false;
    n->want_wiphys = false;
    n->want_interfaces = false;
    radios_forget(n);
    request_links(n);
    if (n->missing_said)
        return;
    n->missing_said = true;
    log_warning("nl80211 is not available: the kernel has no generic netlink family nl80211 (is "
                "cfg80211 loaded?); radios are picked up when it appears");
}

static void on_failed(void *context)
{
    struct nl80211 *n = context;

    request_links(n);
    loop_timer_start(&n->resync_timer, RETRY_MS);
}

/* Everything once more: the family may have come, gone or been replaced meanwhile. */
static void on_resync(void *context)
{
    struct nl80211 *n = context;

    family_resolve(&n->family);
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

/* --- events --- */

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
    struct interface *interface = station.has_ifindex ? interface_find(n, station.ifindex) : NULL;
    if (interface == NULL || !interface->polled || !station.has_mac)
        return;
    if (message->command == NL80211_CMD_DEL_STATION) {
        client_lost(n, interface, &station.mac);
        return;
    }
    struct radio *radio = radio_of(n, interface);
    if (station.flags_known != 0)
        client_seen(n, interface, &station);
    if (radio != NULL)
        poll_soon(n, radio, SOON_ATTEMPTS);
}

static void on_event(void *context, const struct netlink_message *message)
{
    struct nl80211 *n = context;

    if (message->type == GENL_ID_CTRL) {
        family_event(&n->family, message);
        return;
    }
    if (!n->available || message->type != n->family.id)
        return;
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

/* --- life --- */

static bool make_sockets(struct nl80211 *n)
{
    struct netlink_options options = {.protocol = NETLINK_GENERIC,
                                      .io = n->setup.io,
                                      .io_context = n->setup.io_context,
                                      .context = n};

    n->requests = netlink_new(n->setup.loop, &options);
    options.receive_buffer = n->setup.event_buffer_bytes;
    options.event = on_event;
    options.overrun = on_overrun;
    n->heard = netlink_new(n->setup.loop, &options);
    options.protocol = NETLINK_ROUTE;
    options.event = on_link_event;
    n->routes = netlink_new(n->setup.loop, &options);
    return n->requests != NULL && n->heard != NULL && n->routes != NULL;
}

void *nl80211_new(const struct source_setup *setup)
{
    struct nl80211 *n = calloc(1, sizeof(*n));

    if (n == NULL)
        return NULL;
    n->setup = *setup;
    source_counters_add(setup->counters, &n->counted, counter_table, &n->counters);
    if (siphash_key_random(&n->key) < 0 || !make_sockets(n) || poll_init(n) < 0 ||
        loop_timer_init(setup->loop, &n->resync_timer, on_resync, n) < 0) {
        nl80211_free(n);
        return NULL;
    }
    family_init(&n->family, &(struct family_spec){.name = NL80211_GENL_NAME,
                                                  .groups = {NL80211_MULTICAST_GROUP_CONFIG,
                                                             NL80211_MULTICAST_GROUP_MLME},
                                                  .requests = n->requests,
                                                  .events = n->heard,
                                                  .context = n,
                                                  .available = on_available,
                                                  .missing = on_missing,
                                                  .failed = on_failed});
    return n;
}

void nl80211_free(void *nl80211)
{
    struct nl80211 *n = nl80211;

    if (n == NULL)
        return;
    for (size_t i = 0; i < RADIOS_MAX; i++)
        stations_fini(&n->radios[i].stations);
    netlink_free(n->requests);
    netlink_free(n->heard);
    netlink_free(n->routes);
    poll_fini(n);
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
    family_resolve(&n->family);
    netlink_flush(n->requests);
    netlink_flush(n->routes);
}

void nl80211_configure(void *nl80211, const struct settings_radios *settings)
{
    struct nl80211 *n = nl80211;
    bool first = n->settings == NULL;

    n->settings = settings;
    if (first)
        start(n);
    for (size_t i = 0; i < RADIOS_MAX; i++)
        n->radios[i].conflict_said = false;
    settle(n);
}
