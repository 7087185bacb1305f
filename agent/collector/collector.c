/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/collector/collector.h"

#include "agent/base/log-window.h"
#include "agent/base/log.h"
#include "agent/collector/access-point.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW(member, name) {name, offsetof(struct collector_counters, member)},
const struct counter collector_counter_table[] = {COLLECTOR_COUNTERS(ROW){NULL, 0}};
#undef ROW

enum {
    OFFERS = 4, /* bits of enum radio_capability */
    CLAIMS_A_MINUTE = 4 * COLLECTOR_SLOTS,
    TOLD = 1, /* lines within a window that access points are up, or down */
};

struct collector {
    struct collector_options options;
    const struct settings *settings; /* NULL: nothing is configured yet */
    struct access_point *places;
    uint16_t *owner;            /* by handle: the place + 1, or 0 */
    int64_t offered_at[OFFERS]; /* when somebody collected it at last */
    struct loop_timer offer_timer;
    struct engine_observer observer;
    struct loop_deferred settle;
    struct log_window log;
};

static int64_t now(const struct collector *c)
{
    return loop_now(c->options.loop);
}

static void tell(const struct collector *c, const struct radio_event *event)
{
    engine_take(c->options.engine, event);
}

const struct collector_options *access_point_options(const struct access_point *ap)
{
    return &ap->collector->options;
}

bool collector_is_used(const struct collector *c)
{
    return c->settings != NULL && c->settings->access_point_count > 0;
}

/* --- what is wrong --------------------------------------------------------------------------- */

static const enum diagnosis_code codes[TROUBLES] = {
    [TROUBLE_CLAIMED_TWICE] = DIAGNOSIS_CLAIMED_TWICE,
    [TROUBLE_LOOP] = DIAGNOSIS_LOOP,
    [TROUBLE_TOO_MANY] = DIAGNOSIS_TOO_MANY_APS,
    [TROUBLE_CAPACITY] = DIAGNOSIS_AP_CAPACITY,
};

void access_point_trouble(struct access_point *ap, enum trouble trouble, const struct mac *mac)
{
    char who[MAC_TEXT_SIZE];
    char text[MAC_TEXT_SIZE];

    if (ap->troubles[trouble].count++ > 0)
        return;
    ap->troubles[trouble].since = now(ap->collector);
    ap->troubles[trouble].mac = *mac;
    if (log_window_open(&ap->collector->log, mac_text(&ap->identity, who),
                        diagnosis_code_name(codes[trouble]), 1))
        log_warning("access point %s: %s: AP %s; see show nmsp diagnosis", who,
                    diagnosis_code_name(codes[trouble]), mac_text(mac, text));
}

/* --- who has which AP ------------------------------------------------------------------------ */

static size_t place_of(const struct access_point *ap)
{
    return (size_t)(ap - ap->collector->places);
}

bool access_point_has(const struct access_point *ap, uint16_t handle)
{
    return ap->collector->owner[handle] == place_of(ap) + 1;
}

void access_point_drop(struct access_point *ap, struct owned_slot *slot)
{
    struct collector *c = ap->collector;

    tell(c, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = slot->handle});
    c->owner[slot->handle] = 0;
    c->options.radio->give_back_handle(c->options.platform, slot->handle);
    slot->used = false;
}

/* The radios of an AP that this session has not told of: it is another AP now, or none. */
static bool drop_a_stale_one(struct access_point *ap)
{
    for (size_t i = 0; i < COLLECTOR_SLOTS; i++) {
        if (!ap->slots[i].used || ap->slots[i].told)
            continue;
        access_point_drop(ap, &ap->slots[i]);
        return true;
    }
    return false;
}

static unsigned other_macs(const struct access_point *ap, const struct mac *mac)
{
    unsigned count = 0;

    for (size_t i = 0; i < COLLECTOR_SLOTS; i++) {
        bool first = ap->slots[i].used && !mac_equal(&ap->slots[i].mac, mac);
        for (size_t j = 0; j < i && first; j++)
            first = !(ap->slots[j].used && mac_equal(&ap->slots[j].mac, &ap->slots[i].mac));
        count += first;
    }
    return count;
}

static struct owned_slot *free_slot(struct access_point *ap)
{
    for (size_t i = 0; i < COLLECTOR_SLOTS; i++)
        if (!ap->slots[i].used)
            return &ap->slots[i];
    return NULL;
}

