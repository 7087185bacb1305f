/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Information Notifications: who is where, under which name, with which addresses; all at
 * subscribe, then what changed.
 *
 * The engine says of whom there may be news; these are looked at together, once a second at most.
 * While nothing changes nobody wakes up, but for the moments at which readings become too old, and
 * a look costs as much as there is to look at.
 *
 * Clients that left are kept in a ring of their own until all members have been told; rogues leave
 * without a word, because rogue-info has no word for it.
 */
#include "agent/view/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* Which AP hears a device loudest is looked for in each device's turn, once in so many looks:
     * readings change all the time. */
    SLICES = 8,
    /* Flags of struct view_informed. */
    STALE = 0x01,     /* members were told different things: tell it again to all */
    HAD_FACTS = 0x02, /* there were facts to tell */
};

#define INFORMATION (WIRE_BIT(WIRE_INFO_MS) | WIRE_BIT(WIRE_INFO_ROGUE))

/* --- whom to look at ------------------------------------------------------------------------- */

static bool slots_init(struct view_slots *slots, uint32_t capacity)
{
    slots->count = capacity / 64 + 1;
    slots->words = calloc(slots->count, sizeof(*slots->words));
    return slots->words != NULL;
}

static void slots_set(struct view_slots *slots, uint32_t slot)
{
    slots->words[slot / 64] |= UINT64_C(1) << slot % 64;
    slots->any = true;
}

static void slots_clear(struct view_slots *slots)
{
    if (slots->any)
        memset(slots->words, 0, slots->count * sizeof(*slots->words));
    slots->any = false;
}

bool view_information_init(struct view *view)
{
    uint64_t services = selection_services(view->selection);
    uint32_t capacity = engine_table(view->views->engine)->device_capacity;

    if ((services & INFORMATION) == 0)
        return true;
    view->informed = calloc(capacity, sizeof(*view->informed));
    if ((services & WIRE_BIT(WIRE_INFO_MS)) != 0)
        view->left = calloc(VIEW_LEFT_RING, sizeof(*view->left));
    return view->informed != NULL && slots_init(&view->news, capacity) &&
           slots_init(&view->heard, capacity) &&
           (view->left != NULL || (services & WIRE_BIT(WIRE_INFO_MS)) == 0);
}

void view_information_fini(struct view *view)
{
    free(view->informed);
    free(view->news.words);
    free(view->heard.words);
    free(view->left);
}

/* Services may have been withdrawn since the memory for them was made. */
static bool is_informing(const struct view *view)
{
    return view->informed != NULL && (selection_services(view->selection) & INFORMATION) != 0;
}

bool view_has_news(const struct view *view)
{
    return is_informing(view) && (view->look_again || view->news.any || view->heard.any ||
                                  view->left_count != view->left_sent);
}

static void look_at(struct view *view, uint32_t slot)
{
    slots_set(&view->news, slot);
    view_wake(view);
}

void view_on_device_changed(void *context, uint32_t slot)
{
    struct views *views = context;

    for (struct view *view = views->list; view != NULL; view = view->next) {
        if (!is_informing(view))
            continue;
        if (slot != TABLE_NONE)
            slots_set(&view->news, slot);
        else
            view->look_again = true;
        view_wake(view);
    }
}

void view_on_device_heard(void *context, uint32_t slot)
{
    struct views *views = context;

    for (struct view *view = views->list; view != NULL; view = view->next) {
        if (!is_informing(view))
            continue;
        slots_set(&view->heard, slot);
        view_wake(view);
    }
}

static bool is_client(uint8_t kind)
{
    return kind == RECORD_PROBING || kind == RECORD_ASSOCIATED;
}

/* What there is to tell now. An AP stays the one that a device goes by while it can. */
static enum record_kind kind_now(const struct view *view, uint32_t slot, uint16_t *ap)
{
    const struct view_informed *informed = &view->informed[slot];
    bool keeps = informed->kind != RECORD_NONE && informed->kind != RECORD_ASSOCIATED;

    *ap = keeps ? informed->ap : RECORD_NO_AP;
    return record_kind(view->views->engine, slot, view->selection, ap);
}

