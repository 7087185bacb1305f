/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/monitor.h"
#include "platform/air/test-air.h"
#include "platform/helper/test-far-helper.h"
#include "tests/unit/failing.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORKS = RADIO_CAN_TAGS | RADIO_CAN_ROGUE_APS | RADIO_CAN_ROGUE_CLIENTS };

/* Radiotap with a signal of -60 dBm, a probe request of ..:05. */
static const uint8_t probe[] = {0, 0, 9,   0,   0x20, 0,   0,   0,   0xc4, 0x40, 0,
                                0, 0, 255, 255, 255,  255, 255, 255, 2,    0,    0,
                                0, 0, 5,   255, 255,  255, 255, 255, 255,  0,    0};

static struct air *air;
static struct monitor *monitor;
static struct far_helper far;
static struct helper_request request;
static struct scene_interface *mon0;
static int wire[2];

static int set_up(void **state)
{
    (void)state;
    air = air_new();
    mon0 = air_interface(air, "mon0", 8, 0, NL80211_IFTYPE_MONITOR);
    far_helper_open(&far);
    (void)snprintf(air->scene->settings.helper, sizeof(air->scene->settings.helper), "%s",
                   far.path);
    helper_set_path(air->helper, far.path);
    air->scene->settings.radio_count = 1;
    air->scene->radios[0] =
        (struct settings_radio){.ifname = "wlan0", .poll_seconds = 2, .monitor = "mon0"};
    monitor = monitor_new(&air->setup);
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, wire);
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    monitor_free(monitor);
    far_helper_close(&far);
    air_free(air);
    (void)close(wire[0]);
    (void)close(wire[1]);
    return 0;
}

/* As nmsp-radio passes a frame on. */
static void pass(const void *frame, size_t len, uint32_t lost, size_t whole)
{
    const struct helper_frame head = {.lost = lost, .whole = (uint32_t)whole};
    uint8_t message[256];

    memcpy(message, &head, sizeof(head));
    memcpy(message + sizeof(head), frame, len);
    assert_int_equal(send(wire[1], message, sizeof(head) + len, 0), sizeof(head) + len);
}

static void pass_probe(void)
{
    pass(probe, sizeof(probe), 0, sizeof(probe));
}

static void configure(void)
{
    monitor_configure(monitor, &air->scene->settings);
    scene_turn(air->scene);
}

/* As platform.c passes on what nl80211 tells. */
static void interfaces_changed(void)
{
    scene_event(air->scene, NL80211_CMD_SET_INTERFACE, 0, NULL);
    monitor_interfaces_changed(monitor);
    scene_turn(air->scene);
}

static bool is_asked(void)
{
    return far_helper_take(&far, &request);
}

static void answer(int error, int fd)
{
    far_helper_answer(&far, HELPER_MONITOR, error, fd);
    scene_turn(air->scene);
}

static void open_port(void)
{
    configure();
    assert_true(is_asked());
    answer(0, wire[0]);
    (void)air_said(air);
}

#define assert_said(text) assert_string_equal(air_said(air), text)

static void a_socket_is_asked_for_and_its_frames_are_heard(void **state)
{
    (void)state;
    configure();
    assert_true(is_asked());
    assert_int_equal(request.kind, HELPER_MONITOR);
    assert_string_equal(request.ifname, "mon0");
    assert_said("");
    answer(0, wire[0]);
    assert_said("works e\n");
    assert_int_equal(WORKS, 0xe);
    pass_probe();
    scene_turn(air->scene);
    assert_said("sample 05 ap 0 client probe -60 age=0\n");
    assert_int_equal(air_counted(air, "monitor", "frames"), 1);
}

static void without_a_monitor_interface_nothing_is_asked(void **state)
{
    (void)state;
    mon0->present = false;
    scene_event(air->scene, NL80211_CMD_DEL_INTERFACE, 0, NULL);
    configure();
    assert_false(is_asked());
    mon0->present = true;
    mon0->type = NL80211_IFTYPE_STATION;
    interfaces_changed();
    assert_false(is_asked());
    mon0->type = NL80211_IFTYPE_MONITOR;
    interfaces_changed();
    assert_true(is_asked());
}

