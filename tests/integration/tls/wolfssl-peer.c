/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A peer on the same wolfSSL that the agent is built with, but through nothing of the agent's.
 *
 *   wolfssl-peer client PORT VERSION [option ...]   connects to a server on loopback
 *   wolfssl-peer server VERSION [option ...]        listens on a port of loopback that it prints
 * first
 *     --cert FILE, --key FILE   PEM, the own certificate first; a key that does not fit is used
 *     --trust FILE              the certificate that the partner must present; else nothing is
 * verified
 *     --ciphers LIST            the library's names; TLS up to 1.2
 *     --groups LIST             joined by commas, the first one is tried first
 *     --expected BYTES          ends the connection once it has got that many
 *     --connections N           server: that many, one after the other (1)
 *     --no-ticket               no session tickets
 *     --client-order            server: the client's order of suites counts
 *     --keep FILE               client: writes its session there
 *     --resume FILE             client: offers that session
 *
 * VERSION: 1.0 to 1.3, that one alone. One line of JSON per connection: whether it thought itself
 * connected, how many application bytes it was given, the fatal alert it was sent ... If this build
 * of the library cannot be such a peer, {"cannot": why} stands instead of everything.
 */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/dh.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 10, ALERT_FATAL = 2, GROUPS_MAX = 4, SESSION_MAX = 16384 };

static const char words[] = "the peer's words";

struct options {
    bool server;
    uint16_t port;
    const char *version;
    const char *cert;
    const char *key;
    const char *trust;
    const char *ciphers;
    const char *groups;
    const char *keep;
    const char *resume;
    unsigned long expected;
    unsigned long connections;
    bool no_ticket;
    bool client_order;
};

static int cannot(const char *why)
{
    printf("{\"cannot\": \"%s\"}\n", why);
    return 0;
}

/* --- the context --- */

static WOLFSSL_METHOD *method(const struct options *options)
{
    bool server = options->server;

    if (strcmp(options->version, "1.3") == 0)
        return server ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method();
    if (strcmp(options->version, "1.2") == 0)
        return server ? wolfTLSv1_2_server_method() : wolfTLSv1_2_client_method();
#ifndef NO_OLD_TLS
    if (strcmp(options->version, "1.1") == 0)
        return server ? wolfTLSv1_1_server_method() : wolfTLSv1_1_client_method();
#ifdef WOLFSSL_ALLOW_TLSV10
    if (strcmp(options->version, "1.0") == 0)
        return server ? wolfTLSv1_server_method() : wolfTLSv1_client_method();
#endif
#endif
    return NULL;
}

static int group_number(const char *name, size_t len)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {
        {"P-256", WOLFSSL_ECC_SECP256R1},  {"P-384", WOLFSSL_ECC_SECP384R1},
        {"P-521", WOLFSSL_ECC_SECP521R1},  {"X25519", WOLFSSL_ECC_X25519},
        {"ffdhe2048", WOLFSSL_FFDHE_2048},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strlen(known[i].name) == len && memcmp(known[i].name, name, len) == 0)
            return known[i].number;
    return -1;
}

/* A server takes the curve whose size it was given. */
static word16 key_size(int group)
{
    switch (group) {
    case WOLFSSL_ECC_SECP384R1:
        return 48;
    case WOLFSSL_ECC_SECP521R1:
        return 66;
    default:
        return 32;
    }
}

/* For TLS 1.3, and for what a client of TLS 1.2 names. */
static bool name_groups(WOLFSSL_CTX *ctx, const struct options *options, int *groups, int count)
{
    if (strcmp(options->version, "1.3") == 0)
        return wolfSSL_CTX_set_groups(ctx, groups, count) == WOLFSSL_SUCCESS;
    for (int i = 0; !options->server && i < count; i++)
        if (wolfSSL_CTX_UseSupportedCurve(ctx, (word16)groups[i]) != WOLFSSL_SUCCESS)
            return false;
    return true;
}

static bool set_groups(WOLFSSL_CTX *ctx, const struct options *options)
{
    int groups[GROUPS_MAX] = {0};
    int count = 0;

    for (const char *name = options->groups; *name != '\0' && count < GROUPS_MAX;) {
        size_t len = strcspn(name, ",");
        groups[count] = group_number(name, len);
        if (groups[count++] < 0)
            return false;
        name += len + (name[len] == ',');
    }
    return name_groups(ctx, options, groups, count) &&
           wolfSSL_CTX_SetTmpEC_DHE_Sz(ctx, key_size(groups[0])) == WOLFSSL_SUCCESS;
}

