/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/subscription.h"

#include "tests/unit/failing.h"
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define MS         WIRE_BIT(WIRE_RSSI_MS)
#define ASSOCIATED WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY)
#define AP_INFO    WIRE_BIT(WIRE_AP_INFO)
#define AP_MONITOR WIRE_BIT(WIRE_AP_MONITOR)
#define STATS      WIRE_BIT(WIRE_STATS_MS)
#define ON_DEMAND  WIRE_BIT(WIRE_ON_DEMAND)

/* A subscription whose session is the test. */
struct subscriber {
    struct subscription subscription;
    bool full; /* its output has no room */
    uint64_t missed;
    unsigned measurements;
    unsigned aps;
    unsigned statistics;
    uint8_t answer[512]; /* the last Subscribe Response */
    size_t body_len;     /* of it; 0: nothing was put */
    struct wire_message response;
};

struct state {
    struct bed *bed;
    struct bed_peer *peer; /* of the tests that have a session */
    struct subscriber one;
    struct subscriber other;
};

static bool has_room(void *context)
{
    return !((struct subscriber *)context)->full;
}

static bool deliver(void *context, uint16_t id, const uint8_t *body, size_t len)
{
    struct subscriber *s = context;

    (void)body;
    assert_true(len > 0);
    if (s->full)
        return false;
    s->measurements += id == WIRE_MEASUREMENT_NOTIFICATION ? 1 : 0;
    s->statistics += id == WIRE_STATISTICS_NOTIFICATION ? 1 : 0;
    s->aps += id == WIRE_AP_INFO_NOTIFICATION ? 1 : 0;
    return true;
}

static void begin(struct bed *bed, struct subscriber *s)
{
    *s = (struct subscriber){.full = false};
    subscription_init(
        &s->subscription, bed->engine, bed->views,
        &(struct view_member){
            .deliver = deliver, .has_room = has_room, .missed = &s->missed, .context = s});
}

static int set_up(void **state)
{
    static struct state s;

    failing_reset();
    s.peer = NULL;
    s.bed = bed_new(64, 8);
    bed_ap(s.bed, 0);
    bed_ap(s.bed, 1);
    begin(s.bed, &s.one);
    begin(s.bed, &s.other);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct state *s = *state;

    failing_reset();
    if (s->peer != NULL)
        bed_peer_free(s->peer);
    subscription_end(&s->one.subscription);
    subscription_end(&s->other.subscription);
    bed_free(s->bed);
    return 0;
}

/* --- subscribing ----------------------------------------------------------------------------- */

struct said {
    uint64_t services;
    const struct mac *devices; /* NULL: no filter */
    size_t device_count;
    struct wire_interval intervals[4];
    size_t interval_count;
};

static uint16_t take(struct subscriber *s, const struct said *said)
{
    static uint8_t frame[WIRE_MESSAGE_MAX];
    struct writer w = writer_of(frame, sizeof(frame));
    size_t opened = wire_begin(&w, WIRE_SUBSCRIBE_REQUEST, 0, 1);
    struct wire_message message;

    wire_put_services(&w, said->services);
    if (said->devices != NULL)
        wire_device_filter_put(
            &w, &(struct wire_device_filter){{(const uint8_t *)said->devices,
                                              said->device_count * sizeof(*said->devices),
                                              said->device_count}});
    for (size_t i = 0; i < said->interval_count; i++)
        wire_interval_put(&w, &said->intervals[i]);
    assert_true(wire_end(&w, opened));
    assert_int_equal(wire_decode(frame, w.used, &message), WIRE_OK);

    struct writer body = writer_of(s->answer + WIRE_HEADER_SIZE, sizeof(s->answer) - 12);
    uint16_t result = subscription_take(&s->subscription, &message, &body);
    s->body_len = body.used;
    assert_false(body.failed);
    return result;
}

static uint16_t take_services(struct subscriber *s, uint64_t services)
{
    return take(s, &(struct said){.services = services});
}

