/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which identity a peer is shown. tests/integration/tls has real peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/log.h"
#include "agent/tls/choice.h"
#include "agent/tls/test-hello.h"
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

static const struct abilities_ours server = {.role = TLS_SERVER, .cbc = true, .ec_bits = 256};

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

/* Whether its certificate begins here: a SEQUENCE with a length of two hello_bytes. */
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
    for (size_t i = 0; i < hello_bytes_len; i++) {
        assert_int_equal(tls_handshake(ends[0].tls), TLS_WANT_READ);
        assert_int_equal(write(ends[1].fd, hello_bytes + i, 1), 1);
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
