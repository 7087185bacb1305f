/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/measurement.h"

#include "tests/unit/failing.h"
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { APS = 64, DEVICES = 2000 };

struct state {
    struct bed *bed;
    struct measurement *measurement;
    struct subfilter *filter;
    uint8_t frame[WIRE_MESSAGE_CUT];
    struct writer frame_writer;
};

/* Selects all classes; `aps` NULL: all APs. */
static struct subfilter *select_all(const struct bed *bed, const struct mac *aps, size_t count)
{
    uint8_t frame[256];
    struct writer w = writer_of(frame, sizeof(frame));
    size_t begin = wire_begin(&w, WIRE_MEASUREMENT_REQUEST, 0, 1);
    uint64_t services = wire_family_mask(WIRE_FAMILY_MEASUREMENT);
    struct wire_message message;
    struct subfilter *made;

    wire_put_services(&w, services);
    if (aps != NULL)
        wire_ap_filter_put(
            &w, &(struct wire_ap_filter){{(const uint8_t *)aps, count * sizeof(*aps), count}});
    assert_true(wire_end(&w, begin));
    assert_int_equal(wire_decode(frame, w.used, &message), WIRE_OK);
    assert_int_equal(subfilter_new(bed->engine, &message, services, &made), SUBFILTER_OK);
    return made;
}

static int set_up(void **state)
{
    static struct state s;

    failing_reset();
    s.bed = bed_new(DEVICES, APS);
    for (uint16_t ap = 0; ap < 20; ap++)
        bed_ap(s.bed, ap);
    s.measurement = measurement_new(s.bed->engine);
    s.filter = select_all(s.bed, NULL, 0);
    assert_non_null(s.measurement);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct state *s = *state;

    failing_reset();
    subfilter_free(s->filter);
    measurement_free(s->measurement);
    bed_free(s->bed);
    return 0;
}

/* --- devices, and messages of them ----------------------------------------------------------- */

static void hear_as(struct bed *bed, const struct radio_sample *sample)
{
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = *sample});
}

static void hear_antenna(struct bed *bed, uint32_t number, uint16_t ap, uint8_t antenna,
                         int8_t rssi)
{
    hear_as(bed, &(struct radio_sample){.device = bed_mac(number),
                                        .ap = ap,
                                        .device_class = RADIO_CLASS_CLIENT,
                                        .antenna = antenna,
                                        .source = RADIO_SOURCE_PROBE,
                                        .rssi = rssi,
                                        .snr = RADIO_DB_UNKNOWN,
                                        .heard = loop_now(bed->loop)});
}

static uint32_t slot_of(const struct state *s, uint32_t number)
{
    struct mac mac = bed_mac(number);
    uint32_t slot = table_find(engine_table(s->bed->engine), &mac);

    assert_int_not_equal(slot, TABLE_NONE);
    return slot;
}

static enum put_result add(struct state *s, uint32_t number)
{
    return measurement_add(s->measurement, slot_of(s, number), s->filter);
}

/* A Measurement Notification: a header, a timestamp, then the measurements. */
static void begin_message(struct state *s)
{
    measurement_begin(s->measurement, WIRE_TIMESTAMP_SIZE);
}

static struct wire_message finish_message(struct state *s)
{
    struct writer *w = &s->frame_writer;
    struct wire_message message;

    *w = writer_of(s->frame, sizeof(s->frame));
    size_t begin = wire_begin(w, WIRE_MEASUREMENT_NOTIFICATION, 0, 1);
    wire_put_timestamp(w, 1);
    measurement_finish(s->measurement, w);
    assert_true(wire_end(w, begin));
    assert_int_equal(wire_decode(s->frame, w->used, &message), WIRE_OK);
    return message;
}

/* The elements of a message, taken apart. */
struct content {
    size_t table_count;
    struct wire_list aps;
    size_t count;
    struct wire_device_measurement measurements[DEVICES];
};

static const struct content *content_of(const struct wire_message *message)
{
    static struct content content;
    struct wire_walk walk = wire_walk_of(message);
    struct wire_element element;

    content.table_count = content.count = 0;
    while (wire_next(&walk, &element)) {
        if (element.type == WIRE_ELEMENT_AP_TABLE) {
            assert_int_equal(content.count, 0); /* it stands before all measurements */
            content.aps = element.ap_table.aps;
            content.table_count++;
        } else if (element.type == WIRE_ELEMENT_DEVICE_MEASUREMENT) {
            content.measurements[content.count++] = element.device_measurement;
        }
    }
    return &content;
}

static struct wire_sample sample_of(const struct wire_device_measurement *measurement, size_t index)
{
    struct wire_sample sample;

