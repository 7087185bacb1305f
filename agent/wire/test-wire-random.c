/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random messages of every id, from a fixed seed: what is encoded is decoded to the same, and
 * damaged frames do no harm. The generators are expanded from layout.h, so that they know every
 * field without being told.
 */
#include "agent/wire/wire.h"
#include "tests/unit/wire-elements.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 400, DAMAGES = 20, REPEATS = 3, ENTRIES = 5, DUMP_MAX = 262144 };

/* Chance, and where what it made is kept until the message is encoded. */
struct chance {
    uint64_t state;
    uint32_t aps;
    uint8_t pool[16384];
    size_t used;
};

static uint64_t draw(struct chance *c)
{
    c->state ^= c->state << 13;
    c->state ^= c->state >> 7;
    c->state ^= c->state << 17;
    return c->state;
}

/* min..max, often one of the two. */
static size_t between(struct chance *c, size_t min, size_t max)
{
    uint64_t kind = draw(c) % 8;
    if (kind < 2)
        return kind == 0 ? min : max;
    return min + (size_t)(draw(c) % (max - min + 1));
}

static uint8_t *keep(struct chance *c, size_t n)
{
    assert_true(n <= sizeof(c->pool) - c->used);
    uint8_t *at = c->pool + c->used;
    c->used += n;
    return at;
}

/* --- fields ---------------------------------------------------------------------------------- */

#define random_u8(c)     (uint8_t) draw(c)
#define random_u16(c)    (uint16_t) draw(c)
#define random_u32(c)    (uint32_t) draw(c)
#define random_u64(c)    draw(c)
#define random_s8(c)     (int8_t) draw(c)
#define random_flags8(c) (uint8_t) draw(c)
#define random_mask64(c) draw(c)

static struct mac random_mac(struct chance *c)
{
    struct mac mac;
    for (size_t i = 0; i < sizeof(mac.b); i++)
        mac.b[i] = (uint8_t)draw(c);
    return mac;
}

static struct mac random_ap_mac(struct chance *c)
{
    c->aps++;
    return random_mac(c);
}

static uint16_t random_ap_index(struct chance *c)
{
    return (uint16_t)(draw(c) % c->aps);
}

static struct wire_octets random_octets(struct chance *c, size_t min, size_t max)
{
    struct wire_octets octets = {.len = between(c, min, max)};
    uint8_t *at = keep(c, octets.len);
    for (size_t i = 0; i < octets.len; i++)
        at[i] = (uint8_t)draw(c);
    octets.at = at;
    return octets;
}

/* One character of one to four bytes that has room. */
static size_t random_character(struct chance *c, char *at, size_t room)
{
    static const char *const characters[] = {"a",  " ",        "\"",           "\\",
                                             "\n", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    const char *one = characters[draw(c) % 8];
    size_t n = strlen(one) <= room ? strlen(one) : 1;
    memcpy(at, n < strlen(one) ? "z" : one, n);
    return n;
}

static struct wire_text random_text(struct chance *c, size_t min, size_t max)
{
    struct wire_text text = {.len = between(c, min, max)};
    char *at = (char *)keep(c, text.len);
    for (size_t n = 0; n < text.len;)
        n += random_character(c, at + n, text.len - n);
    text.at = at;
    return text;
}

static struct wire_octets random_address(struct chance *c, size_t v4, size_t v6)
{
    size_t len = draw(c) % 2 == 0 ? v4 : v6;
    return random_octets(c, len, len);
}

#define random_octets8(c, min, max)  random_octets(c, min, max)
#define random_octets16(c, min, max) random_octets(c, min, max)
#define random_text8(c, min, max)    random_text(c, min, max)
#define random_head(c, min, max)     random_text(c, min, max)

/* --- structs --------------------------------------------------------------------------------- */

#define RANDOM_F(kind, name, label)           value->name = random_##kind(c);
#define RANDOM_V(kind, name, label, min, max) value->name = random_##kind(c, min, max);
#define RANDOM_N(list)
#define RANDOM_L(form, name, entry, label) value->name = random_list_of_##entry(c);

#define FILL(name)                                                       \
    static void fill_##name(struct chance *c, struct wire_##name *value) \
    {                                                                    \
        WIRE_FIELDS_##name(RANDOM_F, RANDOM_V, RANDOM_N, RANDOM_L)       \
    }

/* Samples need an AP to point to. */
#define NEEDS_AP_mac_entry   0
#define NEEDS_AP_ap_entry    0
#define NEEDS_AP_sample      1
#define NEEDS_AP_ap_slot     0
#define NEEDS_AP_client_link 0
#define NEEDS_AP_address     0

#define X(NAME, name)                                                           \
    FILL(name)                                                                  \
    static struct wire_list random_list_of_##name(struct chance *c)             \
    {                                                                           \
        uint8_t bytes[ENTRIES * 32];                                            \
        struct writer w = writer_of(bytes, sizeof(bytes));                      \
        size_t n = NEEDS_AP_##name && c->aps == 0 ? 0 : between(c, 0, ENTRIES); \
        for (size_t i = 0; i < n; i++) {                                        \
            struct wire_##name entry;                                           \
            fill_##name(c, &entry);                                             \
            wire_##name##_put(&w, &entry);                                      \
        }                                                                       \
        assert_false(w.failed);                                                 \
        struct wire_list list = wire_list_of(&w, n);                            \
        list.at = memcpy(keep(c, w.used), bytes, w.used);                       \
        return list;                                                            \
    }
WIRE_FIXED_ENTRIES(X)
WIRE_VARIABLE_ENTRIES(X)
#undef X

#define X(copies, type, NAME, name, label) FILL(name)
WIRE_ELEMENTS(X)
#undef X

static void put_random_element(struct chance *c, struct writer *w, uint16_t type)
{
    struct wire_element e = {.type = (enum wire_element_type)type};
    switch (e.type) {
#define X(copies, number, NAME, name, label) \
    case WIRE_ELEMENT_##NAME:                \
        fill_##name(c, &e.name);             \
        break;
        WIRE_ELEMENTS(X)
#undef X
    }
    wire_element_put(w, &e);
}

struct element_rule {
    uint32_t bit;
    uint16_t type;
    bool repeated;
};

#define IS_ONE                             false
#define IS_MANY                            true
#define X(copies, type, NAME, name, label) {WIRE_HAS(NAME), WIRE_ELEMENT_##NAME, IS_##copies},
static const struct element_rule rules[] = {WIRE_ELEMENTS(X)};
#undef X

static size_t random_message(struct chance *c, const struct wire_message_info *info, uint8_t *out,
                             size_t size)
{
    struct writer w = writer_of(out, size);
    c->used = 0;
    c->aps = 0;
    size_t begin = wire_begin(&w, (uint16_t)info->id, (uint8_t)draw(c), (uint32_t)draw(c));
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        bool must = ((info->must | info->some) & rules[i].bit) != 0;
        size_t copies = rules[i].repeated ? REPEATS : 1;
        if (!must && (info->may & rules[i].bit) == 0)
            continue;
        for (size_t n = between(c, must ? 1 : 0, copies); n > 0; n--)
            put_random_element(c, &w, rules[i].type);
    }
    assert_true(wire_end(&w, begin));
    return w.used;
}

