/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second source that owns access points, beside nl80211 on a fake kernel: what a new source
 * needs, and that both reach location servers. And that sources count under names that the state
 * tree has.
 */
#include "agent/base/log.h"
#include "platform/nl80211/nl80211.h"
#include "platform/platform.h"
#include "platform/source.h"
#include "tests/unit/nl80211-scene.h"
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* --- the second source ----------------------------------------------------------------------- */

static const struct mac second_ap = {{0x02, 0x99, 0, 0, 0, 1}};
static const struct mac second_client = {{0x02, 0x99, 0, 0, 0, 2}};

struct second {
    struct source_setup setup;
    struct source_counters counted;
    uint64_t dumps;
    uint16_t handle;
};

static void *second_new(const struct source_setup *setup)
{
    static const struct counter table[] = {{"stations/dumps", offsetof(struct second, dumps)},
                                           {NULL, 0}};
    struct second *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->setup = *setup;
    source_counters_add(setup->counters, &s->counted, table, s);
    assert_true(handles_take(setup->handles, &s->handle));
    return s;
}

static void second_configure(void *second, const struct settings_radios *settings)
{
    struct second *s = second;
    const struct radio_event events[] = {
        {.kind = RADIO_AP_CHANGED,
         .ap = {.ap = s->handle, .mac = second_ap, .channel = settings != NULL, .up = true}},
        {.kind = RADIO_CAPABILITIES, .capabilities = RADIO_CAN_TAGS},
        {.kind = RADIO_CLIENT_JOINED, .joined = {.device = second_client, .ap = s->handle}},
        {.kind = RADIO_SAMPLE,
         .sample = {.device = second_client,
                    .ap = s->handle,
                    .device_class = RADIO_CLASS_CLIENT,
                    .antenna = RADIO_ANTENNA_COMBINED,
                    .source = RADIO_SOURCE_DATA,
                    .rssi = -60,
                    .heard = loop_now(s->setup.loop)}}};

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        radio_tell(&s->setup.sink, &events[i]);
    s->dumps = 1000;
}

static bool second_interface(void *second, size_t *index, struct inventory_interface *interface)
{
    struct second *s = second;

    if ((*index)-- > 0)
        return false;
    *interface = (struct inventory_interface){
        .name = "second", .mac = second_ap, .is_ap = true, .has_ap = true, .ap = {.ap = s->handle}};
    return true;
}

static bool second_is_own(void *second, const struct mac *bssid)
{
    (void)second;
    return mac_equal(bssid, &second_ap);
}

static bool second_is_client(void *second, const struct mac *station)
{
    (void)second;
    return mac_equal(station, &second_client);
}

static const struct inventory_operations second_inventory = {
    .interface = second_interface, .is_own = second_is_own, .is_client = second_is_client};

/* --- a third one that only looks on ---------------------------------------------------------- */

static struct source_setup seen;
static unsigned joined;

static void *looker_new(const struct source_setup *setup)
{
    seen = *setup;
    return &seen;
}

static void looker_free(void *looker)
{
    assert_ptr_equal(looker, &seen);
}

static void looker_client_changed(void *looker, const struct radio_event *event)
{
    (void)looker;
    joined += event->kind == RADIO_CLIENT_JOINED;
}

/* Instead of that of platform/sources.c. The second one comes first: it has the lowest handle. */
const struct source platform_sources[] = {
    {.make = second_new,
     .free = free,
     .configure = second_configure,
     .inventory = &second_inventory},
    {.make = nl80211_new,
     .free = nl80211_free,
     .configure = nl80211_configure,
     .describe = nl80211_describe,
     .base_mac = nl80211_base_mac,
     .inventory = &nl80211_inventory},
    {.make = looker_new, .free = looker_free, .client_changed = looker_client_changed},
    {0},
};

/* --- tests ----------------------------------------------------------------------------------- */

static struct bed *bed;
static struct scene *scene;
static struct platform *platform;
static const struct mac first_client = {{0x02, 0, 0, 0, 0, 0x0a}};
static const struct mac first_ap = {{0x02, 0, 0, 0, 0, 0x01}}; /* the base MAC */