    assert_true(wire_sample_get(&measurement->samples, index, &sample));
    return sample;
}

static void expect_sample_ap(const struct content *content, const struct wire_sample *sample,
                             uint16_t ap)
{
    struct mac wanted = bed_ap_mac(ap);
    struct wire_ap_entry entry;

    assert_true(wire_ap_entry_get(&content->aps, sample->ap, &entry));
    assert_true(mac_equal(&entry.mac, &wanted));
}

static void a_message_says_what_the_table_holds(void **state)
{
    struct state *s = *state;

    bed_join(s->bed, 1, 0);
    bed_hear(s->bed, 1, 0, -50);
    hear_antenna(s->bed, 1, 3, 1, -71);
    begin_message(s);
    assert_true(measurement_empty(s->measurement));
    assert_int_equal(add(s, 1), PUT_ADDED);
    assert_false(measurement_empty(s->measurement));
    struct wire_message message = finish_message(s);
    const struct content *content = content_of(&message);
    const struct wire_device_measurement *m = &content->measurements[0];
    struct mac mac = bed_mac(1);
    struct wire_sample first = sample_of(m, 0);
    struct wire_sample second = sample_of(m, 1);
    assert_int_equal(content->count, 1);
    assert_true(mac_equal(&m->mac, &mac));
    assert_int_equal(m->device_class, WIRE_CLASS_CLIENT);
    assert_int_equal(m->flags, WIRE_DEVICE_ASSOCIATED);
    assert_int_equal(m->samples.count, 2);
    expect_sample_ap(content, &first, 0);
    assert_int_equal(first.antenna, WIRE_ANTENNA_COMBINED);
    assert_int_equal(first.source, WIRE_SOURCE_DATA);
    assert_int_equal(first.rssi, -50);
    assert_int_equal(first.snr, 45);
    expect_sample_ap(content, &second, 3);
    assert_int_equal(second.antenna, 1);
    assert_int_equal(second.source, WIRE_SOURCE_PROBE);
    assert_int_equal(second.rssi, -71);
    assert_int_equal(second.snr, WIRE_DB_UNKNOWN);
}

static void what_the_client_reports_stands_beside_what_the_same_ap_heard(void **state)
{
    struct state *s = *state;
    struct radio_sample report = {.device = bed_mac(1),
                                  .ap = 3,
                                  .device_class = RADIO_CLASS_CLIENT,
                                  .antenna = 2, /* the client's own, which means nothing here */
                                  .source = RADIO_SOURCE_BEACON_REPORT,
                                  .rssi = -57,
                                  .snr = RADIO_DB_UNKNOWN,
                                  .heard = loop_now(s->bed->loop)};

    bed_hear(s->bed, 1, 3, -70);
    hear_as(s->bed, &report);
    begin_message(s);
    assert_int_equal(add(s, 1), PUT_ADDED);
    struct wire_message message = finish_message(s);
    const struct content *content = content_of(&message);
    const struct wire_device_measurement *m = &content->measurements[0];
    struct wire_sample heard = sample_of(m, 0);
    struct wire_sample reported = sample_of(m, 1);
    assert_int_equal(content->aps.count, 1);
    assert_int_equal(m->samples.count, 2);
    assert_int_equal(heard.ap, reported.ap);
    assert_int_equal(heard.source, WIRE_SOURCE_DATA);
    assert_int_equal(heard.rssi, -70);
    assert_int_equal(reported.source, WIRE_SOURCE_BEACON_REPORT);
    assert_int_equal(reported.antenna, WIRE_ANTENNA_COMBINED);
    assert_int_equal(reported.rssi, -57);
}

static void each_ap_stands_once_in_the_table_and_unheard_ones_not_at_all(void **state)
{
    struct state *s = *state;

    for (uint32_t n = 0; n < 30; n++) {
        bed_hear(s->bed, n, (uint16_t)(n % 3 + 5), -60);
        bed_hear(s->bed, n, 2, -50);
    }
    begin_message(s);
    for (uint32_t n = 0; n < 30; n++)
        assert_int_equal(add(s, n), PUT_ADDED);
    struct wire_message message = finish_message(s);
    const struct content *content = content_of(&message);
    assert_int_equal(content->table_count, 1);
    assert_int_equal(content->aps.count, 4);
    for (uint32_t n = 0; n < 30; n++) {
        struct wire_sample first = sample_of(&content->measurements[n], 0);
        struct wire_sample second = sample_of(&content->measurements[n], 1);
        expect_sample_ap(content, &first, (uint16_t)(n % 3 + 5));
        expect_sample_ap(content, &second, 2);
    }
}

