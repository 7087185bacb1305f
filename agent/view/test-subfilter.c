/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/subfilter.h"

#include "tests/unit/failing.h"
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define MS         WIRE_BIT(WIRE_RSSI_MS)
#define ASSOCIATED WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY)
#define RFID       WIRE_BIT(WIRE_RSSI_RFID)
#define ROGUE      WIRE_BIT(WIRE_RSSI_ROGUE)

enum { APS = 8, INTERVALS = 4 };

/* What a Subscribe says. */
struct said {
    uint64_t services;
    bool has_aps; /* else the filter is absent */
    bool has_devices;
    const struct mac *aps;
    const struct mac *devices;
    size_t ap_count;
    size_t device_count;
    struct wire_interval intervals[INTERVALS];
    size_t interval_count;
};

static int set_up(void **state)
{
    failing_reset();
    *state = bed_new(64, APS);
    for (uint16_t ap = 0; ap < 4; ap++)
        bed_ap(*state, ap);
    return 0;
}

static int tear_down(void **state)
{
    failing_reset();
    bed_free(*state);
    return 0;
}

static struct wire_list list_of(const struct mac *macs, size_t count)
{
    return (struct wire_list){
        .at = (const uint8_t *)macs, .size = count * sizeof(*macs), .count = count};
}

static void put_said(struct writer *w, const struct said *said)
{
    wire_put_services(w, said->services);
    if (said->has_aps)
        wire_ap_filter_put(w, &(struct wire_ap_filter){list_of(said->aps, said->ap_count)});
    if (said->has_devices)
        wire_device_filter_put(
            w, &(struct wire_device_filter){list_of(said->devices, said->device_count)});
    for (size_t i = 0; i < said->interval_count; i++)
        wire_interval_put(w, &said->intervals[i]);
}

/* Everything that is said is granted. */
static enum subfilter_result try_filter(const struct bed *bed, const struct said *said,
                                        struct subfilter **out)
{
    static uint8_t frame[WIRE_MESSAGE_MAX];
    struct writer w = writer_of(frame, sizeof(frame));
    size_t begin = wire_begin(&w, WIRE_SUBSCRIBE_REQUEST, 0, 1);
    struct wire_message message;

    put_said(&w, said);
    assert_true(wire_end(&w, begin));
    assert_int_equal(wire_decode(frame, w.used, &message), WIRE_OK);
    enum subfilter_result result = subfilter_new(bed->engine, &message, said->services, out);
    memset(frame, 0xff, w.used); /* a filter must not live on the message's bytes */
    return result;
}

static struct subfilter *filter(const struct bed *bed, const struct said *said)
{
    struct subfilter *made;

    assert_int_equal(try_filter(bed, said, &made), SUBFILTER_OK);
    assert_non_null(made);
    return made;
}

static struct table_device device(uint32_t number, uint8_t device_class, uint8_t flags)
{
    return (struct table_device){
        .mac = bed_mac(number), .device_class = device_class, .flags = flags};
}

static bool has_client(const struct subfilter *filter, uint32_t number)
{
    struct table_device client = device(number, WIRE_CLASS_CLIENT, 0);
    return subfilter_has(filter, WIRE_FAMILY_MEASUREMENT, &client);
}

static bool has_class(const struct subfilter *filter, uint8_t device_class, uint8_t flags)
{
    struct table_device some = device(1, device_class, flags);
    return subfilter_has(filter, WIRE_FAMILY_MEASUREMENT, &some);
}

/* --- absent, empty, both --------------------------------------------------------------------- */

static void an_absent_filter_lets_all_through(void **state)
{
    struct subfilter *s = filter(*state, &(struct said){.services = MS});
    size_t count;

    assert_false(subfilter_device_filter(s, &count));
    assert_true(has_client(s, 1));
    for (uint16_t ap = 0; ap < 4; ap++)
        assert_true(subfilter_has_ap(s, ap));
    subfilter_free(s);
}

