/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layout of everything on the wire, and the only place where it stands: sub-services, messages,
 * elements, list entries and their fields. Structs, decoders, encoders, sizes, names and the text
 * dump are all expanded from these tables, so that another layout (a captured one, say) is put in
 * by changing this file alone.
 *
 * The frame header around the messages is in wire.h. What each number means is in the protocol
 * document; this file says where it stands.
 */
#ifndef AGENT_WIRE_LAYOUT_H
#define AGENT_WIRE_LAYOUT_H

/* Limits of variable parts, in bytes. */
enum {
    WIRE_TEXT_MAX = 64,
    WIRE_ECHO_MAX = 64,
    WIRE_SSID_MAX = 32,
    WIRE_USER_MAX = 64,
    WIRE_TAG_PAYLOAD_MAX = 500,
    WIRE_FILTER_MAX = 1024, /* entries; more is legal on the wire, and refused by the session */
};

/* clang-format off */

/*
 * Sub-services: X(bit, NAME, name, family). The family says which request may ask for it; RESERVED
 * ones have a name and are never offered.
 */
#define WIRE_SERVICES(X)                                                               \
    X( 0, RSSI_MS,                       "rssi-ms",                       MEASUREMENT) \
    X( 1, RSSI_RFID,                     "rssi-rfid",                     MEASUREMENT) \
    X( 2, RSSI_ROGUE,                    "rssi-rogue",                    MEASUREMENT) \
    X( 3, RSSI_INTERFERER,               "rssi-interferer",               RESERVED)    \
    X( 4, RSSI_HS,                       "rssi-hs",                       RESERVED)    \
    X( 5, RSSI_MS_ASSOCIATED_ONLY,       "rssi-ms-associated-only",       MEASUREMENT) \
    X( 6, SPECTRUM_INTERFERER,           "spectrum-interferer",           RESERVED)    \
    X( 7, SPECTRUM_AIR_QUALITY,          "spectrum-air-quality",          RESERVED)    \
    X( 8, SPECTRUM_AGGREGATE_INTERFERER, "spectrum-aggregate-interferer", RESERVED)    \
    X( 9, INFO_MS,                       "info-ms",                       INFORMATION) \
    X(10, INFO_RFID,                     "info-rfid",                     RESERVED)    \
    X(11, INFO_ROGUE,                    "info-rogue",                    INFORMATION) \
    X(12, INFO_HS,                       "info-hs",                       RESERVED)    \
    X(13, STATS_MS,                      "stats-ms",                      STATISTICS)  \
    X(14, STATS_RFID,                    "stats-rfid",                    STATISTICS)  \
    X(15, STATS_ROGUE,                   "stats-rogue",                   STATISTICS)  \
    X(16, ATTACH,                        "attach",                        RESERVED)    \
    X(17, LOCATION,                      "location",                      RESERVED)    \
    X(18, FMCHS,                         "fmchs",                         RESERVED)    \
    X(19, AP_MONITOR,                    "ap-monitor",                    AP)          \
    X(20, WIPS,                          "wips",                          RESERVED)    \
    X(21, ON_DEMAND,                     "on-demand",                     CONTROL)     \
    X(22, AP_INFO,                       "ap-info",                       AP)

/*
 * Messages: X(id, NAME, name, sender, role, answer, must, may, some).
 *   sender  CONTROLLER, SERVER or EITHER
 *   role    REQUEST, RESPONSE or NOTIFICATION
 *   answer  the response to a request, else NO_MESSAGE
 *   must    elements that have to be there
 *   may     elements that may be there
 *   some    elements of which at least one has to be there, whichever it is
 * Elements in none of the three columns are skipped, as unknown ones are.
 */
