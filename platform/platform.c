/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/platform.h"

#include "platform/nl80211/nl80211.h"

#include <stdlib.h>

/* Every source of readings. Each can fail alone. */
enum source_id { SOURCE_NL80211, SOURCES };

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

static void forward_client_joined(void *context, const struct radio_client *client)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->client_joined(platform->events_context, client);
}

static void forward_client_left(void *context, uint16_t ap, const struct mac *device)
{
    const struct platform *platform = ((struct source *)context)->platform;
    platform->events->client_left(platform->events_context, ap, device);
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
    (void)context;
}

/* --- life ------------------------------------------------------------------------------------ */

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
    platform->events = events;
    platform->events_context = events_context;
    for (size_t i = 0; i < SOURCES; i++)
        platform->sources[i].platform = platform;
    platform->nl80211 =
        nl80211_new(loop, &nl80211_options, &forward, &platform->sources[SOURCE_NL80211]);
    if (platform->nl80211 == NULL) {
        free(platform);
        return NULL;
    }
    return platform;
}

void platform_free(struct platform *platform)
{
    if (platform == NULL)
        return;
    nl80211_free(platform->nl80211);
    free(platform);
}

/* --- operations ------------------------------------------------------------------------------ */

static void configure(void *platform, const struct settings_radios *settings)
{
    nl80211_configure(((struct platform *)platform)->nl80211, settings);
}

static bool base_mac(void *platform, struct mac *mac)
{
    return nl80211_base_mac(((struct platform *)platform)->nl80211, mac);
}

static void describe(void *platform, char *text, size_t size)
{
    nl80211_describe(((struct platform *)platform)->nl80211, text, size);
}

static void counters(void *platform, struct radio_counters *out)
{
    nl80211_counters(((struct platform *)platform)->nl80211, out);
}

const struct radio_operations *platform_operations(void)
{
    static const struct radio_operations operations = {
        .configure = configure, .base_mac = base_mac, .describe = describe, .counters = counters};

    return &operations;
}
