/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/engine.h"

#include "agent/wire/wire.h"
#include "tests/unit/failing.h"

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
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = record});
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
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
}

static void it_is_known_when_a_reading_can_be_too_old_at_the_earliest(void **state)
{
    struct bed *bed = *state;
    int64_t now = loop_now(bed->loop);

    engine_expire(bed->engine);
    assert_true(engine_expires_at(bed->engine) == INT64_MAX);
    ap_up(bed, 0);
    hear(bed, 1, 0, -50, 0);
    assert_true(engine_expires_at(bed->engine) == now + 15000);
    hear(bed, 2, 0, -50, 4000); /* heard later, but told before */
    assert_true(engine_expires_at(bed->engine) == now + 11000);
    loop_advance(bed->loop, 10990);
    engine_expire(bed->engine);
    assert_int_equal(engine_table(bed->engine)->device_count, 2);
    loop_advance(bed->loop, 10);
    engine_expire(bed->engine);
    assert_int_equal(engine_table(bed->engine)->device_count, 1);
    assert_true(engine_expires_at(bed->engine) == now + 15000);
    loop_advance(bed->loop, 4000);
    engine_expire(bed->engine);
    assert_int_equal(engine_table(bed->engine)->device_count, 0);
    assert_true(engine_expires_at(bed->engine) == INT64_MAX);
}

static void configure(struct bed *bed, struct settings_location location)
{
    location.expiry_client = 15;
    location.expiry_tags = 5;
    location.expiry_rogue_aps = 1200;
    location.rfid_timeout = 60;
    engine_configure(bed->engine, &location);
}

static void hear_mac(struct bed *bed, const struct mac *mac, uint8_t device_class, int8_t rssi)
{
    struct radio_sample sample = {.device = *mac,
                                  .device_class = device_class,
                                  .antenna = RADIO_ANTENNA_COMBINED,
                                  .rssi = rssi,
                                  .snr = (int8_t)(rssi + 95),
                                  .heard = loop_now(bed->loop)};
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
}

static const struct table_device *device_of(struct bed *bed, const struct mac *mac)
{
    uint32_t slot = table_find(engine_table(bed->engine), mac);
    return slot == TABLE_NONE ? NULL : table_device(engine_table(bed->engine), slot);
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
    uint32_t place = slot == TABLE_NONE ? TABLE_NONE : table_sample_find(table, slot, ap, 255, 0);
    return place == TABLE_NONE ? NULL : &table->samples[place];
}

static void join(struct bed *bed, uint8_t n, uint16_t ap)
{
    struct radio_client client = {.device = mac_of(n), .ap = ap};
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_CLIENT_JOINED, .joined = client});
}

static void leave(struct bed *bed, uint8_t n, uint16_t ap)
{
    struct mac mac = mac_of(n);
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_CLIENT_LEFT,
                                                   .left = {.device = mac, .ap = ap}});
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
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = 0});
    engine_expire(bed->engine);
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
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = 0});
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = 1});
    assert_int_equal(bed->offers, 2);
    assert_int_equal(engine_offered(bed->engine), 0);
}

static void what_works_is_offered_and_told_when_it_changes(void **state)
{
    static const struct {
        uint32_t works;
        uint64_t services;
    } cases[] = {
        {RADIO_CAN_CLIENTS, WIRE_BIT(WIRE_INFO_MS) | WIRE_BIT(WIRE_STATS_MS)},
        {RADIO_CAN_TAGS, WIRE_BIT(WIRE_RSSI_RFID) | WIRE_BIT(WIRE_STATS_RFID)},
        {RADIO_CAN_ROGUE_APS, WIRE_BIT(WIRE_RSSI_ROGUE) | WIRE_BIT(WIRE_INFO_ROGUE)},
        {RADIO_CAN_ROGUE_CLIENTS,
         WIRE_BIT(WIRE_RSSI_ROGUE) | WIRE_BIT(WIRE_INFO_ROGUE) | WIRE_BIT(WIRE_STATS_ROGUE)},
    };
    struct bed *bed = *state;
    unsigned told;

    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_CAPABILITIES,
                                                   .capabilities = RADIO_CAN_CLIENTS});
    assert_int_equal(engine_offered(bed->engine), 0); /* there is no AP */
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_CAPABILITIES, .capabilities = 0});
    ap_up(bed, 0);
    uint64_t always = engine_offered(bed->engine);
    told = (unsigned)bed->offers;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        engine_take(bed->engine, &(struct radio_event){.kind = RADIO_CAPABILITIES,
                                                       .capabilities = cases[i].works});
        engine_take(bed->engine, &(struct radio_event){.kind = RADIO_CAPABILITIES,
                                                       .capabilities = cases[i].works});
        assert_int_equal(engine_offered(bed->engine), always | cases[i].services);
        assert_int_equal(bed->offers, ++told);
    }
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

