/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A peer on OpenSSL that presents a certificate whose private key it does not have.
 *
 *   thief client PORT CERT VERSION     connects to a server on loopback
 *   thief server CERT VERSION          listens on a port of loopback that it prints first
 *
 * VERSION: 1.2 or 1.3. Its key has the certificate's public half and made-up private numbers, which
 * is all that OpenSSL compares; what it signs with them is noise. Prints one line of JSON: whether
 * it thought itself connected, how many application bytes it was given, the alert it was sent.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 10 };

static int alert_received = -1;

static X509 *read_certificate(const char *path)
{
    FILE *file = fopen(path, "r");
    X509 *certificate = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

    if (file != NULL)
        (void)fclose(file);
    return certificate;
}

/* A private number of about that size. */
static BIGNUM *invent(int bits)
{
    BIGNUM *number = BN_new();

    if (number == NULL || BN_rand(number, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD) != 1)
        abort();
    return number;
}

static OSSL_PARAM *rsa_parameters(EVP_PKEY *public)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;

    if (builder == NULL || EVP_PKEY_get_bn_param(public, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
        EVP_PKEY_get_bn_param(public, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
        return NULL;
    BIGNUM *d = invent(BN_num_bits(n) - 2);
    if (OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, d) != 1)
        return NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    BN_free(n);
    BN_free(e);
    BN_free(d);
    OSSL_PARAM_BLD_free(builder);
    return parameters;
}

static OSSL_PARAM *ec_parameters(EVP_PKEY *public)
{
    static char group[64];
    static unsigned char point[256];
    size_t point_len = 0;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

    if (builder == NULL ||
        EVP_PKEY_get_utf8_string_param(public, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                       NULL) != 1 ||
        EVP_PKEY_get_octet_string_param(public, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
                                        &point_len) != 1)
        return NULL;
    BIGNUM *d = invent(EVP_PKEY_get_bits(public) - 1);
    if (OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_len) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, d) != 1)
        return NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    BN_free(d);
    OSSL_PARAM_BLD_free(builder);
    return parameters;
}

static EVP_PKEY *invent_key(X509 *certificate)
{
    EVP_PKEY *public = X509_get0_pubkey(certificate);
    bool rsa = EVP_PKEY_is_a(public, "RSA") == 1;
    OSSL_PARAM *parameters = rsa ? rsa_parameters(public) : ec_parameters(public);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, rsa ? "RSA" : "EC", NULL);
    EVP_PKEY *key = NULL;

    if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) != 1)
        return NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

static void watch(const SSL *ssl, int where, int value)
{
    (void)ssl;
    if ((where & SSL_CB_ALERT) != 0 && (where & SSL_CB_READ) != 0 && (value & 0xff) != 0)
        alert_received = value & 0xff;
}

static SSL_CTX *make_context(const char *cert, const char *version, bool server)
{
    int number = strcmp(version, "1.3") == 0 ? TLS1_3_VERSION : TLS1_2_VERSION;
    X509 *certificate = read_certificate(cert);
    EVP_PKEY *key = certificate != NULL ? invent_key(certificate) : NULL;
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());

    if (key == NULL || ctx == NULL || SSL_CTX_set_min_proto_version(ctx, number) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, number) != 1 ||
        SSL_CTX_use_certificate(ctx, certificate) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1)
        return NULL;
    X509_free(certificate);
    EVP_PKEY_free(key);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_info_callback(ctx, watch);
    return ctx;
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
    if (connected) {
        (void)SSL_write(ssl, "the thief's words", 17);
        while ((n = SSL_read(ssl, buffer, sizeof(buffer))) > 0)
            bytes += (unsigned long)n;
    }
    printf("{\"handshake\": %s, \"bytes\": %lu, \"alert\": ", connected ? "true" : "false", bytes);
    if (alert_received >= 0)
        printf("%d}\n", alert_received);
    else
        printf("null}\n");
    SSL_free(ssl);
    return 0;
}

int main(int argc, char **argv)
{
    bool server = argc == 4 && strcmp(argv[1], "server") == 0;

    if (!server && (argc != 5 || strcmp(argv[1], "client") != 0))
        return 2;
    SSL_CTX *ctx = make_context(argv[argc - 2], argv[argc - 1], server);
    if (ctx == NULL) {
        ERR_print_errors_fp(stderr);
        return 1;
    }
    int fd = server ? listen_on_loopback() : connect_to(argv[2]);
    int status = fd >= 0 ? run(ctx, fd, server) : 1;
    SSL_CTX_free(ctx);
    return status;
}