static const struct wire_message *response(struct subscriber *s)
{
    wire_header_put(s->answer, WIRE_SUBSCRIBE_RESPONSE, 0, 1, s->body_len);
    assert_int_equal(wire_decode(s->answer, WIRE_HEADER_SIZE + s->body_len, &s->response), WIRE_OK);
    assert_int_equal(s->response.result.code, WIRE_RESULT_OK);
    return &s->response;
}

/* Seconds told for this bit, -1: none. */
static int told_interval(struct subscriber *s, uint8_t bit)
{
    struct wire_walk walk = wire_walk_of(response(s));
    struct wire_element element;
    int seconds = -1;

    while (wire_next(&walk, &element)) {
        if (element.type != WIRE_ELEMENT_INTERVAL || element.interval.bit != bit)
            continue;
        assert_int_equal(seconds, -1); /* once for each bit */
        seconds = element.interval.seconds;
    }
    return seconds;
}

static void granted_is_what_was_asked_and_is_offered(void **state)
{
    struct state *s = *state;

    assert_int_equal(take_services(&s->one, MS | WIRE_BIT(WIRE_INFO_MS) | WIRE_BIT(63)),
                     WIRE_RESULT_OK);
    assert_int_equal(response(&s->one)->services.mask, MS);
    assert_int_equal(s->one.subscription.granted, MS);
    assert_int_equal(take_services(&s->one, ~UINT64_C(0)), WIRE_RESULT_OK);
    assert_int_equal(s->one.subscription.granted, engine_offered(s->bed->engine));
}

static void nothing_is_granted_without_a_radio(void **state)
{
    struct state *s = *state;

    bed_ap_gone(s->bed, 0);
    bed_ap_gone(s->bed, 1);
    assert_int_equal(take_services(&s->one, MS), WIRE_RESULT_OK);
    assert_int_equal(response(&s->one)->services.mask, 0);
    assert_int_equal(views_count(s->bed->views), 0);
}

static void every_granted_bit_that_has_an_interval_is_told_with_it(void **state)
{
    struct state *s = *state;

    assert_int_equal(take_services(&s->one, ~UINT64_C(0)), WIRE_RESULT_OK);
    for (unsigned bit = 0; bit < 64; bit++) {
        bool has_one = bit == WIRE_RSSI_MS || bit == WIRE_RSSI_MS_ASSOCIATED_ONLY;
        assert_int_equal(told_interval(&s->one, (uint8_t)bit), has_one ? 2 : -1);
    }
    assert_int_equal(take_services(&s->one, ASSOCIATED | AP_INFO), WIRE_RESULT_OK);
    assert_int_equal(told_interval(&s->one, WIRE_RSSI_MS), -1);
    assert_int_equal(told_interval(&s->one, WIRE_RSSI_MS_ASSOCIATED_ONLY), 2);
    assert_int_equal(take_services(&s->one, 0), WIRE_RESULT_OK);
    assert_int_equal(told_interval(&s->one, WIRE_RSSI_MS), -1);
}

static void the_larger_of_asked_and_configured_applies_and_an_hour_at_most(void **state)
{
    static const struct {
        uint16_t configured;
        uint16_t asked;
        int applies;
    } cases[] = {{2, 0, 2}, {2, 1, 2},       {2, 2, 2},       {2, 3, 3},
                 {5, 3, 5}, {2, 3600, 3600}, {2, 3601, 3600}, {2, 65535, 3600}};
    struct state *s = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        views_configure(s->bed->views, &(struct settings_intervals){cases[i].configured, 2, 2, 2});
        assert_int_equal(take(&s->one, &(struct said){.services = MS,
                                                      .intervals = {{WIRE_RSSI_MS, cases[i].asked}},
                                                      .interval_count = 1}),
                         WIRE_RESULT_OK);
        assert_int_equal(told_interval(&s->one, WIRE_RSSI_MS), cases[i].applies);
    }
}

