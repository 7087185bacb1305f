/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access points as a controller sees them: sessions under a virtual clock, whose other end is the
 * test, over an engine that is the real one.
 */
#include "agent/collector/collector.h"

#include "agent/collector/claims.h"
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICES = 64, HANDLES = 24, APS = 3, OFFER_ALL = 0x68ea27, FRAME_MAX = 65535 };

#define HOUR INT64_C(3600000)

static struct scene {
    struct bed *bed;
    struct radio_operations radio;
    struct settings *settings;
    struct mac base_mac;
    struct bed_peer *peers[APS];
    int64_t clocks[APS]; /* how far the access point's clock is ahead */
} scene;

static struct mac identity(unsigned ap)
{
    return (struct mac){{0x00, 0x1c, 0, 0, 0, (uint8_t)ap}};
}

static struct mac ap_mac(unsigned ap)
{
    return (struct mac){{0x00, 0x2c, 0, 0, 0, (uint8_t)ap}};
}

static int set_up(void **state)
{
    (void)state;
    scene = (struct scene){.bed = bed_new(DEVICES, HANDLES), .base_mac = {{0, 0xaa, 0, 0, 0, 1}}};
    scene.radio = (struct radio_operations){.take_handle = bed_take_handle,
                                            .give_back_handle = bed_give_back_handle};
    scene.bed->shared.collector =
        collector_new(&(struct collector_options){.loop = scene.bed->loop,
                                                  .engine = scene.bed->engine,
                                                  .radio = &scene.radio,
                                                  .base_mac = &scene.base_mac,
                                                  .capacity = APS});
    assert_non_null(scene.bed->shared.collector);
    scene.settings = settings_new();
    assert_non_null(scene.settings);
    scene.settings->access_points = calloc(APS, sizeof(*scene.settings->access_points));
    for (unsigned i = 0; i < APS; i++)
        scene.settings->access_points[i].mac = identity(i);
    scene.settings->access_point_count = APS;
    collector_configure(scene.bed->shared.collector, scene.settings);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < APS; i++)
        if (scene.peers[i] != NULL)
            bed_peer_free(scene.peers[i]);
    collector_free(scene.bed->shared.collector);
    settings_free(scene.settings);
    bed_free(scene.bed);
    return 0;
}

/* --- what an access point says --------------------------------------------------------------- */

static uint8_t frame[FRAME_MAX];

static struct writer begin(unsigned ap, uint16_t id, size_t *at)
{
    struct writer w = writer_of(frame, sizeof(frame));

    *at = wire_begin(&w, id, 0, 1);
    if (id != WIRE_SUBSCRIBE_RESPONSE)
        wire_put_timestamp(
            &w, (uint64_t)(loop_now(scene.bed->loop) + INT64_C(1700000000000) + scene.clocks[ap]));
    return w;
}

static void say(unsigned ap, struct writer *w, size_t at)
{
    assert_true(wire_end(w, at));
    session_receive(scene.peers[ap]->session, frame, w->used);
    bed_turn(scene.bed);
}

static void say_capability(unsigned ap, uint64_t services)
{
    size_t at;
    struct writer w = begin(ap, WIRE_CAPABILITY_NOTIFICATION, &at);
    struct mac mac = identity(ap);

    wire_put_protocol_version(&w, 1, 1);
    wire_put_services(&w, services);
    wire_put_sender_id(&w, &mac);
    say(ap, &w, at);
}

static void say_granted(unsigned ap, uint64_t services)
{
    size_t at;
    struct writer w = begin(ap, WIRE_SUBSCRIBE_RESPONSE, &at);

    wire_put_result(&w, WIRE_RESULT_OK, "");
    wire_put_services(&w, services);
    wire_put_interval(&w, WIRE_RSSI_MS, 2);
    say(ap, &w, at);
}

static void come(unsigned ap)
{
    struct mac mac = identity(ap);

    scene.peers[ap] = bed_peer_as(scene.bed, &mac);
    say_capability(ap, OFFER_ALL);
    say_granted(ap, OFFER_ALL);
}

static void leave(unsigned ap)
{
    bed_peer_free(scene.peers[ap]);
    scene.peers[ap] = NULL;
    bed_turn(scene.bed);
}

static void put_ap_info(struct writer *w, const struct mac *mac, uint8_t state, unsigned slots)
{
    uint8_t buffer[2048];
    struct writer entries = writer_of(buffer, sizeof(buffer));

    for (unsigned i = 0; i < slots; i++)
        wire_ap_slot_put(
            &entries,
            &(struct wire_ap_slot){
                .slot = (uint8_t)i, .band = 1, .channel = 6, .tx_power = 20, .noise = -95});
    wire_ap_info_put(w, &(struct wire_ap_info){.mac = *mac,
                                               .state = state,
                                               .uptime = 5,
                                               .slots = wire_list_of(&entries, slots),
                                               .name = wire_text_of("its own name")});
}

