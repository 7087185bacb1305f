/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Property tests of views: whatever happens to devices, APs and peers, what each peer believes in
 * the end is what the engine's table holds, within the threshold.
 */
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

enum { APS = 6, PEERS = 4 };

struct scene {
    struct bed *bed;
    struct bed_peer *peers[PEERS];
    uint64_t services[PEERS];
    int threshold;
    uint32_t devices; /* MACs that may be heard; the table holds five sixths of them */
    uint32_t burst;   /* how many are heard at once */
    uint32_t random;
    unsigned lost; /* peers that were so slow that they had to start anew */
};

static uint32_t dice(struct scene *scene, uint32_t sides)
{
    scene->random = scene->random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)scene->random * sides) >> 32);
}

/* --- truth against belief -------------------------------------------------------------------- */

static const struct belief_sample *believed_sample(const struct belief_device *device,
                                                   const struct mac *ap)
{
    for (size_t i = 0; i < device->count; i++) {
        if (mac_equal(&device->samples[i].ap, ap))
            return &device->samples[i];
    }
    return NULL;
}

static void compare_device(const struct scene *scene, const struct bed_peer *peer,
                           const struct table_device *device)
{
    const struct table *table = engine_table(scene->bed->engine);
    const struct belief_device *believed = belief_find(&peer->belief, &device->mac);
    size_t count = 0;

    assert_non_null(believed);
    assert_int_equal(believed->flags & WIRE_DEVICE_ASSOCIATED, device->flags & TABLE_ASSOCIATED);
    for (uint32_t place = device->first; place != TABLE_NONE; place = table->samples[place].next) {
        const struct table_sample *sample = &table->samples[place];
        const struct belief_sample *b =
            believed_sample(believed, &engine_ap(scene->bed->engine, sample->ap)->mac);
        assert_non_null(b);
        assert_true(abs(b->rssi - sample->rssi) <=
                    (scene->threshold > 0 ? scene->threshold - 1 : 0));
        count++;
    }
    assert_int_equal(believed->count, count);
}

static void compare(const struct scene *scene, unsigned which)
{
    const struct table *table = engine_table(scene->bed->engine);
    const struct bed_peer *peer = scene->peers[which];
    bool associated_only = (scene->services[which] & WIRE_BIT(WIRE_RSSI_MS)) == 0;
    size_t count = 0;

    for (uint32_t slot = 0; slot < table->slots_used; slot++) {
        const struct table_device *device = table_device(table, slot);
        if (!device->used || device->sample_count == 0)
            continue;
        if (associated_only && (device->flags & TABLE_ASSOCIATED) == 0)
            continue;
        compare_device(scene, peer, device);
        count++;
    }
    assert_int_equal(peer->belief.count, count);
}

/* --- what happens ---------------------------------------------------------------------------- */

static void something_happens(struct scene *scene)
{
    uint32_t device = dice(scene, scene->devices);
    uint16_t ap = (uint16_t)dice(scene, APS);
    uint32_t which = dice(scene, PEERS);
    struct bed_peer *peer = scene->peers[which];

    switch (dice(scene, 30)) {
    case 0:
        if (ap != 0) /* without any AP nothing is offered, and a subscription is for nothing */
            bed_ap_gone(scene->bed, ap);
        break;
    case 1:
    case 2:
        bed_ap(scene->bed, ap);
        break;
    case 3:
    case 4:
        bed_join(scene->bed, device, ap);
        break;
    case 5:
    case 6:
        bed_leave(scene->bed, device, ap);
        break;
    case 7:
    case 8:
        peer->window = dice(scene, 30000);
        break;
    case 9:
    case 10:
    case 11:
        bed_open_window(peer, dice(scene, 4) == 0 ? SIZE_MAX : dice(scene, 40000));
        break;
    case 12:
    case 13:
        loop_advance(scene->bed->loop, dice(scene, 2500));
        break;
    case 14:
    case 15:
        if (session_wants_read(peer->session))
            bed_say_services(peer, WIRE_SUBSCRIBE_REQUEST, 1, scene->services[which]);
        break;
    default:
        for (uint32_t i = 0; i < scene->burst; i++)
            bed_hear(scene->bed, (device + i) % scene->devices, ap,
                     (int8_t)(-50 - (int)dice(scene, 12)));
        break;
    }
}

/* All peers read, nothing new happens for two intervals. */
static void settle(struct scene *scene)
{
    for (unsigned i = 0; i < PEERS; i++) {
        scene->peers[i]->window = SIZE_MAX;
        session_writable(scene->peers[i]->session);
    }
    loop_advance(scene->bed->loop, 4000);
}

static void keep_alive(struct scene *scene)
{
    for (unsigned i = 0; i < PEERS; i++)
        bed_say_echo(scene->peers[i], 1, NULL, 0);
}

