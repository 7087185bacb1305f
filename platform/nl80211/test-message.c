/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parsers, with messages that were recorded from mac80211_hwsim on Linux 6.1 and with ones that
 * it does not send. Argument: the folder of the recorded ones, where the fuzz target's corpus is;
 * its files begin with a byte that says which parser they are for.
 */
#include "platform/nl80211/attr.h"
#include "platform/nl80211/family.h"
#include "platform/nl80211/link.h"
#include "platform/nl80211/message.h"
#include "tests/unit/fake-kernel.h"

#include <linux/if_arp.h>
#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RECORD_MAX = 8192 };

static const char *folder;
static uint8_t record[RECORD_MAX];

static struct cursor recorded(const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(record, 1, sizeof(record), file);
    assert_int_equal(fclose(file), 0);
    assert_true(len > 1 && len < sizeof(record));
    return cursor_of(record + 1, len - 1);
}

static struct cursor built(const struct builder *b)
{
    return cursor_of(b->bytes, b->len);
}

static const uint8_t mac_a[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
static const uint8_t mac_b[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x44};

/* --- attributes --- */

static void attributes_are_walked_with_their_padding(void **state)
{
    struct builder b = {0};
    struct attribute attribute;
    uint8_t byte = 0;
    uint64_t number = 0;
    char text[4];

    (void)state;
    build_u8(&b, 1, 7);
    build_u64(&b, 2, 0x1122334455667788);
    build_text(&b, 3, "abcdef");
    struct cursor list = built(&b);
    assert_true(attribute_next(&list, &attribute));
    assert_int_equal(attribute.type, 1);
    assert_true(attribute_u8(&attribute, &byte));
    assert_int_equal(byte, 7);
    assert_true(attribute_next(&list, &attribute));
    assert_true(attribute_u64(&attribute, &number));
    assert_true(number == 0x1122334455667788);
    assert_true(attribute_next(&list, &attribute));
    attribute_text(&attribute, text, sizeof(text));
    assert_string_equal(text, "abc");
    assert_false(attribute_next(&list, &attribute));
    assert_false(list.failed);
}

static void the_flag_bits_are_no_part_of_a_type(void **state)
{
    struct builder b = {0};
    struct attribute attribute;

    (void)state;
    build_end(&b, build_nest(&b, 9));
    struct cursor list = built(&b);
    assert_true(attribute_next(&list, &attribute));
    assert_int_equal(attribute.type, 9);
}

static void a_value_that_is_too_short_is_not_taken(void **state)
{
    struct builder b = {0};
    struct attribute attribute;
    struct mac mac;
    uint16_t two = 22;
    uint32_t four = 44;
    uint64_t eight = 88;

    (void)state;
    build_u8(&b, 1, 7);
    struct cursor list = built(&b);
    assert_true(attribute_next(&list, &attribute));
    assert_false(attribute_u16(&attribute, &two));
    assert_false(attribute_u32(&attribute, &four));
    assert_false(attribute_u64(&attribute, &eight));
    assert_false(attribute_mac(&attribute, &mac));
    assert_int_equal(two, 22);
    assert_int_equal(four, 44);
    assert_int_equal(eight, 88);
}

static void a_length_that_cannot_be_ends_the_list_as_broken(void **state)
{
    static const uint16_t lengths[] = {0, 1, 3, 9, 1000, 65535};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct builder b = {0};
        struct attribute attribute;
        build_u32(&b, 1, 1);
        memcpy(b.bytes, &lengths[i], sizeof(lengths[i]));
        struct cursor list = built(&b);
        assert_false(attribute_next(&list, &attribute));
        assert_true(list.failed);
        assert_false(attribute_next(&list, &attribute));
    }
}

static void the_last_attribute_needs_no_padding(void **state)
{
    struct builder b = {0};
    struct attribute attribute;

    (void)state;
    build_u8(&b, 1, 7);
    b.len -= 3;
    struct cursor list = built(&b);
    assert_true(attribute_next(&list, &attribute));
    assert_false(attribute_next(&list, &attribute));
    assert_false(list.failed);
}