static void what_is_refused_is_asked_again_less_and_less_often(void **state)
{
    int64_t delay = MONITOR_RETRY_MIN_MS;

    (void)state;
    configure();
    for (int i = 0; i < 8; i++) {
        assert_true(is_asked());
        answer(EPERM, -1);
        scene_advance(air->scene, delay - 1);
        assert_false(is_asked());
        scene_advance(air->scene, 1);
        delay = delay * 2 < MONITOR_RETRY_MAX_MS ? delay * 2 : MONITOR_RETRY_MAX_MS;
    }
    const char *warned = scene_warned(air->scene);
    assert_non_null(strstr(warned, "nmsp-radio does not serve this interface"));
    assert_ptr_equal(strchr(warned, '\n'), strrchr(warned, '\n')); /* one line */
    assert_said("");
}

static void without_a_helper_it_is_said_once_and_tried_again(void **state)
{
    (void)state;
    far_helper_die(&far);
    configure();
    assert_non_null(strstr(scene_warned(air->scene), "nmsp-radio cannot be reached at"));
    scene_advance(air->scene, 100000);
    assert_string_equal(scene_warned(air->scene), "");
    far_helper_listen(&far);
    for (int64_t waited = 0; !is_asked(); waited += 1000) {
        assert_true(waited <= MONITOR_RETRY_MAX_MS);
        scene_advance(air->scene, 1000);
    }
    answer(0, wire[0]);
    assert_said("works e\n");
}

static void an_interface_that_goes_down_is_asked_for_again(void **state)
{
    (void)state;
    open_port();
    failing_at(FAILING_RECV, 1, ENETDOWN);
    pass_probe();
    scene_turn(air->scene);
    assert_said("works 0\n");
    assert_non_null(strstr(scene_warned(air->scene), "the interface is down"));
    scene_advance(air->scene, MONITOR_RETRY_MIN_MS);
    assert_true(is_asked());
    answer(0, wire[0]);
    assert_said("works e\nsample 05 ap 0 client probe -60 age=0\n");
}

static void the_end_of_the_pair_is_the_end_of_the_interface(void **state)
{
    int other[2];

    (void)state;
    open_port();
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, other), 0);
    pass_probe();
    (void)close(wire[1]);
    wire[1] = other[1];
    scene_turn(air->scene);
    assert_said("sample 05 ap 0 client probe -60 age=0\nworks 0\n"); /* what came before counts */
    assert_non_null(strstr(scene_warned(air->scene), "the interface is down"));
    scene_advance(air->scene, MONITOR_RETRY_MIN_MS);
    assert_true(is_asked());
    answer(0, other[0]);
    assert_said("works e\n");
    (void)close(other[0]);
}

static void what_got_lost_on_the_way_is_counted(void **state)
{
    (void)state;
    open_port();
    pass(probe, sizeof(probe), 7, sizeof(probe));
    pass(probe, sizeof(probe), 0, sizeof(probe));
    pass(probe, sizeof(probe), UINT32_MAX, sizeof(probe));
    scene_turn(air->scene);
    assert_int_equal(air_counted(air, "monitor", "frames"), 3);
    assert_int_equal(air_counted(air, "monitor", "lost"), 7 + (uint64_t)UINT32_MAX);
}

static void what_is_no_message_ends_the_pair(void **state)
{
    static const uint8_t longer[sizeof(struct helper_frame) + HELPER_FRAME_MAX + 1];
    static const size_t wrong[] = {1, sizeof(struct helper_frame) - 1, sizeof(longer)};
    int64_t delay = MONITOR_RETRY_MIN_MS;

    (void)state;
    open_port();
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(send(wire[1], longer, wrong[i], 0), wrong[i]);
        scene_turn(air->scene);
        assert_said("works 0\n");
        scene_advance(air->scene, delay);
        delay *= 2;
        assert_true(is_asked());
        answer(0, wire[0]);
        assert_said("works e\n");
    }
    pass(probe, 0, 0, 0); /* no frame in it: malformed, as any that is too short */
    scene_turn(air->scene);
    assert_int_equal(air_counted(air, "monitor", "malformed"), 1);
}

static void a_socket_that_opens_and_breaks_is_asked_for_less_and_less_often(void **state)
{
    int64_t delay = MONITOR_RETRY_MIN_MS;

    (void)state;
    configure();
    for (int i = 0; i < 4; i++) {
        assert_true(is_asked());
        failing_at(FAILING_RECV, 2, EINVAL); /* the first is the helper's reply */
        pass_probe();
        answer(0, wire[0]);
        assert_said("works e\nworks 0\n");
        scene_advance(air->scene, delay - 1);
        assert_false(is_asked());
        scene_advance(air->scene, 1);
        delay *= 2;
    }
}