static void arrive(struct scene *scene, unsigned which)
{
    scene->services[which] = which == 3 ? WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY)
                                        : WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_AP_INFO);
    scene->peers[which] = bed_active_peer(scene->bed);
    bed_say_services(scene->peers[which], WIRE_SUBSCRIBE_REQUEST, 1, scene->services[which]);
}

/* The one reason for which a slow peer may be closed; it comes back, as a server does. */
static void replace_the_lost(struct scene *scene)
{
    for (unsigned i = 0; i < PEERS; i++) {
        if (!scene->peers[i]->closed)
            continue;
        assert_non_null(strstr(scene->peers[i]->reason, "departures were forgotten"));
        bed_peer_free(scene->peers[i]);
        arrive(scene, i);
        scene->lost++;
    }
}

static void play(uint32_t seed, uint32_t devices, uint32_t burst, int threshold, int rounds)
{
    struct scene scene = {.bed = bed_new(devices - devices / 6, APS),
                          .random = seed,
                          .threshold = threshold,
                          .devices = devices,
                          .burst = burst};
    struct settings_location location = scene.bed->location;

    location.threshold_client = (uint8_t)threshold;
    engine_configure(scene.bed->engine, &location);
    for (uint16_t ap = 0; ap < APS; ap++)
        bed_ap(scene.bed, ap);
    for (unsigned i = 0; i < PEERS; i++)
        arrive(&scene, i);
    for (int round = 0; round < rounds; round++) {
        for (int event = 0; event < 60; event++)
            something_happens(&scene);
        settle(&scene);
        replace_the_lost(&scene);
        loop_advance(scene.bed->loop, 2000); /* the last thing that happens is a tick */
        for (unsigned i = 0; i < PEERS; i++)
            compare(&scene, i);
        keep_alive(&scene);
    }
    for (unsigned i = 0; i < PEERS; i++)
        bed_peer_free(scene.peers[i]);
    bed_free(scene.bed);
    /* Closing is the exception: four peers in each round could have been. */
    assert_true(scene.lost <= (unsigned)rounds);
}

static int rounds(void)
{
    return getenv("NMSPD_TEST_FULL") != NULL ? 2000 : 200;
}

static void every_peer_believes_the_truth_without_a_threshold(void **state)
{
    (void)state;
    play(1, 120, 1, 0, rounds());
    play(77, 120, 20, 0, rounds());
}

static void every_peer_believes_the_truth_within_the_threshold(void **state)
{
    (void)state;
    play(2, 120, 2, 5, rounds());
    play(99, 40, 10, 3, rounds());
}

/* So many that a snapshot does not fit into a peer's buffer: it is taken in pieces, and the world
 * goes on meanwhile. */
static void every_peer_believes_the_truth_in_a_crowd(void **state)
{
    (void)state;
    play(3, 3000, 1000, 0, rounds() / 20);
    play(4, 3000, 1000, 5, rounds() / 20);
}

/* --- single facts ---------------------------------------------------------------------------- */

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
    struct bed *bed = bed_new(250, 4);
    struct bed_peer *slow;
    (void)state;
    bed_ap(bed, 0);
    slow = bed_active_peer(bed);
    bed_say_services(slow, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_RSSI_MS));
    slow->window = 0;
    for (int tick = 0; tick < 14; tick++) {
        for (uint32_t n = 0; n < 250; n++)
            bed_hear(bed, n, 0, (int8_t)(-50 - tick));
        loop_advance(bed->loop, 2000);
        bed_say_echo(slow, 1, NULL, 0);
    }
    assert_true(session_counters(slow->session)->missed_ticks > 0);
    unsigned before = slow->count[WIRE_MEASUREMENT_NOTIFICATION];
    slow->belief.pictures = 0;
    bed_open_window(slow, SIZE_MAX);
    /* What fitted into the buffer, and one snapshot: 250 devices of 20 bytes a tick. */
    assert_true(slow->count[WIRE_MEASUREMENT_NOTIFICATION] - before <= 16);
    struct mac last = bed_mac(249);
    assert_int_equal(belief_find(&slow->belief, &last)->samples[0].rssi, -63);
    bed_peer_free(slow);
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
    uint64_t before = loop_wakeups(bed->loop);
    loop_advance(bed->loop, 12000);
    /* A virtual clock turns once more at the end of each step. */
    assert_true(loop_wakeups(bed->loop) - before <= 2 * 6 + 2);
    for (int i = 0; i < 2; i++)
        bed_peer_free(peers[i]);
    bed_free(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_peer_believes_the_truth_without_a_threshold),
        cmocka_unit_test(every_peer_believes_the_truth_within_the_threshold),
        cmocka_unit_test(every_peer_believes_the_truth_in_a_crowd),
        cmocka_unit_test(a_slow_peer_is_told_what_left_meanwhile_and_others_are_not_delayed),
        cmocka_unit_test(a_stalled_peer_costs_no_more_than_its_buffer_and_misses_are_counted),
        cmocka_unit_test(a_peer_that_missed_more_departures_than_are_remembered_is_closed),
        cmocka_unit_test(views_with_one_interval_share_one_wake_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
