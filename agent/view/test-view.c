/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single facts of views; test-truth.c has the property that all of them serve. */
#include "agent/view/channel.h"
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static void a_slow_peer_is_told_what_left_meanwhile_and_others_are_not_delayed(void **state)
{
    struct bed *bed = bed_new(6000, 4);
    struct bed_peer *slow;
    struct bed_peer *quick;
    (void)state;
    bed_ap(bed, 0);
    slow = bed_active_peer(bed);
    quick = bed_active_peer(bed);
    bed_say_services(slow, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    bed_say_services(quick, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    for (uint32_t n = 0; n < 100; n++)
        bed_hear(bed, n, 0, -50);
    loop_advance(bed->loop, 2000);
    assert_int_equal(slow->belief.count, 100);
    slow->window = 0;
    for (int tick = 0; tick < 60; tick++) {
        for (uint32_t n = 50; n < 150; n++)
            bed_hear(bed, n, 0, (int8_t)(-51 - tick % 9));
        loop_advance(bed->loop, 250);
    }
    assert_int_equal(quick->belief.count, 100); /* 0..49 expired, 100..149 came */
    assert_int_equal(slow->belief.count, 100);  /* the old world */
    bed_open_window(slow, SIZE_MAX);
    loop_advance(bed->loop, 2000);
    assert_int_equal(slow->belief.count, 100);
    struct mac left = bed_mac(0);
    struct mac came = bed_mac(149);
    assert_null(belief_find(&slow->belief, &left));
    assert_non_null(belief_find(&slow->belief, &came));
    bed_peer_free(slow);
    bed_peer_free(quick);
    bed_free(bed);
}

static void a_stalled_peer_costs_no_more_than_its_buffer_and_misses_are_counted(void **state)
{
    struct bed *bed = bed_new(300, 4);
    struct bed_peer *slow;
    (void)state;
    bed_ap(bed, 0);
    slow = bed_active_peer(bed);
    bed_say_services(slow, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    slow->window = 0;
    for (int tick = 0; tick < 14; tick++) {
        for (uint32_t n = 0; n < 300; n++)
            bed_hear(bed, n, 0, (int8_t)(-50 - tick));
        loop_advance(bed->loop, 2000);
        bed_say_echo(slow, 1, NULL, 0);
    }
    assert_true(session_counters(slow->session)->missed_ticks > 0);
    unsigned before = slow->count[WIRE_MEASUREMENT_NOTIFICATION];
    slow->belief.pictures = 0;
    bed_open_window(slow, SIZE_MAX);
    /* What fitted into the buffer, and one snapshot: 300 devices of 20 bytes a tick. */
    assert_true(slow->count[WIRE_MEASUREMENT_NOTIFICATION] - before <= 16);
    struct mac last = bed_mac(299);
    assert_int_equal(belief_find(&slow->belief, &last)->samples[0].rssi, -63);
    bed_peer_free(slow);
    bed_free(bed);
}

static void hear_everywhere(struct bed *bed, uint32_t device, uint16_t aps, int8_t rssi)
{
    for (uint16_t ap = 0; ap < aps; ap++)
        bed_hear(bed, device, ap, rssi);
}

/* The world goes on while the peer takes it in pieces: that is for the next tick. */
static void a_tick_that_is_larger_than_the_output_tells_each_device_once(void **state)
{
    enum { DEVICES = 2500, APS = 8, STEPS = 20 };
    struct bed *bed = bed_new(DEVICES * 2, APS);
    struct bed_peer *peer;
    (void)state;
    for (uint16_t ap = 0; ap < APS; ap++)
        bed_ap(bed, ap);
    peer = bed_active_peer(bed);
    for (uint32_t n = 0; n < DEVICES; n++)
        hear_everywhere(bed, n, APS, -30);
    bed_say_services(peer, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    loop_advance(bed->loop, 2000);
    for (int8_t tick = 0; tick < 5; tick++) {
        peer->belief.pictures = 0;
        for (uint32_t step = 0; step < STEPS; step++) {
            for (uint32_t n = step; n < DEVICES; n += STEPS)
                hear_everywhere(bed, n, APS, (int8_t)(-40 - 5 * tick));
            peer->window = 0;
            bed_open_window(peer, 20000);
            loop_advance(bed->loop, 2000 / STEPS);
        }
        /* One message may be half on its way when the next tick comes. */
        assert_in_range(peer->belief.pictures, tick == 0 ? 0 : DEVICES - 250, DEVICES);
        assert_int_equal(peer->belief.count, DEVICES);
        bed_say_echo(peer, 1, NULL, 0);
    }
    bed_peer_free(peer);
    bed_free(bed);
}

/* Only some devices changed while it stalled: it is told those that did not, too. */
static void a_peer_that_stalled_over_a_tick_is_told_the_whole_view_once_it_has_drained(void **state)
{
    enum { DEVICES = 2500, APS = 8, CHANGING = 1500 };
    struct bed *bed = bed_new(DEVICES * 2, APS);
    struct bed_peer *peer;
    (void)state;
    for (uint16_t ap = 0; ap < APS; ap++)
        bed_ap(bed, ap);
    peer = bed_active_peer(bed);
    bed_say_services(peer, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    for (uint32_t n = 0; n < DEVICES; n++)
        hear_everywhere(bed, n, APS, -30);
    loop_advance(bed->loop, 2000);
    bed_open_window(peer, SIZE_MAX);
    peer->window = 0;
    for (int8_t tick = 0; tick < 3; tick++) {
        for (uint32_t n = 0; n < CHANGING; n++)
            hear_everywhere(bed, n, APS, (int8_t)(-40 - tick));
        loop_advance(bed->loop, 2000);
        bed_say_echo(peer, 1, NULL, 0);
    }
    struct mac changed = bed_mac(0);
    peer->belief.pictures = 0;
    bed_open_window(peer, SIZE_MAX);
    assert_true(peer->belief.pictures >= DEVICES);
    assert_int_equal(belief_find(&peer->belief, &changed)->samples[0].rssi, -42);
    assert_int_equal(peer->belief.count, DEVICES);
    bed_peer_free(peer);
    bed_free(bed);
}

/* Both take the same pieces at their own pace; each is told everything once a tick. */
static void two_peers_that_share_a_large_tick_are_told_each_device_once(void **state)
{
    enum { DEVICES = 2500, APS = 8 };
    struct bed *bed = bed_new(DEVICES * 2, APS);
    struct bed_peer *peers[2];
    (void)state;
    for (uint16_t ap = 0; ap < APS; ap++)
        bed_ap(bed, ap);
    for (size_t i = 0; i < 2; i++) {
        peers[i] = bed_active_peer(bed);
        bed_say_services(peers[i], WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    }
    for (int8_t tick = 0; tick < 5; tick++) {
        for (uint32_t n = 0; n < DEVICES; n++)
            hear_everywhere(bed, n, APS, (int8_t)(-40 - 5 * tick));
        for (size_t i = 0; i < 2; i++) {
            peers[i]->belief.pictures = 0;
            peers[i]->window = i * 30000;
        }
        loop_advance(bed->loop, 2000 - loop_now(bed->loop) % 2000);
        for (uint32_t step = 0; step < 20; step++) {
            for (size_t i = 0; i < 2; i++) {
                peers[i]->window = 0;
                bed_open_window(peers[i], i == 0 ? 20000 : 35000);
            }
            loop_advance(bed->loop, 50);
        }
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(peers[i]->belief.pictures, DEVICES);
            assert_int_equal(peers[i]->belief.count, DEVICES);
            bed_say_echo(peers[i], 1, NULL, 0);
        }
    }
    for (size_t i = 0; i < 2; i++)
        bed_peer_free(peers[i]);
    bed_free(bed);
}

static void a_peer_that_missed_more_departures_than_are_remembered_is_closed(void **state)
{
    struct bed *bed = bed_new(250, 4);
    struct bed_peer *slow;
    struct bed_peer *quick;
    (void)state;
    bed_ap(bed, 0);
    slow = bed_active_peer(bed);
    quick = bed_active_peer(bed);
    bed_say_services(slow, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    bed_say_services(quick, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    slow->window = 0;
    for (uint32_t tick = 0; tick < 14; tick++) {
        for (uint32_t n = 0; n < 1500; n++)
            bed_hear(bed, tick * 1500 + n, 0, -50);
        loop_advance(bed->loop, 2000);
        bed_say_echo(slow, 1, NULL, 0);
    }
    assert_false(quick->closed);
    bed_open_window(slow, SIZE_MAX);
    loop_advance(bed->loop, 2000);
    /* Either it was put right, or it was closed: it never goes on with departed devices in its
     * picture. */
    if (!slow->closed)
        assert_int_equal(slow->belief.count, engine_table(bed->engine)->device_count);
    bed_peer_free(slow);
    bed_peer_free(quick);
    bed_free(bed);
}

/* AP 1 hears it still, but it is associated no more. */
static void who_joins_is_not_told_of_departures_of_what_it_never_knew(void **state)
{
    struct bed *bed = bed_new(10, 4);
    struct bed_peer *peers[2];
    (void)state;
    for (uint16_t ap = 0; ap < 2; ap++)
        bed_ap(bed, ap);
    for (int i = 0; i < 2; i++)
        peers[i] = bed_active_peer(bed);
    bed_join(bed, 1, 0);
    bed_hear(bed, 1, 1, -50);
    bed_say_services(peers[0], WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY));
    assert_int_equal(peers[0]->belief.count, 1);
    bed_leave(bed, 1, 0);
    bed_say_services(peers[1], WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY));
    loop_advance(bed->loop, 4000);
    assert_int_equal(peers[0]->belief.count, 0);
    assert_int_equal(peers[0]->belief.gone, 1);
    assert_int_equal(peers[1]->belief.gone, 0);
    for (int i = 0; i < 2; i++)
        bed_peer_free(peers[i]);
    bed_free(bed);
}

static void departures_stand_before_what_came(void **state)
{
    struct bed *bed = bed_new(10, 4);
    struct bed_peer *peer;
    struct wire_element element;
    (void)state;
    bed_ap(bed, 0);
    peer = bed_active_peer(bed);
    bed_join(bed, 1, 0);
    bed_hear(bed, 1, 0, -50);
    bed_say_services(peer, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    bed_hear(bed, 2, 0, -50);
    bed_leave(bed, 1, 0);
    loop_advance(bed->loop, 2000);
    struct wire_message message = bed_last(peer, WIRE_MEASUREMENT_NOTIFICATION);
    struct wire_walk walk = wire_walk_of(&message);
    while (wire_next(&walk, &element) && element.type != WIRE_ELEMENT_DEVICE_MEASUREMENT)
        continue;
    assert_int_equal(element.device_measurement.flags & WIRE_DEVICE_GONE, WIRE_DEVICE_GONE);
    assert_true(wire_next(&walk, &element));
    assert_int_equal(element.device_measurement.flags & WIRE_DEVICE_GONE, 0);
    bed_peer_free(peer);
    bed_free(bed);
}

static void an_ap_that_was_removed_is_told_although_a_device_has_its_mac(void **state)
{
    struct bed *bed = bed_new(10, 4);
    struct bed_peer *peer;
    struct radio_sample sample = {.device = bed_ap_mac(1),
                                  .device_class = RADIO_CLASS_CLIENT,
                                  .antenna = RADIO_ANTENNA_COMBINED,
                                  .source = RADIO_SOURCE_PROBE,
                                  .rssi = -50};
    (void)state;
    bed_ap(bed, 0);
    bed_ap(bed, 1);
    peer = bed_active_peer(bed);
    sample.heard = loop_now(bed->loop);
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
    bed_say_services(peer, WIRE_SUBSCRIBE_REQUEST, 1,
                     WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_AP_INFO));
    assert_int_equal(peer->belief.count, 1);
    unsigned before = peer->count[WIRE_AP_INFO_NOTIFICATION];
    bed_ap_gone(bed, 1);
    bed_turn(bed);
    assert_int_equal(peer->count[WIRE_AP_INFO_NOTIFICATION], before + 1);
    struct wire_message message = bed_last(peer, WIRE_AP_INFO_NOTIFICATION);
    struct wire_walk walk = wire_walk_of(&message);
    struct wire_element element;
    while (wire_next(&walk, &element) && element.type != WIRE_ELEMENT_AP_INFO)
        continue;
    assert_int_equal(element.ap_info.state, WIRE_AP_REMOVED);
    bed_peer_free(peer);
    bed_free(bed);
}

/* With one view, at the capacities that are configured and sold; what is fixed is left out. */
static void a_station_that_four_aps_hear_costs_no_more_than_160_bytes(void **state)
{
    static const uint32_t capacities[] = {4096, 18000, 150000};
    (void)state;
    for (size_t i = 0; i < sizeof(capacities) / sizeof(capacities[0]); i++) {
        const uint32_t devices = capacities[i];
        struct table table;
        assert_int_equal(table_init(&table, devices, 4 * devices), 0);
        size_t size = devices * (sizeof(table.devices[0]) + sizeof(struct channel_announced)) +
                      4 * devices * (sizeof(table.samples[0]) + sizeof(int8_t)) +
                      table.index.size * sizeof(table.index.entries[0]) +
                      devices * sizeof(uint32_t); /* of what is known: that there is nothing */
        table_fini(&table);
        print_message("%u devices: %zu bytes each\n", devices, size / devices);
        assert_true(size <= 160 * (size_t)devices);
    }
}

static void views_with_one_interval_share_one_wake_up(void **state)
{
    struct bed *bed = bed_new(10, 4);
    struct bed_peer *peers[2];
    (void)state;
    bed_ap(bed, 0);
    for (int i = 0; i < 2; i++)
        peers[i] = bed_active_peer(bed);
    bed_say_services(peers[0], WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    loop_advance(bed->loop, 777);
    bed_say_services(peers[1], WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY));
    assert_int_equal(views_count(bed->views), 2);
    bed_hear(bed, 1, 0, -50); /* without a device nobody has a tick */
    uint64_t before = loop_wakeups(bed->loop);
    loop_advance(bed->loop, 12000);
    /* A virtual clock turns once more at the end of each step. */
    assert_true(loop_wakeups(bed->loop) - before <= 2 * 6 + 2);
    for (int i = 0; i < 2; i++)
        bed_peer_free(peers[i]);
    bed_free(bed);
}

static void a_view_of_no_devices_has_no_ticks_until_there_is_one(void **state)
{
    struct bed *bed = bed_new(10, 4);
    struct bed_peer *peer;
    (void)state;
    bed_ap(bed, 0);
    peer = bed_active_peer(bed);
    bed_say_services(peer, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    loop_advance(bed->loop, 12777);
    uint64_t before = loop_wakeups(bed->loop);
    loop_advance(bed->loop, 10000);
    /* A virtual clock turns at the begin and at the end; the session asks for an echo once. */
    assert_true(loop_wakeups(bed->loop) - before <= 2 + 1);
    bed_join(bed, 1, 0);
    bed_hear(bed, 1, 0, -50);
    assert_int_equal(peer->count[WIRE_MEASUREMENT_NOTIFICATION], 0);
    int64_t told = loop_now(bed->loop) / 2000 * 2000 + 2000; /* a multiple of the interval */
    loop_advance(bed->loop, told - loop_now(bed->loop) - 1);
    assert_int_equal(peer->count[WIRE_MEASUREMENT_NOTIFICATION], 0);
    loop_advance(bed->loop, 1);
    assert_int_equal(peer->count[WIRE_MEASUREMENT_NOTIFICATION], 1);
    bed_leave(bed, 1, 0);
    loop_advance(bed->loop, 2000);
    assert_int_equal(peer->count[WIRE_MEASUREMENT_NOTIFICATION], 2);
    bed_say_echo(peer, 1, NULL, 0);
    before = loop_wakeups(bed->loop);
    loop_advance(bed->loop, 10000);
    assert_true(loop_wakeups(bed->loop) - before <= 2 + 1);
    bed_peer_free(peer);
    bed_free(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_peer_is_told_what_left_meanwhile_and_others_are_not_delayed),
        cmocka_unit_test(a_stalled_peer_costs_no_more_than_its_buffer_and_misses_are_counted),
        cmocka_unit_test(a_tick_that_is_larger_than_the_output_tells_each_device_once),
        cmocka_unit_test(
            a_peer_that_stalled_over_a_tick_is_told_the_whole_view_once_it_has_drained),
        cmocka_unit_test(two_peers_that_share_a_large_tick_are_told_each_device_once),
        cmocka_unit_test(a_peer_that_missed_more_departures_than_are_remembered_is_closed),
        cmocka_unit_test(who_joins_is_not_told_of_departures_of_what_it_never_knew),
        cmocka_unit_test(departures_stand_before_what_came),
        cmocka_unit_test(an_ap_that_was_removed_is_told_although_a_device_has_its_mac),
        cmocka_unit_test(a_station_that_four_aps_hear_costs_no_more_than_160_bytes),
        cmocka_unit_test(views_with_one_interval_share_one_wake_up),
        cmocka_unit_test(a_view_of_no_devices_has_no_ticks_until_there_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
