/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our end of a TLS connection, alone: for peers that are not ours.
 *
 *   tls-probe identity CERT KEY NAME MAC     (identity-ec: P-256)
 *       makes an identity and prints what it says
 *   tls-probe server|client CERT KEY [option ...]
 *       server: listens on a port of loopback that it prints first; client: connects to one
 *     --port N            client: where to
 *     --user MAC=HASH     lets this key hash (hex) in under this MAC; several allowed
 *     --expect MAC        the MAC the server is configured with
 *     --connections N     that many, one after the other, in the same context (1)
 *     --forget-after N    the auth list is empty from then on
 *     --strong            no CBC suites
 *     --legacy            what old servers need too; if the library cannot, it exits with 3
 *
 * It behaves as a sloppy agent would: before every step of the handshake, and after a refusal, it
 * tries to write and to read application data. One line of JSON per connection says what came of
 * it.
 */
#include "agent/auth/authlist.h"
#include "agent/tls/crypto.h"
#include "agent/tls/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_CANNOT = 3 };
enum { USERS_MAX = 4, PATIENCE_MS = 10000, DRAIN_MS = 300 };

static const char greeting[] = "the agent's first words";

struct options {
    enum tls_role role;
    const char *cert;
    const char *key;
    uint16_t port;
    bool has_expected;
    struct mac expected;
    unsigned connections;
    unsigned forget_after;
    bool strong;
    bool legacy;
    struct settings_user users[USERS_MAX];
    struct settings_attribute_list lists[USERS_MAX];
    size_t user_count;
};

struct attempt {
    const struct options *options;
    const struct settings_aaa *aaa;
    struct tls *tls;
    unsigned asked;
    struct authlist_decision decision;
    unsigned tries;    /* to move data while that must not be possible */
    unsigned breaches; /* how many of them were not refused */
    uint64_t read;     /* application bytes */
};

static int64_t now_ms(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        abort();
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool decide(void *context, const struct certificate_info *peer)
{
    struct attempt *attempt = context;
    const struct options *options = attempt->options;

    attempt->asked++;
    return authlist_check(attempt->aaa, peer, options->has_expected ? &options->expected : NULL,
                          (int64_t)time(NULL), &attempt->decision);
}

/* --- one connection --- */

static void try_to_talk(struct attempt *attempt)
{
    char byte;
    size_t n = 0;

    attempt->tries++;
    if (tls_write(attempt->tls, greeting, sizeof(greeting) - 1, &n) != TLS_FAILED || n > 0)
        attempt->breaches++;
    if (tls_read(attempt->tls, &byte, 1, &n) != TLS_FAILED || n > 0)
        attempt->breaches++;
}

static bool wait_for(int fd, enum tls_status status, int64_t deadline)
{
    struct pollfd waiting = {.fd = fd, .events = status == TLS_WANT_WRITE ? POLLOUT : POLLIN};
    int64_t left = deadline - now_ms();

    return left > 0 && poll(&waiting, 1, (int)left) > 0;
}

static enum tls_status shake_hands(struct attempt *attempt, int fd)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    enum tls_status status;

    do {
        try_to_talk(attempt);
        status = tls_handshake(attempt->tls);
    } while ((status == TLS_WANT_READ || status == TLS_WANT_WRITE) &&
             wait_for(fd, status, deadline));
    if (status != TLS_OK)
        try_to_talk(attempt);
    return status;
}

/* Greets, then reads until the peer ends the connection. */
static void talk(struct attempt *attempt, int fd)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    char buffer[4096];
    size_t n = 0;
    enum tls_status status;

    do {
        status = tls_write(attempt->tls, greeting, sizeof(greeting) - 1, &n);
    } while (status == TLS_WANT_WRITE && wait_for(fd, status, deadline));
    do {
        status = tls_read(attempt->tls, buffer, sizeof(buffer), &n);
        attempt->read += n;
    } while (status == TLS_OK || (status == TLS_WANT_READ && wait_for(fd, status, deadline)));
    tls_shutdown(attempt->tls);
}

/* So that the peer gets our last words: see tls.h. */
static void drain(int fd)
{
    int64_t deadline = now_ms() + DRAIN_MS;
    char trash[4096];
    ssize_t n;

    (void)shutdown(fd, SHUT_WR);
    do {
        n = recv(fd, trash, sizeof(trash), MSG_DONTWAIT);
    } while (n > 0 || (n < 0 && errno == EAGAIN && wait_for(fd, TLS_WANT_READ, deadline)));
}

