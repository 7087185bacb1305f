/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/channel-information.h"

#include "agent/view/info.h"
#include "agent/wire/wire.h"

/* Which AP hears a device loudest is looked for in each device's turn, once in so many looks:
 * samples change all the time. */
enum { SLICES = 8 };

/* What is kept of what was announced: the AP that it went by, its kind, whether more was known.
 */
enum { KIND_SHIFT = 16, KIND_BITS = 0x7, HAD_INFO = 1 << 19 };

/* A client that left: where it was. */
struct left {
    struct mac mac;
    struct mac ap;
    uint8_t slot;
};

struct own {
    bool any_news;
    bool any_heard;
    bool look_again; /* at all of them, at the next look */
    unsigned slice;  /* whose turn it is */
    /* What was looked at last: what there is to tell, and the AP that it goes by. */
    uint16_t ap;
    enum info_kind kind;
    struct {
        uint64_t news;  /* there may be something new of it */
        uint64_t heard; /* its AP may have become another one: looked at in its turn */
    } marks[];          /* a bit for each device of the table */
};

static size_t size(const struct table *table)
{
    return sizeof(struct own) + (table->device_capacity / 64 + 1) * 2 * sizeof(uint64_t);
}

/* --- what there is to tell ------------------------------------------------------------------- */

static bool is_client(enum info_kind kind)
{
    return kind == INFO_PROBING || kind == INFO_ASSOCIATED;
}

static enum info_kind kind_of(uint32_t what)
{
    return (enum info_kind)(what >> KIND_SHIFT & KIND_BITS);
}

/* An AP stays the one that a device goes by while it can. A client that is one no more has to
 * depart before it is told as something else. */
static enum channel_sight look(const struct channel_context *c, uint32_t index)
{
    struct own *own = c->own;
    const struct channel_announced announced = c->announced[index];
    const struct device_info *info = device_info_of(engine_device_info(c->engine), index);
    enum info_kind before = announced.is ? kind_of(announced.what) : INFO_NONE;
    uint16_t ap = (uint16_t)announced.what;

    own->ap = before != INFO_NONE && before != INFO_ASSOCIATED ? ap : INFO_NO_AP;
    own->kind = info_kind(c->engine, index, c->filter, &own->ap);
    if (own->kind == INFO_NONE || (is_client(before) && !is_client(own->kind)))
        return CHANNEL_ABSENT;
    if (before != own->kind || ap != own->ap || announced.diverged ||
        (info != NULL) != ((announced.what & HAD_INFO) != 0) ||
        (info != NULL && engine_after(info->changed, announced.epoch)) ||
        engine_after(c->places[own->ap].changed, announced.epoch))
        return CHANNEL_CHANGED;
    return CHANNEL_SAME;
}

static enum put_result put(const struct channel_context *c, uint32_t index,
                           struct channel_message *message)
{
    const struct own *own = c->own;
    return info_put(c->engine, index, own->kind, own->ap, &message->body) ? PUT_ADDED : PUT_FULL;
}

static uint32_t remember(const struct channel_context *c, uint32_t index)
{
    const struct own *own = c->own;
    uint32_t had = device_info_of(engine_device_info(c->engine), index) != NULL ? HAD_INFO : 0;
    return own->ap | (uint32_t)own->kind << KIND_SHIFT | had;
}

/* --- clients that left ----------------------------------------------------------------------- */

static bool depart(const struct channel_context *c, uint32_t index, void *departure)
{
    uint32_t what = c->announced[index].what;
    const struct radio_ap *now = engine_ap(c->engine, (uint16_t)what);
    const struct place *before = &c->places[(uint16_t)what];
    bool is_there = now != NULL && !before->moved;

    if (!is_client(kind_of(what)) || (subfilter_services(c->filter) & WIRE_BIT(WIRE_INFO_MS)) == 0)
        return false;
    *(struct left *)departure = (struct left){.mac = table_device(c->table, index)->mac,
                                              .ap = is_there ? now->mac : before->mac,
                                              .slot = is_there ? now->slot : before->slot};
    return true;
}

