/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/platform.h"

#include "platform/air/monitor.h"
#include "platform/air/rogues.h"
#include "platform/air/scan.h"
#include "platform/helper/helper.h"
#include "platform/hostapd/hostapd.h"
#include "platform/neighbours/neighbours.h"
#include "platform/nl80211/nl80211.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every source of readings. Each can fail alone. */
enum source_id {
    SOURCE_NL80211,
    SOURCE_HOSTAPD,
    SOURCE_NEIGHBOURS,
    SOURCE_SCAN,
    SOURCE_MONITOR,
    SOURCES
};

/* The context of a source's events: whose they are, so that what works can be put together. */
struct source {
    struct platform *platform;
    uint32_t works; /* as it said last */
};

struct platform {
    const struct radio_events *events;
    void *events_context;
    uint32_t works; /* as was told last */
    struct source sources[SOURCES];
    struct nl80211 *nl80211;
    struct hostapd *hostapd;
    struct neighbours *neighbours;
    struct helper *helper;
    struct rogues *rogues; /* as both of the following heard them */
    struct scan *scan;
    struct monitor *monitor;
};

/* --- events of all sources ------------------------------------------------------------------- */

static void forward_ap_changed(void *context, const struct radio_ap *ap)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->ap_changed(platform->events_context, ap);
}

static void forward_ap_gone(void *context, uint16_t ap)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->ap_gone(platform->events_context, ap);
}

static void forward_sample(void *context, const struct radio_sample *sample)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->sample(platform->events_context, sample);
}

/* The agent knows it before anything else of it is told. */
static void forward_client_joined(void *context, const struct radio_client *client)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->client_joined(platform->events_context, client);
    hostapd_client_joined(platform->hostapd, client);
    neighbours_client_joined(platform->neighbours);
}

static void forward_client_left(void *context, uint16_t ap, const struct mac *device)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->client_left(platform->events_context, ap, device);
    neighbours_client_left(platform->neighbours);
}

static void forward_client_user(void *context, const struct radio_user *user)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->client_user(platform->events_context, user);
}

static void forward_address(void *context, const struct radio_address *address)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->address(platform->events_context, address);
}

static void forward_statistics(void *context, const struct radio_statistics *statistics)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->statistics(platform->events_context, statistics);
}

static void forward_rogue(void *context, const struct radio_rogue *rogue)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->rogue(platform->events_context, rogue);
}

static void forward_tag(void *context, const struct radio_tag *tag)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->tag(platform->events_context, tag);
}

/* Any source that works is enough. */
static void merge_works(void *context, uint32_t works)
{
    struct source *source = context;
    struct platform *platform = source->platform;
    uint32_t all = 0;

    source->works = works;
    for (size_t i = 0; i < SOURCES; i++)
        all |= platform->sources[i].works;
    if (all == platform->works)
        return;
    platform->works = all;
    platform->events->working_changed(platform->events_context, all);
}

static const struct radio_events forward = {
    .ap_changed = forward_ap_changed,
    .ap_gone = forward_ap_gone,
    .sample = forward_sample,
    .client_joined = forward_client_joined,
    .client_left = forward_client_left,
    .client_user = forward_client_user,
    .address = forward_address,
    .statistics = forward_statistics,
    .rogue = forward_rogue,
    .tag = forward_tag,
    .working_changed = merge_works,
};

/* Interfaces came, went or changed: the sources that stand on them look again. */
static void on_places_changed(void *context)
{
    struct platform *platform = context;

    hostapd_places_changed(platform->hostapd);
    scan_places_changed(platform->scan);
    monitor_places_changed(platform->monitor);
}

/* --- what the sources ask of nl80211 ---------------------------------------------------------- */

static bool find_place(void *context, size_t index, struct nl80211_place *place)
{
    return nl80211_place(((struct platform *)context)->nl80211, index, place);
}

static bool is_own(void *context, const struct mac *bssid)
{
    return nl80211_is_own(((struct platform *)context)->nl80211, bssid);
}

static bool is_client(void *context, const struct mac *station)
{
    return nl80211_is_client(((struct platform *)context)->nl80211, station);
}

/* --- life ------------------------------------------------------------------------------------ */

