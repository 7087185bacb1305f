/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/auth/authlist.h"

#include <string.h>

enum { NOW = 1700000000 };

static const struct mac mse = {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x89}};
static const struct mac spare = {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x8a}};
static const struct mac stranger = {{0x00, 0x11, 0x22, 0x33, 0x44, 0x55}};

/* The one user, its one hash, and NMSP's own list; tests change what they are about. */
struct fixture {
    struct settings_attribute_list lists[2];
    struct settings_user users[3];
    struct settings_method_list methods[3];
    struct settings_aaa aaa;
    struct certificate_info peer;
};

static void set_name(char name[static SETTINGS_LIST_SIZE], const char *text)
{
    assert_true(strlen(text) < SETTINGS_LIST_SIZE);
    memcpy(name, text, strlen(text) + 1);
}

static void fill(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    set_name(f->lists[0].name, "NMSP");
    f->lists[0].key_hash_len = 32;
    memset(f->lists[0].key_hash, 0xa5, 32);
    f->users[0].mac = mse;
    set_name(f->users[0].attribute_list, "NMSP");
    set_name(f->methods[0].name, "wcm_loc_serv_cert");
    f->methods[0].local = true;
    f->aaa = (struct settings_aaa){
        .new_model = true,
        .attribute_lists = f->lists,
        .attribute_list_count = 1,
        .users = f->users,
        .user_count = 1,
        .method_lists = f->methods,
        .method_list_count = 1,
    };
    f->peer = (struct certificate_info){
        .macs = {mse},
        .mac_count = 1,
        .key_type = CERTIFICATE_KEY_RSA,
        .key_bits = 2048,
        .not_before = NOW - 1000,
        .not_after = NOW + 1000,
    };
    memset(f->peer.spki_sha1, 0x51, sizeof(f->peer.spki_sha1));
    memset(f->peer.spki_sha256, 0xa5, sizeof(f->peer.spki_sha256));
}

static void assert_verdict_for(const struct fixture *f, const struct mac *expected,
                               enum authlist_verdict verdict)
{
    struct authlist_decision decision;
    bool let_in = authlist_check(&f->aaa, &f->peer, expected, NOW, &decision);

    assert_int_equal(decision.verdict, verdict);
    assert_int_equal(let_in, verdict == AUTHLIST_OK);
}

static void assert_verdict(const struct fixture *f, enum authlist_verdict verdict)
{
    assert_verdict_for(f, NULL, verdict);
}

static void a_listed_key_gets_in_under_its_entrys_mac(void **state)
{
    struct fixture f;
    struct authlist_decision decision;

    (void)state;
    fill(&f);
    assert_true(authlist_check(&f.aaa, &f.peer, NULL, NOW, &decision));
    assert_int_equal(decision.verdict, AUTHLIST_OK);
    assert_true(decision.has_mac);
    assert_true(mac_equal(&decision.mac, &mse));
    assert_false(decision.by_hash_alone);
}

static void a_sha1_hash_of_twenty_bytes_counts_as_well(void **state)
{
    struct fixture f;

    (void)state;
    fill(&f);
    f.lists[0].key_hash_len = 20;
    memset(f.lists[0].key_hash, 0x51, 20);
    assert_verdict(&f, AUTHLIST_OK);
    f.lists[0].key_hash[19] ^= 1;
    assert_verdict(&f, AUTHLIST_WRONG_HASH);
}

static void nobody_gets_in_without_a_certificate(void **state)
{
    struct fixture f;
    struct authlist_decision decision;

    (void)state;
    fill(&f);
    assert_false(authlist_check(&f.aaa, NULL, NULL, NOW, &decision));
    assert_int_equal(decision.verdict, AUTHLIST_NO_CERTIFICATE);
    assert_false(decision.has_mac);
}

static void an_empty_configuration_lets_nobody_in(void **state)
{
    struct fixture f;

    (void)state;
    fill(&f);
    memset(&f.aaa, 0, sizeof(f.aaa));
    assert_verdict(&f, AUTHLIST_NO_NEW_MODEL);
    f.aaa.new_model = true;
    assert_verdict(&f, AUTHLIST_NO_METHOD_LIST);
}

static void nobody_gets_in_without_aaa_new_model(void **state)
{
    struct fixture f;

    (void)state;
    fill(&f);
    f.aaa.new_model = false;
    assert_verdict(&f, AUTHLIST_NO_NEW_MODEL);
}