/* --- smoothing ------------------------------------------------------------------------------- */

static void a_step_is_halved_in_each_half_life(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    configure(bed, (struct settings_location){.half_life_client = 2});
    hear(bed, 1, 0, -80, 0);
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -80);
    const int8_t expected[] = {-60, -50, -45, -43, -41, -41, -40, -40};
    for (int i = 0; i < 8; i++) {
        loop_advance(bed->loop, 2000);
        hear(bed, 1, 0, -40, 0);
        assert_int_equal(sample_of(bed, 1, 0)->rssi, expected[i]);
    }
}

static void each_class_has_its_own_half_life(void **state)
{
    struct bed *bed = *state;
    const struct mac macs[] = {mac_of(1), mac_of(2), mac_of(3), mac_of(4)};
    ap_up(bed, 0);
    configure(bed, (struct settings_location){
                       .half_life_client = 4, .half_life_tags = 2, .half_life_rogue_aps = 1});
    for (int8_t rssi = -80; rssi <= -40; rssi = (int8_t)(rssi + 40)) {
        for (uint8_t i = 0; i < 4; i++)
            hear_mac(bed, &macs[i], (uint8_t)(RADIO_CLASS_CLIENT + i), rssi);
        if (rssi == -80)
            loop_advance(bed->loop, 4000);
    }
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -60);
    assert_int_equal(sample_of(bed, 2, 0)->rssi, -50);
    assert_int_equal(sample_of(bed, 3, 0)->rssi, -42); /* four half-lives: 2.5 dB are left */
    assert_int_equal(sample_of(bed, 4, 0)->rssi, -42);
}

static void the_snr_goes_with_the_average_above_the_noise_of_the_last_frame(void **state)
{
    struct bed *bed = *state;
    const struct mac mac = mac_of(1);
    ap_up(bed, 0);
    configure(bed, (struct settings_location){.half_life_client = 2});
    hear_mac(bed, &mac, RADIO_CLASS_CLIENT, -80);
    assert_int_equal(sample_of(bed, 1, 0)->snr, 15);
    loop_advance(bed->loop, 2000);
    hear_mac(bed, &mac, RADIO_CLASS_CLIENT, -40);
    assert_int_equal(sample_of(bed, 1, 0)->snr, -60 + 95);
    loop_advance(bed->loop, 2000);
    hear(bed, 1, 0, -40, 0);
    assert_int_equal(sample_of(bed, 1, 0)->snr, RADIO_DB_UNKNOWN);
}

static void the_simple_algorithm_takes_the_last_reading_whatever_the_half_life(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    configure(bed,
              (struct settings_location){.algorithm = SETTINGS_SIMPLE, .half_life_client = 300});
    hear(bed, 1, 0, -80, 0);
    loop_advance(bed->loop, 1000);
    hear(bed, 1, 0, -40, 0);
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -40);
}

static void another_half_life_makes_no_jump(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    configure(bed, (struct settings_location){.half_life_client = 2});
    hear(bed, 1, 0, -80, 0);
    loop_advance(bed->loop, 2000);
    hear(bed, 1, 0, -40, 0);
    configure(bed, (struct settings_location){.half_life_client = 300});
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -60);
    loop_advance(bed->loop, 1000);
    hear(bed, 1, 0, -40, 0);
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -60);
    configure(bed, (struct settings_location){.half_life_client = 0});
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -60);
    loop_advance(bed->loop, 1000);
    hear(bed, 1, 0, -40, 0);
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -40);
    configure(bed, (struct settings_location){.half_life_client = 1});
    loop_advance(bed->loop, 1000);
    hear(bed, 1, 0, -60, 0);
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -50);
}

static void a_client_heard_again_after_its_expiry_has_no_past(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    configure(bed, (struct settings_location){.half_life_client = 300});
    hear(bed, 1, 0, -80, 0);
    loop_advance(bed->loop, 15000);
    engine_expire(bed->engine);
    hear(bed, 1, 0, -40, 0);
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -40);
}

/* --- what is left out, what is kept longer --------------------------------------------------- */

static const struct mac invented = {{0x02, 0x22, 0x33, 0x44, 0x55, 0x66}};

