/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An identity of our own: a certificate and its private key, made and loaded. Where they are, and
 * when another one takes their place, is agent/identity's.
 */
#ifndef AGENT_TLS_IDENTITY_H
#define AGENT_TLS_IDENTITY_H

#include "agent/auth/certificate.h"
#include "agent/base/mac.h"

struct tls_identity;
struct tls_pair;

/*
 * Makes a key (RSA-2048, or P-256 for CERTIFICATE_KEY_EC) and a self-signed certificate, CN
 * "<name>-<12 hex digits of the MAC>" (the name is cut where the whole would exceed the 64
 * characters that X.520 allows), valid from 2000-01-01 to 9999-12-31 (routers without a clock start
 * in the past), and writes both as PEM: the key first, mode 0600, each atomically (temporary file,
 * fsync, rename, fsync of the folder). Takes seconds on a small CPU: run it in a child job. 0, or
 * -errno with a log message.
 */
int tls_identity_create(enum certificate_key_type kind, const char *cert_path, const char *key_path,
                        const char *name, const struct mac *mac);

/*
 * Loads and checks both: the key fits the certificate, and nobody but its owner can read its file.
 * NULL with a log message; errno is then ENOENT if a file is missing (make a new identity), and
 * anything else if one is there but cannot be used (an operator must look).
 */
struct tls_identity *tls_identity_load(const char *cert_path, const char *key_path);
void tls_identity_free(struct tls_identity *identity);

/* Subject, MAC and key hashes of our own certificate: what the other side must know. */
const struct certificate_info *tls_identity_info(const struct tls_identity *identity);

/* For contexts. */
const struct tls_pair *tls_identity_pair(const struct tls_identity *identity);

#endif
