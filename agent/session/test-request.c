/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/request.h"

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

enum { DEVICES = 3000, BODY_MAX = WIRE_MESSAGE_CUT - WIRE_HEADER_SIZE };

struct state {
    struct bed *bed;
    struct bed_peer *peer; /* of the tests that have a session */
    struct requests requests;
    uint8_t frame[WIRE_MESSAGE_CUT]; /* the last piece */
    struct wire_message answer;
};

static int set_up(void **state)
{
    static struct state s;

    failing_reset();
    s.peer = NULL;
    s.bed = bed_new(DEVICES, 8);
    bed_ap(s.bed, 0);
    bed_ap(s.bed, 1);
    requests_init(&s.requests, s.bed->loop, s.bed->engine, views_measurement(s.bed->views));
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct state *s = *state;

    failing_reset();
    if (s->peer != NULL)
        bed_peer_free(s->peer);
    requests_fini(&s->requests);
    bed_free(s->bed);
    return 0;
}

/* --- asking and being answered --------------------------------------------------------------- */

static struct wire_list list_of(const struct mac *macs, size_t count)
{
    return (struct wire_list){(const uint8_t *)macs, count * sizeof(*macs), count};
}

static uint16_t ask(struct state *s, const struct bed_ask *ask)
{
    static uint8_t frame[WIRE_MESSAGE_MAX];
    struct writer w = writer_of(frame, sizeof(frame));
    size_t begin = wire_begin(&w, ask->id, 0, ask->transaction);
    struct wire_message message;

    wire_put_services(&w, ask->services);
    if (ask->devices != NULL)
        wire_device_filter_put(
            &w, &(struct wire_device_filter){list_of(ask->devices, ask->device_count)});
    if (ask->aps != NULL)
        wire_ap_filter_put(&w, &(struct wire_ap_filter){list_of(ask->aps, ask->ap_count)});
    assert_true(wire_end(&w, begin));
    assert_int_equal(wire_decode(frame, w.used, &message), WIRE_OK);
    uint16_t result = requests_take(&s->requests, &message);
    memset(frame, 0xff, w.used); /* a request must not live on the message's bytes */
    return result;
}

static uint16_t ask_measurement(struct state *s, uint32_t transaction, uint64_t services)
{
    return ask(s, &(struct bed_ask){.id = WIRE_MEASUREMENT_REQUEST,
                                    .transaction = transaction,
                                    .services = services});
}

/* The next piece, decoded; NULL if none waits. */
static const struct wire_message *next(struct state *s)
{
    struct request_piece piece;
    struct writer body = writer_of(s->frame + WIRE_HEADER_SIZE, BODY_MAX);

    if (!requests_next(&s->requests, &piece, &body))
        return NULL;
    assert_false(body.failed);
    wire_header_put(s->frame, piece.id, piece.flags, piece.transaction, body.used);
    assert_int_equal(wire_decode(s->frame, WIRE_HEADER_SIZE + body.used, &s->answer), WIRE_OK);
    assert_int_equal(s->answer.info->role, WIRE_RESPONSE);
    return &s->answer;
}

/* Counts the measurements in a piece and marks whose they are. */
static size_t mark(const struct wire_message *piece, unsigned seen[DEVICES])
{
    struct wire_walk walk = wire_walk_of(piece);
    struct wire_element element;
    size_t count = 0;

    while (wire_next(&walk, &element)) {
        if (element.type != WIRE_ELEMENT_DEVICE_MEASUREMENT)
            continue;
        const struct mac *mac = &element.device_measurement.mac;
        uint32_t number = (uint32_t)mac->b[4] << 8 | mac->b[5];
        assert_true(number < DEVICES);
        seen[number]++;
        count++;
    }
    return count;
}

static size_t count_devices(const struct wire_message *piece)
{
    static unsigned seen[DEVICES];
    return mark(piece, seen);
}

/* --- what a request is answered with --------------------------------------------------------- */

