/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's own certificates and keys on disk, and the TLS contexts made from them.
 *
 * There are two identities, RSA (cert.pem, key.pem) and EC (cert-ec.pem, key-ec.pem): the first is
 * shown to every peer that can do with it, the second to those that can do with EC only. The files
 * live in the state directory. What is missing is made at the start, in a child job, and replaced
 * only on request: location servers know this agent by its key. An operator may put other PEM
 * files in their places, each with a key of its kind: RSA, or EC on P-256 or P-384.
 *
 * Without the RSA identity the agent does nothing. Without the EC identity, because it can be
 * neither used nor made, it goes on with RSA alone; a file that is there is never overwritten
 * unasked.
 */
#ifndef AGENT_IDENTITY_H
#define AGENT_IDENTITY_H

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

enum identity_slot { IDENTITY_RSA, IDENTITY_EC, IDENTITY_SLOTS };

/* Reads what is on disk, unless that was done. IDENTITY_MISSING: at least one of the two is not
 * there and can be made; the other one is loaded if it can be. */
enum identity_found identity_load(struct identity *identity);

/*
 * Makes what is missing for this name and MAC and loads it; then `done`, out of a turn of the loop,
 * with IDENTITY_LOADED too if EC alone could not be made. False if no child could be made (`done`
 * is not called then).
 */
bool identity_create(struct identity *identity, const char *name, const struct mac *mac,
                     void (*done)(void *context, enum identity_found found), void *context);

/*
 * Both anew in place of what is loaded, on request. New connections show the new ones, those that
 * run stay with the old ones. If it fails nothing changes, and `done` is given IDENTITY_MISSING.
 * All new files are complete on the disk before the first takes the place of an old one; a power
 * cut leaves of each pair the old or the new one.
 */
bool identity_renew(struct identity *identity, const char *name, const struct mac *mac,
                    void (*done)(void *context, enum identity_found found), void *context);

/* Its `done` is yet to come. */
bool identity_creating(const struct identity *identity);

/* Of the loaded certificate, else NULL. */
const struct authlist_peer *identity_facts(const struct identity *identity,
                                           enum identity_slot slot);
const char *identity_certificate_path(const struct identity *identity, enum identity_slot slot);

/* Made when it is first asked for, and kept until the identity is renewed: there are eight at most,
 * and connections that were made with one go on after the settings ask for another. The options'
 * `second` is set here. NULL with a log message. */
struct tls_context *identity_context(struct identity *identity, const struct tls_options *options);

#endif