static void a_missing_method_list_refuses_everybody(void **state)
{
    struct fixture f;

    (void)state;
    fill(&f);
    set_name(f.methods[0].name, "wcm_loc_serv_certs");
    assert_verdict(&f, AUTHLIST_NO_METHOD_LIST);
}

static void the_default_list_is_asked_where_nmsps_own_is_missing(void **state)
{
    struct fixture f;

    (void)state;
    fill(&f);
    set_name(f.methods[0].name, "default");
    assert_verdict(&f, AUTHLIST_OK);
}

static void a_list_that_does_not_say_local_refuses_whatever_default_says(void **state)
{
    struct fixture f;

    (void)state;
    fill(&f);
    f.methods[0].local = false;
    assert_verdict(&f, AUTHLIST_NO_METHOD_LIST);
    set_name(f.methods[1].name, "default");
    f.methods[1].local = true;
    f.aaa.method_list_count = 2;
    assert_verdict(&f, AUTHLIST_NO_METHOD_LIST);
}

static void an_unlisted_mac_is_unknown_even_with_a_listed_key(void **state)
{
    struct fixture f;

    (void)state;
    fill(&f);
    f.peer.macs[0] = stranger;
    assert_verdict(&f, AUTHLIST_UNKNOWN_MAC);
    fill(&f);
    f.aaa.user_count = 0;
    assert_verdict(&f, AUTHLIST_UNKNOWN_MAC);
}

static void a_user_without_a_hash_is_told_apart(void **state)
{
    struct fixture f;
    struct authlist_decision decision;

    (void)state;
    fill(&f);
    f.lists[0].key_hash_len = 0;
    assert_false(authlist_check(&f.aaa, &f.peer, NULL, NOW, &decision));
    assert_int_equal(decision.verdict, AUTHLIST_NO_HASH);
    assert_true(decision.has_mac);
    assert_true(mac_equal(&decision.mac, &mse));
    fill(&f);
    f.aaa.attribute_list_count = 0;
    assert_verdict(&f, AUTHLIST_NO_HASH);
    fill(&f);
    set_name(f.users[0].attribute_list, "OTHER");
    assert_verdict(&f, AUTHLIST_NO_HASH);
}

static void a_truncated_hash_never_counts(void **state)
{
    struct fixture f;

    (void)state;
    for (unsigned len = 0; len < 32; len++) {
        fill(&f);
        memset(f.peer.spki_sha1, 0, sizeof(f.peer.spki_sha1));
        f.lists[0].key_hash_len = (uint8_t)len;
        assert_verdict(&f, len == 20 ? AUTHLIST_WRONG_HASH : AUTHLIST_NO_HASH);
    }
}

static void one_wrong_bit_anywhere_in_the_hash_refuses(void **state)
{
    struct fixture f;

    (void)state;
    for (size_t bit = 0; bit < 256; bit++) {
        fill(&f);
        f.lists[0].key_hash[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_verdict(&f, AUTHLIST_WRONG_HASH);
    }
}

static void a_weak_key_is_refused_before_anything_else_is_asked(void **state)
{
    static const struct {
        enum certificate_key_type type;
        unsigned bits;
        bool weak;
    } cases[] = {
        {CERTIFICATE_KEY_RSA, 1024, true},   {CERTIFICATE_KEY_RSA, 2047, true},
        {CERTIFICATE_KEY_RSA, 2048, false},  {CERTIFICATE_KEY_RSA, 4096, false},
        {CERTIFICATE_KEY_EC, 192, true},     {CERTIFICATE_KEY_EC, 0, true},
        {CERTIFICATE_KEY_EC, 256, false},    {CERTIFICATE_KEY_EC, 384, false},
        {CERTIFICATE_KEY_EC, 521, false},    {CERTIFICATE_KEY_OTHER, 0, true},
        {CERTIFICATE_KEY_OTHER, 4096, true},
    };
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fill(&f);
        f.peer.key_type = cases[i].type;
        f.peer.key_bits = cases[i].bits;
        assert_verdict(&f, cases[i].weak ? AUTHLIST_WEAK_KEY : AUTHLIST_OK);
        f.aaa.new_model = false;
        assert_verdict(&f, cases[i].weak ? AUTHLIST_WEAK_KEY : AUTHLIST_NO_NEW_MODEL);
    }
}

static void the_validity_includes_its_first_and_last_second(void **state)
{
    struct fixture f;

    (void)state;
    fill(&f);
    f.peer.not_before = NOW;
    f.peer.not_after = NOW;
    assert_verdict(&f, AUTHLIST_OK);
    f.peer.not_before = NOW + 1;
    assert_verdict(&f, AUTHLIST_NOT_YET_VALID);
    f.peer.not_before = NOW - 1;
    f.peer.not_after = NOW - 1;
    assert_verdict(&f, AUTHLIST_EXPIRED);
}