static void a_request_is_answered_with_its_transaction_result_and_time(void **state)
{
    struct state *s = *state;

    bed_hear(s->bed, 1, 0, -50);
    assert_false(requests_waiting(&s->requests));
    assert_int_equal(ask_measurement(s, 0xfffffffe, MS), WIRE_RESULT_OK);
    assert_true(requests_waiting(&s->requests));
    const struct wire_message *m = next(s);
    assert_int_equal(m->header.id, WIRE_MEASUREMENT_RESPONSE);
    assert_int_equal(m->header.transaction, 0xfffffffe);
    assert_int_equal(m->header.flags, 0);
    assert_int_equal(m->result.code, WIRE_RESULT_OK);
    assert_int_equal(m->timestamp.ms, loop_wall(s->bed->loop));
    assert_int_equal(count_devices(m), 1);
    assert_false(requests_waiting(&s->requests));
    assert_null(next(s));
}

static void a_request_for_nothing_is_answered_with_nothing(void **state)
{
    struct state *s = *state;

    bed_hear(s->bed, 1, 0, -50);
    assert_int_equal(ask_measurement(s, 1, 0), WIRE_RESULT_OK);
    const struct wire_message *m = next(s);
    assert_int_equal(m->result.code, WIRE_RESULT_OK);
    assert_int_equal(count_devices(m), 0);
    assert_int_equal(m->present & WIRE_HAS(AP_TABLE), 0);
}

static void
what_is_not_offered_or_of_another_family_is_unsupported_and_the_rest_answered(void **state)
{
    static const struct {
        uint16_t id;
        uint64_t services;
        uint16_t result;
        size_t devices;
    } cases[] = {
        {WIRE_MEASUREMENT_REQUEST, MS, WIRE_RESULT_OK, 2},
        {WIRE_MEASUREMENT_REQUEST, ASSOCIATED, WIRE_RESULT_OK, 1},
        {WIRE_MEASUREMENT_REQUEST, MS | ASSOCIATED, WIRE_RESULT_OK, 2},
        {WIRE_MEASUREMENT_REQUEST, MS | WIRE_BIT(WIRE_RSSI_RFID), WIRE_RESULT_UNSUPPORTED, 2},
        {WIRE_MEASUREMENT_REQUEST, MS | WIRE_BIT(WIRE_AP_INFO), WIRE_RESULT_UNSUPPORTED, 2},
        {WIRE_MEASUREMENT_REQUEST, MS | WIRE_BIT(WIRE_ON_DEMAND), WIRE_RESULT_UNSUPPORTED, 2},
        {WIRE_MEASUREMENT_REQUEST, WIRE_BIT(63), WIRE_RESULT_UNSUPPORTED, 0},
        {WIRE_INFORMATION_REQUEST, WIRE_BIT(WIRE_INFO_MS) | MS, WIRE_RESULT_UNSUPPORTED, 0},
        {WIRE_STATISTICS_REQUEST, MS, WIRE_RESULT_UNSUPPORTED, 0},
        {WIRE_STATISTICS_REQUEST, 0, WIRE_RESULT_OK, 0},
    };
    struct state *s = *state;

    bed_join(s->bed, 1, 0);
    bed_hear(s->bed, 1, 0, -50);
    bed_hear(s->bed, 2, 1, -60);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            ask(s, &(struct bed_ask){.id = cases[i].id, .services = cases[i].services}),
            WIRE_RESULT_OK);
        const struct wire_message *m = next(s);
        assert_int_equal(m->header.id, wire_message_info(cases[i].id)->answer);
        assert_int_equal(m->result.code, cases[i].result);
        assert_int_equal(count_devices(m), cases[i].devices);
    }
}

static void both_filters_of_a_request_count(void **state)
{
    struct state *s = *state;
    const struct mac devices[] = {bed_mac(1), bed_mac(2)};
    const struct mac aps[] = {bed_ap_mac(1)};
    unsigned seen[DEVICES] = {0};

    bed_hear(s->bed, 1, 0, -50); /* only at the AP that is not asked for */
    bed_hear(s->bed, 2, 0, -50);
    bed_hear(s->bed, 2, 1, -60);
    bed_hear(s->bed, 3, 1, -60);
    assert_int_equal(ask(s, &(struct bed_ask){.id = WIRE_MEASUREMENT_REQUEST,
                                              .services = MS,
                                              .devices = devices,
                                              .device_count = 2,
                                              .aps = aps,
                                              .ap_count = 1}),
                     WIRE_RESULT_OK);
    assert_int_equal(mark(next(s), seen), 1);
    assert_int_equal(seen[2], 1);
}

