/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/identity/identity.h"

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

/* Where an identity is. */
struct files {
    char certificate[IDENTITY_PATH_SIZE];
    char key[IDENTITY_PATH_SIZE];
};

struct identity {
    struct loop *loop;
    char directory[IDENTITY_PATH_SIZE];
    char name[SETTINGS_NAME_SIZE];
    struct mac mac;
    enum certificate_key_type next_kind; /* of what is being made */
    struct files files;
    struct files next;   /* of a renewal, until it is complete */
    struct files former; /* of the second identity that older releases had */
    bool in_former;      /* that is the one */
    struct tls_identity *loaded;
    struct tls_context *contexts[CONTEXTS]; /* by context_index() */
    struct job *job;
    void (*done)(void *context, enum identity_found found);
    void *context;
};

static bool set_path(char path[static IDENTITY_PATH_SIZE], const char *folder, const char *name)
{
    int len = snprintf(path, IDENTITY_PATH_SIZE, "%s/%s.pem", folder, name);

    return len > 0 && len < IDENTITY_PATH_SIZE;
}

static bool set_files(struct files *files, const char *folder, const char *certificate,
                      const char *key)
{
    return set_path(files->certificate, folder, certificate) && set_path(files->key, folder, key);
}

struct identity *identity_new(struct loop *loop, const char *state_dir)
{
    struct identity *identity = calloc(1, sizeof(*identity));

    if (identity == NULL)
        return NULL;
    identity->loop = loop;
    (void)snprintf(identity->directory, sizeof(identity->directory), "%s", state_dir);
    if (set_files(&identity->files, state_dir, "cert", "key") &&
        set_files(&identity->next, state_dir, "next-cert", "next-key") &&
        set_files(&identity->former, state_dir, "cert-ec", "key-ec"))
        return identity;
    free(identity);
    errno = ENAMETOOLONG;
    return NULL;
}

static void forget_contexts(struct identity *identity)
{
    for (size_t i = 0; i < CONTEXTS; i++) {
        tls_context_free(identity->contexts[i]);
        identity->contexts[i] = NULL;
    }
}

void identity_free(struct identity *identity)
{
    if (identity == NULL)
        return;
    job_cancel(identity->job);
    forget_contexts(identity);
    tls_identity_free(identity->loaded);
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

    if (folder < 0 || rename(identity->next.key, identity->files.key) != 0 || fsync(folder) != 0)
        status = -errno;
    if (folder >= 0)
        (void)close(folder);
    return status;
}

/* A renewal that was cut off when only its key was in place. A next key without a certificate, or
 * both, are of one that was cut off before: the next one overwrites them. */
static void finish_renewal(const struct identity *identity)
{
    const char *certificate = identity->next.certificate;

    if (exists(identity->next.key) || !exists(certificate))
        return;
    if (rename(certificate, identity->files.certificate) != 0)
        log_error("identity: %s cannot be renamed: %s", certificate, strerror(errno));
}

static const struct files *files_of(const struct identity *identity)
{
    return identity->in_former ? &identity->former : &identity->files;
}

/* Larger curves are none of those that we offer. */
static bool is_of_a_kind(const struct tls_identity *found, const char *path)
{
    const struct certificate_info *facts = tls_identity_info(found);

    if (facts->key_type == CERTIFICATE_KEY_RSA ||
        (facts->key_type == CERTIFICATE_KEY_EC &&
         (facts->key_bits == 256 || facts->key_bits == 384)))
        return true;
    log_error("identity: %s holds a certificate with a key that is neither RSA nor EC on P-256 or "
              "P-384: put another one there, or remove it and its key; a new RSA one is made then",
              path);
    return false;
}

enum identity_found identity_load(struct identity *identity)
{
    if (identity->loaded != NULL)
        return IDENTITY_LOADED;
    finish_renewal(identity);
    bool there = exists(identity->files.certificate);
    bool former = exists(identity->former.certificate);
    identity->in_former = !there && former;
    if (there && former)
        log_warning("identity: %s is ignored, because there is one identity at a time, and it is "
                    "%s; remove the one that is not wanted, and its key",
                    identity->former.certificate, identity->files.certificate);
    if (!there && !former)
        return IDENTITY_MISSING; /* a key alone is what a power cut while making both leaves */
    const struct files *files = files_of(identity);
    if (!exists(files->key)) {
        log_error("identity: there is a certificate %s, but not its key %s: put the key back, or "
                  "remove the certificate too to get a new identity (which every location server "
                  "must then be told)",
                  files->certificate, files->key);
        return IDENTITY_BROKEN;
    }
    identity->loaded = tls_identity_load(files->certificate, files->key);
    if (identity->loaded != NULL && is_of_a_kind(identity->loaded, files->certificate))
        return IDENTITY_LOADED;
    tls_identity_free(identity->loaded);
    identity->loaded = NULL;
    return IDENTITY_BROKEN;
}

/* In the child. */
static bool make_files(const struct identity *identity, const struct files *files)
{
    return tls_identity_create(identity->next_kind, files->certificate, files->key, identity->name,
                               &identity->mac) == 0;
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
    return exists(identity->files.certificate) || make_files(identity, &identity->files) ? 0 : 1;
}

static void created(void *context, enum job_result how, const uint8_t *result, size_t len)
{
    struct identity *identity = context;

    (void)how; /* what is on the disk counts */
    (void)result;
    (void)len;
    identity->job = NULL;
    identity->done(identity->context, identity_load(identity));
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
    identity->next_kind = CERTIFICATE_KEY_RSA;
    return start(identity, create_work, created, name, mac);
}

/* --- renewal --------------------------------------------------------------------------------- */

/* In the child. */
static int renew_work(void *input, int out)
{
    const struct identity *identity = input;

    (void)out;
    return make_files(identity, &identity->next) ? 0 : 1;
}

/* False with a log message: the old one stays. */
static bool take_next(struct identity *identity)
{
    struct tls_identity *next = tls_identity_load(identity->next.certificate, identity->next.key);
    int status = next != NULL ? take_next_key(identity) : 0;

    if (status != 0)
        log_error("identity: %s cannot be renamed: %s", identity->next.key, strerror(-status));
    if (next == NULL || status != 0) {
        tls_identity_free(next);
        return false;
    }
    finish_renewal(identity); /* the next start would do it, too */
    tls_identity_free(identity->loaded);
    identity->loaded = next;
    identity->in_former = false;
    forget_contexts(identity);
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

bool identity_renew(struct identity *identity, enum certificate_key_type kind, const char *name,
                    const struct mac *mac, void (*done)(void *context, enum identity_found found),
                    void *context)
{
    identity->done = done;
    identity->context = context;
    identity->next_kind = kind;
    return start(identity, renew_work, renewed, name, mac);
}

bool identity_creating(const struct identity *identity)
{
    return identity->job != NULL;
}

const struct certificate_info *identity_info(const struct identity *identity)
{
    return identity->loaded != NULL ? tls_identity_info(identity->loaded) : NULL;
}

const char *identity_certificate_path(const struct identity *identity)
{
    return files_of(identity)->certificate;
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
