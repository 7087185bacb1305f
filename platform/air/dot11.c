/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/dot11.h"

#include <string.h>

/* Frame control, first byte: version, type, subtype. */
enum {
    VERSION_MASK = 0x03,
    TYPE_MASK = 0x0c,
    TYPE_MANAGEMENT = 0x00,
    TYPE_DATA = 0x08,
    SUBTYPE_MASK = 0xf0,
    SUBTYPE_PROBE_REQUEST = 0x40,
    SUBTYPE_PROBE_RESPONSE = 0x50,
    SUBTYPE_BEACON = 0x80,
    SUBTYPE_NO_BODY = 0x40, /* of data frames, as a bit */
    SUBTYPE_QOS = 0x80,
};
/* Its second byte. */
enum { TO_DS = 0x01, FROM_DS = 0x02, RETRY = 0x08, PROTECTED = 0x40, ORDER = 0x80 };

enum { QOS_LEN = 2, HT_CONTROL_LEN = 4, TIMESTAMP_AND_INTERVAL_LEN = 10, LLC_LEN = 8 };

enum {
    ELEMENT_SSID = 0,
    ELEMENT_DS = 3,
    ELEMENT_RSN = 48,
    ELEMENT_HT_OPERATION = 61,
    ELEMENT_VENDOR = 221,
};

enum { CAPABILITY_ESS = 0x0001, CAPABILITY_IBSS = 0x0002, CAPABILITY_PRIVACY = 0x0010 };
enum { OPEN, WEP, WPA, WPA2, WPA3 };

/* --- headers --- */

static enum dot11_kind kind_of(uint8_t control)
{
    if ((control & TYPE_MASK) == TYPE_DATA)
        return DOT11_DATA;
    if ((control & TYPE_MASK) != TYPE_MANAGEMENT)
        return DOT11_OTHER;
    switch (control & SUBTYPE_MASK) {
    case SUBTYPE_PROBE_REQUEST:
        return DOT11_PROBE_REQUEST;
    case SUBTYPE_PROBE_RESPONSE:
        return DOT11_PROBE_RESPONSE;
    case SUBTYPE_BEACON:
        return DOT11_BEACON;
    default:
        return DOT11_OTHER;
    }
}

/* What stands between the addresses and the body. */
static void skip_rest_of_header(struct cursor *c, uint8_t control, uint8_t flags)
{
    bool data = (control & TYPE_MASK) == TYPE_DATA;
    bool qos = data && (control & SUBTYPE_QOS) != 0;

    if (qos)
        cursor_skip(c, QOS_LEN);
    /* In data frames without QoS the bit has its old meaning, and no field follows. */
    if ((flags & ORDER) != 0 && (qos || !data))
        cursor_skip(c, HT_CONTROL_LEN);
}

bool dot11_parse(struct cursor body, struct dot11_frame *frame)
{
    *frame = (struct dot11_frame){.kind = DOT11_OTHER};
    uint8_t control = cursor_u8(&body);
    uint8_t flags = cursor_u8(&body);

    if (body.failed || (control & VERSION_MASK) != 0)
        return false;
    frame->kind = kind_of(control);
    if (frame->kind == DOT11_OTHER)
        return true;
    frame->to_ds = (flags & TO_DS) != 0;
    frame->from_ds = (flags & FROM_DS) != 0;
    frame->retry = (flags & RETRY) != 0;
    frame->is_protected = (flags & PROTECTED) != 0;
    frame->has_body = frame->kind != DOT11_DATA || (control & SUBTYPE_NO_BODY) == 0;
    cursor_skip(&body, 2); /* duration */
    frame->receiver = cursor_mac(&body);
    frame->transmitter = cursor_mac(&body);
    frame->address3 = cursor_mac(&body);
    frame->sequence = (uint16_t)(cursor_u16_le(&body) >> 4);
    if (frame->kind == DOT11_DATA && frame->to_ds && frame->from_ds)
        frame->address4 = cursor_mac(&body);
    skip_rest_of_header(&body, control, flags);
    frame->body = body;
    return !body.failed;
}

bool dot11_bssid(const struct dot11_frame *frame, struct mac *bssid)
{
    if (frame->to_ds && frame->from_ds)
        return false;
    *bssid = frame->to_ds ? frame->receiver : frame->from_ds ? frame->transmitter : frame->address3;
    return true;
}

/* --- networks --- */

/* Table 9-151: SAE, its fast transition, both with groups of their own hashes, OWE, 192 bits. */
static bool is_wpa3(const uint8_t *suite)
{
    static const uint8_t oui[] = {0x00, 0x0f, 0xac};

    if (memcmp(suite, oui, sizeof(oui)) != 0)
        return false;
    switch (suite[3]) {
    case 8:
    case 9:
    case 12:
    case 13:
    case 18:
    case 24:
    case 25:
        return true;
    default:
        return false;
    }
}