static const struct facts_record *facts_in(const struct view *view, uint32_t slot)
{
    return facts_of(engine_facts(view->views->engine), slot);
}

/* Do the members know something else of it than this? */
static bool is_news(const struct view *view, uint32_t slot, enum record_kind kind, uint16_t ap)
{
    const struct view_informed *informed = &view->informed[slot];
    const struct facts_record *facts = facts_in(view, slot);

    return informed->kind != kind || informed->ap != ap || (informed->flags & STALE) != 0 ||
           (facts != NULL) != ((informed->flags & HAD_FACTS) != 0) ||
           (facts != NULL && engine_after(facts->changed, informed->told)) ||
           engine_after(view->views->ap_moved[ap], informed->told);
}

static void remember(struct view *view, uint32_t slot, enum record_kind kind, uint16_t ap,
                     uint32_t epoch)
{
    view->informed[slot] =
        (struct view_informed){.told = epoch,
                               .ap = ap,
                               .kind = (uint8_t)kind,
                               .flags = facts_in(view, slot) != NULL ? HAD_FACTS : 0};
}

/* --- clients that left ----------------------------------------------------------------------- */

/* It left and is back: told anew, it will replace what was told. */
static bool is_back(struct view *view, const struct mac *mac)
{
    uint32_t slot = table_find(engine_table(view->views->engine), mac);
    uint16_t ap;

    if (slot == TABLE_NONE)
        return false;
    enum record_kind kind = kind_now(view, slot, &ap);
    if (!is_client((uint8_t)kind))
        return false;
    if (view->informed[slot].kind == RECORD_NONE) {
        view->informed[slot] =
            (struct view_informed){.ap = ap, .kind = (uint8_t)kind, .flags = STALE};
        look_at(view, slot);
    }
    return true;
}

static const struct view_left *left_at(const struct view *view, uint32_t number)
{
    return &view->left[number % VIEW_LEFT_RING];
}

/* Fills a message from this number on; gives the number of the first that is not in it. */
static uint32_t put_left(struct view *view, uint32_t number, struct writer *body)
{
    for (; number != view->left_count; number++) {
        const struct view_left *left = left_at(view, number);
        if (!is_back(view, &left->mac) && !record_put_left(&left->mac, &left->ap, left->slot, body))
            break;
    }
    return number;
}

void view_flush_left(struct view *view)
{
    while (view->left_sent != view->left_count) {
        struct writer body = view_begin_body(view->views);
        uint32_t number = put_left(view, view->left_sent, &body);
        if (body.used > WIRE_TIMESTAMP_SIZE)
            view_announce(view, WIRE_INFORMATION_NOTIFICATION, &body, view->gone_sent);
        view->left_sent = number;
    }
}

/* Where the members were told that it is. */
static struct view_place place_of(const struct views *views, uint16_t ap)
{
    const struct radio_ap *now = engine_ap(views->engine, ap);

    if (views->places[ap].moved || now == NULL)
        return views->places[ap];
    return (struct view_place){.mac = now->mac, .slot = now->slot};
}

/* The device in this slot is not told of any more. */
static void leave(struct view *view, uint32_t slot)
{
    struct view_informed *informed = &view->informed[slot];
    struct view_place place = place_of(view->views, informed->ap);
    bool was_client = is_client(informed->kind);

    informed->kind = RECORD_NONE;
    if (!was_client || (selection_services(view->selection) & WIRE_BIT(WIRE_INFO_MS)) == 0)
        return;
    if (view->left_count - view->left_sent == VIEW_LEFT_RING)
        view_flush_left(view);
    view->left[view->left_count % VIEW_LEFT_RING] =
        (struct view_left){.mac = table_device(engine_table(view->views->engine), slot)->mac,
                           .ap = place.mac,
                           .slot = place.slot};
    view->left_count++;
    view_wake(view);
}

void view_information_leaving(struct view *view, uint32_t slot)
{
    if (view->informed != NULL && view->informed[slot].kind != RECORD_NONE)
        leave(view, slot);
}