static void dates_are_judged_only_for_a_peer_that_is_otherwise_authorised(void **state)
{
    struct fixture f;
    struct authlist_decision decision;

    (void)state;
    fill(&f);
    f.peer.not_after = NOW - 1;
    f.lists[0].key_hash[0] ^= 1;
    assert_verdict(&f, AUTHLIST_WRONG_HASH);
    f.lists[0].key_hash[0] ^= 1;
    assert_false(authlist_check(&f.aaa, &f.peer, NULL, NOW, &decision));
    assert_int_equal(decision.verdict, AUTHLIST_EXPIRED);
    assert_true(decision.has_mac);
    assert_true(mac_equal(&decision.mac, &mse));
}

static void dates_beyond_32_bits_are_compared_rightly(void **state)
{
    struct fixture f;
    struct authlist_decision decision;

    (void)state;
    fill(&f);
    f.peer.not_before = INT64_C(946684800);
    f.peer.not_after = INT64_C(253402300799);
    assert_verdict(&f, AUTHLIST_OK);
    assert_true(authlist_check(&f.aaa, &f.peer, NULL, INT64_C(253402300799), &decision));
    assert_false(authlist_check(&f.aaa, &f.peer, NULL, INT64_C(253402300800), &decision));
}

static void a_certificate_without_a_mac_gets_in_by_its_hash_alone(void **state)
{
    struct fixture f;
    struct authlist_decision decision;

    (void)state;
    fill(&f);
    f.peer.mac_count = 0;
    f.users[0].mac = stranger; /* another user, without a hash */
    set_name(f.users[0].attribute_list, "EMPTY");
    f.users[1].mac = mse;
    set_name(f.users[1].attribute_list, "NMSP");
    f.aaa.user_count = 2;
    assert_true(authlist_check(&f.aaa, &f.peer, NULL, NOW, &decision));
    assert_true(decision.by_hash_alone);
    assert_true(decision.has_mac);
    assert_true(mac_equal(&decision.mac, &mse));
}

static void a_certificate_without_a_mac_and_with_no_listed_hash_is_unknown(void **state)
{
    struct fixture f;
    struct authlist_decision decision;

    (void)state;
    fill(&f);
    f.peer.mac_count = 0;
    f.peer.spki_sha256[31] ^= 0x80;
    assert_false(authlist_check(&f.aaa, &f.peer, NULL, NOW, &decision));
    assert_int_equal(decision.verdict, AUTHLIST_UNKNOWN_MAC);
    assert_false(decision.has_mac);
}

static void a_listed_hash_that_no_user_names_lets_nobody_in(void **state)
{
    struct fixture f;

    (void)state;
    fill(&f);
    f.peer.mac_count = 0;
    f.aaa.user_count = 0;
    assert_verdict(&f, AUTHLIST_UNKNOWN_MAC);
}

static void another_servers_key_is_refused_where_a_mac_is_expected(void **state)
{
    struct fixture f;
    struct authlist_decision decision;

    (void)state;
    fill(&f);
    assert_verdict_for(&f, &mse, AUTHLIST_OK);
    assert_false(authlist_check(&f.aaa, &f.peer, &spare, NOW, &decision));
    assert_int_equal(decision.verdict, AUTHLIST_WRONG_SERVER);
    assert_true(mac_equal(&decision.mac, &mse));
    f.peer.mac_count = 0;
    assert_verdict_for(&f, &mse, AUTHLIST_OK);
    assert_verdict_for(&f, &spare, AUTHLIST_WRONG_SERVER);
}

static void of_several_entries_that_fit_the_expected_one_is_taken(void **state)
{
    struct fixture f;
    struct authlist_decision decision;

    (void)state;
    fill(&f);
    f.users[1].mac = spare;
    set_name(f.users[1].attribute_list, "NMSP");
    f.aaa.user_count = 2;
    f.peer.macs[1] = spare;
    f.peer.mac_count = 2;
    assert_true(authlist_check(&f.aaa, &f.peer, NULL, NOW, &decision));
    assert_true(mac_equal(&decision.mac, &mse));
    assert_true(authlist_check(&f.aaa, &f.peer, &spare, NOW, &decision));
    assert_true(mac_equal(&decision.mac, &spare));
    f.peer.mac_count = 0;
    assert_true(authlist_check(&f.aaa, &f.peer, &spare, NOW, &decision));
    assert_true(mac_equal(&decision.mac, &spare));
}

