/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/engine.h"

#include "agent/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct bed {
    struct loop *loop;
    struct engine *engine;
    struct engine_observer observer;
    int left;
    int ap_changes;
    int offers;
};

static void on_leaving(void *context, uint32_t slot)
{
    struct bed *bed = context;
    assert_true(table_device(engine_table(bed->engine), slot)->used);
    bed->left++;
}

static void on_ap(void *context, uint16_t ap, const struct radio_ap *before)
{
    (void)ap;
    (void)before;
    ((struct bed *)context)->ap_changes++;
}

static void on_offer(void *context)
{
    ((struct bed *)context)->offers++;
}

static int set_up(void **state)
{
    static struct bed bed;
    struct settings_capacity capacity = {.devices = 8, .samples = 40, .aps = 20};
    struct settings_location location = {
        .expiry_client = 15, .expiry_tags = 5, .expiry_rogue_aps = 1200};

    bed = (struct bed){.loop = loop_new_virtual(1000000, 1700000000000)};
    bed.engine = engine_new(bed.loop, &capacity);
    engine_configure(bed.engine, &location);
    bed.observer = (struct engine_observer){.device_leaving = on_leaving,
                                            .ap_changed = on_ap,
                                            .offer_changed = on_offer,
                                            .context = &bed};
    engine_observe(bed.engine, &bed.observer);
    *state = &bed;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *bed = *state;
    engine_unobserve(bed->engine, &bed->observer);
    engine_free(bed->engine);
    loop_free(bed->loop);
    return 0;
}

static struct mac mac_of(uint8_t n)
{
    return (struct mac){{0x00, 0x22, 0x33, 0x44, 0x55, n}};
}

static void ap_up(struct bed *bed, uint16_t ap)
{
    struct radio_ap record = {.ap = ap, .mac = mac_of(200), .slot = (uint8_t)ap, .up = true};
    engine_events()->ap_changed(bed->engine, &record);
}

static void hear(struct bed *bed, uint8_t device, uint16_t ap, int8_t rssi, int64_t ago)
{
    struct radio_sample sample = {.device = mac_of(device),
                                  .ap = ap,
                                  .device_class = RADIO_CLASS_CLIENT,
                                  .antenna = RADIO_ANTENNA_COMBINED,
                                  .source = RADIO_SOURCE_DATA,
                                  .rssi = rssi,
                                  .snr = RADIO_DB_UNKNOWN,
                                  .heard = loop_now(bed->loop) - ago};
    engine_events()->sample(bed->engine, &sample);
}

static const struct table_device *device(struct bed *bed, uint8_t n)
{
    struct mac mac = mac_of(n);
    uint32_t slot = table_find(engine_table(bed->engine), &mac);
    return slot == TABLE_NONE ? NULL : table_device(engine_table(bed->engine), slot);
}

static const struct table_sample *sample_of(struct bed *bed, uint8_t n, uint16_t ap)
{
    struct mac mac = mac_of(n);
    const struct table *table = engine_table(bed->engine);
    uint32_t slot = table_find(table, &mac);
    uint32_t place = slot == TABLE_NONE ? TABLE_NONE : table_sample_find(table, slot, ap, 255);
    return place == TABLE_NONE ? NULL : &table->samples[place];
}

static void join(struct bed *bed, uint8_t n, uint16_t ap)
{
    struct radio_client client = {.device = mac_of(n), .ap = ap};
    engine_events()->client_joined(bed->engine, &client);
}

static void leave(struct bed *bed, uint8_t n, uint16_t ap)
{
    struct mac mac = mac_of(n);
    engine_events()->client_left(bed->engine, ap, &mac);
}

static void a_reading_of_an_ap_that_is_not_there_is_refused(void **state)
{
    struct bed *bed = *state;
    hear(bed, 1, 0, -50, 0);
    assert_null(device(bed, 1));
    assert_int_equal(engine_counters(bed->engine)->samples_refused, 1);
}