static void an_ap_that_came_after_the_question_is_in_the_answer(void **state)
{
    struct state *s = *state;

    assert_int_equal(ask_measurement(s, 1, MS), WIRE_RESULT_OK);
    bed_ap(s->bed, 5);
    bed_hear(s->bed, 1, 5, -50);
    assert_int_equal(count_devices(next(s)), 1);
}

static void what_expired_is_not_in_the_answer(void **state)
{
    struct state *s = *state;

    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 15000);
    assert_int_equal(ask_measurement(s, 1, MS), WIRE_RESULT_OK);
    assert_int_equal(count_devices(next(s)), 0);
}

/* --- information and statistics -------------------------------------------------------------- */

static size_t count_elements(const struct wire_message *piece, enum wire_element_type type)
{
    struct wire_walk walk = wire_walk_of(piece);
    struct wire_element element;
    size_t count = 0;

    while (wire_next(&walk, &element))
        count += element.type == type ? 1 : 0;
    return count;
}

static void information_and_statistics_are_answered_by_class(void **state)
{
    static const struct {
        uint16_t id;
        uint64_t services;
        uint16_t result;
        size_t clients, rogues, statistics;
    } cases[] = {
        {WIRE_INFORMATION_REQUEST, WIRE_BIT(WIRE_INFO_MS), WIRE_RESULT_OK, 2, 0, 0},
        {WIRE_INFORMATION_REQUEST, WIRE_BIT(WIRE_INFO_ROGUE), WIRE_RESULT_OK, 0, 1, 0},
        {WIRE_INFORMATION_REQUEST, WIRE_BIT(WIRE_INFO_MS) | WIRE_BIT(WIRE_INFO_ROGUE),
         WIRE_RESULT_OK, 2, 1, 0},
        {WIRE_INFORMATION_REQUEST, WIRE_BIT(WIRE_INFO_MS) | MS, WIRE_RESULT_UNSUPPORTED, 2, 0, 0},
        {WIRE_STATISTICS_REQUEST, WIRE_BIT(WIRE_STATS_MS), WIRE_RESULT_OK, 0, 0, 1},
        {WIRE_STATISTICS_REQUEST, WIRE_BIT(WIRE_STATS_RFID), WIRE_RESULT_OK, 0, 0, 0},
        {WIRE_STATISTICS_REQUEST, WIRE_BIT(WIRE_STATS_ROGUE) | WIRE_BIT(WIRE_STATS_MS),
         WIRE_RESULT_UNSUPPORTED, 0, 0, 1},
        {WIRE_MEASUREMENT_REQUEST, WIRE_BIT(WIRE_INFO_MS), WIRE_RESULT_UNSUPPORTED, 0, 0, 0},
    };
    struct state *s = *state;

    bed_works(s->bed, RADIO_CAN_CLIENTS | RADIO_CAN_TAGS | RADIO_CAN_ROGUE_APS);
    bed_join(s->bed, 1, 0);
    bed_statistics(s->bed, WIRE_CLASS_CLIENT, 1, 0, 10);
    bed_hear(s->bed, 2, 1, -60);
    bed_hear_as(s->bed, WIRE_CLASS_ROGUE_AP, 3, 1, -60);
    bed_rogue(s->bed, WIRE_CLASS_ROGUE_AP, 3, "evil");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            ask(s, &(struct bed_ask){.id = cases[i].id, .services = cases[i].services}),
            WIRE_RESULT_OK);
        const struct wire_message *m = next(s);
        assert_int_equal(m->header.id, wire_message_info(cases[i].id)->answer);
        assert_int_equal(m->result.code, cases[i].result);
        assert_int_equal(count_elements(m, WIRE_ELEMENT_CLIENT_INFO), cases[i].clients);
        assert_int_equal(count_elements(m, WIRE_ELEMENT_ROGUE_INFO), cases[i].rogues);
        assert_int_equal(count_elements(m, WIRE_ELEMENT_DEVICE_STATISTICS), cases[i].statistics);
        assert_int_equal(count_devices(m), 0);
    }
}