static void the_next_message_has_an_ap_table_of_its_own(void **state)
{
    struct state *s = *state;

    bed_hear(s->bed, 1, 4, -50);
    bed_hear(s->bed, 2, 9, -50);
    begin_message(s);
    assert_int_equal(add(s, 1), PUT_ADDED);
    (void)finish_message(s);
    begin_message(s);
    assert_int_equal(add(s, 2), PUT_ADDED);
    struct wire_message message = finish_message(s);
    const struct content *content = content_of(&message);
    struct wire_sample sample = sample_of(&content->measurements[0], 0);
    assert_int_equal(content->aps.count, 1);
    assert_int_equal(sample.ap, 0);
    expect_sample_ap(content, &sample, 9);
}

static void sixteen_aps_with_fifteen_antennas_each_are_one_element(void **state)
{
    enum { HEARING = TABLE_APS_PER_DEVICE, ANTENNAS = 15 };
    struct state *s = *state;
    bool seen[HEARING][ANTENNAS] = {{false}};

    /* Antenna by antenna, so that those of one AP do not follow each other. */
    for (unsigned antenna = 0; antenna < ANTENNAS; antenna++) {
        for (unsigned ap = 0; ap < HEARING; ap++)
            hear_antenna(s->bed, 1, (uint16_t)ap, (uint8_t)antenna, (int8_t)(-40 - (int)ap));
    }
    begin_message(s);
    assert_int_equal(add(s, 1), PUT_ADDED);
    struct wire_message message = finish_message(s);
    const struct content *content = content_of(&message);
    assert_int_equal(content->count, 1);
    assert_int_equal(content->aps.count, HEARING);
    assert_int_equal(content->measurements[0].samples.count, HEARING * ANTENNAS);
    for (size_t i = 0; i < (size_t)HEARING * ANTENNAS; i++) {
        struct wire_sample sample = sample_of(&content->measurements[0], i);
        uint16_t ap = (uint16_t)(-40 - sample.rssi);
        assert_false(seen[ap][sample.antenna]);
        seen[ap][sample.antenna] = true;
        expect_sample_ap(content, &sample, ap);
    }
}

static void an_ap_filter_cuts_samples_and_what_has_none_left_is_not_written(void **state)
{
    struct state *s = *state;
    const struct mac only[] = {bed_ap_mac(1)};
    struct subfilter *cut = select_all(s->bed, only, 1);

    bed_hear(s->bed, 1, 0, -50);
    bed_hear(s->bed, 1, 1, -60);
    bed_hear(s->bed, 2, 0, -70);
    begin_message(s);
    assert_int_equal(measurement_add(s->measurement, slot_of(s, 2), cut), PUT_NOTHING);
    assert_true(measurement_empty(s->measurement));
    assert_int_equal(measurement_add(s->measurement, slot_of(s, 1), cut), PUT_ADDED);
    assert_int_equal(measurement_add(s->measurement, slot_of(s, 2), cut), PUT_NOTHING);
    struct wire_message message = finish_message(s);
    const struct content *content = content_of(&message);
    assert_int_equal(content->aps.count, 1);
    assert_int_equal(content->count, 1);
    assert_int_equal(content->measurements[0].samples.count, 1);
    assert_int_equal(sample_of(&content->measurements[0], 0).rssi, -60);
    subfilter_free(cut);
}

static void a_client_that_nobody_hears_is_not_written(void **state)
{
    struct state *s = *state;

    bed_join(s->bed, 1, 0);
    begin_message(s);
    assert_int_equal(add(s, 1), PUT_NOTHING);
    assert_true(measurement_empty(s->measurement));
}

static void a_locally_administered_mac_is_marked(void **state)
{
    struct state *s = *state;
    const struct mac local = {{0x02, 0, 0, 0, 0, 9}};

    hear_as(s->bed, &(struct radio_sample){.device = local,
                                           .device_class = RADIO_CLASS_CLIENT,
                                           .rssi = -50,
                                           .heard = loop_now(s->bed->loop)});
    begin_message(s);
    uint32_t slot = table_find(engine_table(s->bed->engine), &local);
    assert_int_equal(measurement_add(s->measurement, slot, s->filter), PUT_ADDED);
    struct wire_message message = finish_message(s);
    assert_int_equal(content_of(&message)->measurements[0].flags, WIRE_DEVICE_LOCAL);
}