static void an_interval_for_what_is_not_granted_is_not_told(void **state)
{
    struct state *s = *state;

    assert_int_equal(
        take(&s->one,
             &(struct said){.services = MS | WIRE_BIT(WIRE_RSSI_ROGUE),
                            .intervals = {{WIRE_RSSI_ROGUE, 50}, {WIRE_AP_MONITOR, 50}, {200, 50}},
                            .interval_count = 3}),
        WIRE_RESULT_OK);
    assert_int_equal(told_interval(&s->one, WIRE_RSSI_ROGUE), -1);
    assert_int_equal(told_interval(&s->one, WIRE_AP_MONITOR), -1);
    assert_int_equal(told_interval(&s->one, 200), -1);
    assert_int_equal(told_interval(&s->one, WIRE_RSSI_MS), 2);
}

/* --- one subscription takes the place of another --------------------------------------------- */

static void a_new_subscription_takes_the_place_of_the_old_one(void **state)
{
    struct state *s = *state;

    for (int i = 0; i < 7; i++) {
        assert_int_equal(take_services(&s->one, i % 2 == 0 ? MS : ASSOCIATED | AP_INFO),
                         WIRE_RESULT_OK);
        assert_int_equal(views_count(s->bed->views), 1);
        assert_true(subscription_behind(&s->one.subscription));
        assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
        assert_false(subscription_behind(&s->one.subscription));
    }
}

static void subscribing_the_same_again_tells_everything_again(void **state)
{
    struct state *s = *state;

    bed_hear(s->bed, 1, 0, -50);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(take_services(&s->one, MS), WIRE_RESULT_OK);
        assert_true(subscription_behind(&s->one.subscription));
        assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
        assert_int_equal(s->one.measurements, i);
    }
    assert_int_equal(views_count(s->bed->views), 1);
}

static void the_old_view_tells_nothing_any_more(void **state)
{
    struct state *s = *state;
    const struct mac stranger[] = {bed_mac(99)};

    assert_int_equal(take_services(&s->one, MS), WIRE_RESULT_OK);
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    bed_hear(s->bed, 1, 0, -50);
    assert_int_equal(
        take(&s->one, &(struct said){.services = MS, .devices = stranger, .device_count = 1}),
        WIRE_RESULT_OK);
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    loop_advance(s->bed->loop, 60000);
    assert_int_equal(s->one.measurements, 0);
}

static void equal_subscriptions_share_a_view_and_leave_it_one_by_one(void **state)
{
    struct state *s = *state;

    assert_int_equal(take_services(&s->one, MS), WIRE_RESULT_OK);
    assert_int_equal(take_services(&s->other, MS), WIRE_RESULT_OK);
    assert_int_equal(views_count(s->bed->views), 1);
    assert_int_equal(take_services(&s->other, MS | AP_INFO), WIRE_RESULT_OK);
    assert_int_equal(views_count(s->bed->views), 2);
    subscription_end(&s->other.subscription);
    assert_int_equal(views_count(s->bed->views), 1);
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(s->one.measurements, 1);
    assert_int_equal(s->other.measurements, 0);
}

static void a_granted_zero_leaves_no_view(void **state)
{
    struct state *s = *state;

    assert_int_equal(take_services(&s->one, MS), WIRE_RESULT_OK);
    assert_int_equal(take_services(&s->one, 0), WIRE_RESULT_OK);
    assert_int_equal(views_count(s->bed->views), 0);
    assert_int_equal(s->one.subscription.granted, 0);
    assert_false(subscription_behind(&s->one.subscription));
    assert_int_equal(take_services(&s->one, MS), WIRE_RESULT_OK);
    assert_int_equal(views_count(s->bed->views), 1);
}

static void ending_twice_does_no_harm(void **state)
{
    struct state *s = *state;

    subscription_end(&s->one.subscription);
    assert_int_equal(take_services(&s->one, MS), WIRE_RESULT_OK);
    subscription_end(&s->one.subscription);
    subscription_end(&s->one.subscription);
    assert_int_equal(s->one.subscription.granted, 0);
    assert_int_equal(views_count(s->bed->views), 0);
}

static void what_is_not_told_for_want_of_room_is_behind(void **state)
{
    struct state *s = *state;

    s->one.full = true;
    bed_hear(s->bed, 1, 0, -50);
    assert_int_equal(take_services(&s->one, MS), WIRE_RESULT_OK);
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_PENDING);
    assert_true(subscription_behind(&s->one.subscription));
    loop_advance(s->bed->loop, 6000);
    assert_int_equal(s->one.missed, 3); /* one for each tick */
    s->one.full = false;
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    assert_false(subscription_behind(&s->one.subscription));
    assert_int_equal(s->one.measurements, 1);
}

