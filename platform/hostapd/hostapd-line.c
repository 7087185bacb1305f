/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/hostapd/hostapd-line.h"

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
    } else if (is_text(&name, "CTRL-EVENT-TERMINATING")) {
        line->kind = HOSTAPD_END;
    }
}

struct hostapd_line hostapd_parse(struct cursor bytes)
{
    struct hostapd_line line = {.kind = HOSTAPD_REPLY, .signal = RADIO_DB_UNKNOWN};
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
        /* The name that the RADIUS server gave wins over what the client called itself. */
        if (ended && (take_prefix(&line, "dot1xAuthSessionUserName=") ||
                      (station->user_len == 0 && take_prefix(&line, "identity="))))
            take_user(line, station);
    }
    station->complete = ended;
    return true;
}