static void an_empty_filter_lets_nothing_through(void **state)
{
    struct subfilter *aps = filter(*state, &(struct said){.services = MS, .has_aps = true});
    struct subfilter *devices = filter(*state, &(struct said){.services = MS, .has_devices = true});
    size_t count;

    assert_false(subfilter_has_ap(aps, 0));
    assert_true(has_client(aps, 1)); /* its samples are another matter */
    assert_true(subfilter_device_filter(devices, &count));
    assert_int_equal(count, 0);
    assert_false(has_client(devices, 1));
    assert_true(subfilter_has_ap(devices, 0));
    subfilter_free(aps);
    subfilter_free(devices);
}

static void both_filters_are_and(void **state)
{
    const struct mac devices[] = {bed_mac(1), bed_mac(3)};
    const struct mac aps[] = {bed_ap_mac(2)};
    struct subfilter *s = filter(*state, &(struct said){.services = MS,
                                                        .has_aps = true,
                                                        .aps = aps,
                                                        .ap_count = 1,
                                                        .has_devices = true,
                                                        .devices = devices,
                                                        .device_count = 2});

    assert_true(has_client(s, 1));
    assert_false(has_client(s, 2));
    assert_true(has_client(s, 3));
    for (uint16_t ap = 0; ap < 4; ap++)
        assert_int_equal(subfilter_has_ap(s, ap), ap == 2);
    subfilter_free(s);
}

static void every_entry_of_a_full_filter_is_found_and_nothing_else(void **state)
{
    static struct mac devices[WIRE_FILTER_MAX];
    struct subfilter *s;

    /* Odd numbers, in an order that sorting has to undo. */
    for (uint32_t i = 0; i < WIRE_FILTER_MAX; i++)
        devices[i] = bed_mac(2 * (i * 37 % WIRE_FILTER_MAX) + 1);
    s = filter(*state, &(struct said){.services = MS,
                                      .has_devices = true,
                                      .devices = devices,
                                      .device_count = WIRE_FILTER_MAX});
    for (uint32_t i = 0; i <= 2 * WIRE_FILTER_MAX; i++)
        assert_int_equal(has_client(s, i), i % 2 == 1);
    subfilter_free(s);
}

static void one_entry_too_many_is_refused_even_if_it_is_a_duplicate(void **state)
{
    static struct mac many[WIRE_FILTER_MAX + 1]; /* all the same */
    const struct said devices = {
        .services = MS, .has_devices = true, .devices = many, .device_count = WIRE_FILTER_MAX + 1};
    const struct said aps = {
        .services = MS, .has_aps = true, .aps = many, .ap_count = WIRE_FILTER_MAX + 1};
    struct subfilter *s;

    assert_int_equal(try_filter(*state, &devices, &s), SUBFILTER_TOO_MANY);
    assert_null(s);
    assert_int_equal(try_filter(*state, &aps, &s), SUBFILTER_TOO_MANY);
    assert_null(s);
}

/* --- services -------------------------------------------------------------------------------- */

