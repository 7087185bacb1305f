/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A peer on OpenSSL, TLS 1.2, that takes what its partner did not offer.
 *
 *   forger client PORT CERT KEY WHAT     connects to a server on loopback
 *   forger server CERT KEY WHAT          listens on a port of loopback that it prints first
 *
 * WHAT: "signature" and a SignatureScheme in hex (RFC 8446 4.2.3), which it then signs with; or
 * "suite" and a cipher suite in hex, which it then agrees on, as a server. It reads its partner's
 * hello or request as if that were all that is in there: OpenSSL has taken the message into the
 * transcript when its message callback is called, and looks at it afterwards, so that both ends
 * agree on what was said. Prints one line of JSON: whether it thought itself connected, how many
 * application bytes it was given, the alert it was sent.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 10, HEADER = 4 };
enum { CLIENT_HELLO = 1, CERTIFICATE_REQUEST = 13, SIGNATURE_ALGORITHMS = 13 };

static int alert_received = -1;
static unsigned signature; /* 0: as usual */
static unsigned suite;

/* Every pair of bytes becomes this one. */
static void forge(uint8_t *list, size_t len, unsigned value)
{
    for (size_t i = 0; value != 0 && i + 2 <= len; i += 2) {
        list[i] = (uint8_t)(value >> 8);
        list[i + 1] = (uint8_t)value;
    }
}

static size_t number(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

/* RFC 5246 7.4.1.2; our partner is known to write it right. */
static void forge_hello(uint8_t *at, const uint8_t *end)
{
    at += 2 + 32;
    at += 1 + at[0];
    forge(at + 2, number(at), suite);
    at += 2 + number(at);
    at += 1 + at[0];
    for (at += 2; at + 4 <= end; at += 4 + number(at + 2))
        if (number(at) == SIGNATURE_ALGORITHMS)
            forge(at + 6, number(at + 4), signature);
}

/* RFC 5246 7.4.4 */
static void forge_request(uint8_t *at)
{
    at += 1 + at[0];
    forge(at + 2, number(at), signature);
}

static void look(int sent, int version, int type, const void *data, size_t len, SSL *ssl,
                 void *context)
{
    uint8_t *message;

    (void)version;
    (void)ssl;
    (void)context;
    memcpy(&message, &data, sizeof(message)); /* it is OpenSSL's own buffer, and not constant */
    if (sent != 0 || type != SSL3_RT_HANDSHAKE || len <= HEADER)
        return;
    if (message[0] == CLIENT_HELLO)
        forge_hello(message + HEADER, message + len);
    else if (message[0] == CERTIFICATE_REQUEST)
        forge_request(message + HEADER);
}

static void watch(const SSL *ssl, int where, int value)
{
    (void)ssl;
    if ((where & SSL_CB_ALERT) != 0 && (where & SSL_CB_READ) != 0 && (value & 0xff) != 0)
        alert_received = value & 0xff;
}

static SSL_CTX *make_context(const char *cert, const char *key, bool server)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ctx, "ALL:COMPLEMENTOFALL:@SECLEVEL=0") != 1 ||
        SSL_CTX_set_dh_auto(ctx, 1) != 1 ||
        SSL_CTX_set1_sigalgs_list(ctx, "RSA+SHA1:RSA+SHA224:RSA+SHA256:RSA-PSS+SHA256:ECDSA+SHA1:"
                                       "ECDSA+SHA224:ECDSA+SHA256") != 1 ||
        SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        return NULL;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_msg_callback(ctx, look);
    SSL_CTX_set_info_callback(ctx, watch);
    return ctx;
}

/* Whoever it is. */
static int accept_all(X509_STORE_CTX *store, void *context)
{
    (void)store;
    (void)context;
    return 1;
}

static int listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return -1;
    printf("{\"port\": %u}\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    return accept(fd, NULL, NULL);
}

static int connect_to(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    return fd;
}

static int run(SSL_CTX *ctx, int fd, bool server)
{
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    char buffer[1024];
    unsigned long bytes = 0;
    int n;
    SSL *ssl = SSL_new(ctx);

    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
        return 1;
    bool connected = (server ? SSL_accept(ssl) : SSL_connect(ssl)) == 1;
    printf("{\"handshake\": %s", connected ? "true" : "false");
    if (connected) {
        printf(", \"version\": \"%s\", \"cipher\": \"%s\"", SSL_get_version(ssl),
               SSL_get_cipher_name(ssl));
        (void)SSL_write(ssl, "the peer's words", 16);
        while (bytes < sizeof("the agent's first words") - 1 &&
               (n = SSL_read(ssl, buffer, sizeof(buffer))) > 0)
            bytes += (unsigned long)n;
        (void)SSL_shutdown(ssl);
    }
    printf(", \"reused\": false, \"bytes\": %lu, \"alert\": ", bytes);
    if (alert_received >= 0)
        printf("%d}\n", alert_received);
    else
        printf("null}\n");
    SSL_free(ssl);
    return 0;
}

int main(int argc, char **argv)
{
    bool server = argc == 6 && strcmp(argv[1], "server") == 0;

    if (!server && (argc != 7 || strcmp(argv[1], "client") != 0))
        return 2;
    unsigned value = (unsigned)strtoul(argv[argc - 1], NULL, 16);
    if (strcmp(argv[argc - 2], "suite") == 0)
        suite = value;
    else
        signature = value;
    SSL_CTX *ctx = make_context(argv[argc - 4], argv[argc - 3], server);
    if (ctx == NULL) {
        ERR_print_errors_fp(stderr);
        return 1;
    }
    SSL_CTX_set_cert_verify_callback(ctx, accept_all, NULL);
    int fd = server ? listen_on_loopback() : connect_to(argv[2]);
    int status = fd >= 0 ? run(ctx, fd, server) : 1;
    SSL_CTX_free(ctx);
    return status;
}