static void text_ends_at_its_first_nul(void **state)
{
    struct builder b = {0};
    struct attribute attribute;
    char text[8];

    (void)state;
    build_attribute(&b, 1, "ab\0cd", 5);
    struct cursor list = built(&b);
    assert_true(attribute_next(&list, &attribute));
    memset(text, 'x', sizeof(text));
    attribute_text(&attribute, text, sizeof(text));
    assert_memory_equal(text, "ab\0\0\0\0\0\0", sizeof(text));
}

/* --- channels --- */

static void frequencies_are_bands_and_channels(void **state)
{
    static const struct {
        uint32_t frequency;
        uint8_t band;
        uint16_t channel;
    } rows[] = {{2412, RADIO_BAND_2GHZ, 1},   {2472, RADIO_BAND_2GHZ, 13},
                {2484, RADIO_BAND_2GHZ, 14},  {2401, RADIO_BAND_2GHZ, 0},
                {5180, RADIO_BAND_5GHZ, 36},  {5885, RADIO_BAND_5GHZ, 177},
                {4920, RADIO_BAND_5GHZ, 184}, {5935, RADIO_BAND_6GHZ, 2},
                {5955, RADIO_BAND_6GHZ, 1},   {7115, RADIO_BAND_6GHZ, 233},
                {5945, RADIO_BAND_6GHZ, 0},   {58320, RADIO_BAND_UNKNOWN, 0},
                {0, RADIO_BAND_UNKNOWN, 0},   {0xffffffff, RADIO_BAND_UNKNOWN, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(nl80211_band(rows[i].frequency), rows[i].band);
        assert_int_equal(nl80211_channel(rows[i].frequency), rows[i].channel);
    }
}

static void a_protocol_is_that_of_its_phy_and_band(void **state)
{
    (void)state;
    assert_int_equal(nl80211_protocol(PHY_UNKNOWN, RADIO_BAND_2GHZ), 0);
    assert_int_equal(nl80211_protocol(PHY_CCK, RADIO_BAND_2GHZ), 1);
    assert_int_equal(nl80211_protocol(PHY_OFDM, RADIO_BAND_2GHZ), 2);
    assert_int_equal(nl80211_protocol(PHY_OFDM, RADIO_BAND_5GHZ), 3);
    assert_int_equal(nl80211_protocol(PHY_HT, RADIO_BAND_5GHZ), 4);
    assert_int_equal(nl80211_protocol(PHY_VHT, RADIO_BAND_5GHZ), 5);
    assert_int_equal(nl80211_protocol(PHY_HE, RADIO_BAND_6GHZ), 6);
    assert_int_equal(nl80211_protocol(PHY_EHT, RADIO_BAND_6GHZ), 7);
}

/* --- stations --- */

static void a_recorded_station_is_read(void **state)
{
    struct nl80211_station station;

    (void)state;
    assert_true(nl80211_parse_station(recorded("station-hwsim"), &station));
    assert_true(station.has_ifindex && station.has_mac && station.has_generation);
    assert_memory_equal(station.mac.b, "\x02\0\0\0\x01\0", 6);
    assert_true(station.has_signal);
    assert_int_equal(station.signal, -40);
    assert_true(station.has_inactive);
    assert_true(station.inactive < 10000);
    assert_int_equal(station.chain_mask, 0);
    assert_true(nl80211_station_is_client(&station));
    assert_int_equal(station.phy, PHY_HT);
}

static void a_recorded_event_of_a_new_station_says_little(void **state)
{
    struct nl80211_station station;

    (void)state;
    assert_true(nl80211_parse_station(recorded("station-event-06-19"), &station));
    assert_true(station.has_ifindex && station.has_mac);
    assert_false(station.has_signal || station.has_inactive);
    assert_int_equal(station.flags_known, 0);
}

/* What hwsim does not send: one of several antennas, Wi-Fi 7. */
static void build_modern_station(struct builder *b)
{
    static const int8_t chains[] = {-41, -44, -52, -128};
    const uint32_t flags[2] = {0xae, 0x82};

    build_u32(b, NL80211_ATTR_IFINDEX, 5);
    build_attribute(b, NL80211_ATTR_MAC, mac_a, sizeof(mac_a));
    size_t info = build_nest(b, NL80211_ATTR_STA_INFO);
    build_u32(b, NL80211_STA_INFO_INACTIVE_TIME, 1500);
    build_s8(b, NL80211_STA_INFO_SIGNAL, -40);
    build_s8(b, NL80211_STA_INFO_SIGNAL_AVG, -42);
    size_t nest = build_nest(b, NL80211_STA_INFO_CHAIN_SIGNAL);
    for (uint16_t i = 0; i < 4; i++)
        build_s8(b, i, chains[i]);
    build_end(b, nest);
    build_attribute(b, NL80211_STA_INFO_STA_FLAGS, flags, sizeof(flags));
    nest = build_nest(b, NL80211_STA_INFO_TX_BITRATE);
    build_u8(b, 19, 11); /* EHT MCS */
    build_end(b, nest);
    build_end(b, info);
}

static void chains_have_a_signal_each(void **state)
{
    struct builder b = {0};
    struct nl80211_station station;

    (void)state;
    build_modern_station(&b);
    assert_true(nl80211_parse_station(built(&b), &station));
    assert_true(nl80211_station_is_client(&station));
    assert_int_equal(station.chain_mask, 0xf);
    assert_int_equal(station.chains[0], -41);
    assert_int_equal(station.chains[1], -44);
    assert_int_equal(station.chains[3], -128);
    assert_int_equal(station.signal, -40);
    assert_int_equal(station.average, -42);
    assert_int_equal(station.inactive, 1500);
    assert_int_equal(station.phy, PHY_EHT);
}

static void the_totals_of_a_recorded_station_are_read(void **state)
{
    struct nl80211_station station;

    (void)state;
    assert_true(nl80211_parse_station(recorded("station-hwsim"), &station));
    assert_true(station.has_totals);
    assert_true(station.rx_packets > 0 && station.rx_bytes >= station.rx_packets);
    assert_true(station.tx_rate > 0);
}

static void build_totals(struct builder *b, bool long_first)
{
    size_t info = build_nest(b, NL80211_ATTR_STA_INFO);

    for (int part = 0; part < 2; part++) {
        if ((part == 0) == long_first) {
            build_u64(b, NL80211_STA_INFO_RX_BYTES64, UINT64_C(0x100000005));
            build_u64(b, NL80211_STA_INFO_TX_BYTES64, UINT64_C(0x200000006));
        } else {
            build_u32(b, NL80211_STA_INFO_RX_BYTES, 5);
            build_u32(b, NL80211_STA_INFO_TX_BYTES, 6);
        }
    }
    build_u32(b, NL80211_STA_INFO_RX_PACKETS, 7);
    build_u32(b, NL80211_STA_INFO_TX_PACKETS, 8);
    build_u32(b, NL80211_STA_INFO_TX_RETRIES, 9);
    build_u32(b, NL80211_STA_INFO_TX_FAILED, 10);
    build_u32(b, NL80211_STA_INFO_CONNECTED_TIME, 11);
    size_t rate = build_nest(b, NL80211_STA_INFO_RX_BITRATE);
    build_u16(b, NL80211_RATE_INFO_BITRATE, 0xffff);
    build_u32(b, NL80211_RATE_INFO_BITRATE32, 70000);
    build_end(b, rate);
    rate = build_nest(b, NL80211_STA_INFO_TX_BITRATE);
    build_u16(b, NL80211_RATE_INFO_BITRATE, 540);
    build_end(b, rate);
    build_end(b, info);
}

static void the_longer_counters_win_in_any_order(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct builder b = {0};
        struct nl80211_station station;
        build_totals(&b, i == 0);
        assert_true(nl80211_parse_station(built(&b), &station));
        assert_true(station.has_totals);
        assert_true(station.rx_bytes == UINT64_C(0x100000005));
        assert_true(station.tx_bytes == UINT64_C(0x200000006));
        assert_int_equal(station.rx_packets, 7);
        assert_int_equal(station.tx_packets, 8);
        assert_int_equal(station.tx_retries, 9);
        assert_int_equal(station.tx_failed, 10);
        assert_int_equal(station.connected, 11);
        assert_int_equal(station.rx_rate, 7000000);
        assert_int_equal(station.tx_rate, 54000);
    }
}