static void a_departure_has_the_gone_flag_and_no_samples_and_needs_no_ap_table(void **state)
{
    struct state *s = *state;
    const struct measurement_gone gone = {bed_mac(7), WIRE_CLASS_TAG, WIRE_DEVICE_LOCAL};

    begin_message(s);
    assert_int_equal(measurement_add_gone(s->measurement, &gone), PUT_ADDED);
    struct wire_message message = finish_message(s);
    const struct content *content = content_of(&message);
    assert_int_equal(content->table_count, 0);
    assert_int_equal(content->count, 1);
    assert_true(mac_equal(&content->measurements[0].mac, &gone.mac));
    assert_int_equal(content->measurements[0].device_class, WIRE_CLASS_TAG);
    assert_int_equal(content->measurements[0].flags, WIRE_DEVICE_LOCAL | WIRE_DEVICE_GONE);
    assert_int_equal(content->measurements[0].samples.count, 0);
}

/* --- where a message is cut ------------------------------------------------------------------ */

static void hear_crowd(struct state *s, uint32_t count)
{
    for (uint32_t n = 0; n < count; n++)
        bed_hear(s->bed, n, 0, -50);
}

static void a_message_is_filled_to_the_last_byte(void **state)
{
    /* 16384 = 12 header + 12 timestamp + 4 + 12 ap-table + 813 x 20 + 3 x 28 */
    enum { SINGLE = 813, DOUBLE = 3 };
    struct state *s = *state;

    hear_crowd(s, SINGLE + DOUBLE);
    for (uint32_t n = SINGLE; n < SINGLE + DOUBLE; n++)
        hear_antenna(s->bed, n, 0, 1, -60);
    begin_message(s);
    for (uint32_t n = 0; n < SINGLE + DOUBLE; n++)
        assert_int_equal(add(s, n), PUT_ADDED);
    struct wire_message message = finish_message(s);
    assert_int_equal(message.header.length, WIRE_MESSAGE_CUT);
    assert_int_equal(content_of(&message)->count, SINGLE + DOUBLE);
}

static void what_would_be_one_entry_too_long_is_full_and_changes_nothing(void **state)
{
    const struct measurement_gone gone = {bed_mac(DEVICES), WIRE_CLASS_CLIENT, 0};
    struct state *s = *state;

    /* 817 x 20 leave 4 bytes: not enough for anything. */
    hear_crowd(s, 820);
    begin_message(s);
    for (uint32_t n = 0; n < 817; n++)
        assert_int_equal(add(s, n), PUT_ADDED);
    assert_int_equal(add(s, 817), PUT_FULL);
    assert_int_equal(measurement_add_gone(s->measurement, &gone), PUT_FULL);
    struct wire_message message = finish_message(s);
    assert_int_equal(message.header.length, WIRE_MESSAGE_CUT - 4);
    assert_int_equal(content_of(&message)->count, 817);
    begin_message(s);
    assert_int_equal(add(s, 817), PUT_ADDED);
    message = finish_message(s);
    assert_int_equal(content_of(&message)->count, 1);
}

static void an_ap_that_has_no_room_in_the_table_keeps_its_device_out(void **state)
{
    struct state *s = *state;

    /* 816 x 20 leave 24 bytes: room for a device of AP 0, not for one of another AP. */
    hear_crowd(s, 817);
    bed_hear(s->bed, 900, 1, -50);
    begin_message(s);
    for (uint32_t n = 0; n < 816; n++)
        assert_int_equal(add(s, n), PUT_ADDED);
    assert_int_equal(add(s, 900), PUT_FULL);
    assert_int_equal(add(s, 816), PUT_ADDED);
    struct wire_message message = finish_message(s);
    const struct content *content = content_of(&message);
    assert_int_equal(content->aps.count, 1);
    assert_int_equal(content->count, 817);
}

static void departures_fill_a_message_to_its_end_too(void **state)
{
    struct state *s = *state;
    uint32_t count = 0;

    begin_message(s);
    while (measurement_add_gone(s->measurement, &(struct measurement_gone){bed_mac(count), 1, 0}) ==
           PUT_ADDED)
        count++;
    /* The header of an ap-table is always provided for. */
    assert_int_equal(count, (WIRE_MESSAGE_CUT - 12 - 12 - 4) / 12);
    struct wire_message message = finish_message(s);
    assert_true(message.header.length <= WIRE_MESSAGE_CUT);
    assert_int_equal(content_of(&message)->count, count);
}

static void elements_before_the_measurements_leave_less_room(void **state)
{
    struct state *s = *state;
    uint32_t count = 0;

    hear_crowd(s, 820);
    measurement_begin(s->measurement, 1000);
    while (add(s, count) == PUT_ADDED)
        count++;
    assert_int_equal(count, (WIRE_MESSAGE_CUT - 12 - 1000 - 4 - 12) / 20);
    struct writer w = writer_of(s->frame, WIRE_MESSAGE_CUT - 12 - 1000);
    measurement_finish(s->measurement, &w);
    assert_false(w.failed);
}