/* Everything weak that a server needs parameters for. */
static bool allow_everything(WOLFSSL_CTX *ctx, const struct options *options)
{
    const DhParams *dh = wc_Dh_ffdhe2048_Get();

    if (wolfSSL_CTX_allow_anon_cipher(ctx) != WOLFSSL_SUCCESS)
        return false;
    return !options->server || wolfSSL_CTX_SetTmpDH(ctx, dh->p, (int)dh->p_len, dh->g,
                                                    (int)dh->g_len) == WOLFSSL_SUCCESS;
}

/* Why it cannot be, or NULL. */
static const char *configure(WOLFSSL_CTX *ctx, const struct options *options)
{
    if (!allow_everything(ctx, options))
        return "no anonymous suites";
    if (options->cert != NULL &&
        wolfSSL_CTX_use_certificate_chain_file(ctx, options->cert) != WOLFSSL_SUCCESS)
        return "the certificate is not understood";
    if (options->key != NULL &&
        wolfSSL_CTX_use_PrivateKey_file(ctx, options->key, WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS)
        return "the key is not understood";
    if (options->ciphers != NULL &&
        wolfSSL_CTX_set_cipher_list(ctx, options->ciphers) != WOLFSSL_SUCCESS)
        return "none of the suites";
    if (options->groups != NULL && !set_groups(ctx, options))
        return "not all of the groups";
    if (options->trust != NULL) {
        wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                               NULL);
        if (wolfSSL_CTX_load_verify_locations(ctx, options->trust, NULL) != WOLFSSL_SUCCESS)
            return "the partner's certificate is not understood";
    } else {
        wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
    }
    if (options->no_ticket)
        (void)wolfSSL_CTX_set_options(ctx, WOLFSSL_OP_NO_TICKET);
    else if (!options->server)
        (void)wolfSSL_CTX_UseSessionTicket(ctx);
    return NULL;
}

/* --- sessions, from one run to another --- */

static bool offer_session(WOLFSSL *ssl, const char *path)
{
    static unsigned char buffer[SESSION_MAX];
    const unsigned char *next = buffer;
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(buffer, 1, sizeof(buffer), file) : 0;

    if (file != NULL)
        (void)fclose(file);
    WOLFSSL_SESSION *session = wolfSSL_d2i_SSL_SESSION(NULL, &next, (long)len);
    bool ok = session != NULL && wolfSSL_set_session(ssl, session) == WOLFSSL_SUCCESS;
    wolfSSL_SESSION_free(session);
    return ok;
}

/* Only if the server gave one. True if it has a ticket. */
static bool keep_session(WOLFSSL *ssl, const char *path)
{
    WOLFSSL_SESSION *session = wolfSSL_get1_session(ssl);
    bool given = session != NULL && wolfSSL_SESSION_is_resumable(session) == 1;
    unsigned char *der = NULL;
    int len = given ? wolfSSL_i2d_SSL_SESSION(session, &der) : 0;
    FILE *file = len > 0 ? fopen(path, "wb") : NULL;

    if (file != NULL) {
        (void)fwrite(der, 1, (size_t)len, file);
        (void)fclose(file);
    }
    bool ticket = given && wolfSSL_SESSION_has_ticket(session) == 1;
    XFREE(der, NULL, DYNAMIC_TYPE_OPENSSL);
    wolfSSL_SESSION_free(session);
    return ticket;
}

/* --- one connection --- */

static unsigned long talk(WOLFSSL *ssl, unsigned long expected)
{
    char buffer[1024];
    unsigned long bytes = 0;
    int n = 1;

    (void)wolfSSL_write(ssl, words, sizeof(words) - 1);
    while (bytes < expected && (n = wolfSSL_read(ssl, buffer, sizeof(buffer))) > 0)
        bytes += (unsigned long)n;
    return bytes;
}

/* Neither reading nor accepting takes for ever. */
static bool be_patient(int fd)
{
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};

    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0;
}

static void drain(int fd)
{
    char trash[1024];

    (void)shutdown(fd, SHUT_WR);
    while (recv(fd, trash, sizeof(trash), 0) > 0)
        continue;
}

static void report(WOLFSSL *ssl, bool connected, unsigned long bytes, bool ticket)
{
    WOLFSSL_ALERT_HISTORY history;

    printf("{\"handshake\": %s, \"bytes\": %lu, \"reused\": %s, \"ticket\": %s"
           ", \"version\": \"%s\", \"cipher\": \"%s\", \"alert\": ",
           connected ? "true" : "false", bytes,
           connected && wolfSSL_session_reused(ssl) ? "true" : "false", ticket ? "true" : "false",
           connected ? wolfSSL_get_version(ssl) : "",
           connected ? wolfSSL_get_cipher_name(ssl) : "");
    if (wolfSSL_get_alert_history(ssl, &history) == WOLFSSL_SUCCESS &&
        history.last_rx.level == ALERT_FATAL)
        printf("%d}\n", history.last_rx.code);
    else
        printf("null}\n");
    (void)fflush(stdout);
}

