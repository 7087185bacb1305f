/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer can do with, and which identity it is shown. tests/integration/tls has real peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/cursor.h"
#include "agent/base/log.h"
#include "agent/tls/choice.h"
#include "tests/unit/failing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- messages to read --- */

enum { RECORD = 22, CLIENT_HELLO = 1, SERVER_HELLO = 2, CERTIFICATE = 11, REQUEST = 13, DONE = 14 };
enum { TLS_1_1 = 0x0302, TLS_1_2 = 0x0303 };
enum { RSA_GCM = 0xc02f, RSA_CBC = 0xc013, EC_GCM = 0xc02b, EC_CBC = 0xc009, TRANSPORT = 0x002f };
enum { SUITE_1_3 = 0x1301, FALLBACK = 0x5600 };
enum { PKCS1 = 0x0401, PSS = 0x0804, P256 = 0x0403, P384 = 0x0503, PKCS1_SHA1 = 0x0201 };

static uint8_t bytes[20000];
static size_t bytes_len;

static struct writer begin_bytes(void)
{
    return writer_of(bytes, sizeof(bytes));
}

static void end_bytes(const struct writer *w)
{
    assert_false(w->failed);
    bytes_len = w->used;
}

/* A list of 16-bit numbers that ends with 0. */
static void add_list(struct writer *w, const uint16_t *list)
{
    for (size_t i = 0; list[i] != 0; i++)
        writer_u16(w, list[i]);
}

static size_t size_of_list(const uint16_t *list)
{
    size_t n = 0;

    while (list[n] != 0)
        n++;
    return 2 * n;
}

/* One message in one record. */
static void add_message(struct writer *w, uint8_t kind, const uint8_t *body, size_t len)
{
    writer_u8(w, RECORD);
    writer_u16(w, TLS_1_2);
    writer_u16(w, (uint16_t)(len + 4));
    writer_u8(w, kind);
    writer_u8(w, 0);
    writer_u16(w, (uint16_t)len);
    writer_bytes(w, body, len);
}

/* NULL: without that extension. */
struct hello {
    const uint16_t *suites;
    const uint16_t *signatures;
    const uint16_t *versions;
};

static size_t hello_body(const struct hello *hello, uint8_t *body, size_t size)
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

static void make_hello(const struct hello *hello)
{
    uint8_t body[1024];
    struct writer w = begin_bytes();

    add_message(&w, CLIENT_HELLO, body, hello_body(hello, body, sizeof(body)));
    end_bytes(&w);
}

/* A server's flight of TLS 1.2 or before, up to its request; no signatures: before TLS 1.2. */
static void make_request(const uint8_t *types, uint8_t type_count, const uint16_t *signatures)
{
    static uint8_t certificate[6000];
    uint8_t version[2];
    uint8_t body[256];
    struct writer w = begin_bytes();
    struct writer b = writer_of(body, sizeof(body));

    writer_u16_at(version, signatures != NULL ? TLS_1_2 : TLS_1_1);
    add_message(&w, SERVER_HELLO, version, sizeof(version));
    add_message(&w, CERTIFICATE, certificate, sizeof(certificate));
    writer_u8(&b, type_count);
    writer_bytes(&b, types, type_count);
    if (signatures != NULL) {
        writer_u16(&b, (uint16_t)size_of_list(signatures));
        add_list(&b, signatures);
    }
    writer_u16(&b, 0); /* no authorities */
    add_message(&w, REQUEST, body, b.used);
    end_bytes(&w);
}

static const struct abilities_ours server = {.role = TLS_SERVER, .cbc = true, .ec_bits = 256};
static const struct abilities_ours client = {.role = TLS_CLIENT, .cbc = true, .ec_bits = 256};

static struct abilities read_with(const struct abilities_ours *ours)
{
    struct abilities abilities;

    abilities_begin(&abilities, ours);
    (void)abilities_feed(&abilities, bytes, bytes_len);
    return abilities;
}

static void assert_can(const struct abilities_ours *ours, bool rsa, bool ec)
{
    struct abilities abilities = read_with(ours);

    assert_int_equal(abilities.state, ABILITIES_KNOWN);
    assert_int_equal(abilities.rsa, rsa);
    assert_int_equal(abilities.ec, ec);
}

static void assert_hello(const struct abilities_ours *ours, struct hello hello, bool rsa, bool ec)
{
    make_hello(&hello);
    assert_can(ours, rsa, ec);
}

#define LIST(...) ((const uint16_t[]){__VA_ARGS__, 0})

