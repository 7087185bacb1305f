/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#define MS         WIRE_BIT(WIRE_RSSI_MS)
#define ASSOCIATED WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY)
#define AP_INFO    WIRE_BIT(WIRE_AP_INFO)
#define AP_MONITOR WIRE_BIT(WIRE_AP_MONITOR)
#define ON_DEMAND  WIRE_BIT(WIRE_ON_DEMAND)

struct state {
    struct bed *bed;
    struct bed_peer *peer;
};

static int set_up(void **state)
{
    static struct state s;

    s.bed = bed_new(64, 20);
    bed_ap(s.bed, 0);
    bed_ap(s.bed, 1);
    s.peer = bed_active_peer(s.bed);
    *state = &s;
    return 0;
}

static int set_up_silent(void **state)
{
    static struct state s;

    s.bed = bed_new(64, 20);
    bed_ap(s.bed, 0);
    s.peer = bed_peer_new(s.bed);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct state *s = *state;

    bed_peer_free(s->peer);
    bed_free(s->bed);
    return 0;
}

static void subscribe(struct bed_peer *peer, uint64_t services)
{
    bed_say_services(peer, WIRE_SUBSCRIBE_REQUEST, 77, services);
    assert_int_equal(bed_last(peer, WIRE_SUBSCRIBE_RESPONSE).result.code, WIRE_RESULT_OK);
}

static const struct belief_device *believed(const struct bed_peer *peer, uint32_t device)
{
    struct mac mac = bed_mac(device);
    return belief_find(&peer->belief, &mac);
}

/* --- capability ------------------------------------------------------------------------------ */

static void the_agent_says_capability_first_and_numbers_it_one(void **state)
{
    struct state *s = *state;
    struct wire_message m = bed_last(s->peer, WIRE_CAPABILITY_NOTIFICATION);
    struct mac base = {{0x00, 0xaa, 0, 0, 0, 1}};

    assert_int_equal(s->peer->log[0].id, WIRE_CAPABILITY_NOTIFICATION);
    assert_int_equal(s->peer->log[0].transaction, 1);
    assert_true(mac_equal(&m.sender_id.mac, &base));
    assert_int_equal(m.services.mask, MS | ASSOCIATED | AP_MONITOR | ON_DEMAND | AP_INFO);
    assert_int_equal(m.timestamp.ms, 1800000000000);
}

static void a_peer_without_capability_is_closed_after_ten_seconds(void **state)
{
    struct state *s = *state;
    loop_advance(s->bed->loop, 9999);
    assert_false(s->peer->closed);
    loop_advance(s->bed->loop, 1);
    assert_true(s->peer->closed);
    assert_non_null(strstr(s->peer->reason, "Capability"));
}

static void before_its_capability_a_peer_gets_echoes_and_refusals_only(void **state)
{
    struct state *s = *state;
    bed_say_echo(s->peer, 5, "abc", 3);
    struct wire_message echo = bed_last(s->peer, WIRE_ECHO_RESPONSE);
    assert_int_equal(echo.header.transaction, 5);
    assert_int_equal(echo.echo_data.data.len, 3);
    bed_say_services(s->peer, WIRE_SUBSCRIBE_REQUEST, 6, MS);
    assert_int_equal(bed_last(s->peer, WIRE_SUBSCRIBE_RESPONSE).result.code,
                     WIRE_RESULT_NOT_PERMITTED);
    bed_say_services(s->peer, WIRE_MEASUREMENT_REQUEST, 7, MS);
    assert_int_equal(bed_last(s->peer, WIRE_MEASUREMENT_RESPONSE).result.code,
                     WIRE_RESULT_NOT_PERMITTED);
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 5000);
    assert_int_equal(s->peer->count[WIRE_MEASUREMENT_NOTIFICATION], 0);
}

static void a_peer_of_another_version_is_closed_with_the_reason(void **state)
{
    struct state *s = *state;
    uint8_t buffer[128];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, WIRE_CAPABILITY_NOTIFICATION, 0, 1);
    struct mac server = {{1}};
    wire_put_protocol_version(&w, 2, 9);
    wire_put_services(&w, 0);
    wire_put_sender_id(&w, &server);
    wire_put_timestamp(&w, 1);
    assert_true(wire_end(&w, begin));
    bed_say(s->peer, buffer, w.used);
    assert_true(s->peer->closed);
    assert_non_null(strstr(s->peer->reason, "version"));
}