static void one_of_several_macs_is_enough(void **state)
{
    struct fixture f;
    struct authlist_decision decision;

    (void)state;
    fill(&f);
    f.peer.macs[0] = stranger;
    f.peer.macs[1] = spare; /* listed, with another key */
    f.peer.macs[2] = mse;
    f.peer.mac_count = 3;
    set_name(f.lists[1].name, "SPARE");
    f.lists[1].key_hash_len = 32;
    f.users[1].mac = spare;
    set_name(f.users[1].attribute_list, "SPARE");
    f.aaa.attribute_list_count = 2;
    f.aaa.user_count = 2;
    assert_true(authlist_check(&f.aaa, &f.peer, NULL, NOW, &decision));
    assert_true(mac_equal(&decision.mac, &mse));
    f.aaa.users++;
    f.aaa.user_count = 1;
    assert_false(authlist_check(&f.aaa, &f.peer, NULL, NOW, &decision));
    assert_int_equal(decision.verdict, AUTHLIST_WRONG_HASH);
    assert_true(mac_equal(&decision.mac, &spare));
}

static void every_verdict_has_its_own_name(void **state)
{
    (void)state;
    for (int i = AUTHLIST_OK; i <= AUTHLIST_CLOCK_NOT_SET; i++) {
        const char *name = authlist_verdict_name((enum authlist_verdict)i);
        assert_string_not_equal(name, "refused");
        for (int j = AUTHLIST_OK; j < i; j++)
            assert_string_not_equal(name, authlist_verdict_name((enum authlist_verdict)j));
    }
    assert_string_equal(authlist_verdict_name((enum authlist_verdict)(AUTHLIST_CLOCK_NOT_SET + 1)),
                        "refused");
}

static void without_a_clock_nobody_is_let_in_and_other_refusals_stay(void **state)
{
    (void)state;
    for (int i = AUTHLIST_OK; i <= AUTHLIST_CLOCK_NOT_SET; i++) {
        struct authlist_decision decision = {.verdict = (enum authlist_verdict)i};
        bool by_dates_only = i == AUTHLIST_OK || i >= AUTHLIST_NOT_YET_VALID;
        assert_false(authlist_without_clock(&decision));
        assert_int_equal(decision.verdict, by_dates_only ? AUTHLIST_CLOCK_NOT_SET : i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listed_key_gets_in_under_its_entrys_mac),
        cmocka_unit_test(a_sha1_hash_of_twenty_bytes_counts_as_well),
        cmocka_unit_test(nobody_gets_in_without_a_certificate),
        cmocka_unit_test(an_empty_configuration_lets_nobody_in),
        cmocka_unit_test(nobody_gets_in_without_aaa_new_model),
        cmocka_unit_test(a_missing_method_list_refuses_everybody),
        cmocka_unit_test(the_default_list_is_asked_where_nmsps_own_is_missing),
        cmocka_unit_test(a_list_that_does_not_say_local_refuses_whatever_default_says),
        cmocka_unit_test(an_unlisted_mac_is_unknown_even_with_a_listed_key),
        cmocka_unit_test(a_user_without_a_hash_is_told_apart),
        cmocka_unit_test(a_truncated_hash_never_counts),
        cmocka_unit_test(one_wrong_bit_anywhere_in_the_hash_refuses),
        cmocka_unit_test(a_weak_key_is_refused_before_anything_else_is_asked),
        cmocka_unit_test(the_validity_includes_its_first_and_last_second),
        cmocka_unit_test(dates_are_judged_only_for_a_peer_that_is_otherwise_authorised),
        cmocka_unit_test(dates_beyond_32_bits_are_compared_rightly),
        cmocka_unit_test(a_certificate_without_a_mac_gets_in_by_its_hash_alone),
        cmocka_unit_test(a_certificate_without_a_mac_and_with_no_listed_hash_is_unknown),
        cmocka_unit_test(a_listed_hash_that_no_user_names_lets_nobody_in),
        cmocka_unit_test(another_servers_key_is_refused_where_a_mac_is_expected),
        cmocka_unit_test(of_several_entries_that_fit_the_expected_one_is_taken),
        cmocka_unit_test(one_of_several_macs_is_enough),
        cmocka_unit_test(every_verdict_has_its_own_name),
        cmocka_unit_test(without_a_clock_nobody_is_let_in_and_other_refusals_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