/* --- ClientHello --- */

static void in_tls_1_3_signature_algorithms_decide(void **state)
{
    const uint16_t *both = LIST(SUITE_1_3, RSA_GCM, EC_GCM);
    const uint16_t *versions = LIST(0x0304, TLS_1_2);

    (void)state;
    assert_hello(&server, (struct hello){both, LIST(PSS, P256), versions}, true, true);
    assert_hello(&server, (struct hello){both, LIST(PSS), versions}, true, false);
    assert_hello(&server, (struct hello){both, LIST(P256, PKCS1), versions}, false, true);
    assert_hello(&server, (struct hello){both, LIST(P384), versions}, false, false);
    assert_hello(&server, (struct hello){both, NULL, versions}, false, false);
    const struct abilities_ours p384 = {.role = TLS_SERVER, .ec_bits = 384};
    assert_hello(&p384, (struct hello){both, LIST(P384), versions}, false, true);
    assert_hello(&p384, (struct hello){both, LIST(P256), versions}, false, false);
}

static void tls_1_3_without_one_of_its_suites_is_tls_1_2(void **state)
{
    (void)state;
    assert_hello(&server, (struct hello){LIST(RSA_GCM), LIST(PKCS1, P256), LIST(0x0304)}, true,
                 false);
}

static void in_tls_1_2_a_suite_and_a_signature_algorithm_are_needed(void **state)
{
    const uint16_t *both = LIST(FALLBACK, RSA_GCM, EC_GCM);

    (void)state;
    assert_hello(&server, (struct hello){both, LIST(PKCS1, P384), NULL}, true, true);
    assert_hello(&server, (struct hello){both, LIST(PSS), NULL}, true, false);
    assert_hello(&server, (struct hello){both, LIST(P256), NULL}, false, true);
    assert_hello(&server, (struct hello){both, LIST(PKCS1_SHA1), NULL}, false, false);
    assert_hello(&server, (struct hello){both, NULL, NULL}, true, true);
    assert_hello(&server, (struct hello){LIST(RSA_GCM), LIST(PKCS1, P256), NULL}, true, false);
    assert_hello(&server, (struct hello){LIST(EC_GCM), LIST(PKCS1, P256), LIST(TLS_1_2)}, false,
                 true);
    assert_hello(&server, (struct hello){LIST(FALLBACK), LIST(PKCS1, P256), NULL}, false, false);
}

static void suites_that_we_do_not_offer_do_not_count(void **state)
{
    const struct abilities_ours strong = {.role = TLS_SERVER};
    const struct abilities_ours legacy = {.role = TLS_SERVER, .key_transport = true};
    struct hello hello = {LIST(RSA_CBC, EC_CBC, TRANSPORT), LIST(PKCS1, P256), NULL};

    (void)state;
    assert_hello(&server, hello, true, true);
    assert_hello(&strong, hello, false, false);
    assert_hello(&legacy, hello, true, false);
}

static void a_hello_without_extensions_can_be_read(void **state)
{
    struct hello hello = {LIST(EC_CBC), NULL, NULL};
    uint8_t body[256];
    size_t len = hello_body(&hello, body, sizeof(body));
    struct writer w = begin_bytes();

    (void)state;
    add_message(&w, CLIENT_HELLO, body, len - 10); /* the groups, and the length of all */
    end_bytes(&w);
    assert_can(&server, false, true);
}

static void it_may_come_in_any_pieces_and_records(void **state)
{
    struct hello hello = {LIST(RSA_GCM, EC_GCM), LIST(P256), NULL};
    uint8_t body[256];
    size_t len = hello_body(&hello, body, sizeof(body));
    uint8_t message[300] = {CLIENT_HELLO, 0, (uint8_t)(len >> 8), (uint8_t)len};
    struct abilities abilities;

    (void)state;
    memcpy(message + 4, body, len);
    for (size_t piece = 1; piece < len + 4; piece++) {
        struct writer w = begin_bytes();
        for (size_t at = 0; at < len + 4; at += piece) {
            size_t n = len + 4 - at < piece ? len + 4 - at : piece;
            writer_u8(&w, RECORD);
            writer_u16(&w, TLS_1_2);
            writer_u16(&w, (uint16_t)n);
            writer_bytes(&w, message + at, n);
        }
        end_bytes(&w);
        abilities_begin(&abilities, &server);
        for (size_t i = 0; i + 1 < bytes_len; i++)
            assert_int_equal(abilities_feed(&abilities, bytes + i, 1), ABILITIES_MORE);
        assert_int_equal(abilities_feed(&abilities, bytes + bytes_len - 1, 1), ABILITIES_KNOWN);
        assert_true(abilities.ec && !abilities.rsa);
    }
}