static void say_ap(unsigned ap, const struct mac *mac, uint8_t state, unsigned slots)
{
    size_t at;
    struct writer w = begin(ap, WIRE_AP_INFO_NOTIFICATION, &at);

    put_ap_info(&w, mac, state, slots);
    say(ap, &w, at);
}

struct heard {
    uint8_t slot;
    int8_t rssi;
    uint16_t age; /* ms */
};

static void put_device(struct writer *w, uint32_t device, uint8_t flags, const struct heard *heard,
                       size_t count)
{
    struct mac mac = bed_mac(device);
    size_t element = wire_device_measurement_open(w, &mac, WIRE_CLASS_CLIENT, flags);

    for (size_t i = 0; i < count; i++)
        wire_sample_put(w, &(struct wire_sample){.ap = heard[i].slot,
                                                 .antenna = WIRE_ANTENNA_COMBINED,
                                                 .source = WIRE_SOURCE_DATA,
                                                 .rssi = heard[i].rssi,
                                                 .snr = 40,
                                                 .age = heard[i].age / 10});
    wire_element_close(w, element);
}

static void put_table(struct writer *w, const struct mac *mac, unsigned slots)
{
    size_t table = wire_ap_table_open(w);

    for (unsigned i = 0; i < slots; i++)
        wire_ap_entry_put(
            w, &(struct wire_ap_entry){.mac = *mac, .slot = (uint8_t)i, .band = 1, .noise = -95});
    wire_element_close(w, table);
}

static void say_heard(unsigned ap, uint32_t device, uint8_t flags, const struct heard *heard,
                      size_t count)
{
    size_t at;
    struct writer w = begin(ap, WIRE_MEASUREMENT_NOTIFICATION, &at);
    struct mac mac = ap_mac(ap);

    put_table(&w, &mac, 2);
    put_device(&w, device, flags, heard, count);
    say(ap, &w, at);
}

static void say_client(unsigned ap, uint32_t device, uint8_t client_state)
{
    size_t at;
    struct writer w = begin(ap, WIRE_INFORMATION_NOTIFICATION, &at);

    wire_client_info_put(&w, &(struct wire_client_info){.mac = bed_mac(device),
                                                        .ap = ap_mac(ap),
                                                        .band = 1,
                                                        .state = client_state,
                                                        .ssid = {(const uint8_t *)"net", 3}});
    say(ap, &w, at);
}

/* --- what the controller has ----------------------------------------------------------------- */

static const struct table_device *known(uint32_t device)
{
    const struct table *table = engine_table(scene.bed->engine);
    struct mac mac = bed_mac(device);

    engine_expire(scene.bed->engine);
    uint32_t index = table_find(table, &mac);
    return index != TABLE_NONE ? table_device(table, index) : NULL;
}

/* Of this AP and slot, or NULL. */
static const struct table_sample *sample_of(uint32_t device, const struct mac *mac, uint8_t slot)
{
    const struct table *table = engine_table(scene.bed->engine);
    const struct table_device *is = known(device);
    uint32_t place = is != NULL ? is->first : TABLE_NONE;

    for (; place != TABLE_NONE; place = table->samples[place].next) {
        const struct radio_ap *ap = engine_ap(scene.bed->engine, table->samples[place].ap);
        if (ap != NULL && mac_equal(&ap->mac, mac) && ap->slot == slot)
            return &table->samples[place];
    }
    return NULL;
}

static int rssi(uint32_t device, unsigned ap, uint8_t slot)
{
    struct mac mac = ap_mac(ap);
    const struct table_sample *sample = sample_of(device, &mac, slot);

    return sample != NULL ? sample->rssi : 0;
}

static int64_t age(uint32_t device, unsigned ap, uint8_t slot)
{
    struct mac mac = ap_mac(ap);
    const struct table_sample *sample = sample_of(device, &mac, slot);

    assert_non_null(sample);
    return ((int32_t)((uint32_t)(loop_now(scene.bed->loop) / 10) - sample->heard)) * INT64_C(10);
}

/* The access point at which it is associated, or -1. */
static int associated_at(uint32_t device)
{
    const struct table_device *is = known(device);

    if (is == NULL || (is->flags & TABLE_ASSOCIATED) == 0)
        return -1;
    return engine_ap(scene.bed->engine, is->associated_ap)->mac.b[5];
}

static const struct radio_ap *ap_record(const struct mac *mac)
{
    uint16_t first = engine_ap_first(scene.bed->engine, mac);

    return first != ENGINE_NO_AP ? engine_ap(scene.bed->engine, first) : NULL;
}

static struct collector_status status(unsigned ap)
{
    struct mac mac = identity(ap);
    struct collector_status out;

