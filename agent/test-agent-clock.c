/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/agent_internal.h"
#include "tests/unit/agent-bed.h"

#define DECADES_MS (80LL * 365 * 86400 * 1000)

static enum diagnosis_ntp ntp_state;

static enum diagnosis_ntp tell_ntp(void)
{
    return ntp_state;
}

/* With a clock of many years ago that nothing keeps. */
static int set_up(void **state)
{
    int status = scene_set_up(state);
    struct scene *s = *state;

    s->ntp = tell_ntp;
    ntp_state = DIAGNOSIS_NTP_FREE;
    loop_jump_wall(s->bed->loop, -DECADES_MS);
    return status;
}

static bool is_looking(const struct scene *s)
{
    return loop_timer_running(&s->agent->clock_timer);
}

static bool is_held_off(void *context)
{
    struct state_peer peer = scene_peer_at(context, 0);

    return peer.phase == STATE_BACKOFF && peer.diagnosis.code == DIAGNOSIS_CLOCK_NOT_SET;
}

static bool is_dialled(void *context)
{
    return scene_peer_at(context, 0).phase == STATE_HANDSHAKE;
}

/* Three times, so that the next try by itself is seconds away. */
static void be_held_off(struct scene *s)
{
    struct settings *settings = scene_with_server(s);

    settings->aaa.user_count = 1; /* not the other server */
    scene_start(s, settings);
    for (unsigned i = 0; i < 3; i++) {
        loop_advance(s->bed->loop, i == 0 ? 0 : scene_peer_at(s, 0).next_attempt);
        (void)scene_take_call(s, FAR_SERVER);
        scene_run_until(s, is_held_off);
    }
    assert_true(scene_peer_at(s, 0).next_attempt > 2000);
    assert_int_equal(scene_peer_at(s, 0).attempts, 3);
}

static void nobody_looks_at_the_clock_while_nobody_waits_for_it(void **state)
{
    struct scene *s = *state;

    loop_jump_wall(s->bed->loop, DECADES_MS);
    scene_start(s, scene_with_server(s));
    assert_false(is_looking(s));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    assert_false(is_looking(s));
}

static void a_server_that_was_held_off_is_dialled_when_the_clock_jumps(void **state)
{
    struct scene *s = *state;

    be_held_off(s);
    assert_true(is_looking(s));
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(scene_peer_at(s, 0).attempts, 3); /* it is not set yet */
    assert_true(is_looking(s));
    loop_jump_wall(s->bed->loop, DECADES_MS);
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(scene_peer_at(s, 0).attempts, 4);
    assert_int_equal(scene_said("the clock is set now: 1 server held off"), 1);
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    assert_false(is_looking(s));
    assert_int_equal(scene_said("the clock is set now"), 1);
}

/* Whatever it shows: who keeps it knows better. Then the dates are judged by it. */
static void a_clock_that_begins_to_be_kept_is_set(void **state)
{
    struct scene *s = *state;

    be_held_off(s);
    ntp_state = DIAGNOSIS_NTP_SYNCHRONISED;
    loop_advance(s->bed->loop, 1000);
    scene_run_until(s, is_dialled);
    assert_int_equal(scene_said("the clock is set now"), 1);
    assert_false(is_looking(s));
}

static void a_pause_after_it_is_as_short_as_the_first(void **state)
{
    struct scene *s = *state;

    be_held_off(s);
    loop_jump_wall(s->bed->loop, DECADES_MS);
    loop_advance(s->bed->loop, 1000);
    (void)scene_take_call(s, FAR_OTHER_SERVER);
    scene_run_until(s, scene_last_end_is_closed);
    assert_int_equal(scene_peer_at(s, 0).diagnosis.code, DIAGNOSIS_UNKNOWN_MAC);
    assert_true(scene_peer_at(s, 0).next_attempt <= 1250);
    assert_false(is_looking(s));
}

static void stopping_ends_the_looking(void **state)
{
    struct scene *s = *state;
    struct settings *off = scene_with_server(s);

    be_held_off(s);
    off->enabled = false;
    agent_configure(s->agent, off);
    loop_jump_wall(s->bed->loop, DECADES_MS);
    loop_advance(s->bed->loop, 1000);
    assert_false(is_looking(s));
    assert_int_equal(scene_peer_at(s, 0).attempts, 3);
    assert_int_equal(scene_said("the clock is set now"), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, scene_tear_down)
        TEST(nobody_looks_at_the_clock_while_nobody_waits_for_it),
        TEST(a_server_that_was_held_off_is_dialled_when_the_clock_jumps),
        TEST(a_clock_that_begins_to_be_kept_is_set),
        TEST(a_pause_after_it_is_as_short_as_the_first),
        TEST(stopping_ends_the_looking),
#undef TEST
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