#define WIRE_MESSAGES(X, HAS)                                                           \
    X( 1, ECHO_REQUEST, "Echo Request",                                                 \
      EITHER, REQUEST, ECHO_RESPONSE,                                                   \
      0, HAS(ECHO_DATA), 0)                                                             \
    X( 2, ECHO_RESPONSE, "Echo Response",                                               \
      EITHER, RESPONSE, NO_MESSAGE,                                                     \
      0, HAS(ECHO_DATA), 0)                                                             \
    X( 7, CAPABILITY_NOTIFICATION, "Capability Notification",                           \
      EITHER, NOTIFICATION, NO_MESSAGE,                                                 \
      HAS(PROTOCOL_VERSION) | HAS(SERVICES) | HAS(SENDER_ID) | HAS(TIMESTAMP),          \
      HAS(NAME) | HAS(SOFTWARE), 0)                                                     \
    X(30, SUBSCRIBE_REQUEST, "Service Subscribe Request",                               \
      SERVER, REQUEST, SUBSCRIBE_RESPONSE,                                              \
      HAS(SERVICES), HAS(AP_FILTER) | HAS(DEVICE_FILTER) | HAS(INTERVAL), 0)            \
    X(31, SUBSCRIBE_RESPONSE, "Service Subscribe Response",                             \
      CONTROLLER, RESPONSE, NO_MESSAGE,                                                 \
      HAS(RESULT) | HAS(SERVICES), HAS(INTERVAL), 0)                                    \
    X(13, MEASUREMENT_REQUEST, "Measurement Request",                                   \
      SERVER, REQUEST, MEASUREMENT_RESPONSE,                                            \
      HAS(SERVICES), HAS(DEVICE_FILTER) | HAS(AP_FILTER), 0)                            \
    X(14, MEASUREMENT_RESPONSE, "Measurement Response",                                 \
      CONTROLLER, RESPONSE, NO_MESSAGE,                                                 \
      HAS(RESULT) | HAS(TIMESTAMP), HAS(AP_TABLE) | HAS(DEVICE_MEASUREMENT), 0)         \
    X(15, MEASUREMENT_NOTIFICATION, "Measurement Notification",                         \
      CONTROLLER, NOTIFICATION, NO_MESSAGE,                                             \
      HAS(TIMESTAMP) | HAS(DEVICE_MEASUREMENT), HAS(AP_TABLE), 0)                       \
    X(16, INFORMATION_REQUEST, "Information Request",                                   \
      SERVER, REQUEST, INFORMATION_RESPONSE,                                            \
      HAS(SERVICES), HAS(DEVICE_FILTER) | HAS(AP_FILTER), 0)                            \
    X(17, INFORMATION_RESPONSE, "Information Response",                                 \
      CONTROLLER, RESPONSE, NO_MESSAGE,                                                 \
      HAS(RESULT) | HAS(TIMESTAMP),                                                     \
      HAS(CLIENT_INFO) | HAS(CLIENT_LINKS) | HAS(ROGUE_INFO) | HAS(ROGUE_SECURITY), 0)  \
    X(18, INFORMATION_NOTIFICATION, "Information Notification",                         \
      CONTROLLER, NOTIFICATION, NO_MESSAGE,                                             \
      HAS(TIMESTAMP), HAS(CLIENT_LINKS) | HAS(ROGUE_SECURITY),                          \
      HAS(CLIENT_INFO) | HAS(ROGUE_INFO))                                               \
    X(20, STATISTICS_REQUEST, "Statistics Request",                                     \
      SERVER, REQUEST, STATISTICS_RESPONSE,                                             \
      HAS(SERVICES), HAS(DEVICE_FILTER) | HAS(AP_FILTER), 0)                            \
    X(21, STATISTICS_RESPONSE, "Statistics Response",                                   \
      CONTROLLER, RESPONSE, NO_MESSAGE,                                                 \
      HAS(RESULT) | HAS(TIMESTAMP), HAS(DEVICE_STATISTICS), 0)                          \
    X(22, STATISTICS_NOTIFICATION, "Statistics Notification",                           \
      CONTROLLER, NOTIFICATION, NO_MESSAGE,                                             \
      HAS(TIMESTAMP) | HAS(DEVICE_STATISTICS), 0, 0)                                    \
    X(67, AP_INFO_NOTIFICATION, "AP Info Notification",                                 \
      CONTROLLER, NOTIFICATION, NO_MESSAGE,                                             \
      HAS(TIMESTAMP) | HAS(AP_INFO), HAS(AP_BSSIDS), 0)                                 \
    X(23, TAG_NOTIFICATION, "Tag Notification",                                         \
      CONTROLLER, NOTIFICATION, NO_MESSAGE,                                             \
      HAS(TIMESTAMP) | HAS(TAG_PAYLOAD), 0, 0)

/*
 * Elements: X(copies, type, NAME, name, label). ONE: a second copy in a message is malformed. MANY:
 * it may be repeated. Its fields are in WIRE_FIELDS_<name>.
 */