    assert_true(collector_find(scene.bed->shared.collector, &mac, &out));
    return out;
}

static bool is_diagnosed(enum diagnosis_code code)
{
    struct collector_trouble trouble;
    size_t cursor = 0;

    while (collector_next_trouble(scene.bed->shared.collector, &cursor, &trouble))
        if (trouble.code == code)
            return true;
    return false;
}

static void pass(int64_t ms)
{
    loop_advance(scene.bed->loop, ms);
    bed_turn(scene.bed);
}

/* --- sessions -------------------------------------------------------------------------------- */

static void an_access_point_is_offered_nothing_and_asked_for_all_that_is_of_use(void **state)
{
    (void)state;
    come(0);
    struct wire_message capability = bed_last(scene.peers[0], WIRE_CAPABILITY_NOTIFICATION);
    assert_int_equal(capability.services.mask, 0);
    assert_true(mac_equal(&capability.sender_id.mac, &scene.base_mac));
    struct wire_message asked = bed_last(scene.peers[0], WIRE_SUBSCRIBE_REQUEST);
    assert_int_equal(asked.services.mask, OFFER_ALL & ~(WIRE_BIT(WIRE_ON_DEMAND) |
                                                        WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY)));
    assert_int_equal(scene.peers[0]->count[WIRE_SUBSCRIBE_REQUEST], 1);
    say_capability(0, OFFER_ALL); /* nothing new: not asked again */
    assert_int_equal(scene.peers[0]->count[WIRE_SUBSCRIBE_REQUEST], 1);
    say_capability(0, WIRE_BIT(WIRE_RSSI_MS));
    assert_int_equal(scene.peers[0]->count[WIRE_SUBSCRIBE_REQUEST], 2);
}

static void what_an_access_point_asks_for_is_unsupported(void **state)
{
    static const uint16_t ids[] = {WIRE_SUBSCRIBE_REQUEST, WIRE_MEASUREMENT_REQUEST,
                                   WIRE_INFORMATION_REQUEST, WIRE_STATISTICS_REQUEST};

    (void)state;
    come(0);
    size_t before = scene.peers[0]->log_len;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        bed_say_services(scene.peers[0], ids[i], 7, 1);
    assert_int_equal(scene.peers[0]->log_len, before);
    assert_int_equal(session_counters(scene.peers[0]->session)->unsupported, 4);
    bed_say_echo(scene.peers[0], 9, "x", 1);
    assert_int_equal(scene.peers[0]->count[WIRE_ECHO_RESPONSE], 1);
}

static void nothing_is_taken_of_a_server_or_before_it_granted_anything(void **state)
{
    struct heard heard = {.rssi = -50};
    struct mac mac = identity(0);

    (void)state;
    scene.peers[0] = bed_peer_as(scene.bed, &mac);
    say_capability(0, OFFER_ALL);
    say_heard(0, 1, 0, &heard, 1);
    assert_null(known(1));
    assert_int_equal(status(0).counters.not_granted, 1);
    mac = identity(9); /* not configured */
    scene.peers[1] = bed_peer_as(scene.bed, &mac);
    say_capability(1, 0);
    say_heard(1, 1, 0, &heard, 1);
    assert_null(known(1));
    assert_int_equal(session_counters(scene.peers[1]->session)->unsupported, 1);
}

static void an_agent_that_is_no_access_point_ends_with_a_diagnosis(void **state)
{
    struct mac mac = identity(9);

    (void)state;
    scene.peers[0] = bed_peer_as(scene.bed, &mac);
    say_capability(0, OFFER_ALL);
    pass(SESSION_IDLE_MS - 1);
    assert_false(scene.peers[0]->closed);
    pass(1);
    assert_true(scene.peers[0]->closed);
    assert_int_equal(session_diagnosis(scene.peers[0]->session), DIAGNOSIS_NOT_ACCESS_POINT);
}

static void an_agent_whose_radios_come_later_is_found_out_as_well(void **state)
{
    struct mac mac = identity(9);

    (void)state;
    scene.peers[0] = bed_peer_as(scene.bed, &mac);
    say_capability(0, 0);
    pass(SESSION_IDLE_MS / 2);
    say_capability(0, OFFER_ALL);
    pass(SESSION_IDLE_MS / 2);
    say_capability(0, OFFER_ALL); /* once more: no new time */
    assert_false(scene.peers[0]->closed);
    pass(SESSION_IDLE_MS / 2);
    assert_true(scene.peers[0]->closed);
    assert_int_equal(session_diagnosis(scene.peers[0]->session), DIAGNOSIS_NOT_ACCESS_POINT);
}

