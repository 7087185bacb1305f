/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/refusals.h"

#include "agent/peer/address.h"

#include <string.h>

static bool same_key(const struct diagnosis *x, bool has_presented,
                     const struct certificate_info *presented)
{
    if (x->has_presented != has_presented)
        return false;
    return !has_presented || memcmp(x->presented.spki_sha256, presented->spki_sha256,
                                    sizeof(presented->spki_sha256)) == 0;
}

static bool was_not_heard(const struct diagnosis *diagnosis)
{
    return diagnosis_class(diagnosis->code) == DIAGNOSIS_NOT_HEARD;
}

static struct refusal *find(struct refusals *refusals, const struct diagnosis *diagnosis)
{
    for (size_t i = 0; i < REFUSALS_MAX; i++) {
        struct refusal *one = &refusals->places[i];
        if (one->count > 0 && was_not_heard(&one->diagnosis) == was_not_heard(diagnosis) &&
            address_same_host(one->diagnosis.address, diagnosis->address) &&
            same_key(&one->diagnosis, diagnosis->has_presented, &diagnosis->presented))
            return one;
    }
    return NULL;
}

/* How many were not heard; the one of them that has been away the longest. */
static size_t count_not_heard(struct refusals *refusals, struct refusal **oldest)
{
    size_t count = 0;

    for (size_t i = 0; i < REFUSALS_MAX; i++) {
        struct refusal *one = &refusals->places[i];
        if (one->count == 0 || !was_not_heard(&one->diagnosis))
            continue;
        if (count++ == 0 || one->last < (*oldest)->last)
            *oldest = one;
    }
    return count;
}

/* A free place, or that of the one that has been away the longest. */
static struct refusal *make_room(struct refusals *refusals, const struct diagnosis *diagnosis)
{
    struct refusal *oldest = NULL;

    if (was_not_heard(diagnosis) && count_not_heard(refusals, &oldest) >= REFUSALS_MAX / 2)
        return oldest;
    oldest = &refusals->places[0];
    for (size_t i = 0; i < REFUSALS_MAX; i++) {
        struct refusal *one = &refusals->places[i];
        if (one->count == 0)
            return one;
        if (one->last < oldest->last)
            oldest = one;
    }
    return oldest;
}

bool refusals_note(struct refusals *refusals, const struct diagnosis *diagnosis,
                   const struct mac *identity, int64_t now)
{
    struct refusal *one = find(refusals, diagnosis);
    bool known = one != NULL;

    if (!known) {
        one = make_room(refusals, diagnosis);
        one->count = 0;
    }
    if (!known || !diagnosis_same(&one->diagnosis, diagnosis)) {
        one->first = now;
        one->told = false;
    }
    one->diagnosis = *diagnosis;
    one->was_let_in = identity != NULL;
    if (identity != NULL)
        one->identity = *identity;
    one->last = now;
    one->count++;
    return !one->told;
}

void refusals_told(struct refusals *refusals, const struct diagnosis *diagnosis)
{
    struct refusal *one = find(refusals, diagnosis);

    if (one != NULL)
        one->told = true;
}

void refusals_forget(struct refusals *refusals, const char *address,
                     const struct certificate_info *presented)
{
    for (size_t i = 0; i < REFUSALS_MAX; i++) {
        struct refusal *one = &refusals->places[i];
        if (one->count > 0 && address_same_host(one->diagnosis.address, address) &&
            (was_not_heard(&one->diagnosis) ||
             same_key(&one->diagnosis, presented != NULL, presented)))
            one->count = 0;
    }
}

void refusals_forget_mac(struct refusals *refusals, const struct mac *identity)
{
    for (size_t i = 0; i < REFUSALS_MAX; i++) {
        struct refusal *one = &refusals->places[i];
        if (one->was_let_in && mac_equal(&one->identity, identity) &&
            one->diagnosis.code != DIAGNOSIS_SESSION_EXISTS)
            one->count = 0;
    }
}

bool refusals_next(const struct refusals *refusals, size_t *cursor, int64_t now,
                   struct diagnosis *out)
{
    while (*cursor < REFUSALS_MAX) {
        const struct refusal *one = &refusals->places[(*cursor)++];
        if (one->count == 0)
            continue;
        *out = one->diagnosis;
        out->since = now - one->first;
        out->count = one->count;
        return true;
    }
    return false;
}
