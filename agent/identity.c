/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/identity.h"

#include "agent/base/job.h"
#include "agent/base/log.h"
#include "agent/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* By role, strong_cipher and legacy_cipher. */
enum { CONTEXTS = 8 };

struct identity {
    struct loop *loop;
    char directory[IDENTITY_PATH_SIZE];
    char certificate[IDENTITY_PATH_SIZE];
    char key[IDENTITY_PATH_SIZE];
    char next_certificate[IDENTITY_PATH_SIZE]; /* of a renewal, until it is complete */
    char next_key[IDENTITY_PATH_SIZE];
    char name[SETTINGS_NAME_SIZE];
    struct mac mac;
    struct tls_identity *loaded;
    struct tls_context *contexts[CONTEXTS]; /* by context_index() */
    struct job *job;
    void (*done)(void *context, enum identity_found found);
    void *context;
};

struct identity *identity_new(struct loop *loop, const char *state_dir)
{
    static const char certificate[] = "/cert.pem";
    static const char key[] = "/key.pem";
    static const char next_certificate[] = "/next-cert.pem";
    static const char next_key[] = "/next-key.pem";

    if (strlen(state_dir) + sizeof(next_certificate) > IDENTITY_PATH_SIZE) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    struct identity *identity = calloc(1, sizeof(*identity));
    if (identity == NULL)
        return NULL;
    identity->loop = loop;
    (void)snprintf(identity->directory, sizeof(identity->directory), "%s", state_dir);
    (void)snprintf(identity->certificate, sizeof(identity->certificate), "%s%s", state_dir,
                   certificate);
    (void)snprintf(identity->key, sizeof(identity->key), "%s%s", state_dir, key);
    (void)snprintf(identity->next_certificate, sizeof(identity->next_certificate), "%s%s",
                   state_dir, next_certificate);
    (void)snprintf(identity->next_key, sizeof(identity->next_key), "%s%s", state_dir, next_key);
    return identity;
}

/* What is loaded, and what was made from it. */
static void forget(struct identity *identity)
{
    for (size_t i = 0; i < CONTEXTS; i++) {
        tls_context_free(identity->contexts[i]);
        identity->contexts[i] = NULL;
    }
    tls_identity_free(identity->loaded);
    identity->loaded = NULL;
}

void identity_free(struct identity *identity)
{
    if (identity == NULL)
        return;
    job_cancel(identity->job);
    forget(identity);
    free(identity);
}

