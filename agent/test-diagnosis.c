/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/diagnosis.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1800000000 };

static const struct mac mse = {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x89}};
static const struct mac spare = {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x8a}};

/* One user with one list, and a peer whose hashes are all different; tests change what they are
 * about. */
struct fixture {
    struct settings_attribute_list lists[2];
    struct settings_user users[2];
    struct settings_method_list method;
    struct settings_aaa aaa;
    struct certificate_info peer;
    int64_t now;
    enum diagnosis_ntp ntp;
    const struct mac *expected;
};

static void set_hash(struct settings_attribute_list *list, const uint8_t *hash, uint8_t len)
{
    memset(list->key_hash, 0, sizeof(list->key_hash));
    memcpy(list->key_hash, hash, len);
    list->key_hash_len = len;
}

static struct fixture *fixture(void)
{
    static struct fixture f;
    struct certificate_info *p = &f.peer;

    memset(&f, 0, sizeof(f));
    memset(p->spki_sha1, 1, sizeof(p->spki_sha1));
    memset(p->spki_sha256, 2, sizeof(p->spki_sha256));
    memset(p->certificate_sha1, 3, sizeof(p->certificate_sha1));
    memset(p->certificate_sha256, 4, sizeof(p->certificate_sha256));
    memset(p->inner_key_sha1, 5, sizeof(p->inner_key_sha1));
    memset(p->inner_key_sha256, 6, sizeof(p->inner_key_sha256));
    p->macs[0] = mse;
    p->mac_count = 1;
    p->key_type = CERTIFICATE_KEY_RSA;
    p->key_bits = 2048;
    p->not_before = NOW - 1000;
    p->not_after = NOW + 1000;
    (void)snprintf(f.lists[0].name, sizeof(f.lists[0].name), "NMSP");
    set_hash(&f.lists[0], p->spki_sha256, 32);
    f.users[0].mac = mse;
    (void)snprintf(f.users[0].attribute_list, sizeof(f.users[0].attribute_list), "NMSP");
    (void)snprintf(f.method.name, sizeof(f.method.name), "wcm_loc_serv_cert");
    f.method.local = true;
    f.aaa = (struct settings_aaa){.new_model = true,
                                  .attribute_lists = f.lists,
                                  .attribute_list_count = 1,
                                  .users = f.users,
                                  .user_count = 1,
                                  .method_lists = &f.method,
                                  .method_list_count = 1};
    f.now = NOW;
    f.ntp = DIAGNOSIS_NTP_SYNCHRONISED;
    return &f;
}

/* As the auth list decides, and the agent then asks. */
static struct diagnosis diagnose(const struct fixture *f, const struct certificate_info *peer)
{
    struct authlist_decision decision;
    struct diagnosis d;

    (void)authlist_check(&f->aaa, peer, f->expected, f->now, &decision);
    diagnosis_init(&d, DIAGNOSIS_NONE);
    d.wall = f->now;
    d.ntp = f->ntp;
    diagnosis_of_refusal(&f->aaa, peer, &decision, f->expected, &d);
    return d;
}

static enum diagnosis_code code_of(const struct fixture *f)
{
    return diagnose(f, &f->peer).code;
}

static void who_is_let_in_has_no_diagnosis(void **state)
{
    (void)state;
    assert_int_equal(code_of(fixture()), DIAGNOSIS_NONE);
}

static void each_hash_that_is_not_the_keys_is_recognised(void **state)
{
    struct fixture *f = fixture();
    const struct certificate_info *p = &f->peer;
    const uint8_t foreign[32] = {9};
    uint8_t padded[32] = {0};
    const struct {
        const uint8_t *hash;
        uint8_t len;
        enum diagnosis_code code;
    } cases[] = {
        {p->spki_sha1, 20, DIAGNOSIS_NONE},
        {foreign, 20, DIAGNOSIS_WRONG_HASH},
        {foreign, 32, DIAGNOSIS_WRONG_HASH},
        {p->certificate_sha1, 20, DIAGNOSIS_CERTIFICATE_HASH},
        {p->certificate_sha256, 32, DIAGNOSIS_CERTIFICATE_HASH},
        {p->inner_key_sha1, 20, DIAGNOSIS_INNER_KEY_HASH},
        {p->inner_key_sha256, 32, DIAGNOSIS_INNER_KEY_HASH},
        {p->spki_sha256, 20, DIAGNOSIS_CUT_HASH},
        {padded, 32, DIAGNOSIS_OTHER_HASH},
        {p->spki_sha256, 19, DIAGNOSIS_WRONG_LENGTH},
        {p->spki_sha256, 31, DIAGNOSIS_WRONG_LENGTH},
        {foreign, 0, DIAGNOSIS_NO_PASSWORD},
    };

    (void)state;
    memcpy(padded, p->spki_sha1, 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_hash(&f->lists[0], cases[i].hash, cases[i].len);
        struct diagnosis d = diagnose(f, p);
        assert_int_equal(d.code, cases[i].code);
        if (d.code == DIAGNOSIS_NONE)
            continue;
        assert_int_equal(d.hash_len, cases[i].len);
        assert_memory_equal(d.hash, cases[i].hash, cases[i].len);
        assert_string_equal(d.list, "NMSP");
        assert_true(d.has_mac && mac_equal(&d.mac, &mse));
    }
}