static void assert_unknown(const void *data, size_t len)
{
    struct abilities abilities;

    abilities_begin(&abilities, &server);
    assert_int_equal(abilities_feed(&abilities, data, len), ABILITIES_UNKNOWN);
    assert_false(abilities.rsa || abilities.ec);
    /* And stays so. */
    make_hello(&(struct hello){LIST(RSA_GCM), NULL, NULL});
    assert_int_equal(abilities_feed(&abilities, bytes, bytes_len), ABILITIES_UNKNOWN);
}

static void what_is_no_client_hello_is_not_known(void **state)
{
    static const uint8_t alert[] = {21, 3, 3, 0, 2, 2, 40};
    static const uint8_t other[] = {22, 3, 3, 0, 4, 2, 0, 0, 0};
    static const uint8_t empty[] = {22, 3, 3, 0, 4, 1, 0, 0, 0};
    static const uint8_t no_record[] = {22, 3, 3, 0, 0};
    static const uint8_t too_long[] = {22, 3, 3, 0, 4, 1, 0, 0x10, 0x01};
    static const uint8_t record_too_long[] = {22, 3, 3, 0x40, 0x01};
    static const uint8_t ssl_2[] = {0x80, 0x2e, 1, 3, 1};

    (void)state;
    assert_unknown("GET / HTTP/1.1\r\n", 16);
    assert_unknown(alert, sizeof(alert));
    assert_unknown(other, sizeof(other));
    assert_unknown(empty, sizeof(empty));
    assert_unknown(no_record, sizeof(no_record));
    assert_unknown(too_long, sizeof(too_long));
    assert_unknown(record_too_long, sizeof(record_too_long));
    assert_unknown(ssl_2, sizeof(ssl_2));
}

static void a_hello_that_ends_inside_of_a_field_is_not_known(void **state)
{
    struct hello hello = {LIST(RSA_GCM, EC_GCM), LIST(P256), LIST(TLS_1_2)};
    uint8_t body[256];
    size_t len = hello_body(&hello, body, sizeof(body));
    const size_t before_extensions = 2 + 32 + 1 + 2 + 4 + 2;

    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        struct writer w = begin_bytes();
        if (cut == before_extensions)
            continue;
        add_message(&w, CLIENT_HELLO, body, cut);
        end_bytes(&w);
        assert_int_equal(read_with(&server).state, ABILITIES_UNKNOWN);
    }
}

/* --- CertificateRequest --- */

static const uint8_t rsa_sign[] = {1};
static const uint8_t ecdsa_sign[] = {64};
static const uint8_t both_sign[] = {2, 64, 1};

static void a_request_goes_by_its_types_and_signature_algorithms(void **state)
{
    (void)state;
    make_request(both_sign, 3, LIST(PKCS1, P256));
    assert_can(&client, true, true);
    make_request(both_sign, 3, LIST(P256));
    assert_can(&client, false, true);
    make_request(both_sign, 3, LIST(PSS));
    assert_can(&client, true, false);
    make_request(rsa_sign, 1, LIST(PKCS1, P256));
    assert_can(&client, true, false);
    make_request(ecdsa_sign, 1, LIST(PKCS1, P256));
    assert_can(&client, false, true);
}

static void before_tls_1_2_it_has_types_only(void **state)
{
    (void)state;
    make_request(both_sign, 3, NULL);
    assert_can(&client, true, true);
    make_request(ecdsa_sign, 1, NULL);
    assert_can(&client, false, true);
}

static void a_server_that_does_not_ask_or_does_it_unseen_tells_nothing(void **state)
{
    static const uint8_t version[] = {3, 3};
    static const uint8_t change[] = {20, 3, 3, 0, 1, 1};
    struct writer w = begin_bytes();

    (void)state;
    add_message(&w, SERVER_HELLO, version, sizeof(version));
    end_bytes(&w);
    assert_int_equal(read_with(&client).state, ABILITIES_MORE);
    add_message(&w, DONE, NULL, 0);
    end_bytes(&w);
    assert_int_equal(read_with(&client).state, ABILITIES_UNKNOWN);
    w = begin_bytes();
    add_message(&w, SERVER_HELLO, version, sizeof(version));
    writer_bytes(&w, change, sizeof(change)); /* TLS 1.3 */
    end_bytes(&w);
    assert_int_equal(read_with(&client).state, ABILITIES_UNKNOWN);
    w = begin_bytes();
    add_message(&w, SERVER_HELLO, version, 1);
    end_bytes(&w);
    assert_int_equal(read_with(&client).state, ABILITIES_UNKNOWN);
}

