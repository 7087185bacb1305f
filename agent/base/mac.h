/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MAC addresses: the identity of stations, APs and location servers.
 *
 * Six bytes in transmission order, so that a struct mac can be copied to and from the wire as it
 * is.
 */
#ifndef AGENT_BASE_MAC_H
#define AGENT_BASE_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct mac {
    uint8_t b[6];
};

#define MAC_TEXT_SIZE 18 /* "aa:bb:cc:dd:ee:ff" and its terminator */

static inline bool mac_equal(const struct mac *x, const struct mac *y)
{
    return memcmp(x->b, y->b, sizeof(x->b)) == 0;
}

static inline int mac_compare(const struct mac *x, const struct mac *y)
{
    return memcmp(x->b, y->b, sizeof(x->b));
}

/* True for MACs that were made up by software, as randomising clients do (IEEE 802: bit 1 of the
 * first byte). */
static inline bool mac_is_local(const struct mac *m)
{
    return (m->b[0] & 0x02) != 0;
}

static inline bool mac_is_multicast(const struct mac *m)
{
    return (m->b[0] & 0x01) != 0;
}

bool mac_is_zero(const struct mac *m);

/*
 * Reads one whole MAC in any usual spelling: aabbccddeeff, aa:bb:cc:dd:ee:ff, aa-bb-..,
 * aabb.ccdd.eeff, upper or lower case. Nothing may stand before or after it. False leaves *out
 * alone.
 */
bool mac_parse(const char *text, size_t len, struct mac *out);

/* Writes lower-case, colon-separated text into buf and returns buf. */
const char *mac_text(const struct mac *m, char buf[static MAC_TEXT_SIZE]);

#endif