static void each_service_selects_its_class(void **state)
{
    static const struct {
        uint64_t services;
        uint8_t device_class;
        uint8_t flags;
        bool selected;
    } cases[] = {
        {MS, WIRE_CLASS_CLIENT, 0, true},
        {MS, WIRE_CLASS_CLIENT, TABLE_ASSOCIATED, true},
        {MS, WIRE_CLASS_TAG, 0, false},
        {ASSOCIATED, WIRE_CLASS_CLIENT, 0, false},
        {ASSOCIATED, WIRE_CLASS_CLIENT, TABLE_LOCAL_MAC, false},
        {ASSOCIATED, WIRE_CLASS_CLIENT, TABLE_ASSOCIATED, true},
        {MS | ASSOCIATED, WIRE_CLASS_CLIENT, 0, true},
        {RFID, WIRE_CLASS_TAG, 0, true},
        {RFID, WIRE_CLASS_CLIENT, TABLE_ASSOCIATED, false},
        {ROGUE, WIRE_CLASS_ROGUE_AP, 0, true},
        {ROGUE, WIRE_CLASS_ROGUE_CLIENT, 0, true},
        {ROGUE, WIRE_CLASS_CLIENT, 0, false},
        {MS | RFID, WIRE_CLASS_ROGUE_AP, 0, false},
        {MS | ASSOCIATED | RFID | ROGUE, 9, 0, false},
        {0, WIRE_CLASS_CLIENT, TABLE_ASSOCIATED, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct subfilter *s = filter(*state, &(struct said){.services = cases[i].services});
        assert_int_equal(has_class(s, cases[i].device_class, cases[i].flags), cases[i].selected);
        subfilter_free(s);
    }
}

static void only_what_is_granted_counts_not_what_was_asked(void **state)
{
    struct bed *bed = *state;
    uint8_t frame[64];
    struct writer w = writer_of(frame, sizeof(frame));
    size_t begin = wire_begin(&w, WIRE_SUBSCRIBE_REQUEST, 0, 1);
    struct wire_message message;
    struct subfilter *s;

    wire_put_services(&w, MS | RFID);
    assert_true(wire_end(&w, begin));
    assert_int_equal(wire_decode(frame, w.used, &message), WIRE_OK);
    assert_int_equal(subfilter_new(bed->engine, &message, RFID, &s), SUBFILTER_OK);
    assert_int_equal(subfilter_services(s), RFID);
    assert_false(has_class(s, WIRE_CLASS_CLIENT, 0));
    assert_true(has_class(s, WIRE_CLASS_TAG, 0));
    subfilter_free(s);
}

static void withdrawing_ends_the_named_services_and_no_other(void **state)
{
    struct subfilter *s =
        filter(*state, &(struct said){.services = MS | RFID | WIRE_BIT(WIRE_AP_INFO)});

    subfilter_withdraw(s, MS | ROGUE);
    assert_int_equal(subfilter_services(s), RFID | WIRE_BIT(WIRE_AP_INFO));
    assert_false(has_class(s, WIRE_CLASS_CLIENT, TABLE_ASSOCIATED));
    assert_true(has_class(s, WIRE_CLASS_TAG, 0));
    subfilter_withdraw(s, ~UINT64_C(0));
    assert_int_equal(subfilter_services(s), 0);
    assert_false(has_class(s, WIRE_CLASS_TAG, 0));
    subfilter_free(s);
}

/* --- APs that come and go -------------------------------------------------------------------- */

static void an_ap_is_selected_by_its_mac_whatever_its_handle(void **state)
{
    struct bed *bed = *state;
    const struct mac aps[] = {bed_ap_mac(6)};
    struct subfilter *s =
        filter(bed, &(struct said){.services = MS, .has_aps = true, .aps = aps, .ap_count = 1});
    struct radio_ap moved = {.ap = 1, .mac = bed_ap_mac(6), .slot = 1};

    for (unsigned ap = 0; ap < APS; ap++)
        assert_false(subfilter_has_ap(s, (uint16_t)ap));
    bed_ap(bed, 6);
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = moved});
    subfilter_refresh(s, bed->engine);
    for (unsigned ap = 0; ap < APS; ap++)
        assert_int_equal(subfilter_has_ap(s, (uint16_t)ap),
                         ap == 1 || ap == 6); /* both are its slots */
    bed_ap_gone(bed, 6);
    subfilter_refresh(s, bed->engine);
    assert_false(subfilter_has_ap(s, 6));
    assert_true(subfilter_has_ap(s, 1));
    subfilter_free(s);
}

