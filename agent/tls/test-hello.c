/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/tls/test-hello.h"

uint8_t hello_bytes[20000];
size_t hello_bytes_len;

struct writer begin_bytes(void)
{
    return writer_of(hello_bytes, sizeof(hello_bytes));
}

void end_bytes(const struct writer *w)
{
    assert_false(w->failed);
    hello_bytes_len = w->used;
}

/* A list of 16-bit numbers that ends with 0. */
void add_list(struct writer *w, const uint16_t *list)
{
    for (size_t i = 0; list[i] != 0; i++)
        writer_u16(w, list[i]);
}

size_t size_of_list(const uint16_t *list)
{
    size_t n = 0;

    while (list[n] != 0)
        n++;
    return 2 * n;
}

/* One message in one record. */
void add_message(struct writer *w, uint8_t kind, const uint8_t *body, size_t len)
{
    writer_u8(w, RECORD);
    writer_u16(w, TLS_1_2);
    writer_u16(w, (uint16_t)(len + 4));
    writer_u8(w, kind);
    writer_u8(w, 0);
    writer_u16(w, (uint16_t)len);
    writer_bytes(w, body, len);
}

size_t hello_body(const struct hello *hello, uint8_t *body, size_t size)
{
    static const uint8_t random[32] = {1, 2, 3};
    static const uint8_t groups[] = {0, 10, 0, 4, 0, 2, 0, 23};
    struct writer w = writer_of(body, size);

    writer_u16(&w, TLS_1_2);
    writer_bytes(&w, random, sizeof(random));
    writer_u8(&w, 0);
    writer_u16(&w, (uint16_t)size_of_list(hello->suites));
    add_list(&w, hello->suites);
    writer_u16(&w, 0x0100); /* no compression */
    size_t extensions = w.used;
    writer_u16(&w, 0);
    writer_bytes(&w, groups, sizeof(groups));
    if (hello->signatures != NULL) {
        size_t len = size_of_list(hello->signatures);
        writer_u16(&w, 13);
        writer_u16(&w, (uint16_t)(len + 2));
        writer_u16(&w, (uint16_t)len);
        add_list(&w, hello->signatures);
    }
    if (hello->versions != NULL) {
        size_t len = size_of_list(hello->versions);
        writer_u16(&w, 43);
        writer_u16(&w, (uint16_t)(len + 1));
        writer_u8(&w, (uint8_t)len);
        add_list(&w, hello->versions);
    }
    assert_false(w.failed);
    writer_u16_at(body + extensions, (uint16_t)(w.used - extensions - 2));
    return w.used;
}

void make_hello(const struct hello *hello)
{
    uint8_t body[1024];
    struct writer w = begin_bytes();

    add_message(&w, CLIENT_HELLO, body, hello_body(hello, body, sizeof(body)));
    end_bytes(&w);
}
