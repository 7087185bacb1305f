/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/channel-information.h"

#include "agent/view/info.h"
#include "agent/wire/wire.h"

#include <stdlib.h>

/* Which AP hears a device loudest is looked for in each device's turn, once in so many looks:
 * samples change all the time. */
enum { SLICES = 8 };

/* What is kept of what was announced. */
enum { KIND_SHIFT = 16, KIND_BITS = 0x7, HAD_FACTS = 1 << 19 };

/* A bit for each device of the table. */
struct marks {
    uint64_t *words;
    bool any;
};

/* A client that left: where it was. */
struct left {
    struct mac mac;
    struct mac ap;
    uint8_t slot;
};

struct context {
    const struct channel_shared *shared;
    const struct engine *engine;
    const struct table *table;
    struct channel *channel;
    const struct channel_announced *announced;
    uint32_t words;
    struct marks news;  /* what there may be something new of */
    struct marks heard; /* whose AP may have become another one: looked at in their turn */
    uint32_t slice;     /* whose turn it is */
    bool look_again;    /* at all of them, at the next look */
    /* What was looked at last: what there is to tell, and the AP that it goes by. */
    enum info_kind kind;
    uint16_t ap;
};

static void free_context(void *context)
{
    struct context *c = context;

    if (c == NULL)
        return;
    free(c->news.words);
    free(c->heard.words);
    free(c);
}

static void *new_context(const struct channel_shared *shared, struct channel *channel,
                         struct channel_announced *announced)
{
    struct context *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->shared = shared;
    c->engine = shared->deliver->engine;
    c->table = engine_table(c->engine);
    c->channel = channel;
    c->announced = announced;
    c->words = c->table->device_capacity / 64 + 1;
    c->news.words = calloc(c->words, sizeof(*c->news.words));
    c->heard.words = calloc(c->words, sizeof(*c->heard.words));
    if (c->news.words != NULL && c->heard.words != NULL)
        return c;
    free_context(c);
    return NULL;
}

/* --- whom to look at ------------------------------------------------------------------------- */

static void mark(struct marks *marks, uint32_t index)
{
    marks->words[index / 64] |= UINT64_C(1) << index % 64;
    marks->any = true;
}

static void changed(void *context, uint32_t index)
{
    struct context *c = context;

    if (index != TABLE_NONE)
        mark(&c->news, index);
    else
        c->look_again = true;
    c->shared->wake(c->shared->context);
}

static void heard(void *context, uint32_t index)
{
    struct context *c = context;

    mark(&c->heard, index);
    c->shared->wake(c->shared->context);
}

static bool has_news(const void *context)
{
    const struct context *c = context;
    return c->look_again || c->news.any || c->heard.any;
}

/* --- what there is to tell ------------------------------------------------------------------- */

static bool is_client(enum info_kind kind)
{
    return kind == INFO_PROBING || kind == INFO_ASSOCIATED;
}

static enum info_kind kind_announced(const struct channel_announced *announced)
{
    return announced->is ? (enum info_kind)(announced->what >> KIND_SHIFT & KIND_BITS) : INFO_NONE;
}

static uint16_t ap_announced(const struct channel_announced *announced)
{
    return (uint16_t)announced->what;
}

static const struct facts_record *facts_in(const struct context *c, uint32_t index)
{
    return facts_of(engine_facts(c->engine), index);
}

/* An AP stays the one that a device goes by while it can. A client that is one no more has to
 * depart before it is told as something else. */
static enum channel_sight look(void *context, uint32_t index)
{
    struct context *c = context;
    const struct channel_announced *announced = &c->announced[index];
    const struct facts_record *facts = facts_in(c, index);
    enum info_kind before = kind_announced(announced);

    c->ap = before != INFO_NONE && before != INFO_ASSOCIATED ? ap_announced(announced) : INFO_NO_AP;
    c->kind = info_kind(c->engine, index, c->shared->deliver->filter, &c->ap);
    if (c->kind == INFO_NONE || (is_client(before) && !is_client(c->kind)))
        return CHANNEL_ABSENT;
    if (before != c->kind || ap_announced(announced) != c->ap || announced->diverged ||
        (facts != NULL) != ((announced->what & HAD_FACTS) != 0) ||
        (facts != NULL && engine_after(facts->changed, announced->epoch)) ||
        places_changed_after(c->shared->places, c->ap, announced->epoch))
        return CHANNEL_CHANGED;
    return CHANNEL_SAME;
}