static void information_is_cut_by_both_filters(void **state)
{
    struct state *s = *state;
    const struct mac devices[] = {bed_mac(1), bed_mac(2), bed_mac(3)};
    const struct mac aps[] = {bed_ap_mac(1)};
    const struct bed_ask asked = {.id = WIRE_INFORMATION_REQUEST,
                                  .services = WIRE_BIT(WIRE_INFO_MS),
                                  .devices = devices,
                                  .device_count = 3,
                                  .aps = aps,
                                  .ap_count = 1};

    bed_works(s->bed, RADIO_CAN_CLIENTS);
    bed_join(s->bed, 1, 0); /* served elsewhere, though it is heard there */
    bed_hear(s->bed, 1, 1, -40);
    bed_join(s->bed, 2, 1);
    bed_hear(s->bed, 3, 1, -60);
    bed_hear(s->bed, 4, 1, -60);
    assert_int_equal(ask(s, &asked), WIRE_RESULT_OK);
    assert_int_equal(count_elements(next(s), WIRE_ELEMENT_CLIENT_INFO), 2);
}

static void a_large_answer_of_information_or_statistics_comes_in_full_pieces(void **state)
{
    static const struct {
        uint16_t id;
        uint64_t services;
        enum wire_element_type type;
        size_t pieces;
    } cases[] = {
        {WIRE_INFORMATION_REQUEST, WIRE_BIT(WIRE_INFO_MS), WIRE_ELEMENT_CLIENT_INFO, 5},
        {WIRE_STATISTICS_REQUEST, WIRE_BIT(WIRE_STATS_MS), WIRE_ELEMENT_DEVICE_STATISTICS, 7},
    };
    struct state *s = *state;

    bed_works(s->bed, RADIO_CAN_CLIENTS);
    for (uint32_t n = 0; n < DEVICES; n++) {
        bed_join(s->bed, n, 0);
        bed_statistics(s->bed, WIRE_CLASS_CLIENT, n, 0, n + 1);
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t pieces = 0;
        size_t records = 0;
        bool more = true;
        assert_int_equal(
            ask(s, &(struct bed_ask){.id = cases[i].id, .services = cases[i].services}),
            WIRE_RESULT_OK);
        for (; more; pieces++) {
            const struct wire_message *m = next(s);
            assert_non_null(m);
            assert_true((m->present & WIRE_HAS(TIMESTAMP)) != 0);
            more = (m->header.flags & WIRE_FLAG_MORE) != 0;
            if (more)
                assert_true(m->header.length > WIRE_MESSAGE_CUT - 80);
            records += count_elements(m, cases[i].type);
        }
        assert_int_equal(pieces, cases[i].pieces);
        /* There are facts of half as many devices as the table holds. */
        assert_int_equal(records, i == 0 ? DEVICES : DEVICES / 2);
    }
}

/* --- refusals -------------------------------------------------------------------------------- */

static void a_device_filter_is_not_permitted_where_on_demand_is_not_offered(void **state)
{
    struct state *s = *state;
    const struct mac devices[] = {bed_mac(1)};
    const struct bed_ask filtered = {
        .id = WIRE_MEASUREMENT_REQUEST, .services = MS, .devices = devices, .device_count = 1};

    assert_int_equal(ask(s, &filtered), WIRE_RESULT_OK);
    (void)next(s);
    bed_ap_gone(s->bed, 0);
    bed_ap_gone(s->bed, 1);
    assert_int_equal(ask(s, &filtered), WIRE_RESULT_NOT_PERMITTED);
    assert_false(requests_waiting(&s->requests));
    assert_int_equal(ask_measurement(s, 1, MS), WIRE_RESULT_OK); /* needs no on-demand */
    assert_int_equal(next(s)->result.code, WIRE_RESULT_UNSUPPORTED);
}

