/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Crowds on a virtual clock: what they tell, and when. */
#include "platform/replay/test-replay-scene.h"
#include "tests/bench/crowd.h"

#define ONE_AP "ap 0 mac=02:0a:00:00:01:00 name=one\n"

static struct handles *handles;
static void *crowd;

static void assert_told(const char *line)
{
    if (strstr(stage.text, line) == NULL)
        fail_msg("\"%s\" is not in:\n%s", line, stage.text);
}

static void play(const char *text)
{
    struct source_counters *counters = NULL;
    const struct source_setup setup = {.loop = stage.loop,
                                       .sink = {recording_take, stage.record},
                                       .handles = handles,
                                       .counters = &counters};

    crowd_text = text;
    crowd = crowd_new(&setup);
    assert_non_null(crowd);
    crowd_configure(crowd, &stage.settings);
}

static int set_up(void **state)
{
    handles = handles_new(STAGE_APS);
    assert_non_null(handles);
    return stage_set_up(state);
}

static int tear_down(void **state)
{
    crowd_free(crowd);
    crowd = NULL;
    handles_free(handles);
    return stage_tear_down(state);
}

static void a_device_is_heard_once_in_each_interval(void **state)
{
    (void)state;
    play(ONE_AP "devices 1 mac=02:11:00:00:00:01 rssi=-47 every=2000\n");
    (void)stage_play(5999);
    assert_int_equal(stage_count("sample 02:11:00:00:00:01"), 3);
    assert_told("@0 sample 02:11:00:00:00:01 ap=0 class=client antenna=255 source=3 rssi=-47");
    assert_told("@2000 sample ");
    assert_told("@4000 sample ");
    (void)stage_play(1);
    assert_told("@6000 sample ");
}

static void the_frames_of_a_crowd_are_spread_over_the_interval(void **state)
{
    (void)state;
    play(ONE_AP "devices 4 mac=02:11:00:00:00:00 every=1000\n");
    (void)stage_play(999);
    assert_told("@0 sample 02:11:00:00:00:00");
    assert_told("@250 sample 02:11:00:00:00:01");
    assert_told("@500 sample 02:11:00:00:00:02");
    assert_told("@750 sample 02:11:00:00:00:03");
    assert_int_equal(stage_count("sample"), 4);
}

static void a_dense_crowd_comes_in_portions_with_the_time_of_each_frame(void **state)
{
    (void)state;
    play(ONE_AP "devices 1000 mac=02:11:00:00:00:00 every=1000\n");
    (void)stage_play(999);
    assert_int_equal(stage_count("sample"), 981); /* the rest is due with the next portion */
    assert_told("@20 sample 02:11:00:00:00:0b ap=0 class=client antenna=255 source=3 rssi=-50 "
                "snr=-128 age=9\n");
    (void)stage_play(1);
    assert_int_equal(stage_count("sample"), 1001);
    assert_int_equal(crowd_counters(crowd)->skipped, 0);
}

static void neighbouring_aps_hear_a_device_6_db_less_each(void **state)
{
    (void)state;
    play("aps 4 mac=02:0a:00:00:00:ff name=hall channel=11\n"
         "devices 4 mac=02:11:00:00:00:00 aps=4 heard-by=2 rssi=-40\n");
    (void)stage_play(999);
    assert_told("ap 3 mac=02:0a:00:00:01:02 ");
    assert_told("channel=11 ");
    assert_told("name=hall-3\n");
    assert_told("sample 02:11:00:00:00:03 ap=3 class=client antenna=255 source=3 rssi=-40");
    assert_told("sample 02:11:00:00:00:03 ap=0 class=client antenna=255 source=3 rssi=-46");
    assert_int_equal(stage_count("sample"), 8);
}

static void a_path_is_straight_between_its_points(void **state)
{
    (void)state;
    play(ONE_AP "devices 1 mac=02:11:00:00:00:01 every=1000 path=1000:-40,3000:-80,3500:-60\n");
    (void)stage_play(5000);
    assert_told("@0 sample 02:11:00:00:00:01 ap=0 class=client antenna=255 source=3 rssi=-40");
    assert_told("@2000 sample 02:11:00:00:00:01 ap=0 class=client antenna=255 source=3 rssi=-60");
    assert_told("@3000 sample 02:11:00:00:00:01 ap=0 class=client antenna=255 source=3 rssi=-80");
    assert_told("@5000 sample 02:11:00:00:00:01 ap=0 class=client antenna=255 source=3 rssi=-60");
}