/* Ticks that nobody took are made up for when somebody is in step again, but not from inside the
 * flush of the session that has drained. */
static void what_is_owed_is_told_later_in_the_turn_in_which_a_session_has_drained(void **state)
{
    struct state *s = *state;

    bed_works(s->bed, RADIO_CAN_CLIENTS);
    bed_join(s->bed, 1, 0);
    bed_statistics(s->bed, WIRE_CLASS_CLIENT, 1, 0, 1000);
    s->one.full = true;
    assert_int_equal(take_services(&s->one, MS | AP_MONITOR | STATS), WIRE_RESULT_OK);
    loop_advance(s->bed->loop, 60000);
    assert_int_equal(s->one.aps + s->one.statistics, 0);
    s->one.full = false;
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    assert_int_equal(s->one.aps + s->one.statistics, 0);
    bed_turn(s->bed);
    assert_int_equal(s->one.aps, 1);
    assert_int_equal(s->one.statistics, 1);
    bed_turn(s->bed);
    assert_int_equal(s->one.aps + s->one.statistics, 2);
}

static void who_leaves_before_it_is_told_what_is_owed_is_told_nothing(void **state)
{
    struct state *s = *state;

    s->one.full = true;
    assert_int_equal(take_services(&s->one, MS | AP_MONITOR), WIRE_RESULT_OK);
    loop_advance(s->bed->loop, 120000);
    s->one.full = false;
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    subscription_end(&s->one.subscription);
    bed_turn(s->bed);
    assert_int_equal(s->one.aps, 0);
}

static void who_missed_a_message_about_aps_is_told_no_device_again(void **state)
{
    struct state *s = *state;

    assert_int_equal(take_services(&s->one, MS | AP_INFO), WIRE_RESULT_OK);
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(s->one.measurements, 1);
    s->one.full = true;
    bed_ap(s->bed, 2);
    bed_turn(s->bed);
    assert_true(subscription_behind(&s->one.subscription));
    s->one.full = false;
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    assert_int_equal(s->one.measurements, 1);
    assert_int_equal(s->one.aps, 2);
}

static void who_was_told_a_departure_as_it_drained_is_not_told_it_again(void **state)
{
    struct state *s = *state;

    for (uint32_t n = 1; n <= 2; n++) {
        bed_join(s->bed, n, 0);
        bed_hear(s->bed, n, 0, -50);
    }
    assert_int_equal(take_services(&s->one, MS), WIRE_RESULT_OK);
    assert_int_equal(take_services(&s->other, MS), WIRE_RESULT_OK);
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    assert_int_equal(view_sync(s->other.subscription.member), VIEW_SYNCED);
    loop_advance(s->bed->loop, 4000);
    s->one.full = true;
    bed_hear(s->bed, 1, 0, -60);
    loop_advance(s->bed->loop, 2000);
    bed_leave(s->bed, 2, 0);
    s->one.full = false;
    s->one.measurements = s->other.measurements = 0;
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    assert_int_equal(s->one.measurements, 2); /* the departure, and what it missed */
    assert_int_equal(s->other.measurements, 1);
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(s->one.measurements, 2);
    assert_int_equal(s->other.measurements, 1);
}

/* Another member is told all of them, so that the ring is not what keeps them. */
static enum view_sync_result miss_departures(uint32_t count)
{
    struct bed *bed = bed_new(6000, 2);
    struct subscriber slow;
    struct subscriber quick;