static void what_is_missing_in_the_configuration_is_named(void **state)
{
    struct fixture *f = fixture();

    (void)state;
    f->aaa.new_model = false;
    assert_int_equal(code_of(f), DIAGNOSIS_NO_NEW_MODEL);
    f = fixture();
    f->aaa.method_list_count = 0;
    assert_int_equal(code_of(f), DIAGNOSIS_NO_METHOD_LIST);
    f = fixture();
    f->aaa.attribute_list_count = 0;
    struct diagnosis d = diagnose(f, &f->peer);
    assert_int_equal(d.code, DIAGNOSIS_DANGLING_LIST);
    assert_string_equal(d.list, "NMSP");
    f = fixture();
    f->aaa.user_count = 0;
    assert_int_equal(code_of(f), DIAGNOSIS_UNKNOWN_MAC);
}

static void a_key_that_stands_under_another_mac_is_found(void **state)
{
    struct fixture *f = fixture();
    struct diagnosis d;

    (void)state;
    f->users[0].mac = spare;
    d = diagnose(f, &f->peer);
    assert_int_equal(d.code, DIAGNOSIS_OTHER_MAC);
    assert_true(mac_equal(&d.mac, &spare));
    assert_string_equal(d.list, "NMSP");
}

static void a_server_with_another_mac_is_told_with_both(void **state)
{
    struct fixture *f = fixture();
    struct diagnosis d;

    (void)state;
    f->expected = &spare;
    d = diagnose(f, &f->peer);
    assert_int_equal(d.code, DIAGNOSIS_WRONG_SERVER);
    assert_true(mac_equal(&d.mac, &mse));
    assert_true(d.has_expected && mac_equal(&d.expected, &spare));
}

static void a_certificate_that_cannot_come_in_is_told_as_such(void **state)
{
    struct fixture *f = fixture();

    (void)state;
    f->peer.key_bits = 1024;
    assert_int_equal(code_of(f), DIAGNOSIS_WEAK_KEY);
    struct diagnosis d = diagnose(f, NULL);
    assert_int_equal(d.code, DIAGNOSIS_NO_CERTIFICATE);
    assert_false(d.has_presented);
}

static void the_skew_is_counted_in_seconds(void **state)
{
    struct fixture *f = fixture();
    struct diagnosis d;

    (void)state;
    f->now = f->peer.not_before - 86400LL * 365 * 40; /* more than 32 bits of milliseconds */
    d = diagnose(f, &f->peer);
    assert_int_equal(d.code, DIAGNOSIS_NOT_YET_VALID);
    assert_int_equal(d.skew, 86400LL * 365 * 40);
    f->now = f->peer.not_after + 7;
    d = diagnose(f, &f->peer);
    assert_int_equal(d.code, DIAGNOSIS_EXPIRED);
    assert_int_equal(d.skew, 7);
}