/* Does somebody else have this AP MAC? */
static bool is_taken(struct access_point *ap, const struct mac *mac)
{
    const struct collector *c = ap->collector;
    uint16_t known = engine_ap_first(c->options.engine, mac);

    if (mac_equal(mac, c->options.base_mac) || (known != ENGINE_NO_AP && c->owner[known] == 0)) {
        access_point_trouble(ap, TROUBLE_LOOP, mac);
        return true;
    }
    if (known == ENGINE_NO_AP || access_point_has(ap, known))
        return false;
    access_point_trouble(ap, TROUBLE_CLAIMED_TWICE, mac);
    return true;
}

static bool has_room(struct access_point *ap, const struct mac *mac)
{
    while (free_slot(ap) == NULL || other_macs(ap, mac) >= COLLECTOR_MACS) {
        if (drop_a_stale_one(ap))
            continue;
        access_point_trouble(ap, TROUBLE_TOO_MANY, mac);
        return false;
    }
    return true;
}

static struct owned_slot *claim(struct access_point *ap, const struct mac *mac, uint8_t number)
{
    struct collector *c = ap->collector;
    uint16_t handle;

    if (is_taken(ap, mac) || !has_room(ap, mac))
        return NULL;
    if (ap->claimed >= CLAIMS_A_MINUTE) { /* each of them may cost a pass over the table */
        access_point_trouble(ap, TROUBLE_TOO_MANY, mac);
        return NULL;
    }
    ap->claimed++;
    if (!c->options.radio->take_handle(c->options.platform, &handle)) {
        access_point_trouble(ap, TROUBLE_CAPACITY, mac);
        return NULL;
    }
    struct owned_slot *slot = free_slot(ap);
    *slot = (struct owned_slot){.used = true, .slot = number, .handle = handle, .mac = *mac};
    c->owner[handle] = (uint16_t)(place_of(ap) + 1);
    return slot;
}

struct owned_slot *access_point_slot(struct access_point *ap, const struct mac *mac, uint8_t slot)
{
    for (size_t i = 0; i < COLLECTOR_SLOTS; i++)
        if (ap->slots[i].used && ap->slots[i].slot == slot && mac_equal(&ap->slots[i].mac, mac))
            return &ap->slots[i];
    struct owned_slot *claimed = claim(ap, mac, slot);
    if (claimed == NULL)
        ap->counters.claims_refused++;
    return claimed;
}

static uint32_t samples_of(const struct access_point *ap)
{
    uint32_t samples = 0;

    for (size_t i = 0; i < COLLECTOR_SLOTS; i++)
        if (ap->slots[i].used)
            samples += engine_ap_samples(ap->collector->options.engine, ap->slots[i].handle);
    return samples;
}

bool access_point_may_add(const struct access_point *ap)
{
    const uint32_t share = engine_table(ap->collector->options.engine)->device_capacity / 2;

    return samples_of(ap) < share && ap->claims.count < share;
}

/* Our own radios come first, whenever they come. */
static void settle(void *context)
{
    struct collector *c = context;

    for (size_t i = 0; i < c->options.capacity; i++) {
        struct access_point *ap = &c->places[i];
        for (size_t j = 0; ap->used && j < COLLECTOR_SLOTS; j++) {
            struct owned_slot *slot = &ap->slots[j];
            uint16_t known =
                slot->used ? engine_ap_first(c->options.engine, &slot->mac) : ENGINE_NO_AP;
            while (known != ENGINE_NO_AP && c->owner[known] != 0)
                known = engine_ap_next(c->options.engine, known);
            if (known == ENGINE_NO_AP)
                continue;
            access_point_trouble(ap, TROUBLE_LOOP, &slot->mac);
            access_point_drop(ap, slot);
        }
    }
}

static void on_ap_changed(void *context, uint16_t handle, const struct radio_ap *before)
{
    struct collector *c = context;
    const struct radio_ap *after = engine_ap(c->options.engine, handle);

    if (c->owner[handle] == 0 && after != NULL &&
        (before == NULL || !mac_equal(&before->mac, &after->mac)))
        loop_defer(c->options.loop, &c->settle, settle, c);
}

/* --- what is offered ------------------------------------------------------------------------- */