static void a_sender_id_unlike_the_authorised_mac_is_counted_and_the_session_goes_on(void **state)
{
    struct state *s = *state;
    uint8_t buffer[128];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, WIRE_CAPABILITY_NOTIFICATION, 0, 1);
    struct mac other = {{0x00, 0x50, 0x56, 0, 0, 9}};
    wire_put_protocol_version(&w, 1, 1);
    wire_put_services(&w, 0);
    wire_put_sender_id(&w, &other);
    wire_put_timestamp(&w, 1);
    assert_true(wire_end(&w, begin));
    bed_say(s->peer, buffer, w.used);
    assert_true(session_active(s->peer->session));
    assert_int_equal(session_counters(s->peer->session)->foreign_sender, 1);
    assert_false(mac_equal(session_identity(s->peer->session), &other));
}

static void services_that_went_are_withdrawn_and_told(void **state)
{
    struct state *s = *state;
    subscribe(s->peer, MS | AP_INFO);
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 2000);
    assert_non_null(believed(s->peer, 1));
    bed_ap_gone(s->bed, 0);
    bed_ap_gone(s->bed, 1);
    session_offer_changed(s->peer->session);
    bed_turn(s->bed);
    assert_int_equal(s->peer->count[WIRE_CAPABILITY_NOTIFICATION], 2);
    assert_int_equal(bed_last(s->peer, WIRE_CAPABILITY_NOTIFICATION).services.mask, 0);
    assert_int_equal(session_granted(s->peer->session), 0);
    assert_null(believed(s->peer, 1));
    bed_ap(s->bed, 0);
    session_offer_changed(s->peer->session);
    bed_hear(s->bed, 1, 0, -50);
    unsigned before = s->peer->count[WIRE_MEASUREMENT_NOTIFICATION];
    loop_advance(s->bed->loop, 10000);
    assert_int_equal(s->peer->count[WIRE_CAPABILITY_NOTIFICATION], 3);
    assert_int_equal(s->peer->count[WIRE_MEASUREMENT_NOTIFICATION], before);
}

/* --- subscribing ----------------------------------------------------------------------------- */

static void nothing_is_notified_before_a_subscription(void **state)
{
    struct state *s = *state;
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 10000);
    assert_int_equal(s->peer->count[WIRE_MEASUREMENT_NOTIFICATION], 0);
    assert_int_equal(s->peer->count[WIRE_AP_INFO_NOTIFICATION], 0);
}

static void granted_is_what_was_asked_and_is_offered(void **state)
{
    struct state *s = *state;
    bed_say_services(s->peer, WIRE_SUBSCRIBE_REQUEST, 9,
                     MS | WIRE_BIT(WIRE_INFO_MS) | WIRE_BIT(40));
    struct wire_message m = bed_last(s->peer, WIRE_SUBSCRIBE_RESPONSE);
    assert_int_equal(m.header.transaction, 9);
    assert_int_equal(m.result.code, WIRE_RESULT_OK);
    assert_int_equal(m.services.mask, MS);
    bed_say_services(s->peer, WIRE_SUBSCRIBE_REQUEST, 10, WIRE_BIT(WIRE_INFO_MS));
    m = bed_last(s->peer, WIRE_SUBSCRIBE_RESPONSE);
    assert_int_equal(m.result.code, WIRE_RESULT_OK);
    assert_int_equal(m.services.mask, 0);
}

static void all_current_devices_follow_the_response(void **state)
{
    struct state *s = *state;
    bed_hear(s->bed, 1, 0, -50);
    bed_hear(s->bed, 1, 1, -60);
    bed_hear(s->bed, 2, 1, -70);
    subscribe(s->peer, MS);
    assert_int_equal(s->peer->log[s->peer->log_len - 2].id, WIRE_SUBSCRIBE_RESPONSE);
    assert_int_equal(s->peer->log[s->peer->log_len - 1].id, WIRE_MEASUREMENT_NOTIFICATION);
    assert_int_equal(believed(s->peer, 1)->count, 2);
    assert_int_equal(believed(s->peer, 2)->samples[0].rssi, -70);
    struct mac ap = bed_ap_mac(1);
    assert_true(mac_equal(&believed(s->peer, 2)->samples[0].ap, &ap));
}

static void news_come_at_the_interval_and_not_before(void **state)
{
    struct state *s = *state;
    subscribe(s->peer, MS);
    loop_advance(s->bed->loop, 500);
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 1499);
    assert_null(believed(s->peer, 1));
    loop_advance(s->bed->loop, 1);
    assert_non_null(believed(s->peer, 1));
    assert_int_equal(believed(s->peer, 1)->samples[0].age, 150);
}