static void a_server_that_offers_services_and_subscribes_is_one(void **state)
{
    struct mac mac = identity(9);

    (void)state;
    scene.peers[0] = bed_peer_as(scene.bed, &mac);
    say_capability(0, 1);
    bed_say_services(scene.peers[0], WIRE_SUBSCRIBE_REQUEST, 1, 1);
    pass(SESSION_IDLE_MS + 1);
    assert_false(scene.peers[0]->closed);
}

static void other_settings_end_the_session_of_who_is_something_else_now(void **state)
{
    struct mac mac = ap_mac(0);

    (void)state;
    come(0);
    say_ap(0, &mac, WIRE_AP_UP, 2);
    assert_non_null(ap_record(&mac));
    scene.settings->access_points[0].mac = identity(8);
    collector_configure(scene.bed->shared.collector, scene.settings);
    session_recheck(scene.peers[0]->session);
    bed_turn(scene.bed);
    assert_true(scene.peers[0]->closed);
    assert_null(ap_record(&mac)); /* removed, not down */
}

/* --- APs ------------------------------------------------------------------------------------- */

static void its_aps_are_down_when_the_session_ends_and_go_with_the_configuration(void **state)
{
    struct mac mac = ap_mac(0);

    (void)state;
    come(0);
    say_ap(0, &mac, WIRE_AP_UP, 2);
    assert_true(ap_record(&mac)->up);
    assert_string_equal(ap_record(&mac)->name, "its own name");
    leave(0);
    assert_non_null(ap_record(&mac));
    assert_false(ap_record(&mac)->up);
    come(0);
    say_ap(0, &mac, WIRE_AP_UP, 1);
    assert_true(ap_record(&mac)->up);
    assert_int_equal(status(0).slots, 1); /* the other one is not listed any more */
    leave(0);
    (void)snprintf(scene.settings->access_points[0].name, SETTINGS_NAME_SIZE, "hall");
    collector_configure(scene.bed->shared.collector, scene.settings);
    assert_string_equal(ap_record(&mac)->name, "hall");
    scene.settings->access_points[0].mac = identity(8);
    collector_configure(scene.bed->shared.collector, scene.settings);
    assert_null(ap_record(&mac));
}

static void an_ap_belongs_to_one_access_point(void **state)
{
    struct heard heard = {.rssi = -50};
    struct mac mac = ap_mac(0);

    (void)state;
    come(0);
    come(1);
    say_ap(0, &mac, WIRE_AP_UP, 1);
    say_ap(1, &mac, WIRE_AP_UP, 1);
    assert_true(is_diagnosed(DIAGNOSIS_CLAIMED_TWICE));
    assert_int_equal(status(1).counters.claims_refused, 1);
    assert_int_equal(status(1).slots, 0);
    say_heard(0, 1, 0, &heard, 1);
    assert_int_equal(rssi(1, 0, 0), -50);
    say_ap(1, &mac, WIRE_AP_REMOVED, 0); /* it is not its own to remove */
    assert_non_null(ap_record(&mac));
    leave(1);
    assert_true(ap_record(&mac)->up);
}

static void what_is_ours_cannot_be_claimed(void **state)
{
    struct mac radio = bed_ap_mac(3);
    struct mac late = bed_ap_mac(4);

    (void)state;
    bed_ap(scene.bed, 3);
    come(0);
    say_ap(0, &scene.base_mac, WIRE_AP_UP, 1);
    assert_true(is_diagnosed(DIAGNOSIS_LOOP));
    assert_null(ap_record(&scene.base_mac));
    say_ap(0, &radio, WIRE_AP_UP, 1);
    assert_int_equal(status(0).counters.claims_refused, 2);
    say_ap(0, &late, WIRE_AP_UP, 1);
    assert_int_equal(status(0).slots, 1);
    bed_ap(scene.bed, 4); /* our own radio comes up later, and first */
    bed_turn(scene.bed);
    assert_int_equal(status(0).slots, 0);
    assert_int_equal(ap_record(&late)->grace, 0);
}

static void it_has_four_ap_macs_and_sixteen_radios_at_most(void **state)
{
    (void)state;
    come(0);
    for (unsigned i = 0; i < 5; i++) {
        struct mac mac = ap_mac(10 + i);
        say_ap(0, &mac, WIRE_AP_UP, 3);
    }
    assert_int_equal(status(0).macs, COLLECTOR_MACS);
    assert_int_equal(status(0).slots, 12);
    assert_true(is_diagnosed(DIAGNOSIS_TOO_MANY_APS));
    struct mac mac = ap_mac(10);
    say_ap(0, &mac, WIRE_AP_UP, 60);
    assert_int_equal(status(0).slots, COLLECTOR_SLOTS);
    for (unsigned i = 0; i < 4; i++) {
        mac = ap_mac(10 + i);
        say_ap(0, &mac, WIRE_AP_REMOVED, 0);
    }
    assert_int_equal(status(0).slots, 0);
}