static void totals_that_are_0_or_cut_are_none(void **state)
{
    struct builder b = {0};
    struct nl80211_station station;

    (void)state;
    size_t info = build_nest(&b, NL80211_ATTR_STA_INFO);
    build_u32(&b, NL80211_STA_INFO_RX_BYTES, 0);
    build_u64(&b, NL80211_STA_INFO_TX_BYTES64, 0);
    build_u16(&b, NL80211_STA_INFO_TX_PACKETS, 5);
    build_u32(&b, NL80211_STA_INFO_RX_PACKETS, 0);
    build_end(&b, info);
    assert_true(nl80211_parse_station(built(&b), &station));
    assert_false(station.has_totals);
    assert_int_equal(station.tx_packets, 0);
}

static void build_station(struct builder *b, bool info_first)
{
    for (int part = 0; part < 2; part++) {
        if ((part == 0) == info_first) {
            size_t info = build_nest(b, NL80211_ATTR_STA_INFO);
            build_s8(b, NL80211_STA_INFO_SIGNAL, -55);
            build_u32(b, NL80211_STA_INFO_INACTIVE_TIME, 20);
            build_end(b, info);
        } else {
            build_attribute(b, NL80211_ATTR_MAC, mac_a, sizeof(mac_a));
            build_u32(b, NL80211_ATTR_IFINDEX, 3);
        }
    }
}

