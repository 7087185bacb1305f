/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/netconf/framing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 10000 };

/* All messages of a stream that comes in pieces of one size, joined with '|'; and how it ended. */
struct outcome {
    char text[4 * LIMIT];
    enum framing_result end;
};

static void feed(struct framing_decoder *decoder, const char *stream, size_t len, size_t piece,
                 struct outcome *outcome)
{
    size_t at = 0;

    outcome->text[0] = '\0';
    outcome->end = FRAMING_MORE;
    while (at < len) {
        size_t count = len - at < piece ? len - at : piece;
        size_t used = 0;
        outcome->end = framing_decode(decoder, (const uint8_t *)stream + at, count, &used);
        assert_true(used <= count);
        at += used;
        if (outcome->end == FRAMING_MESSAGE) {
            size_t size = 0;
            const char *message = framing_message(decoder, &size);
            assert_int_equal(message[size], '\0');
            (void)strncat(outcome->text, message, sizeof(outcome->text) / 2);
            (void)strcat(outcome->text, "|");
        } else if (outcome->end != FRAMING_MORE) {
            return;
        } else {
            assert_int_equal(used, count);
        }
    }
}

static void expect(bool chunked, const char *stream, const char *messages, enum framing_result end)
{
    static struct outcome outcome;

    for (size_t piece = 1; piece <= strlen(stream); piece++) {
        struct framing_decoder *decoder = framing_decoder_new(LIMIT);
        assert_non_null(decoder);
        if (chunked)
            framing_decoder_chunked(decoder);
        feed(decoder, stream, strlen(stream), piece, &outcome);
        assert_string_equal(outcome.text, messages);
        assert_int_equal(outcome.end, end);
        framing_decoder_free(decoder);
    }
}

static void a_marker_ends_a_message_of_base_1_0_however_it_is_cut(void **state)
{
    (void)state;
    expect(false, "<a/>]]>]]>", "<a/>|", FRAMING_MESSAGE);
    expect(false, "<a/>]]>]]><b>]]>]</b>]]>]]>", "<a/>|<b>]]>]</b>|", FRAMING_MESSAGE);
    expect(false, "<a/>]]>]]>]]>]]><b/>", "<a/>||", FRAMING_MORE);
    expect(false, "<a>]]]>]]>", "<a>]|", FRAMING_MESSAGE);
    expect(false, "<a>]]>]]]>]]>", "<a>]]>]|", FRAMING_MESSAGE);
}

static void chunks_of_base_1_1_make_a_message_however_they_are_cut(void **state)
{
    (void)state;
    expect(true, "\n#4\n<a/>\n##\n", "<a/>|", FRAMING_MESSAGE);
    expect(true, "\n#1\n<\n#3\na/>\n##\n\n#4\n<b/>\n##\n", "<a/>|<b/>|", FRAMING_MESSAGE);
    expect(true, "\n#6\n\n##\n#1\n##\n", "\n##\n#1|", FRAMING_MESSAGE);
    expect(true, "\n#4\n<a/>\n#", "", FRAMING_MORE);
    expect(true, "\n#0000000004\n", "", FRAMING_BROKEN);
}

static void what_is_no_chunk_is_refused(void **state)
{
    static const char *const streams[] = {"<a/>",
                                          "\n4\n<a/>",
                                          "\n##4\n<a/>",
                                          "\n#4\r\r\n<a/>",
                                          "\n#4\r<a/>",
                                          "\n#4\n<a/>\n\n#4\n<b/>\n##\n",
                                          "\n#4\n<a/> \n##\n",
                                          "\n# 4\n<a/>",
                                          "\n#0\n\n##\n",
                                          "\n#04\n<a/>",
                                          "\n#-4\n<a/>",
                                          "\n#+4\n<a/>",
                                          "\n#4x\n<a/>",
                                          "\n#\n",
                                          "\n##\n",
                                          "\n#4\n<a/>##\n",
                                          "\n#4\n<a/>\n##x",
                                          "\n#4\n<a/>\n#4\n<b/>\n###",
                                          "\n#4294967296\n",
                                          "\n#12345678901\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
        expect(true, streams[i], "", FRAMING_BROKEN);
}

/* scrapligo ends each message with one or two line feeds more and begins it without; people press
 * enter. */
static void line_ends_between_messages_mean_nothing(void **state)
{
    (void)state;
    expect(true, "\n\n#4\n<a/>\n##\n\n\n\n#4\n<b/>\n##\n", "<a/>|<b/>|", FRAMING_MESSAGE);
    expect(true, "#4\n<a/>\n##\n#4\n<b/>\n##\n\n", "<a/>|<b/>|", FRAMING_MORE);
    expect(true, " \t\n#4\n<a/>\n##\n", "<a/>|", FRAMING_MESSAGE);
    expect(true, "\r\n#4\r\n<a/>\r\n#1\r\nb\r\n##\r\n\r\n#4\r\n<b/>\r\n##\r\n", "<a/>b|<b/>|",
           FRAMING_MESSAGE);
    expect(false, "\r\n <a/>\n]]>]]>\n\n<b/>]]>]]>\n", "<a/>\n|<b/>|", FRAMING_MORE);
}

static void a_chunk_in_base_1_0_is_known_by_its_first_byte(void **state)
{
    (void)state;
    expect(false, "\n#4\n<a/>\n##\n", "", FRAMING_BROKEN);
    expect(false, "<a/>]]>]]>\n#", "<a/>|", FRAMING_BROKEN);
    expect(false, "<a/>#]]>]]>", "<a/>#|", FRAMING_MESSAGE);
}

static void a_decoder_knows_whether_it_is_within_a_message(void **state)
{
    static const struct {
        bool chunked;
        const char *stream;
        bool within;
    } cases[] = {
        {false, "", false},           {false, "\n ", false},       {false, "\n<", true},
        {false, "<a/>]]>]]>", false}, {true, "\n", false},         {true, "\n#", true},
        {true, "\n#1\nx", true},      {true, "\n#1\nx\n##", true}, {true, "\n#1\nx\n##\n", false}};
    static struct outcome outcome;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct framing_decoder *decoder = framing_decoder_new(LIMIT);
        if (cases[i].chunked)
            framing_decoder_chunked(decoder);
        feed(decoder, cases[i].stream, strlen(cases[i].stream), 100, &outcome);
        assert_int_equal(framing_is_within(decoder), cases[i].within);
        framing_decoder_free(decoder);
    }
}