static void without_room_for_radios_that_is_said(void **state)
{
    (void)state;
    come(0);
    come(1);
    for (unsigned i = 0; i < 4; i++) {
        struct mac mac = ap_mac(10 + i);
        say_ap(0, &mac, WIRE_AP_UP, 4);
        mac = ap_mac(20 + i);
        say_ap(1, &mac, WIRE_AP_UP, 4);
    }
    assert_int_equal(status(0).slots + status(1).slots, HANDLES);
    assert_true(is_diagnosed(DIAGNOSIS_AP_CAPACITY));
}

static void coming_and_going_aps_are_bounded_in_a_minute(void **state)
{
    struct mac mac = ap_mac(0);

    (void)state;
    come(0);
    for (unsigned i = 0; i < 1000; i++) {
        say_ap(0, &mac, WIRE_AP_UP, 1);
        say_ap(0, &mac, WIRE_AP_REMOVED, 0);
    }
    assert_int_equal(status(0).counters.claims_refused, 1000 - 4 * COLLECTOR_SLOTS);
    for (uint32_t i = 0; i < 4; i++) {
        pass(20000);
        bed_say_echo(scene.peers[0], i + 1, "x", 1);
    }
    say_ap(0, &mac, WIRE_AP_UP, 1);
    assert_int_equal(status(0).slots, 1);
}

/* --- samples --------------------------------------------------------------------------------- */

static void what_is_not_listed_any_more_is_withdrawn_at_once(void **state)
{
    struct heard heard[] = {{.slot = 0, .rssi = -50}, {.slot = 1, .rssi = -60}};

    (void)state;
    come(0);
    come(1);
    say_heard(0, 1, 0, heard, 2);
    say_heard(1, 1, 0, heard, 2);
    assert_int_equal(rssi(1, 0, 1), -60);
    say_heard(0, 1, 0, heard, 1);
    assert_int_equal(rssi(1, 0, 0), -50);
    assert_int_equal(rssi(1, 0, 1), 0);
    assert_int_equal(rssi(1, 1, 1), -60); /* the other one's */
    say_heard(0, 1, WIRE_DEVICE_GONE, NULL, 0);
    assert_int_equal(rssi(1, 0, 0), 0);
    assert_int_equal(rssi(1, 1, 0), -50);
    say_heard(1, 1, WIRE_DEVICE_GONE, NULL, 0);
    assert_null(known(1));
}

static void the_end_of_a_session_withdraws_all_it_said(void **state)
{
    struct heard heard = {.rssi = -50};

    (void)state;
    come(0);
    come(1);
    say_heard(0, 1, 0, &heard, 1);
    say_heard(1, 1, 0, &heard, 1);
    say_heard(0, 2, 0, &heard, 1);
    say_client(0, 2, WIRE_CLIENT_ASSOCIATED);
    assert_int_equal(associated_at(2), 0);
    leave(0);
    assert_int_equal(rssi(1, 0, 0), 0);
    assert_int_equal(rssi(1, 1, 0), -50);
    assert_null(known(2));
}

static void a_remote_sample_stands_for_itself_and_two_intervals_longer(void **state)
{
    struct heard heard = {.rssi = -50};

    (void)state;
    scene.bed->location.half_life_client = 60;
    engine_configure(scene.bed->engine, &scene.bed->location);
    come(0);
    say_heard(0, 1, 0, &heard, 1);
    pass(1000);
    heard.rssi = -80; /* an average already */
    say_heard(0, 1, 0, &heard, 1);
    assert_int_equal(rssi(1, 0, 0), -80);
    pass(18900);
    assert_int_equal(rssi(1, 0, 0), -80);
    pass(200);
    assert_null(known(1));
}

static void ages_are_right_though_clocks_are_an_hour_apart(void **state)
{
    struct heard heard = {.rssi = -50, .age = 3000};

    (void)state;
    scene.clocks[0] = HOUR;
    scene.clocks[1] = -HOUR;
    come(0);
    come(1);
    say_heard(0, 1, 0, &heard, 1);
    say_heard(1, 1, 0, &heard, 1);
    assert_in_range(age(1, 0, 0), 3000, 3010);
    assert_in_range(age(1, 1, 0), 3000, 3010);
    scene.clocks[0] = -HOUR; /* a step */
    pass(500);
    heard.age = 0;
    say_heard(0, 1, 0, &heard, 1);
    assert_in_range(age(1, 0, 0), 0, 10);
    assert_int_equal(status(0).clock_steps, 1);
}

