/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A property of Information: whatever happens to devices, APs and peers, what each peer believes of
 * clients and rogues in the end is what the engine knows.
 */
#include "agent/view/info.h"
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

enum { APS = 6, PEERS = 4 };

#define INFO_MS    WIRE_BIT(WIRE_INFO_MS)
#define INFO_ROGUE WIRE_BIT(WIRE_INFO_ROGUE)
#define ALL_WORKS \
    (RADIO_CAN_CLIENTS | RADIO_CAN_TAGS | RADIO_CAN_ROGUE_APS | RADIO_CAN_ROGUE_CLIENTS)

/* --- the property ---------------------------------------------------------------------------- */

struct scene {
    struct bed *bed;
    struct bed_peer *peers[PEERS];
    uint32_t devices;
    uint32_t burst;
    uint32_t random;
    unsigned lost;
};

static uint32_t dice(struct scene *scene, uint32_t sides)
{
    scene->random = scene->random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)scene->random * sides) >> 32);
}

/* The first and the second peer share a view; the third sees two APs only; the fourth rogues. */
static const struct {
    uint64_t services;
    size_t aps; /* 0: all */
} wishes[PEERS] = {{INFO_MS | INFO_ROGUE | WIRE_BIT(WIRE_RSSI_MS), 0},
                   {INFO_MS | INFO_ROGUE | WIRE_BIT(WIRE_RSSI_MS), 0},
                   {INFO_MS | INFO_ROGUE, 2},
                   {INFO_ROGUE | WIRE_BIT(WIRE_AP_INFO), 0}};

static void subscribe(struct scene *scene, unsigned which)
{
    const struct mac aps[] = {bed_ap_mac(0), bed_ap_mac(3)};

    bed_ask(scene->peers[which], &(struct bed_ask){.id = WIRE_SUBSCRIBE_REQUEST,
                                                   .transaction = 1,
                                                   .services = wishes[which].services,
                                                   .aps = wishes[which].aps > 0 ? aps : NULL,
                                                   .ap_count = wishes[which].aps});
}

static bool lets_through(unsigned which, uint16_t ap)
{
    return wishes[which].aps == 0 || ap == 0 || ap == 3;
}

/* Is it heard by this AP, which the peer asked for? With NULL, by any such AP. */
static bool hears(const struct scene *scene, unsigned which, const struct table_device *device,
                  const struct mac *mac)
{
    const struct table *table = engine_table(scene->bed->engine);

    for (uint32_t place = device->first; place != TABLE_NONE; place = table->samples[place].next) {
        uint16_t ap = table->samples[place].ap;
        if (lets_through(which, ap) &&
            (mac == NULL || mac_equal(mac, &engine_ap(scene->bed->engine, ap)->mac)))
            return true;
    }
    return false;
}

static bool is_expected(const struct scene *scene, unsigned which, uint32_t slot)
{
    const struct engine *engine = scene->bed->engine;
    const struct table_device *device = table_device(engine_table(engine), slot);
    const struct device_info *info = device_info_of(engine_device_info(engine), slot);

    if (!device->used)
        return false;
    if (device->device_class != WIRE_CLASS_CLIENT)
        return info != NULL && info->kind == DEVICE_INFO_ROGUE && hears(scene, which, device, NULL);
    if ((wishes[which].services & INFO_MS) == 0)
        return false;
    if ((device->flags & TABLE_ASSOCIATED) != 0)
        return engine_ap(engine, device->associated_ap) != NULL &&
               lets_through(which, device->associated_ap);
    return hears(scene, which, device, NULL);
}