/* --- the choice --- */

static void the_first_is_shown_unless_only_the_second_will_do(void **state)
{
    static const enum authlist_key_type kinds[] = {AUTHLIST_KEY_RSA, AUTHLIST_KEY_EC};
    static const enum authlist_key_type other_way[] = {AUTHLIST_KEY_EC, AUTHLIST_KEY_RSA};
    struct choice choice;

    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        choice_begin(&choice, &server, (i & 1) != 0 ? other_way : kinds);
        choice.abilities.rsa = (i & 2) != 0;
        choice.abilities.ec = (i & 4) != 0;
        choice.abilities.state = (i & 8) != 0 ? ABILITIES_KNOWN : ABILITIES_UNKNOWN;
        bool first = (i & 1) != 0 ? choice.abilities.ec : choice.abilities.rsa;
        bool second = (i & 1) != 0 ? choice.abilities.rsa : choice.abilities.ec;
        assert_int_equal(choice_fitting(&choice),
                         (i & 8) != 0 && !first && second ? CHOICE_SECOND : CHOICE_FIRST);
    }
}

/* A connected socket; nobody needs to be there. */
static int connected_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void servers_that_turned_are_remembered_until_they_turn_back(void **state)
{
    struct choice_memory memory = {.next = 0};
    int fds[CHOICE_TURNED_MAX + 1];

    (void)state;
    for (unsigned i = 0; i <= CHOICE_TURNED_MAX; i++) {
        fds[i] = connected_to((uint16_t)(20000 + i));
        assert_false(choice_has_turned(&memory, fds[i]));
        choice_turn(&memory, fds[i]);
        assert_true(choice_has_turned(&memory, fds[i]));
    }
    assert_false(choice_has_turned(&memory, fds[0])); /* the oldest made room */
    assert_true(choice_has_turned(&memory, fds[1]));
    choice_turn(&memory, fds[1]);
    assert_false(choice_has_turned(&memory, fds[1]));
    assert_true(choice_has_turned(&memory, fds[2]));
    for (unsigned i = 0; i <= CHOICE_TURNED_MAX; i++)
        assert_int_equal(close(fds[i]), 0);
    choice_turn(&memory, -1);
    assert_false(choice_has_turned(&memory, -1));
}

/* --- the real thing --- */

static char folder[] = "/tmp/test-choice-XXXXXX";
static struct tls_identity *rsa;
static struct tls_identity *ec;

static void drop_line(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

static struct tls_identity *make_identity(enum authlist_key_type kind)
{
    static const struct mac mac = {{0x02, 0, 0, 0, 0, 0x01}};
    char certificate[64];
    char key[64];

    (void)snprintf(certificate, sizeof(certificate), "%s/cert", folder);
    (void)snprintf(key, sizeof(key), "%s/key", folder);
    if (tls_identity_create(kind, certificate, key, "agent", &mac) != 0)
        return NULL;
    struct tls_identity *identity = tls_identity_load(certificate, key);
    (void)unlink(certificate);
    (void)unlink(key);
    return identity;
}

static int make_identities(void **state)
{
    (void)state;
    log_divert(drop_line);
    if (mkdtemp(folder) == NULL || tls_init() != 0)
        return -1;
    rsa = make_identity(AUTHLIST_KEY_RSA);
    ec = make_identity(AUTHLIST_KEY_EC);
    return rsa != NULL && ec != NULL ? 0 : -1;
}

static int remove_identities(void **state)
{
    (void)state;
    tls_identity_free(rsa);
    tls_identity_free(ec);
    tls_fini();
    log_divert(NULL);
    return rmdir(folder);
}

static int reset_failures(void **state)
{
    (void)state;
    failing_reset();
    return 0;
}

static bool let_in(void *context, const struct authlist_peer *peer)
{
    enum authlist_key_type *seen = context;

    *seen = peer->key_type;
    return true;
}

struct end {
    struct tls *tls;
    int fd;
    enum authlist_key_type peer; /* the kind of key that was shown to it */
    enum tls_status status;
};

static void open_end(struct end *end, enum tls_role role, const struct tls_identity *first,
                     const struct tls_identity *second)
{
    struct tls_context *context =
        tls_context_new(first, &(struct tls_options){.role = role, .second = second});

    assert_non_null(context);
    assert_int_not_equal(fcntl(end->fd, F_SETFL, O_NONBLOCK), -1);
    end->tls = tls_new(context, end->fd, let_in, &end->peer);
    assert_non_null(end->tls);
    end->status = TLS_WANT_READ;
    tls_context_free(context); /* the connection keeps what it needs */
}

static void open_pair(struct end *ends)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    ends[0].fd = fds[0];
    ends[1].fd = fds[1];
}