void view_information_sweep(struct view *view)
{
    const struct table *table = engine_table(view->views->engine);
    uint16_t ap;

    for (uint32_t slot = 0; is_informing(view) && slot < table->slots_used; slot++) {
        if (is_client(view->informed[slot].kind) && !is_client((uint8_t)kind_now(view, slot, &ap)))
            view_information_leaving(view, slot);
    }
}

/* APs have gone, or have become others: who was told to be there is elsewhere now, or left. */
static void move_away(struct view *view)
{
    const struct table *table = engine_table(view->views->engine);

    for (uint32_t slot = 0; slot < table->slots_used; slot++) {
        struct view_informed *informed = &view->informed[slot];
        uint16_t ap;
        if (informed->kind == RECORD_NONE || !view->views->places[informed->ap].moved)
            continue;
        if (kind_now(view, slot, &ap) == RECORD_NONE) {
            leave(view, slot);
        } else {
            informed->ap = ap;
            informed->flags |= STALE;
            look_at(view, slot);
        }
    }
}

static void move_all_away(void *context)
{
    struct views *views = context;

    for (struct view *view = views->list; view != NULL; view = view->next) {
        if (is_informing(view))
            move_away(view);
    }
    for (uint16_t ap = 0; ap < engine_ap_capacity(views->engine); ap++)
        views->places[ap].moved = false;
    loop_deferred_cancel(views->loop, &views->places_deferred);
}

/* Many APs may go at once: those who were there are looked at once for all of them. */
void view_information_ap_changed(struct views *views, uint16_t ap, const struct radio_ap *before,
                                 const struct radio_ap *after)
{
    if (views->places[ap].moved)
        move_all_away(views);
    /* A client may have been told to be at an AP that comes only now, or is another one now. */
    if (views->ap_moved[ap] == engine_epoch(views->engine))
        view_on_device_changed(views, TABLE_NONE);
    if (before == NULL || (after != NULL && mac_equal(&before->mac, &after->mac)))
        return;
    views->places[ap] =
        (struct view_place){.mac = before->mac, .slot = before->slot, .moved = true};
    loop_defer(views->loop, &views->places_deferred, move_all_away, views);
}

/* --- ticks ----------------------------------------------------------------------------------- */

static void tell(struct view *view, struct writer *body)
{
    if (body->used > WIRE_TIMESTAMP_SIZE)
        view_announce(view, WIRE_INFORMATION_NOTIFICATION, body, view->gone_sent);
    *body = view_begin_body(view->views);
}

static void inform(struct view *view, uint32_t slot, uint32_t epoch, struct writer *body)
{
    struct view_informed *informed = &view->informed[slot];
    uint16_t ap;
    enum record_kind kind = kind_now(view, slot, &ap);

    if (is_client(informed->kind) && !is_client((uint8_t)kind))
        view_information_leaving(view, slot);
    if (kind == RECORD_NONE || !is_news(view, slot, kind, ap)) {
        informed->kind = (uint8_t)kind;
        informed->flags = facts_in(view, slot) != NULL ? HAD_FACTS : 0;
        return;
    }
    if (!record_put_information(view->views->engine, slot, kind, ap, body)) {
        tell(view, body);
        (void)record_put_information(view->views->engine, slot, kind, ap, body);
    }
    remember(view, slot, kind, ap, epoch);
}

static void look(struct view *view, uint32_t slot, uint32_t epoch, struct writer *body)
{
    if (!table_device(engine_table(view->views->engine), slot)->used)
        return;
    if (view->left_count - view->left_sent == VIEW_LEFT_RING) {
        tell(view, body);
        view_flush_left(view);
        *body = view_begin_body(view->views);
    }
    inform(view, slot, epoch, body);
}

/* Slots of the same word of both sets: what is news, and who was heard and has its turn. */
static uint64_t take_word(struct view *view, uint32_t word)
{
    uint64_t turn = UINT64_C(0x0101010101010101) << view->slice; /* each SLICESth */
    uint64_t wanted = view->news.words[word] | (view->heard.words[word] & turn);

    view->heard.words[word] &= ~wanted;
    view->heard.any = view->heard.any || view->heard.words[word] != 0;
    view->news.words[word] = 0;
    return wanted;
}