static void attributes_may_come_in_any_order(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct builder b = {0};
        struct nl80211_station station;
        build_station(&b, i == 0);
        assert_true(nl80211_parse_station(built(&b), &station));
        assert_memory_equal(station.mac.b, mac_a, 6);
        assert_int_equal(station.ifindex, 3);
        assert_int_equal(station.signal, -55);
        assert_int_equal(station.inactive, 20);
    }
}

static void what_is_missing_from_a_station_is_unknown_and_not_zero(void **state)
{
    struct nl80211_station station;

    (void)state;
    assert_true(nl80211_parse_station(cursor_of(NULL, 0), &station));
    assert_false(station.has_ifindex || station.has_mac || station.has_signal ||
                 station.has_average || station.has_inactive || station.has_generation);
    assert_true(nl80211_station_is_client(&station));
}

static void chains_beyond_the_fourth_and_unknown_attributes_are_passed_over(void **state)
{
    struct builder b = {0};
    struct nl80211_station station;

    (void)state;
    size_t info = build_nest(&b, NL80211_ATTR_STA_INFO);
    build_u32(&b, 4000, 1);
    size_t chains = build_nest(&b, NL80211_STA_INFO_CHAIN_SIGNAL);
    build_s8(&b, 3, -50);
    build_s8(&b, 4, -60);
    build_attribute(&b, 1, NULL, 0);
    build_end(&b, chains);
    build_end(&b, info);
    build_u32(&b, 5000, 1);
    assert_true(nl80211_parse_station(built(&b), &station));
    assert_int_equal(station.chain_mask, 1 << 3);
    assert_int_equal(station.chains[3], -50);
}

static void rates_tell_the_most_modern_phy_of_both_directions(void **state)
{
    static const struct {
        uint16_t type;
        uint32_t value;
        enum nl80211_phy phy;
    } rows[] = {{NL80211_RATE_INFO_BITRATE32, 0, PHY_UNKNOWN},
                {NL80211_RATE_INFO_BITRATE32, 110, PHY_CCK},
                {NL80211_RATE_INFO_BITRATE, 55, PHY_CCK},
                {NL80211_RATE_INFO_BITRATE, 540, PHY_OFDM},
                {NL80211_RATE_INFO_MCS, 0, PHY_HT},
                {NL80211_RATE_INFO_VHT_MCS, 9, PHY_VHT},
                {NL80211_RATE_INFO_HE_MCS, 11, PHY_HE},
                {19, 13, PHY_EHT}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct builder b = {0};
        struct nl80211_station station;
        size_t info = build_nest(&b, NL80211_ATTR_STA_INFO);
        size_t rate = build_nest(&b, NL80211_STA_INFO_TX_BITRATE);
        if (rows[i].type == NL80211_RATE_INFO_BITRATE)
            build_u16(&b, rows[i].type, (uint16_t)rows[i].value);
        else
            build_u32(&b, rows[i].type, rows[i].value);
        build_end(&b, rate);
        build_end(&b, build_nest(&b, NL80211_STA_INFO_RX_BITRATE));
        build_end(&b, info);
        assert_true(nl80211_parse_station(built(&b), &station));
        assert_int_equal(station.phy, rows[i].phy);
    }
}

