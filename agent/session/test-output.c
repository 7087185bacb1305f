/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/output.h"

#include "tests/unit/failing.h"
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAM_SIZE = 1 << 21,
    FRAMES = 1 << 15,
    ECHO_SIZE = 80, /* the largest Echo Response */
    BODY_MAX = WIRE_MESSAGE_CUT - WIRE_HEADER_SIZE,
    ALL = 1 << 30,
};

/* The peer: takes some bytes of each write, or none, and holds the output to the rule that what it
 * was offered once is offered again until it takes it. */
struct sink {
    uint8_t stream[STREAM_SIZE];
    size_t len;
    size_t most;     /* bytes taken of each write */
    unsigned writes; /* calls so far */
    unsigned refuse; /* the number of the call that is refused; 0: none */
    bool deaf;       /* all are refused */
    enum tls_status refusal;
    uint8_t offered[OUTPUT_RECORD_SIZE]; /* what was refused last, or not taken to its end */
    size_t offered_len;
    size_t records[FRAMES]; /* sizes of what was offered anew */
    size_t record_count;
};

struct state {
    struct output *output;
    struct sink *sink;
    uint32_t put; /* the number of the last message */
};

static int set_up(void **state)
{
    static struct state s;

    failing_reset();
    s = (struct state){.output = output_new(OUTPUT_SIZE), .sink = calloc(1, sizeof(*s.sink))};
    assert_non_null(s.output);
    assert_non_null(s.sink);
    s.sink->most = ALL;
    s.sink->refusal = TLS_WANT_WRITE;
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct state *s = *state;

    failing_reset();
    output_free(s->output);
    free(s->sink);
    return 0;
}

static enum tls_status take(void *context, const void *data, size_t len, size_t *written)
{
    struct sink *sink = context;
    size_t taken = len < sink->most ? len : sink->most;

    sink->writes++;
    assert_true(len > 0 && len <= OUTPUT_RECORD_SIZE);
    if (sink->offered_len > 0) {
        assert_true(len >= sink->offered_len);
        assert_memory_equal(data, sink->offered, sink->offered_len);
    } else {
        sink->records[sink->record_count++] = len;
    }
    memcpy(sink->offered, data, len);
    sink->offered_len = len;
    if (sink->deaf || sink->writes == sink->refuse)
        return sink->refusal;
    assert_true(sink->len + taken <= STREAM_SIZE);
    memcpy(sink->stream + sink->len, data, taken);
    sink->len += taken;
    sink->offered_len -= taken;
    memmove(sink->offered, sink->offered + taken, sink->offered_len);
    *written = taken;
    return TLS_OK;
}

static enum tls_status flush(struct state *s)
{
    bool progress = false;
    size_t before = s->sink->len;
    enum tls_status status = output_flush(s->output, take, s->sink, &progress);

    assert_int_equal(progress, s->sink->len > before);
    assert_int_equal(status == TLS_OK, output_empty(s->output));
    return status;
}

/* --- messages that can be told apart --------------------------------------------------------- */

static uint8_t body_byte(uint32_t number, size_t at)
{
    return (uint8_t)(number * 7 + at + (at >> 8));
}

static void make_body(uint8_t *body, uint32_t number, size_t len)
{
    for (size_t i = 0; i < len; i++)
        body[i] = body_byte(number, i);
}

/* The next message, with a body of len bytes. */
static bool put(struct state *s, size_t len)
{
    static uint8_t body[WIRE_MESSAGE_MAX];
    uint8_t header[WIRE_HEADER_SIZE];

    make_body(body, s->put + 1, len);
    wire_header_put(header, WIRE_MEASUREMENT_NOTIFICATION, 0, s->put + 1, len);
    if (!output_put(s->output, header, body, len))
        return false;
    s->put++;
    return true;
}

static bool put_echo_of(struct state *s, uint32_t number, size_t size)
{
    uint8_t message[ECHO_SIZE];

    wire_header_put(message, WIRE_ECHO_RESPONSE, 0, number, size - WIRE_HEADER_SIZE);
    make_body(message + WIRE_HEADER_SIZE, number, size - WIRE_HEADER_SIZE);
    return output_put_urgent(s->output, message, size);
}

static bool put_echo(struct state *s, uint32_t number)
{
    return put_echo_of(s, number, ECHO_SIZE);
}

/* What came out, frame by frame; fails the test if it is no sequence of whole messages. */
struct came {
    size_t count;
    struct wire_header headers[FRAMES];
};

