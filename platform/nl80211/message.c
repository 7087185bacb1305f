/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/message.h"

#include "platform/nl80211/attr.h"

#include <linux/nl80211.h>
#include <string.h>

/* Numbers that kernel headers of the toolchains we build with may lack; they are ABI. */
enum { ATTR_MLO_LINKS = 312, RATE_INFO_EHT_MCS = 19 };

/* --- channels --- */

uint8_t nl80211_band(uint32_t frequency)
{
    if (frequency >= 2400 && frequency < 2500)
        return RADIO_BAND_2GHZ;
    if (frequency >= 4900 && frequency <= 5925)
        return RADIO_BAND_5GHZ;
    if (frequency > 5925 && frequency <= 7125)
        return RADIO_BAND_6GHZ;
    return RADIO_BAND_UNKNOWN;
}

uint16_t nl80211_channel(uint32_t frequency)
{
    uint32_t channel = 0;

    switch (nl80211_band(frequency)) {
    case RADIO_BAND_2GHZ:
        channel = frequency == 2484 ? 14 : frequency > 2407 ? (frequency - 2407) / 5 : 0;
        break;
    case RADIO_BAND_5GHZ:
        channel = (frequency - (frequency < 5000 ? 4000 : 5000)) / 5;
        break;
    case RADIO_BAND_6GHZ:
        channel = frequency == 5935 ? 2 : frequency > 5950 ? (frequency - 5950) / 5 : 0;
        break;
    default:
        break;
    }
    return (uint16_t)channel;
}

static uint16_t width_of(uint32_t width)
{
    static const uint16_t widths[] = {
        [NL80211_CHAN_WIDTH_20_NOHT] = 20,
        [NL80211_CHAN_WIDTH_20] = 20,
        [NL80211_CHAN_WIDTH_40] = 40,
        [NL80211_CHAN_WIDTH_80] = 80,
        [NL80211_CHAN_WIDTH_80P80] = 160,
        [NL80211_CHAN_WIDTH_160] = 160,
        [NL80211_CHAN_WIDTH_5] = 5,
        [NL80211_CHAN_WIDTH_10] = 10,
        [8] = 1,
        [9] = 2,
        [10] = 4,
        [11] = 8,
        [12] = 16, /* S1G */
        [13] = 320,
    };

    return width < sizeof(widths) / sizeof(widths[0]) ? widths[width] : 0;
}

/* --- wiphy --- */

/* Each band of the nested list has its number as the attribute's type. */
static bool parse_bands(struct cursor list, uint8_t *bands)
{
    struct attribute band;

    while (attribute_next(&list, &band)) {
        if (band.type == NL80211_BAND_2GHZ)
            *bands |= 1U << RADIO_BAND_2GHZ;
        else if (band.type == NL80211_BAND_5GHZ)
            *bands |= 1U << RADIO_BAND_5GHZ;
        else if (band.type == NL80211_BAND_6GHZ)
            *bands |= 1U << RADIO_BAND_6GHZ;
    }
    return !list.failed;
}

static bool parse_addresses(struct cursor list, struct nl80211_wiphy *wiphy)
{
    struct attribute attribute;
    struct mac mac;

    while (attribute_next(&list, &attribute)) {
        if (!attribute_mac(&attribute, &mac))
            continue;
        if (!wiphy->has_mac || mac_compare(&mac, &wiphy->mac) < 0)
            wiphy->mac = mac;
        wiphy->has_mac = true;
    }
    return !list.failed;
}

bool nl80211_parse_wiphy(struct cursor body, struct nl80211_wiphy *wiphy)
{
    struct attribute attribute;
    bool good = true;

    *wiphy = (struct nl80211_wiphy){0};
    while (good && attribute_next(&body, &attribute)) {
        switch (attribute.type) {
        case NL80211_ATTR_WIPHY:
            wiphy->has_index = attribute_u32(&attribute, &wiphy->index);
            break;
        case NL80211_ATTR_WIPHY_NAME:
            attribute_text(&attribute, wiphy->name, sizeof(wiphy->name));
            break;
        case NL80211_ATTR_WIPHY_BANDS:
            good = parse_bands(attribute.value, &wiphy->bands);
            break;
        case NL80211_ATTR_WIPHY_ANTENNA_RX:
            (void)attribute_u32(&attribute, &wiphy->antennas);
            break;
        case NL80211_ATTR_MAC_ADDRS:
            good = parse_addresses(attribute.value, wiphy);
            break;
        default:
            break;
        }
    }
    return good && !body.failed;
}