static void an_ap_that_is_not_there_is_not_selected_without_a_filter_either(void **state)
{
    struct bed *bed = *state;
    struct subfilter *s = filter(bed, &(struct said){.services = MS});

    assert_true(subfilter_has_ap(s, 3));
    assert_false(subfilter_has_ap(s, 4));
    assert_false(subfilter_has_ap(s, APS));
    assert_false(subfilter_has_ap(s, UINT16_MAX));
    bed_ap_gone(bed, 3);
    subfilter_refresh(s, bed->engine);
    assert_false(subfilter_has_ap(s, 3));
    subfilter_free(s);
}

/* --- intervals ------------------------------------------------------------------------------- */

static void intervals_are_kept_by_bit_and_zero_is_as_configured(void **state)
{
    struct subfilter *s =
        filter(*state, &(struct said){.services = MS | RFID,
                                      .intervals = {{WIRE_RSSI_MS, 7}, {WIRE_RSSI_ROGUE, 0}},
                                      .interval_count = 2});

    assert_int_equal(subfilter_interval(s, WIRE_RSSI_MS), 7);
    assert_int_equal(subfilter_interval(s, WIRE_RSSI_ROGUE), 0);
    assert_int_equal(subfilter_interval(s, WIRE_RSSI_RFID), 0);
    subfilter_free(s);
}

static void of_two_intervals_for_one_bit_the_last_counts(void **state)
{
    struct subfilter *s =
        filter(*state, &(struct said){.services = MS,
                                      .intervals = {{WIRE_RSSI_MS, 60}, {WIRE_RSSI_MS, 5}},
                                      .interval_count = 2});

    assert_int_equal(subfilter_interval(s, WIRE_RSSI_MS), 5);
    subfilter_free(s);
}

static void an_interval_beyond_an_hour_is_an_hour(void **state)
{
    struct subfilter *s = filter(
        *state,
        &(struct said){.services = MS,
                       .intervals = {{WIRE_RSSI_MS, 3601}, {WIRE_RSSI_RFID, 3600}, {63, 65535}},
                       .interval_count = 3});

    assert_int_equal(subfilter_interval(s, WIRE_RSSI_MS), 3600);
    assert_int_equal(subfilter_interval(s, WIRE_RSSI_RFID), 3600);
    assert_int_equal(subfilter_interval(s, 63), 3600);
    subfilter_free(s);
}

static void an_interval_for_a_bit_that_cannot_be_is_ignored(void **state)
{
    struct subfilter *plain = filter(*state, &(struct said){.services = MS});
    struct subfilter *s = filter(*state, &(struct said){.services = MS,
                                                        .intervals = {{64, 9}, {200, 9}, {255, 9}},
                                                        .interval_count = 3});

    assert_int_equal(subfilter_interval(s, 64), 0);
    assert_int_equal(subfilter_interval(s, 200), 0);
    assert_true(subfilter_equal(s, plain));
    subfilter_free(s);
    subfilter_free(plain);
}

/* --- equality: one view for all that ask the same -------------------------------------------- */

static void order_and_repetition_in_filters_make_no_difference(void **state)
{
    const struct mac once[] = {bed_mac(1), bed_mac(2), bed_mac(3)};
    const struct mac again[] = {bed_mac(3), bed_mac(1), bed_mac(3), bed_mac(2), bed_mac(1)};
    struct said first = {.services = MS,
                         .has_devices = true,
                         .devices = once,
                         .device_count = 3,
                         .has_aps = true,
                         .aps = again,
                         .ap_count = 5};
    struct said second = {.services = MS,
                          .has_devices = true,
                          .devices = again,
                          .device_count = 5,
                          .has_aps = true,
                          .aps = once,
                          .ap_count = 3};
    struct subfilter *x = filter(*state, &first);
    struct subfilter *y = filter(*state, &second);

    assert_true(subfilter_equal(x, y));
    assert_true(has_client(y, 1) && has_client(y, 2) && has_client(y, 3));
    assert_false(has_client(y, 4));
    subfilter_free(x);
    subfilter_free(y);
}