static const struct came *what_came(const struct state *s)
{
    static struct came came;
    size_t at = 0;

    came.count = 0;
    while (at < s->sink->len) {
        struct wire_header *header = &came.headers[came.count++];
        assert_int_equal(wire_frame_peek(s->sink->stream + at, s->sink->len - at, header),
                         WIRE_FRAME_OK);
        for (size_t i = WIRE_HEADER_SIZE; i < header->length; i++)
            assert_int_equal(s->sink->stream[at + i],
                             body_byte(header->transaction, i - WIRE_HEADER_SIZE));
        at += header->length;
    }
    return &came;
}

/* All messages came, each once and in order, whatever stands between them. */
static void expect_all_messages(const struct state *s)
{
    const struct came *came = what_came(s);
    uint32_t number = 0;

    for (size_t i = 0; i < came->count; i++) {
        if (came->headers[i].id == WIRE_MEASUREMENT_NOTIFICATION)
            assert_int_equal(came->headers[i].transaction, ++number);
    }
    assert_int_equal(number, s->put);
}

/* --- order and records ----------------------------------------------------------------------- */

static void messages_come_out_whole_and_in_their_order(void **state)
{
    struct state *s = *state;

    assert_true(output_empty(s->output));
    for (size_t len = 0; len < 400; len += 13)
        assert_true(put(s, len));
    assert_false(output_empty(s->output));
    assert_int_equal(flush(s), TLS_OK);
    expect_all_messages(s);
    assert_int_equal(s->sink->record_count, 1); /* they share a record */
}

static void an_empty_output_writes_nothing(void **state)
{
    struct state *s = *state;

    assert_int_equal(flush(s), TLS_OK);
    assert_int_equal(s->sink->writes, 0);
}

static void all_records_but_the_last_are_full(void **state)
{
    struct state *s = *state;

    while (put(s, 3000))
        continue;
    size_t total = OUTPUT_SIZE - output_room(s->output);
    assert_int_equal(flush(s), TLS_OK);
    expect_all_messages(s);
    assert_int_equal(s->sink->record_count, total / OUTPUT_RECORD_SIZE + 1);
    for (size_t i = 0; i + 1 < s->sink->record_count; i++)
        assert_int_equal(s->sink->records[i], OUTPUT_RECORD_SIZE);
}

static void a_message_of_sixteen_kib_fills_one_record(void **state)
{
    struct state *s = *state;

    assert_true(put(s, BODY_MAX));
    assert_int_equal(flush(s), TLS_OK);
    assert_int_equal(s->sink->record_count, 1);
    assert_int_equal(s->sink->records[0], OUTPUT_RECORD_SIZE);
    expect_all_messages(s);
}

static void what_has_no_room_is_refused_whole(void **state)
{
    struct state *s = *state;

    for (int i = 0; i < 4; i++)
        assert_true(put(s, BODY_MAX - 10));
    assert_int_equal(output_room(s->output), 40);
    assert_false(put(s, 40 - WIRE_HEADER_SIZE + 1));
    assert_int_equal(output_room(s->output), 40);
    assert_true(put(s, 40 - WIRE_HEADER_SIZE));
    assert_int_equal(output_room(s->output), 0);
    assert_false(put(s, 0));
    assert_int_equal(flush(s), TLS_OK);
    assert_int_equal(output_room(s->output), OUTPUT_SIZE);
    expect_all_messages(s);
}

static void what_was_offered_keeps_its_room_until_it_is_taken(void **state)
{
    struct state *s = *state;

    for (int i = 0; i < 4; i++)
        assert_true(put(s, BODY_MAX));
    assert_false(put(s, 0));
    s->sink->deaf = true;
    assert_int_equal(flush(s), TLS_WANT_WRITE);
    assert_int_equal(output_room(s->output), 0);
    s->sink->deaf = false;
    s->sink->refuse = s->sink->writes + 2;
    assert_int_equal(flush(s), TLS_WANT_WRITE);
    assert_int_equal(output_room(s->output), OUTPUT_RECORD_SIZE);
    assert_true(put(s, BODY_MAX));
    assert_int_equal(flush(s), TLS_OK);
    expect_all_messages(s);
}

/* --- a peer that takes little ---------------------------------------------------------------- */

static void single_bytes_give_the_same_stream(void **state)
{
    struct state *s = *state;

    s->sink->most = 1;
    for (int i = 0; i < 5; i++) {
        assert_true(put(s, 5000));
        assert_true(put_echo(s, 100 + (uint32_t)i));
    }
    assert_int_equal(flush(s), TLS_OK);
    assert_int_equal(s->sink->writes, s->sink->len);
    expect_all_messages(s);
}