/* --- interface --- */

static void take_tx_power(const struct attribute *attribute, struct nl80211_interface *interface)
{
    uint32_t raw;
    int32_t mbm;

    if (!attribute_u32(attribute, &raw))
        return;
    memcpy(&mbm, &raw, sizeof(mbm)); /* signed, and told as u32 */
    if (mbm > -12800 && mbm < 12800)
        interface->tx_power = (int8_t)(mbm / 100);
}

static void take_ssid(const struct attribute *attribute, struct nl80211_interface *interface)
{
    struct cursor value = attribute->value;
    size_t len = cursor_left(&value);
    const uint8_t *from = cursor_bytes(&value, len);

    if (len > RADIO_SSID_MAX || from == NULL)
        return;
    memcpy(interface->ssid, from, len);
    interface->ssid_len = (uint8_t)len;
}

static void take_width(const struct attribute *attribute, struct nl80211_interface *interface)
{
    uint32_t width;

    if (attribute_u32(attribute, &width))
        interface->width = width_of(width);
}

/* A Wi-Fi 7 AP has its channels in its links: the first one that operates stands for it. */
static bool parse_links(struct cursor links, struct nl80211_interface *interface)
{
    struct attribute link;
    struct attribute attribute;

    while (interface->frequency == 0 && attribute_next(&links, &link)) {
        while (attribute_next(&link.value, &attribute)) {
            if (attribute.type == NL80211_ATTR_WIPHY_FREQ)
                (void)attribute_u32(&attribute, &interface->frequency);
            else if (attribute.type == NL80211_ATTR_CHANNEL_WIDTH)
                take_width(&attribute, interface);
        }
        if (link.value.failed)
            return false;
    }
    return !links.failed;
}

static void take_interface(const struct attribute *attribute, struct nl80211_interface *interface)
{
    switch (attribute->type) {
    case NL80211_ATTR_IFINDEX:
        interface->has_ifindex = attribute_u32(attribute, &interface->ifindex);
        break;
    case NL80211_ATTR_WIPHY:
        interface->has_wiphy = attribute_u32(attribute, &interface->wiphy);
        break;
    case NL80211_ATTR_IFTYPE:
        (void)attribute_u32(attribute, &interface->type);
        break;
    case NL80211_ATTR_IFNAME:
        attribute_text(attribute, interface->name, sizeof(interface->name));
        break;
    case NL80211_ATTR_MAC:
        interface->has_mac = attribute_mac(attribute, &interface->mac);
        break;
    case NL80211_ATTR_SSID:
        take_ssid(attribute, interface);
        break;
    case NL80211_ATTR_WIPHY_FREQ:
        (void)attribute_u32(attribute, &interface->frequency);
        break;
    case NL80211_ATTR_CHANNEL_WIDTH:
        take_width(attribute, interface);
        break;
    case NL80211_ATTR_WIPHY_TX_POWER_LEVEL:
        take_tx_power(attribute, interface);
        break;
    default:
        break;
    }
}

bool nl80211_parse_interface(struct cursor body, struct nl80211_interface *interface)
{
    struct cursor links = cursor_of(NULL, 0);
    struct attribute attribute;

    *interface = (struct nl80211_interface){.tx_power = RADIO_DB_UNKNOWN};
    while (attribute_next(&body, &attribute)) {
        if (attribute.type == ATTR_MLO_LINKS)
            links = attribute.value;
        else
            take_interface(&attribute, interface);
    }
    return !body.failed && parse_links(links, interface);
}

/* --- station --- */

static enum nl80211_phy legacy_phy(uint32_t rate)
{
    /* 1, 2, 5.5 and 11 Mbit/s are DSSS and CCK; in units of 100 kbit/s */
    return rate == 10 || rate == 20 || rate == 55 || rate == 110 ? PHY_CCK : PHY_OFDM;
}

static enum nl80211_phy phy_of_rate(const struct attribute *attribute)
{
    uint16_t short_rate;
    uint32_t rate;