static void an_interface_that_goes_and_comes_is_opened_anew_at_once(void **state)
{
    (void)state;
    open_port();
    mon0->present = false;
    interfaces_changed();
    assert_said("works 0\n");
    scene_advance(air->scene, 100000);
    assert_false(is_asked());
    mon0->present = true;
    mon0->ifindex = 77;
    interfaces_changed();
    assert_true(is_asked());
    answer(0, wire[0]);
    assert_said("works e\n");
}

static void a_monitor_that_is_not_wanted_any_more_is_closed(void **state)
{
    (void)state;
    open_port();
    air->scene->radios[0].monitor[0] = '\0';
    configure();
    assert_said("works 0\n");
    scene_advance(air->scene, 100000);
    assert_false(is_asked());
    (void)snprintf(air->scene->radios[0].monitor, SETTINGS_IFNAME_SIZE, "mon0");
    air->scene->radios[0].disabled = true;
    configure();
    assert_false(is_asked());
}

static void an_answer_after_the_monitor_was_given_up_opens_nothing(void **state)
{
    (void)state;
    configure();
    assert_true(is_asked());
    air->scene->radios[0].monitor[0] = '\0';
    configure();
    answer(0, wire[0]);
    assert_said("");
}

static void no_turn_reads_more_than_its_share(void **state)
{
    (void)state;
    open_port();
    for (int i = 0; i < MONITOR_FRAMES_PER_TURN + 5; i++)
        pass_probe();
    (void)loop_turn(air->scene->loop, 0);
    assert_int_equal(air_counted(air, "monitor", "frames"), MONITOR_FRAMES_PER_TURN);
    (void)loop_turn(air->scene->loop, 0);
    assert_int_equal(air_counted(air, "monitor", "frames"), MONITOR_FRAMES_PER_TURN + 5);
}

static void counters_of_rogue_clients_are_told_now_and_then(void **state)
{
    static const uint8_t tag[] = {0, 0,    9,    0,    0x20, 0, 0, 0, 0xc4, 0x08, 0, 0,
                                  0, 0x01, 0x40, 0x96, 0,    0, 3, 2, 0,    0,    0, 0,
                                  9, 2,    0,    0,    0,    0, 9, 0, 0,    'x'};

    (void)state;
    open_port();
    pass(tag, sizeof(tag), 0, sizeof(tag) + 100);
    scene_turn(air->scene);
    assert_said("sample 09 ap 0 tag data -60 age=0\ntag 09 ap 0 v=0 seq=0 ch=0 x\n");
    scene_advance(air->scene, MONITOR_STATISTICS_MS);
    assert_said("statistics 09 ap 0 tag rx=1/125 tx=0/0\n");
    scene_advance(air->scene, MONITOR_STATISTICS_MS);
    assert_said("");
}

static void without_memory_there_is_no_monitor(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        failing_malloc_at(n);
        struct monitor *other = monitor_new(&air->setup);
        bool failed = failing_hit();
        failing_reset();
        monitor_free(other);
        if (!failed)
            break;
        assert_null(other);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_socket_is_asked_for_and_its_frames_are_heard),
        TEST(without_a_monitor_interface_nothing_is_asked),
        TEST(what_is_refused_is_asked_again_less_and_less_often),
        TEST(without_a_helper_it_is_said_once_and_tried_again),
        TEST(an_interface_that_goes_down_is_asked_for_again),
        TEST(the_end_of_the_pair_is_the_end_of_the_interface),
        TEST(what_got_lost_on_the_way_is_counted),
        TEST(what_is_no_message_ends_the_pair),
        TEST(a_socket_that_opens_and_breaks_is_asked_for_less_and_less_often),
        TEST(an_interface_that_goes_and_comes_is_opened_anew_at_once),
        TEST(a_monitor_that_is_not_wanted_any_more_is_closed),
        TEST(an_answer_after_the_monitor_was_given_up_opens_nothing),
        TEST(no_turn_reads_more_than_its_share),
        TEST(counters_of_rogue_clients_are_told_now_and_then),
        TEST(without_memory_there_is_no_monitor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
