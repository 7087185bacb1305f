/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds records of its owner by keys that come from outside: an index from the keyed hash of a key
 * to the record's number, so that invented keys cannot make it slow.
 *
 * The owner keeps the records, by numbers below the capacity, and says which number has a key; so
 * its records stay where they are, or move, as it likes. Several numbers may have one key. Fixed
 * memory, 16/3 bytes a number; nothing is allocated but by keyed_reserve().
 *
 * Open addressing with linear probing, three quarters full at most; deletion moves entries back, so
 * that no tombstones gather. An entry is the number + 1, and in the bits that no number needs bits
 * of the hash, so that another key's record is hardly ever looked at.
 */
#ifndef AGENT_BASE_KEYED_H
#define AGENT_BASE_KEYED_H

#include "agent/base/siphash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYED_NONE UINT32_MAX

struct keyed {
    uint32_t *entries; /* 0: empty */
    uint32_t size;
    uint32_t number_mask; /* what of an entry is the number */
    struct siphash_key key;
};

/* Is it this number that has what is looked for? */
typedef bool keyed_is(const void *owner, uint32_t number, const void *wanted);
/* The hash under which this number was put. */
typedef uint64_t keyed_hash(const void *owner, uint32_t number);

/* For numbers below `capacity`, which is 0 for one that grows by keyed_reserve(). 0, -ENOMEM or
 * what siphash_key_random() gives. */
int keyed_init(struct keyed *keyed, uint32_t capacity);
void keyed_fini(struct keyed *keyed);

/* Room for more numbers; those below `count` are in it, and stay. False: memory is out, and nothing
 * has changed. */
bool keyed_reserve(struct keyed *keyed, uint32_t capacity, uint32_t count, keyed_hash *hash_of,
                   const void *owner);

/* Not yet in it, and below the capacity. */
void keyed_put(struct keyed *keyed, uint64_t hash, uint32_t number);
/* Is in it; asks for the hashes of others. */
void keyed_remove(struct keyed *keyed, uint32_t number, keyed_hash *hash_of, const void *owner);
/* The same record has another number now. */
void keyed_renumber(struct keyed *keyed, uint64_t hash, uint32_t before, uint32_t after);
void keyed_clear(struct keyed *keyed);

/* --- finding: inline, with an `is` that is inlined, too -------------------------------------- */

/* Where the search begins: below the size, by the lower half of the hash. */
static inline uint32_t keyed_home(const struct keyed *keyed, uint64_t hash)
{
    return (uint32_t)((uint64_t)(uint32_t)hash * keyed->size >> 32);
}

static inline uint32_t keyed_tag(const struct keyed *keyed, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & ~keyed->number_mask;
}

/* The number, or KEYED_NONE. */
static inline uint32_t keyed_find(const struct keyed *keyed, uint64_t hash, keyed_is *is,
                                  const void *owner, const void *wanted)
{
    const uint32_t tag = keyed_tag(keyed, hash);
    uint32_t place = keyed_home(keyed, hash);

    if (keyed->size == 0)
        return KEYED_NONE;
    for (; keyed->entries[place] != 0; place = place + 1 < keyed->size ? place + 1 : 0) {
        uint32_t number = (keyed->entries[place] & keyed->number_mask) - 1;
        if ((keyed->entries[place] & ~keyed->number_mask) == tag && is(owner, number, wanted))
            return number;
    }
    return KEYED_NONE;
}

#endif
