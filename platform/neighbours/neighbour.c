/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/neighbours/neighbour.h"

#include "platform/nl80211/attr.h"

#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>

static const uint16_t believed = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;

static size_t address_size(uint8_t family)
{
    return family == 4 ? 4 : 16;
}

static bool is_host_address(const struct neighbour *neighbour)
{
    static const uint8_t unspecified[16];

    if (memcmp(neighbour->address, unspecified, address_size(neighbour->family)) == 0)
        return false;
    if (neighbour->family == 4) /* 224.0.0.0/4 and what is above it are no host's */
        return neighbour->address[0] < 224;
    return neighbour->address[0] != 0xff;
}

static bool take_address(const struct attribute *attribute, struct neighbour *neighbour)
{
    struct cursor value = attribute->value;
    size_t len = address_size(neighbour->family);

    if (cursor_left(&value) != len)
        return false;
    memcpy(neighbour->address, cursor_bytes(&value, len), len);
    return true;
}

bool neighbour_parse(struct cursor body, struct neighbour *neighbour, bool *is_host)
{
    struct attribute attribute;
    bool has_address = false;

    /* struct ndmsg: family, padding (1 and 2), index, state, flags, type */
    *neighbour = (struct neighbour){0};
    uint8_t family = cursor_u8(&body);
    cursor_skip(&body, 3);
    neighbour->family = family == AF_INET ? 4 : 6;
    neighbour->ifindex = native_u32(&body);
    neighbour->valid = (native_u16(&body) & believed) != 0;
    cursor_skip(&body, 2);
    while (attribute_next(&body, &attribute)) {
        if (attribute.type == NDA_DST)
            has_address = take_address(&attribute, neighbour);
        else if (attribute.type == NDA_LLADDR &&
                 cursor_left(&attribute.value) == sizeof(struct mac))
            neighbour->has_mac = attribute_mac(&attribute, &neighbour->mac);
    }
    *is_host =
        (family == AF_INET || family == AF_INET6) && has_address && is_host_address(neighbour);
    return !body.failed;
}
