/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handshake messages of TLS, made byte by byte, for the tests of abilities.c and choice.c. */
#ifndef AGENT_TLS_TEST_HELLO_H
#define AGENT_TLS_TEST_HELLO_H

#include "agent/base/cursor.h"

#include <stddef.h>
#include <stdint.h>

enum { RECORD = 22, CLIENT_HELLO = 1, SERVER_HELLO = 2, CERTIFICATE = 11, REQUEST = 13, DONE = 14 };
enum { TLS_1_1 = 0x0302, TLS_1_2 = 0x0303 };
enum { RSA_GCM = 0xc02f, RSA_CBC = 0xc013, EC_GCM = 0xc02b, EC_CBC = 0xc009, TRANSPORT = 0x002f };
enum { SUITE_1_3 = 0x1301, FALLBACK = 0x5600 };
enum { PKCS1 = 0x0401, PSS = 0x0804, P256 = 0x0403, P384 = 0x0503, PKCS1_SHA1 = 0x0201 };

/* A list of 16-bit numbers, as it is given here: it ends with 0. */
#define LIST(...) ((const uint16_t[]){__VA_ARGS__, 0})

/* What was made last. */
extern uint8_t hello_bytes[20000];
extern size_t hello_bytes_len;

/* NULL: without that extension. */
struct hello {
    const uint16_t *suites;
    const uint16_t *signatures;
    const uint16_t *versions;
};

struct writer begin_bytes(void);
void end_bytes(const struct writer *w);

void add_list(struct writer *w, const uint16_t *list);
size_t size_of_list(const uint16_t *list);
/* One message in one record. */
void add_message(struct writer *w, uint8_t kind, const uint8_t *body, size_t len);

/* The body of a ClientHello; its length. */
size_t hello_body(const struct hello *hello, uint8_t *body, size_t size);
void make_hello(const struct hello *hello);

#endif
