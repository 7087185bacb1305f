/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/cursor.h"

#include <cmocka.h>
#include <stdlib.h>

/* Bytes 01 02 03 .. in memory of exactly this size, so that a sanitizer sees any access beyond. */
static uint8_t *exact(size_t size)
{
    uint8_t *data = malloc(size > 0 ? size : 1);
    assert_non_null(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i + 1);
    return data;
}

/* --- reading. Each reader as a function from a cursor to 64 bits, with its width. */

static uint64_t read_u8(struct cursor *c)
{
    return cursor_u8(c);
}

static uint64_t read_s8(struct cursor *c)
{
    return (uint64_t)cursor_s8(c);
}

static uint64_t read_u16(struct cursor *c)
{
    return cursor_u16(c);
}

static uint64_t read_u32(struct cursor *c)
{
    return cursor_u32(c);
}

static uint64_t read_u64(struct cursor *c)
{
    return cursor_u64(c);
}

static uint64_t read_u16_le(struct cursor *c)
{
    return cursor_u16_le(c);
}

static uint64_t read_u32_le(struct cursor *c)
{
    return cursor_u32_le(c);
}

static uint64_t read_u64_le(struct cursor *c)
{
    return cursor_u64_le(c);
}

static uint64_t read_mac(struct cursor *c)
{
    struct mac m = cursor_mac(c);
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof(m.b); i++)
        value = value << 8 | m.b[i];
    return value;
}

static uint64_t read_bytes(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 3);
    return p != NULL ? (uint64_t)(p[0] << 16 | p[1] << 8 | p[2]) : 0;
}

static uint64_t read_sub(struct cursor *c)
{
    struct cursor sub = cursor_sub(c, 4);
    assert_int_equal(sub.failed, c->failed);
    return cursor_u32(&sub);
}

static uint64_t skip_five(struct cursor *c)
{
    cursor_skip(c, 5);
    return 0;
}

static const struct {
    uint64_t (*read)(struct cursor *c);
    size_t width;
    uint64_t value; /* of 01 02 03 .. */
} readers[] = {
    {read_u8, 1, 0x01},
    {read_s8, 1, 0x01},
    {read_u16, 2, 0x0102},
    {read_bytes, 3, 0x010203},
    {read_u32, 4, 0x01020304},
    {read_sub, 4, 0x01020304},
    {skip_five, 5, 0},
    {read_mac, 6, 0x010203040506},
    {read_u64, 8, 0x0102030405060708},
    {read_u16_le, 2, 0x0201},
    {read_u32_le, 4, 0x04030201},
    {read_u64_le, 8, 0x0807060504030201},
};

enum { READERS = sizeof(readers) / sizeof(readers[0]) };

static void every_reader_takes_its_width_in_network_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < READERS; i++) {
        uint8_t *data = exact(readers[i].width + 2);
        struct cursor c = cursor_of(data, readers[i].width + 2);
        assert_int_equal(readers[i].read(&c), readers[i].value);
        assert_false(c.failed);
        assert_int_equal(cursor_left(&c), 2);
        assert_int_equal(cursor_u8(&c), readers[i].width + 1);
        free(data);
    }
}

static void reading_to_the_very_end_is_no_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < READERS; i++) {
        uint8_t *data = exact(readers[i].width);
        struct cursor c = cursor_of(data, readers[i].width);
        assert_int_equal(readers[i].read(&c), readers[i].value);
        assert_false(c.failed);
        assert_int_equal(cursor_left(&c), 0);
        (void)cursor_bytes(&c, 0);
        assert_false(c.failed);
        free(data);
    }
}

static void every_reader_fails_closed_at_every_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < READERS; i++) {
        for (size_t len = 0; len < readers[i].width; len++) {
            uint8_t *data = exact(len);
            struct cursor c = cursor_of(data, len);
            assert_int_equal(readers[i].read(&c), 0);
            assert_true(c.failed);
            assert_int_equal(cursor_left(&c), 0);
            free(data);
        }
    }
}

static void a_failed_cursor_gives_nothing_any_more(void **state)
{
    uint8_t *data = exact(16);

    (void)state;
    for (size_t i = 0; i < READERS; i++) {
        struct cursor c = cursor_of(data, 16);
        cursor_skip(&c, 17);
        assert_true(c.failed);
        assert_int_equal(readers[i].read(&c), 0);
        assert_null(cursor_bytes(&c, 0));
        assert_true(c.failed);
        assert_int_equal(cursor_left(&c), 0);
    }
    free(data);
}

static void high_bytes_are_not_signed(void **state)
{
    static const uint8_t high[] = {0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0x80};
    struct cursor c = cursor_of(high, sizeof(high));

    (void)state;
    assert_int_equal(cursor_u64(&c), 0xfffefdfcfbfaf980ULL);
    c = cursor_of(high, sizeof(high));
    assert_int_equal(cursor_u32(&c), 0xfffefdfcU);
    assert_int_equal(cursor_u16(&c), 0xfbfa);
    assert_int_equal(cursor_u8(&c), 0xf9);
    assert_int_equal(cursor_s8(&c), -128);
    c = cursor_of(high, sizeof(high));
    assert_int_equal(cursor_s8(&c), -1);
}