static enum put_result put(void *context, uint32_t index, struct channel_message *message)
{
    const struct context *c = context;
    return info_put(c->engine, index, c->kind, c->ap, &message->body) ? PUT_ADDED : PUT_FULL;
}

static uint32_t remember(void *context, uint32_t index)
{
    const struct context *c = context;
    return c->ap | (uint32_t)c->kind << KIND_SHIFT | (facts_in(c, index) != NULL ? HAD_FACTS : 0);
}

/* --- clients that left ----------------------------------------------------------------------- */

static bool depart(void *context, uint32_t index, void *departure)
{
    const struct context *c = context;
    uint32_t what = c->announced[index].what;
    struct place place = places_of(c->shared->places, (uint16_t)what);

    if (!is_client((enum info_kind)(what >> KIND_SHIFT & KIND_BITS)) ||
        (subfilter_services(c->shared->deliver->filter) & WIRE_BIT(WIRE_INFO_MS)) == 0)
        return false;
    *(struct left *)departure = (struct left){
        .mac = table_device(c->table, index)->mac, .ap = place.mac, .slot = place.slot};
    c->shared->wake(c->shared->context);
    return true;
}

static uint32_t back(void *context, const void *departure)
{
    struct context *c = context;
    uint32_t index = table_find(c->table, &((const struct left *)departure)->mac);

    if (index == TABLE_NONE || look(c, index) == CHANNEL_ABSENT || !is_client(c->kind))
        return TABLE_NONE;
    return index;
}

static bool put_departure(void *context, const void *departure, struct channel_message *message)
{
    const struct left *left = departure;

    (void)context;
    return info_put_left(&left->mac, &left->ap, left->slot, &message->body);
}

/* Who was told to be at an AP that has gone is elsewhere now, or left. */
static void moved(void *context)
{
    struct context *c = context;

    for (uint32_t index = 0; index < c->table->slots_used; index++) {
        const struct channel_announced *announced = &c->announced[index];
        if (!announced->is || !places_of(c->shared->places, ap_announced(announced)).moved)
            continue;
        if (look(c, index) == CHANNEL_ABSENT)
            channel_leave(c->channel, index);
        else
            channel_diverge(c->channel, index);
    }
}

/* --- ticks ----------------------------------------------------------------------------------- */

static void look_at(struct context *c, uint32_t index)
{
    enum channel_sight sight = look(c, index);

    if (sight == CHANNEL_ABSENT) {
        channel_leave(c->channel, index);
        sight = look(c, index);
    }
    if (sight == CHANNEL_CHANGED && !channel_tell(c->channel, index))
        mark(&c->news, index);
}

static bool is_owed(const void *context, uint32_t index)
{
    const struct context *c = context;
    return (c->news.words[index / 64] >> index % 64 & 1) != 0;
}

/* Devices of the same word of both sets: what is news, and who was heard and has its turn. */
static uint64_t take_word(struct context *c, uint32_t word)
{
    uint64_t turn = UINT64_C(0x0101010101010101) << c->slice; /* each SLICESth */
    uint64_t wanted = c->news.words[word] | (c->heard.words[word] & turn);

    if (c->look_again)
        wanted = UINT64_MAX;
    c->heard.words[word] &= ~wanted;
    c->heard.any = c->heard.any || c->heard.words[word] != 0;
    c->news.words[word] = 0;
    return wanted;
}

static void tick(void *context, const int64_t *intervals)
{
    struct context *c = context;

    (void)intervals;
    if (!channel_has_news(c->channel))
        return;
    channel_open(c->channel);
    c->slice = (c->slice + 1) % SLICES;
    c->heard.any = c->news.any = false;
    for (uint32_t word = 0; word < c->words; word++) {
        uint64_t wanted = take_word(c, word);
        for (uint32_t index = word * 64; wanted != 0; index++, wanted >>= 1) {
            if ((wanted & 1) != 0 && index < c->table->slots_used)
                look_at(c, index);
        }
    }
    c->look_again = false;
    channel_close(c->channel);
}

const struct channel_operations channel_information = {
    .id = WIRE_INFORMATION_NOTIFICATION,
    .services = WIRE_BIT(WIRE_INFO_MS) | WIRE_BIT(WIRE_INFO_ROGUE),
    .departure = sizeof(struct left),
    .departures_apart = true,
    .new = new_context,
    .free = free_context,
    .look = look,
    .put = put,
    .remember = remember,
    .is_owed = is_owed,
    .depart = depart,
    .back = back,
    .put_departure = put_departure,
    .tick = tick,
    .has_news = has_news,
    .changed = changed,
    .heard = heard,
    .moved = moved,
};