static void look_at_some(struct view *view, uint32_t epoch, struct writer *body)
{
    if (!view->heard.any && !view->news.any)
        return;
    view->heard.any = view->news.any = false;
    for (uint32_t word = 0; word < view->news.count; word++) {
        uint64_t wanted = take_word(view, word);
        for (uint32_t slot = word * 64; wanted != 0; slot++, wanted >>= 1) {
            if ((wanted & 1) != 0)
                look(view, slot, epoch, body);
        }
    }
}

static void look_at_all(struct view *view, uint32_t epoch, struct writer *body)
{
    view->look_again = false;
    slots_clear(&view->news);
    slots_clear(&view->heard);
    for (uint32_t slot = 0; slot < engine_table(view->views->engine)->slots_used; slot++)
        look(view, slot, epoch, body);
}

void view_inform(struct view *view)
{
    struct views *views = view->views;

    engine_expire(views->engine);
    if (!view_has_news(view))
        return;
    uint32_t epoch = view->announced = engine_epoch_close(views->engine);
    /* Before, so that who leaves in what follows finds room. */
    view_flush_left(view);
    struct writer body = view_begin_body(views);
    view->slice = (view->slice + 1) % SLICES;
    if (view->look_again)
        look_at_all(view, epoch, &body);
    else
        look_at_some(view, epoch, &body);
    tell(view, &body);
    view_flush_left(view);
}

/* --- one member that is not in step ---------------------------------------------------------- */

bool view_sync_left(struct view_member *member)
{
    struct view *view = member->view;

    if (!is_informing(view))
        member->left = view->left_count;
    while (member->left != view->left_count) {
        struct writer body = view_begin_body(view->views);
        uint32_t number = put_left(view, member->left, &body);
        if (!member->has_room(member->context))
            return false;
        if (body.used > WIRE_TIMESTAMP_SIZE &&
            !member->deliver(member->context, WIRE_INFORMATION_NOTIFICATION, body.base, body.used))
            return false;
        member->left = number;
    }
    return true;
}

/* This member was told what is true now. So was the view, if nobody else is in it; otherwise the
 * next tick tells all what the others do not know. */
static void remember_synced(struct view_member *member, uint32_t slot, enum record_kind kind,
                            uint16_t ap)
{
    struct view *view = member->view;

    if (view->members == member && member->next == NULL) {
        remember(view, slot, kind, ap, member->pass);
    } else if (is_news(view, slot, kind, ap)) {
        remember(view, slot, kind, ap, member->pass);
        view->informed[slot].flags |= STALE;
        look_at(view, slot);
    }
}

static bool needs_telling(const struct view_member *member, uint32_t slot)
{
    return table_device(engine_table(member->view->views->engine), slot)->used &&
           (!member->whole || engine_after(member->view->informed[slot].told, member->synced));
}

/* One message from where the pass stands; false if there was no room for it. */
static bool sync_message(struct view_member *member)
{
    struct view *view = member->view;
    struct engine *engine = view->views->engine;
    struct writer body = view_begin_body(view->views);
    uint32_t slot = member->information;

    if (!member->has_room(member->context))
        return false;
    for (; slot < engine_table(engine)->slots_used; slot++) {
        uint16_t ap;
        enum record_kind kind =
            needs_telling(member, slot) ? kind_now(view, slot, &ap) : RECORD_NONE;
        if (kind == RECORD_NONE)
            continue;
        if (!record_put_information(engine, slot, kind, ap, &body))
            break;
        remember_synced(member, slot, kind, ap);
    }
    if (body.used > WIRE_TIMESTAMP_SIZE &&
        !member->deliver(member->context, WIRE_INFORMATION_NOTIFICATION, body.base, body.used))
        return false;
    member->information = slot;
    return true;
}

bool view_sync_information(struct view_member *member)
{
    while (is_informing(member->view) &&
           member->information < engine_table(member->view->views->engine)->slots_used) {
        if (!sync_message(member))
            return false;
    }
    return true;
}