static void a_walk_goes_through_its_range_and_back(void **state)
{
    (void)state;
    play(ONE_AP "devices 1 mac=02:11:00:00:00:01 every=500 rssi=-40 to=-80 walk=4000\n");
    (void)stage_play(4000);
    assert_told("@0 sample 02:11:00:00:00:01 ap=0 class=client antenna=255 source=3 rssi=-40");
    assert_told("@1000 sample 02:11:00:00:00:01 ap=0 class=client antenna=255 source=3 rssi=-60");
    assert_told("@2000 sample 02:11:00:00:00:01 ap=0 class=client antenna=255 source=3 rssi=-80");
    assert_told("@4000 sample 02:11:00:00:00:01 ap=0 class=client antenna=255 source=3 rssi=-40");
}

static void associated_devices_join_before_they_are_heard(void **state)
{
    (void)state;
    play(ONE_AP "devices 2 mac=02:11:00:00:00:00 associated=1 ssid=guests vlan=7 protocol=5\n");
    (void)stage_play(5000);
    assert_int_equal(stage_count("join"), 2);
    assert_told("@500 join 02:11:00:00:00:01 ap=0 vlan=7 protocol=5 ssid=guests\n@500 sample");
}

static void an_ap_that_is_gone_hears_nothing_until_it_is_back(void **state)
{
    (void)state;
    play(ONE_AP "devices 1 mac=02:11:00:00:00:01 every=1000\n"
                "@1500 ap-gone 0\n@1600 ap-gone 0\n@3500 ap-back 0\n");
    (void)stage_play(4999);
    assert_told("@1000 sample");
    assert_told("@1500 ap-gone 0\n");
    assert_told("@3500 ap 0 mac=02:0a:00:00:01:00 ");
    assert_told("@4000 sample");
    assert_int_equal(stage_count("sample"), 3);
    assert_int_equal(stage_count("ap-gone"), 1);
    assert_int_equal(crowd_counters(crowd)->silent, 2);
}

static void a_silent_device_of_a_crowd_leaves_the_others_alone(void **state)
{
    (void)state;
    play(ONE_AP "devices 10 mac=02:11:00:00:00:00 every=1000\n"
                "@1000 silent 02:11:00:00:00:05\n@3000 heard 02:11:00:00:00:05\n"
                "@3000 silent 02:11:00:00:00:99\n");
    (void)stage_play(3999);
    assert_int_equal(stage_count("sample 02:11:00:00:00:04"), 4);
    assert_int_equal(stage_count("sample 02:11:00:00:00:05"), 2);
}

static void a_burst_lasts_as_long_as_it_says(void **state)
{
    (void)state;
    play(ONE_AP "@500 devices 100 mac=02:11:00:00:00:00 every=2000 for=2000\n");
    (void)stage_play(20000);
    assert_int_equal(stage_count("sample"), 100);
    assert_int_equal(crowd_counters(crowd)->samples, 100);
}

static void what_works_is_what_the_devices_need(void **state)
{
    (void)state;
    play(ONE_AP "devices 1 mac=02:11:00:00:00:01\n"
                "devices 1 mac=02:12:00:00:00:01 class=2\n");
    (void)stage_play(0);
    assert_told("works clients,tags\n");
}

static void what_works_is_what_the_text_says(void **state)
{
    (void)state;
    play("works nothing\n" ONE_AP "devices 1 mac=02:11:00:00:00:01\n");
    (void)stage_play(0);
    assert_told("works nothing\n");
    assert_int_equal(stage_count("works"), 1);
}

static void a_second_configuration_does_not_begin_the_scene_again(void **state)
{
    (void)state;
    play(ONE_AP "devices 1 mac=02:11:00:00:00:01 every=1000\n");
    (void)stage_play(500);
    crowd_configure(crowd, &stage.settings);
    (void)stage_play(0);
    assert_int_equal(stage_count("@500 "), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_is_heard_once_in_each_interval),
        TEST(the_frames_of_a_crowd_are_spread_over_the_interval),
        TEST(a_dense_crowd_comes_in_portions_with_the_time_of_each_frame),
        TEST(neighbouring_aps_hear_a_device_6_db_less_each),
        TEST(a_path_is_straight_between_its_points),
        TEST(a_walk_goes_through_its_range_and_back),
        TEST(associated_devices_join_before_they_are_heard),
        TEST(an_ap_that_is_gone_hears_nothing_until_it_is_back),
        TEST(a_silent_device_of_a_crowd_leaves_the_others_alone),
        TEST(a_burst_lasts_as_long_as_it_says),
        TEST(what_works_is_what_the_devices_need),
        TEST(what_works_is_what_the_text_says),
        TEST(a_second_configuration_does_not_begin_the_scene_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