static const char *verdict_name(const struct attempt *attempt)
{
    static const char *const names[] = {
        [AUTHLIST_OK] = "OK",
        [AUTHLIST_NO_CERTIFICATE] = "NO_CERTIFICATE",
        [AUTHLIST_MALFORMED] = "MALFORMED",
        [AUTHLIST_WEAK_KEY] = "WEAK_KEY",
        [AUTHLIST_NO_NEW_MODEL] = "NO_NEW_MODEL",
        [AUTHLIST_NO_METHOD_LIST] = "NO_METHOD_LIST",
        [AUTHLIST_UNKNOWN_MAC] = "UNKNOWN_MAC",
        [AUTHLIST_NO_HASH] = "NO_HASH",
        [AUTHLIST_WRONG_HASH] = "WRONG_HASH",
        [AUTHLIST_WRONG_SERVER] = "WRONG_SERVER",
        [AUTHLIST_NOT_YET_VALID] = "NOT_YET_VALID",
        [AUTHLIST_EXPIRED] = "EXPIRED",
        [AUTHLIST_CLOCK_NOT_SET] = "CLOCK_NOT_SET",
    };

    return attempt->asked > 0 ? names[attempt->decision.verdict] : "NOT_ASKED";
}

static const char *failure_name(const struct tls *tls)
{
    static const char *const names[] = {
        [TLS_FAILURE_NONE] = "NONE",
        [TLS_FAILURE_TRANSPORT] = "TRANSPORT",
        [TLS_FAILURE_PEER_ALERT] = "PEER_ALERT",
        [TLS_FAILURE_NO_COMMON] = "NO_COMMON",
        [TLS_FAILURE_NO_CERTIFICATE] = "NO_CERTIFICATE",
        [TLS_FAILURE_BAD_CERTIFICATE] = "BAD_CERTIFICATE",
        [TLS_FAILURE_REFUSED] = "REFUSED",
        [TLS_FAILURE_UNPROVEN] = "UNPROVEN",
        [TLS_FAILURE_OWN_UNWANTED] = "OWN_UNWANTED",
        [TLS_FAILURE_KEY_SIZE] = "KEY_SIZE",
        [TLS_FAILURE_WEAK_PROOF] = "WEAK_PROOF",
        [TLS_FAILURE_RECORD] = "RECORD",
        [TLS_FAILURE_PROTOCOL] = "PROTOCOL",
    };

    return names[tls_failure(tls)];
}

static void print_text(const char *name, const char *text)
{
    printf(", \"%s\": \"", name);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static void report(const struct attempt *attempt, bool open, uint64_t written)
{
    char mac[MAC_TEXT_SIZE];
    const struct certificate_info *peer = tls_peer(attempt->tls);
    const struct authlist_decision *decision = &attempt->decision;

    printf("{\"in\": %s, \"asked\": %u, \"tries\": %u, \"breaches\": %u, \"written\": %" PRIu64
           ", \"read\": %" PRIu64 ", \"alert_sent\": %d, \"alert_received\": %d"
           ", \"by_hash_alone\": %s, \"chain\": %zu, \"legacy\": %s",
           open ? "true" : "false", attempt->asked, attempt->tries, attempt->breaches, written,
           attempt->read, tls_alert_sent(attempt->tls), tls_alert_received(attempt->tls),
           decision->by_hash_alone ? "true" : "false", peer != NULL ? peer->chain_length : 0,
           tls_legacy_cipher(attempt->tls) ? "true" : "false");
    print_text("verdict", verdict_name(attempt));
    print_text("failure", failure_name(attempt->tls));
    print_text("error", tls_error(attempt->tls));
    print_text("version", tls_version(attempt->tls));
    print_text("cipher", tls_cipher(attempt->tls));
    print_text("mac", decision->has_mac ? mac_text(&decision->mac, mac) : "");
    print_text("subject", peer != NULL ? peer->subject : "");
    printf("}\n");
    (void)fflush(stdout);
}

static bool serve(struct tls_context *context, const struct options *options,
                  const struct settings_aaa *aaa, int fd)
{
    uint64_t written = tls_application_bytes_written();
    struct attempt attempt = {.options = options, .aaa = aaa};

    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        return false;
    attempt.tls = tls_new(context, fd, decide, &attempt);
    if (attempt.tls == NULL)
        return false;
    bool open = shake_hands(&attempt, fd) == TLS_OK;
    if (open)
        talk(&attempt, fd);
    drain(fd);
    report(&attempt, open, tls_application_bytes_written() - written);
    tls_free(attempt.tls);
    return true;
}

/* --- where connections come from --- */

static int listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        perror("listen");
        return -1;
    }
    printf("{\"port\": %u}\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    return fd;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        perror("connect");
        return -1;
    }
    return fd;
}