/* --- ages ------------------------------------------------------------------------------------ */

/* A rogue, because only those live longer than what an age can say. */
static void hear_rogue(struct state *s, uint32_t number, int64_t heard)
{
    hear_as(s->bed, &(struct radio_sample){.device = bed_mac(number),
                                           .device_class = RADIO_CLASS_ROGUE_AP,
                                           .antenna = RADIO_ANTENNA_COMBINED,
                                           .source = RADIO_SOURCE_BEACON,
                                           .rssi = -80,
                                           .heard = heard});
}

static uint16_t age_in_message(struct state *s, uint32_t number)
{
    begin_message(s);
    assert_int_equal(add(s, number), PUT_ADDED);
    struct wire_message message = finish_message(s);
    return sample_of(&content_of(&message)->measurements[0], 0).age;
}

static void an_age_counts_hundredths_of_a_second_up_to_its_largest(void **state)
{
    static const struct {
        int64_t advance; /* from the case before */
        uint16_t age;
    } cases[] = {{0, 0},      {9, 0},      {1, 1},      {1990, 200},    {653330, 65533},
                 {10, 65534}, {10, 65535}, {10, 65535}, {500000, 65535}};
    struct state *s = *state;

    hear_rogue(s, 1, loop_now(s->bed->loop));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        loop_advance(s->bed->loop, cases[i].advance);
        assert_int_equal(age_in_message(s, 1), cases[i].age);
    }
}

static void a_frame_heard_after_the_message_was_stamped_has_age_zero(void **state)
{
    struct state *s = *state;

    hear_rogue(s, 1, loop_now(s->bed->loop) + 50);
    assert_int_equal(age_in_message(s, 1), 0);
}

static void a_jump_of_the_wall_clock_alters_no_age(void **state)
{
    struct state *s = *state;

    hear_rogue(s, 1, loop_now(s->bed->loop));
    loop_advance(s->bed->loop, 1000);
    loop_jump_wall(s->bed->loop, 3600 * 1000);
    assert_int_equal(age_in_message(s, 1), 100);
    loop_jump_wall(s->bed->loop, -7200 * 1000);
    assert_int_equal(age_in_message(s, 1), 100);
}

/* --- without memory -------------------------------------------------------------------------- */

static void without_memory_there_is_no_builder_and_nothing_is_left_of_it(void **state)
{
    struct state *s = *state;
    unsigned n = 1;

    for (;; n++) {
        failing_malloc_at(n);
        struct measurement *measurement = measurement_new(s->bed->engine);
        bool failed = failing_hit();
        failing_reset();
        assert_int_equal(measurement == NULL, failed);
        measurement_free(measurement);
        if (!failed)
            break;
    }
    assert_int_equal(n, 2); /* it is one block */
}

static void making_messages_allocates_nothing(void **state)
{
    struct state *s = *state;

    hear_crowd(s, 1000);
    failing_reset();
    for (int i = 0; i < 3; i++) {
        begin_message(s);
        for (uint32_t n = 0; n < 1000; n++)
            (void)add(s, n);
        (void)finish_message(s);
    }
    assert_int_equal(failing_count(FAILING_MALLOC), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_says_what_the_table_holds),
        TEST(what_the_client_reports_stands_beside_what_the_same_ap_heard),
        TEST(each_ap_stands_once_in_the_table_and_unheard_ones_not_at_all),
        TEST(the_next_message_has_an_ap_table_of_its_own),
        TEST(sixteen_aps_with_fifteen_antennas_each_are_one_element),
        TEST(an_ap_filter_cuts_samples_and_what_has_none_left_is_not_written),
        TEST(a_client_that_nobody_hears_is_not_written),
        TEST(a_locally_administered_mac_is_marked),
        TEST(a_departure_has_the_gone_flag_and_no_samples_and_needs_no_ap_table),
        TEST(a_message_is_filled_to_the_last_byte),
        TEST(what_would_be_one_entry_too_long_is_full_and_changes_nothing),
        TEST(an_ap_that_has_no_room_in_the_table_keeps_its_device_out),
        TEST(departures_fill_a_message_to_its_end_too),
        TEST(elements_before_the_measurements_leave_less_room),
        TEST(an_age_counts_hundredths_of_a_second_up_to_its_largest),
        TEST(a_frame_heard_after_the_message_was_stamped_has_age_zero),
        TEST(a_jump_of_the_wall_clock_alters_no_age),
        TEST(without_memory_there_is_no_builder_and_nothing_is_left_of_it),
        TEST(making_messages_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