static void the_larger_of_asked_and_configured_interval_applies(void **state)
{
    struct state *s = *state;
    struct bed_ask ask = {
        .id = WIRE_SUBSCRIBE_REQUEST, .services = MS, .interval_bit = WIRE_RSSI_MS, .interval = 10};
    struct wire_walk walk;
    struct wire_element element;
    unsigned intervals = 0;

    bed_ask(s->peer, &ask);
    struct wire_message m = bed_last(s->peer, WIRE_SUBSCRIBE_RESPONSE);
    walk = wire_walk_of(&m);
    while (wire_next(&walk, &element)) {
        if (element.type != WIRE_ELEMENT_INTERVAL)
            continue;
        intervals++;
        assert_int_equal(element.interval.bit, WIRE_RSSI_MS);
        assert_int_equal(element.interval.seconds, 10);
    }
    assert_int_equal(intervals, 1);
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 9999);
    assert_null(believed(s->peer, 1));
    loop_advance(s->bed->loop, 1);
    assert_non_null(believed(s->peer, 1));
}

static void a_device_without_news_is_not_repeated(void **state)
{
    struct state *s = *state;
    bed_hear(s->bed, 1, 0, -50);
    subscribe(s->peer, MS);
    unsigned before = s->peer->belief.pictures;
    loop_advance(s->bed->loop, 14000);
    assert_int_equal(s->peer->belief.pictures, before);
}

static void a_silent_device_is_gone_once_after_its_expiry(void **state)
{
    struct state *s = *state;
    bed_hear(s->bed, 1, 0, -50);
    subscribe(s->peer, MS);
    loop_advance(s->bed->loop, 14000);
    assert_int_equal(s->peer->belief.gone, 0);
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(s->peer->belief.gone, 1);
    assert_null(believed(s->peer, 1));
    loop_advance(s->bed->loop, 10000);
    assert_int_equal(s->peer->belief.gone, 1);
}

static void leaving_one_of_two_aps_is_a_new_picture(void **state)
{
    struct state *s = *state;
    bed_hear(s->bed, 1, 0, -50);
    bed_hear(s->bed, 1, 1, -60);
    subscribe(s->peer, MS);
    bed_leave(s->bed, 1, 0);
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(s->peer->belief.gone, 0);
    assert_int_equal(believed(s->peer, 1)->count, 1);
    assert_int_equal(believed(s->peer, 1)->samples[0].rssi, -60);
}

static void associated_only_leaves_strangers_out_and_says_gone_when_one_disassociates(void **state)
{
    struct state *s = *state;
    bed_join(s->bed, 1, 0);
    bed_hear(s->bed, 1, 0, -50);
    bed_hear(s->bed, 1, 1, -55);
    bed_hear(s->bed, 2, 0, -60);
    subscribe(s->peer, ASSOCIATED);
    assert_non_null(believed(s->peer, 1));
    assert_int_equal(believed(s->peer, 1)->flags & WIRE_DEVICE_ASSOCIATED, WIRE_DEVICE_ASSOCIATED);
    assert_null(believed(s->peer, 2));
    bed_leave(s->bed, 1, 0); /* still heard by AP 1 */
    loop_advance(s->bed->loop, 2000);
    assert_null(believed(s->peer, 1));
    assert_int_equal(s->peer->belief.gone, 1);
}

static void an_ap_filter_cuts_samples_and_devices_with_none_left(void **state)
{
    struct state *s = *state;
    struct mac wanted = bed_ap_mac(1);
    bed_hear(s->bed, 1, 0, -50);
    bed_hear(s->bed, 1, 1, -60);
    bed_hear(s->bed, 2, 0, -70);
    bed_ask(s->peer,
            &(struct bed_ask){
                .id = WIRE_SUBSCRIBE_REQUEST, .services = MS, .aps = &wanted, .ap_count = 1});
    assert_int_equal(believed(s->peer, 1)->count, 1);
    assert_int_equal(believed(s->peer, 1)->samples[0].rssi, -60);
    assert_null(believed(s->peer, 2));
    bed_leave(s->bed, 1, 1); /* it leaves the view, though AP 0 still hears it */
    loop_advance(s->bed->loop, 2000);
    assert_null(believed(s->peer, 1));
    assert_int_equal(s->peer->belief.gone, 1);
}

