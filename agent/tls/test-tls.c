/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends are ours, in one process. tests/integration/tls has the peers that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/log.h"
#include "agent/tls/crypto.h"
#include "agent/tls/tls.h"
#include "tests/unit/failing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- two identities, made once --- */

enum { AGENT, SERVER, IDENTITIES };

static const struct mac macs[IDENTITIES] = {{{0x02, 0x00, 0x00, 0x00, 0x00, 0x01}},
                                            {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x89}}};
static const char *const names[IDENTITIES] = {"agent", "MSE"};

static char folder[] = "/tmp/test-tls-XXXXXX";
static struct tls_identity *identities[IDENTITIES];

static const char *path_of(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void drop_line(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

static int make_identities(void **state)
{
    (void)state;
    log_divert(drop_line);
    if (mkdtemp(folder) == NULL || tls_init() != 0)
        return -1;
    for (size_t i = 0; i < IDENTITIES; i++) {
        char cert[64];
        char key[64];
        (void)snprintf(cert, sizeof(cert), "%s/%s.pem", folder, names[i]);
        (void)snprintf(key, sizeof(key), "%s/%s.key", folder, names[i]);
        if (tls_identity_create(CERTIFICATE_KEY_RSA, cert, key, names[i], &macs[i]) != 0)
            return -1;
        identities[i] = tls_identity_load(cert, key);
        if (identities[i] == NULL)
            return -1;
    }
    return 0;
}

static int remove_identities(void **state)
{
    static const char *const files[] = {"agent.pem", "agent.key", "MSE.pem",      "MSE.key",
                                        "other.pem", "other.key", "other.key.new"};

    (void)state;
    for (size_t i = 0; i < IDENTITIES; i++)
        tls_identity_free(identities[i]);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)unlink(path_of(files[i]));
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

/* --- a connection, both ends --- */

struct end {
    struct tls_context *context;
    struct tls *tls;
    int fd;
    bool lets_in;
    unsigned asked;
    enum tls_status status;
};

/* The server is the agent, the client the location server, as on port 16113. */
struct pair {
    struct end server;
    struct end client;
    uint64_t bytes_before;
};

static bool answer(void *context, const struct certificate_info *peer)
{
    struct end *end = context;

    assert_non_null(peer);
    end->asked++;
    return end->lets_in;
}

static void open_end(struct end *end, enum tls_role role, const struct tls_identity *identity)
{
    struct tls_options options = {.role = role};

    assert_int_not_equal(fcntl(end->fd, F_SETFL, O_NONBLOCK), -1);
    end->context = tls_context_new(identity, &options);
    assert_non_null(end->context);
    end->tls = tls_new(end->context, end->fd, answer, end);
    assert_non_null(end->tls);
    end->lets_in = true;
    end->status = TLS_WANT_READ;
}

static void open_pair(struct pair *pair)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    memset(pair, 0, sizeof(*pair));
    pair->server.fd = fds[0];
    pair->client.fd = fds[1];
    open_end(&pair->server, TLS_SERVER, identities[AGENT]);
    open_end(&pair->client, TLS_CLIENT, identities[SERVER]);
    pair->bytes_before = tls_application_bytes_written();
}

static void close_end(struct end *end)
{
    tls_free(end->tls);
    tls_context_free(end->context);
    assert_int_equal(close(end->fd), 0);
}

static void close_pair(struct pair *pair)
{
    close_end(&pair->server);
    close_end(&pair->client);
}

static bool wants(enum tls_status status)
{
    return status == TLS_WANT_READ || status == TLS_WANT_WRITE;
}

static void step(struct end *end)
{
    if (wants(end->status))
        end->status = tls_handshake(end->tls);
}

/* Runs both ends until neither goes on. */
static void shake_hands(struct pair *pair)
{
    for (unsigned turns = 0; turns < 100000; turns++) {
        step(&pair->client);
        step(&pair->server);
        if (!wants(pair->client.status) && !wants(pair->server.status))
            return;
        if (pair->client.status == TLS_FAILED || pair->server.status == TLS_FAILED)
            return;
    }
    fail_msg("the handshake does not end");
}

static void assert_in(const struct pair *pair)
{
    assert_string_equal(tls_error(pair->client.tls), "");
    assert_string_equal(tls_error(pair->server.tls), "");
    assert_int_equal(pair->client.status, TLS_OK);
    assert_int_equal(pair->server.status, TLS_OK);
}

static void send_all(struct end *end, const char *data, size_t len)
{
    while (len > 0) {
        size_t written;
        assert_int_equal(tls_write(end->tls, data, len, &written), TLS_OK);
        data += written;
        len -= written;
    }
}

static void expect_bytes(struct end *end, const char *data, size_t len)
{
    char buffer[4096];
    size_t seen = 0;

    assert_true(len <= sizeof(buffer));
    while (seen < len) {
        size_t got;
        assert_int_equal(tls_read(end->tls, buffer + seen, len - seen, &got), TLS_OK);
        seen += got;
    }
    assert_memory_equal(buffer, data, len);
}

/* --- letting in --- */

static void listed_peers_get_in_and_know_each_other(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    assert_string_equal(tls_version(pair.server.tls), "");
    assert_string_equal(tls_cipher(pair.server.tls), "");
    assert_null(tls_peer(pair.server.tls));
    shake_hands(&pair);
    assert_in(&pair);
    assert_int_equal(pair.server.asked, 1);
    assert_int_equal(pair.client.asked, 1);
    assert_memory_equal(tls_peer(pair.server.tls), tls_identity_info(identities[SERVER]),
                        sizeof(struct certificate_info));
    assert_memory_equal(tls_peer(pair.client.tls), tls_identity_info(identities[AGENT]),
                        sizeof(struct certificate_info));
    assert_string_equal(tls_version(pair.server.tls), "TLSv1.3");
    assert_non_null(strstr(tls_cipher(pair.server.tls), "CHACHA20"));
    assert_int_equal(tls_failure(pair.server.tls), TLS_FAILURE_NONE);
    assert_int_equal(tls_handshake(pair.server.tls), TLS_OK);
    close_pair(&pair);
}

static void data_goes_both_ways(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    shake_hands(&pair);
    assert_in(&pair);
    send_all(&pair.server, "measurement", 11);
    expect_bytes(&pair.client, "measurement", 11);
    send_all(&pair.client, "echo", 4);
    expect_bytes(&pair.server, "echo", 4);
    assert_true(tls_application_bytes_written() - pair.bytes_before == 15);
    close_pair(&pair);
}

static void bytes_that_come_one_by_one_make_the_same_connection(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    failing_short_io(1);
    shake_hands(&pair);
    assert_in(&pair);
    send_all(&pair.server, "measurement", 11);
    expect_bytes(&pair.client, "measurement", 11);
    close_pair(&pair);
}

/* --- refusing --- */

static void a_refused_client_learns_it_by_an_alert(void **state)
{
    struct pair pair;
    char byte;
    size_t got;

    (void)state;
    open_pair(&pair);
    pair.server.lets_in = false;
    shake_hands(&pair);
    assert_int_equal(pair.server.status, TLS_FAILED);
    assert_int_equal(tls_failure(pair.server.tls), TLS_FAILURE_REFUSED);
    assert_int_equal(tls_alert_sent(pair.server.tls), 0x200 + 42);
    assert_int_equal(tls_alert_received(pair.server.tls), -1);
    assert_string_equal(tls_error(pair.server.tls), "refused");
    /* In TLS 1.3 the client thinks that it is in until it reads. */
    assert_int_equal(pair.client.status, TLS_OK);
    assert_int_equal(tls_read(pair.client.tls, &byte, 1, &got), TLS_FAILED);
    assert_int_equal(tls_failure(pair.client.tls), TLS_FAILURE_PEER_ALERT);
    assert_int_equal(tls_alert_received(pair.client.tls), 0x200 + 42);
    assert_string_equal(tls_error(pair.client.tls), "alert 42 (bad_certificate)");
    close_pair(&pair);
}

static void a_refused_server_learns_it_by_an_alert(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    pair.client.lets_in = false;
    shake_hands(&pair);
    assert_int_equal(pair.client.status, TLS_FAILED);
    assert_int_equal(tls_failure(pair.client.tls), TLS_FAILURE_REFUSED);
    assert_int_equal(tls_handshake(pair.server.tls), TLS_FAILED);
    assert_int_equal(tls_failure(pair.server.tls), TLS_FAILURE_PEER_ALERT);
    assert_int_equal(pair.server.asked, 0);
    close_pair(&pair);
}

static void assert_shut(struct tls *tls)
{
    char byte = 'x';
    size_t n = 7;

    assert_int_equal(tls_write(tls, &byte, 1, &n), TLS_FAILED);
    assert_int_equal(n, 0);
    n = 7;
    assert_int_equal(tls_read(tls, &byte, 1, &n), TLS_FAILED);
    assert_int_equal(n, 0);
    tls_shutdown(tls); /* has nothing to say either */
}

static void no_application_byte_moves_before_the_handshake_is_done(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    failing_short_io(64); /* many steps, so that every state is met */
    while (wants(pair.client.status) || wants(pair.server.status)) {
        if (wants(pair.client.status))
            assert_shut(pair.client.tls);
        if (wants(pair.server.status))
            assert_shut(pair.server.tls);
        assert_true(tls_application_bytes_written() == pair.bytes_before);
        step(&pair.client);
        step(&pair.server);
    }
    assert_in(&pair); /* the attempts did no harm */
    send_all(&pair.server, "now", 3);
    expect_bytes(&pair.client, "now", 3);
    close_pair(&pair);
}

static void no_application_byte_moves_after_a_refusal(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    pair.server.lets_in = false;
    shake_hands(&pair);
    assert_shut(pair.server.tls);
    assert_int_equal(tls_handshake(pair.server.tls), TLS_FAILED);
    assert_shut(pair.server.tls);
    assert_true(tls_application_bytes_written() == pair.bytes_before);
    assert_string_equal(tls_version(pair.server.tls), "");
    close_pair(&pair);
}

/* --- trouble on the way --- */

static void noise_is_no_handshake(void **state)
{
    static const char noise[] = "GET / HTTP/1.1\r\nHost: example\r\n\r\n";
    struct pair pair;

    (void)state;
    open_pair(&pair);
    assert_int_equal(write(pair.client.fd, noise, sizeof(noise) - 1), sizeof(noise) - 1);
    assert_int_equal(tls_handshake(pair.server.tls), TLS_FAILED);
    assert_true(tls_failure(pair.server.tls) == TLS_FAILURE_PROTOCOL ||
                tls_failure(pair.server.tls) == TLS_FAILURE_NO_COMMON);
    assert_int_equal(pair.server.asked, 0);
    close_pair(&pair);
}

static void a_peer_that_goes_away_during_the_handshake_is_a_broken_transport(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    step(&pair.client);
    step(&pair.server);
    assert_int_equal(shutdown(pair.client.fd, SHUT_RDWR), 0);
    pair.server.status = tls_handshake(pair.server.tls);
    assert_int_equal(pair.server.status, TLS_FAILED);
    assert_int_equal(tls_failure(pair.server.tls), TLS_FAILURE_TRANSPORT);
    assert_string_equal(tls_error(pair.server.tls), "closed");
    close_pair(&pair);
}

static void the_sockets_own_error_is_told(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    failing_at(FAILING_RECV, 1, ETIMEDOUT);
    assert_int_equal(tls_handshake(pair.server.tls), TLS_FAILED);
    assert_int_equal(tls_failure(pair.server.tls), TLS_FAILURE_TRANSPORT);
    assert_non_null(strstr(tls_error(pair.server.tls), strerror(ETIMEDOUT)));
    failing_at(FAILING_SEND, 1, EHOSTUNREACH);
    assert_int_equal(tls_handshake(pair.client.tls), TLS_FAILED);
    assert_non_null(strstr(tls_error(pair.client.tls), strerror(EHOSTUNREACH)));
    close_pair(&pair);
}

static void an_interrupted_system_call_is_repeated(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    failing_at(FAILING_SEND, 1, EINTR);
    failing_at(FAILING_RECV, 1, EINTR);
    shake_hands(&pair);
    assert_in(&pair);
    close_pair(&pair);
}

static void an_orderly_end_is_told_from_a_broken_one(void **state)
{
    struct pair pair;
    char byte;
    size_t got;

    (void)state;
    open_pair(&pair);
    shake_hands(&pair);
    assert_in(&pair);
    send_all(&pair.server, "bye", 3);
    tls_shutdown(pair.server.tls);
    expect_bytes(&pair.client, "bye", 3);
    assert_int_equal(tls_read(pair.client.tls, &byte, 1, &got), TLS_CLOSED);
    assert_int_equal(tls_read(pair.client.tls, &byte, 1, &got), TLS_CLOSED);
    assert_int_equal(tls_failure(pair.client.tls), TLS_FAILURE_NONE);
    close_pair(&pair);

    open_pair(&pair);
    shake_hands(&pair);
    assert_in(&pair);
    assert_int_equal(shutdown(pair.server.fd, SHUT_RDWR), 0);
    assert_int_equal(tls_read(pair.client.tls, &byte, 1, &got), TLS_FAILED);
    assert_int_equal(tls_failure(pair.client.tls), TLS_FAILURE_TRANSPORT);
    close_pair(&pair);
}

static void a_changed_record_ends_the_connection(void **state)
{
    struct pair pair;
    char record[256];
    char byte;
    size_t got;

    (void)state;
    open_pair(&pair);
    shake_hands(&pair);
    assert_in(&pair);
    send_all(&pair.server, "measurement", 11);
    ssize_t len = recv(pair.client.fd, record, sizeof(record), 0);
    assert_true(len > 20);
    record[len - 1] = (char)(record[len - 1] ^ 1);
    assert_int_equal(send(pair.server.fd, record, (size_t)len, 0), len);
    assert_int_equal(tls_read(pair.client.tls, &byte, 1, &got), TLS_FAILED);
    assert_int_equal(tls_failure(pair.client.tls), TLS_FAILURE_PROTOCOL);
    close_pair(&pair);
}

/* --- writing --- */

static void a_write_takes_one_record_at_most(void **state)
{
    static char data[3 * TLS_RECORD_MAX];
    struct pair pair;
    size_t written;

    (void)state;
    open_pair(&pair);
    shake_hands(&pair);
    assert_in(&pair);
    assert_int_equal(tls_write(pair.server.tls, data, sizeof(data), &written), TLS_OK);
    assert_int_equal(written, TLS_RECORD_MAX);
    assert_int_equal(tls_write(pair.server.tls, data, 5, &written), TLS_OK);
    assert_int_equal(written, 5);
    close_pair(&pair);
}

static char pattern(size_t at)
{
    return (char)(at * 31 + at / 251);
}

/* Reads what is there; gives how far the pattern has been seen. */
static size_t check_pattern(struct end *end, size_t at)
{
    char buffer[8192];
    size_t got;

    while (tls_read(end->tls, buffer, sizeof(buffer), &got) == TLS_OK)
        for (size_t i = 0; i < got; i++)
            assert_int_equal(buffer[i], pattern(at++));
    assert_int_equal(tls_failure(end->tls), TLS_FAILURE_NONE);
    return at;
}

static void a_write_into_a_full_socket_goes_on_where_it_stopped(void **state)
{
    enum { TOTAL = 1000000 };
    char chunk[TLS_RECORD_MAX];
    struct pair pair;
    size_t sent = 0;
    size_t seen = 0;
    unsigned stalls = 0;

    (void)state;
    open_pair(&pair);
    shake_hands(&pair);
    assert_in(&pair);
    while (sent < TOTAL) {
        size_t written;
        size_t len = TOTAL - sent < sizeof(chunk) ? TOTAL - sent : sizeof(chunk);
        for (size_t i = 0; i < len; i++)
            chunk[i] = pattern(sent + i);
        enum tls_status status = tls_write(pair.server.tls, chunk, len, &written);
        sent += written;
        if (status == TLS_WANT_WRITE) {
            stalls++;
            assert_int_equal(written, 0);
            seen = check_pattern(&pair.client, seen);
        } else {
            assert_int_equal(status, TLS_OK);
        }
    }
    seen = check_pattern(&pair.client, seen);
    assert_int_equal(seen, TOTAL);
    assert_true(stalls > 0);
    assert_true(tls_application_bytes_written() - pair.bytes_before == TOTAL);
    close_pair(&pair);
}

/* --- the rest --- */

static void the_digests_are_the_published_ones(void **state)
{
    static const uint8_t sha1[] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
                                   0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
    static const uint8_t sha256[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                     0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                     0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                     0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    uint8_t out[TLS_SHA256_SIZE];

    (void)state;
    assert_true(tls_sha1("abc", 3, out));
    assert_memory_equal(out, sha1, sizeof(sha1));
    assert_true(tls_sha256("abc", 3, out));
    assert_memory_equal(out, sha256, sizeof(sha256));
}

static void alerts_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(tls_alert_name(46), "certificate_unknown");
    assert_string_equal(tls_alert_name(0x200 + 40), "handshake_failure");
    assert_string_equal(tls_alert_name(0x100), "close_notify");
    assert_string_equal(tls_alert_name(7), "unknown");
    assert_string_equal(tls_alert_name(-1), "unknown");
}

static void without_memory_there_is_no_connection(void **state)
{
    struct tls_options options = {.role = TLS_CLIENT};
    struct tls_context *context = tls_context_new(identities[AGENT], &options);

    (void)state;
    assert_non_null(context);
    failing_malloc_at(1);
    assert_null(tls_new(context, -1, answer, NULL));
    failing_reset();
    failing_malloc_at(1);
    assert_null(tls_context_new(identities[AGENT], &options));
    failing_reset();
    tls_context_free(context);
    tls_free(NULL);
    tls_context_free(NULL);
    tls_identity_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, reset_failures)
    const struct CMUnitTest tests[] = {
        TEST(listed_peers_get_in_and_know_each_other),
        TEST(data_goes_both_ways),
        TEST(bytes_that_come_one_by_one_make_the_same_connection),
        TEST(a_refused_client_learns_it_by_an_alert),
        TEST(a_refused_server_learns_it_by_an_alert),
        TEST(no_application_byte_moves_before_the_handshake_is_done),
        TEST(no_application_byte_moves_after_a_refusal),
        TEST(noise_is_no_handshake),
        TEST(a_peer_that_goes_away_during_the_handshake_is_a_broken_transport),
        TEST(the_sockets_own_error_is_told),
        TEST(an_interrupted_system_call_is_repeated),
        TEST(an_orderly_end_is_told_from_a_broken_one),
        TEST(a_changed_record_ends_the_connection),
        TEST(a_write_takes_one_record_at_most),
        TEST(a_write_into_a_full_socket_goes_on_where_it_stopped),
        TEST(the_digests_are_the_published_ones),
        TEST(alerts_have_their_names),
        TEST(without_memory_there_is_no_connection),
    };
#undef TEST

    return cmocka_run_group_tests(tests, make_identities, remove_identities);
}