static bool serve_next(struct tls_context *context, const struct options *options,
                       const struct settings_aaa *aaa, int listener)
{
    int fd = listener >= 0 ? accept(listener, NULL, NULL) : connect_to(options->port);
    bool ok = fd >= 0 && serve(context, options, aaa, fd);

    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static int run(const struct options *options)
{
    struct settings_method_list method = {.name = "wcm_loc_serv_cert", .local = true};
    struct options mutable = *options;
    struct settings_aaa aaa = {.new_model = true,
                               .attribute_lists = mutable.lists,
                               .attribute_list_count = options->user_count,
                               .users = mutable.users,
                               .user_count = options->user_count,
                               .method_lists = &method,
                               .method_list_count = 1};
    struct tls_identity *identity = tls_identity_load(options->cert, options->key);
    const struct tls_options tls_options = {
        .role = options->role, .strong_cipher = options->strong, .legacy_cipher = options->legacy};
    struct tls_context *context = identity != NULL ? tls_context_new(identity, &tls_options) : NULL;
    int listener = -1;
    bool ok = context != NULL;

    if (ok && options->role == TLS_SERVER) {
        listener = listen_on_loopback();
        ok = listener >= 0;
    }
    for (unsigned i = 0; ok && i < options->connections; i++) {
        if (options->forget_after > 0 && i == options->forget_after)
            aaa.user_count = 0;
        ok = serve_next(context, options, &aaa, listener);
    }
    if (listener >= 0)
        (void)close(listener);
    tls_context_free(context);
    tls_identity_free(identity);
    return ok ? 0 : 1;
}

/* --- options --- */

static bool parse_hash(const char *hex, struct settings_attribute_list *list)
{
    size_t len = strlen(hex);

    if (len % 2 != 0 || len / 2 > sizeof(list->key_hash))
        return false;
    for (size_t i = 0; i < len / 2; i++) {
        const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        list->key_hash[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    list->key_hash_len = (uint8_t)(len / 2);
    return true;
}

static bool add_user(struct options *options, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t i = options->user_count;

    if (equals == NULL || i == USERS_MAX ||
        !mac_parse(text, (size_t)(equals - text), &options->users[i].mac) ||
        !parse_hash(equals + 1, &options->lists[i]))
        return false;
    (void)snprintf(options->lists[i].name, sizeof(options->lists[i].name), "list-%zu", i);
    (void)snprintf(options->users[i].attribute_list, sizeof(options->users[i].attribute_list),
                   "list-%zu", i);
    options->user_count++;
    return true;
}

static bool parse_option(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "--user") == 0)
        return add_user(options, value);
    if (strcmp(name, "--port") == 0)
        options->port = (uint16_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--connections") == 0)
        options->connections = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(name, "--forget-after") == 0)
        options->forget_after = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(name, "--expect") == 0)
        return options->has_expected = mac_parse(value, strlen(value), &options->expected);
    else
        return false;
    return true;
}

static bool parse_options(struct options *options, int argc, char **argv)
{
    options->connections = 1;
    options->role = strcmp(argv[1], "server") == 0 ? TLS_SERVER : TLS_CLIENT;
    options->cert = argv[2];
    options->key = argv[3];
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--legacy") == 0) {
            options->legacy = true;
            continue;
        }
        if (strcmp(argv[i], "--strong") == 0) {
            options->strong = true;
            continue;
        }
        if (i + 1 >= argc || !parse_option(options, argv[i], argv[i + 1])) {
            (void)fprintf(stderr, "bad option %s\n", argv[i]);
            return false;
        }
        i++;
    }
    return true;
}

static void print_hex(const char *name, const uint8_t *bytes, size_t len)
{
    printf(", \"%s\": \"", name);
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
    putchar('"');
}

static int make_identity(char **argv)
{
    struct mac mac;
    enum certificate_key_type kind =
        strcmp(argv[1], "identity-ec") == 0 ? CERTIFICATE_KEY_EC : CERTIFICATE_KEY_RSA;

    if (!mac_parse(argv[5], strlen(argv[5]), &mac) ||
        tls_identity_create(kind, argv[2], argv[3], argv[4], &mac) != 0)
        return 1;
    struct tls_identity *identity = tls_identity_load(argv[2], argv[3]);
    if (identity == NULL)
        return 1;
    const struct certificate_info *facts = tls_identity_info(identity);
    printf("{\"bits\": %u", facts->key_bits);
    print_text("subject", facts->subject);
    print_hex("sha1", facts->spki_sha1, sizeof(facts->spki_sha1));
    print_hex("sha256", facts->spki_sha256, sizeof(facts->spki_sha256));
    printf("}\n");
    tls_identity_free(identity);
    return 0;
}

int main(int argc, char **argv)
{
    struct options options = {.port = 0};
    int status = 2;

    if (argc < 4 || tls_init() != 0)
        return status;
    if (strcmp(argv[1], "identity") == 0 || strcmp(argv[1], "identity-ec") == 0)
        status = argc == 6 ? make_identity(argv) : 2;
    else if (parse_options(&options, argc, argv))
        status = options.legacy && !tls_has_legacy_cipher() ? EXIT_CANNOT : run(&options);
    tls_fini();
    return status;
}