static uint32_t collected_by(const struct access_point *ap)
{
    static const struct {
        unsigned service;
        uint32_t capability;
    } of[] = {{WIRE_INFO_MS, RADIO_CAN_CLIENTS},
              {WIRE_RSSI_RFID, RADIO_CAN_TAGS},
              {WIRE_RSSI_ROGUE, RADIO_CAN_ROGUE_APS},
              {WIRE_STATS_ROGUE, RADIO_CAN_ROGUE_CLIENTS}};
    uint32_t capabilities = 0;

    for (size_t i = 0; ap->is_up && i < sizeof(of) / sizeof(of[0]); i++)
        capabilities |= (ap->offered & WIRE_BIT(of[i].service)) != 0 ? of[i].capability : 0;
    return capabilities;
}

/* What somebody collects now, and what somebody did a while ago: he may be back soon, and servers
 * need not subscribe anew. */
static void offer(void *context)
{
    struct collector *c = context;
    uint32_t collected = 0;
    uint32_t held = 0;
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < c->options.capacity; i++)
        collected |= collected_by(&c->places[i]);
    for (unsigned bit = 0; bit < OFFERS; bit++) {
        int64_t until = c->offered_at[bit] + COLLECTOR_OFFER_MS;
        if ((collected >> bit & 1) != 0) {
            c->offered_at[bit] = now(c);
            held |= UINT32_C(1) << bit;
        } else if (until > now(c)) {
            held |= UINT32_C(1) << bit;
            next = until < next ? until : next;
        }
    }
    if (!collector_is_used(c))
        held = 0;
    loop_timer_stop(&c->offer_timer);
    if (held != 0 && next != INT64_MAX)
        loop_timer_start_at(&c->offer_timer, next);
    engine_hold(c->options.engine, held);
}

void access_point_offers(struct access_point *ap, uint64_t offered)
{
    offer(ap->collector); /* the time at which it collected at last */
    ap->offered = offered;
    offer(ap->collector);
}

/* --- places ---------------------------------------------------------------------------------- */

static struct access_point *find(const struct collector *c, const struct mac *identity)
{
    for (size_t i = 0; i < c->options.capacity; i++)
        if (c->places[i].used && mac_equal(&c->places[i].identity, identity))
            return &c->places[i];
    return NULL;
}

static const struct settings_access_point *configured(const struct collector *c,
                                                      const struct mac *identity)
{
    const struct settings *s = c->settings;

    for (size_t i = 0; s != NULL && i < s->access_point_count; i++)
        if (mac_equal(&s->access_points[i].mac, identity))
            return &s->access_points[i];
    return NULL;
}

static void forget(struct access_point *ap)
{
    for (size_t i = 0; i < COLLECTOR_SLOTS; i++)
        if (ap->slots[i].used)
            access_point_drop(ap, &ap->slots[i]);
    ap->used = false;
}

static struct access_point *add(struct collector *c, const struct mac *identity)
{
    for (size_t i = 0; i < c->options.capacity; i++) {
        struct access_point *ap = &c->places[i];
        if (ap->used)
            continue;
        uint32_t session = ap->session;
        *ap = (struct access_point){.collector = c,
                                    .used = true,
                                    .identity = *identity,
                                    .session = session,
                                    .since = now(c)};
        return ap;
    }
    return NULL;
}

/* A configured name is told in the place of its own. */
static void rename_aps(struct access_point *ap, const char *name)
{
    if (strcmp(ap->configured_name, name) == 0)
        return;
    (void)snprintf(ap->configured_name, sizeof(ap->configured_name), "%s", name);
    for (size_t i = 0; i < COLLECTOR_SLOTS && name[0] != '\0'; i++) {
        const struct radio_ap *known =
            ap->slots[i].used ? engine_ap(ap->collector->options.engine, ap->slots[i].handle)
                              : NULL;
        if (known == NULL)
            continue;
        struct radio_ap record = *known;
        (void)snprintf(record.name, sizeof(record.name), "%s", name);
        tell(ap->collector, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = record});
    }
}

static void place_all(struct collector *c)
{
    const struct settings *s = c->settings;

    for (size_t i = 0; i < s->access_point_count; i++) {
        const struct settings_access_point *wanted = &s->access_points[i];
        struct access_point *ap = find(c, &wanted->mac);
        if (ap == NULL)
            ap = add(c, &wanted->mac);
        if (ap == NULL)
            return; /* said by who sees that another capacity waits */
        ap->configured = true;
        rename_aps(ap, wanted->name);
    }
}