static int set_up(void **state)
{
    (void)state;
    joined = 0;
    bed = bed_new(64, 8);
    scene = scene_new();
    (void)scene_station(scene, scene_ap(scene, 0, 0), 0x0a);
    const struct platform_options options = {
        .ap_capacity = 8, .io = &fake_kernel_io, .io_context = &scene->kernel};
    platform = platform_new(bed->loop, &options, &(struct radio_sink){engine_take, bed->engine});
    assert_non_null(platform);
    platform_operations()->configure(platform, &scene->settings);
    loop_advance(bed->loop, 1000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    platform_free(platform);
    scene_free(scene);
    bed_free(bed);
    return 0;
}

static void both_sources_have_handles_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(engine_ap_count(bed->engine), 2);
    assert_int_equal(engine_ap_first(bed->engine, &second_ap), 0);
    assert_int_equal(engine_ap_first(bed->engine, &first_ap), 1);
    assert_int_equal(engine_ap(bed->engine, 0)->channel, 1); /* it was configured */
}

static void a_location_server_is_told_what_both_hear(void **state)
{
    struct bed_peer *peer = bed_active_peer(bed);

    (void)state;
    bed_say_services(peer, WIRE_SUBSCRIBE_REQUEST, 1,
                     WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_INFO_MS));
    loop_advance(bed->loop, 4000);
    assert_int_equal(peer->belief.count, 2);
    const struct belief_device *first = belief_find(&peer->belief, &first_client);
    const struct belief_device *second = belief_find(&peer->belief, &second_client);
    assert_non_null(first);
    assert_non_null(second);
    assert_true(mac_equal(&first->samples[0].ap, &first_ap));
    assert_int_equal(first->samples[0].rssi, -40);
    assert_true(mac_equal(&second->samples[0].ap, &second_ap));
    assert_int_equal(second->samples[0].rssi, -60);
    assert_true(mac_equal(&belief_known(&peer->belief, &first_client, true)->ap, &first_ap));
    assert_true(mac_equal(&belief_known(&peer->belief, &second_client, true)->ap, &second_ap));
    bed_peer_free(peer);
}

static void what_one_can_and_what_the_other_can_is_offered(void **state)
{
    uint64_t offered = engine_offered(bed->engine);

    (void)state;
    assert_true((offered & WIRE_BIT(WIRE_INFO_MS)) != 0);   /* nl80211 */
    assert_true((offered & WIRE_BIT(WIRE_RSSI_RFID)) != 0); /* the second one */
}

static void the_others_see_the_interfaces_and_clients_of_both(void **state)
{
    struct inventory_interface interface;

    (void)state;
    assert_true(inventory_at(&seen.inventory, 0, &interface));
    assert_string_equal(interface.name, "second");
    assert_true(inventory_at(&seen.inventory, 1, &interface));
    assert_string_equal(interface.name, "wlan0");
    assert_int_equal(interface.ap.ap, 1);
    assert_false(inventory_at(&seen.inventory, 2, &interface));
    assert_true(inventory_is_own(&seen.inventory, &second_ap));
    assert_true(inventory_is_own(&seen.inventory, &interface.mac));
    assert_false(inventory_is_own(&seen.inventory, &second_client));
    assert_true(inventory_is_client(&seen.inventory, &second_client));
    assert_true(inventory_is_client(&seen.inventory, &first_client));
    assert_false(inventory_is_client(&seen.inventory, &first_ap));
    assert_int_equal(joined, 2);
}

static void what_both_count_under_one_name_is_added_up(void **state)
{
    const struct radio_operations *operations = platform_operations();

    (void)state;
    assert_true(operations->counter(platform, "stations", "dumps") > 1000);
    assert_int_equal(operations->counter(platform, "stations", "untracked"), 0);
    assert_int_equal(operations->counter(platform, "stations", "dump"), 0);
    assert_int_equal(operations->counter(platform, "station", "dumps"), 0);
}

static void a_handle_that_is_given_back_is_the_next(void **state)
{
    uint16_t handle;

    (void)state;
    for (uint16_t i = 2; i < 8; i++) {
        assert_true(handles_take(seen.handles, &handle));
        assert_int_equal(handle, i);
    }
    assert_false(handles_take(seen.handles, &handle));
    handles_give_back(seen.handles, 4);
    assert_true(handles_take(seen.handles, &handle));
    assert_int_equal(handle, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_sources_have_handles_of_their_own),
        TEST(a_location_server_is_told_what_both_hear),
        TEST(what_one_can_and_what_the_other_can_is_offered),
        TEST(the_others_see_the_interfaces_and_clients_of_both),
        TEST(what_both_count_under_one_name_is_added_up),
        TEST(a_handle_that_is_given_back_is_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
