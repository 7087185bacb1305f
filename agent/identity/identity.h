/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's own certificate and key on disk, and the TLS contexts made from them.
 *
 * There is one identity at a time: cert.pem and key.pem in the state directory. If it is missing it
 * is made at the start, in a child job, with an RSA-2048 key, which old location servers know, too;
 * it is replaced only on request (by one of either kind: RSA-2048 or P-256), because location
 * servers know this agent by its key. An operator may put other PEM files there: RSA, or EC on
 * P-256 or P-384.
 *
 * Releases that had two identities at once left cert-ec.pem and key-ec.pem. They are the identity
 * as long as there is no cert.pem; beside one they are ignored, and the log says so. Nothing is
 * ever written to them.
 */
#ifndef AGENT_IDENTITY_IDENTITY_H
#define AGENT_IDENTITY_IDENTITY_H

#include "agent/base/loop.h"
#include "agent/tls/tls.h"

#include <stdbool.h>

enum { IDENTITY_PATH_SIZE = 256, IDENTITY_CREATE_MS = 300 * 1000 };

struct identity;

enum identity_found {
    IDENTITY_LOADED,
    IDENTITY_MISSING, /* there is none yet: identity_create() */
    IDENTITY_BROKEN   /* an operator must look; the log says what at */
};

/* NULL if memory is out, or the path is too long (errno is ENAMETOOLONG). */
struct identity *identity_new(struct loop *loop, const char *state_dir);
/* Stops a creation that is under way. Connections must be gone. NULL is allowed. */
void identity_free(struct identity *identity);

/* Reads what is on disk, unless that was done. */
enum identity_found identity_load(struct identity *identity);

/*
 * Makes one for this name and MAC and loads it; then `done`, out of a turn of the loop. False if no
 * child could be made (`done` is not called then).
 */
bool identity_create(struct identity *identity, const char *name, const struct mac *mac,
                     void (*done)(void *context, enum identity_found found), void *context);

/*
 * One of this kind in place of what is loaded, on request. New connections show it, those that run
 * stay with the old one. If it fails nothing changes, and `done` is given IDENTITY_MISSING. The new
 * files are complete on the disk before the first takes the place of an old one; a power cut leaves
 * the old identity or the new one.
 */
bool identity_renew(struct identity *identity, enum certificate_key_type kind, const char *name,
                    const struct mac *mac, void (*done)(void *context, enum identity_found found),
                    void *context);

/* Its `done` is yet to come. */
bool identity_creating(const struct identity *identity);

/* Of the loaded certificate, else NULL. */
const struct certificate_info *identity_info(const struct identity *identity);
/* Where it is, or will be. */
const char *identity_certificate_path(const struct identity *identity);

/* Made when it is first asked for, and kept until the identity is renewed: there are eight at most,
 * and connections that were made with one go on after the settings ask for another. NULL with a log
 * message. */
struct tls_context *identity_context(struct identity *identity, const struct tls_options *options);

#endif