static bool converse(WOLFSSL *ssl, const struct options *options, int fd)
{
    unsigned long bytes = 0;
    bool ticket = false;

    if (!be_patient(fd) || wolfSSL_set_fd(ssl, fd) != WOLFSSL_SUCCESS)
        return false;
    if (options->resume != NULL && !offer_session(ssl, options->resume)) {
        (void)fprintf(stderr, "the session in %s cannot be offered\n", options->resume);
        return false;
    }
    if (options->client_order && wolfSSL_UseClientSuites(ssl) != 0)
        return false;
    bool connected =
        (options->server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl)) == WOLFSSL_SUCCESS;
    if (connected) {
        bytes = talk(ssl, options->expected);
        if (options->keep != NULL)
            ticket = keep_session(ssl, options->keep);
        if (wolfSSL_shutdown(ssl) == WOLFSSL_SHUTDOWN_NOT_DONE)
            (void)wolfSSL_shutdown(ssl); /* waits for the partner's */
    }
    drain(fd);
    report(ssl, connected, bytes, ticket);
    return true;
}

static int listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || !be_patient(fd) || bind(fd, (struct sockaddr *)&address, len) != 0 ||
        listen(fd, 1) != 0 || getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return -1;
    printf("{\"port\": %u}\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    return fd;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    return fd;
}

static bool serve(WOLFSSL_CTX *ctx, const struct options *options, int listener)
{
    int fd = options->server ? accept(listener, NULL, NULL) : connect_to(options->port);
    WOLFSSL *ssl = fd >= 0 ? wolfSSL_new(ctx) : NULL;
    bool ok = ssl != NULL && converse(ssl, options, fd);

    wolfSSL_free(ssl);
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static int run(const struct options *options)
{
    int listener = -1;
    bool ok = true;
    WOLFSSL_METHOD *how = method(options);
    WOLFSSL_CTX *ctx = how != NULL ? wolfSSL_CTX_new(how) : NULL;
    const char *why = ctx != NULL ? configure(ctx, options) : "not this version of TLS";

    if (why != NULL) {
        wolfSSL_CTX_free(ctx);
        return cannot(why);
    }
    if (options->server) {
        listener = listen_on_loopback();
        ok = listener >= 0;
    }
    for (unsigned long i = 0; ok && i < options->connections; i++)
        ok = serve(ctx, options, listener);
    if (listener >= 0)
        (void)close(listener);
    wolfSSL_CTX_free(ctx);
    return ok ? 0 : 1;
}

/* --- options --- */

static bool parse_text(struct options *options, const char *name, const char *value)
{
    struct {
        const char *name;
        const char **where;
    } texts[] = {
        {"--cert", &options->cert},     {"--key", &options->key},
        {"--trust", &options->trust},   {"--ciphers", &options->ciphers},
        {"--groups", &options->groups}, {"--keep", &options->keep},
        {"--resume", &options->resume},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(texts[i].name, name) == 0) {
            *texts[i].where = value;
            return true;
        }
    return false;
}

static bool parse_number(struct options *options, const char *name, const char *value)
{
    unsigned long number = strtoul(value, NULL, 10);

    if (strcmp(name, "--expected") == 0)
        options->expected = number;
    else if (strcmp(name, "--connections") == 0)
        options->connections = number;
    else
        return false;
    return true;
}

static bool parse_options(struct options *options, int argc, char **argv)
{
    int next = 2;

    if (argc < 3)
        return false;
    options->server = strcmp(argv[1], "server") == 0;
    if (!options->server)
        options->port = (uint16_t)strtoul(argv[next++], NULL, 10);
    if (next == argc)
        return false;
    options->version = argv[next++];
    for (; next < argc; next++) {
        if (strcmp(argv[next], "--no-ticket") == 0)
            options->no_ticket = true;
        else if (strcmp(argv[next], "--client-order") == 0)
            options->client_order = true;
        else if (next + 1 < argc && (parse_text(options, argv[next], argv[next + 1]) ||
                                     parse_number(options, argv[next], argv[next + 1])))
            next++;
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {.connections = 1};

    if (!parse_options(&options, argc, argv)) {
        (void)fputs("usage: wolfssl-peer client PORT VERSION [option ...] | server VERSION ...\n",
                    stderr);
        return 2;
    }
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || wolfSSL_Init() != WOLFSSL_SUCCESS)
        return 1;
    int status = run(&options);
    (void)wolfSSL_Cleanup();
    return status;
}
