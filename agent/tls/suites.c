/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/tls/suites.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/*
 * Always explicit: the default list of both builds offers anonymous suites, and a verifying client
 * then completes a handshake in which nobody was asked to verify anything. ChaCha20 first: without
 * the CPU's help it is several times faster than AES-GCM.
 */
#define TLS_1_3_SUITES \
    "TLS13-CHACHA20-POLY1305-SHA256:TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384"
#define AEAD_SUITES                                                             \
    TLS_1_3_SUITES ":ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305" \
                   ":ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256" \
                   ":ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
#define CBC_SUITES                                       \
    ":ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256" \
    ":ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384" \
    ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"

/* RSA key transport: who has the key can read what was recorded. */
#define LEGACY_SUITES ":AES128-SHA:AES256-SHA"

void suites_write(bool strong_cipher, bool legacy_cipher, char suites[static SUITES_SIZE])
{
    int len = snprintf(suites, SUITES_SIZE, "%s%s%s", AEAD_SUITES, strong_cipher ? "" : CBC_SUITES,
                       legacy_cipher ? LEGACY_SUITES : "");

    assert(len > 0 && len < SUITES_SIZE);
}

bool suites_have(const char *suites, const char *name)
{
    size_t len = strlen(name);

    assert(len > 0);
    for (const char *at = suites; (at = strstr(at, name)) != NULL; at += len)
        if ((at == suites || at[-1] == ':') && (at[len] == ':' || at[len] == '\0'))
            return true;
    return false;
}