static void an_empty_device_filter_lets_nothing_through(void **state)
{
    struct state *s = *state;
    struct mac none = {{0}};
    bed_hear(s->bed, 1, 0, -50);
    bed_ask(s->peer,
            &(struct bed_ask){
                .id = WIRE_SUBSCRIBE_REQUEST, .services = MS, .devices = &none, .device_count = 0});
    loop_advance(s->bed->loop, 4000);
    assert_int_equal(s->peer->count[WIRE_MEASUREMENT_NOTIFICATION], 0);
}

static void too_many_filter_entries_leave_the_old_subscription(void **state)
{
    struct state *s = *state;
    struct mac *many = calloc(WIRE_FILTER_MAX + 1, sizeof(*many));
    subscribe(s->peer, MS);
    bed_ask(s->peer, &(struct bed_ask){.id = WIRE_SUBSCRIBE_REQUEST,
                                       .services = MS,
                                       .devices = many,
                                       .device_count = WIRE_FILTER_MAX + 1});
    struct wire_message m = bed_last(s->peer, WIRE_SUBSCRIBE_RESPONSE);
    assert_int_equal(m.result.code, WIRE_RESULT_OUT_OF_RESOURCES);
    assert_int_equal(m.services.mask, MS);
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 2000);
    assert_non_null(believed(s->peer, 1));
    free(many);
}

static void unsubscribing_ends_all_notifications(void **state)
{
    struct state *s = *state;
    subscribe(s->peer, MS | AP_INFO);
    subscribe(s->peer, 0);
    unsigned before = s->peer->count[WIRE_MEASUREMENT_NOTIFICATION];
    bed_hear(s->bed, 1, 0, -50);
    bed_ap(s->bed, 3);
    loop_advance(s->bed->loop, 10000);
    assert_int_equal(s->peer->count[WIRE_MEASUREMENT_NOTIFICATION], before);
    assert_int_equal(s->peer->count[WIRE_AP_INFO_NOTIFICATION], 1);
}

static void small_moves_are_held_back_until_they_add_up_or_would_expire(void **state)
{
    struct state *s = *state;
    struct settings_location location = s->bed->location;
    location.threshold_client = 5;
    engine_configure(s->bed->engine, &location);
    bed_hear(s->bed, 1, 0, -50);
    subscribe(s->peer, MS);
    loop_advance(s->bed->loop, 2000);
    bed_hear(s->bed, 1, 0, -54);
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(believed(s->peer, 1)->samples[0].rssi, -50);
    bed_hear(s->bed, 1, 0, -55);
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(believed(s->peer, 1)->samples[0].rssi, -55);
    uint64_t told = believed(s->peer, 1)->told_at;
    for (int i = 0; i < 6; i++) {
        loop_advance(s->bed->loop, 2000);
        bed_hear(s->bed, 1, 0, -56);
    }
    assert_int_equal(believed(s->peer, 1)->told_at, told);
    loop_advance(s->bed->loop, 2000); /* 14 s: the next tick would come too late */
    assert_int_equal(believed(s->peer, 1)->samples[0].rssi, -56);
}

static void two_sessions_of_one_view_get_the_same_pictures(void **state)
{
    struct state *s = *state;
    struct bed_peer *other = bed_active_peer(s->bed);
    subscribe(s->peer, MS);
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 2000);
    subscribe(other, MS);
    assert_int_equal(views_count(s->bed->views), 1);
    bed_hear(s->bed, 1, 0, -66);
    bed_hear(s->bed, 2, 0, -70);
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(believed(s->peer, 1)->samples[0].rssi, -66);
    assert_int_equal(believed(other, 1)->samples[0].rssi, -66);
    assert_non_null(believed(s->peer, 2));
    assert_non_null(believed(other, 2));
    bed_peer_free(other);
}

/* --- APs ------------------------------------------------------------------------------------- */

static unsigned ap_records(struct bed_peer *peer, uint8_t *state)
{
    struct wire_message m = bed_last(peer, WIRE_AP_INFO_NOTIFICATION);
    struct wire_walk walk = wire_walk_of(&m);
    struct wire_element element;
    unsigned count = 0;

    while (wire_next(&walk, &element)) {
        if (element.type == WIRE_ELEMENT_AP_INFO) {
            *state = element.ap_info.state;
            count++;
        }
    }
    return count;
}

