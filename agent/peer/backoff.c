/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/backoff.h"

#include <stddef.h>
#include <sys/random.h>

void backoff_init(struct backoff *backoff, uint64_t seed)
{
    if (seed == 0 && getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
        seed = (uint64_t)(uintptr_t)backoff; /* early at boot: jitter needs no secret */
    backoff->random = seed | 1;
    backoff_reset(backoff);
}

void backoff_reset(struct backoff *backoff)
{
    backoff->delay = BACKOFF_FIRST_MS;
}

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators"). */
static uint32_t random_next(struct backoff *backoff)
{
    uint64_t x = backoff->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    backoff->random = x;
    return (uint32_t)((x * 0x2545f4914f6cdd1dULL) >> 32);
}

int64_t backoff_next(struct backoff *backoff)
{
    int64_t delay = backoff->delay;
    int64_t spread = delay * BACKOFF_JITTER_PERCENT / 100;

    backoff->delay = delay * 2 < BACKOFF_LAST_MS ? delay * 2 : BACKOFF_LAST_MS;
    return delay - spread + (int64_t)(random_next(backoff) % (uint64_t)(2 * spread + 1));
}