    bed_ap(bed, 0);
    begin(bed, &slow);
    begin(bed, &quick);
    for (uint32_t n = 0; n < count; n++) {
        bed_join(bed, n, 0);
        bed_hear(bed, n, 0, -50);
    }
    assert_int_equal(take_services(&slow, MS), WIRE_RESULT_OK);
    assert_int_equal(take_services(&quick, MS), WIRE_RESULT_OK);
    assert_int_equal(view_sync(slow.subscription.member), VIEW_SYNCED);
    assert_int_equal(view_sync(quick.subscription.member), VIEW_SYNCED);
    loop_advance(bed->loop, 4000);
    slow.full = true;
    for (uint32_t n = 0; n < count; n++)
        bed_leave(bed, n, 0);
    loop_advance(bed->loop, 4000);
    slow.full = false;
    enum view_sync_result result = view_sync(slow.subscription.member);
    subscription_end(&slow.subscription);
    subscription_end(&quick.subscription);
    bed_free(bed);
    return result;
}

static void exactly_so_many_departures_as_are_remembered_may_be_missed(void **state)
{
    (void)state;
    assert_int_equal(miss_departures(4096), VIEW_SYNCED);
    assert_int_equal(miss_departures(4097), VIEW_LOST);
}

/* --- withdrawing ----------------------------------------------------------------------------- */

static void what_is_no_longer_offered_is_withdrawn_and_the_rest_goes_on(void **state)
{
    struct state *s = *state;

    assert_int_equal(take_services(&s->one, MS | AP_INFO), WIRE_RESULT_OK);
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    assert_int_equal(s->one.aps, 1);
    subscription_withdraw(&s->one.subscription, AP_INFO | ON_DEMAND);
    assert_int_equal(s->one.subscription.granted, AP_INFO);
    bed_hear(s->bed, 1, 0, -50);
    bed_ap(s->bed, 2);
    loop_advance(s->bed->loop, 10000);
    assert_int_equal(s->one.measurements, 0);
    assert_int_equal(s->one.aps, 2);
    subscription_withdraw(&s->one.subscription, 0);
    assert_int_equal(s->one.subscription.granted, 0);
    bed_ap(s->bed, 3);
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(s->one.aps, 2);
}

static void withdrawing_without_a_subscription_does_no_harm(void **state)
{
    struct state *s = *state;

    subscription_withdraw(&s->one.subscription, 0);
    assert_int_equal(s->one.subscription.granted, 0);
}

/* --- refusals leave the old subscription ----------------------------------------------------- */

static void expect_first_subscription(struct state *s, const struct view *view)
{
    assert_int_equal(s->one.body_len, 0);
    assert_int_equal(s->one.subscription.granted, MS | AP_INFO);
    assert_ptr_equal(s->one.subscription.member->view, view);
    assert_false(subscription_behind(&s->one.subscription));
    assert_int_equal(views_count(s->bed->views), 1);
}

static void a_filter_that_is_too_long_leaves_the_old_subscription(void **state)
{
    static const struct mac many[WIRE_FILTER_MAX + 1];
    struct state *s = *state;

    assert_int_equal(take_services(&s->one, MS | AP_INFO), WIRE_RESULT_OK);
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    assert_int_equal(take(&s->one, &(struct said){.services = ASSOCIATED,
                                                  .devices = many,
                                                  .device_count = WIRE_FILTER_MAX + 1}),
                     WIRE_RESULT_OUT_OF_RESOURCES);
    expect_first_subscription(s, s->one.subscription.member->view);
}

static void without_memory_the_old_subscription_stays_and_works(void **state)
{
    struct state *s = *state;
    const struct mac filter[] = {bed_mac(1), bed_mac(2)};
    unsigned n = 1;

    assert_int_equal(take_services(&s->one, MS | AP_INFO), WIRE_RESULT_OK);
    assert_int_equal(view_sync(s->one.subscription.member), VIEW_SYNCED);
    const struct view *view = s->one.subscription.member->view;
    for (;; n++) {
        failing_malloc_at(n);
        uint16_t result =
            take(&s->one, &(struct said){.services = MS, .devices = filter, .device_count = 2});
        bool failed = failing_hit();
        failing_reset();
        assert_int_equal(result, failed ? WIRE_RESULT_OUT_OF_RESOURCES : WIRE_RESULT_OK);
        if (!failed)
            break;
        expect_first_subscription(s, view);
        unsigned before = s->one.measurements;
        bed_hear(s->bed, 7, 0, (int8_t)(-40 - (int)n));
        loop_advance(s->bed->loop, 2000);
        assert_int_equal(s->one.measurements, before + 1);
    }
    assert_true(n > 8); /* filter and view have that many parts */
    assert_int_equal(s->one.subscription.granted, MS);
    assert_int_equal(views_count(s->bed->views), 1);
}