/* What is believed, but for the AP (where any that hears it will do), is what is known now. */
static void compare_record(const struct scene *scene, unsigned which, uint32_t slot)
{
    const struct engine *engine = scene->bed->engine;
    const struct table_device *device = table_device(engine_table(engine), slot);
    const struct belief_known *believed = belief_known(&scene->peers[which]->belief, &device->mac,
                                                       device->device_class == WIRE_CLASS_CLIENT);
    static struct belief now;
    uint8_t buffer[512];
    struct writer body = writer_of(buffer + WIRE_HEADER_SIZE, sizeof(buffer) - WIRE_HEADER_SIZE);
    enum info_kind kind =
        device->device_class == WIRE_CLASS_ROGUE_AP ? INFO_ROGUE_AP : INFO_ROGUE_CLIENT;
    struct wire_message message;
    uint16_t ap = 0;

    assert_non_null(believed);
    while (engine_ap(engine, ap) == NULL || !mac_equal(&engine_ap(engine, ap)->mac, &believed->ap))
        ap++;
    if (device->device_class == WIRE_CLASS_CLIENT)
        kind = (device->flags & TABLE_ASSOCIATED) != 0 ? INFO_ASSOCIATED : INFO_PROBING;
    if (kind == INFO_ASSOCIATED)
        assert_int_equal(ap, device->associated_ap);
    else
        assert_true(hears(scene, which, device, &believed->ap));
    wire_put_timestamp(&body, 1);
    assert_true(info_put(engine, slot, kind, ap, &body));
    wire_header_put(buffer, WIRE_INFORMATION_NOTIFICATION, 0, 1, body.used);
    assert_int_equal(wire_decode(buffer, WIRE_HEADER_SIZE + body.used, &message), WIRE_OK);
    now.known_count = 0;
    belief_inform(&now, &message);
    assert_int_equal(believed->len, now.known[0].len);
    assert_memory_equal(believed->record, now.known[0].record, believed->len);
}

static void compare(const struct scene *scene, unsigned which)
{
    size_t count = 0;

    for (uint32_t slot = 0; slot < engine_table(scene->bed->engine)->slots_used; slot++) {
        if (!is_expected(scene, which, slot))
            continue;
        compare_record(scene, which, slot);
        count++;
    }
    /* Rogues leave without a word: they may be believed for longer. */
    for (size_t i = 0; i < scene->peers[which]->belief.known_count; i++) {
        const struct belief_known *known = &scene->peers[which]->belief.known[i];
        uint32_t slot = table_find(engine_table(scene->bed->engine), &known->mac);
        if (known->device_class != WIRE_CLASS_CLIENT &&
            (slot == TABLE_NONE || !is_expected(scene, which, slot) ||
             table_device(engine_table(scene->bed->engine), slot)->device_class ==
                 WIRE_CLASS_CLIENT))
            count++;
    }
    assert_int_equal(scene->peers[which]->belief.known_count, count);
}

static void a_fact_is_told(struct scene *scene, uint32_t device)
{
    static const char *const names[] = {"alice", "bob", "", "a network"};
    uint32_t which = dice(scene, 4);

    switch (dice(scene, 4)) {
    case 0:
        bed_user(scene->bed, device, names[which]);
        break;
    case 1:
        bed_address(scene->bed, device, (uint8_t)dice(scene, 8), dice(scene, 3) > 0);
        break;
    case 2:
        bed_statistics(scene->bed, WIRE_CLASS_CLIENT, device, 0, device + 1);
        break;
    default:
        if (device % 3 == 0)
            bed_rogue(scene->bed, WIRE_CLASS_ROGUE_AP, device, names[which]);
        break;
    }
}

static void heard(struct scene *scene, uint32_t device, uint16_t ap)
{
    int8_t rssi = (int8_t)(-40 - (int)dice(scene, 40));

    if (device % 3 != 0)
        bed_hear(scene->bed, device, ap, rssi);
    else if (dice(scene, 50) == 0)
        bed_hear_as(scene->bed, WIRE_CLASS_ROGUE_CLIENT, device, ap, rssi);
    else
        bed_hear_as(scene->bed, WIRE_CLASS_ROGUE_AP, device, ap, rssi);
}

