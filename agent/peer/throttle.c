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

static struct throttle_group *find(struct throttle *throttle, const struct address_group *from)
{
    for (size_t i = 0; i < THROTTLE_GROUPS; i++) {
        struct throttle_group *group = &throttle->groups[i];
        if (group->used && address_group_equal(&group->from, from))
            return group;
    }
    return NULL;
}

/* NULL if it is not known, or has stayed away long enough to be new again. */
static struct throttle_group *
find_known(struct throttle *throttle, const struct address_group *from, uint32_t rate, int64_t now)
{
    struct throttle_group *group = find(throttle, from);

    if (group == NULL)
        return NULL;
    refill(&group->bucket, rate, now);
    if (group->bucket.spent == 0 && now - group->seen >= THROTTLE_FORGET_MS)
        group->used = false;
    group->seen = now;
    return group->used ? group : NULL;
}

static bool is_worth_less(const struct throttle_group *x, const struct throttle_group *y)
{
    if (x->used != y->used)
        return !x->used;
    return x->bucket.spent < y->bucket.spent ||
           (x->bucket.spent == y->bucket.spent && x->seen < y->seen);
}

/* A full bucket for this group, in place of the one that is worth the least. */
static struct throttle_group *make(struct throttle *throttle, const struct address_group *from,
                                   uint32_t rate, int64_t now)
{
    struct throttle_group *least = &throttle->groups[0];

    for (size_t i = 0; i < THROTTLE_GROUPS; i++) {
        refill(&throttle->groups[i].bucket, rate, now);
        if (is_worth_less(&throttle->groups[i], least))
            least = &throttle->groups[i];
    }
    *least =
        (struct throttle_group){.used = true, .seen = now, .from = *from, .bucket = {.at = now}};
    return least;
}

bool throttle_take(struct throttle *throttle, const struct settings_listen *limits,
                   const struct address_group *from, int64_t now)
{
    struct throttle_group *own = find_known(throttle, from, limits->each.rate, now);
    uint32_t common = limits->all.burst;

    refill(&throttle->all, limits->all.rate, now);
    if (own != NULL)
        common -= common / 2;
    if (!has_room(&throttle->all, &limits->all, common) ||
        (own != NULL && !has_room(&own->bucket, &limits->each, limits->each.burst)))
        return false;
    if (own == NULL)
        own = make(throttle, from, limits->each.rate, now);
    throttle->all.spent += cost;
    own->bucket.spent += cost;
    return true;
}

void throttle_give_back(struct throttle *throttle, const struct address_group *from)
{
    struct throttle_group *own = find(throttle, from);

    give_back(&throttle->all);
    if (own != NULL)
        give_back(&own->bucket);
}
