/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside tls/: what the files that include wolfSSL share. For nobody else.
 */
#ifndef AGENT_TLS_SEAM_H
#define AGENT_TLS_SEAM_H

#include "agent/tls/library.h"
#include "agent/tls/tls.h"

struct WOLFSSL_CTX;

enum { SEAM_SUITES_SIZE = 1024 };

struct tls_context {
    struct WOLFSSL_CTX *ctx;
    char suites[SEAM_SUITES_SIZE]; /* what is offered: names, each after a colon */
    struct tls_options options;
    unsigned keepers;
};

/* The library's counts: negative is an error. */
static inline size_t seam_size_of(int result)
{
    return result > 0 ? (size_t)result : 0;
}

/* tls.c gives a context the callbacks of its connections. */
void seam_set_callbacks(struct WOLFSSL_CTX *ctx, const struct tls_options *options);

#endif