static void something_happens(struct scene *scene)
{
    uint32_t device = dice(scene, scene->devices);
    uint16_t ap = (uint16_t)dice(scene, APS);
    uint32_t which = dice(scene, PEERS);
    struct bed_peer *peer = scene->peers[which];

    switch (dice(scene, 32)) {
    case 0:
        if (ap != 0)
            bed_ap_gone(scene->bed, ap);
        break;
    case 1:
    case 2:
        bed_ap(scene->bed, ap);
        break;
    case 3:
    case 4:
    case 5:
        bed_join(scene->bed, device, ap);
        break;
    case 6:
    case 7:
        bed_leave(scene->bed, device, ap);
        break;
    case 8:
        peer->window = dice(scene, 30000);
        break;
    case 9:
    case 10:
        bed_open_window(peer, dice(scene, 4) == 0 ? SIZE_MAX : dice(scene, 40000));
        break;
    case 11:
    case 12:
        loop_advance(scene->bed->loop, dice(scene, 2500));
        break;
    case 13:
        if (session_wants_read(peer->session))
            subscribe(scene, which);
        break;
    case 14:
    case 15:
    case 16:
    case 17:
        a_fact_is_told(scene, device);
        break;
    default:
        for (uint32_t i = 0; i < scene->burst; i++)
            heard(scene, (device + i) % scene->devices, ap);
        break;
    }
}

static void arrive(struct scene *scene, unsigned which)
{
    scene->peers[which] = bed_active_peer(scene->bed);
    subscribe(scene, which);
}

static void settle(struct scene *scene)
{
    for (unsigned i = 0; i < PEERS; i++) {
        scene->peers[i]->window = SIZE_MAX;
        session_writable(scene->peers[i]->session);
    }
    loop_advance(scene->bed->loop, 2000);
    for (unsigned i = 0; i < PEERS; i++) {
        if (!scene->peers[i]->closed)
            continue;
        assert_non_null(strstr(scene->peers[i]->reason, "departures were forgotten"));
        bed_peer_free(scene->peers[i]);
        arrive(scene, i);
        scene->lost++;
    }
    loop_advance(scene->bed->loop, 2000);
    for (unsigned i = 0; i < PEERS; i++)
        bed_say_echo(scene->peers[i], 1, NULL, 0);
}

static void play(uint32_t seed, uint32_t devices, uint32_t burst, int rounds)
{
    struct scene scene = {.bed = bed_new(devices - devices / 6, APS),
                          .random = seed,
                          .devices = devices,
                          .burst = burst};
    struct settings_location location = scene.bed->location;

    location.expiry_rogue_aps = 20;
    engine_configure(scene.bed->engine, &location);
    for (uint16_t ap = 0; ap < APS; ap++)
        bed_ap(scene.bed, ap);
    bed_works(scene.bed, ALL_WORKS);
    for (unsigned i = 0; i < PEERS; i++)
        arrive(&scene, i);
    for (int round = 0; round < rounds; round++) {
        for (int event = 0; event < 60; event++)
            something_happens(&scene);
        settle(&scene);
        for (unsigned i = 0; i < PEERS; i++)
            compare(&scene, i);
        for (unsigned i = 0; i < PEERS; i++)
            scene.peers[i]->log_len = 0; /* nobody reads it */
    }
    for (unsigned i = 0; i < PEERS; i++)
        bed_peer_free(scene.peers[i]);
    bed_free(scene.bed);
    assert_true(scene.lost <= (unsigned)rounds);
}

static int rounds(void)
{
    return getenv("NMSPD_TEST_FULL") != NULL ? 2000 : 200;
}

static void every_peer_knows_what_the_engine_knows(void **state)
{
    (void)state;
    play(1, 60, 1, rounds());
    play(5, 120, 20, rounds());
}

static void every_peer_knows_what_the_engine_knows_in_a_crowd(void **state)
{
    (void)state;
    play(3, 3000, 1000, rounds() / 20);
    play(8, 3000, 1000, rounds() / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_peer_knows_what_the_engine_knows),
        cmocka_unit_test(every_peer_knows_what_the_engine_knows_in_a_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