/* What hears APs that are not ours. False if memory is out. */
static bool add_rogue_sources(struct platform *platform, struct loop *loop)
{
    platform->helper = helper_new(loop);
    if (platform->nl80211 != NULL)
        platform->rogues = rogues_new(platform->nl80211);
    if (platform->helper == NULL || platform->rogues == NULL)
        return false;
    const struct scan_options options = {
        .nl80211 = platform->nl80211, .rogues = platform->rogues, .helper = platform->helper};
    platform->scan = scan_new(loop, &options, &forward, &platform->sources[SOURCE_SCAN]);
    platform->monitor = monitor_new(loop, platform->nl80211, platform->rogues, platform->helper,
                                    &forward, &platform->sources[SOURCE_MONITOR]);
    return platform->scan != NULL && platform->monitor != NULL;
}

struct platform *platform_new(struct loop *loop, const struct platform_options *options,
                              const struct radio_events *events, void *events_context)
{
    struct platform *platform = calloc(1, sizeof(*platform));

    if (platform == NULL)
        return NULL;
    const struct nl80211_options nl80211_options = {
        .ap_capacity = options->ap_capacity,
        .event_buffer_bytes = options->event_buffer_bytes,
        .changed = on_places_changed,
        .changed_context = platform,
    };
    const struct hostapd_surroundings surroundings = {
        .place = find_place, .is_own = is_own, .is_client = is_client, .context = platform};
    const struct neighbours_options neighbours_options = {.is_client = is_client,
                                                          .context = platform};
    platform->events = events;
    platform->events_context = events_context;
    for (size_t i = 0; i < SOURCES; i++)
        platform->sources[i].platform = platform;
    platform->nl80211 =
        nl80211_new(loop, &nl80211_options, &forward, &platform->sources[SOURCE_NL80211]);
    platform->hostapd =
        hostapd_new(loop, &surroundings, &forward, &platform->sources[SOURCE_HOSTAPD]);
    platform->neighbours =
        neighbours_new(loop, &neighbours_options, &forward, &platform->sources[SOURCE_NEIGHBOURS]);
    if (platform->nl80211 == NULL || platform->hostapd == NULL || platform->neighbours == NULL ||
        !add_rogue_sources(platform, loop)) {
        platform_free(platform);
        return NULL;
    }
    return platform;
}

void platform_free(struct platform *platform)
{
    if (platform == NULL)
        return;
    monitor_free(platform->monitor);
    scan_free(platform->scan);
    rogues_free(platform->rogues);
    helper_free(platform->helper);
    neighbours_free(platform->neighbours);
    hostapd_free(platform->hostapd);
    nl80211_free(platform->nl80211);
    free(platform);
}

/* --- operations ------------------------------------------------------------------------------ */

static void configure(void *context, const struct settings_radios *settings)
{
    struct platform *platform = context;

    neighbours_start(platform->neighbours);
    helper_set_path(platform->helper, settings->helper);
    nl80211_configure(platform->nl80211, settings);
    hostapd_configure(platform->hostapd, settings);
    scan_configure(platform->scan, settings);
    monitor_configure(platform->monitor, settings);
}

static bool base_mac(void *platform, struct mac *mac)
{
    return nl80211_base_mac(((struct platform *)platform)->nl80211, mac);
}

/* One more part of the sentence, if there is anything to say. */
static void add_part(char *text, size_t size, const char *part)
{
    size_t len = strnlen(text, size);

    if (part[0] != '\0' && len < size)
        (void)snprintf(text + len, size - len, "; %s", part);
}

static void describe(void *context, char *text, size_t size)
{
    const struct platform *platform = context;
    char part[256];

    nl80211_describe(platform->nl80211, text, size);
    hostapd_describe(platform->hostapd, part, sizeof(part));
    add_part(text, size, part);
}

static void counters(void *context, struct radio_counters *out)
{
    const struct platform *platform = context;

    nl80211_counters(platform->nl80211, out);
    hostapd_counters(platform->hostapd, out);
    neighbours_counters(platform->neighbours, out);
    scan_count(platform->scan, out);
    monitor_count(platform->monitor, out);
    rogues_count(platform->rogues, out);
}

const struct radio_operations *platform_operations(void)
{
    static const struct radio_operations operations = {
        .configure = configure, .base_mac = base_mac, .describe = describe, .counters = counters};

    return &operations;
}
