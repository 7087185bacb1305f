/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/replay/replay-crowd.h"

uint64_t replay_mac_number(const struct mac *mac)
{
    struct cursor c = cursor_of(mac->b, sizeof(mac->b));
    uint64_t high = cursor_u16(&c);

    return high << 32 | cursor_u32(&c);
}

struct mac replay_mac_plus(const struct mac *mac, uint64_t n)
{
    struct mac sum;
    struct writer w = writer_of(sum.b, sizeof(sum.b));
    uint64_t number = replay_mac_number(mac) + n;

    writer_u16(&w, (uint16_t)(number >> 32));
    writer_u32(&w, (uint32_t)number);
    return sum;
}

int8_t replay_clamp(int64_t rssi)
{
    if (rssi < INT8_MIN + 1)
        return INT8_MIN + 1;
    return rssi > INT8_MAX ? INT8_MAX : (int8_t)rssi;
}

/* Straight between two levels. */
static int64_t between(int64_t from, int64_t to, int64_t part, int64_t whole)
{
    return from + (to - from) * part / whole;
}

static int64_t on_path(const struct replay_crowd *what, int64_t since)
{
    const struct replay_waypoint *path = what->path;
    size_t i = 0;

    while (i < what->waypoints && path[i].at <= since)
        i++;
    if (i == 0)
        return path[0].rssi;
    if (i == what->waypoints)
        return path[i - 1].rssi;
    return between(path[i - 1].rssi, path[i].rssi, since - path[i - 1].at,
                   path[i].at - path[i - 1].at);
}

int64_t replay_level(const struct replay_crowd *what, uint32_t device, int64_t since)
{
    if (what->waypoints > 0)
        return on_path(what, since);
    if (what->rssi == what->rssi_to)
        return what->rssi;
    /* Neighbours in number stand far from each other. */
    uint32_t place = (device * UINT32_C(2654435761)) >> 22;
    if (what->walk == 0)
        return between(what->rssi, what->rssi_to, place, 1023);
    int64_t half = what->walk / 2;
    int64_t phase = (since + (int64_t)what->walk * place / 1024) % (2 * half);
    return between(what->rssi, what->rssi_to, phase < half ? phase : 2 * half - phase, half);
}