static void close_end(struct end *end)
{
    tls_free(end->tls);
    assert_int_equal(close(end->fd), 0);
}

static bool goes_on(const struct end *end)
{
    return end->status == TLS_WANT_READ || end->status == TLS_WANT_WRITE;
}

static void shake_hands(struct end *ends)
{
    for (unsigned turns = 0; turns < 100000 && (goes_on(&ends[0]) || goes_on(&ends[1])); turns++)
        for (unsigned i = 0; i < 2; i++)
            if (goes_on(&ends[i]))
                ends[i].status = tls_handshake(ends[i].tls);
    assert_string_equal(tls_error(ends[0].tls), "");
    assert_string_equal(tls_error(ends[1].tls), "");
    assert_int_equal(ends[0].status, TLS_OK);
    assert_int_equal(ends[1].status, TLS_OK);
}

static void expect_word(struct end *from, struct end *to)
{
    char word[4];
    size_t n;

    assert_int_equal(tls_write(from->tls, "word", 4, &n), TLS_OK);
    assert_int_equal(tls_read(to->tls, word, sizeof(word), &n), TLS_OK);
    assert_memory_equal(word, "word", 4);
}

static void with_two_identities_the_first_is_shown_to_who_can_do_with_both(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct end ends[2];
        bool ec_first = (i & 1) != 0;
        enum authlist_key_type wanted = ec_first ? AUTHLIST_KEY_EC : AUTHLIST_KEY_RSA;
        open_pair(ends);
        open_end(&ends[0], TLS_SERVER, ec_first ? ec : rsa, ec_first ? rsa : ec);
        open_end(&ends[1], TLS_CLIENT, ec_first ? ec : rsa, ec_first ? rsa : ec);
        failing_short_io((i & 2) != 0 ? 1 : 0);
        shake_hands(ends);
        assert_int_equal(ends[0].peer, wanted);
        assert_int_equal(ends[1].peer, wanted);
        expect_word(&ends[0], &ends[1]);
        expect_word(&ends[1], &ends[0]);
        close_end(&ends[0]);
        close_end(&ends[1]);
        failing_reset();
    }
}

/* Whether its certificate begins here: a SEQUENCE with a length of two bytes. */
static bool is_certificate_of(const struct tls_identity *identity, const uint8_t *data, size_t left)
{
    struct authlist_peer seen;
    size_t len = (size_t)(data[2] << 8 | data[3]) + 4;

    return data[0] == 0x30 && data[1] == 0x82 && len <= left &&
           tls_certificate_facts(data, len, 1, &seen) &&
           memcmp(seen.spki_sha256, tls_identity_facts(identity)->spki_sha256, TLS_SHA256_SIZE) ==
               0;
}

/* Whether our server shows this identity to a client of TLS 1.2 that says this. */
static bool shows(const struct tls_identity *identity, const struct hello *hello)
{
    static uint8_t reply[16384];
    struct end ends[2];

    open_pair(ends);
    open_end(&ends[0], TLS_SERVER, rsa, ec);
    make_hello(hello);
    for (size_t i = 0; i < bytes_len; i++) {
        assert_int_equal(tls_handshake(ends[0].tls), TLS_WANT_READ);
        assert_int_equal(write(ends[1].fd, bytes + i, 1), 1);
    }
    assert_int_equal(tls_handshake(ends[0].tls), TLS_WANT_READ);
    ssize_t len = read(ends[1].fd, reply, sizeof(reply));
    assert_true(len > 0);
    bool found = false;
    for (size_t at = 0; at + 4 < (size_t)len && !found; at++)
        found = is_certificate_of(identity, reply + at, (size_t)len - at);
    close_end(&ends[0]);
    assert_int_equal(close(ends[1].fd), 0);
    return found;
}

