/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/tls/abilities.h"

#include "agent/base/cursor.h"

#include <string.h>

/* RFC 8446 5.1 and 4, RFC 5246 7.4.4 and RFC 8422 5.5. */
enum {
    RECORD_HANDSHAKE = 22,
    RECORD_MAX = 16384,
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    CERTIFICATE_REQUEST = 13,
    SERVER_HELLO_DONE = 14,
    EXTENSION_SIGNATURE_ALGORITHMS = 13,
    EXTENSION_SUPPORTED_VERSIONS = 43,
    VERSION_1_2 = 0x0303,
    VERSION_1_3 = 0x0304,
    TYPE_RSA_SIGN = 1,
    TYPE_ECDSA_SIGN = 64,
    HASH_SHA256 = 4,
    HASH_SHA512 = 6,
    SIGNATURE_RSA = 1,
    SIGNATURE_ECDSA = 3,
    RSA_PSS_RSAE_SHA256 = 0x0804,
    RSA_PSS_RSAE_SHA512 = 0x0806,
    ECDSA_P256_SHA256 = 0x0403,
    ECDSA_P384_SHA384 = 0x0503,
};

/* --- lists ----------------------------------------------------------------------------------- */

/* What a list of signature algorithms allows. SHA-1 does not count: the library does not sign with
 * it unless nothing was listed. */
struct signatures {
    bool listed;
    bool rsa;     /* in TLS 1.2 */
    bool ec;      /* in TLS 1.2, with any curve */
    bool rsa_1_3; /* RSA-PSS, the only one that TLS 1.3 has */
    bool ec_1_3;  /* with our curve */
};

static struct signatures read_signatures(struct cursor list, unsigned ec_bits)
{
    struct signatures out = {.listed = true};
    const unsigned ours = ec_bits == 384 ? ECDSA_P384_SHA384 : ECDSA_P256_SHA256;

    while (cursor_left(&list) > 0) {
        unsigned scheme = cursor_u16(&list);
        unsigned hash = scheme >> 8;
        bool is_sound = !list.failed && hash >= HASH_SHA256 && hash <= HASH_SHA512;
        bool is_pss = scheme >= RSA_PSS_RSAE_SHA256 && scheme <= RSA_PSS_RSAE_SHA512;
        out.rsa = out.rsa || is_pss || (is_sound && (scheme & 0xff) == SIGNATURE_RSA);
        out.ec = out.ec || (is_sound && (scheme & 0xff) == SIGNATURE_ECDSA);
        out.rsa_1_3 = out.rsa_1_3 || is_pss;
        out.ec_1_3 = out.ec_1_3 || (!list.failed && scheme == ours);
    }
    return out;
}

/* The cipher suites that we have (see library.c), by what they ask of our key. */
struct suites {
    bool tls_1_3;
    bool rsa;
    bool ec;
    bool key_transport;
};

static void add_suite(struct suites *suites, unsigned suite, const struct abilities_ours *ours)
{
    switch (suite) {
    case 0x1301: /* TLS_AES_128_GCM_SHA256 */
    case 0x1302:
    case 0x1303:
        suites->tls_1_3 = true;
        break;
    case 0xc02f: /* ECDHE_RSA with AES-GCM and ChaCha20-Poly1305 */
    case 0xc030:
    case 0xcca8:
        suites->rsa = true;
        break;
    case 0xc013: /* ECDHE_RSA with AES-CBC */
    case 0xc014:
    case 0xc027:
    case 0xc028:
        suites->rsa = suites->rsa || ours->cbc;
        break;
    case 0xc02b: /* ECDHE_ECDSA with AES-GCM and ChaCha20-Poly1305 */
    case 0xc02c:
    case 0xcca9:
        suites->ec = true;
        break;
    case 0xc009: /* ECDHE_ECDSA with AES-CBC */
    case 0xc00a:
    case 0xc023:
    case 0xc024:
        suites->ec = suites->ec || ours->cbc;
        break;
    case 0x002f: /* RSA with AES-CBC-SHA */
    case 0x0035:
        suites->key_transport = suites->key_transport || ours->key_transport;
        break;
    default:
        break;
    }
}

