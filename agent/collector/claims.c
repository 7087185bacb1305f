/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/collector/claims.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16 };

static uint64_t hash(const struct claims *c, const struct mac *device)
{
    return siphash_mac(&c->index.key, device);
}

static uint64_t hash_of(const void *owner, uint32_t number)
{
    const struct claims *c = owner;
    return hash(c, &c->list[number].device);
}

static bool is(const void *owner, uint32_t number, const void *wanted)
{
    const struct claims *c = owner;
    return mac_equal(&c->list[number].device, wanted);
}

static uint32_t find(const struct claims *c, const struct mac *device)
{
    return keyed_find(&c->index, hash(c, device), is, c, device);
}

int claims_init(struct claims *c)
{
    *c = (struct claims){.count = 0};
    return keyed_init(&c->index, 0);
}

void claims_clear(struct claims *c)
{
    keyed_clear(&c->index);
    c->count = 0;
}

void claims_fini(struct claims *c)
{
    keyed_fini(&c->index);
    free(c->list);
    *c = (struct claims){.count = 0};
}

const struct radio_client *claims_find(const struct claims *c, const struct mac *device)
{
    uint32_t number = find(c, device);
    return number != KEYED_NONE ? &c->list[number] : NULL;
}

static bool make_room(struct claims *c)
{
    uint32_t room = c->room == 0 ? FIRST_ROOM : c->room * 2;

    if (c->count < c->room)
        return true;
    if (room > CLAIMS_MAX)
        return false;
    struct radio_client *list = realloc(c->list, room * sizeof(*list));
    if (list == NULL)
        return false;
    c->list = list;
    if (!keyed_reserve(&c->index, room, c->count, hash_of, c))
        return false;
    c->room = room;
    return true;
}

enum claims_put claims_put(struct claims *c, const struct radio_client *client)
{
    uint32_t number = find(c, &client->device);

    if (number != KEYED_NONE) {
        bool moved = c->list[number].ap != client->ap;
        c->list[number] = *client;
        return moved ? CLAIMS_NEW : CLAIMS_KNOWN;
    }
    if (!make_room(c))
        return CLAIMS_FULL;
    c->list[c->count] = *client;
    keyed_put(&c->index, hash(c, &client->device), c->count);
    c->count++;
    return CLAIMS_NEW;
}

bool claims_drop(struct claims *c, const struct mac *device, uint16_t *ap)
{
    uint32_t number = find(c, device);
    uint32_t last = c->count - 1;

    if (number == KEYED_NONE)
        return false;
    *ap = c->list[number].ap;
    keyed_remove(&c->index, number, hash_of, c);
    if (number != last) {
        keyed_renumber(&c->index, hash(c, &c->list[last].device), last, number);
        c->list[number] = c->list[last];
    }
    c->count--;
    return true;
}