#define WIRE_ELEMENTS(X)                                                          \
    X(ONE,   1, PROTOCOL_VERSION,   protocol_version,   "protocol-version")       \
    X(ONE,   2, SERVICES,           services,           "services")               \
    X(ONE,   3, SENDER_ID,          sender_id,          "sender-id")              \
    X(ONE,   4, NAME,               name,               "name")                   \
    X(ONE,   5, SOFTWARE,           software,           "software")               \
    X(ONE,   6, TIMESTAMP,          timestamp,          "timestamp")              \
    X(ONE,   7, RESULT,             result,             "result")                 \
    X(ONE,   8, ECHO_DATA,          echo_data,          "echo-data")              \
    X(ONE,   9, DEVICE_FILTER,      device_filter,      "device-filter")          \
    X(ONE,  10, AP_FILTER,          ap_filter,          "ap-filter")              \
    X(MANY, 11, INTERVAL,           interval,           "interval")               \
    X(MANY, 16, AP_TABLE,           ap_table,           "ap-table")               \
    X(MANY, 17, DEVICE_MEASUREMENT, device_measurement, "device-measurement")     \
    X(MANY, 18, CLIENT_INFO,        client_info,        "client-info")            \
    X(MANY, 19, ROGUE_INFO,         rogue_info,         "rogue-info")             \
    X(MANY, 20, DEVICE_STATISTICS,  device_statistics,  "device-statistics")      \
    X(MANY, 21, TAG_PAYLOAD,        tag_payload,        "tag-payload")            \
    X(MANY, 22, AP_INFO,            ap_info,            "ap-info")                \
    X(MANY, 23, AP_BSSIDS,          ap_bssids,          "ap-bssids")              \
    X(MANY, 24, CLIENT_LINKS,       client_links,       "client-links")           \
    X(MANY, 25, ROGUE_SECURITY,     rogue_security,     "rogue-security")

/* Entries of lists: X(NAME, name). Those of fixed size can be reached by their index. */
#define WIRE_FIXED_ENTRIES(X)         \
    X(MAC_ENTRY,   mac_entry)         \
    X(AP_ENTRY,    ap_entry)          \
    X(SAMPLE,      sample)            \
    X(AP_SLOT,     ap_slot)           \
    X(CLIENT_LINK, client_link)
#define WIRE_VARIABLE_ENTRIES(X)      \
    X(ADDRESS,   address)

/*
 * Fields, in the order of the wire. Labels are those of the text dump; "" prints the value alone.
 *
 *   F(kind, name, label)            fixed size
 *       u8 u16 u32 u64 s8 mac
 *       flags8 mask64               u8 and u64 shown in hex
 *       ap_mac                      a mac; its entry takes the next ap index of the message
 *       ap_index                    u16; has to be the ap index of an entry before it
 *   V(kind, name, label, min, max)  between min and max bytes, otherwise malformed
 *       octets text                 all that is left of the value; text is UTF-8
 *       head                        text: what is left up to max, whatever comes behind it
 *       octets8 octets16 text8      behind a length of 8 or 16 bits
 *       address                     behind a byte 4 or 6: four or sixteen bytes
 *   N(list)                         u8, the count of a list that follows (at once or later)
 *   L(form, name, entry, label)     a list of entries
 *       counted                     as many as its N says
 *       rest                        as many as fill the value; the last field of its element
 */
#define WIRE_FIELDS_protocol_version(F, V, N, L) \
    F(u8, min, "min")                            \
    F(u8, max, "max")

#define WIRE_FIELDS_services(F, V, N, L) \
    F(mask64, mask, "mask")

#define WIRE_FIELDS_sender_id(F, V, N, L) \
    F(mac, mac, "mac")

#define WIRE_FIELDS_name(F, V, N, L) \
    V(text, text, "text", 1, WIRE_TEXT_MAX)

#define WIRE_FIELDS_software(F, V, N, L) \
    V(text, text, "text", 1, WIRE_TEXT_MAX)

#define WIRE_FIELDS_timestamp(F, V, N, L) \
    F(u64, ms, "ms")

#define WIRE_FIELDS_result(F, V, N, L) \
    F(u16, code, "code")               \
    V(head, text, "text", 0, WIRE_TEXT_MAX)

#define WIRE_FIELDS_echo_data(F, V, N, L) \
    V(octets, data, "hex", 0, WIRE_ECHO_MAX)

#define WIRE_FIELDS_device_filter(F, V, N, L) \
    L(rest, macs, mac_entry, "mac")

#define WIRE_FIELDS_ap_filter(F, V, N, L) \
    L(rest, macs, mac_entry, "mac")

#define WIRE_FIELDS_mac_entry(F, V, N, L) \
    F(mac, mac, "")

#define WIRE_FIELDS_interval(F, V, N, L) \
    F(u8, bit, "bit")                    \
    F(u16, seconds, "seconds")

#define WIRE_FIELDS_ap_table(F, V, N, L) \
    L(rest, aps, ap_entry, "ap")

#define WIRE_FIELDS_ap_entry(F, V, N, L) \
    F(ap_mac, mac, "")                   \
    F(u8, slot, "slot")                  \
    F(u8, band, "band")                  \
    F(u16, channel, "channel")           \
    F(s8, tx_power, "tx-power")          \
    F(s8, noise, "noise")