static void aps_are_told_at_subscribe_on_change_and_when_removed(void **state)
{
    struct state *s = *state;
    uint8_t ap_state;
    subscribe(s->peer, AP_INFO);
    assert_int_equal(ap_records(s->peer, &ap_state), 2);
    assert_int_equal(ap_state, WIRE_AP_UP);
    loop_advance(s->bed->loop, 120000 / 8);
    assert_int_equal(s->peer->count[WIRE_AP_INFO_NOTIFICATION], 1);
    bed_ap(s->bed, 2);
    bed_turn(s->bed);
    assert_int_equal(s->peer->count[WIRE_AP_INFO_NOTIFICATION], 2);
    assert_int_equal(ap_records(s->peer, &ap_state), 1);
    bed_ap_gone(s->bed, 2);
    bed_turn(s->bed);
    assert_int_equal(s->peer->count[WIRE_AP_INFO_NOTIFICATION], 3);
    assert_int_equal(ap_records(s->peer, &ap_state), 1);
    assert_int_equal(ap_state, WIRE_AP_REMOVED);
}

static void two_slots_of_one_ap_are_one_record(void **state)
{
    struct state *s = *state;
    struct radio_ap second = {.ap = 5, .mac = bed_ap_mac(0), .slot = 1, .up = true, .channel = 36};
    struct wire_element element;

    engine_take(s->bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = second});
    subscribe(s->peer, AP_INFO);
    struct wire_message m = bed_last(s->peer, WIRE_AP_INFO_NOTIFICATION);
    struct wire_walk walk = wire_walk_of(&m);
    while (wire_next(&walk, &element)) {
        struct mac first = bed_ap_mac(0);
        if (element.type == WIRE_ELEMENT_AP_INFO && mac_equal(&element.ap_info.mac, &first))
            assert_int_equal(element.ap_info.slots.count, 2);
    }
}

static void ap_monitor_comes_every_sixty_seconds(void **state)
{
    struct state *s = *state;
    subscribe(s->peer, AP_MONITOR);
    for (int i = 0; i < 12; i++) {
        loop_advance(s->bed->loop, 10000);
        bed_say_echo(s->peer, (uint32_t)i + 1, NULL, 0);
    }
    assert_int_equal(s->peer->count[WIRE_AP_INFO_NOTIFICATION], 2);
}

/* --- requests -------------------------------------------------------------------------------- */

static void a_request_is_answered_with_its_number_and_growing_ages(void **state)
{
    struct state *s = *state;
    struct wire_element element;
    struct wire_sample sample;
    bed_hear(s->bed, 1, 0, -50);
    for (uint32_t i = 1; i <= 2; i++) {
        loop_advance(s->bed->loop, 3000);
        bed_say_services(s->peer, WIRE_MEASUREMENT_REQUEST, 1000 + i, MS);
        struct wire_message m = bed_last(s->peer, WIRE_MEASUREMENT_RESPONSE);
        assert_int_equal(m.header.transaction, 1000 + i);
        assert_int_equal(m.result.code, WIRE_RESULT_OK);
        struct wire_walk walk = wire_walk_of(&m);
        while (wire_next(&walk, &element) && element.type != WIRE_ELEMENT_DEVICE_MEASUREMENT)
            continue;
        assert_true(wire_sample_get(&element.device_measurement.samples, 0, &sample));
        assert_int_equal(sample.age, i * 300);
    }
}

static void what_a_request_asks_beyond_the_offer_is_said_unsupported(void **state)
{
    struct state *s = *state;
    bed_hear(s->bed, 1, 0, -50);
    bed_say_services(s->peer, WIRE_MEASUREMENT_REQUEST, 1, MS | WIRE_BIT(WIRE_INFO_MS));
    struct wire_message m = bed_last(s->peer, WIRE_MEASUREMENT_RESPONSE);
    assert_int_equal(m.result.code, WIRE_RESULT_UNSUPPORTED);
    assert_true((m.present & WIRE_HAS(DEVICE_MEASUREMENT)) != 0);
    bed_say_services(s->peer, WIRE_INFORMATION_REQUEST, 2, WIRE_BIT(WIRE_INFO_MS));
    assert_int_equal(bed_last(s->peer, WIRE_INFORMATION_RESPONSE).result.code,
                     WIRE_RESULT_UNSUPPORTED);
    bed_say_services(s->peer, WIRE_STATISTICS_REQUEST, 3, WIRE_BIT(WIRE_STATS_MS));
    assert_int_equal(bed_last(s->peer, WIRE_STATISTICS_RESPONSE).result.code,
                     WIRE_RESULT_UNSUPPORTED);
}