static void what_waited_is_not_told_as_fresh(void **state)
{
    struct heard heard = {.rssi = -50};
    size_t at;

    (void)state;
    come(0);
    say_heard(0, 1, 0, &heard, 1);
    pass(1000);
    heard.rssi = -51;
    struct writer w = begin(0, WIRE_MEASUREMENT_NOTIFICATION, &at);
    struct mac mac = ap_mac(0);
    put_table(&w, &mac, 2);
    put_device(&w, 1, 0, &heard, 1);
    pass(7000); /* on its way */
    say(0, &w, at);
    assert_int_equal(rssi(1, 0, 0), -51);
    assert_in_range(age(1, 0, 0), 7000, 7010);
    assert_int_equal(status(0).delay, 7000);
}

static void an_access_point_brings_half_of_the_table_at_most(void **state)
{
    struct heard heard = {.rssi = -50};

    (void)state;
    come(0);
    come(1);
    for (uint32_t device = 0; device < 20; device++)
        say_heard(1, device, 0, &heard, 1);
    for (uint32_t device = 1000; device < 3000; device++) {
        say_heard(0, device, 0, &heard, 1);
        say_client(0, device, WIRE_CLIENT_ASSOCIATED);
    }
    assert_in_range(status(0).counters.devices_refused, 2000, 4000);
    for (uint32_t device = 0; device < 20; device++)
        assert_int_equal(rssi(device, 1, 0), -50);
    heard.rssi = -40;
    say_heard(0, 3, 0, &heard, 1); /* of a device that is known it may go on */
    assert_int_equal(rssi(3, 0, 0), -40);
}

static void a_message_of_thousands_of_aps_is_bounded(void **state)
{
    size_t at;

    (void)state;
    come(0);
    struct writer w = begin(0, WIRE_MEASUREMENT_NOTIFICATION, &at);
    size_t table = wire_ap_table_open(&w);
    for (unsigned i = 0; i < 5000; i++)
        wire_ap_entry_put(
            &w, &(struct wire_ap_entry){.mac = {{0, 0x2d, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}}});
    wire_element_close(&w, table);
    put_device(&w, 1, 0, &(struct heard){.rssi = -50}, 1);
    say(0, &w, at);
    assert_int_equal(status(0).slots, COLLECTOR_MACS);
    assert_int_equal(status(0).counters.claims_refused, 5000 - COLLECTOR_MACS);
}

static void a_report_about_a_bssid_that_nobody_has_claims_nothing(void **state)
{
    struct mac mac = ap_mac(0);
    size_t at;

    (void)state;
    come(0);
    say_ap(0, &mac, WIRE_AP_UP, 2);
    struct writer w = begin(0, WIRE_MEASUREMENT_NOTIFICATION, &at);
    size_t table = wire_ap_table_open(&w);
    wire_ap_entry_put(&w, &(struct wire_ap_entry){.mac = mac, .slot = 0, .band = 1});
    wire_ap_entry_put(&w, &(struct wire_ap_entry){.mac = mac, .slot = 255});
    wire_ap_entry_put(&w, &(struct wire_ap_entry){.mac = ap_mac(7), .slot = 255});
    wire_element_close(&w, table);
    struct mac device = bed_mac(1);
    size_t element = wire_device_measurement_open(&w, &device, WIRE_CLASS_CLIENT, 0);
    for (uint16_t i = 0; i < 3; i++)
        wire_sample_put(&w, &(struct wire_sample){.ap = i,
                                                  .antenna = 255,
                                                  .source = i == 2 ? WIRE_SOURCE_BEACON_REPORT
                                                                   : WIRE_SOURCE_PROBE,
                                                  .rssi = (int8_t)(-50 - i),
                                                  .snr = 40});
    wire_element_close(&w, element);
    say(0, &w, at);
    assert_int_equal(rssi(1, 0, 0), -50);
    assert_int_equal(rssi(1, 0, 255), -51);
    assert_int_equal(status(0).macs, 1);
    assert_int_equal(status(0).slots, 3);
    assert_int_equal(status(0).counters.reports_unresolved, 1);
    assert_int_equal(status(0).counters.claims_refused, 0);
    say_ap(0, &mac, WIRE_AP_UP, 2); /* which never lists what is no radio */
    assert_int_equal(status(0).slots, 3);
}

/* --- clients --------------------------------------------------------------------------------- */

static void a_client_that_moves_is_where_it_came_last(void **state)
{
    struct heard heard = {.rssi = -50};

    (void)state;
    come(0);
    come(1);
    say_client(0, 1, WIRE_CLIENT_ASSOCIATED);
    say_heard(0, 1, WIRE_DEVICE_ASSOCIATED, &heard, 1);
    assert_int_equal(associated_at(1), 0);
    pass(2000);
    say_client(1, 1, WIRE_CLIENT_ASSOCIATED);
    assert_int_equal(associated_at(1), 1);
    say_heard(1, 1, WIRE_DEVICE_ASSOCIATED, &heard, 1);
    say_client(0, 1, WIRE_CLIENT_ASSOCIATED); /* said again, and as old as before */
    assert_int_equal(associated_at(1), 1);
    pass(10000); /* it comes back, and the first one never saw it leave */
    say_heard(0, 1, WIRE_DEVICE_ASSOCIATED, &heard, 1);
    assert_int_equal(associated_at(1), 0);
}