static void whatever_differs_makes_another_view(void **state)
{
    const struct mac one[] = {bed_mac(1)};
    const struct mac two[] = {bed_mac(1), bed_mac(2)};
    const struct said different[] = {
        {.services = MS},
        {.services = MS | RFID},
        {.services = MS, .has_aps = true},
        {.services = MS, .has_devices = true},
        {.services = MS, .has_devices = true, .devices = one, .device_count = 1},
        {.services = MS, .has_devices = true, .devices = two, .device_count = 2},
        {.services = MS, .has_devices = true, .devices = two + 1, .device_count = 1},
        {.services = MS, .has_aps = true, .aps = one, .ap_count = 1},
        {.services = MS, .intervals = {{WIRE_RSSI_MS, 5}}, .interval_count = 1},
        {.services = MS, .intervals = {{WIRE_RSSI_MS, 6}}, .interval_count = 1},
        {.services = MS, .intervals = {{WIRE_RSSI_RFID, 5}}, .interval_count = 1},
    };
    enum { COUNT = sizeof(different) / sizeof(different[0]) };
    struct subfilter *all[COUNT];

    for (size_t i = 0; i < COUNT; i++)
        all[i] = filter(*state, &different[i]);
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++)
            assert_int_equal(subfilter_equal(all[i], all[j]), i == j);
    }
    for (size_t i = 0; i < COUNT; i++)
        subfilter_free(all[i]);
}

static void an_interval_of_zero_makes_no_other_view_than_none(void **state)
{
    struct subfilter *x = filter(*state, &(struct said){.services = MS});
    struct subfilter *y =
        filter(*state, &(struct said){.services = MS,
                                      .intervals = {{WIRE_RSSI_MS, 9}, {WIRE_RSSI_MS, 0}},
                                      .interval_count = 2});

    assert_true(subfilter_equal(x, y));
    subfilter_free(x);
    subfilter_free(y);
}

/* --- without memory -------------------------------------------------------------------------- */

static void without_memory_there_is_no_filter_and_nothing_is_left_of_it(void **state)
{
    const struct mac macs[] = {bed_mac(1), bed_mac(2)};
    const struct said said = {.services = MS,
                              .has_devices = true,
                              .devices = macs,
                              .device_count = 2,
                              .has_aps = true,
                              .aps = macs,
                              .ap_count = 2};
    unsigned n = 1;

    for (;; n++) {
        struct subfilter *s;
        failing_malloc_at(n);
        enum subfilter_result result = try_filter(*state, &said, &s);
        bool failed = failing_hit();
        failing_reset();
        assert_int_equal(result, failed ? SUBFILTER_NO_MEMORY : SUBFILTER_OK);
        assert_int_equal(s == NULL, failed);
        subfilter_free(s);
        if (!failed)
            break;
    }
    assert_int_equal(n, 5); /* itself, the APs, two filters */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_absent_filter_lets_all_through),
        TEST(an_empty_filter_lets_nothing_through),
        TEST(both_filters_are_and),
        TEST(every_entry_of_a_full_filter_is_found_and_nothing_else),
        TEST(one_entry_too_many_is_refused_even_if_it_is_a_duplicate),
        TEST(each_service_selects_its_class),
        TEST(only_what_is_granted_counts_not_what_was_asked),
        TEST(withdrawing_ends_the_named_services_and_no_other),
        TEST(an_ap_is_selected_by_its_mac_whatever_its_handle),
        TEST(an_ap_that_is_not_there_is_not_selected_without_a_filter_either),
        TEST(intervals_are_kept_by_bit_and_zero_is_as_configured),
        TEST(of_two_intervals_for_one_bit_the_last_counts),
        TEST(an_interval_beyond_an_hour_is_an_hour),
        TEST(an_interval_for_a_bit_that_cannot_be_is_ignored),
        TEST(order_and_repetition_in_filters_make_no_difference),
        TEST(whatever_differs_makes_another_view),
        TEST(an_interval_of_zero_makes_no_other_view_than_none),
        TEST(without_memory_there_is_no_filter_and_nothing_is_left_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