static void locally_administered_clients_are_left_out_if_so_configured_and_counted(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    hear_mac(bed, &invented, RADIO_CLASS_CLIENT, -50);
    hear(bed, 1, 0, -50, 0);
    assert_int_equal(device_of(bed, &invented)->flags, TABLE_LOCAL_MAC);
    configure(bed, (struct settings_location){.ignore_local_macs = true});
    engine_expire(bed->engine);
    assert_null(device_of(bed, &invented));
    assert_non_null(device(bed, 1));
    assert_int_equal(bed->left, 1);
    hear_mac(bed, &invented, RADIO_CLASS_CLIENT, -50);
    assert_null(device_of(bed, &invented));
    assert_int_equal(engine_counters(bed->engine)->local_ignored, 1);
    configure(bed, (struct settings_location){.ignore_local_macs = false});
    hear_mac(bed, &invented, RADIO_CLASS_CLIENT, -50);
    assert_non_null(device_of(bed, &invented));
}

static void a_locally_administered_client_is_kept_while_it_is_associated(void **state)
{
    struct bed *bed = *state;
    struct radio_client client = {.device = invented, .ap = 0};
    ap_up(bed, 0);
    ap_up(bed, 1);
    configure(bed, (struct settings_location){.ignore_local_macs = true});
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_CLIENT_JOINED, .joined = client});
    hear_mac(bed, &invented, RADIO_CLASS_CLIENT, -50);
    engine_expire(bed->engine);
    assert_int_equal(device_of(bed, &invented)->sample_count, 1);
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_CLIENT_LEFT,
                                                   .left = {.device = invented, .ap = 0}});
    assert_null(device_of(bed, &invented));
}

static void locally_administered_tags_and_rogues_are_never_left_out(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    configure(bed, (struct settings_location){.ignore_local_macs = true});
    for (uint8_t c = RADIO_CLASS_TAG; c <= RADIO_CLASS_ROGUE_CLIENT; c++) {
        hear_mac(bed, &invented, c, (int8_t)(-50 - c));
        engine_expire(bed->engine);
        assert_int_equal(device_of(bed, &invented)->device_class, c);
    }
}

static void a_silent_tag_is_forgotten_after_its_timeout_and_its_readings_before(void **state)
{
    struct bed *bed = *state;
    struct mac tag = mac_of(7);
    ap_up(bed, 0);
    configure(bed, (struct settings_location){.algorithm = SETTINGS_RSSI_AVERAGE});
    hear_mac(bed, &tag, RADIO_CLASS_TAG, -50);
    loop_advance(bed->loop, 5000);
    engine_expire(bed->engine);
    assert_int_equal(device_of(bed, &tag)->sample_count, 0);
    assert_int_equal(bed->left, 0);
    loop_advance(bed->loop, 54900);
    engine_expire(bed->engine);
    assert_non_null(device_of(bed, &tag));
    loop_advance(bed->loop, 300);
    engine_expire(bed->engine);
    assert_null(device_of(bed, &tag));
    assert_int_equal(bed->left, 1);
}

static void a_client_of_ours_is_no_tag_whatever_its_frames_look_like(void **state)
{
    struct bed *bed = *state;
    struct mac mac = mac_of(1);
    ap_up(bed, 0);
    ap_up(bed, 1);
    join(bed, 1, 1);
    hear_mac(bed, &mac, RADIO_CLASS_TAG, -50);
    assert_int_equal(device(bed, 1)->device_class, RADIO_CLASS_CLIENT);
    assert_int_equal(device(bed, 1)->associated_ap, 1);
}

/* --- APs ------------------------------------------------------------------------------------- */

static void a_handle_that_stands_for_another_ap_has_none_of_the_old_readings(void **state)
{
    struct bed *bed = *state;
    struct radio_ap other = {.ap = 0, .mac = mac_of(201), .up = true};
    ap_up(bed, 0);
    join(bed, 1, 0);
    hear(bed, 1, 0, -50, 0);
    hear(bed, 2, 0, -50, 0);
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = 0});
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = other});
    assert_null(device(bed, 1));
    assert_null(device(bed, 2));
}

static void what_an_ap_heard_goes_in_the_turn_in_which_the_ap_goes(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    hear(bed, 1, 0, -50, 0);
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = 0});
    assert_int_equal(loop_turn(bed->loop, 0), 0);
    assert_null(device(bed, 1));
}

