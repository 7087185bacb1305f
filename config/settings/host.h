/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a location server is, as text: an IPv4 address, an IPv6 address (with %zone) or a DNS name.
 */
#ifndef CONFIG_SETTINGS_HOST_H
#define CONFIG_SETTINGS_HOST_H

#include <stdbool.h>

/* A whole address, as RFC 4291, 2.2 and RFC 4007, 11 spell them; IPv4 in four parts. */
bool host_is_address(const char *text);

/* Digits and dots alone, or a colon: nobody means a name by that. */
bool host_looks_like_address(const char *text);

/*
 * Do both lead to one place? Addresses are compared by value, names without regard to case and to
 * the root's dot. Names are not looked up.
 */
bool host_same(const char *x, const char *y);

#endif
