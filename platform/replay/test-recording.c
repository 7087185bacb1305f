/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings: they replay as the same events, and end without harm when they must. */
#include "platform/replay/test-replay-scene.h"
#include "tests/unit/failing.h"

#include <errno.h>

/* Something of everything that radios tell. */
static const char everything[] =
    "base-mac 02:0a:00:00:00:01\n"
    "works clients,tags,rogue-aps,rogue-clients\n"
    "ap 0 mac=02:0a:00:00:01:00 slot=1 band=2 channel=36 width=80 power=17 noise=-98 load=12 "
    "clients=3 up=1 age=70000 name=first%20floor%25\n"
    "@10 ap 1 mac=02:0a:00:00:02:00 up=0\n"
    "@20 join 02:11:00:00:00:01 ap=0 vlan=12 protocol=6 ssid=caf%c3%a9\n"
    "@20 sample 02:11:00:00:00:01 ap=0 antenna=0 source=1 rssi=-61 snr=33 age=15\n"
    "@20 user 02:11:00:00:00:01 name=al%00ice\n"
    "@25 address 02:11:00:00:00:01 ip=192.0.2.7\n"
    "@25 address 02:11:00:00:00:01 ip=2001:db8::7 present=0\n"
    "@1500 statistics 02:11:00:00:00:01 ap=0 rx-bytes=18446744073709551615 tx-bytes=2 "
    "rx-packets=3 tx-packets=4 tx-retries=5 tx-failed=6 rx-rate=4294967295 tx-rate=8 "
    "connected=9\n"
    "@1500 sample 02:12:00:00:00:01 ap=1 class=rogue-ap rssi=-70\n"
    "@1500 rogue 02:12:00:00:00:01 ap=1 class=rogue-ap band=1 channel=6 encryption=3 ssid=evil\n"
    "@1600 tag 02:13:00:00:00:01 ap=1 vendor=2 ccx=1 power=-3 channel=11 regulatory=12 burst=2 "
    "sequence=65535 payload=00ff10 age=3\n"
    "@1700 tag 02:13:00:00:00:01 ap=1\n"
    "@1800 leave 02:11:00:00:00:01 ap=0\n"
    "@1900 ap-gone 1\n"
    "@2000 works nothing\n";

static char first[STAGE_TEXT];

static void a_recording_replays_as_the_same_events(void **state)
{
    (void)state;
    assert_true(stage_open(everything));
    (void)snprintf(first, sizeof(first), "%s", stage_play(3000));
    assert_int_equal(stage.events, 16);
    assert_int_equal(recording_lines(stage.record), 17); /* the base MAC is no event */
    assert_non_null(strstr(first, "name=first%20floor%25\n"));
    assert_non_null(strstr(first, "payload=00ff10 age=3\n"));
    assert_non_null(strstr(first, "rx-bytes=18446744073709551615"));
    stage_end();
    stage_begin();
    assert_true(stage_open(first));
    assert_string_equal(stage_play(3000), first);
    assert_int_equal(stage.events, 16);
}

static void lines_are_written_once_a_second_by_themselves(void **state)
{
    (void)state;
    assert_true(stage_open("works tags\n@3000 works clients\n"));
    loop_advance(stage.loop, 999);
    assert_int_equal(recording_lines(stage.record), 1);
    FILE *file = fopen(stage.path, "re");
    assert_non_null(file);
    assert_int_equal(fgetc(file), EOF);
    rewind(file);
    loop_advance(stage.loop, 1);
    assert_true(fgetc(file) == 's');
    (void)fclose(file);
}

static void a_full_disk_ends_the_recording_and_not_the_events(void **state)
{
    (void)state;
    assert_true(stage_open("works tags\n@3000 works clients\n@6000 works tags\n"));
    loop_advance(stage.loop, 2000);
    failing_from(FAILING_WRITE, 1, ENOSPC);
    loop_advance(stage.loop, 3000);
    failing_reset();
    assert_false(recording_goes_on(stage.record));
    loop_advance(stage.loop, 3000);
    assert_int_equal(stage.events, 3);
    assert_non_null(strstr(stage.said, "No space left"));
    assert_string_equal(stage_play(0), "scene 1\n@0 works tags\n");
}

static void a_recording_ends_at_its_bound_with_a_whole_line(void **state)
{
    (void)state;
    recording_limit(stage.record, 8192);
    for (size_t used = 0, i = 0; i < 300; i++)
        used += (size_t)snprintf(first + used, sizeof(first) - used,
                                 "%ssample 02:11:00:00:00:01 ap=0 rssi=-50\n",
                                 i == 0 ? "ap 0 mac=02:0a:00:00:01:00\n" : "");
    assert_true(stage_open(first));
    (void)stage_play(3000);
    assert_false(recording_goes_on(stage.record));
    size_t len = strlen(stage.text);
    assert_true(len <= 8192 && len > 6000);
    assert_int_equal(stage.text[len - 1], '\n');
    assert_non_null(strstr(stage.said, "bound"));
    assert_true(stage.events > 200);
}

static void a_file_that_is_there_is_not_recorded_over(void **state)
{
    (void)state;
    stage.said[0] = '\0';
    assert_null(
        recording_new(stage.loop, stage.path, &(struct radio_sink){recording_take, stage.record}));
    assert_non_null(strstr(stage.said, "must be a new file"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_recording_replays_as_the_same_events),
        TEST(lines_are_written_once_a_second_by_themselves),
        TEST(a_full_disk_ends_the_recording_and_not_the_events),
        TEST(a_recording_ends_at_its_bound_with_a_whole_line),
        TEST(a_file_that_is_there_is_not_recorded_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