static void no_engine_when_memory_is_out(void **state)
{
    struct bed *bed = *state;
    struct settings_capacity capacity = {.devices = 8, .samples = 40, .aps = 20};
    struct engine *engine = NULL;
    unsigned tried = 0;

    while (engine == NULL) {
        failing_reset();
        failing_malloc_at(++tried);
        engine = engine_new(bed->loop, &capacity);
        assert_int_equal(engine == NULL, failing_hit());
    }
    failing_reset();
    assert_true(tried > 8);
    engine_free(engine);
}

/* --- what clients report --------------------------------------------------------------------- */

static void report_by(struct bed *bed, uint8_t device, uint16_t ap, int8_t rssi, uint8_t source,
                      uint8_t antenna)
{
    struct radio_sample sample = {.device = mac_of(device),
                                  .ap = ap,
                                  .device_class = RADIO_CLASS_CLIENT,
                                  .antenna = antenna,
                                  .source = source,
                                  .rssi = rssi,
                                  .snr = RADIO_DB_UNKNOWN,
                                  .heard = loop_now(bed->loop)};
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
}

static void report(struct bed *bed, uint8_t device, uint16_t ap, int8_t rssi)
{
    report_by(bed, device, ap, rssi, RADIO_SOURCE_BEACON_REPORT, RADIO_ANTENNA_COMBINED);
}

static const struct table_sample *report_of(struct bed *bed, uint8_t n, uint16_t ap)
{
    struct mac mac = mac_of(n);
    const struct table *table = engine_table(bed->engine);
    uint32_t slot = table_find(table, &mac);
    uint32_t place = slot == TABLE_NONE
                         ? TABLE_NONE
                         : table_sample_find(table, slot, ap, 255, RADIO_SOURCE_BEACON_REPORT);
    return place == TABLE_NONE ? NULL : &table->samples[place];
}

static void what_an_ap_heard_and_what_the_client_reports_of_it_are_averaged_apart(void **state)
{
    struct bed *bed = *state;
    configure(bed, (struct settings_location){.half_life_client = 10});
    ap_up(bed, 0);
    hear(bed, 1, 0, -80, 0);
    report(bed, 1, 0, -40);
    loop_advance(bed->loop, 10000);
    hear(bed, 1, 0, -60, 0);
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -70);
    assert_int_equal(report_of(bed, 1, 0)->rssi, -40);
    report(bed, 1, 0, -60);
    assert_int_equal(sample_of(bed, 1, 0)->rssi, -70);
    assert_int_equal(report_of(bed, 1, 0)->rssi, -50);
    assert_int_equal(device(bed, 1)->sample_count, 2);
}

static void a_client_has_one_report_of_an_ap_however_it_was_measured(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    report_by(bed, 1, 0, -40, RADIO_SOURCE_BEACON_REPORT, 3);
    loop_advance(bed->loop, 1000);
    report_by(bed, 1, 0, -50, RADIO_SOURCE_LINK_MEASUREMENT, 0);
    assert_int_equal(device(bed, 1)->sample_count, 1);
    assert_int_equal(report_of(bed, 1, 0)->antenna, RADIO_ANTENNA_COMBINED);
    assert_int_equal(report_of(bed, 1, 0)->rssi, -50);
    assert_int_equal(report_of(bed, 1, 0)->source, RADIO_SOURCE_LINK_MEASUREMENT);
}

static void a_report_stands_for_two_intervals_longer_than_what_was_heard(void **state)
{
    struct bed *bed = *state;
    configure(bed, (struct settings_location){.beacon_report = 30});
    ap_up(bed, 0);
    ap_up(bed, 1);
    join(bed, 1, 0);
    hear(bed, 1, 0, -50, 0);
    report(bed, 1, 1, -60);
    loop_advance(bed->loop, 15000);
    engine_expire(bed->engine);
    assert_null(sample_of(bed, 1, 0));
    loop_advance(bed->loop, 59990);
    engine_expire(bed->engine);
    assert_non_null(report_of(bed, 1, 1));
    assert_true(engine_expires_at(bed->engine) == loop_now(bed->loop) + 10);
    loop_advance(bed->loop, 10);
    engine_expire(bed->engine);
    assert_null(report_of(bed, 1, 1));
}

static void who_leaves_takes_reports_along_and_who_roams_keeps_them(void **state)
{
    struct bed *bed = *state;
    ap_up(bed, 0);
    ap_up(bed, 1);
    ap_up(bed, 2);
    join(bed, 1, 0);
    report(bed, 1, 2, -60);
    join(bed, 1, 1);
    leave(bed, 1, 0);
    assert_non_null(report_of(bed, 1, 2));
    leave(bed, 1, 1);
    assert_null(device(bed, 1));
    join(bed, 2, 0);
    hear(bed, 2, 1, -70, 0);
    report(bed, 2, 2, -60);
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = 0});
    engine_expire(bed->engine);
    assert_non_null(sample_of(bed, 2, 1));
    assert_null(report_of(bed, 2, 2));
}

