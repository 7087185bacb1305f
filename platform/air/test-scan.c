/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/scan.h"
#include "platform/air/test-air.h"
#include "platform/nl80211/bss.h"
#include "tests/unit/failing.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { GROUP_SCAN = 99, NOT_TOLD = 100000, MS = 1000000 };

struct result {
    bool present;
    uint32_t ifindex; /* that is asked */
    uint16_t bssid;
    int32_t mbm;
    int64_t boottime; /* ms; 0: not told */
    uint32_t age;
    bool joined;
};

static struct air *air;
static struct scan *scan;
static struct result results[4];
static unsigned asked;
static int refused; /* the errno of all dumps; 0: none */
static uint64_t boottime;
static void (*respond_else)(struct fake_kernel *kernel, struct fake_socket *socket,
                            const struct nlmsghdr *request);

static uint64_t boottime_now(void *context)
{
    (void)context;
    return boottime;
}

static void build_result(struct builder *b, const struct result *result)
{
    static const char elements[] = "\0\3net\3\1\6";
    const struct mac bssid = scene_mac(result->bssid);

    build_u32(b, NL80211_ATTR_IFINDEX, result->ifindex);
    size_t nest = build_nest(b, NL80211_ATTR_BSS);
    build_attribute(b, NL80211_BSS_BSSID, bssid.b, sizeof(bssid.b));
    build_u32(b, NL80211_BSS_FREQUENCY, SCENE_CHANNEL_6);
    build_u16(b, NL80211_BSS_CAPABILITY, 0x11);
    build_attribute(b, NL80211_BSS_INFORMATION_ELEMENTS, elements, sizeof(elements) - 1);
    if (result->mbm != NOT_TOLD)
        build_u32(b, NL80211_BSS_SIGNAL_MBM, (uint32_t)result->mbm);
    if (result->boottime != 0)
        build_u64(b, NL80211_BSS_LAST_SEEN_BOOTTIME, (uint64_t)result->boottime * MS);
    build_u32(b, NL80211_BSS_SEEN_MS_AGO, result->age);
    if (result->joined)
        build_u32(b, NL80211_BSS_STATUS, NL80211_BSS_STATUS_ASSOCIATED);
    build_end(b, nest);
}

static void answer_scan(struct fake_socket *socket, const struct nlmsghdr *request)
{
    struct builder b = {0};
    uint32_t ifindex;

    asked++;
    memcpy(&ifindex, (const uint8_t *)request + NLMSG_HDRLEN + GENL_HDRLEN + sizeof(struct nlattr),
           sizeof(ifindex));
    if (refused != 0) {
        build_error(&b, request->nlmsg_seq, refused);
        fake_put(socket, &b);
        return;
    }
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        if (!results[i].present || results[i].ifindex != ifindex)
            continue;
        build_message(&b, SCENE_FAMILY, NLM_F_MULTI, request->nlmsg_seq);
        build_generic(&b, NL80211_CMD_NEW_SCAN_RESULTS);
        build_result(&b, &results[i]);
    }
    build_done(&b, 0, request->nlmsg_seq, 0);
    fake_put(socket, &b);
}

static void respond(struct fake_kernel *kernel, struct fake_socket *socket,
                    const struct nlmsghdr *request)
{
    bool is_scan = request->nlmsg_type == SCENE_FAMILY &&
                   ((const uint8_t *)request)[NLMSG_HDRLEN] == NL80211_CMD_GET_SCAN;

    if (is_scan)
        answer_scan(socket, request);
    else
        respond_else(kernel, socket, request);
}

