/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/peer/refusals.h"

#include <stdio.h>
#include <string.h>

static struct diagnosis refusal(const char *address, uint8_t key, enum diagnosis_code code)
{
    struct diagnosis d;

    diagnosis_init(&d, code);
    d.inbound = true;
    (void)snprintf(d.address, sizeof(d.address), "%s", address);
    d.has_presented = key != 0;
    memset(d.presented.spki_sha256, key, sizeof(d.presented.spki_sha256));
    return d;
}

static bool note(struct refusals *refusals, const char *address, uint8_t key,
                 enum diagnosis_code code, int64_t now)
{
    struct diagnosis d = refusal(address, key, code);
    bool news = refusals_note(refusals, &d, NULL, now);

    refusals_told(refusals, &d);
    return news;
}

static size_t count(const struct refusals *refusals)
{
    struct diagnosis d;
    size_t cursor = 0;
    size_t found = 0;

    while (refusals_next(refusals, &cursor, 0, &d))
        found++;
    return found;
}

static void one_peer_stands_once_whatever_port_it_comes_from(void **state)
{
    struct refusals refusals = {0};
    struct diagnosis d;
    size_t cursor = 0;

    (void)state;
    assert_true(note(&refusals, "192.0.2.1:1000", 1, DIAGNOSIS_UNKNOWN_MAC, 100));
    assert_false(note(&refusals, "192.0.2.1:1001", 1, DIAGNOSIS_UNKNOWN_MAC, 200));
    assert_true(refusals_next(&refusals, &cursor, 1100, &d));
    assert_int_equal(d.count, 2);
    assert_int_equal(d.since, 1000);
    assert_string_equal(d.address, "192.0.2.1:1001");
    assert_false(refusals_next(&refusals, &cursor, 1100, &d));
}

static void another_cause_of_the_same_peer_is_news(void **state)
{
    struct refusals refusals = {0};
    struct diagnosis d;
    size_t cursor = 0;

    (void)state;
    assert_true(note(&refusals, "192.0.2.1:1000", 1, DIAGNOSIS_UNKNOWN_MAC, 100));
    assert_true(note(&refusals, "192.0.2.1:1000", 1, DIAGNOSIS_WRONG_HASH, 200));
    assert_true(refusals_next(&refusals, &cursor, 200, &d));
    assert_int_equal(d.code, DIAGNOSIS_WRONG_HASH);
    assert_int_equal(d.since, 0);
    assert_int_equal(count(&refusals), 1);
}

static void another_key_or_another_address_is_another_peer(void **state)
{
    struct refusals refusals = {0};

    (void)state;
    assert_true(note(&refusals, "192.0.2.1:1000", 1, DIAGNOSIS_UNKNOWN_MAC, 1));
    assert_true(note(&refusals, "192.0.2.1:1000", 2, DIAGNOSIS_UNKNOWN_MAC, 1));
    assert_true(note(&refusals, "192.0.2.1:1000", 0, DIAGNOSIS_NO_CERTIFICATE, 1));
    assert_true(note(&refusals, "192.0.2.10:1000", 1, DIAGNOSIS_UNKNOWN_MAC, 1));
    assert_true(note(&refusals, "[2001:db8::1]:1000", 1, DIAGNOSIS_UNKNOWN_MAC, 1));
    assert_int_equal(count(&refusals), 5);
}

static void the_one_that_stayed_away_longest_makes_room(void **state)
{
    struct refusals refusals = {0};
    struct diagnosis d;
    size_t cursor = 0;

    (void)state;
    for (uint8_t key = 1; key <= REFUSALS_MAX; key++)
        assert_true(note(&refusals, "192.0.2.1:1", key, DIAGNOSIS_UNKNOWN_MAC, key));
    assert_false(note(&refusals, "192.0.2.1:1", 1, DIAGNOSIS_UNKNOWN_MAC, 50));
    assert_true(note(&refusals, "192.0.2.1:1", 99, DIAGNOSIS_UNKNOWN_MAC, 60));
    assert_int_equal(count(&refusals), REFUSALS_MAX);
    while (refusals_next(&refusals, &cursor, 60, &d))
        assert_int_not_equal(d.presented.spki_sha256[0], 2);
    assert_false(note(&refusals, "192.0.2.1:1", 99, DIAGNOSIS_UNKNOWN_MAC, 61));
}

static void who_gets_in_is_forgotten(void **state)
{
    struct refusals refusals = {0};
    struct diagnosis d = refusal("192.0.2.1:1000", 1, DIAGNOSIS_UNKNOWN_MAC);

    (void)state;
    (void)refusals_note(&refusals, &d, NULL, 1);
    refusals_forget(&refusals, "192.0.2.2:1000", &d.presented);
    assert_int_equal(count(&refusals), 1);
    refusals_forget(&refusals, "192.0.2.1:2000", &d.presented);
    assert_int_equal(count(&refusals), 0);
}