static void flags_say_who_is_a_client(void **state)
{
    const uint32_t associated = 1U << NL80211_STA_FLAG_ASSOCIATED;
    const uint32_t peer = 1U << NL80211_STA_FLAG_TDLS_PEER;
    const struct {
        uint32_t known;
        uint32_t flags;
        bool client;
    } rows[] = {{0, 0, true},           {associated, associated, true},
                {associated, 0, false}, {associated | peer, associated | peer, false},
                {peer, 0, true},        {associated, associated | peer, true}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nl80211_station station = {.flags_known = rows[i].known, .flags = rows[i].flags};
        assert_int_equal(nl80211_station_is_client(&station), rows[i].client);
    }
}

/* --- interfaces --- */

static void a_recorded_interface_is_read(void **state)
{
    struct nl80211_interface interface;

    (void)state;
    assert_true(nl80211_parse_interface(recorded("interface-hwsim"), &interface));
    assert_true(interface.has_ifindex && interface.has_wiphy && interface.has_mac);
    assert_string_equal(interface.name, "wlan0");
    assert_int_equal(interface.wiphy, 0);
    assert_int_equal(interface.type, NL80211_IFTYPE_AP);
    assert_int_equal(interface.ssid_len, 3);
    assert_memory_equal(interface.ssid, "one", 3);
    assert_int_equal(interface.frequency, 2412);
    assert_int_equal(interface.width, 20);
    assert_int_equal(interface.tx_power, 20);
}

static void build_linked_interface(struct builder *b)
{
    static const uint32_t frequencies[] = {0, 5180, 5955};

    build_u32(b, NL80211_ATTR_IFINDEX, 7);
    size_t links = build_nest(b, 312); /* MLO_LINKS */
    for (uint16_t i = 0; i < 3; i++) {
        size_t one = build_nest(b, (uint16_t)(i + 1));
        build_attribute(b, NL80211_ATTR_MAC, mac_a, sizeof(mac_a));
        if (frequencies[i] != 0) {
            build_u32(b, NL80211_ATTR_WIPHY_FREQ, frequencies[i]);
            build_u32(b, NL80211_ATTR_CHANNEL_WIDTH, NL80211_CHAN_WIDTH_80);
        }
        build_end(b, one);
    }
    build_end(b, links);
}

static void the_first_link_that_operates_stands_for_an_ap_of_several(void **state)
{
    struct builder b = {0};
    struct nl80211_interface interface;

    (void)state;
    build_linked_interface(&b);
    assert_true(nl80211_parse_interface(built(&b), &interface));
    assert_int_equal(interface.frequency, 5180);
    assert_int_equal(interface.width, 80);
}

static void an_interface_without_a_channel_does_not_operate(void **state)
{
    struct builder b = {0};
    struct nl80211_interface interface;

    (void)state;
    build_u32(&b, NL80211_ATTR_IFINDEX, 4);
    assert_true(nl80211_parse_interface(built(&b), &interface));
    assert_int_equal(interface.frequency, 0);
    assert_int_equal(interface.tx_power, RADIO_DB_UNKNOWN);
}

static void a_name_and_an_ssid_that_are_too_long_are_cut_or_left_out(void **state)
{
    char longer[40];
    struct builder b = {0};
    struct nl80211_interface interface;

    (void)state;
    memset(longer, 'n', sizeof(longer));
    build_attribute(&b, NL80211_ATTR_IFNAME, longer, sizeof(longer));
    build_attribute(&b, NL80211_ATTR_SSID, longer, 33);
    assert_true(nl80211_parse_interface(built(&b), &interface));
    assert_string_equal(interface.name, "nnnnnnnnnnnnnnn");
    assert_int_equal(interface.ssid_len, 0);
    build_attribute(&b, NL80211_ATTR_SSID, longer, 32);
    assert_true(nl80211_parse_interface(built(&b), &interface));
    assert_int_equal(interface.ssid_len, 32);
}

