/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/hostapd/hostapd-line.h"

#include "agent/base/hex.h"
#include "agent/base/number.h"

#include <string.h>

/* --- text in a cursor --- */

/* The bytes up to `end`, which is taken too, or all that is left. `ended`: it was there. */
static struct cursor take_until(struct cursor *c, uint8_t end, bool *ended)
{
    const uint8_t *found = NULL;
    size_t left = cursor_left(c);

    if (left > 0)
        found = memchr(c->at, end, left);
    struct cursor taken = cursor_sub(c, found != NULL ? (size_t)(found - c->at) : left);
    if (found != NULL)
        cursor_skip(c, 1);
    *ended = found != NULL;
    return taken;
}

/* The next word, however many spaces stand before it; empty at the end. */
static struct cursor next_word(struct cursor *c)
{
    struct cursor word;
    bool ended;

    do
        word = take_until(c, ' ', &ended);
    while (ended && cursor_left(&word) == 0);
    return word;
}

static bool is_text(const struct cursor *c, const char *text)
{
    size_t len = strlen(text);

    return cursor_left(c) == len && memcmp(c->at, text, len) == 0;
}

static bool take_prefix(struct cursor *c, const char *prefix)
{
    size_t len = strlen(prefix);

    if (cursor_left(c) < len || memcmp(c->at, prefix, len) != 0)
        return false;
    cursor_skip(c, len);
    return true;
}

/* False leaves *mac alone. */
static bool parse_mac(const struct cursor *word, struct mac *mac)
{
    struct mac parsed;
    /* Copied: a cursor's bytes have no terminator. */
    char text[MAC_TEXT_SIZE];
    struct cursor from = *word;
    size_t len = cursor_left(&from);
    const uint8_t *bytes = cursor_bytes(&from, len);

    if (len != sizeof(text) - 1 || bytes == NULL)
        return false;
    memcpy(text, bytes, len);
    if (!mac_parse(text, len, &parsed) || mac_is_zero(&parsed) || mac_is_multicast(&parsed))
        return false;
    *mac = parsed;
    return true;
}

/* A whole number of dBm that a frame can be heard with: -1 to -127. Some drivers give 0 or more
 * when they have none. */
static int8_t parse_signal(struct cursor word)
{
    uint64_t value;

    if (!take_prefix(&word, "-") || !number_whole(word, INT8_MAX, &value) || value == 0)
        return RADIO_DB_UNKNOWN;
    return (int8_t) - (int)value;
}

/* --- what clients measured --- */

enum {
    RCPI_MAX = 219,        /* 0 dBm and above are no level, higher values no RCPI */
    RSNI_UNKNOWN = 255,    /* in half dB from -10 dB on */
    MEASURES = 0x1000,     /* of a station's capabilities: Radio Measurement */
    TOKEN_MAX = UINT8_MAX, /* 0 is none */
    BEACON_REPORT = 26,    /* bytes of a report before its subelements */
    LINK_REPORT = 8,       /* a TPC Report element, two antennas, RCPI, RSNI */
    TPC_REPORT = 35,       /* an element of two bytes */
    MODE_DONE = 0,
};