    switch (attribute->type) {
    case NL80211_RATE_INFO_MCS:
        return PHY_HT;
    case NL80211_RATE_INFO_VHT_MCS:
        return PHY_VHT;
    case NL80211_RATE_INFO_HE_MCS:
        return PHY_HE;
    case RATE_INFO_EHT_MCS:
        return PHY_EHT;
    case NL80211_RATE_INFO_BITRATE:
        return attribute_u16(attribute, &short_rate) && short_rate != 0 ? legacy_phy(short_rate)
                                                                        : PHY_UNKNOWN;
    case NL80211_RATE_INFO_BITRATE32:
        return attribute_u32(attribute, &rate) && rate != 0 ? legacy_phy(rate) : PHY_UNKNOWN;
    default:
        return PHY_UNKNOWN;
    }
}

/* In units of 100 kbit/s; what is faster than 6.5 Gbit/s is told in the longer attribute only. */
static void take_rate(const struct attribute *attribute, uint32_t *rate)
{
    uint16_t short_rate;
    uint32_t long_rate;

    if (attribute->type == NL80211_RATE_INFO_BITRATE32 && attribute_u32(attribute, &long_rate))
        *rate = long_rate < UINT32_MAX / 100 ? long_rate * 100 : UINT32_MAX;
    else if (attribute->type == NL80211_RATE_INFO_BITRATE && *rate == 0 &&
             attribute_u16(attribute, &short_rate))
        *rate = short_rate * 100U;
}

static bool parse_rate(struct cursor rate, struct nl80211_station *station, uint32_t *kbits)
{
    struct attribute attribute;

    while (attribute_next(&rate, &attribute)) {
        enum nl80211_phy phy = phy_of_rate(&attribute);
        if (phy > station->phy)
            station->phy = phy;
        take_rate(&attribute, kbits);
    }
    station->has_totals = station->has_totals || *kbits != 0;
    return !rate.failed;
}

/* One signed byte for each chain, whose number is the attribute's type. */
static bool parse_chains(struct cursor chains, struct nl80211_station *station)
{
    struct attribute chain;

    while (attribute_next(&chains, &chain)) {
        if (chain.type < NL80211_CHAINS_MAX && attribute_s8(&chain, &station->chains[chain.type]))
            station->chain_mask |= (uint8_t)(1U << chain.type);
    }
    return !chains.failed;
}

/* struct nl80211_sta_flag_update: which flags are told, and how they are. */
static void take_flags(struct cursor value, struct nl80211_station *station)
{
    uint32_t known = native_u32(&value);
    uint32_t flags = native_u32(&value);

    if (value.failed)
        return;
    station->flags_known = known;
    station->flags = flags;
}

static void take_total(const struct attribute *attribute, struct nl80211_station *station,
                       uint32_t *total)
{
    if (attribute_u32(attribute, total) && *total != 0)
        station->has_totals = true;
}

/* The older, shorter counter of bytes: where the longer one is told too, it does not count. */
static void take_short_total(const struct attribute *attribute, struct nl80211_station *station,
                             uint64_t *total)
{
    uint32_t value;

    if (!attribute_u32(attribute, &value) || value == 0)
        return;
    station->has_totals = true;
    if (*total == 0)
        *total = value;
}

static void take_long_total(const struct attribute *attribute, struct nl80211_station *station,
                            uint64_t *total)
{
    if (attribute_u64(attribute, total) && *total != 0)
        station->has_totals = true;
}

static void take_totals(const struct attribute *attribute, struct nl80211_station *station)
{
    switch (attribute->type) {
    case NL80211_STA_INFO_RX_BYTES:
        take_short_total(attribute, station, &station->rx_bytes);
        break;
    case NL80211_STA_INFO_TX_BYTES:
        take_short_total(attribute, station, &station->tx_bytes);
        break;
    case NL80211_STA_INFO_RX_BYTES64:
        take_long_total(attribute, station, &station->rx_bytes);
        break;
    case NL80211_STA_INFO_TX_BYTES64:
        take_long_total(attribute, station, &station->tx_bytes);
        break;
    case NL80211_STA_INFO_RX_PACKETS:
        take_total(attribute, station, &station->rx_packets);
        break;
    case NL80211_STA_INFO_TX_PACKETS:
        take_total(attribute, station, &station->tx_packets);
        break;
    case NL80211_STA_INFO_TX_RETRIES:
        take_total(attribute, station, &station->tx_retries);
        break;
    case NL80211_STA_INFO_TX_FAILED:
        take_total(attribute, station, &station->tx_failed);
        break;
    case NL80211_STA_INFO_CONNECTED_TIME:
        take_total(attribute, station, &station->connected);
        break;
    default:
        break;
    }
}