static void the_older_claim_holds_again_when_the_newer_one_ends(void **state)
{
    struct heard heard = {.rssi = -50};

    (void)state;
    come(0);
    come(1);
    say_client(0, 1, WIRE_CLIENT_ASSOCIATED);
    say_client(1, 1, WIRE_CLIENT_ASSOCIATED);
    say_heard(0, 1, WIRE_DEVICE_ASSOCIATED, &heard, 1);
    assert_int_equal(associated_at(1), 1);
    say_client(1, 1, WIRE_CLIENT_LEFT);
    say_heard(0, 1, WIRE_DEVICE_ASSOCIATED, &heard, 1);
    assert_int_equal(associated_at(1), 0);
    say_client(0, 1, WIRE_CLIENT_PROBING);
    assert_int_equal(associated_at(1), -1);
}

static void what_is_said_of_a_rogue_before_its_first_sample_is_kept(void **state)
{
    size_t at;
    struct mac mac = ap_mac(0);

    (void)state;
    come(0);
    struct writer w = begin(0, WIRE_INFORMATION_NOTIFICATION, &at);
    wire_rogue_info_put(&w, &(struct wire_rogue_info){.mac = bed_mac(5),
                                                      .device_class = WIRE_CLASS_ROGUE_AP,
                                                      .ap = mac,
                                                      .ssid = {(const uint8_t *)"evil", 4}});
    say(0, &w, at);
    pass(2000);
    w = begin(0, WIRE_MEASUREMENT_NOTIFICATION, &at);
    put_table(&w, &mac, 1);
    struct mac rogue = bed_mac(5);
    size_t element = wire_device_measurement_open(&w, &rogue, WIRE_CLASS_ROGUE_AP, 0);
    wire_sample_put(&w, &(struct wire_sample){.antenna = 255, .rssi = -70, .snr = 20});
    wire_element_close(&w, element);
    say(0, &w, at);
    const struct table *table = engine_table(scene.bed->engine);
    const struct device_info *info =
        device_info_of(engine_device_info(scene.bed->engine), table_find(table, &rogue));
    assert_non_null(info);
    assert_memory_equal(info->rogue.ssid, "evil", 4);
    /* One that nobody hears is forgotten. */
    w = begin(0, WIRE_INFORMATION_NOTIFICATION, &at);
    wire_rogue_info_put(&w, &(struct wire_rogue_info){
                                .mac = bed_mac(6), .device_class = WIRE_CLASS_ROGUE_AP, .ap = mac});
    say(0, &w, at);
    assert_non_null(known(6));
    pass(11000);
    assert_null(known(6));
}

static void claims_are_kept_while_they_fit(void **state)
{
    struct claims claims;
    uint16_t ap;

    (void)state;
    assert_int_equal(claims_init(&claims), 0);
    for (uint32_t i = 0; i < CLAIMS_MAX; i++)
        assert_int_equal(claims_put(&claims, &(struct radio_client){.device = bed_mac(i), .ap = 1}),
                         CLAIMS_NEW);
    assert_int_equal(
        claims_put(&claims, &(struct radio_client){.device = bed_mac(CLAIMS_MAX), .ap = 1}),
        CLAIMS_FULL);
    for (uint32_t i = 0; i < CLAIMS_MAX; i += 2) {
        struct mac mac = bed_mac(i);
        assert_true(claims_drop(&claims, &mac, &ap));
        assert_false(claims_drop(&claims, &mac, &ap));
    }
    for (uint32_t i = 0; i < CLAIMS_MAX; i++) {
        struct mac mac = bed_mac(i);
        assert_int_equal(claims_find(&claims, &mac) != NULL, i % 2);
    }
    struct mac mac = bed_mac(1);
    assert_int_equal(claims_put(&claims, &(struct radio_client){.device = mac, .ap = 1}),
                     CLAIMS_KNOWN);
    assert_int_equal(claims_put(&claims, &(struct radio_client){.device = mac, .ap = 2}),
                     CLAIMS_NEW);
    claims_fini(&claims);
}

/* --- offers ---------------------------------------------------------------------------------- */

static void what_is_offered_does_not_flap(void **state)
{
    (void)state;
    uint64_t all = engine_offered(scene.bed->engine);
    assert_int_equal(all, OFFER_ALL); /* they will come */
    come(0);
    assert_int_equal(engine_offered(scene.bed->engine), all);
    pass(5000);
    leave(0);
    pass(COLLECTOR_OFFER_MS - 1000);
    assert_int_equal(engine_offered(scene.bed->engine), all);
    pass(1000);
    assert_int_equal(engine_offered(scene.bed->engine), 0);
    come(0);
    assert_int_equal(engine_offered(scene.bed->engine), all);
    scene.settings->access_point_count = 0;
    collector_configure(scene.bed->shared.collector, scene.settings);
    assert_int_equal(engine_offered(scene.bed->engine), 0);
}

