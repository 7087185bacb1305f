/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/bss.h"

#include "platform/nl80211/attr.h"

#include <linux/nl80211.h>
#include <string.h>

/* What the elements are read from, once all attributes are known. */
struct parts {
    uint16_t capability;
    struct cursor elements;
    bool has_elements; /* of the last frame of any kind; else the last beacon's */
};

static void take_signal(const struct attribute *attribute, struct nl80211_scan_result *bss)
{
    uint32_t raw;
    int32_t mbm;

    if (!attribute_u32(attribute, &raw))
        return;
    memcpy(&mbm, &raw, sizeof(mbm)); /* signed, and told as u32 */
    bss->has_signal = mbm < 0 && mbm > -12800;
    bss->bad_signal = !bss->has_signal;
    /* Rounded: -4950 is -50 as much as -49; but never up to 0. */
    if (bss->has_signal)
        bss->signal = (int8_t)(mbm > -50 ? -1 : mbm < -12750 ? -127 : (mbm - 50) / 100);
}

static void take_status(const struct attribute *attribute, struct nl80211_scan_result *bss)
{
    uint32_t status;

    if (attribute_u32(attribute, &status))
        bss->is_joined =
            status == NL80211_BSS_STATUS_ASSOCIATED || status == NL80211_BSS_STATUS_IBSS_JOINED;
}

static void take_fact(const struct attribute *attribute, struct nl80211_scan_result *bss,
                      struct parts *parts)
{
    switch (attribute->type) {
    case NL80211_BSS_BSSID:
        bss->has_bssid = attribute_mac(attribute, &bss->bssid);
        break;
    case NL80211_BSS_FREQUENCY:
        (void)attribute_u32(attribute, &bss->frequency);
        break;
    case NL80211_BSS_SIGNAL_MBM:
        take_signal(attribute, bss);
        break;
    case NL80211_BSS_SEEN_MS_AGO:
        bss->has_age = attribute_u32(attribute, &bss->age);
        break;
    case NL80211_BSS_LAST_SEEN_BOOTTIME:
        bss->has_boottime = attribute_u64(attribute, &bss->boottime);
        break;
    case NL80211_BSS_STATUS:
        take_status(attribute, bss);
        break;
    case NL80211_BSS_CAPABILITY:
        (void)attribute_u16(attribute, &parts->capability);
        break;
    case NL80211_BSS_INFORMATION_ELEMENTS:
        parts->elements = attribute->value;
        parts->has_elements = true;
        break;
    case NL80211_BSS_BEACON_IES:
        if (!parts->has_elements)
            parts->elements = attribute->value;
        break;
    default:
        break;
    }
}

bool nl80211_parse_bss(struct cursor body, struct nl80211_scan_result *bss)
{
    struct parts parts = {.elements = cursor_of(NULL, 0)};
    struct attribute attribute;
    struct attribute fact;

    *bss = (struct nl80211_scan_result){0};
    while (attribute_next(&body, &attribute)) {
        if (attribute.type != NL80211_ATTR_BSS)
            continue;
        while (attribute_next(&attribute.value, &fact))
            take_fact(&fact, bss, &parts);
        if (attribute.value.failed)
            return false;
    }
    dot11_parse_elements(parts.elements, parts.capability, &bss->network);
    return !body.failed;
}