static bool exists(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* The key goes first, and is there for good before the certificate follows: see finish_renewal().
 */
static int take_next_key(const struct identity *identity)
{
    int status = 0;
    int folder = open(identity->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0 || rename(identity->next_key, identity->key) != 0 || fsync(folder) != 0)
        status = -errno;
    if (folder >= 0)
        (void)close(folder);
    return status;
}

static int take_next_certificate(const struct identity *identity)
{
    return rename(identity->next_certificate, identity->certificate) == 0 ? 0 : -errno;
}

/* A renewal that was cut off when only its key was in place. A next key without a certificate, or
 * both, are of one that was cut off before: the next one overwrites them. */
static void finish_renewal(const struct identity *identity)
{
    if (exists(identity->next_key) || !exists(identity->next_certificate))
        return;
    int status = take_next_certificate(identity);
    if (status != 0)
        log_error("identity: %s cannot be renamed: %s", identity->next_certificate,
                  strerror(-status));
}

enum identity_found identity_load(struct identity *identity)
{
    if (identity->loaded != NULL)
        return IDENTITY_LOADED;
    finish_renewal(identity);
    if (!exists(identity->certificate))
        return IDENTITY_MISSING; /* a key alone is what a power cut while making both leaves */
    if (!exists(identity->key)) {
        log_error("identity: there is a certificate %s, but not its key %s: put the key back, or "
                  "remove the certificate too to get a new identity (which every location server "
                  "must then be told)",
                  identity->certificate, identity->key);
        return IDENTITY_BROKEN;
    }
    identity->loaded = tls_identity_load(identity->certificate, identity->key);
    return identity->loaded != NULL ? IDENTITY_LOADED : IDENTITY_BROKEN;
}

/* In the child. */
static int create_work(void *input, int out)
{
    const struct identity *identity = input;

    (void)out;
    if (mkdir(identity->directory, 0755) != 0 && errno != EEXIST) {
        log_error("identity: cannot make the state directory %s: %s; make it and give it to the "
                  "user that runs this program, or name another one (--state-dir)",
                  identity->directory, strerror(errno));
        return 1;
    }
    return tls_identity_create(identity->certificate, identity->key, identity->name,
                               &identity->mac) == 0
               ? 0
               : 1;
}

static void created(void *context, enum job_result how, const uint8_t *result, size_t len)
{
    struct identity *identity = context;
    enum identity_found found = IDENTITY_MISSING;

    (void)result;
    (void)len;
    identity->job = NULL;
    if (how == JOB_OK)
        found = identity_load(identity);
    identity->done(identity->context, found);
}

static bool start(struct identity *identity, int (*work)(void *input, int out),
                  void (*ended)(void *context, enum job_result how, const uint8_t *result,
                                size_t len),
                  const char *name, const struct mac *mac)
{
    const struct job_spec spec = {.name = "making the key",
                                  .work = work,
                                  .input = identity,
                                  .done = ended,
                                  .context = identity,
                                  .limit = 1,
                                  .deadline = IDENTITY_CREATE_MS};

    (void)snprintf(identity->name, sizeof(identity->name), "%s", name);
    identity->mac = *mac;
    job_cancel(identity->job);
    identity->job = job_start(identity->loop, &spec);
    if (identity->job == NULL)
        log_error("identity: no child process for making the key: %s", strerror(errno));
    return identity->job != NULL;
}

bool identity_create(struct identity *identity, const char *name, const struct mac *mac,
                     void (*done)(void *context, enum identity_found found), void *context)
{
    identity->done = done;
    identity->context = context;
    return start(identity, create_work, created, name, mac);
}

/* --- renewal --------------------------------------------------------------------------------- */

/* In the child. */
static int renew_work(void *input, int out)
{
    const struct identity *identity = input;

    (void)out;
    return tls_identity_create(identity->next_certificate, identity->next_key, identity->name,
                               &identity->mac) == 0
               ? 0
               : 1;
}

/* False with a log message: the old one stays. */
static bool take_next(struct identity *identity)
{
    struct tls_identity *next = tls_identity_load(identity->next_certificate, identity->next_key);

    if (next == NULL)
        return false;
    int status = take_next_key(identity);
    if (status != 0) {
        log_error("identity: %s cannot be renamed: %s", identity->next_key, strerror(-status));
        tls_identity_free(next);
        return false;
    }
    finish_renewal(identity); /* the next start would do it, too */
    forget(identity);
    identity->loaded = next;
    return true;
}

static void renewed(void *context, enum job_result how, const uint8_t *result, size_t len)
{
    struct identity *identity = context;

    (void)result;
    (void)len;
    identity->job = NULL;
    identity->done(identity->context,
                   how == JOB_OK && take_next(identity) ? IDENTITY_LOADED : IDENTITY_MISSING);
}

bool identity_renew(struct identity *identity, const char *name, const struct mac *mac,
                    void (*done)(void *context, enum identity_found found), void *context)
{
    identity->done = done;
    identity->context = context;
    return start(identity, renew_work, renewed, name, mac);
}

bool identity_creating(const struct identity *identity)
{
    return identity->job != NULL;
}

const struct authlist_peer *identity_facts(const struct identity *identity)
{
    return identity->loaded != NULL ? tls_identity_facts(identity->loaded) : NULL;
}

const char *identity_certificate_path(const struct identity *identity)
{
    return identity->certificate;
}

static size_t context_index(const struct tls_options *options)
{
    return (options->role == TLS_SERVER ? 4U : 0U) + (options->strong_cipher ? 2U : 0U) +
           (options->legacy_cipher ? 1U : 0U);
}

struct tls_context *identity_context(struct identity *identity, const struct tls_options *options)
{
    struct tls_context **context = &identity->contexts[context_index(options)];

    if (*context == NULL && identity->loaded != NULL)
        *context = tls_context_new(identity->loaded, options);
    return *context;
}
