/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wolfSSL without us: the floor of R2, and what it was built with. */
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/version.h>

#include "tests/bench/bench-core.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

static void shake_hands(WOLFSSL *ssl, int fd)
{
    while (wolfSSL_connect(ssl) != WOLFSSL_SUCCESS) {
        int error = wolfSSL_get_error(ssl, 0);
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (error != WOLFSSL_ERROR_WANT_READ && error != WOLFSSL_ERROR_WANT_WRITE)
            bench_give_up("wolfSSL_connect");
        (void)poll(&ready, 1, 100);
    }
}

int64_t bench_bare_tls(int fd, const char *certificate, const char *key, const char *cipher,
                       size_t record, uint64_t bytes)
{
    static uint8_t data[TLS_RECORD_MAX];
    WOLFSSL_CTX *context = wolfSSL_CTX_new(wolfSSLv23_client_method());
    uint64_t done = 0;

    wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, NULL);
    if (wolfSSL_CTX_use_certificate_file(context, certificate, WOLFSSL_FILETYPE_PEM) !=
            WOLFSSL_SUCCESS ||
        wolfSSL_CTX_use_PrivateKey_file(context, key, WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_cipher_list(context, cipher) != WOLFSSL_SUCCESS)
        bench_give_up("wolfSSL context");
    WOLFSSL *ssl = wolfSSL_new(context);
    (void)wolfSSL_set_fd(ssl, fd);
    shake_hands(ssl, fd);
    if (strcmp(wolfSSL_get_cipher_name(ssl), cipher) != 0)
        bench_give_up("another cipher was agreed");
    int64_t begun = bench_cpu();
    while (done < bytes) {
        int wrote = wolfSSL_write(ssl, data, (int)record);
        if (wrote > 0)
            done += (uint64_t)wrote;
        else if (wolfSSL_get_error(ssl, wrote) == WOLFSSL_ERROR_WANT_WRITE)
            bench_wait(fd);
        else
            bench_give_up("wolfSSL_write");
    }
    int64_t took = bench_cpu() - begun;
    wolfSSL_free(ssl);
    wolfSSL_CTX_free(context);
    return took;
}

void bench_tell_library(void)
{
    static const char macros[] = ""
#ifdef SINGLE_THREADED
                                 " SINGLE_THREADED"
#endif
#ifdef WOLFSSL_AESNI
                                 " WOLFSSL_AESNI"
#endif
#ifdef WOLFSSL_SP
                                 " WOLFSSL_SP"
#endif
#ifdef USE_FAST_MATH
                                 " USE_FAST_MATH"
#endif
#ifdef FP_ECC
                                 " FP_ECC"
#endif
#ifdef WOLFSSL_SMALL_STACK
                                 " WOLFSSL_SMALL_STACK"
#endif
#ifdef WOLFSSL_STATIC_RSA
                                 " WOLFSSL_STATIC_RSA"
#endif
#ifdef OPENSSL_EXTRA
                                 " OPENSSL_EXTRA"
#endif
#ifdef GCM_TABLE_4BIT
                                 " GCM_TABLE_4BIT"
#endif
        ;
    (void)printf("wolfssl=%s macros=%s\n", wolfSSL_lib_version(),
                 macros[0] != '\0' ? macros + 1 : "none");
}