static bool names_version(struct cursor list, unsigned wanted)
{
    while (cursor_left(&list) > 0)
        if (cursor_u16(&list) == wanted && !list.failed)
            return true;
    return false;
}

static bool names_type(struct cursor list, unsigned wanted)
{
    while (cursor_left(&list) > 0)
        if (cursor_u8(&list) == wanted)
            return true;
    return false;
}

/* --- messages -------------------------------------------------------------------------------- */

/* What of a ClientHello concerns us. */
struct client_hello {
    struct suites suites;
    struct signatures signatures;
    bool offers_1_3;
};

static bool read_extensions(struct cursor *c, unsigned ec_bits, struct client_hello *out)
{
    while (cursor_left(c) > 0) {
        unsigned type = cursor_u16(c);
        struct cursor body = cursor_sub(c, cursor_u16(c));
        if (type == EXTENSION_SIGNATURE_ALGORITHMS) {
            struct cursor list = cursor_sub(&body, cursor_u16(&body));
            out->signatures = read_signatures(list, ec_bits);
        } else if (type == EXTENSION_SUPPORTED_VERSIONS) {
            struct cursor list = cursor_sub(&body, cursor_u8(&body));
            out->offers_1_3 = names_version(list, VERSION_1_3);
        }
        if (c->failed || body.failed)
            return false;
    }
    return true;
}

static bool read_client_hello(struct cursor c, const struct abilities_ours *ours,
                              struct client_hello *out)
{
    *out = (struct client_hello){.offers_1_3 = false};
    cursor_skip(&c, 2 + 32); /* version and random */
    cursor_skip(&c, cursor_u8(&c));
    struct cursor suites = cursor_sub(&c, cursor_u16(&c));
    while (cursor_left(&suites) > 0)
        add_suite(&out->suites, cursor_u16(&suites), ours);
    cursor_skip(&c, cursor_u8(&c)); /* compression methods */
    if (c.failed || suites.failed)
        return false;
    if (cursor_left(&c) == 0)
        return true; /* before extensions were invented */
    struct cursor extensions = cursor_sub(&c, cursor_u16(&c));
    return !c.failed && read_extensions(&extensions, ours->ec_bits, out);
}

static void judge_client_hello(struct abilities *a)
{
    struct client_hello hello;

    a->state = ABILITIES_UNKNOWN;
    if (!read_client_hello(cursor_of(a->message, a->message_len), &a->ours, &hello))
        return;
    a->state = ABILITIES_KNOWN;
    if (hello.offers_1_3 && hello.suites.tls_1_3) {
        a->rsa = hello.signatures.rsa_1_3;
        a->ec = hello.signatures.ec_1_3;
        return;
    }
    /* Without a list it is SHA-1, with any key: RFC 5246 7.4.1.4.1. */
    bool any = !hello.signatures.listed;
    a->rsa = (hello.suites.rsa && (any || hello.signatures.rsa)) || hello.suites.key_transport;
    a->ec = hello.suites.ec && (any || hello.signatures.ec);
}

/* The names of authorities that come last are not looked at, and may have been cut off. */
static void judge_certificate_request(struct abilities *a)
{
    struct cursor c = cursor_of(a->message, a->message_len);
    struct cursor types = cursor_sub(&c, cursor_u8(&c));
    struct signatures signatures = {.rsa = true, .ec = true};

    if (a->version >= VERSION_1_2)
        signatures = read_signatures(cursor_sub(&c, cursor_u16(&c)), a->ours.ec_bits);
    a->state = c.failed ? ABILITIES_UNKNOWN : ABILITIES_KNOWN;
    a->rsa = signatures.rsa && names_type(types, TYPE_RSA_SIGN);
    a->ec = signatures.ec && names_type(types, TYPE_ECDSA_SIGN);
}