static void odd_pieces_give_the_same_stream(void **state)
{
    struct state *s = *state;

    for (size_t most = 2; most < 20000; most = most * 3 + 1) {
        s->sink->most = most;
        for (int i = 0; i < 3; i++)
            assert_true(put(s, 9999));
        assert_int_equal(flush(s), TLS_OK);
    }
    expect_all_messages(s);
}

/* Each write in turn is refused once; take() sees to it that the same bytes come again. */
static void a_refusal_at_any_write_loses_and_repeats_nothing(void **state)
{
    struct state *s = *state;
    bool refused = true;

    for (unsigned n = 1; refused; n++) {
        s->sink->len = s->sink->record_count = s->sink->writes = 0;
        s->sink->most = 1700;
        s->sink->refuse = n;
        s->put = 0;
        for (int i = 0; i < 3; i++) {
            assert_true(put(s, 12000));
            assert_true(put_echo(s, 50));
        }
        enum tls_status status = flush(s);
        refused = status != TLS_OK;
        if (refused) {
            assert_int_equal(status, TLS_WANT_WRITE);
            assert_int_equal(s->sink->writes, n);
            assert_int_equal(flush(s), TLS_OK);
        }
        expect_all_messages(s);
        assert_int_equal(what_came(s)->count, 6);
    }
    assert_true(s->sink->writes > 20);
}

static void the_status_of_the_transport_is_handed_on(void **state)
{
    static const enum tls_status refusals[] = {TLS_WANT_READ, TLS_CLOSED, TLS_FAILED};
    struct state *s = *state;

    assert_true(put(s, 100));
    s->sink->deaf = true;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        s->sink->refusal = refusals[i];
        assert_int_equal(flush(s), refusals[i]);
    }
}

/* What is put in while a record waits may neither change nor extend it in front of its end. */
static void a_refused_record_stays_as_it_is_whatever_is_put_in(void **state)
{
    struct state *s = *state;

    assert_true(put(s, 200));
    s->sink->deaf = true;
    assert_int_equal(flush(s), TLS_WANT_WRITE);
    assert_true(put(s, 300));
    assert_true(put_echo(s, 9));
    assert_int_equal(flush(s), TLS_WANT_WRITE);
    assert_true(put_echo(s, 10));
    s->sink->deaf = false;
    s->sink->most = 7;
    assert_int_equal(flush(s), TLS_OK);
    expect_all_messages(s);
    assert_int_equal(what_came(s)->count, 4);
}

/* --- echoes ---------------------------------------------------------------------------------- */

static void an_echo_goes_ahead_of_messages_that_wait(void **state)
{
    struct state *s = *state;

    assert_true(put(s, 100));
    assert_true(put(s, 100));
    assert_true(put_echo(s, 7));
    assert_true(put_echo(s, 8));
    assert_int_equal(flush(s), TLS_OK);
    const struct came *came = what_came(s);
    assert_int_equal(came->count, 4);
    assert_int_equal(came->headers[0].id, WIRE_ECHO_RESPONSE);
    assert_int_equal(came->headers[0].transaction, 7);
    assert_int_equal(came->headers[1].transaction, 8);
    assert_int_equal(came->headers[2].id, WIRE_MEASUREMENT_NOTIFICATION);
}

static void an_echo_waits_for_the_end_of_a_message_that_was_begun(void **state)
{
    struct state *s = *state;

    assert_true(put(s, 3 * OUTPUT_RECORD_SIZE));
    assert_true(put(s, 100));
    s->sink->most = 10;
    s->sink->refuse = 2;
    assert_int_equal(flush(s), TLS_WANT_WRITE);
    assert_true(put_echo(s, 7));
    assert_int_equal(flush(s), TLS_OK);
    const struct came *came = what_came(s);
    assert_int_equal(came->count, 3);
    assert_int_equal(came->headers[0].transaction, 1);
    assert_int_equal(came->headers[1].id, WIRE_ECHO_RESPONSE);
    assert_int_equal(came->headers[2].transaction, 2);
}