static void a_filter_that_is_too_long_is_out_of_resources(void **state)
{
    static struct mac many[WIRE_FILTER_MAX + 1];
    struct state *s = *state;
    struct bed_ask asked = {.id = WIRE_MEASUREMENT_REQUEST,
                            .services = MS,
                            .devices = many,
                            .device_count = WIRE_FILTER_MAX + 1};

    assert_int_equal(ask(s, &asked), WIRE_RESULT_OUT_OF_RESOURCES);
    assert_false(requests_waiting(&s->requests));
    asked.device_count--;
    assert_int_equal(ask(s, &asked), WIRE_RESULT_OK);
}

static void one_is_served_three_wait_and_the_fifth_is_refused(void **state)
{
    struct state *s = *state;

    for (uint32_t i = 1; i <= REQUESTS_MAX; i++)
        assert_int_equal(ask_measurement(s, i, MS), WIRE_RESULT_OK);
    assert_int_equal(ask_measurement(s, 5, MS), WIRE_RESULT_OUT_OF_RESOURCES);
    assert_int_equal(next(s)->header.transaction, 1);
    assert_int_equal(ask_measurement(s, 6, MS), WIRE_RESULT_OK);
    static const uint32_t order[] = {2, 3, 4, 6};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        assert_int_equal(next(s)->header.transaction, order[i]);
    assert_null(next(s));
}

static void a_refusal_holds_what_its_response_must_have(void **state)
{
    static const uint16_t answers[] = {WIRE_MEASUREMENT_RESPONSE, WIRE_INFORMATION_RESPONSE,
                                       WIRE_STATISTICS_RESPONSE, WIRE_SUBSCRIBE_RESPONSE};
    (void)state;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        uint8_t frame[128];
        struct writer body = writer_of(frame + WIRE_HEADER_SIZE, sizeof(frame) - WIRE_HEADER_SIZE);
        struct wire_message message;
        request_refusal(&body, answers[i], WIRE_RESULT_NOT_PERMITTED, 77, MS);
        wire_header_put(frame, answers[i], 0, 1, body.used);
        assert_int_equal(wire_decode(frame, WIRE_HEADER_SIZE + body.used, &message), WIRE_OK);
        assert_int_equal(message.result.code, WIRE_RESULT_NOT_PERMITTED);
        assert_int_equal(message.result.text.len, strlen("not permitted"));
        if (answers[i] == WIRE_SUBSCRIBE_RESPONSE)
            assert_int_equal(message.services.mask, MS);
        else
            assert_int_equal(message.timestamp.ms, 77);
    }
}

static void forgetting_all_leaves_room_for_four(void **state)
{
    struct state *s = *state;

    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 1; i <= REQUESTS_MAX; i++)
            assert_int_equal(ask_measurement(s, i, MS), WIRE_RESULT_OK);
        requests_fini(&s->requests);
        assert_false(requests_waiting(&s->requests));
        assert_null(next(s));
    }
}

/* --- pieces ---------------------------------------------------------------------------------- */

static void a_large_answer_comes_in_full_pieces_each_whole_in_itself(void **state)
{
    struct state *s = *state;
    unsigned seen[DEVICES] = {0};
    size_t pieces = 0;
    bool more = true;

    for (uint32_t n = 0; n < DEVICES; n++)
        bed_hear(s->bed, n, (uint16_t)(n % 2), -50);
    assert_int_equal(ask_measurement(s, 42, MS | WIRE_BIT(WIRE_INFO_MS)), WIRE_RESULT_OK);
    while (more) {
        const struct wire_message *m = next(s);
        assert_non_null(m);
        more = (m->header.flags & WIRE_FLAG_MORE) != 0;
        assert_int_equal(m->header.transaction, 42);
        assert_int_equal(m->result.code, WIRE_RESULT_UNSUPPORTED);
        assert_true((m->present & WIRE_HAS(TIMESTAMP)) != 0);
        assert_true((m->present & WIRE_HAS(AP_TABLE)) != 0);
        if (more)
            assert_true(m->header.length > WIRE_MESSAGE_CUT - 40);
        (void)mark(m, seen);
        pieces++;
    }
    assert_int_equal(pieces, 4); /* 3000 x 20 bytes */
    for (uint32_t n = 0; n < DEVICES; n++)
        assert_int_equal(seen[n], 1);
    assert_null(next(s));
}