static void an_empty_input_has_nothing_and_may_be_null(void **state)
{
    struct cursor c = cursor_of(NULL, 0);

    (void)state;
    assert_int_equal(cursor_left(&c), 0);
    cursor_skip(&c, 0);
    struct cursor sub = cursor_sub(&c, 0);
    assert_false(c.failed);
    assert_false(sub.failed);
    assert_int_equal(cursor_u8(&c), 0);
    assert_true(c.failed);
}

static void a_length_beyond_all_memory_is_refused(void **state)
{
    uint8_t *data = exact(4);
    static const size_t lengths[] = {5, SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, SIZE_MAX / 2 + 1};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct cursor c = cursor_of(data, 4);
        assert_null(cursor_bytes(&c, lengths[i]));
        assert_true(c.failed);
        c = cursor_of(data, 4);
        struct cursor sub = cursor_sub(&c, lengths[i]);
        assert_true(c.failed);
        assert_true(sub.failed);
        assert_int_equal(cursor_left(&sub), 0);
        c = cursor_of(data, 4);
        cursor_skip(&c, lengths[i]);
        assert_true(c.failed);
    }
    free(data);
}

static void a_sub_cursor_cannot_leave_its_part(void **state)
{
    uint8_t *data = exact(10);
    struct cursor c = cursor_of(data, 10);

    (void)state;
    struct cursor sub = cursor_sub(&c, 3);
    assert_int_equal(cursor_left(&sub), 3);
    assert_int_equal(cursor_left(&c), 7);
    assert_int_equal(cursor_u16(&sub), 0x0102);
    assert_int_equal(cursor_u16(&sub), 0);
    assert_true(sub.failed);
    /* The outer one goes on behind the part, whatever became of it. */
    assert_false(c.failed);
    assert_int_equal(cursor_u8(&c), 4);
    free(data);
}

static void a_sub_cursor_of_a_failed_one_has_failed(void **state)
{
    uint8_t *data = exact(4);
    struct cursor c = cursor_of(data, 4);

    (void)state;
    cursor_skip(&c, 5);
    for (size_t n = 0; n < 5; n++) {
        struct cursor sub = cursor_sub(&c, n);
        assert_true(sub.failed);
        assert_int_equal(cursor_left(&sub), 0);
        assert_int_equal(cursor_u8(&sub), 0);
    }
    free(data);
}

static void an_empty_sub_cursor_takes_nothing(void **state)
{
    uint8_t *data = exact(2);
    struct cursor c = cursor_of(data, 2);

    (void)state;
    struct cursor sub = cursor_sub(&c, 0);
    assert_false(sub.failed);
    assert_int_equal(cursor_left(&sub), 0);
    assert_int_equal(cursor_left(&c), 2);
    (void)cursor_u8(&sub);
    assert_true(sub.failed);
    assert_false(c.failed);
    free(data);
}

/* --- writing: each writer puts its 01 02 03 .. */

static void write_u8(struct writer *w)
{
    writer_u8(w, 1);
}

static void write_s8(struct writer *w)
{
    writer_s8(w, 1);
}

static void write_u16(struct writer *w)
{
    writer_u16(w, 0x0102);
}

static void write_bytes(struct writer *w)
{
    writer_bytes(w, "\x01\x02\x03", 3);
}

static void write_u32(struct writer *w)
{
    writer_u32(w, 0x01020304);
}

static void write_room(struct writer *w)
{
    uint8_t *room = writer_room(w, 4);
    if (room != NULL)
        writer_u32_at(room, 0x01020304);
}

static void write_mac(struct writer *w)
{
    writer_mac(w, &(struct mac){{1, 2, 3, 4, 5, 6}});
}

static void write_u64(struct writer *w)
{
    writer_u64(w, 0x0102030405060708);
}

static const struct {
    void (*write)(struct writer *w);
    size_t width;
} writers[] = {
    {write_u8, 1},  {write_s8, 1},   {write_u16, 2}, {write_bytes, 3},
    {write_u32, 4}, {write_room, 4}, {write_mac, 6}, {write_u64, 8},
};

enum { WRITERS = sizeof(writers) / sizeof(writers[0]) };

static void every_writer_puts_its_width_in_network_order(void **state)
{
    uint8_t *expected = exact(8);

    (void)state;
    for (size_t i = 0; i < WRITERS; i++) {
        size_t width = writers[i].width;
        uint8_t *data = malloc(width);
        assert_non_null(data);
        struct writer w = writer_of(data, width);
        assert_int_equal(writer_left(&w), width);
        writers[i].write(&w);
        assert_false(w.failed);
        assert_int_equal(w.used, width);
        assert_int_equal(writer_left(&w), 0);
        assert_memory_equal(data, expected, width);
        free(data);
    }
    free(expected);
}