static void transmit_power_is_told_in_whole_dbm_where_it_can_be(void **state)
{
    static const struct {
        int32_t mbm;
        int8_t dbm;
    } rows[] = {{2000, 20},
                {-500, -5},
                {1250, 12},
                {20000, RADIO_DB_UNKNOWN},
                {INT32_MIN, RADIO_DB_UNKNOWN}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct builder b = {0};
        struct nl80211_interface interface;
        build_u32(&b, NL80211_ATTR_WIPHY_TX_POWER_LEVEL, (uint32_t)rows[i].mbm);
        assert_true(nl80211_parse_interface(built(&b), &interface));
        assert_int_equal(interface.tx_power, rows[i].dbm);
    }
}

static void a_width_that_is_not_known_is_unknown(void **state)
{
    static const struct {
        uint32_t code;
        uint16_t width;
    } rows[] = {{NL80211_CHAN_WIDTH_20_NOHT, 20},
                {NL80211_CHAN_WIDTH_80P80, 160},
                {NL80211_CHAN_WIDTH_5, 5},
                {13, 320},
                {14, 0},
                {0xffffffff, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct builder b = {0};
        struct nl80211_interface interface;
        build_u32(&b, NL80211_ATTR_CHANNEL_WIDTH, rows[i].code);
        assert_true(nl80211_parse_interface(built(&b), &interface));
        assert_int_equal(interface.width, rows[i].width);
    }
}

/* --- wiphys, surveys, families, links --- */

static void the_pieces_of_a_recorded_wiphy_make_a_whole(void **state)
{
    uint8_t bands = 0;
    bool named = false;

    (void)state;
    for (int i = 0; i < 14; i++) {
        struct nl80211_wiphy piece;
        char name[32];
        (void)snprintf(name, sizeof(name), "wiphy-hwsim-%d", i);
        assert_true(nl80211_parse_wiphy(recorded(name), &piece));
        assert_true(piece.has_index);
        bands |= piece.bands;
        named = named || strncmp(piece.name, "phy", 3) == 0;
    }
    assert_true(named);
    assert_true((bands & (1U << RADIO_BAND_2GHZ)) != 0);
}

static void a_wiphy_has_its_lowest_address_its_bands_and_its_antennas(void **state)
{
    struct builder b = {0};
    struct nl80211_wiphy wiphy;

    (void)state;
    size_t nest = build_nest(&b, NL80211_ATTR_MAC_ADDRS);
    build_attribute(&b, 0, mac_a, sizeof(mac_a));
    build_attribute(&b, 1, mac_b, sizeof(mac_b));
    build_attribute(&b, 2, mac_a, sizeof(mac_a));
    build_u8(&b, 3, 1);
    build_end(&b, nest);
    nest = build_nest(&b, NL80211_ATTR_WIPHY_BANDS);
    build_end(&b, build_nest(&b, NL80211_BAND_60GHZ));
    build_end(&b, build_nest(&b, NL80211_BAND_6GHZ));
    build_end(&b, nest);
    build_u32(&b, NL80211_ATTR_WIPHY_ANTENNA_RX, 7);
    assert_true(nl80211_parse_wiphy(built(&b), &wiphy));
    assert_false(wiphy.has_index);
    assert_true(wiphy.has_mac);
    assert_memory_equal(wiphy.mac.b, mac_b, 6);
    assert_int_equal(wiphy.bands, 1U << RADIO_BAND_6GHZ);
    assert_int_equal(wiphy.antennas, 7);
}

static void a_recorded_survey_is_read(void **state)
{
    struct nl80211_survey survey;

    (void)state;
    assert_true(nl80211_parse_survey(recorded("survey-hwsim"), &survey));
    assert_int_equal(survey.frequency, 2412);
    assert_int_equal(survey.noise, -92);
}

static void build_survey(struct builder *b)
{
    size_t info = build_nest(b, NL80211_ATTR_SURVEY_INFO);

    build_u32(b, NL80211_SURVEY_INFO_FREQUENCY, 2412);
    build_attribute(b, NL80211_SURVEY_INFO_IN_USE, NULL, 0);
    build_u64(b, NL80211_SURVEY_INFO_TIME, 100000);
    build_u64(b, NL80211_SURVEY_INFO_TIME_BUSY, 25000);
    build_end(b, info);
}

static void the_survey_of_a_channel_in_use_has_its_times(void **state)
{
    struct builder b = {0};
    struct nl80211_survey survey;

    (void)state;
    build_survey(&b);
    assert_true(nl80211_parse_survey(built(&b), &survey));
    assert_true(survey.in_use && survey.has_active && survey.has_busy);
    assert_int_equal(survey.active, 100000);
    assert_int_equal(survey.busy, 25000);
}

static void what_is_missing_from_a_survey_is_unknown(void **state)
{
    struct nl80211_survey survey;

    (void)state;
    assert_true(nl80211_parse_survey(cursor_of(NULL, 0), &survey));
    assert_int_equal(survey.noise, RADIO_DB_UNKNOWN);
    assert_false(survey.in_use || survey.has_active || survey.has_busy);
}

static void a_recorded_family_has_its_id_and_the_groups_that_are_wanted(void **state)
{
    static const char *const wanted[FAMILY_GROUPS] = {"mlme", "none such", "config"};
    struct family_facts facts;

    (void)state;
    assert_true(family_parse(recorded("family-nl80211"), wanted, &facts));
    assert_string_equal(facts.name, "nl80211");
    assert_true(facts.has_id);
    assert_int_equal(facts.id, 32);
    assert_int_equal(facts.groups[0], 12);
    assert_int_equal(facts.groups[1], 0);
    assert_int_equal(facts.groups[2], 9);
}

static void a_recorded_link_has_its_name_and_its_permanent_mac(void **state)
{
    struct link link;

    (void)state;
    assert_true(link_parse(recorded("link-dump"), &link));
    assert_true(link.ethernet);
    assert_string_equal(link.name, "wlan0");
    assert_true(link.has_permanent);
    assert_memory_equal(link.permanent.b, "\x02\0\0\0\0\0", 6);
    assert_false(link.wireless_event);
    assert_true(link_parse(recorded("link-wireless-event"), &link));
    assert_true(link.wireless_event);
}

static void a_vendors_mac_stands_before_one_that_was_made_up(void **state)
{
    const struct mac made_up = {{0x02, 0, 0, 0, 0, 1}};
    const struct mac low = {{0x10, 0, 0, 0, 0, 1}};
    const struct mac high = {{0x10, 0, 0, 0, 0, 2}};

    (void)state;
    assert_true(link_mac_before(&low, &made_up));
    assert_false(link_mac_before(&made_up, &low));
    assert_true(link_mac_before(&low, &high));
    assert_false(link_mac_before(&low, &low));
}

/* --- whatever is cut off --- */

typedef bool (*parser)(struct cursor body);

static bool station_parser(struct cursor body)
{
    struct nl80211_station station;
    return nl80211_parse_station(body, &station);
}

static bool interface_parser(struct cursor body)
{
    struct nl80211_interface interface;
    return nl80211_parse_interface(body, &interface);
}

static bool wiphy_parser(struct cursor body)
{
    struct nl80211_wiphy wiphy;
    return nl80211_parse_wiphy(body, &wiphy);
}

static bool survey_parser(struct cursor body)
{
    struct nl80211_survey survey;
    return nl80211_parse_survey(body, &survey);
}

static bool family_parser(struct cursor body)
{
    static const char *const wanted[FAMILY_GROUPS] = {"config", "mlme"};
    struct family_facts facts;
    return family_parse(body, wanted, &facts);
}

static bool link_parser(struct cursor body)
{
    struct link link;
    return link_parse(body, &link);
}

/* Copied to memory of exactly its size, so that a sanitizer sees any step beyond. */
static bool parse_copy(parser parse, const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, data, len);
    bool good = parse(cursor_of(copy, len));
    free(copy);
    return good;
}

