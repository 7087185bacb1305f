/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/agent_internal.h"
#include "tests/unit/agent-bed.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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
    struct peer_status peer = scene_peer_at(context, 0);

    return peer.phase == PEER_BACKOFF && peer.diagnosis.code == DIAGNOSIS_CLOCK_NOT_SET;
}

static bool is_dialled(void *context)
{
    return scene_peer_at(context, 0).phase == PEER_HANDSHAKE;
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

/* --- the end of certificates --- */

static int set_up_with_a_clock(void **state)
{
    int status = set_up(state);

    loop_jump_wall(((struct scene *)*state)->bed->loop, DECADES_MS);
    return status;
}

static void the_earliest_end_counts(void **state)
{
    struct scene *s = *state;
    const struct loop_timer *timer;

    scene_start(s, scene_base_settings());
    timer = &s->agent->dates_timer;
    assert_false(loop_timer_running(timer)); /* nobody is there */
    int64_t second = loop_wall(s->bed->loop) / 1000;
    int64_t rest = 1000 - loop_wall(s->bed->loop) % 1000;
    agent_clock_until(s->agent, second + 100);
    assert_int_equal(timer->at - loop_now(s->bed->loop), 100 * 1000 + rest);
    agent_clock_until(s->agent, second + 200);
    assert_int_equal(timer->at - loop_now(s->bed->loop), 100 * 1000 + rest);
    agent_clock_until(s->agent, second + 2);
    assert_int_equal(timer->at - loop_now(s->bed->loop), 2 * 1000 + rest);
    agent_clock_until(s->agent, 253402300799); /* 9999-12-31: there is no end */
    loop_advance(s->bed->loop, 5000);
    assert_false(loop_timer_running(timer)); /* and nobody was there */
    agent_clock_until(s->agent, 253402300799);
    assert_true(timer->at > INT64_C(200000000000000));
    loop_jump_wall(s->bed->loop, -1000);
    scene_turn(s);
    assert_false(loop_timer_running(timer));
}

enum { ROUNDS = 30, ROUNDS_FULL = 200, OPERATIONS = 4, BOTH = 2 };

static uint64_t seed = 20261201;

static int64_t any_of(int64_t count)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((seed >> 33) % (uint64_t)count);
}

static bool may_be_here(const struct scene *s, const bool listed[BOTH], unsigned who)
{
    const struct certificate_info *peer =
        tls_identity_info(far_identity(who == 0 ? FAR_SERVER : FAR_OTHER_SERVER));
    int64_t second = loop_wall(s->bed->loop) / 1000;

    return listed[who] && diagnosis_clock_is_set(second, ntp_state) && second >= peer->not_before &&
           second <= peer->not_after;
}

/* By a clock that goes astray, either way, by less than is told. */
static bool might_be_here(const struct scene *s, const bool listed[BOTH], unsigned who)
{
    bool may = false;

    for (int i = 0; i < 2; i++) {
        int64_t ms = i == 0 ? LOOP_CLOCK_SET_MS : -LOOP_CLOCK_SET_MS;
        loop_jump_wall(s->bed->loop, ms);
        may = may || may_be_here(s, listed, who);
        loop_jump_wall(s->bed->loop, -ms);
    }
    return may;
}

static bool is_here(const struct scene *s, bool inbound)
{
    for (size_t i = 0; i < scene_peer_count(s); i++) {
        struct peer_status peer = scene_peer_at(s, i);
        if (peer.inbound == inbound && peer.phase == PEER_ACTIVE)
            return true;
    }
    return false;
}

/* Both, one, or nobody because of what is missing around the users. */
static void change_list(struct scene *s, bool listed[BOTH])
{
    struct settings *settings = scene_with_listener(s, scene_with_server(s));
    int64_t what = any_of(6);

    listed[0] = what != 1 && what < 3;
    listed[1] = what != 2 && what < 3;
    for (unsigned i = 0; i < BOTH; i++)
        if (what < 3 && !listed[i])
            settings->aaa.users[i].mac = far_macs[FAR_OURS];
    if (what == 3)
        settings->aaa.new_model = false;
    else if (what == 4)
        settings->aaa.method_list_count = 0;
    else if (what == 5)
        settings->aaa.attribute_list_count = 0;
    agent_configure(s->agent, settings);
}

static void set_clock(struct scene *s, int64_t wall)
{
    loop_jump_wall(s->bed->loop, wall - loop_wall(s->bed->loop));
}

/* Something happens to the clock or to the list. */
static void operate(struct scene *s, bool listed[BOTH])
{
    static const int64_t first = INT64_C(946684800000), /* 2000 */
        set = INT64_C(1767225600000),                   /* 2026 */
        end = INT64_C(253402300800000);                 /* 10000 */

    switch (any_of(10)) {
    case 0:
        set_clock(s, any_of(2 * end));
        break;
    case 1:
        set_clock(s, end - 3000 + any_of(3500));
        break;
    case 2:
        set_clock(s, (any_of(2) == 0 ? first : set) - 500 + any_of(1000));
        break;
    case 3:
        loop_jump_wall(s->bed->loop, any_of(8000) - 4000);
        break;
    case 4:
        loop_jump_wall(s->bed->loop, any_of(300) - 150);
        break;
    case 5:
        change_list(s, listed);
        break;
    default:
        loop_advance(s->bed->loop, any_of(1500));
        break;
    }
    scene_turn(s);
}

static void both_are_here(struct scene *s)
{
    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);
}

static void all_are_gone(struct scene *s)
{
    int fd;

    agent_free(s->agent);
    s->agent = NULL;
    while (s->end_count > 0)
        far_free(s->ends[--s->end_count]);
    while ((fd = accept(s->listener, NULL, NULL)) >= 0)
        (void)close(fd);
    s->lines = 0;
}

/*
 * Whatever happens to clock and list, in any order: who may not be here is not here, and who was
 * always allowed to be still is. A clock that goes astray by less than is told may be as much late.
 */
static void no_session_outlives_what_it_was_let_in_for(void **state)
{
    struct scene *s = *state;
    int64_t start = loop_wall(s->bed->loop);
    unsigned rounds = getenv("NMSPD_TEST_FULL") != NULL ? ROUNDS_FULL : ROUNDS;
    unsigned ended = 0;

    for (unsigned round = 0; round < rounds; round++) {
        bool listed[BOTH] = {true, true};
        bool stays[BOTH] = {true, true};
        set_clock(s, start);
        both_are_here(s);
        for (unsigned i = 0; i < OPERATIONS; i++) {
            operate(s, listed);
            for (unsigned who = 0; who < BOTH; who++) {
                bool may = may_be_here(s, listed, who);
                bool is = is_here(s, who == 1);
                stays[who] = stays[who] && may;
                if (stays[who])
                    assert_true(is);
                if (is && !may)
                    assert_true(might_be_here(s, listed, who));
            }
        }
        ended += (stays[0] ? 0u : 1u) + (stays[1] ? 0u : 1u);
        all_are_gone(s);
    }
    assert_in_range(ended, rounds / 4, rounds * 2 - rounds / 4); /* both happens often */
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
#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, set_up_with_a_clock, scene_tear_down)
        TEST(the_earliest_end_counts),
        TEST(no_session_outlives_what_it_was_let_in_for),
#undef TEST
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