static void a_writer_without_room_writes_nothing_at_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < WRITERS; i++) {
        for (size_t size = 0; size < writers[i].width; size++) {
            uint8_t *data = calloc(1, size + 1);
            assert_non_null(data);
            struct writer w = writer_of(data, size);
            writers[i].write(&w);
            assert_true(w.failed);
            assert_int_equal(w.used, 0);
            assert_int_equal(writer_left(&w), 0);
            for (size_t k = 0; k <= size; k++)
                assert_int_equal(data[k], 0);
            free(data);
        }
    }
}

static void a_failed_writer_writes_nothing_any_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < WRITERS; i++) {
        uint8_t data[16] = {0};
        struct writer w = writer_of(data, sizeof(data));
        writer_u8(&w, 0xee);
        assert_null(writer_room(&w, sizeof(data)));
        assert_true(w.failed);
        writers[i].write(&w);
        assert_null(writer_room(&w, 0));
        assert_true(w.failed);
        assert_int_equal(w.used, 1);
        assert_int_equal(data[0], 0xee);
        for (size_t k = 1; k < sizeof(data); k++)
            assert_int_equal(data[k], 0);
    }
}

static void a_writer_refuses_a_length_beyond_all_memory(void **state)
{
    uint8_t data[4] = {0};
    struct writer w = writer_of(data, sizeof(data));

    (void)state;
    writer_u16(&w, 1);
    assert_null(writer_room(&w, SIZE_MAX));
    w = writer_of(data, sizeof(data));
    writer_u16(&w, 1);
    assert_null(writer_room(&w, SIZE_MAX - 1)); /* 2 + this is 0 again */
    assert_true(w.failed);
}

static void a_writer_of_no_size_may_be_null(void **state)
{
    struct writer w = writer_of(NULL, 0);

    (void)state;
    writer_bytes(&w, NULL, 0);
    (void)writer_room(&w, 0);
    assert_false(w.failed);
    writer_u8(&w, 1);
    assert_true(w.failed);
}

static void what_is_written_reads_back(void **state)
{
    static const uint64_t values[] = {0,
                                      1,
                                      0x7f,
                                      0x80,
                                      0xff,
                                      0x7fff,
                                      0x8000,
                                      0xffff,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      0x7fffffffffffffff,
                                      0x8000000000000000,
                                      0xffffffffffffffff,
                                      0x8182838485868788};
    uint8_t data[16];

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct writer w = writer_of(data, sizeof(data));
        writer_u8(&w, (uint8_t)values[i]);
        writer_s8(&w, (int8_t)(uint8_t)values[i]);
        writer_u16(&w, (uint16_t)values[i]);
        writer_u32(&w, (uint32_t)values[i]);
        writer_u64(&w, values[i]);
        assert_false(w.failed);
        struct cursor c = cursor_of(data, w.used);
        assert_int_equal(cursor_u8(&c), (uint8_t)values[i]);
        assert_int_equal(cursor_s8(&c), (int8_t)(uint8_t)values[i]);
        assert_int_equal(cursor_u16(&c), (uint16_t)values[i]);
        assert_int_equal(cursor_u32(&c), (uint32_t)values[i]);
        assert_int_equal(cursor_u64(&c), values[i]);
        assert_false(c.failed);
        assert_int_equal(cursor_left(&c), 0);
    }
}

static void a_field_can_be_filled_in_later(void **state)
{
    uint8_t data[8];
    struct writer w = writer_of(data, sizeof(data));

    (void)state;
    uint8_t *len = writer_room(&w, 2);
    writer_u32(&w, 0xa1a2a3a4);
    assert_non_null(len);
    writer_u16_at(len, (uint16_t)w.used);
    assert_memory_equal(data, "\x00\x06\xa1\xa2\xa3\xa4", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reader_takes_its_width_in_network_order),
        cmocka_unit_test(reading_to_the_very_end_is_no_failure),
        cmocka_unit_test(every_reader_fails_closed_at_every_truncation),
        cmocka_unit_test(a_failed_cursor_gives_nothing_any_more),
        cmocka_unit_test(high_bytes_are_not_signed),
        cmocka_unit_test(an_empty_input_has_nothing_and_may_be_null),
        cmocka_unit_test(a_length_beyond_all_memory_is_refused),
        cmocka_unit_test(a_sub_cursor_cannot_leave_its_part),
        cmocka_unit_test(a_sub_cursor_of_a_failed_one_has_failed),
        cmocka_unit_test(an_empty_sub_cursor_takes_nothing),
        cmocka_unit_test(every_writer_puts_its_width_in_network_order),
        cmocka_unit_test(a_writer_without_room_writes_nothing_at_all),
        cmocka_unit_test(a_failed_writer_writes_nothing_any_more),
        cmocka_unit_test(a_writer_refuses_a_length_beyond_all_memory),
        cmocka_unit_test(a_writer_of_no_size_may_be_null),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_field_can_be_filled_in_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