void collector_configure(struct collector *c, const struct settings *settings)
{
    bool first = !collector_is_used(c);

    c->settings = settings;
    for (size_t i = 0; i < c->options.capacity; i++) {
        struct access_point *ap = &c->places[i];
        ap->configured = ap->used && configured(c, &ap->identity) != NULL;
        if (ap->used && !ap->configured && !ap->is_up)
            forget(ap);
    }
    place_all(c);
    for (unsigned bit = 0; first && bit < OFFERS; bit++)
        c->offered_at[bit] = now(c); /* they will come */
    offer(c);
}

bool collector_has_place(const struct collector *c, const struct mac *identity)
{
    return find(c, identity) != NULL;
}

bool collector_expects(const struct collector *c, const struct mac *identity)
{
    return configured(c, identity) != NULL;
}

/* --- sessions -------------------------------------------------------------------------------- */

void access_point_void(struct access_point *ap)
{
    struct collector *c = ap->collector;

    claims_clear(&ap->claims);
    for (size_t i = 0; i < COLLECTOR_SLOTS; i++) {
        if (!ap->slots[i].used)
            continue;
        ap->slots[i].told = false;
        tell(c, &(struct radio_event){.kind = RADIO_AP_LOST, .gone = ap->slots[i].handle});
    }
}

static void end(struct access_point *ap)
{
    struct collector *c = ap->collector;

    access_point_offers(ap, 0);
    ap->is_up = false;
    ap->since = now(c);
    ap->granted = 0;
    if (!ap->configured) {
        claims_fini(&ap->claims);
        forget(ap);
        place_all(c); /* another one may wait for the place */
        return;
    }
    access_point_void(ap);
    claims_fini(&ap->claims);
}

static void tell_coming(struct access_point *ap, const char *what)
{
    char text[MAC_TEXT_SIZE];

    if (log_window_open(&ap->collector->log, "access points", what, TOLD))
        log_info("access point %s%s%s %s", mac_text(&ap->identity, text),
                 ap->configured_name[0] != '\0' ? " " : "", ap->configured_name, what);
}

struct access_point *collector_begin(struct collector *c, const struct mac *identity,
                                     uint32_t *session)
{
    struct access_point *ap = find(c, identity);

    if (ap == NULL || !ap->configured)
        return NULL;
    if (ap->is_up)
        end(ap);
    if (claims_init(&ap->claims) != 0)
        return NULL;
    ap->is_up = true;
    ap->since = ap->minute = now(c);
    *session = ++ap->session;
    ap->delay = (struct delay){.last = 0};
    ap->taken = ap->rate = ap->claimed = 0;
    memset(ap->troubles, 0, sizeof(ap->troubles));
    memset(&ap->counters, 0, sizeof(ap->counters));
    tell_coming(ap, "up");
    return ap;
}

void collector_end(struct access_point *ap, uint32_t session)
{
    if (ap == NULL || !ap->is_up || ap->session != session)
        return;
    tell_coming(ap, "down");
    end(ap);
}

bool collector_take(struct access_point *ap, const struct wire_message *message)
{
    return feed_take(ap, message);
}

void collector_turn_filled(struct access_point *ap)
{
    ap->counters.turns_filled++;
}

/* --- what is told ---------------------------------------------------------------------------- */

static void name_of(const struct access_point *ap, char name[SETTINGS_NAME_SIZE])
{
    const struct radio_ap *first = NULL;

    for (size_t i = 0; i < COLLECTOR_SLOTS && first == NULL; i++)
        if (ap->slots[i].used)
            first = engine_ap(ap->collector->options.engine, ap->slots[i].handle);
    (void)snprintf(name, SETTINGS_NAME_SIZE, "%s",
                   ap->configured_name[0] != '\0' ? ap->configured_name
                   : first != NULL                ? first->name
                                                  : "");
}

static void describe(const struct access_point *ap, struct collector_status *out)
{
    static const struct mac none = {{0}};

    *out = (struct collector_status){
        .identity = ap->identity,
        .is_up = ap->is_up,
        .since = ap->since,
        .macs = other_macs(ap, &none),
        .samples = samples_of(ap),
        .rate = ap->is_up && now(ap->collector) - ap->minute < INT64_C(120000) ? ap->rate : 0,
        .delay = ap->delay.last,
        .clock_steps = ap->delay.steps,
        .offered = ap->offered,
        .granted = ap->granted,
        .counters = ap->counters};
    for (size_t i = 0; i < COLLECTOR_SLOTS; i++)
        out->slots += ap->slots[i].used;
    name_of(ap, out->name);
}