static void four_requests_wait_and_the_fifth_is_refused(void **state)
{
    struct state *s = *state;
    uint8_t buffer[512];
    struct writer w = writer_of(buffer, sizeof(buffer));
    for (uint32_t i = 1; i <= 5; i++) {
        size_t begin = wire_begin(&w, WIRE_MEASUREMENT_REQUEST, 0, i);
        wire_put_services(&w, MS);
        assert_true(wire_end(&w, begin));
    }
    bed_say(s->peer, buffer, w.used);
    unsigned answers = 0;
    for (size_t i = 0; i < s->peer->log_len; i++)
        answers += s->peer->log[i].id == WIRE_MEASUREMENT_RESPONSE ? 1 : 0;
    assert_int_equal(answers, 5);
    /* The refusal overtakes those that are served. */
    assert_int_equal(s->peer->log[s->peer->log_len - 5].transaction, 5);
    assert_int_equal(s->peer->log[s->peer->log_len - 1].transaction, 4);
}

static void a_large_answer_comes_in_pieces_and_only_the_last_lacks_more(void **state)
{
    struct bed *bed = bed_new(5000, 20);
    struct bed_peer *peer;
    unsigned pieces = 0;
    (void)state;
    bed_ap(bed, 0);
    peer = bed_active_peer(bed);
    for (uint32_t n = 0; n < 5000; n++)
        bed_hear(bed, n, 0, -50);
    peer->window = 20000;
    bed_say_services(peer, WIRE_MEASUREMENT_REQUEST, 42, MS);
    bed_say_echo(peer, 43, "x", 1);
    bed_open_window(peer, SIZE_MAX);
    for (size_t i = 0; i < peer->log_len; i++) {
        if (peer->log[i].id != WIRE_MEASUREMENT_RESPONSE)
            continue;
        assert_int_equal(peer->log[i].transaction, 42);
        assert_true(peer->log[i].length <= WIRE_MESSAGE_CUT);
        pieces++;
    }
    assert_true(pieces >= 6); /* 5000 x 20 bytes */
    unsigned seen = 0;
    for (size_t i = 0; i < peer->log_len; i++) {
        if (peer->log[i].id == WIRE_MEASUREMENT_RESPONSE)
            assert_int_equal(peer->log[i].flags & WIRE_FLAG_MORE,
                             ++seen < pieces ? WIRE_FLAG_MORE : 0);
    }
    assert_int_equal(peer->count[WIRE_ECHO_RESPONSE], 1);
    assert_int_not_equal(peer->log[peer->log_len - 1].id, WIRE_ECHO_RESPONSE);
    bed_peer_free(peer);
    bed_free(bed);
}

/* --- hostile peers --------------------------------------------------------------------------- */

static void a_malformed_request_is_answered_so_and_the_eighth_closes(void **state)
{
    struct state *s = *state;
    const uint8_t request[] = {1, 0, 0, 13, 0, 0, 0, 12, 0, 0, 0, 99}; /* without services */
    for (int i = 0; i < 7; i++) {
        bed_say(s->peer, request, sizeof(request));
        assert_int_equal(bed_last(s->peer, WIRE_MEASUREMENT_RESPONSE).result.code,
                         WIRE_RESULT_MALFORMED);
        assert_false(s->peer->closed);
    }
    bed_say(s->peer, request, sizeof(request));
    assert_true(s->peer->closed);
    assert_int_equal(session_counters(s->peer->session)->malformed, 8);
}

static void an_unknown_message_is_counted_and_skipped(void **state)
{
    struct state *s = *state;
    const uint8_t unknown[] = {1, 0xff, 0x12, 0x34, 0, 0, 0, 14, 0, 0, 0, 1, 0xaa, 0xbb};
    bed_say(s->peer, unknown, sizeof(unknown));
    bed_say_echo(s->peer, 8, NULL, 0);
    assert_int_equal(session_counters(s->peer->session)->unsupported, 1);
    assert_int_equal(bed_last(s->peer, WIRE_ECHO_RESPONSE).header.transaction, 8);
}

static void another_version_byte_is_fatal_at_once(void **state)
{
    struct state *s = *state;
    const uint8_t http[] = "GET / HTTP/1.1";
    bed_say(s->peer, http, 1);
    assert_true(s->peer->closed);
    assert_non_null(strstr(s->peer->reason, "version byte 71"));
}

static void an_impossible_length_is_fatal(void **state)
{
    struct state *s = *state;
    const uint8_t shorter[] = {1, 0, 0, 1, 0, 0, 0, 11};
    bed_say(s->peer, shorter, sizeof(shorter));
    assert_true(s->peer->closed);
}