/* In TLS 1.3 it says 1.2, and the next records are enciphered: they end the search. */
static void judge_server_hello(struct abilities *a)
{
    struct cursor c = cursor_of(a->message, a->message_len);

    a->version = cursor_u16(&c);
    if (c.failed)
        a->state = ABILITIES_UNKNOWN;
}

static void judge(struct abilities *a)
{
    const unsigned kind = a->header[0];

    if (a->ours.role == TLS_SERVER)
        judge_client_hello(a);
    else if (kind == SERVER_HELLO)
        judge_server_hello(a);
    else if (kind == CERTIFICATE_REQUEST)
        judge_certificate_request(a);
}

/* --- the stream ------------------------------------------------------------------------------ */

/* Takes bytes until the header is complete; true then. */
static bool fill(struct cursor *c, uint8_t *header, uint8_t *have, size_t size)
{
    while (*have < size && cursor_left(c) > 0)
        header[(*have)++] = cursor_u8(c);
    return *have == size;
}

static void begin_record(struct abilities *a)
{
    a->record_left = (uint32_t)a->record[3] << 8 | a->record[4];
    if (a->record[0] != RECORD_HANDSHAKE || a->record_left > RECORD_MAX || a->record_left == 0)
        a->state = ABILITIES_UNKNOWN;
}

/* A server that does not ask for a certificate, a message that is not to come first, one too long:
 * there is nothing to learn. */
static void begin_message(struct abilities *a)
{
    const unsigned kind = a->header[0];

    a->message_left =
        (uint32_t)a->header[1] << 16 | (uint32_t)a->header[2] << 8 | (uint32_t)a->header[3];
    a->message_len = 0;
    if (a->ours.role == TLS_SERVER ? kind != CLIENT_HELLO || a->message_left > sizeof(a->message)
                                   : kind == SERVER_HELLO_DONE)
        a->state = ABILITIES_UNKNOWN;
}

static void take_body(struct abilities *a, struct cursor *record)
{
    size_t n = cursor_left(record) < a->message_left ? cursor_left(record) : a->message_left;
    size_t room = sizeof(a->message) - a->message_len;
    const uint8_t *data = cursor_bytes(record, n);

    if (data != NULL && n > 0)
        memcpy(a->message + a->message_len, data, n < room ? n : room);
    a->message_len += n < room ? n : room;
    a->message_left -= (uint32_t)n;
}

/* Messages need not begin or end where records do. */
static void take_record(struct abilities *a, struct cursor record)
{
    while (a->state == ABILITIES_MORE && cursor_left(&record) > 0) {
        bool begins = a->header_have < sizeof(a->header);
        if (!fill(&record, a->header, &a->header_have, sizeof(a->header)))
            return;
        if (begins)
            begin_message(a);
        if (a->state != ABILITIES_MORE)
            return;
        take_body(a, &record);
        if (a->message_left == 0) {
            judge(a);
            a->header_have = 0;
        }
    }
}

void abilities_begin(struct abilities *abilities, const struct abilities_ours *ours)
{
    memset(abilities, 0, sizeof(*abilities));
    abilities->ours = *ours;
}

enum abilities_state abilities_feed(struct abilities *a, const void *data, size_t len)
{
    struct cursor c = cursor_of(data, len);

    while (a->state == ABILITIES_MORE && cursor_left(&c) > 0) {
        bool begins = a->record_have < sizeof(a->record);
        if (!fill(&c, a->record, &a->record_have, sizeof(a->record)))
            break;
        if (begins)
            begin_record(a);
        size_t n = cursor_left(&c) < a->record_left ? cursor_left(&c) : a->record_left;
        a->record_left -= (uint32_t)n;
        struct cursor part = cursor_sub(&c, n);
        if (a->state == ABILITIES_MORE)
            take_record(a, part);
        if (a->record_left == 0)
            a->record_have = 0;
    }
    return a->state;
}
