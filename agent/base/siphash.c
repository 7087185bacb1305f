/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/siphash.h"

#include <errno.h>
#include <sys/random.h>

struct state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned n)
{
    return (x << n) | (x >> (64 - n));
}

static inline void round_once(struct state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline struct state start(const struct siphash_key *key)
{
    return (struct state){
        .v0 = key->k0 ^ 0x736f6d6570736575ULL,
        .v1 = key->k1 ^ 0x646f72616e646f6dULL,
        .v2 = key->k0 ^ 0x6c7967656e657261ULL,
        .v3 = key->k1 ^ 0x7465646279746573ULL,
    };
}

static inline void absorb(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    round_once(s);
    round_once(s);
    s->v0 ^= word;
}

static inline uint64_t finish(struct state *s)
{
    s->v2 ^= 0xff;
    for (int i = 0; i < 4; i++)
        round_once(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Up to eight bytes, little-endian, as the algorithm's definition has it. */
static inline uint64_t little_endian(const uint8_t *p, size_t n)
{
    uint64_t word = 0;
    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return word;
}

int siphash_key_random(struct siphash_key *key)
{
    ssize_t got = getrandom(key, sizeof(*key), 0);
    if (got < 0)
        return -errno;
    return got == (ssize_t)sizeof(*key) ? 0 : -EIO;
}

uint64_t siphash(const struct siphash_key *key, const void *data, size_t len)
{
    const uint8_t *p = data;
    struct state s = start(key);
    size_t whole = len - len % 8;

    for (size_t i = 0; i < whole; i += 8)
        absorb(&s, little_endian(p + i, 8));
    if (whole > 0)
        p += whole;
    absorb(&s, little_endian(p, len - whole) | (uint64_t)(len & 0xff) << 56);
    return finish(&s);
}

uint64_t siphash_mac(const struct siphash_key *key, const struct mac *mac)
{
    struct state s = start(key);
    absorb(&s, little_endian(mac->b, sizeof(mac->b)) | (uint64_t)sizeof(mac->b) << 56);
    return finish(&s);
}