static void zero_dbm_and_above_and_unknown_are_no_measurements(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    hear(bed, 1, 0, 0, 0);
    hear(bed, 1, 0, 5, 0);
    hear(bed, 1, 0, RADIO_DB_UNKNOWN, 0);
    assert_null(device(bed, 1));
    hear(bed, 1, 0, -1, 0);
    assert_non_null(device(bed, 1));
}

static void a_reading_older_than_its_expiry_is_refused(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    hear(bed, 1, 0, -50, 15000);
    assert_null(device(bed, 1));
    hear(bed, 1, 0, -50, 14990);
    assert_non_null(device(bed, 1));
}

static void a_silent_device_expires_to_the_tick(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    hear(bed, 1, 0, -50, 0);
    loop_advance(bed->loop, 14990);
    engine_expire(bed->engine);
    assert_non_null(device(bed, 1));
    loop_advance(bed->loop, 10);
    engine_expire(bed->engine);
    assert_null(device(bed, 1));
    assert_int_equal(bed->left, 1);
    assert_int_equal(engine_counters(bed->engine)->devices_expired, 1);
}

static void the_same_frame_dumped_again_is_no_new_reading(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    hear(bed, 1, 0, -50, 100);
    uint32_t heard = sample_of(bed, 1, 0)->heard;
    uint32_t epoch = engine_epoch_close(bed->engine);
    loop_advance(bed->loop, 2000);
    hear(bed, 1, 0, -50, 2100 - 30); /* the driver's answer took 30 ms longer */
    assert_int_equal(sample_of(bed, 1, 0)->heard, heard);
    assert_false(engine_after(device(bed, 1)->changed, epoch));
    hear(bed, 1, 0, -51, 2100);
    assert_true(engine_after(device(bed, 1)->changed, epoch));
}

static void a_frame_heard_shortly_after_is_a_new_reading_even_as_loud(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    hear(bed, 1, 0, -50, 0);
    uint32_t heard = sample_of(bed, 1, 0)->heard;
    loop_advance(bed->loop, 1000);
    hear(bed, 1, 0, -50, 950);
    assert_int_equal(sample_of(bed, 1, 0)->heard, heard + 5);
}

static void an_older_reading_never_replaces_a_newer_one(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    hear(bed, 1, 0, -50, 0);
    hear(bed, 1, 0, -70, 5000);
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -50);
}

static void a_client_that_left_is_gone_at_once(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    join(bed, 1, 0);
    hear(bed, 1, 0, -50, 0);
    assert_int_equal(device(bed, 1)->flags & TABLE_ASSOCIATED, TABLE_ASSOCIATED);
    leave(bed, 1, 0);
    assert_null(device(bed, 1));
    assert_int_equal(bed->left, 1);
}

static void a_roaming_client_keeps_its_new_ap(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    ap_up(bed, 1);
    join(bed, 1, 0);
    hear(bed, 1, 0, -70, 0);
    join(bed, 1, 1);
    hear(bed, 1, 1, -40, 0);
    leave(bed, 1, 0);
    assert_null(sample_of(bed, 1, 0));
    assert_int_equal(sample_of(bed, 1, 1)->rssi, -40);
    assert_int_equal(device(bed, 1)->flags & TABLE_ASSOCIATED, TABLE_ASSOCIATED);
}

static void an_associated_client_stays_in_the_table_when_its_readings_expire(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    join(bed, 1, 0);
    hear(bed, 1, 0, -50, 0);
    loop_advance(bed->loop, 20000);
    engine_expire(bed->engine);
    assert_non_null(device(bed, 1));
    assert_int_equal(device(bed, 1)->sample_count, 0);
}

static void an_ap_that_goes_takes_its_readings_and_clients_along(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    ap_up(bed, 1);
    join(bed, 1, 0);
    hear(bed, 1, 0, -50, 0);
    hear(bed, 2, 1, -50, 0);
    engine_events()->ap_gone(bed->engine, 0);
    assert_null(device(bed, 1));
    assert_non_null(device(bed, 2));
    assert_null(engine_ap(bed->engine, 0));
}