static void a_clock_that_is_not_set_is_a_cause_of_its_own(void **state)
{
    struct fixture *f = fixture();

    (void)state;
    f->now = 0;
    f->ntp = DIAGNOSIS_NTP_FREE;
    assert_int_equal(code_of(f), DIAGNOSIS_CLOCK_NOT_SET);
    f->ntp = DIAGNOSIS_NTP_UNKNOWN;
    assert_int_equal(code_of(f), DIAGNOSIS_CLOCK_NOT_SET);
    /* NTP says that it is: then it is the certificate. */
    f->ntp = DIAGNOSIS_NTP_SYNCHRONISED;
    assert_int_equal(code_of(f), DIAGNOSIS_NOT_YET_VALID);
    /* A clock that runs by itself, but shows a time that can be. */
    f->ntp = DIAGNOSIS_NTP_FREE;
    f->now = f->peer.not_before - 1;
    assert_int_equal(code_of(f), DIAGNOSIS_NOT_YET_VALID);
    /* What expired before that is expired however late it really is. */
    f->now = 100;
    f->peer.not_before = 1;
    f->peer.not_after = 99;
    assert_int_equal(code_of(f), DIAGNOSIS_EXPIRED);
}

static void two_of_the_same_differ_only_by_what_was_found(void **state)
{
    struct fixture *f = fixture();
    struct diagnosis x;
    struct diagnosis y;

    (void)state;
    f->users[0].mac = spare;
    x = diagnose(f, &f->peer);
    y = x;
    y.since = 5;
    y.next_attempt = 6;
    y.count = 7;
    y.wall++;
    assert_true(diagnosis_same(&x, &y));
    y = x;
    y.hash[0] ^= 1;
    assert_false(diagnosis_same(&x, &y));
    y = x;
    y.presented.certificate_sha256[0] ^= 1;
    assert_false(diagnosis_same(&x, &y));
    y = x;
    y.code = DIAGNOSIS_WRONG_HASH;
    assert_false(diagnosis_same(&x, &y));
    y = x;
    y.own_sha256[0] ^= 1; /* matters only where it is what the peer was to know */
    assert_true(diagnosis_same(&x, &y));
    x.code = y.code = DIAGNOSIS_OWN_REFUSED;
    assert_false(diagnosis_same(&x, &y));
}

static void an_alert_an_errno_and_a_certificate_matter_where_they_are_the_cause(void **state)
{
    static const struct {
        enum diagnosis_code code;
        bool error, alert, certificate;
    } rows[] = {
        {DIAGNOSIS_UNREACHABLE, true, false, false},
        {DIAGNOSIS_NO_RESOURCES, true, false, false},
        {DIAGNOSIS_PEER_ALERT, false, true, false},
        {DIAGNOSIS_NO_COMMON, false, true, false},
        {DIAGNOSIS_OWN_REFUSED, false, true, false},
        {DIAGNOSIS_UNPROVEN, false, false, true},
        {DIAGNOSIS_HANDSHAKE_CLOSED, false, false, false},
        {DIAGNOSIS_LOST, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct diagnosis x;
        struct diagnosis y;
        diagnosis_init(&x, rows[i].code);
        y = x;
        y.error = 5;
        assert_int_equal(diagnosis_same(&x, &y), !rows[i].error);
        y = x;
        y.alert = 0x250;
        assert_int_equal(diagnosis_same(&x, &y), !rows[i].alert);
        y = x;
        y.has_presented = true;
        y.presented.certificate_sha256[0] = 1;
        assert_int_equal(diagnosis_same(&x, &y), !rows[i].certificate);
    }
}

static void every_code_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned x = 0; x < DIAGNOSIS_CODES; x++) {
        assert_non_null(diagnosis_code_name((enum diagnosis_code)x));
        for (unsigned y = 0; y < x; y++)
            assert_string_not_equal(diagnosis_code_name((enum diagnosis_code)x),
                                    diagnosis_code_name((enum diagnosis_code)y));
    }
    assert_null(diagnosis_code_name(DIAGNOSIS_CODES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_let_in_has_no_diagnosis),
        cmocka_unit_test(each_hash_that_is_not_the_keys_is_recognised),
        cmocka_unit_test(what_is_missing_in_the_configuration_is_named),
        cmocka_unit_test(a_key_that_stands_under_another_mac_is_found),
        cmocka_unit_test(a_server_with_another_mac_is_told_with_both),
        cmocka_unit_test(a_certificate_that_cannot_come_in_is_told_as_such),
        cmocka_unit_test(the_skew_is_counted_in_seconds),
        cmocka_unit_test(a_clock_that_is_not_set_is_a_cause_of_its_own),
        cmocka_unit_test(two_of_the_same_differ_only_by_what_was_found),
        cmocka_unit_test(an_alert_an_errno_and_a_certificate_matter_where_they_are_the_cause),
        cmocka_unit_test(every_code_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