/* A piece says how things are when it is made, not when the request came. */
static void what_happens_between_two_pieces_is_in_the_second(void **state)
{
    struct state *s = *state;
    unsigned seen[DEVICES] = {0};

    for (uint32_t n = 0; n < 1500; n++)
        bed_hear(s->bed, n, 0, -50);
    assert_int_equal(ask_measurement(s, 1, MS), WIRE_RESULT_OK);
    size_t first = mark(next(s), seen);
    assert_true(first < 1000);
    bed_leave(s->bed, 1400, 0);
    loop_advance(s->bed->loop, 500);
    const struct wire_message *m = next(s);
    assert_int_equal(m->timestamp.ms, loop_wall(s->bed->loop));
    (void)mark(m, seen);
    assert_int_equal(m->header.flags, 0);
    assert_int_equal(seen[1399], 1);
    assert_int_equal(seen[1400], 0);
}

static void the_last_piece_may_be_empty_if_all_the_rest_has_left(void **state)
{
    struct state *s = *state;

    for (uint32_t n = 0; n < 1500; n++)
        bed_hear(s->bed, n, 0, -50);
    assert_int_equal(ask_measurement(s, 1, MS), WIRE_RESULT_OK);
    assert_int_equal(next(s)->header.flags, WIRE_FLAG_MORE);
    bed_ap_gone(s->bed, 0);
    const struct wire_message *m = next(s);
    assert_int_equal(m->header.flags, 0);
    assert_int_equal(count_devices(m), 0);
    assert_null(next(s));
}

/* --- without memory -------------------------------------------------------------------------- */

static void without_memory_a_request_is_refused_and_those_that_wait_stay(void **state)
{
    struct state *s = *state;
    const struct mac macs[] = {bed_mac(1), bed_mac(2)};
    const struct bed_ask asked = {.id = WIRE_MEASUREMENT_REQUEST,
                                  .transaction = 9,
                                  .services = MS,
                                  .devices = macs,
                                  .device_count = 2,
                                  .aps = macs,
                                  .ap_count = 2};
    unsigned n = 1;

    assert_int_equal(ask_measurement(s, 1, MS), WIRE_RESULT_OK);
    for (;; n++) {
        failing_malloc_at(n);
        uint16_t result = ask(s, &asked);
        bool failed = failing_hit();
        failing_reset();
        assert_int_equal(result, failed ? WIRE_RESULT_OUT_OF_RESOURCES : WIRE_RESULT_OK);
        if (!failed)
            break;
        assert_int_equal(s->requests.count, 1);
    }
    assert_int_equal(n, 5);
    assert_int_equal(next(s)->header.transaction, 1);
    assert_int_equal(next(s)->header.transaction, 9);
}

static void answering_allocates_nothing(void **state)
{
    struct state *s = *state;

    for (uint32_t n = 0; n < DEVICES; n++)
        bed_hear(s->bed, n, 0, -50);
    assert_int_equal(ask_measurement(s, 1, MS), WIRE_RESULT_OK);
    failing_reset();
    while (next(s) != NULL)
        continue;
    assert_int_equal(failing_count(FAILING_MALLOC), 0);
}

static void a_session_without_memory_answers_so_and_the_next_request_in_full(void **state)
{
    struct state *s = *state;
    struct bed_peer *peer = s->peer = bed_active_peer(s->bed);
    const struct mac devices[] = {bed_mac(1)};
    struct bed_ask asked = {
        .id = WIRE_MEASUREMENT_REQUEST, .services = MS, .devices = devices, .device_count = 1};
    bool failed = true;

    bed_hear(s->bed, 1, 0, -50);
    for (unsigned n = 1; failed; n++) {
        asked.transaction = n;
        failing_malloc_at(n);
        bed_ask(peer, &asked);
        failed = failing_hit();
        failing_reset();
        struct wire_message m = bed_last(peer, WIRE_MEASUREMENT_RESPONSE);
        assert_int_equal(m.header.transaction, n);
        assert_int_equal(m.result.code, failed ? WIRE_RESULT_OUT_OF_RESOURCES : WIRE_RESULT_OK);
        assert_int_equal(count_devices(&m), failed ? 0 : 1);
        assert_false(peer->closed);
    }
}

