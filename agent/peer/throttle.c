/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/throttle.h"

#include <string.h>

static const uint64_t cost = 60 * 1000;

/* What has come back by now. A rate of 0 is no limit. */
static void refill(struct throttle_bucket *bucket, uint32_t rate, int64_t now)
{
    uint64_t elapsed = now > bucket->at ? (uint64_t)(now - bucket->at) : 0;

    if (rate == 0 || elapsed >= bucket->spent / rate + 1)
        bucket->spent = 0;
    else
        bucket->spent -= elapsed * rate;
    bucket->at = now;
}

static bool has_room(const struct throttle_bucket *bucket, const struct settings_rate *limit,
                     uint32_t burst)
{
    return limit->rate == 0 || bucket->spent + cost <= burst * cost;
}

static void give_back(struct throttle_bucket *bucket)
{
    bucket->spent -= bucket->spent < cost ? bucket->spent : cost;
}

static struct throttle_bucket *find(struct throttle *throttle, const struct address_group *from)
{
    for (size_t i = 0; i < THROTTLE_GROUPS; i++) {
        if (throttle->groups[i].bucket.spent > 0 &&
            address_group_equal(&throttle->groups[i].from, from))
            return &throttle->groups[i].bucket;
    }
    return NULL;
}

/* A full bucket for this group, in place of the fullest. */
static struct throttle_bucket *make(struct throttle *throttle, const struct address_group *from,
                                    uint32_t rate, int64_t now)
{
    size_t fullest = 0;

    for (size_t i = 0; i < THROTTLE_GROUPS; i++) {
        refill(&throttle->groups[i].bucket, rate, now);
        if (throttle->groups[i].bucket.spent < throttle->groups[fullest].bucket.spent)
            fullest = i;
    }
    throttle->groups[fullest].from = *from;
    throttle->groups[fullest].bucket = (struct throttle_bucket){.at = now};
    return &throttle->groups[fullest].bucket;
}

bool throttle_take(struct throttle *throttle, const struct settings_listen *limits,
                   const struct address_group *from, int64_t now)
{
    struct throttle_bucket *own = find(throttle, from);
    uint32_t common = limits->all.burst;

    refill(&throttle->all, limits->all.rate, now);
    if (own != NULL)
        refill(own, limits->each.rate, now);
    if (own != NULL && own->spent > 0)
        common -= common / 2;
    if (!has_room(&throttle->all, &limits->all, common) ||
        (own != NULL && !has_room(own, &limits->each, limits->each.burst)))
        return false;
    if (own == NULL)
        own = make(throttle, from, limits->each.rate, now);
    throttle->all.spent += cost;
    own->spent += cost;
    return true;
}

void throttle_give_back(struct throttle *throttle, const struct address_group *from)
{
    struct throttle_bucket *own = find(throttle, from);

    give_back(&throttle->all);
    if (own != NULL)
        give_back(own);
}
