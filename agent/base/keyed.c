/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/keyed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of the fields, all but the hash key. */
static bool allocate(struct keyed *keyed, uint32_t capacity)
{
    assert(capacity < UINT32_MAX / 4);
    keyed->size = capacity > 0 ? capacity + capacity / 3 + 2 : 0;
    keyed->number_mask = 1;
    while (keyed->number_mask < capacity)
        keyed->number_mask = keyed->number_mask << 1 | 1;
    keyed->entries = keyed->size > 0 ? calloc(keyed->size, sizeof(*keyed->entries)) : NULL;
    return keyed->size == 0 || keyed->entries != NULL;
}

int keyed_init(struct keyed *keyed, uint32_t capacity)
{
    *keyed = (struct keyed){.entries = NULL};
    int error = allocate(keyed, capacity) ? siphash_key_random(&keyed->key) : -ENOMEM;

    if (error != 0)
        keyed_fini(keyed);
    return error;
}

void keyed_fini(struct keyed *keyed)
{
    free(keyed->entries);
    *keyed = (struct keyed){.entries = NULL};
}

void keyed_clear(struct keyed *keyed)
{
    if (keyed->size > 0)
        memset(keyed->entries, 0, keyed->size * sizeof(*keyed->entries));
}

bool keyed_reserve(struct keyed *keyed, uint32_t capacity, uint32_t count, keyed_hash *hash_of,
                   const void *owner)
{
    struct keyed larger = *keyed;

    if (!allocate(&larger, capacity))
        return false;
    for (uint32_t number = 0; number < count; number++)
        keyed_put(&larger, hash_of(owner, number), number);
    free(keyed->entries);
    *keyed = larger;
    return true;
}

static uint32_t behind(const struct keyed *keyed, uint32_t place)
{
    return place + 1 < keyed->size ? place + 1 : 0;
}

/* Cyclically, from one place on to another. */
static uint32_t distance(const struct keyed *keyed, uint32_t from, uint32_t to)
{
    return to >= from ? to - from : to + (keyed->size - from);
}

/* Where this number stands, or (KEYED_NONE) the empty place where a new one would. */
static uint32_t *place_of(const struct keyed *keyed, uint64_t hash, uint32_t number)
{
    uint32_t wanted = number == KEYED_NONE ? 0 : keyed_tag(keyed, hash) | (number + 1);
    uint32_t place = keyed_home(keyed, hash);

    while (keyed->entries[place] != wanted) {
        assert(keyed->entries[place] != 0 || wanted == 0);
        place = behind(keyed, place);
    }
    return &keyed->entries[place];
}

void keyed_put(struct keyed *keyed, uint64_t hash, uint32_t number)
{
    assert(number < keyed->number_mask);
    *place_of(keyed, hash, KEYED_NONE) = keyed_tag(keyed, hash) | (number + 1);
}

void keyed_renumber(struct keyed *keyed, uint64_t hash, uint32_t before, uint32_t after)
{
    *place_of(keyed, hash, before) = keyed_tag(keyed, hash) | (after + 1);
}

void keyed_remove(struct keyed *keyed, uint32_t number, keyed_hash *hash_of, const void *owner)
{
    uint32_t hole = (uint32_t)(place_of(keyed, hash_of(owner, number), number) - keyed->entries);

    for (uint32_t at = behind(keyed, hole); keyed->entries[at] != 0; at = behind(keyed, at)) {
        uint32_t other = (keyed->entries[at] & keyed->number_mask) - 1;
        uint32_t home = keyed_home(keyed, hash_of(owner, other));
        /* It may fill the hole unless its home lies behind the hole. */
        if (distance(keyed, home, at) >= distance(keyed, hole, at)) {
            keyed->entries[hole] = keyed->entries[at];
            hole = at;
        }
    }
    keyed->entries[hole] = 0;
}