/* Four answers of four pieces each, to a peer that does not read: no more of them are made than
 * 64 KiB and the record that is on its way can hold. */
static void answers_are_made_as_the_peer_drains_and_echoes_go_ahead(void **state)
{
    struct state *s = *state;
    struct bed_peer *peer = s->peer = bed_active_peer(s->bed);

    for (uint32_t n = 0; n < DEVICES; n++)
        bed_hear(s->bed, n, 0, -50);
    peer->window = 0;
    for (uint32_t i = 1; i <= 4; i++)
        bed_say_services(peer, WIRE_MEASUREMENT_REQUEST, i, MS);
    bed_say_echo(peer, 9, "x", 1);
    assert_true(session_counters(peer->session)->tx_by_id[WIRE_MEASUREMENT_RESPONSE] <= 5);
    size_t before = peer->log_len;
    bed_open_window(peer, SIZE_MAX);
    assert_int_equal(session_counters(peer->session)->tx_by_id[WIRE_MEASUREMENT_RESPONSE], 16);
    /* The record that waited holds the first piece and the beginning of the second. */
    assert_int_equal(peer->log[before].id, WIRE_MEASUREMENT_RESPONSE);
    assert_int_equal(peer->log[before + 1].id, WIRE_MEASUREMENT_RESPONSE);
    assert_int_equal(peer->log[before + 2].id, WIRE_ECHO_RESPONSE);
}

static void refusals_to_a_peer_that_does_not_read_stop_the_reading(void **state)
{
    struct state *s = *state;
    struct bed_peer *peer = s->peer = bed_active_peer(s->bed);
    uint32_t asked = 0;

    for (uint32_t n = 0; n < DEVICES; n++)
        bed_hear(s->bed, n, 0, -50);
    peer->window = 0;
    while (session_wants_read(peer->session) && asked < 10000)
        bed_say_services(peer, WIRE_MEASUREMENT_REQUEST, ++asked, MS);
    assert_true(asked < 1000);
    bed_open_window(peer, SIZE_MAX);
    assert_true(session_wants_read(peer->session));
    uint32_t finished = 0;
    for (size_t i = 0; i < peer->log_len; i++) {
        if (peer->log[i].id == WIRE_MEASUREMENT_RESPONSE &&
            (peer->log[i].flags & WIRE_FLAG_MORE) == 0)
            finished++;
    }
    assert_int_equal(finished, asked); /* each was answered once */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_answered_with_its_transaction_result_and_time),
        TEST(a_request_for_nothing_is_answered_with_nothing),
        TEST(what_is_not_offered_or_of_another_family_is_unsupported_and_the_rest_answered),
        TEST(both_filters_of_a_request_count),
        TEST(information_and_statistics_are_answered_by_class),
        TEST(information_is_cut_by_both_filters),
        TEST(a_large_answer_of_information_or_statistics_comes_in_full_pieces),
        TEST(an_ap_that_came_after_the_question_is_in_the_answer),
        TEST(what_expired_is_not_in_the_answer),
        TEST(a_device_filter_is_not_permitted_where_on_demand_is_not_offered),
        TEST(a_filter_that_is_too_long_is_out_of_resources),
        TEST(one_is_served_three_wait_and_the_fifth_is_refused),
        TEST(a_refusal_holds_what_its_response_must_have),
        TEST(forgetting_all_leaves_room_for_four),
        TEST(a_large_answer_comes_in_full_pieces_each_whole_in_itself),
        TEST(what_happens_between_two_pieces_is_in_the_second),
        TEST(the_last_piece_may_be_empty_if_all_the_rest_has_left),
        TEST(without_memory_a_request_is_refused_and_those_that_wait_stay),
        TEST(answering_allocates_nothing),
        TEST(a_session_without_memory_answers_so_and_the_next_request_in_full),
        TEST(answers_are_made_as_the_peer_drains_and_echoes_go_ahead),
        TEST(refusals_to_a_peer_that_does_not_read_stop_the_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
