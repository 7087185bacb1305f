/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside tls/: what the two files that include wolfSSL share, library.c (contexts) and tls.c
 * (connections). For nobody else.
 */
#ifndef AGENT_TLS_SEAM_H
#define AGENT_TLS_SEAM_H

#include "agent/tls/choice.h"
#include "agent/tls/library.h"
#include "agent/tls/tls.h"

struct WOLFSSL_CTX;

/* wolfSSL holds one certificate per context, so that there is one context for each identity. */
struct tls_context {
    struct WOLFSSL_CTX *ctx[CHOICE_IDENTITIES];         /* the second NULL: there is none */
    struct tls_identity *identities[CHOICE_IDENTITIES]; /* copies; a client's with a choice only */
    enum authlist_key_type kinds[CHOICE_IDENTITIES];
    unsigned ec_bits;
    struct tls_options options; /* without `second` */
    struct choice_memory turned;
    unsigned keepers;
};

/* The library's counts: negative is an error. */
static inline size_t seam_size_of(int result)
{
    return result > 0 ? (size_t)result : 0;
}

/* tls.c gives a context the callbacks of its connections. */
void seam_set_callbacks(struct WOLFSSL_CTX *ctx, enum tls_role role);

#endif
