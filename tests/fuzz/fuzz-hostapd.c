/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from hostapd's control socket. Each input is read as an event, as an answer of one word and
 * as the description of a station; the answer of one word also as a token.
 *
 * What must hold whatever comes: a signal is below 0 dBm or not there, a MAC is one of a station,
 * a report that is whole can be told, and what is appended to an event behind a space changes
 * nothing of what was understood before.
 */
#include "platform/hostapd/hostapd-line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_station(const struct mac *mac)
{
    require(!mac_is_zero(mac) && !mac_is_multicast(mac));
}

/* What is whole can be told as a sample. */
static void check_measured(const struct hostapd_line *line)
{
    bool measured = line->kind == HOSTAPD_REPORT || line->kind == HOSTAPD_LINK;

    if (line->body != HOSTAPD_BODY_WHOLE)
        return;
    require(measured && line->signal != RADIO_DB_UNKNOWN && line->signal >= -110);
    require(line->snr == RADIO_DB_UNKNOWN || line->snr >= -10);
    if (line->kind == HOSTAPD_LINK)
        return;
    require_station(&line->bssid);
    require(!mac_equal(&line->bssid, &line->mac));
}

static void check_line(const uint8_t *data, size_t size)
{
    static const char trailing[] = " later=1 2";
    struct hostapd_line line = hostapd_parse(cursor_of(data, size));
    uint8_t longer[4096];

    require(line.signal < 0);
    require((line.kind == HOSTAPD_REPLY) == (size == 0 || data[0] != '<'));
    if (line.kind != HOSTAPD_REPLY && line.kind != HOSTAPD_UNKNOWN && line.kind != HOSTAPD_END)
        require_station(&line.mac);
    check_measured(&line);
    if (line.kind == HOSTAPD_UNKNOWN || size + sizeof(trailing) > sizeof(longer))
        return;
    memcpy(longer, data, size);
    memcpy(longer + size, trailing, sizeof(trailing) - 1);
    struct hostapd_line again = hostapd_parse(cursor_of(longer, size + sizeof(trailing) - 1));
    require(again.kind == line.kind && again.signal == line.signal);
    require(mac_equal(&again.mac, &line.mac) && again.token == line.token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hostapd_station station;

    if (size > 0)
        check_line(data, size);
    (void)hostapd_parse_answer(cursor_of(data, size));
    (void)hostapd_parse_token(cursor_of(data, size));
    if (hostapd_parse_station(cursor_of(data, size), &station)) {
        require_station(&station.mac);
        require(station.user_len <= RADIO_USER_NAME_MAX);
        require(station.complete == (size > 0 && data[size - 1] == '\n'));
        require(memchr(station.user, '\n', station.user_len) == NULL);
    }
    return 0;
}