/* --- a day of anything ----------------------------------------------------------------------- */

static uint32_t seed = 11;

static uint32_t below(uint32_t limit)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8) % limit;
}

/* What two honest access points say, and when it was heard; a third one lies all the time. */
static void a_liar_changes_nothing_for_others(void **state)
{
    enum { ROUNDS = 2000, HEARD = 12 };
    struct model {
        int8_t rssi; /* 0: not heard */
        int64_t heard;
    } model[2][HEARD] = {{{0}}};

    (void)state;
    scene.clocks[0] = HOUR;
    for (unsigned i = 0; i < APS; i++)
        come(i);
    for (unsigned i = 0; i < 2; i++) { /* who comes first has it */
        struct mac mac = ap_mac(i);
        say_ap(i, &mac, WIRE_AP_UP, 2);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned ap = below(2);
        uint32_t device = below(HEARD);
        struct heard heard = {.rssi = (int8_t)(-30 - (int)below(60)),
                              .age = (uint16_t)(below(100) * 10)};
        bool gone = below(4) == 0;
        if (!gone && loop_now(scene.bed->loop) - heard.age < model[ap][device].heard)
            heard.age = 0;
        say_heard(ap, device, gone ? WIRE_DEVICE_GONE : 0, &heard, gone ? 0 : 1);
        model[ap][device].rssi = gone ? 0 : heard.rssi;
        model[ap][device].heard = loop_now(scene.bed->loop) - heard.age;
        scene.clocks[2] = (int64_t)below(1000000000) * 1000;
        struct mac claimed = ap_mac(below(3));
        say_ap(2, &claimed, (uint8_t)below(3), below(20));
        say_heard(2, 5000 + below(100000), (uint8_t)below(4), &heard, 1);
        say_client(2, below(100000) + 5000, (uint8_t)below(4));
        for (uint32_t i = 0; i < HEARD; i++) {
            for (unsigned k = 0; k < 2; k++) {
                int64_t old = loop_now(scene.bed->loop) - model[k][i].heard;
                if (old < 18980 || old > 19020) /* times are told and kept in units of 10 ms */
                    assert_int_equal(rssi(i, k, 0), old > 19000 ? 0 : model[k][i].rssi);
            }
        }
        pass(below(500) + 31);
        for (unsigned i = 0; i < APS; i++)
            assert_false(scene.peers[i]->closed);
    }
    assert_in_range(status(2).counters.claims_refused, 1, UINT32_MAX);
    assert_int_equal(status(0).counters.claims_refused, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_access_point_is_offered_nothing_and_asked_for_all_that_is_of_use),
        TEST(what_an_access_point_asks_for_is_unsupported),
        TEST(nothing_is_taken_of_a_server_or_before_it_granted_anything),
        TEST(an_agent_that_is_no_access_point_ends_with_a_diagnosis),
        TEST(an_agent_whose_radios_come_later_is_found_out_as_well),
        TEST(a_server_that_offers_services_and_subscribes_is_one),
        TEST(other_settings_end_the_session_of_who_is_something_else_now),
        TEST(its_aps_are_down_when_the_session_ends_and_go_with_the_configuration),
        TEST(an_ap_belongs_to_one_access_point),
        TEST(what_is_ours_cannot_be_claimed),
        TEST(it_has_four_ap_macs_and_sixteen_radios_at_most),
        TEST(without_room_for_radios_that_is_said),
        TEST(coming_and_going_aps_are_bounded_in_a_minute),
        TEST(what_is_not_listed_any_more_is_withdrawn_at_once),
        TEST(the_end_of_a_session_withdraws_all_it_said),
        TEST(a_remote_sample_stands_for_itself_and_two_intervals_longer),
        TEST(ages_are_right_though_clocks_are_an_hour_apart),
        TEST(what_waited_is_not_told_as_fresh),
        TEST(an_access_point_brings_half_of_the_table_at_most),
        TEST(a_message_of_thousands_of_aps_is_bounded),
        TEST(a_report_about_a_bssid_that_nobody_has_claims_nothing),
        TEST(a_client_that_moves_is_where_it_came_last),
        TEST(the_older_claim_holds_again_when_the_newer_one_ends),
        TEST(what_is_said_of_a_rogue_before_its_first_sample_is_kept),
        cmocka_unit_test(claims_are_kept_while_they_fit),
        TEST(what_is_offered_does_not_flap),
        TEST(a_liar_changes_nothing_for_others),
    };
    return cmocka_run_group_tests_name("collector", tests, NULL, NULL);
}