static int set_up(void **state)
{
    (void)state;
    memset(results, 0, sizeof(results));
    asked = 0;
    refused = 0;
    boottime = 5000000ULL * MS;
    air = air_new();
    respond_else = air->scene->kernel.respond;
    air->scene->kernel.respond = respond;
    air->scene->settings.scan_results = true;
    scan = scan_new(&air->setup);
    scan_set_boottime(scan, boottime_now, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    scan_free(scan);
    air_free(air);
    return 0;
}

static void configure(void)
{
    scan_configure(scan, &air->scene->settings);
    scene_turn(air->scene);
}

static void scan_event(uint8_t command)
{
    struct builder b = {0};

    build_message(&b, SCENE_FAMILY, 0, 0);
    build_generic(&b, command);
    build_u32(&b, NL80211_ATTR_IFINDEX, air->wlan0->ifindex);
    fake_multicast(&air->scene->kernel, NETLINK_GENERIC, GROUP_SCAN, &b);
    scene_turn(air->scene);
}

static struct result *add(size_t i, const struct scene_interface *interface, uint16_t bssid)
{
    results[i] = (struct result){
        .present = true, .ifindex = interface->ifindex, .bssid = bssid, .mbm = -6000, .age = 500};
    return &results[i];
}

#define assert_said(text) assert_string_equal(air_said(air), text)

/* --- reading --- */

static void a_foreign_network_is_a_reading_and_facts_and_told_once(void **state)
{
    (void)state;
    add(0, air->wlan0, 0x20);
    configure();
    assert_said("sample 20 ap 0 rogue beacon -60 age=500\nrogue 20 ap 0 rogue b1 ch6 e1 net\n"
                "works 4\n");
    results[0].age += SCAN_PERIOD_MS;
    scene_advance(air->scene, SCAN_PERIOD_MS);
    assert_said("");
    assert_int_equal(air_counted(air, "scan", "results"), 4); /* two radios, twice */
    results[0].age = 10;
    scene_advance(air->scene, SCAN_PERIOD_MS);
    assert_said("sample 20 ap 0 rogue beacon -60 age=10\n");
}

static void the_end_of_a_scan_is_read_at_once(void **state)
{
    (void)state;
    configure();
    (void)air_said(air);
    add(0, air->wlan1, 0x20);
    scan_event(NL80211_CMD_TRIGGER_SCAN);
    assert_said("");
    scan_event(NL80211_CMD_NEW_SCAN_RESULTS);
    assert_said("sample 20 ap 1 rogue beacon -60 age=500\nrogue 20 ap 1 rogue b1 ch6 e1 net\n");
}

static void what_two_radios_heard_are_two_readings(void **state)
{
    (void)state;
    add(0, air->wlan0, 0x20);
    add(1, air->wlan1, 0x20)->mbm = -7049;
    configure();
    assert_said("sample 20 ap 0 rogue beacon -60 age=500\nrogue 20 ap 0 rogue b1 ch6 e1 net\n"
                "sample 20 ap 1 rogue beacon -70 age=500\nworks 4\n");
}

static void the_time_since_boot_goes_before_the_age(void **state)
{
    (void)state;
    add(0, air->wlan0, 0x20)->boottime = 5000000 - 2500;
    add(1, air->wlan0, 0x21)->boottime = 5000001; /* a moment after the question */
    configure();
    const char *said = air_said(air);
    assert_non_null(strstr(said, "sample 20 ap 0 rogue beacon -60 age=2500\n"));
    assert_non_null(strstr(said, "sample 21 ap 0 rogue beacon -60 age=0\n"));
}

static void what_is_too_old_or_no_signal_is_no_reading(void **state)
{
    (void)state;
    add(0, air->wlan0, 0x20)->age = SCAN_AGE_MAX_MS + 1;
    add(1, air->wlan0, 0x21)->mbm = 0;
    add(2, air->wlan0, 0x22)->mbm = 100;
    add(3, air->wlan0, 0x23)->mbm = NOT_TOLD;
    configure();
    assert_said("works 4\n");
    assert_int_equal(air_counted(air, "stations", "invalid-samples"), 2);
}

static void our_own_aps_are_no_rogues(void **state)
{
    (void)state;
    add(0, air->wlan0, 0x81);
    configure();
    assert_said("works 4\n");
}

static void our_uplink_is_no_rogue_for_any_radio(void **state)
{
    struct scene_interface *sta = air_interface(air, "sta0", 7, 1, NL80211_IFTYPE_STATION);

    (void)state;
    add(0, air->wlan0, 0x30);
    add(1, sta, 0x30)->joined = true;
    add(2, sta, 0x31);
    configure();
    assert_said("sample 31 ap 1 rogue beacon -60 age=500\nrogue 31 ap 1 rogue b1 ch6 e1 net\n"
                "works 4\n");
    assert_int_equal(asked, 2); /* sta0 stands for wlan1's radio */
}

/* --- what can fail --- */

static void without_results_it_does_not_work_and_is_tried_again(void **state)
{
    (void)state;
    refused = EOPNOTSUPP;
    configure();
    assert_said("");
    assert_int_equal(air_counted(air, "stations", "errors"), 2);
    refused = 0;
    scene_advance(air->scene, SCAN_PERIOD_MS);
    assert_said("works 4\n");
    refused = EOPNOTSUPP;
    scene_advance(air->scene, SCAN_PERIOD_MS);
    assert_said("works 0\n");
}

static void without_nl80211_it_does_not_work_until_it_comes(void **state)
{
    (void)state;
    configure();
    assert_said("works 4\n");
    air->scene->has_family = false;
    scene_family_event(air->scene, CTRL_CMD_DELFAMILY);
    assert_said("works 0\n");
    asked = 0;
    scene_advance(air->scene, 60000);
    assert_int_equal(asked, 0);
}

static void without_an_ap_to_tell_of_it_does_not_work(void **state)
{
    (void)state;
    configure();
    assert_said("works 4\n");
    (void)air_interface(air, "sta0", 7, 2, NL80211_IFTYPE_STATION);
    (void)scene_wiphy(air->scene, 2);
    air->wlan0->present = false;
    air->wlan1->present = false;
    air->scene->wiphys[0].present = false;
    air->scene->wiphys[1].present = false;
    scene_event(air->scene, NL80211_CMD_DEL_WIPHY, 0, NULL);
    scan_interfaces_changed(scan);
    assert_said("works 0\n");
}

static void nothing_is_read_that_configuration_does_not_want(void **state)
{
    (void)state;
    air->scene->settings.scan_results = false;
    configure();
    scene_advance(air->scene, 60000);
    assert_int_equal(asked, 0);
    air->scene->settings.scan_results = true;
    configure();
    assert_int_equal(asked, 2);
    assert_said("works 4\n");
    air->scene->settings.scan_results = false;
    configure();
    assert_said("works 0\n");
    scene_advance(air->scene, 60000);
    assert_int_equal(asked, 2);
}

static void own_scans_without_a_helper_are_counted_and_said_once(void **state)
{
    (void)state;
    air->scene->settings.scan_seconds = 30;
    (void)snprintf(air->scene->settings.helper, sizeof(air->scene->settings.helper), "/nowhere/x");
    helper_set_path(air->helper, air->scene->settings.helper);
    configure();
    scene_advance(air->scene, 29000);
    assert_int_equal(air_counted(air, "scan", "refused"), 0);
    scene_advance(air->scene, 1000);
    assert_int_equal(air_counted(air, "scan", "refused"), 2);
    assert_non_null(strstr(scene_warned(air->scene), "nmsp-radio cannot be reached at /nowhere/x"));
    scene_advance(air->scene, 30000);
    assert_int_equal(air_counted(air, "scan", "refused"), 4);
    assert_string_equal(scene_warned(air->scene), "");
}

static void broken_results_are_counted(void **state)
{
    struct nl80211_scan_result result;
    struct builder b = {0};

    (void)state;
    size_t nest = build_nest(&b, NL80211_ATTR_BSS);
    build_u32(&b, NL80211_BSS_FREQUENCY, 2412);
    build_end(&b, nest);
    assert_true(nl80211_parse_bss(cursor_of(b.bytes, b.len), &result));
    assert_int_equal(result.frequency, 2412);
    b.bytes[4] = 200; /* the inner attribute runs past its nest */
    assert_false(nl80211_parse_bss(cursor_of(b.bytes, b.len), &result));
}

static void signals_are_rounded_and_stay_below_0(void **state)
{
    static const struct {
        int32_t mbm;
        int8_t dbm;
    } rows[] = {{-1, -1},     {-50, -1},    {-149, -1},     {-150, -2},
                {-6049, -60}, {-6050, -61}, {-12749, -127}, {-12799, -127}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nl80211_scan_result result;
        struct builder b = {0};
        size_t nest = build_nest(&b, NL80211_ATTR_BSS);
        build_u32(&b, NL80211_BSS_SIGNAL_MBM, (uint32_t)rows[i].mbm);
        build_end(&b, nest);
        assert_true(nl80211_parse_bss(cursor_of(b.bytes, b.len), &result));
        assert_true(result.has_signal);
        assert_int_equal(result.signal, rows[i].dbm);
    }
}

static void without_memory_there_is_no_scan(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        failing_malloc_at(n);
        struct scan *other = scan_new(&air->setup);
        bool failed = failing_hit();
        failing_reset();
        scan_free(other);
        if (!failed)
            break;
        assert_null(other);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_foreign_network_is_a_reading_and_facts_and_told_once),
        TEST(the_end_of_a_scan_is_read_at_once),
        TEST(what_two_radios_heard_are_two_readings),
        TEST(the_time_since_boot_goes_before_the_age),
        TEST(what_is_too_old_or_no_signal_is_no_reading),
        TEST(our_own_aps_are_no_rogues),
        TEST(our_uplink_is_no_rogue_for_any_radio),
        TEST(without_results_it_does_not_work_and_is_tried_again),
        TEST(without_nl80211_it_does_not_work_until_it_comes),
        TEST(without_an_ap_to_tell_of_it_does_not_work),
        TEST(nothing_is_read_that_configuration_does_not_want),
        TEST(own_scans_without_a_helper_are_counted_and_said_once),
        TEST(broken_results_are_counted),
        TEST(signals_are_rounded_and_stay_below_0),
        TEST(without_memory_there_is_no_scan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