static void no_report_takes_the_place_of_an_ap_that_hears_the_client(void **state)
{
    struct bed *bed = *state;
    for (uint16_t ap = 0; ap < 20; ap++)
        ap_up(bed, ap);
    for (uint16_t ap = 0; ap < 14; ap++)
        hear(bed, 1, ap, -90, 0);
    report(bed, 1, 14, -30);
    report(bed, 1, 15, -20);
    report(bed, 1, 16, -40); /* the weakest report of three */
    assert_null(report_of(bed, 1, 16));
    report(bed, 1, 17, -10);
    assert_null(report_of(bed, 1, 14));
    hear(bed, 1, 18, -99, 0);
    hear(bed, 1, 19, -98, 0);
    assert_null(report_of(bed, 1, 15));
    assert_null(report_of(bed, 1, 17));
    assert_int_equal(device(bed, 1)->sample_count, 16);
    report(bed, 1, 17, -1);
    assert_null(report_of(bed, 1, 17));
    report(bed, 1, 0, -35); /* an AP that is among them has room for it */
    assert_non_null(report_of(bed, 1, 0));
}

static void an_ap_whose_slot_is_not_known_has_samples_and_is_no_slot(void **state)
{
    struct bed *bed = *state;
    struct radio_ap record = {.ap = 3, .mac = mac_of(201), .slot = RADIO_SLOT_UNKNOWN};
    uint64_t offered = engine_offered(bed->engine);
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = record});
    assert_true(engine_offered(bed->engine) == offered);
    assert_int_equal(bed->offers, 0);
    assert_int_equal(engine_ap_count(bed->engine), 0);
    assert_int_equal(engine_ap_first(bed->engine, &record.mac), ENGINE_NO_AP);
    report(bed, 1, 3, -60);
    assert_non_null(report_of(bed, 1, 3));
    ap_up(bed, 0);
    assert_int_equal(bed->offers, 1);
    record.slot = 2; /* and becomes one */
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = record});
    assert_int_equal(engine_ap_first(bed->engine, &record.mac), 3);
    assert_int_equal(engine_ap_count(bed->engine), 2);
    record.slot = RADIO_SLOT_UNKNOWN;
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = record});
    assert_int_equal(engine_ap_first(bed->engine, &record.mac), ENGINE_NO_AP);
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = 3});
    engine_expire(bed->engine);
    assert_null(device(bed, 1));
    assert_int_equal(engine_ap_count(bed->engine), 1);
    assert_int_equal(bed->offers, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_known_when_a_reading_can_be_too_old_at_the_earliest),
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
        TEST(what_works_is_offered_and_told_when_it_changes),
        TEST(a_clock_that_jumps_alters_no_age),
        TEST(a_step_is_halved_in_each_half_life),
        TEST(each_class_has_its_own_half_life),
        TEST(the_snr_goes_with_the_average_above_the_noise_of_the_last_frame),
        TEST(the_simple_algorithm_takes_the_last_reading_whatever_the_half_life),
        TEST(another_half_life_makes_no_jump),
        TEST(a_client_heard_again_after_its_expiry_has_no_past),
        TEST(locally_administered_clients_are_left_out_if_so_configured_and_counted),
        TEST(a_locally_administered_client_is_kept_while_it_is_associated),
        TEST(locally_administered_tags_and_rogues_are_never_left_out),
        TEST(a_silent_tag_is_forgotten_after_its_timeout_and_its_readings_before),
        TEST(a_client_of_ours_is_no_tag_whatever_its_frames_look_like),
        TEST(a_handle_that_stands_for_another_ap_has_none_of_the_old_readings),
        TEST(what_an_ap_heard_goes_in_the_turn_in_which_the_ap_goes),
        TEST(no_engine_when_memory_is_out),
        TEST(what_an_ap_heard_and_what_the_client_reports_of_it_are_averaged_apart),
        TEST(a_client_has_one_report_of_an_ap_however_it_was_measured),
        TEST(a_report_stands_for_two_intervals_longer_than_what_was_heard),
        TEST(who_leaves_takes_reports_along_and_who_roams_keeps_them),
        TEST(no_report_takes_the_place_of_an_ap_that_hears_the_client),
        TEST(an_ap_whose_slot_is_not_known_has_samples_and_is_no_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