static void cut_anywhere(parser parse, struct cursor whole)
{
    size_t len = cursor_left(&whole);
    size_t refused = 0;

    assert_true(parse_copy(parse, whole.at, len));
    for (size_t cut = 0; cut < len; cut++)
        refused += parse_copy(parse, whole.at, cut) ? 0 : 1;
    assert_true(refused > len / 2);
}

static void a_message_that_is_cut_anywhere_is_read_up_to_there_or_refused(void **state)
{
    static const struct {
        void (*build)(struct builder *b);
        parser parse;
    } rows[] = {{build_modern_station, station_parser},
                {build_linked_interface, interface_parser},
                {build_survey, survey_parser}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct builder b = {0};
        rows[i].build(&b);
        cut_anywhere(rows[i].parse, built(&b));
    }
}

static void a_recorded_message_that_is_cut_anywhere_is_read_up_to_there_or_refused(void **state)
{
    static const struct {
        const char *name;
        parser parse;
    } rows[] = {{"station-hwsim", station_parser}, {"interface-hwsim", interface_parser},
                {"wiphy-hwsim-0", wiphy_parser},   {"survey-hwsim", survey_parser},
                {"family-nl80211", family_parser}, {"link-wlan", link_parser}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cut_anywhere(rows[i].parse, recorded(rows[i].name));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_are_walked_with_their_padding),
        cmocka_unit_test(the_flag_bits_are_no_part_of_a_type),
        cmocka_unit_test(a_value_that_is_too_short_is_not_taken),
        cmocka_unit_test(a_length_that_cannot_be_ends_the_list_as_broken),
        cmocka_unit_test(the_last_attribute_needs_no_padding),
        cmocka_unit_test(text_ends_at_its_first_nul),
        cmocka_unit_test(frequencies_are_bands_and_channels),
        cmocka_unit_test(a_protocol_is_that_of_its_phy_and_band),
        cmocka_unit_test(chains_have_a_signal_each),
        cmocka_unit_test(attributes_may_come_in_any_order),
        cmocka_unit_test(what_is_missing_from_a_station_is_unknown_and_not_zero),
        cmocka_unit_test(chains_beyond_the_fourth_and_unknown_attributes_are_passed_over),
        cmocka_unit_test(rates_tell_the_most_modern_phy_of_both_directions),
        cmocka_unit_test(flags_say_who_is_a_client),
        cmocka_unit_test(a_message_that_is_cut_anywhere_is_read_up_to_there_or_refused),
        cmocka_unit_test(the_first_link_that_operates_stands_for_an_ap_of_several),
        cmocka_unit_test(an_interface_without_a_channel_does_not_operate),
        cmocka_unit_test(a_name_and_an_ssid_that_are_too_long_are_cut_or_left_out),
        cmocka_unit_test(transmit_power_is_told_in_whole_dbm_where_it_can_be),
        cmocka_unit_test(a_width_that_is_not_known_is_unknown),
        cmocka_unit_test(a_wiphy_has_its_lowest_address_its_bands_and_its_antennas),
        cmocka_unit_test(the_survey_of_a_channel_in_use_has_its_times),
        cmocka_unit_test(what_is_missing_from_a_survey_is_unknown),
        cmocka_unit_test(a_vendors_mac_stands_before_one_that_was_made_up),
    };
    const struct CMUnitTest recorded_tests[] = {
        cmocka_unit_test(a_recorded_station_is_read),
        cmocka_unit_test(the_totals_of_a_recorded_station_are_read),
        cmocka_unit_test(the_longer_counters_win_in_any_order),
        cmocka_unit_test(totals_that_are_0_or_cut_are_none),
        cmocka_unit_test(a_recorded_event_of_a_new_station_says_little),
        cmocka_unit_test(a_recorded_interface_is_read),
        cmocka_unit_test(the_pieces_of_a_recorded_wiphy_make_a_whole),
        cmocka_unit_test(a_recorded_survey_is_read),
        cmocka_unit_test(a_recorded_family_has_its_id_and_the_groups_that_are_wanted),
        cmocka_unit_test(a_recorded_link_has_its_name_and_its_permanent_mac),
        cmocka_unit_test(a_recorded_message_that_is_cut_anywhere_is_read_up_to_there_or_refused),
    };
    const uint16_t one = 1;

    folder = argc > 1 ? argv[1] : "tests/fuzz/corpus/nl80211";
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    /* Netlink is in the machine's byte order, and these were recorded on a little-endian one. */
    if (*(const uint8_t *)&one == 1)
        failed += cmocka_run_group_tests(recorded_tests, NULL, NULL);
    return failed;
}