static uint32_t back(const struct channel_context *c, const void *departure)
{
    uint32_t index = table_find(c->table, &((const struct left *)departure)->mac);

    if (index == TABLE_NONE || look(c, index) == CHANNEL_ABSENT ||
        !is_client(((struct own *)c->own)->kind))
        return TABLE_NONE;
    return index;
}

static bool put_departure(const struct channel_context *c, const void *departure,
                          struct channel_message *message)
{
    const struct left *left = departure;

    (void)c;
    return info_put_left(&left->mac, &left->ap, left->slot, &message->body);
}

/* --- whom to look at ------------------------------------------------------------------------- */

/* Who was told to be at an AP that has gone is elsewhere now, or left. */
static void look_at_moved(const struct channel_context *c)
{
    for (uint32_t index = 0; index < c->table->slots_used; index++) {
        if (!c->announced[index].is || !c->places[(uint16_t)c->announced[index].what].moved)
            continue;
        if (look(c, index) == CHANNEL_ABSENT)
            channel_leave(c->channel, index);
        else
            channel_diverge(c->channel, index);
    }
}

static void take(const struct channel_context *c, enum channel_event event, uint32_t index)
{
    struct own *own = c->own;

    if (event == CHANNEL_MOVED) {
        look_at_moved(c);
    } else if (event == CHANNEL_HEARD) {
        own->marks[index / 64].heard |= UINT64_C(1) << index % 64;
        own->any_heard = true;
    } else if (index != TABLE_NONE) {
        own->marks[index / 64].news |= UINT64_C(1) << index % 64;
        own->any_news = true;
    } else {
        own->look_again = true;
    }
}

static bool has_news(const struct channel_context *c)
{
    const struct own *own = c->own;
    return own->look_again || own->any_news || own->any_heard;
}

/* --- ticks ----------------------------------------------------------------------------------- */

static bool is_owed(const struct channel_context *c, uint32_t index)
{
    return (((struct own *)c->own)->marks[index / 64].news >> index % 64 & 1) != 0;
}

static void look_at(const struct channel_context *c, uint32_t index)
{
    enum channel_sight sight = look(c, index);

    if (sight == CHANNEL_ABSENT) {
        channel_leave(c->channel, index);
        sight = look(c, index);
    }
    if (sight == CHANNEL_CHANGED && !channel_tell(c->channel, index))
        take(c, CHANNEL_NEWS, index);
}

/* Of 64 devices: what is news, and who was heard and has its turn. */
static uint64_t take_word(struct own *own, uint32_t word)
{
    uint64_t turn = UINT64_C(0x0101010101010101) << own->slice; /* each SLICESth */
    uint64_t wanted = own->marks[word].news | (own->marks[word].heard & turn);

    if (own->look_again)
        wanted = UINT64_MAX;
    own->marks[word].heard &= ~wanted;
    own->marks[word].news = 0;
    own->any_heard = own->any_heard || own->marks[word].heard != 0;
    return wanted;
}

static void tick(const struct channel_context *c, const int64_t *intervals)
{
    struct own *own = c->own;

    (void)intervals;
    if (!channel_has_news(c->channel))
        return;
    channel_open(c->channel);
    own->slice = (own->slice + 1) % SLICES;
    own->any_heard = own->any_news = false;
    for (uint32_t word = 0; word * 64 < c->table->slots_used; word++) {
        uint64_t wanted = take_word(own, word);
        for (uint32_t index = word * 64; wanted != 0; index++, wanted >>= 1) {
            if ((wanted & 1) != 0 && index < c->table->slots_used)
                look_at(c, index);
        }
    }
    own->look_again = false;
    channel_close(c->channel);
}

const struct channel_operations channel_information = {
    .id = WIRE_INFORMATION_NOTIFICATION,
    .departures_apart = true,
    .services = WIRE_BIT(WIRE_INFO_MS) | WIRE_BIT(WIRE_INFO_ROGUE),
    .departure = sizeof(struct left),
    .size = size,
    .look = look,
    .put = put,
    .remember = remember,
    .is_owed = is_owed,
    .depart = depart,
    .back = back,
    .put_departure = put_departure,
    .tick = tick,
    .take = take,
    .has_news = has_news,
};
