/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"), for tables whose keys come
 * from outside: without the secret key nobody can invent MACs that all land in one place.
 */
#ifndef AGENT_BASE_SIPHASH_H
#define AGENT_BASE_SIPHASH_H

#include "agent/base/mac.h"

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t k0;
    uint64_t k1;
};

/* A key from the kernel's random numbers. 0 or -errno. */
int siphash_key_random(struct siphash_key *key);

/* `data` may be NULL if len is 0. */
uint64_t siphash(const struct siphash_key *key, const void *data, size_t len);

/* The same over six bytes, without the general case's loop. */
uint64_t siphash_mac(const struct siphash_key *key, const struct mac *mac);

#endif