static void the_strongest_sixteen_aps_are_kept(void **state)
{
    struct bed *bed = *state;
    for (uint16_t ap = 0; ap < 18; ap++)
        ap_up(bed, ap);
    for (uint16_t ap = 0; ap < 16; ap++)
        hear(bed, 1, ap, (int8_t)(-40 - ap), 0);
    hear(bed, 1, 16, -90, 0);
    assert_null(sample_of(bed, 1, 16));
    hear(bed, 1, 17, -30, 0);
    assert_non_null(sample_of(bed, 1, 17));
    assert_null(sample_of(bed, 1, 15));
    assert_int_equal(device(bed, 1)->sample_count, 16);
    assert_int_equal(engine_counters(bed->engine)->aps_dropped, 2);
}

static void a_flood_of_macs_evicts_itself_before_any_client(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    join(bed, 1, 0);
    hear(bed, 1, 0, -50, 0);
    for (uint8_t n = 2; n < 100; n++)
        hear(bed, n, 0, -60, 0);
    assert_non_null(device(bed, 1));
    assert_non_null(device(bed, 99));
    assert_int_equal(engine_table(bed->engine)->device_count, 8);
    assert_int_equal(engine_counters(bed->engine)->devices_evicted, 91);
}

static void an_exhausted_sample_pool_evicts_the_oldest_device(void **state)
{
    struct bed *bed = *state;
    for (uint16_t ap = 0; ap < 16; ap++)
        ap_up(bed, ap);
    for (uint8_t n = 1; n <= 4; n++) {
        for (uint16_t ap = 0; ap < 16; ap++)
            hear(bed, n, ap, -50, 0);
    }
    assert_null(device(bed, 1));
    assert_int_equal(device(bed, 4)->sample_count, 16);
    assert_true(engine_table(bed->engine)->sample_count <= 40);
}

static void services_are_offered_only_while_there_is_an_ap(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(engine_offered(bed->engine), 0);
    ap_up(bed, 0);
    assert_int_equal(bed->offers, 1);
    assert_int_not_equal(engine_offered(bed->engine) & WIRE_BIT(WIRE_RSSI_MS), 0);
    assert_int_equal(engine_offered(bed->engine) & WIRE_BIT(WIRE_INFO_MS), 0);
    ap_up(bed, 1);
    assert_int_equal(bed->offers, 1);
    engine_events()->ap_gone(bed->engine, 0);
    engine_events()->ap_gone(bed->engine, 1);
    assert_int_equal(bed->offers, 2);
    assert_int_equal(engine_offered(bed->engine), 0);
}

static void a_clock_that_jumps_alters_no_age(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    hear(bed, 1, 0, -50, 0);
    loop_jump_wall(bed->loop, 86400000);
    engine_expire(bed->engine);
    assert_non_null(device(bed, 1));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reading_of_an_ap_that_is_not_there_is_refused),
        TEST(zero_dbm_and_above_and_unknown_are_no_measurements),
        TEST(a_reading_older_than_its_expiry_is_refused),
        TEST(a_silent_device_expires_to_the_tick),
        TEST(the_same_frame_dumped_again_is_no_new_reading),
        TEST(a_frame_heard_shortly_after_is_a_new_reading_even_as_loud),
        TEST(an_older_reading_never_replaces_a_newer_one),
        TEST(a_client_that_left_is_gone_at_once),
        TEST(a_roaming_client_keeps_its_new_ap),
        TEST(an_associated_client_stays_in_the_table_when_its_readings_expire),
        TEST(an_ap_that_goes_takes_its_readings_and_clients_along),
        TEST(the_strongest_sixteen_aps_are_kept),
        TEST(a_flood_of_macs_evicts_itself_before_any_client),
        TEST(an_exhausted_sample_pool_evicts_the_oldest_device),
        TEST(services_are_offered_only_while_there_is_an_ap),
        TEST(a_clock_that_jumps_alters_no_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