static void frames_are_found_in_single_bytes(void **state)
{
    struct state *s = *state;
    uint8_t buffer[64];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, WIRE_SUBSCRIBE_REQUEST, 0, 3);
    wire_put_services(&w, MS);
    assert_true(wire_end(&w, begin));
    for (size_t i = 0; i < w.used; i++)
        bed_say(s->peer, buffer + i, 1);
    assert_int_equal(bed_last(s->peer, WIRE_SUBSCRIBE_RESPONSE).header.transaction, 3);
}

static void a_peer_that_floods_echoes_and_reads_nothing_is_not_read_any_more(void **state)
{
    struct state *s = *state;
    uint8_t echo[12 + 4 + 64] = {1, 0, 0, 1, 0, 0, 0, 80, 0, 0, 0, 1, 0, 8, 0, 64};
    unsigned sent = 0;
    s->peer->window = 0;
    while (session_wants_read(s->peer->session) && sent < 10000) {
        session_receive(s->peer->session, echo, sizeof(echo));
        sent++;
    }
    assert_true(sent >= 65536 / 80 - 3 && sent <= 65536 / 80 + 1);
    bed_open_window(s->peer, SIZE_MAX);
    assert_true(session_wants_read(s->peer->session));
    assert_int_equal(s->peer->count[WIRE_ECHO_RESPONSE], sent);
}

static void one_read_full_of_echoes_is_answered_in_the_end(void **state)
{
    struct state *s = *state;
    static uint8_t noise[1400 * 12];
    const uint8_t echo[12] = {1, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0, 1};
    for (size_t i = 0; i < sizeof(noise); i += sizeof(echo))
        memcpy(noise + i, echo, sizeof(echo));
    s->peer->window = 0;
    for (int i = 0; i < 5 && session_wants_read(s->peer->session); i++)
        session_receive(s->peer->session, noise, sizeof(noise));
    assert_false(session_wants_read(s->peer->session));
    bed_open_window(s->peer, SIZE_MAX);
    assert_int_equal(s->peer->count[WIRE_ECHO_RESPONSE] % 1400, 0);
    assert_int_equal(s->peer->count[WIRE_ECHO_RESPONSE],
                     session_counters(s->peer->session)->rx_echo_requests);
}

/* --- echo and death -------------------------------------------------------------------------- */

static void a_silent_peer_is_asked_after_fifteen_seconds_and_dead_after_thirty(void **state)
{
    struct state *s = *state;
    loop_advance(s->bed->loop, 14999);
    assert_int_equal(s->peer->count[WIRE_ECHO_REQUEST], 0);
    loop_advance(s->bed->loop, 1);
    assert_int_equal(s->peer->count[WIRE_ECHO_REQUEST], 1);
    assert_int_equal(bed_last(s->peer, WIRE_ECHO_REQUEST).header.transaction, 1);
    loop_advance(s->bed->loop, 14999);
    assert_false(s->peer->closed);
    loop_advance(s->bed->loop, 1);
    assert_true(s->peer->closed);
    assert_non_null(strstr(s->peer->reason, "silent"));
}

static void a_peer_that_answers_echoes_lives(void **state)
{
    struct state *s = *state;
    const uint8_t answer[12] = {1, 0, 0, 2, 0, 0, 0, 12, 0, 0, 0, 1};
    for (int i = 0; i < 10; i++) {
        loop_advance(s->bed->loop, 15000);
        bed_say(s->peer, answer, sizeof(answer));
    }
    assert_false(s->peer->closed);
    assert_int_equal(s->peer->count[WIRE_ECHO_REQUEST], 10);
    assert_int_equal(bed_last(s->peer, WIRE_ECHO_REQUEST).header.transaction, 10);
}

static void half_a_frame_does_not_keep_a_peer_alive(void **state)
{
    struct state *s = *state;
    for (int i = 0; i < 12; i++) {
        bed_say(s->peer, (const uint8_t[]){1, 0, 0, 1, 0, 0, 0, 80, 0, 0, 0, 1} + i, 1);
        loop_advance(s->bed->loop, 2500);
    }
    assert_true(s->peer->closed);
}

static void a_peer_that_takes_no_byte_for_thirty_seconds_is_dead(void **state)
{
    struct state *s = *state;
    subscribe(s->peer, MS);
    s->peer->window = 0;
    bed_hear(s->bed, 1, 0, -50);
    for (int i = 0; i < 31 && !s->peer->closed; i++) {
        loop_advance(s->bed->loop, 1000);
        if (!s->peer->closed)
            bed_say_echo(s->peer, 1, NULL, 0);
    }
    assert_true(s->peer->closed);
    assert_non_null(strstr(s->peer->reason, "stalled"));
}