static void a_hello_decides_which_certificate_it_gets(void **state)
{
    const uint16_t *both = LIST(RSA_GCM, EC_GCM);

    (void)state;
    assert_true(shows(rsa, &(struct hello){both, LIST(PKCS1, P256), NULL}));
    assert_true(shows(ec, &(struct hello){both, LIST(P256), NULL}));
    assert_true(shows(ec, &(struct hello){LIST(EC_GCM), LIST(PKCS1, P256), NULL}));
}

static void a_peer_that_is_gone_or_broken_before_its_hello_is_told_as_ever(void **state)
{
    struct end ends[2];

    (void)state;
    open_pair(ends);
    open_end(&ends[0], TLS_SERVER, rsa, ec);
    assert_int_equal(tls_handshake(ends[0].tls), TLS_WANT_READ);
    failing_at(FAILING_RECV, 1, ETIMEDOUT);
    assert_int_equal(tls_handshake(ends[0].tls), TLS_FAILED);
    assert_int_equal(tls_failure(ends[0].tls), TLS_FAILURE_TRANSPORT);
    assert_string_equal(tls_error(ends[0].tls), strerror(ETIMEDOUT));
    tls_free(ends[0].tls);
    failing_reset();
    open_end(&ends[0], TLS_SERVER, rsa, ec);
    assert_int_equal(write(ends[1].fd, "\x16\x03\x03", 3), 3);
    assert_int_equal(close(ends[1].fd), 0);
    assert_int_equal(tls_handshake(ends[0].tls), TLS_FAILED);
    assert_int_equal(tls_failure(ends[0].tls), TLS_FAILURE_TRANSPORT);
    close_end(&ends[0]);
}

static void noise_reaches_the_library_as_it_came(void **state)
{
    struct end ends[2];

    (void)state;
    open_pair(ends);
    open_end(&ends[0], TLS_SERVER, rsa, ec);
    assert_int_equal(write(ends[1].fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    assert_int_equal(tls_handshake(ends[0].tls), TLS_FAILED);
    assert_true(tls_failure(ends[0].tls) == TLS_FAILURE_PROTOCOL ||
                tls_failure(ends[0].tls) == TLS_FAILURE_NO_COMMON);
    close_end(&ends[0]);
    assert_int_equal(close(ends[1].fd), 0);
}

static void without_memory_there_is_no_context_or_connection(void **state)
{
    static const enum tls_role roles[] = {TLS_SERVER, TLS_CLIENT};
    enum authlist_key_type seen;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tls_options options = {.role = roles[i], .second = ec};
        struct tls_context *context;
        bool failed = true;
        for (unsigned n = 1; n <= 7 && failed; n++) { /* ours; the library's own follow */
            failing_malloc_at(n);
            context = tls_context_new(rsa, &options);
            failed = failing_hit();
            failing_reset();
            assert_true(context == NULL || !failed || roles[i] == TLS_SERVER || n > 4);
            tls_context_free(context);
        }
        context = tls_context_new(rsa, &options);
        assert_non_null(context);
        for (unsigned n = 1; n <= 2; n++) {
            failing_malloc_at(n);
            assert_null(tls_new(context, -1, let_in, &seen));
            failing_reset();
        }
        tls_context_free(context);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, reset_failures)
    const struct CMUnitTest tests[] = {
        TEST(in_tls_1_3_signature_algorithms_decide),
        TEST(tls_1_3_without_one_of_its_suites_is_tls_1_2),
        TEST(in_tls_1_2_a_suite_and_a_signature_algorithm_are_needed),
        TEST(suites_that_we_do_not_offer_do_not_count),
        TEST(a_hello_without_extensions_can_be_read),
        TEST(it_may_come_in_any_pieces_and_records),
        TEST(what_is_no_client_hello_is_not_known),
        TEST(a_hello_that_ends_inside_of_a_field_is_not_known),
        TEST(a_request_goes_by_its_types_and_signature_algorithms),
        TEST(before_tls_1_2_it_has_types_only),
        TEST(a_server_that_does_not_ask_or_does_it_unseen_tells_nothing),
        TEST(the_first_is_shown_unless_only_the_second_will_do),
        TEST(servers_that_turned_are_remembered_until_they_turn_back),
        TEST(with_two_identities_the_first_is_shown_to_who_can_do_with_both),
        TEST(a_hello_decides_which_certificate_it_gets),
        TEST(a_peer_that_is_gone_or_broken_before_its_hello_is_told_as_ever),
        TEST(noise_reaches_the_library_as_it_came),
        TEST(without_memory_there_is_no_context_or_connection),
    };
#undef TEST

    return cmocka_run_group_tests(tests, make_identities, remove_identities);
}