static void an_echo_goes_between_the_message_that_was_begun_and_the_next_one(void **state)
{
    struct state *s = *state;
    const size_t rest = ECHO_SIZE - 1;

    assert_true(put(s, BODY_MAX - rest)); /* together they end `rest` bytes before two records */
    assert_true(put(s, BODY_MAX));
    assert_true(put(s, 50));
    s->sink->deaf = true;
    assert_int_equal(flush(s), TLS_WANT_WRITE);
    assert_true(put_echo(s, 7));
    s->sink->deaf = false;
    assert_int_equal(flush(s), TLS_OK);
    assert_int_equal(s->sink->record_count, 4);
    assert_int_equal(s->sink->records[1], OUTPUT_RECORD_SIZE - rest);
    assert_int_equal(s->sink->records[2], ECHO_SIZE);
    assert_int_equal(s->sink->records[3], WIRE_HEADER_SIZE + 50);
    expect_all_messages(s);
    assert_int_equal(what_came(s)->headers[2].id, WIRE_ECHO_RESPONSE);
}

static void echoes_have_room_of_their_own(void **state)
{
    struct state *s = *state;
    uint32_t echoes = 0;

    while (put(s, BODY_MAX))
        continue;
    assert_int_equal(output_urgent_room(s->output), OUTPUT_URGENT_SIZE);
    while (put_echo(s, echoes + 1))
        echoes++;
    assert_int_equal(echoes, OUTPUT_URGENT_SIZE / ECHO_SIZE);
    assert_true(output_urgent_room(s->output) < ECHO_SIZE);
    assert_int_equal(flush(s), TLS_OK);
    assert_int_equal(what_came(s)->count, echoes + s->put);
    assert_int_equal(output_urgent_room(s->output), OUTPUT_URGENT_SIZE);
}

static void the_memory_of_an_echo_flood_is_given_back_and_that_of_one_echo_kept(void **state)
{
    struct state *s = *state;

    failing_reset();
    assert_true(put_echo(s, 1));
    assert_int_equal(failing_count(FAILING_MALLOC), 1);
    assert_int_equal(flush(s), TLS_OK);
    assert_true(put_echo(s, 2));
    assert_int_equal(failing_count(FAILING_MALLOC), 1);
    for (int i = 0; i < 100; i++)
        assert_true(put_echo(s, 3));
    unsigned grown = failing_count(FAILING_MALLOC);
    assert_true(grown > 1);
    assert_int_equal(flush(s), TLS_OK);
    assert_true(put_echo(s, 4));
    assert_int_equal(failing_count(FAILING_MALLOC), grown + 1); /* a small one, made anew */
}

/* --- a model, and chance --------------------------------------------------------------------- */

static uint32_t dice(uint32_t *random, uint32_t sides)
{
    *random = *random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)*random * sides) >> 32);
}

/* Sizes that do not divide the buffers, so that both wrap at every place. */
static void buffers_wrap_without_losing_a_byte(void **state)
{
    struct state *s = *state;
    uint32_t random = 5;
    uint32_t echoes = 0;

    while (s->sink->len < STREAM_SIZE - 4 * OUTPUT_SIZE) {
        while (put(s, dice(&random, dice(&random, 4) == 0 ? BODY_MAX : 700)))
            continue;
        for (uint32_t i = dice(&random, 30); i > 0; i--) {
            if (put_echo_of(s, echoes + 1, 12 + dice(&random, 69)))
                echoes++;
        }
        s->sink->most = 1 + dice(&random, 20000);
        s->sink->refuse = s->sink->writes + 1 + dice(&random, 6);
        (void)flush(s);
    }
    s->sink->refuse = 0;
    assert_int_equal(flush(s), TLS_OK);
    expect_all_messages(s);
    const struct came *came = what_came(s);
    uint32_t echo = 0;
    for (size_t i = 0; i < came->count; i++) {
        if (came->headers[i].id == WIRE_ECHO_RESPONSE)
            assert_int_equal(came->headers[i].transaction, ++echo);
    }
    assert_int_equal(echo, echoes);
}

/* --- without memory -------------------------------------------------------------------------- */

static void without_memory_there_is_no_output(void **state)
{
    unsigned n = 1;

    (void)state;
    for (;; n++) {
        failing_malloc_at(n);
        struct output *output = output_new(OUTPUT_SIZE);
        bool failed = failing_hit();
        failing_reset();
        assert_int_equal(output == NULL, failed);
        output_free(output);
        if (!failed)
            break;
    }
    assert_int_equal(n, 3); /* itself and its buffer */
}