#define WIRE_FIELDS_device_measurement(F, V, N, L) \
    F(mac, mac, "mac")                             \
    F(u8, device_class, "class")                   \
    F(flags8, flags, "flags")                      \
    L(rest, samples, sample, "sample")

#define WIRE_FIELDS_sample(F, V, N, L) \
    F(ap_index, ap, "ap")              \
    F(u8, antenna, "antenna")          \
    F(u8, source, "source")            \
    F(s8, rssi, "rssi")                \
    F(s8, snr, "snr")                  \
    F(u16, age, "age")

#define WIRE_FIELDS_client_info(F, V, N, L)     \
    F(mac, mac, "mac")                          \
    F(mac, ap, "ap")                            \
    F(u8, slot, "slot")                         \
    F(u8, band, "band")                         \
    F(u8, state, "state")                       \
    F(u16, channel, "channel")                  \
    F(u16, vlan, "vlan")                        \
    F(u8, protocol, "protocol")                 \
    N(addresses)                                \
    L(counted, addresses, address, "address")   \
    V(octets8, ssid, "ssid", 0, WIRE_SSID_MAX)  \
    V(octets8, user, "user", 0, WIRE_USER_MAX)

#define WIRE_FIELDS_address(F, V, N, L) \
    V(address, octets, "hex", 4, 16)

#define WIRE_FIELDS_rogue_info(F, V, N, L) \
    F(mac, mac, "mac")                     \
    F(u8, device_class, "class")           \
    F(mac, ap, "ap")                       \
    F(u8, slot, "slot")                    \
    F(u8, band, "band")                    \
    F(u16, channel, "channel")             \
    F(u8, encryption, "encryption")        \
    F(u64, first_seen, "first-seen")       \
    F(u64, last_seen, "last-seen")         \
    V(octets8, ssid, "ssid", 0, WIRE_SSID_MAX)

#define WIRE_FIELDS_device_statistics(F, V, N, L) \
    F(mac, mac, "mac")                            \
    F(u8, device_class, "class")                  \
    F(u64, rx_bytes, "rx-bytes")                  \
    F(u64, tx_bytes, "tx-bytes")                  \
    F(u64, rx_packets, "rx-packets")              \
    F(u64, tx_packets, "tx-packets")              \
    F(u64, tx_retries, "tx-retries")              \
    F(u64, tx_failed, "tx-failed")                \
    F(u32, rx_rate, "rx-rate")                    \
    F(u32, tx_rate, "tx-rate")                    \
    F(u32, connected, "connected")

#define WIRE_FIELDS_tag_payload(F, V, N, L)      \
    F(mac, mac, "mac")                           \
    F(u8, vendor, "vendor")                      \
    F(u8, ccx_version, "ccx-version")            \
    F(s8, tx_power, "tx-power")                  \
    F(u8, channel, "channel")                    \
    F(u8, regulatory_class, "regulatory-class")  \
    F(u8, burst, "burst")                        \
    F(u16, sequence, "sequence")                 \
    V(octets16, payload, "payload", 0, WIRE_TAG_PAYLOAD_MAX)

#define WIRE_FIELDS_ap_info(F, V, N, L) \
    F(mac, mac, "mac")                         \
    N(slots)                                   \
    F(u8, state, "state")                      \
    F(u32, uptime, "uptime")                   \
    L(counted, slots, ap_slot, "slot")         \
    V(text8, name, "name", 0, WIRE_TEXT_MAX)

#define WIRE_FIELDS_ap_slot(F, V, N, L) \
    F(u8, slot, "slot")                 \
    F(u8, band, "band")                 \
    F(u16, channel, "channel")          \
    F(u16, width, "width")              \
    F(s8, tx_power, "tx-power")         \
    F(s8, noise, "noise")               \
    F(u16, clients, "clients")          \
    F(u8, utilisation, "utilisation")

#define WIRE_FIELDS_ap_bssids(F, V, N, L) \
    F(mac, mac, "mac")                    \
    F(u8, slot, "slot")                   \
    L(rest, bssids, mac_entry, "bssid")

#define WIRE_FIELDS_client_links(F, V, N, L) \
    F(mac, mac, "mac")                       \
    L(rest, links, client_link, "link")

#define WIRE_FIELDS_client_link(F, V, N, L) \
    F(mac, mac, "")                         \
    F(mac, ap, "ap")                        \
    F(u8, slot, "slot")                     \
    F(u8, link, "link-id")

#define WIRE_FIELDS_rogue_security(F, V, N, L) \
    F(mac, mac, "mac")                         \
    F(u32, akms, "akms")                       \
    F(u32, ciphers, "ciphers")                 \
    F(flags8, flags, "flags")                  \
    F(u16, width, "width")                     \
    F(u16, beacon_interval, "beacon-interval")

/* clang-format on */

#endif