static void note_let_in(struct refusals *refusals, uint8_t key, enum diagnosis_code code,
                        const struct mac *identity)
{
    struct diagnosis d = refusal("192.0.2.1:1000", key, code);
    assert_true(refusals_note(refusals, &d, identity, 1));
}

static void a_mac_that_has_a_session_is_forgotten_wherever_it_was_let_in_before(void **state)
{
    static const struct mac mse = {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x89}};
    static const struct mac other = {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x8a}};
    struct refusals refusals = {0};
    struct diagnosis d;
    size_t cursor = 0;

    (void)state;
    note_let_in(&refusals, 1, DIAGNOSIS_LOST, &mse);
    note_let_in(&refusals, 2, DIAGNOSIS_SILENT, &mse);
    note_let_in(&refusals, 3, DIAGNOSIS_LOST, &other);
    note_let_in(&refusals, 4, DIAGNOSIS_SESSION_EXISTS, &mse);
    note_let_in(&refusals, 5, DIAGNOSIS_WRONG_HASH, NULL);
    refusals_forget_mac(&refusals, &mse);
    assert_int_equal(count(&refusals), 3);
    for (uint8_t key = 3; refusals_next(&refusals, &cursor, 1, &d); key++)
        assert_int_equal(d.presented.spki_sha256[0], key);
    /* It is not let in any more, and stands in the place that it had. */
    note_let_in(&refusals, 3, DIAGNOSIS_WRONG_HASH, NULL);
    refusals_forget_mac(&refusals, &other);
    assert_int_equal(count(&refusals), 3);
}

/* Somebody held it back; it is not lost for that. */
static void what_was_not_told_stays_news(void **state)
{
    struct diagnosis d = refusal("192.0.2.1:1", 1, DIAGNOSIS_UNKNOWN_MAC);
    struct diagnosis other = refusal("192.0.2.1:1", 2, DIAGNOSIS_UNKNOWN_MAC);
    struct refusals refusals = {0};

    (void)state;
    assert_true(refusals_note(&refusals, &d, NULL, 1));
    assert_true(refusals_note(&refusals, &d, NULL, 2));
    refusals_told(&refusals, &other); /* is not there */
    assert_true(refusals_note(&refusals, &d, NULL, 3));
    refusals_told(&refusals, &d);
    assert_false(refusals_note(&refusals, &d, NULL, 4));
}

static void who_was_not_heard_stands_beside_what_else_is_wrong_with_it(void **state)
{
    struct refusals refusals = {0};

    (void)state;
    assert_true(note(&refusals, "192.0.2.1:1", 0, DIAGNOSIS_HANDSHAKE_CLOSED, 1));
    assert_true(note(&refusals, "192.0.2.1:2", 0, DIAGNOSIS_THROTTLED, 2));
    assert_false(note(&refusals, "192.0.2.1:3", 0, DIAGNOSIS_HANDSHAKE_CLOSED, 3));
    assert_false(note(&refusals, "192.0.2.1:4", 0, DIAGNOSIS_THROTTLED, 4));
    assert_int_equal(count(&refusals), 2);
    /* Both are over when it gets in without a certificate that was refused before. */
    refusals_forget(&refusals, "192.0.2.1:9", NULL);
    assert_int_equal(count(&refusals), 0);
}

static void those_that_were_not_heard_have_half_of_the_places(void **state)
{
    struct refusals refusals = {0};
    char address[32];

    (void)state;
    for (uint8_t key = 1; key <= REFUSALS_MAX / 2; key++)
        assert_true(note(&refusals, "192.0.2.1:1", key, DIAGNOSIS_UNKNOWN_MAC, key));
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(address, sizeof(address), "198.51.%u.%u:1", i / 200, i % 200);
        assert_true(note(&refusals, address, 0,
                         i % 2 == 0 ? DIAGNOSIS_THROTTLED : DIAGNOSIS_CROWDED_OUT, 100 + i));
    }
    assert_int_equal(count(&refusals), REFUSALS_MAX);
    for (uint8_t key = 1; key <= REFUSALS_MAX / 2; key++)
        assert_false(note(&refusals, "192.0.2.1:1", key, DIAGNOSIS_UNKNOWN_MAC, 2000));
    assert_false(note(&refusals, address, 0, DIAGNOSIS_CROWDED_OUT, 2000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_peer_stands_once_whatever_port_it_comes_from),
        cmocka_unit_test(another_cause_of_the_same_peer_is_news),
        cmocka_unit_test(another_key_or_another_address_is_another_peer),
        cmocka_unit_test(the_one_that_stayed_away_longest_makes_room),
        cmocka_unit_test(who_gets_in_is_forgotten),
        cmocka_unit_test(what_was_not_told_stays_news),
        cmocka_unit_test(who_was_not_heard_stands_beside_what_else_is_wrong_with_it),
        cmocka_unit_test(those_that_were_not_heard_have_half_of_the_places),
        cmocka_unit_test(a_mac_that_has_a_session_is_forgotten_wherever_it_was_let_in_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