/* The first `size` of the bytes that the word has as digits. */
static bool take_hex(struct cursor word, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(cursor_u8(&word));
        int low = hex_digit(cursor_u8(&word));
        if (word.failed || high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static int8_t level_of(uint8_t rcpi)
{
    return rcpi > 0 && rcpi <= RCPI_MAX ? (int8_t)(rcpi / 2 - 110) : RADIO_DB_UNKNOWN;
}

static int8_t snr_of(uint8_t rsni)
{
    return rsni != RSNI_UNKNOWN ? (int8_t)(rsni / 2 - 10) : RADIO_DB_UNKNOWN;
}

/*
 * Some clients (iPhones, several with Broadcom's chips) put dBm and dB, as signed numbers, where
 * RCPI and RSNI belong. Signal and noise are apart by as much as they are in one reading only: in
 * the other, the noise of an ordinary receiver would be -30 to 0 dBm.
 */
static bool is_plain(uint8_t rcpi, uint8_t rsni)
{
    enum { NOISE_LEAST = -110, NOISE_MOST = -70, NOISE_IMPOSSIBLE = -60 };
    int noise = rcpi / 2 - 110 - (rsni / 2 - 10);
    int plain = (int8_t)rcpi - (int8_t)rsni;

    return rsni != RSNI_UNKNOWN && rcpi > INT8_MAX && rcpi < UINT8_MAX &&
           noise > NOISE_IMPOSSIBLE && plain >= NOISE_LEAST && plain <= NOISE_MOST;
}

static void take_levels(struct cursor *c, struct hostapd_line *line)
{
    uint8_t rcpi = cursor_u8(c);
    uint8_t rsni = cursor_u8(c);
    bool plain = is_plain(rcpi, rsni);

    line->signal = plain ? (int8_t)rcpi : level_of(rcpi);
    line->snr = plain ? (int8_t)rsni : snr_of(rsni);
    if (line->signal == RADIO_DB_UNKNOWN)
        line->body = HOSTAPD_BODY_BROKEN;
}

/* IEEE 802.11-2020, 9.4.2.21.7. The time is on the client's clock, and tells us nothing. */
static void parse_beacon_report(struct cursor word, struct hostapd_line *line)
{
    uint8_t bytes[BEACON_REPORT];
    struct cursor c = cursor_of(bytes, sizeof(bytes));

    if (!take_hex(word, bytes, sizeof(bytes)))
        return;
    line->body = HOSTAPD_BODY_WHOLE;
    cursor_skip(&c, 13); /* class, channel, start, duration, frame */
    take_levels(&c, line);
    line->bssid = cursor_mac(&c);
    if (mac_is_zero(&line->bssid) || mac_is_multicast(&line->bssid) ||
        mac_equal(&line->bssid, &line->mac))
        line->body = HOSTAPD_BODY_BROKEN;
}

/* IEEE 802.11-2020, 9.6.6.5, from behind the token on. */
static void parse_link_report(struct cursor word, struct hostapd_line *line)
{
    uint8_t bytes[LINK_REPORT];
    struct cursor c = cursor_of(bytes, sizeof(bytes));

    if (!take_hex(word, bytes, sizeof(bytes)) || bytes[0] != TPC_REPORT || bytes[1] != 2)
        return;
    line->body = HOSTAPD_BODY_WHOLE;
    cursor_skip(&c, 6);
    take_levels(&c, line);
}

/* <station> <token>, which all events about measurements begin with. */
static bool take_request(struct cursor *words, struct hostapd_line *line)
{
    struct cursor mac = next_word(words);
    struct cursor token = next_word(words);
    uint64_t value;

    if (!parse_mac(&mac, &line->mac) || !number_whole(token, TOKEN_MAX, &value))
        return false;
    line->token = (uint8_t)value;
    return true;
}

static void parse_sent(struct cursor words, struct hostapd_line *line)
{
    if (!take_request(&words, line))
        return;
    struct cursor acked = next_word(&words);
    line->kind = HOSTAPD_SENT;
    line->acked = is_text(&acked, "ack=1");
}

/* ... <mode> <report>; nothing was heard if the report is empty. What refuses may have a report of
 * zeros, which is none. */
static void parse_report(struct cursor words, struct hostapd_line *line)
{
    uint8_t mode;

    if (!take_request(&words, line))
        return;
    struct cursor word = next_word(&words);
    if (cursor_left(&word) != 2 || !take_hex(word, &mode, 1))
        return;
    line->kind = HOSTAPD_REPORT;
    line->refused = mode != MODE_DONE;
    word = next_word(&words);
    if (cursor_left(&word) == 0 || line->refused)
        return;
    line->body = HOSTAPD_BODY_BROKEN;
    parse_beacon_report(word, line);
}

static void parse_link(struct cursor words, struct hostapd_line *line)
{
    if (!take_request(&words, line))
        return;
    line->kind = HOSTAPD_LINK;
    line->body = HOSTAPD_BODY_BROKEN;
    parse_link_report(next_word(&words), line);
}

/* --- events --- */

/* RX-PROBE-REQUEST sa=02:00:00:00:01:00 signal=-37, and what later versions add. */
static void parse_probe(struct cursor words, struct hostapd_line *line)
{
    struct cursor word;

    for (word = next_word(&words); cursor_left(&word) > 0; word = next_word(&words)) {
        if (take_prefix(&word, "sa=")) {
            if (parse_mac(&word, &line->mac))
                line->kind = HOSTAPD_PROBE;
        } else if (take_prefix(&word, "signal=")) {
            line->signal = parse_signal(word);
        }
    }
}

static void parse_event(struct cursor words, struct hostapd_line *line)
{
    struct cursor name = next_word(&words);

    if (is_text(&name, "RX-PROBE-REQUEST")) {
        parse_probe(words, line);
    } else if (is_text(&name, "AP-STA-CONNECTED") || is_text(&name, "CTRL-EVENT-EAP-SUCCESS2")) {
        struct cursor mac = next_word(&words);
        if (parse_mac(&mac, &line->mac))
            line->kind = HOSTAPD_LOGON;
    } else if (is_text(&name, "BEACON-REQ-TX-STATUS")) {
        parse_sent(words, line);
    } else if (is_text(&name, "BEACON-RESP-RX")) {
        parse_report(words, line);
    } else if (is_text(&name, "LINK-MSR-RESP-RX")) {
        parse_link(words, line);
    } else if (is_text(&name, "CTRL-EVENT-TERMINATING")) {
        line->kind = HOSTAPD_END;
    }
}

struct hostapd_line hostapd_parse(struct cursor bytes)
{
    struct hostapd_line line = {
        .kind = HOSTAPD_REPLY, .signal = RADIO_DB_UNKNOWN, .snr = RADIO_DB_UNKNOWN};
    bool ended;

    if (!take_prefix(&bytes, "<"))
        return line;
    line.kind = HOSTAPD_UNKNOWN;
    (void)take_until(&bytes, '>', &ended); /* the level */
    if (ended)
        parse_event(take_until(&bytes, '\n', &ended), &line);
    return line;
}

/* --- replies --- */

enum hostapd_answer hostapd_parse_answer(struct cursor bytes)
{
    bool ended;
    struct cursor line = take_until(&bytes, '\n', &ended);

    if (is_text(&line, "OK"))
        return HOSTAPD_OK;
    return is_text(&line, "PONG") ? HOSTAPD_PONG : HOSTAPD_OTHER;
}

uint8_t hostapd_parse_token(struct cursor bytes)
{
    bool ended;
    struct cursor line = take_until(&bytes, '\n', &ended);
    uint64_t value;

    return number_whole(line, TOKEN_MAX, &value) ? (uint8_t)value : 0;
}

/* capability=0x1421: sixteen bits, without zeros before them */
static bool measures(struct cursor value)
{
    unsigned bits = 0;

    if (!take_prefix(&value, "0x") || cursor_left(&value) > 4)
        return false;
    while (cursor_left(&value) > 0) {
        int digit = hex_digit(cursor_u8(&value));
        if (digit < 0)
            return false;
        bits = bits << 4 | (unsigned)digit;
    }
    return (bits & MEASURES) != 0;
}

/* A longer name is cut, between two characters if it is UTF-8. */
static void take_user(struct cursor value, struct hostapd_station *station)
{
    size_t len = cursor_left(&value);

    if (len > RADIO_USER_NAME_MAX) {
        len = RADIO_USER_NAME_MAX;
        while (len > 0 && (value.at[len] & 0xc0) == 0x80)
            len--;
    }
    const uint8_t *from = cursor_bytes(&value, len);
    if (from == NULL || len == 0)
        return;
    memcpy(station->user, from, len);
    station->user_len = (uint8_t)len;
}

bool hostapd_parse_station(struct cursor bytes, struct hostapd_station *station)
{
    bool ended;
    struct cursor line = take_until(&bytes, '\n', &ended);

    *station = (struct hostapd_station){0};
    if (!ended || !parse_mac(&line, &station->mac))
        return false;
    while (cursor_left(&bytes) > 0) {
        line = take_until(&bytes, '\n', &ended);
        if (ended && take_prefix(&line, "capability="))
            station->measures = measures(line);
        /* The name that the RADIUS server gave wins over what the client called itself. */
        if (ended && (take_prefix(&line, "dot1xAuthSessionUserName=") ||
                      (station->user_len == 0 && take_prefix(&line, "identity="))))
            take_user(line, station);
    }
    station->complete = ended;
    return true;
}