bool collector_next(const struct collector *c, size_t *cursor, struct collector_status *out)
{
    while (*cursor < c->options.capacity) {
        const struct access_point *ap = &c->places[(*cursor)++];
        if (!ap->used || !ap->configured)
            continue;
        describe(ap, out);
        return true;
    }
    return false;
}

bool collector_find(const struct collector *c, const struct mac *identity,
                    struct collector_status *out)
{
    const struct access_point *ap = find(c, identity);

    if (ap != NULL)
        describe(ap, out);
    return ap != NULL;
}

void collector_count_devices(const struct collector *c, struct collector_status *of, size_t count)
{
    const struct table *table = engine_table(c->options.engine);

    struct {
        uint32_t *devices;
        uint32_t last;                                      /* counted; + 1 */
    } places[SETTINGS_ACCESS_POINTS_MAX + 1] = {{NULL, 0}}; /* as owner[] has them */

    for (size_t i = 0; i < count; i++) {
        const struct access_point *ap = find(c, &of[i].identity);
        of[i].devices = 0;
        if (ap != NULL)
            places[place_of(ap) + 1].devices = &of[i].devices;
    }
    for (uint32_t d = 0; d < table->slots_used; d++) {
        uint32_t place = table->devices[d].used ? table->devices[d].first : TABLE_NONE;
        for (; place != TABLE_NONE; place = table->samples[place].next) {
            uint16_t owner = c->owner[table->samples[place].ap];
            if (places[owner].devices == NULL || places[owner].last == d + 1)
                continue;
            places[owner].last = d + 1;
            (*places[owner].devices)++;
        }
    }
}

bool collector_next_slot(const struct collector *c, const struct mac *identity, size_t *cursor,
                         uint16_t *ap)
{
    const struct access_point *of = find(c, identity);

    while (of != NULL && *cursor < COLLECTOR_SLOTS) {
        const struct owned_slot *slot = &of->slots[(*cursor)++];
        *ap = slot->handle;
        if (slot->used)
            return true;
    }
    return false;
}

bool collector_owner(const struct collector *c, uint16_t ap, struct mac *identity)
{
    if (c->owner[ap] == 0)
        return false;
    *identity = c->places[c->owner[ap] - 1].identity;
    return true;
}

bool collector_next_trouble(const struct collector *c, size_t *cursor,
                            struct collector_trouble *out)
{
    while (*cursor < (size_t)c->options.capacity * TROUBLES) {
        const struct access_point *ap = &c->places[*cursor / TROUBLES];
        size_t i = (*cursor)++ % TROUBLES;
        if (!ap->used || !ap->is_up || ap->troubles[i].count == 0)
            continue;
        *out = (struct collector_trouble){.identity = ap->identity,
                                          .code = codes[i],
                                          .mac = ap->troubles[i].mac,
                                          .since = ap->troubles[i].since,
                                          .count = ap->troubles[i].count};
        return true;
    }
    return false;
}

/* --- life ------------------------------------------------------------------------------------ */

struct collector *collector_new(const struct collector_options *options)
{
    struct collector *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->options = *options;
    c->places = calloc(options->capacity, sizeof(*c->places));
    c->owner = calloc(engine_ap_capacity(options->engine), sizeof(*c->owner));
    if (c->places == NULL || c->owner == NULL ||
        loop_timer_init(options->loop, &c->offer_timer, offer, c) != 0 ||
        log_window_init(&c->log, options->loop, "other access points") != 0) {
        collector_free(c);
        return NULL;
    }
    c->observer = (struct engine_observer){.ap_changed = on_ap_changed, .context = c};
    engine_observe(options->engine, &c->observer);
    return c;
}

void collector_free(struct collector *c)
{
    if (c == NULL)
        return;
    if (c->observer.context != NULL)
        engine_unobserve(c->options.engine, &c->observer);
    loop_deferred_cancel(c->options.loop, &c->settle);
    loop_timer_fini(&c->offer_timer);
    log_window_fini(&c->log);
    free(c->places);
    free(c->owner);
    free(c);
}
