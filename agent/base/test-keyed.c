/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/keyed.h"
#include "tests/unit/failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 1000, KEYS = 400 };

/* Numbers and their keys; how many hash bits count is what a test wants. */
struct owner {
    struct keyed index;
    uint64_t mask;
    unsigned keys[NUMBERS];
    bool there[NUMBERS];
};

static struct owner owner;

static int reset(void **state)
{
    (void)state;
    keyed_fini(&owner.index);
    owner = (struct owner){.mask = UINT64_MAX};
    failing_reset();
    return 0;
}

static uint64_t hash(unsigned key)
{
    return siphash(&owner.index.key, &key, sizeof(key)) & owner.mask;
}

static uint64_t hash_of(const void *context, uint32_t number)
{
    return hash(((const struct owner *)context)->keys[number]);
}

static bool is(const void *context, uint32_t number, const void *wanted)
{
    return ((const struct owner *)context)->keys[number] == *(const unsigned *)wanted;
}

static bool is_another(const void *context, uint32_t number, const void *wanted)
{
    const uint32_t *but = wanted;
    return number != *but && is(context, number, &((const struct owner *)context)->keys[*but]);
}

static uint32_t find(unsigned key)
{
    return keyed_find(&owner.index, hash(key), is, &owner, &key);
}

static void put(uint32_t number, unsigned key)
{
    owner.keys[number] = key;
    owner.there[number] = true;
    keyed_put(&owner.index, hash(key), number);
}

static void take(uint32_t number)
{
    keyed_remove(&owner.index, number, hash_of, &owner);
    owner.there[number] = false;
}

/* What an array says is what the index says, after each of many puts and removals. */
static void check(void)
{
    for (unsigned key = 0; key < KEYS; key++) {
        uint32_t found = find(key);
        bool any = false;
        for (uint32_t i = 0; i < NUMBERS; i++)
            any = any || (owner.there[i] && owner.keys[i] == key);
        assert_int_equal(found != KEYED_NONE, any);
        if (any)
            assert_true(owner.there[found] && owner.keys[found] == key);
    }
}

static void churn(uint32_t numbers, unsigned rounds)
{
    uint32_t random = 12345;

    assert_int_equal(keyed_init(&owner.index, numbers), 0);
    for (unsigned round = 0; round < rounds; round++) {
        random = random * 1664525 + 1013904223;
        uint32_t number = (random >> 8) % numbers;
        if (owner.there[number])
            take(number);
        else
            put(number, (random >> 20) % KEYS);
        if (round % 97 == 0)
            check();
    }
    for (uint32_t i = 0; i < numbers; i++)
        if (owner.there[i])
            take(i);
    check();
    for (uint32_t i = 0; i < owner.index.size; i++)
        assert_int_equal(owner.index.entries[i], 0);
}

static void what_was_put_is_found_and_what_was_taken_is_not(void **state)
{
    (void)state;
    churn(NUMBERS, 20000);
}

static void a_full_one_finds_all_and_misses_all_others(void **state)
{
    (void)state;
    for (uint32_t numbers = 1; numbers <= 67; numbers++) {
        assert_int_equal(keyed_init(&owner.index, numbers), 0);
        for (uint32_t i = 0; i < numbers; i++)
            put(i, i);
        for (uint32_t i = 0; i < numbers; i++)
            assert_int_equal(find(i), i);
        assert_int_equal(find(numbers), KEYED_NONE);
        (void)reset(NULL);
    }
}

/* Many keys with one hash, and such as differ in their tags or in their homes alone. */
static void keys_that_collide_are_told_apart(void **state)
{
    static const uint64_t masks[] = {0, UINT64_C(0x3) << 30, UINT64_C(0x3) << 62, UINT64_MAX << 32};

    (void)state;
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        (void)reset(NULL);
        owner.mask = masks[i];
        churn(100, 3000);
    }
}

static void numbers_with_one_key_are_found_by_what_else_they_are(void **state)
{
    const uint32_t second = 7;

    (void)state;
    assert_int_equal(keyed_init(&owner.index, NUMBERS), 0);
    put(second, 1);
    assert_int_equal(keyed_find(&owner.index, hash(1), is_another, &owner, &second), KEYED_NONE);
    put(3, 1);
    assert_int_equal(keyed_find(&owner.index, hash(1), is_another, &owner, &second), 3);
    take(3);
    assert_int_equal(find(1), second);
}

static void a_number_changes_and_the_record_is_found_by_its_new_one(void **state)
{
    (void)state;
    assert_int_equal(keyed_init(&owner.index, NUMBERS), 0);
    for (uint32_t i = 0; i < 300; i++)
        put(i, i);
    take(5);
    keyed_renumber(&owner.index, hash(299), 299, 5);
    owner.keys[5] = 299;
    owner.there[5] = true;
    owner.there[299] = false;
    check();
}

static void it_grows_with_what_is_in_it(void **state)
{
    (void)state;
    assert_int_equal(keyed_init(&owner.index, 0), 0);
    assert_int_equal(find(0), KEYED_NONE);
    for (uint32_t i = 0; i < 500; i++) {
        if ((i & (i - 1)) == 0)
            assert_true(keyed_reserve(&owner.index, i == 0 ? 1 : 2 * i, i, hash_of, &owner));
        put(i, i % KEYS);
    }
    check();
    keyed_clear(&owner.index);
    memset(owner.there, 0, sizeof(owner.there));
    check();
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    failing_malloc_at(1);
    assert_int_equal(keyed_init(&owner.index, 10), -ENOMEM);
    failing_reset();
    assert_int_equal(keyed_init(&owner.index, 10), 0);
    put(0, 1);
    failing_malloc_at(1);
    assert_false(keyed_reserve(&owner.index, 20, 1, hash_of, &owner));
    failing_reset();
    check();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_put_is_found_and_what_was_taken_is_not),
        TEST(a_full_one_finds_all_and_misses_all_others),
        TEST(keys_that_collide_are_told_apart),
        TEST(numbers_with_one_key_are_found_by_what_else_they_are),
        TEST(a_number_changes_and_the_record_is_found_by_its_new_one),
        TEST(it_grows_with_what_is_in_it),
        TEST(without_memory_nothing_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