/* --- the end --------------------------------------------------------------------------------- */

static void stopping_flushes_and_says_so(void **state)
{
    struct state *s = *state;
    bed_hear(s->bed, 1, 0, -50);
    subscribe(s->peer, MS);
    session_shutdown(s->peer->session, "the agent stops");
    bed_turn(s->bed);
    assert_true(s->peer->closed);
    assert_true(s->peer->flushed);
    assert_string_equal(s->peer->reason, "the agent stops");
}

static void stopping_waits_at_most_two_seconds_for_a_stalled_peer(void **state)
{
    struct state *s = *state;
    s->peer->window = 0;
    bed_say_echo(s->peer, 1, NULL, 0);
    session_shutdown(s->peer->session, "the agent stops");
    loop_advance(s->bed->loop, 1999);
    assert_false(s->peer->closed);
    loop_advance(s->bed->loop, 1);
    assert_true(s->peer->closed);
    assert_false(s->peer->flushed);
}

static void a_failing_write_ends_the_session(void **state)
{
    struct state *s = *state;
    s->peer->broken = true;
    bed_say_echo(s->peer, 1, NULL, 0);
    assert_true(s->peer->closed);
    assert_false(s->peer->flushed);
}

#define TEST(f)   cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define SILENT(f) cmocka_unit_test_setup_teardown(f, set_up_silent, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SILENT(the_agent_says_capability_first_and_numbers_it_one),
        SILENT(a_peer_without_capability_is_closed_after_ten_seconds),
        SILENT(before_its_capability_a_peer_gets_echoes_and_refusals_only),
        SILENT(a_peer_of_another_version_is_closed_with_the_reason),
        SILENT(a_sender_id_unlike_the_authorised_mac_is_counted_and_the_session_goes_on),
        TEST(services_that_went_are_withdrawn_and_told),
        TEST(nothing_is_notified_before_a_subscription),
        TEST(granted_is_what_was_asked_and_is_offered),
        TEST(all_current_devices_follow_the_response),
        TEST(news_come_at_the_interval_and_not_before),
        TEST(the_larger_of_asked_and_configured_interval_applies),
        TEST(a_device_without_news_is_not_repeated),
        TEST(a_silent_device_is_gone_once_after_its_expiry),
        TEST(leaving_one_of_two_aps_is_a_new_picture),
        TEST(associated_only_leaves_strangers_out_and_says_gone_when_one_disassociates),
        TEST(an_ap_filter_cuts_samples_and_devices_with_none_left),
        TEST(an_empty_device_filter_lets_nothing_through),
        TEST(too_many_filter_entries_leave_the_old_subscription),
        TEST(unsubscribing_ends_all_notifications),
        TEST(small_moves_are_held_back_until_they_add_up_or_would_expire),
        TEST(two_sessions_of_one_view_get_the_same_pictures),
        TEST(aps_are_told_at_subscribe_on_change_and_when_removed),
        TEST(two_slots_of_one_ap_are_one_record),
        TEST(ap_monitor_comes_every_sixty_seconds),
        TEST(a_request_is_answered_with_its_number_and_growing_ages),
        TEST(what_a_request_asks_beyond_the_offer_is_said_unsupported),
        TEST(four_requests_wait_and_the_fifth_is_refused),
        cmocka_unit_test(a_large_answer_comes_in_pieces_and_only_the_last_lacks_more),
        TEST(a_malformed_request_is_answered_so_and_the_eighth_closes),
        TEST(an_unknown_message_is_counted_and_skipped),
        TEST(another_version_byte_is_fatal_at_once),
        TEST(an_impossible_length_is_fatal),
        TEST(frames_are_found_in_single_bytes),
        TEST(a_peer_that_floods_echoes_and_reads_nothing_is_not_read_any_more),
        TEST(one_read_full_of_echoes_is_answered_in_the_end),
        TEST(a_silent_peer_is_asked_after_fifteen_seconds_and_dead_after_thirty),
        TEST(a_peer_that_answers_echoes_lives),
        TEST(half_a_frame_does_not_keep_a_peer_alive),
        TEST(a_peer_that_takes_no_byte_for_thirty_seconds_is_dead),
        TEST(stopping_flushes_and_says_so),
        TEST(stopping_waits_at_most_two_seconds_for_a_stalled_peer),
        TEST(a_failing_write_ends_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