/* Version, group cipher, pairwise ciphers, AKMs. Its end may be missing, which means defaults. */
static uint8_t encryption_of_rsn(struct cursor rsn)
{
    cursor_skip(&rsn, 6);
    cursor_skip(&rsn, 4U * cursor_u16_le(&rsn));
    for (uint16_t left = cursor_u16_le(&rsn); left > 0; left--) {
        const uint8_t *suite = cursor_bytes(&rsn, 4);
        if (suite == NULL)
            break;
        if (is_wpa3(suite))
            return WPA3;
    }
    return WPA2;
}

static bool is_wpa(struct cursor vendor)
{
    static const uint8_t wpa[] = {0x00, 0x50, 0xf2, 0x01};
    const uint8_t *type = cursor_bytes(&vendor, sizeof(wpa));

    return type != NULL && memcmp(type, wpa, sizeof(wpa)) == 0;
}

static void take_ssid(struct cursor value, struct dot11_network *network)
{
    size_t len = cursor_left(&value);
    const uint8_t *from = cursor_bytes(&value, len);
    bool hidden = true;

    if (len > RADIO_SSID_MAX || from == NULL || network->has_ssid)
        return;
    for (size_t i = 0; i < len; i++)
        hidden = hidden && from[i] == 0;
    network->has_ssid = true;
    if (hidden)
        return; /* some send as many zeros as the name has bytes */
    memcpy(network->ssid, from, len);
    network->ssid_len = (uint8_t)len;
}

static void raise(struct dot11_network *network, uint8_t encryption)
{
    if (encryption > network->encryption)
        network->encryption = encryption;
}

static void take_element(uint8_t id, struct cursor value, struct dot11_network *network)
{
    switch (id) {
    case ELEMENT_SSID:
        take_ssid(value, network);
        break;
    case ELEMENT_DS:
    case ELEMENT_HT_OPERATION:
        if (cursor_left(&value) > 0)
            network->channel = cursor_u8(&value);
        break;
    case ELEMENT_RSN:
        raise(network, encryption_of_rsn(value));
        break;
    case ELEMENT_VENDOR:
        if (is_wpa(value))
            raise(network, WPA);
        break;
    default:
        break;
    }
}

void dot11_parse_elements(struct cursor elements, uint16_t capability,
                          struct dot11_network *network)
{
    *network = (struct dot11_network){
        .is_infrastructure = (capability & (CAPABILITY_ESS | CAPABILITY_IBSS)) == CAPABILITY_ESS,
        .encryption = (capability & CAPABILITY_PRIVACY) != 0 ? WEP : OPEN};
    while (cursor_left(&elements) > 0) {
        uint8_t id = cursor_u8(&elements);
        struct cursor value = cursor_sub(&elements, cursor_u8(&elements));
        if (elements.failed)
            return;
        take_element(id, value, network);
    }
}

bool dot11_parse_beacon(struct cursor body, struct dot11_network *network)
{
    cursor_skip(&body, TIMESTAMP_AND_INTERVAL_LEN);
    uint16_t capability = cursor_u16_le(&body);

    if (body.failed)
        return false;
    dot11_parse_elements(body, capability, network);
    return true;
}

/* --- tags --- */

static const struct mac ccx_tags = {{0x01, 0x40, 0x96, 0x00, 0x00, 0x03}};
static const struct mac aeroscout_tags = {{0x01, 0x0c, 0xcc, 0x00, 0x00, 0x00}};
static const uint8_t aeroscout_oui[] = {0x00, 0x0c, 0xcc};

enum { VENDOR_UNKNOWN = 0, VENDOR_AEROSCOUT = 2 };

static bool goes_to(const struct dot11_frame *frame, const struct mac *group)
{
    return mac_equal(&frame->receiver, group) ||
           (frame->to_ds && mac_equal(&frame->address3, group));
}

static void skip_llc(struct cursor *payload)
{
    static const uint8_t snap[] = {0xaa, 0xaa, 0x03};
    struct cursor look = *payload;
    const uint8_t *llc = cursor_bytes(&look, LLC_LEN);

    if (llc != NULL && memcmp(llc, snap, sizeof(snap)) == 0)
        *payload = look;
}

bool dot11_is_tag(const struct dot11_frame *frame, uint8_t *vendor, struct cursor *payload)
{
    if (frame->kind != DOT11_DATA || frame->is_protected || mac_is_multicast(&frame->transmitter))
        return false;
    if (frame->from_ds && (!frame->to_ds || !mac_equal(&frame->address4, &frame->transmitter)))
        return false;
    bool aeroscout = frame->to_ds == frame->from_ds && goes_to(frame, &aeroscout_tags);
    if (!aeroscout && !goes_to(frame, &ccx_tags))
        return false;
    bool by_oui = memcmp(frame->transmitter.b, aeroscout_oui, sizeof(aeroscout_oui)) == 0;
    *vendor = aeroscout || by_oui ? VENDOR_AEROSCOUT : VENDOR_UNKNOWN;
    *payload = frame->body;
    if (!frame->has_body)
        *payload = cursor_of(NULL, 0);
    skip_llc(payload);
    return true;
}