static void a_chunk_over_the_limit_is_refused_by_its_header(void **state)
{
    (void)state;
    expect(true, "\n#10001\n", "", FRAMING_TOO_BIG);
    expect(true, "\n#4294967295\n", "", FRAMING_TOO_BIG);
    expect(true, "\n#1\nx\n#10000\n", "", FRAMING_TOO_BIG);
    expect(true, "\n#10000\n", "", FRAMING_MORE);
}

static char *stream_of(size_t count, const char *tail)
{
    char *stream = malloc(count + strlen(tail) + 1);

    assert_non_null(stream);
    memset(stream, 'x', count);
    (void)strcpy(stream + count, tail);
    return stream;
}

static void a_message_may_have_the_limit_and_not_a_byte_more(void **state)
{
    static struct outcome outcome;

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        char *stream = stream_of(LIMIT + more, "]]>]]>");
        struct framing_decoder *decoder = framing_decoder_new(LIMIT);
        feed(decoder, stream, strlen(stream), 777, &outcome);
        assert_int_equal(outcome.end, more == 0 ? FRAMING_MESSAGE : FRAMING_TOO_BIG);
        framing_decoder_free(decoder);
        free(stream);
    }
}

static void a_message_that_never_ends_is_refused_at_the_limit(void **state)
{
    static struct outcome outcome;
    char *stream = stream_of(3 * LIMIT, "");
    struct framing_decoder *decoder = framing_decoder_new(LIMIT);

    (void)state;
    feed(decoder, stream, 3 * LIMIT, 100, &outcome);
    assert_int_equal(outcome.end, FRAMING_TOO_BIG);
    framing_decoder_free(decoder);
    free(stream);
}

static void a_lost_stream_stays_lost(void **state)
{
    struct framing_decoder *decoder = framing_decoder_new(LIMIT);
    size_t used = 1;

    (void)state;
    framing_decoder_chunked(decoder);
    assert_int_equal(framing_decode(decoder, (const uint8_t *)"x", 1, &used), FRAMING_BROKEN);
    assert_int_equal(framing_decode(decoder, (const uint8_t *)"\n#1\nx\n##\n", 9, &used),
                     FRAMING_BROKEN);
    assert_int_equal(used, 0);
    framing_decoder_free(decoder);
    framing_decoder_free(NULL);
}

static void framing_changes_between_two_messages(void **state)
{
    static const char stream[] = "<hello/>]]>]]>\n#4\n<a/>\n##\n";
    struct framing_decoder *decoder = framing_decoder_new(LIMIT);
    size_t used = 0;
    size_t len = 0;

    (void)state;
    assert_int_equal(framing_decode(decoder, (const uint8_t *)stream, sizeof(stream) - 1, &used),
                     FRAMING_MESSAGE);
    assert_int_equal(used, 14);
    framing_decoder_chunked(decoder);
    assert_int_equal(
        framing_decode(decoder, (const uint8_t *)stream + used, sizeof(stream) - 1 - used, &used),
        FRAMING_MESSAGE);
    assert_string_equal(framing_message(decoder, &len), "<a/>");
    assert_int_equal(len, 4);
    framing_decoder_free(decoder);
}

static void what_is_framed_is_taken_back(void **state)
{
    char head[FRAMING_HEAD_SIZE];
    char stream[64];
    size_t tail_len = 0;

    (void)state;
    for (int chunked = 0; chunked < 2; chunked++) {
        size_t head_len = framing_head(chunked == 1, 4, head);
        assert_int_equal(head_len, strlen(head));
        const char *tail = framing_tail(chunked == 1, &tail_len);
        assert_int_equal(tail_len, strlen(tail));
        (void)snprintf(stream, sizeof(stream), "%s<a/>%s", head, tail);
        expect(chunked == 1, stream, "<a/>|", FRAMING_MESSAGE);
    }
    assert_int_equal(framing_head(true, UINT32_MAX, head), 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_marker_ends_a_message_of_base_1_0_however_it_is_cut),
        cmocka_unit_test(chunks_of_base_1_1_make_a_message_however_they_are_cut),
        cmocka_unit_test(what_is_no_chunk_is_refused),
        cmocka_unit_test(line_ends_between_messages_mean_nothing),
        cmocka_unit_test(a_chunk_in_base_1_0_is_known_by_its_first_byte),
        cmocka_unit_test(a_decoder_knows_whether_it_is_within_a_message),
        cmocka_unit_test(a_chunk_over_the_limit_is_refused_by_its_header),
        cmocka_unit_test(a_message_may_have_the_limit_and_not_a_byte_more),
        cmocka_unit_test(a_message_that_never_ends_is_refused_at_the_limit),
        cmocka_unit_test(a_lost_stream_stays_lost),
        cmocka_unit_test(framing_changes_between_two_messages),
        cmocka_unit_test(what_is_framed_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
