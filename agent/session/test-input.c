/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/input.h"

#include "tests/unit/failing.h"
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum {
    FRAME_MAX = 65535,
    READ_MAX = 16384, /* what a connection hands over at once */
};

static uint8_t pattern[FRAME_MAX + READ_MAX];

static int set_up(void **state)
{
    static struct input input;

    failing_reset();
    input = (struct input){.bytes = NULL};
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)(i * 31 + (i >> 8));
    *state = &input;
    return 0;
}

static int tear_down(void **state)
{
    failing_reset();
    input_fini(*state);
    return 0;
}

static void expect(const struct input *input, size_t from, size_t to)
{
    assert_int_equal(input_len(input), to - from);
    if (to > from)
        assert_memory_equal(input_data(input), pattern + from, to - from);
}

/* --- keeping and dropping -------------------------------------------------------------------- */

static void what_was_kept_comes_back_in_its_order(void **state)
{
    struct input *input = *state;
    size_t kept = 0;

    assert_int_equal(input_len(input), 0);
    for (size_t piece = 1; kept + piece < 9000; piece += 37) {
        assert_true(input_keep(input, pattern + kept, piece));
        kept += piece;
        expect(input, 0, kept);
    }
}

static void bytes_are_dropped_from_the_front_only(void **state)
{
    struct input *input = *state;
    size_t dropped = 0;
    size_t kept = 0;

    for (int round = 0; round < 200; round++) {
        size_t more = (size_t)(round * 53 % 300);
        size_t less = (size_t)(round * 17 % 290);
        assert_true(input_keep(input, pattern + kept, more));
        kept += more;
        less = less < kept - dropped ? less : kept - dropped;
        input_drop(input, less);
        dropped += less;
        expect(input, dropped, kept);
    }
}

static void dropping_makes_room_so_that_the_buffer_does_not_grow(void **state)
{
    struct input *input = *state;

    assert_true(input_keep(input, pattern, 4096));
    size_t size = input->size;
    for (size_t at = 0; at < 40000; at += 1000) {
        input_drop(input, 1000);
        assert_true(input_keep(input, pattern + 4096 + at, 1000));
        expect(input, at + 1000, at + 5096);
    }
    assert_int_equal(input->size, size);
}

static void the_largest_frame_and_one_read_behind_it_fit(void **state)
{
    struct input *input = *state;

    assert_true(input_keep(input, pattern, FRAME_MAX - 1));
    assert_true(input_keep(input, pattern + FRAME_MAX - 1, READ_MAX));
    expect(input, 0, FRAME_MAX - 1 + READ_MAX);
}

static void keeping_nothing_changes_nothing(void **state)
{
    struct input *input = *state;

    assert_true(input_keep(input, NULL, 0));
    assert_int_equal(input_len(input), 0);
    assert_true(input_keep(input, pattern, 5));
    assert_true(input_keep(input, NULL, 0));
    expect(input, 0, 5);
}

/* --- memory ---------------------------------------------------------------------------------- */

static void a_large_buffer_is_given_back_when_it_is_empty_and_a_small_one_kept(void **state)
{
    struct input *input = *state;

    assert_true(input_keep(input, pattern, 100));
    input_drop(input, 100);
    assert_int_equal(failing_count(FAILING_MALLOC), 1);
    assert_true(input_keep(input, pattern, 100));
    assert_int_equal(failing_count(FAILING_MALLOC), 1);
    assert_true(input_keep(input, pattern + 100, 60000));
    input_drop(input, 60099);
    assert_true(input->size >= 60100);
    input_drop(input, 1);
    assert_int_equal(input->size, 0);
    assert_null(input->bytes);
}

static void without_memory_nothing_is_kept_and_nothing_lost(void **state)
{
    struct input *input = *state;

    failing_malloc_at(1);
    assert_false(input_keep(input, pattern, 1));
    assert_int_equal(input_len(input), 0);
    assert_true(input_keep(input, pattern, 4000));
    input_drop(input, 1000);
    failing_malloc_at(1);
    assert_false(input_keep(input, pattern + 4000, 8000));
    expect(input, 1000, 4000);
    assert_true(input_keep(input, pattern + 4000, 8000));
    expect(input, 1000, 12000);
}

/* --- in a session ---------------------------------------------------------------------------- */

/* A message of an id that nobody knows, so large that it comes in many pieces. */
static void put_large_unknown(uint8_t frame[static FRAME_MAX])
{
    memset(frame, 0xee, FRAME_MAX);
    wire_header_put(frame, 999, 0, 1, FRAME_MAX - WIRE_HEADER_SIZE);
}

static void a_session_takes_the_largest_frame_in_pieces_and_what_follows_it(void **state)
{
    static uint8_t frame[FRAME_MAX];
    struct bed *bed = bed_new(16, 4);
    struct bed_peer *peer = bed_active_peer(bed);

    (void)state;
    put_large_unknown(frame);
    for (size_t at = 0; at < FRAME_MAX; at += 1000)
        bed_say(peer, frame + at, FRAME_MAX - at < 1000 ? FRAME_MAX - at : 1000);
    assert_int_equal(session_counters(peer->session)->unsupported, 1);
    bed_say_echo(peer, 9, "after", 5);
    assert_int_equal(bed_last(peer, WIRE_ECHO_RESPONSE).header.transaction, 9);
    bed_peer_free(peer);
    bed_free(bed);
}

static void a_session_without_memory_for_a_large_frame_ends_and_says_so(void **state)
{
    static uint8_t frame[FRAME_MAX];
    unsigned n = 1;

    (void)state;
    put_large_unknown(frame);
    for (;; n++) {
        struct bed *bed = bed_new(16, 4);
        struct bed_peer *peer = bed_active_peer(bed);
        failing_malloc_at(n);
        for (size_t at = 0; at < FRAME_MAX && !peer->closed; at += 1000)
            bed_say(peer, frame + at, FRAME_MAX - at < 1000 ? FRAME_MAX - at : 1000);
        bool failed = failing_hit();
        failing_reset();
        assert_int_equal(peer->closed, failed);
        if (failed)
            assert_string_equal(peer->reason, "out of memory for the peer's input");
        bed_peer_free(peer);
        bed_free(bed);
        if (!failed)
            break;
    }
    assert_true(n > 3); /* it grew, and each step was tried */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_kept_comes_back_in_its_order),
        TEST(bytes_are_dropped_from_the_front_only),
        TEST(dropping_makes_room_so_that_the_buffer_does_not_grow),
        TEST(the_largest_frame_and_one_read_behind_it_fit),
        TEST(keeping_nothing_changes_nothing),
        TEST(a_large_buffer_is_given_back_when_it_is_empty_and_a_small_one_kept),
        TEST(without_memory_nothing_is_kept_and_nothing_lost),
        TEST(a_session_takes_the_largest_frame_in_pieces_and_what_follows_it),
        TEST(a_session_without_memory_for_a_large_frame_ends_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