static bool take_info(const struct attribute *attribute, struct nl80211_station *station)
{
    switch (attribute->type) {
    case NL80211_STA_INFO_INACTIVE_TIME:
        station->has_inactive = attribute_u32(attribute, &station->inactive);
        break;
    case NL80211_STA_INFO_SIGNAL:
        station->has_signal = attribute_s8(attribute, &station->signal);
        break;
    case NL80211_STA_INFO_SIGNAL_AVG:
        station->has_average = attribute_s8(attribute, &station->average);
        break;
    case NL80211_STA_INFO_CHAIN_SIGNAL:
        return parse_chains(attribute->value, station);
    case NL80211_STA_INFO_STA_FLAGS:
        take_flags(attribute->value, station);
        break;
    case NL80211_STA_INFO_TX_BITRATE:
        return parse_rate(attribute->value, station, &station->tx_rate);
    case NL80211_STA_INFO_RX_BITRATE:
        return parse_rate(attribute->value, station, &station->rx_rate);
    default:
        take_totals(attribute, station);
        break;
    }
    return true;
}

static bool parse_info(struct cursor info, struct nl80211_station *station)
{
    struct attribute attribute;

    while (attribute_next(&info, &attribute)) {
        if (!take_info(&attribute, station))
            return false;
    }
    return !info.failed;
}

bool nl80211_parse_station(struct cursor body, struct nl80211_station *station)
{
    struct attribute attribute;
    bool good = true;

    *station = (struct nl80211_station){0};
    while (good && attribute_next(&body, &attribute)) {
        switch (attribute.type) {
        case NL80211_ATTR_IFINDEX:
            station->has_ifindex = attribute_u32(&attribute, &station->ifindex);
            break;
        case NL80211_ATTR_MAC:
            station->has_mac = attribute_mac(&attribute, &station->mac);
            break;
        case NL80211_ATTR_GENERATION:
            station->has_generation = attribute_u32(&attribute, &station->generation);
            break;
        case NL80211_ATTR_STA_INFO:
            good = parse_info(attribute.value, station);
            break;
        default:
            break;
        }
    }
    return good && !body.failed;
}

bool nl80211_station_is_client(const struct nl80211_station *station)
{
    const uint32_t associated = 1U << NL80211_STA_FLAG_ASSOCIATED;
    const uint32_t peer = 1U << NL80211_STA_FLAG_TDLS_PEER;

    if ((station->flags_known & station->flags & peer) != 0)
        return false;
    return (station->flags_known & associated) == 0 || (station->flags & associated) != 0;
}

uint8_t nl80211_protocol(enum nl80211_phy phy, uint8_t band)
{
    switch (phy) {
    case PHY_CCK:
        return 1; /* 802.11b */
    case PHY_OFDM:
        return band == RADIO_BAND_2GHZ ? 2 : 3; /* g, a */
    case PHY_HT:
        return 4; /* n */
    case PHY_VHT:
        return 5; /* ac */
    case PHY_HE:
        return 6; /* ax */
    case PHY_EHT:
        return 7; /* be */
    default:
        return 0;
    }
}

/* --- survey --- */

static void take_survey(const struct attribute *attribute, struct nl80211_survey *survey)
{
    switch (attribute->type) {
    case NL80211_SURVEY_INFO_FREQUENCY:
        (void)attribute_u32(attribute, &survey->frequency);
        break;
    case NL80211_SURVEY_INFO_NOISE:
        (void)attribute_s8(attribute, &survey->noise);
        break;
    case NL80211_SURVEY_INFO_IN_USE:
        survey->in_use = true;
        break;
    case NL80211_SURVEY_INFO_TIME:
        survey->has_active = attribute_u64(attribute, &survey->active);
        break;
    case NL80211_SURVEY_INFO_TIME_BUSY:
        survey->has_busy = attribute_u64(attribute, &survey->busy);
        break;
    default:
        break;
    }
}

bool nl80211_parse_survey(struct cursor body, struct nl80211_survey *survey)
{
    struct attribute attribute;
    struct attribute info;

    *survey = (struct nl80211_survey){.noise = RADIO_DB_UNKNOWN};
    while (attribute_next(&body, &attribute)) {
        if (attribute.type != NL80211_ATTR_SURVEY_INFO)
            continue;
        while (attribute_next(&attribute.value, &info))
            take_survey(&info, survey);
        if (attribute.value.failed)
            return false;
    }
    return !body.failed;
}