static void for_each_message(void (*check)(struct chance *, const struct wire_message_info *))
{
#define X(id, ...) id,
    static const uint16_t ids[] = {WIRE_MESSAGES(X, )};
#undef X
    static struct chance c;
    c.state = 0x6e6d7370; /* fixed: a failure comes again */
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        for (int round = 0; round < ROUNDS; round++)
            check(&c, wire_message_info(ids[i]));
}

/* --- tests ----------------------------------------------------------------------------------- */

static uint8_t first[WIRE_MESSAGE_MAX], second[WIRE_MESSAGE_MAX];
static char first_dump[DUMP_MAX], second_dump[DUMP_MAX];

/* Decodes again what was accepted once and encoded again: nothing may differ. */
static void same_again(const struct wire_message *m, bool whole)
{
    struct wire_message again;
    size_t n = wire_reencode(m, second, sizeof(second));
    assert_true(n >= WIRE_HEADER_SIZE && n <= m->header.length);
    if (whole)
        assert_int_equal(n, m->header.length);
    assert_int_equal(wire_decode(second, n, &again), WIRE_OK);
    assert_int_equal(again.present, m->present);
    assert_true(wire_dump(m, first_dump, DUMP_MAX) < DUMP_MAX);
    wire_dump(&again, second_dump, DUMP_MAX);
    assert_string_equal(first_dump, second_dump);
}

static void check_round_trip(struct chance *c, const struct wire_message_info *info)
{
    struct wire_message m;
    size_t n = random_message(c, info, first, sizeof(first));
    assert_int_equal(wire_decode(first, n, &m), WIRE_OK);
    assert_ptr_equal(m.info, info);
    same_again(&m, true);
    assert_memory_equal(first, second, n);
}

/* Changes a byte or two, most often in the structure: small numbers do the most harm. */
static void damage(struct chance *c, uint8_t *frame, size_t n)
{
    for (uint64_t times = 1 + draw(c) % 2; times > 0; times--) {
        size_t at = WIRE_HEADER_SIZE - 1 + (size_t)(draw(c) % (n - WIRE_HEADER_SIZE + 1));
        frame[at] = draw(c) % 2 == 0 ? (uint8_t)draw(c) : (uint8_t)(draw(c) % 24);
    }
}

static void check_damaged(struct chance *c, const struct wire_message_info *info)
{
    struct wire_message m;
    size_t n = random_message(c, info, first, sizeof(first));
    for (int i = 0; i < DAMAGES; i++) {
        uint8_t *frame = malloc(n); /* of exactly this size, for the address sanitizer */
        assert_non_null(frame);
        memcpy(frame, first, n);
        damage(c, frame, n);
        enum wire_verdict verdict = wire_decode(frame, n, &m);
        assert_true(verdict == WIRE_OK || verdict == WIRE_MALFORMED);
        assert_int_equal(verdict == WIRE_OK, m.fault.reason == WIRE_REASON_NONE);
        if (verdict == WIRE_OK)
            same_again(&m, false);
        free(frame);
    }
}

static void every_message_survives_encoding_and_decoding_unchanged(void **state)
{
    (void)state;
    for_each_message(check_round_trip);
}

static void a_damaged_message_is_refused_or_consistent(void **state)
{
    (void)state;
    for_each_message(check_damaged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_survives_encoding_and_decoding_unchanged),
        cmocka_unit_test(a_damaged_message_is_refused_or_consistent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
