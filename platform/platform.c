/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/platform.h"

#include "platform/nl80211/nl80211.h"

#include <stdlib.h>

/* One source today; hostapd's sockets and a monitor interface will stand beside it. */
struct platform {
    struct nl80211 *nl80211;
};

struct platform *platform_new(struct loop *loop, const struct platform_options *options,
                              const struct radio_events *events, void *events_context)
{
    const struct nl80211_options nl80211_options = {
        .ap_capacity = options->ap_capacity,
        .event_buffer_bytes = options->event_buffer_bytes,
    };
    struct platform *platform = calloc(1, sizeof(*platform));

    if (platform == NULL)
        return NULL;
    platform->nl80211 = nl80211_new(loop, &nl80211_options, events, events_context);
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
