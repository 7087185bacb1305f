/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenes on a virtual clock: what they tell, when, and what is wrong with them. */
#include "platform/replay/test-replay-scene.h"
#include "tests/unit/failing.h"

#define ONE_AP "ap 0 mac=02:0a:00:00:01:00 name=one\n"

static void assert_told(const char *line)
{
    if (strstr(stage.text, line) == NULL)
        fail_msg("\"%s\" is not in:\n%s", line, stage.text);
}

static void assert_refused(const char *scene, const char *why)
{
    stage.said[0] = '\0';
    assert_false(stage_open(scene));
    if (strstr(stage.said, why) == NULL)
        fail_msg("\"%s\" is not in: %s", why, stage.said);
}

static void what_happens_when_is_told_then(void **state)
{
    (void)state;
    assert_true(stage_open(ONE_AP "@1000 sample 02:11:00:00:00:01 ap=0 rssi=-47 age=20\n"
                                  "@1500 ap-gone 0\n@1600 ap-gone 0\n"
                                  "@3500 " ONE_AP "@5000 join 02:11:00:00:00:01 ap=0\n"));
    (void)stage_play(999);
    assert_int_equal(stage_count("sample"), 0);
    (void)stage_play(4000);
    assert_told("@1000 sample 02:11:00:00:00:01 ap=0 class=client antenna=255 source=3 rssi=-47 "
                "snr=-128 age=20\n");
    assert_told("@3500 ap 0 mac=02:0a:00:00:01:00 ");
    assert_int_equal(stage_count("ap-gone"), 1);
    assert_int_equal(stage_count("join"), 0);
}

static void what_works_is_what_the_samples_need_unless_the_scene_says(void **state)
{
    (void)state;
    assert_true(stage_open(ONE_AP "@9 sample 02:11:00:00:00:01 ap=0 rssi=-47\n"
                                  "@9 sample 02:12:00:00:00:01 ap=0 class=tag rssi=-47\n"));
    (void)stage_play(0);
    assert_told("works clients,tags\n");
    stage_end();
    stage_begin();
    assert_true(stage_open("works nothing\n" ONE_AP "sample 02:11:00:00:00:01 ap=0 rssi=-47\n"));
    (void)stage_play(0);
    assert_told("works nothing\n");
    assert_int_equal(stage_count("works"), 1);
}

static void a_second_configuration_does_not_begin_the_scene_again(void **state)
{
    (void)state;
    assert_true(stage_open(ONE_AP "@5000 works tags\n"));
    (void)stage_play(500);
    replay_operations()->configure(stage.replay, &stage.settings);
    (void)stage_play(0);
    assert_int_equal(stage_count("@500 "), 0);
    assert_int_equal(stage_count("ap 0 "), 1);
}

static void the_configured_base_mac_wins_over_the_scene(void **state)
{
    struct mac mac;

    (void)state;
    assert_true(stage_open("base-mac 02:0a:00:00:00:01\n"));
    assert_true(replay_operations()->base_mac(stage.replay, &mac));
    assert_int_equal(mac.b[5], 1);
    stage_end();
    stage_begin();
    stage.settings.has_base_mac = true;
    stage.settings.base_mac = (struct mac){{2, 0, 0, 0, 0, 9}};
    assert_true(stage_open("base-mac 02:0a:00:00:00:01\n"));
    assert_true(replay_operations()->base_mac(stage.replay, &mac));
    assert_int_equal(mac.b[5], 9);
}

static void a_replay_says_in_log_and_description_that_nothing_is_measured(void **state)
{
    char text[256];

    (void)state;
    assert_true(stage_open(ONE_AP));
    assert_non_null(strstr(stage.said, "nothing is measured"));
    replay_operations()->describe(stage.replay, text, sizeof(text));
    assert_non_null(strstr(text, "nothing is measured"));
    assert_non_null(strstr(text, "1 APs"));
}

static void a_scene_with_a_fault_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("scene 2\n", "line 1:");
    assert_refused("#\n\nap 70 mac=02:00:00:00:00:01\n", "line 4: it needs room for 71 APs");
    assert_refused("@5 works tags\n@4 works tags\n", "line 3: times must not go back");
    assert_refused("scene 1\nscene 1\n", "line 2: \"scene 1\" is the first line");
    assert_refused("scene 1\nfrogs 3\n", "line 2: no line begins like that");
    assert_refused("scene 1\ndevices 3 mac=02:00:00:00:00:01\n",
                   "line 2: no line begins like that");
    assert_refused("sample 02:00:00:00:00:01 ap=64 rssi=-40\n", "line 2: it needs room");
}

static void an_empty_text_is_no_scene(void **state)
{
    const struct replay_options options = {.ap_capacity = STAGE_APS, .name = "nothing"};

    (void)state;
    assert_null(replay_new(stage.loop, "", 0, &options,
                           &(struct radio_sink){recording_take, stage.record}));
    assert_non_null(strstr(stage.said, "begins with"));
}

static void a_file_that_cannot_be_read_is_refused(void **state)
{
    struct replay_options options = {.ap_capacity = STAGE_APS, .name = "/nonexistent/scene"};

    (void)state;
    assert_null(
        replay_open(stage.loop, &options, &(struct radio_sink){recording_take, stage.record}));
    assert_non_null(strstr(stage.said, "No such file"));
    options.name = "/dev/null";
    assert_null(
        replay_open(stage.loop, &options, &(struct radio_sink){recording_take, stage.record}));
    assert_non_null(strstr(stage.said, "cannot be read"));
}

static void a_scene_without_memory_is_refused_and_leaves_nothing_behind(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        failing_malloc_at(n);
        bool ok = stage_open(ONE_AP);
        bool failed = failing_hit();
        failing_reset();
        if (!failed)
            break;
        assert_false(ok);
    }
    assert_non_null(stage.replay);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_happens_when_is_told_then),
        TEST(what_works_is_what_the_samples_need_unless_the_scene_says),
        TEST(a_second_configuration_does_not_begin_the_scene_again),
        TEST(the_configured_base_mac_wins_over_the_scene),
        TEST(a_replay_says_in_log_and_description_that_nothing_is_measured),
        TEST(a_scene_with_a_fault_is_refused_with_its_line),
        TEST(an_empty_text_is_no_scene),
        TEST(a_scene_without_memory_is_refused_and_leaves_nothing_behind),
        TEST(a_file_that_cannot_be_read_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