static void without_memory_a_first_subscription_leaves_none(void **state)
{
    struct state *s = *state;

    for (unsigned n = 1;; n++) {
        failing_malloc_at(n);
        uint16_t result = take_services(&s->one, MS);
        bool failed = failing_hit();
        failing_reset();
        if (!failed)
            break;
        assert_int_equal(result, WIRE_RESULT_OUT_OF_RESOURCES);
        assert_int_equal(s->one.subscription.granted, 0);
        assert_int_equal(views_count(s->bed->views), 0);
        assert_false(subscription_behind(&s->one.subscription));
    }
    assert_int_equal(views_count(s->bed->views), 1);
}

/* --- in a session ---------------------------------------------------------------------------- */

static void a_session_without_memory_answers_so_and_goes_on_as_before(void **state)
{
    struct state *s = *state;
    struct bed_peer *peer = s->peer = bed_active_peer(s->bed);
    const struct mac filter[] = {bed_mac(1)};
    struct bed_ask ask = {.id = WIRE_SUBSCRIBE_REQUEST,
                          .transaction = 5,
                          .services = MS,
                          .devices = filter,
                          .device_count = 1};
    unsigned n = 1;

    bed_say_services(peer, WIRE_SUBSCRIBE_REQUEST, 4, MS | AP_INFO);
    for (;; n++) {
        failing_malloc_at(n);
        bed_ask(peer, &ask);
        bool failed = failing_hit();
        failing_reset();
        struct wire_message answer = bed_last(peer, WIRE_SUBSCRIBE_RESPONSE);
        assert_int_equal(answer.header.transaction, 5);
        assert_false(peer->closed);
        if (!failed)
            break;
        assert_int_equal(answer.result.code, WIRE_RESULT_OUT_OF_RESOURCES);
        assert_int_equal(answer.services.mask, MS | AP_INFO); /* what still applies */
        bed_hear(s->bed, 50 + n, 0, -60);
        loop_advance(s->bed->loop, 2000);
        struct mac heard = bed_mac(50 + n);
        assert_non_null(belief_find(&peer->belief, &heard));
    }
    assert_true(n > 8);
    assert_int_equal(session_granted(peer->session), MS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(granted_is_what_was_asked_and_is_offered),
        TEST(nothing_is_granted_without_a_radio),
        TEST(every_granted_bit_that_has_an_interval_is_told_with_it),
        TEST(the_larger_of_asked_and_configured_applies_and_an_hour_at_most),
        TEST(an_interval_for_what_is_not_granted_is_not_told),
        TEST(a_new_subscription_takes_the_place_of_the_old_one),
        TEST(subscribing_the_same_again_tells_everything_again),
        TEST(the_old_view_tells_nothing_any_more),
        TEST(equal_subscriptions_share_a_view_and_leave_it_one_by_one),
        TEST(a_granted_zero_leaves_no_view),
        TEST(ending_twice_does_no_harm),
        TEST(what_is_not_told_for_want_of_room_is_behind),
        TEST(what_is_owed_is_told_later_in_the_turn_in_which_a_session_has_drained),
        TEST(who_missed_a_message_about_aps_is_told_no_device_again),
        TEST(who_was_told_a_departure_as_it_drained_is_not_told_it_again),
        cmocka_unit_test(exactly_so_many_departures_as_are_remembered_may_be_missed),
        TEST(who_leaves_before_it_is_told_what_is_owed_is_told_nothing),
        TEST(what_is_no_longer_offered_is_withdrawn_and_the_rest_goes_on),
        TEST(withdrawing_without_a_subscription_does_no_harm),
        TEST(a_filter_that_is_too_long_leaves_the_old_subscription),
        TEST(without_memory_the_old_subscription_stays_and_works),
        TEST(without_memory_a_first_subscription_leaves_none),
        TEST(a_session_without_memory_answers_so_and_goes_on_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