static void without_memory_an_echo_is_refused_and_what_waits_stays(void **state)
{
    struct state *s = *state;
    uint32_t echoes = 0;

    assert_true(put(s, 100));
    for (int i = 0; i < 8; i++) {
        failing_malloc_at(1);
        while (put_echo(s, echoes + 1))
            echoes++;
        bool failed = failing_hit();
        failing_reset();
        if (!failed)
            break;                            /* refused for want of room, not of memory */
        assert_true(put_echo(s, echoes + 1)); /* the next time there is some */
        echoes++;
    }
    assert_int_equal(echoes, OUTPUT_URGENT_SIZE / ECHO_SIZE);
    assert_int_equal(flush(s), TLS_OK);
    const struct came *came = what_came(s);
    assert_int_equal(came->count, echoes + 1);
    for (size_t i = 0; i < echoes; i++)
        assert_int_equal(came->headers[i].transaction, i + 1);
}

/* --- in a session ---------------------------------------------------------------------------- */

static void say_echo_unless_closed(struct bed_peer *peer, uint32_t transaction)
{
    const uint8_t data[WIRE_ECHO_MAX] = {0};

    if (!peer->closed && session_wants_read(peer->session))
        bed_say_echo(peer, transaction, data, sizeof(data));
}

/* An echo flood to a peer that reads nothing: wherever memory ends, the session ends in order. */
static void a_session_without_memory_for_echoes_ends_and_says_so(void **state)
{
    unsigned n = 1;

    (void)state;
    for (;; n++) {
        struct bed *bed = bed_new(16, 4);
        struct bed_peer *peer = bed_active_peer(bed);
        peer->window = 0;
        failing_malloc_at(n);
        for (uint32_t i = 1; i < 1000; i++)
            say_echo_unless_closed(peer, i);
        bool failed = failing_hit();
        failing_reset();
        assert_int_equal(peer->closed, failed);
        if (failed)
            assert_string_equal(peer->reason, "out of memory for an echo");
        bed_peer_free(peer);
        bed_free(bed);
        if (!failed)
            break;
    }
    assert_true(n > 4); /* it grew, and each step was tried */
}

static enum tls_status swallow(void *context, const void *data, size_t len, size_t *written)
{
    (void)context;
    (void)data;
    *written = len;
    return TLS_OK;
}

static void ignore(void *context)
{
    (void)context;
}

static void fail_if_closed(void *context, const char *reason, bool flushed)
{
    (void)context;
    (void)flushed;
    fail_msg("closed: %s", reason);
}

static void without_memory_there_is_no_session_and_nothing_is_left_of_it(void **state)
{
    const struct session_transport transport = {
        .write = swallow, .interest = ignore, .closed = fail_if_closed};
    const struct mac identity = {{0, 0x50, 0x56, 0, 0, 1}};
    unsigned n = 1;

    (void)state;
    for (;; n++) {
        /* A bed of its own for each: what a loop has reserved it keeps. */
        struct bed *bed = bed_new(16, 4);
        failing_malloc_at(n);
        struct session *session = session_new(&bed->shared, &transport, &identity);
        bool failed = failing_hit();
        failing_reset();
        assert_int_equal(session == NULL, failed);
        bed_turn(bed); /* nothing of a session that is not there may be called */
        session_free(session);
        bed_turn(bed);
        bed_free(bed);
        if (!failed)
            break;
    }
    assert_true(n >= 4); /* itself, output, its buffer; perhaps the timer's place */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(messages_come_out_whole_and_in_their_order),
        TEST(an_empty_output_writes_nothing),
        TEST(all_records_but_the_last_are_full),
        TEST(a_message_of_sixteen_kib_fills_one_record),
        TEST(what_has_no_room_is_refused_whole),
        TEST(what_was_offered_keeps_its_room_until_it_is_taken),
        TEST(single_bytes_give_the_same_stream),
        TEST(odd_pieces_give_the_same_stream),
        TEST(a_refusal_at_any_write_loses_and_repeats_nothing),
        TEST(the_status_of_the_transport_is_handed_on),
        TEST(a_refused_record_stays_as_it_is_whatever_is_put_in),
        TEST(an_echo_goes_ahead_of_messages_that_wait),
        TEST(an_echo_waits_for_the_end_of_a_message_that_was_begun),
        TEST(an_echo_goes_between_the_message_that_was_begun_and_the_next_one),
        TEST(echoes_have_room_of_their_own),
        TEST(the_memory_of_an_echo_flood_is_given_back_and_that_of_one_echo_kept),
        TEST(buffers_wrap_without_losing_a_byte),
        TEST(without_memory_there_is_no_output),
        TEST(without_memory_an_echo_is_refused_and_what_waits_stays),
        TEST(a_session_without_memory_for_echoes_ends_and_says_so),
        TEST(without_memory_there_is_no_session_and_nothing_is_left_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
