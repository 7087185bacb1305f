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

/* One identity: its files, and what was read from them. */
struct slot {
    char certificate[IDENTITY_PATH_SIZE];
    char key[IDENTITY_PATH_SIZE];
    char next_certificate[IDENTITY_PATH_SIZE]; /* of a renewal, until it is complete */
    char next_key[IDENTITY_PATH_SIZE];
    struct tls_identity *loaded;
    bool unusable; /* and the log has said so */
};

struct identity {
    struct loop *loop;
    char directory[IDENTITY_PATH_SIZE];
    char name[SETTINGS_NAME_SIZE];
    struct mac mac;
    struct slot slots[IDENTITY_SLOTS];
    struct tls_context *contexts[CONTEXTS]; /* by context_index() */
    struct job *job;
    void (*done)(void *context, enum identity_found found);
    void *context;
};

static const char *const suffixes[IDENTITY_SLOTS] = {"", "-ec"};
static const enum authlist_key_type kinds[IDENTITY_SLOTS] = {AUTHLIST_KEY_RSA, AUTHLIST_KEY_EC};

static bool set_path(char path[static IDENTITY_PATH_SIZE], const char *folder, const char *name,
                     const char *suffix)
{
    int len = snprintf(path, IDENTITY_PATH_SIZE, "%s/%s%s.pem", folder, name, suffix);

    return len > 0 && len < IDENTITY_PATH_SIZE;
}

static bool set_paths(struct slot *slot, const char *folder, const char *suffix)
{
    return set_path(slot->certificate, folder, "cert", suffix) &&
           set_path(slot->key, folder, "key", suffix) &&
           set_path(slot->next_certificate, folder, "next-cert", suffix) &&
           set_path(slot->next_key, folder, "next-key", suffix);
}

struct identity *identity_new(struct loop *loop, const char *state_dir)
{
    bool fits = true;
    struct identity *identity = calloc(1, sizeof(*identity));

    if (identity == NULL)
        return NULL;
    identity->loop = loop;
    (void)snprintf(identity->directory, sizeof(identity->directory), "%s", state_dir);
    for (size_t i = 0; i < IDENTITY_SLOTS; i++)
        fits = fits && set_paths(&identity->slots[i], state_dir, suffixes[i]);
    if (fits)
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

/* NULL: none. */
static void replace_loaded(struct slot *slot, struct tls_identity *loaded)
{
    tls_identity_free(slot->loaded);
    slot->loaded = loaded;
    slot->unusable = false;
}

void identity_free(struct identity *identity)
{
    if (identity == NULL)
        return;
    job_cancel(identity->job);
    forget_contexts(identity);
    for (size_t i = 0; i < IDENTITY_SLOTS; i++)
        replace_loaded(&identity->slots[i], NULL);
    free(identity);
}

static bool exists(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* The key goes first, and is there for good before the certificate follows: see finish_renewal().
 */
static int take_next_key(const struct identity *identity, const struct slot *slot)
{
    int status = 0;
    int folder = open(identity->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0 || rename(slot->next_key, slot->key) != 0 || fsync(folder) != 0)
        status = -errno;
    if (folder >= 0)
        (void)close(folder);
    return status;
}

/* A renewal that was cut off when only its key was in place. A next key without a certificate, or
 * both, are of one that was cut off before: the next one overwrites them. */
static void finish_renewal(const struct slot *slot)
{
    if (exists(slot->next_key) || !exists(slot->next_certificate))
        return;
    if (rename(slot->next_certificate, slot->certificate) != 0)
        log_error("identity: %s cannot be renamed: %s", slot->next_certificate, strerror(errno));
}

static bool is_of_its_kind(const struct tls_identity *found, enum identity_slot which,
                           const char *path)
{
    const struct authlist_peer *facts = tls_identity_facts(found);

    if (which == IDENTITY_RSA && facts->key_type != AUTHLIST_KEY_RSA) {
        log_error("identity: %s holds a certificate with a key that is not RSA: rename it to "
                  "cert-ec.pem and its key to key-ec.pem if it is one for P-256 or P-384; a new "
                  "RSA one is made then",
                  path);
        return false;
    }
    /* Larger curves are none of those that we offer. */
    if (which == IDENTITY_EC && (facts->key_type != AUTHLIST_KEY_EC ||
                                 (facts->key_bits != 256 && facts->key_bits != 384))) {
        log_error("identity: %s holds a certificate with a key that is not EC on P-256 or P-384: "
                  "rename it to cert.pem and its key to key.pem if it is RSA, or remove both; a "
                  "new EC one is made then",
                  path);
        return false;
    }
    return true;
}

static enum identity_found load_slot(struct slot *slot, enum identity_slot which)
{
    if (slot->loaded != NULL)
        return IDENTITY_LOADED;
    finish_renewal(slot);
    if (!exists(slot->certificate))
        return IDENTITY_MISSING; /* a key alone is what a power cut while making both leaves */
    if (!exists(slot->key)) {
        log_error("identity: there is a certificate %s, but not its key %s: put the key back, or "
                  "remove the certificate too to get a new identity (which every location server "
                  "must then be told)",
                  slot->certificate, slot->key);
        return IDENTITY_BROKEN;
    }
    struct tls_identity *found = tls_identity_load(slot->certificate, slot->key);
    if (found != NULL && is_of_its_kind(found, which, slot->certificate)) {
        slot->loaded = found;
        return IDENTITY_LOADED;
    }
    tls_identity_free(found);
    return IDENTITY_BROKEN;
}

/* What cannot be used is looked at once, and again only if nothing runs without it. */
static enum identity_found load_ec(struct slot *slot)
{
    if (slot->unusable)
        return IDENTITY_BROKEN;
    enum identity_found found = load_slot(slot, IDENTITY_EC);
    slot->unusable = found == IDENTITY_BROKEN;
    if (slot->unusable)
        log_error("identity: the EC one cannot be used, so that peers which can do with EC only "
                  "get no session; all others do");
    return found;
}

enum identity_found identity_load(struct identity *identity)
{
    enum identity_found rsa = load_slot(&identity->slots[IDENTITY_RSA], IDENTITY_RSA);
    enum identity_found ec = load_ec(&identity->slots[IDENTITY_EC]);

    if (rsa == IDENTITY_BROKEN) {
        identity->slots[IDENTITY_EC].unusable = false;
        return IDENTITY_BROKEN;
    }
    return ec == IDENTITY_MISSING ? IDENTITY_MISSING : rsa;
}

/* In the child. */
static bool make_files(const struct identity *identity, enum identity_slot which,
                       const char *certificate, const char *key)
{
    return tls_identity_create(kinds[which], certificate, key, identity->name, &identity->mac) == 0;
}

/* In the child. RSA first: it can do without the other. */
static int create_work(void *input, int out)
{
    const struct identity *identity = input;
    bool made = true;

    (void)out;
    if (mkdir(identity->directory, 0755) != 0 && errno != EEXIST) {
        log_error("identity: cannot make the state directory %s: %s; make it and give it to the "
                  "user that runs this program, or name another one (--state-dir)",
                  identity->directory, strerror(errno));
        return 1;
    }
    for (unsigned i = 0; i < IDENTITY_SLOTS && made; i++) {
        const struct slot *slot = &identity->slots[i];
        made = exists(slot->certificate) ||
               make_files(identity, (enum identity_slot)i, slot->certificate, slot->key);
    }
    return made ? 0 : 1;
}

static void created(void *context, enum job_result how, const uint8_t *result, size_t len)
{
    struct identity *identity = context;

    (void)how; /* what is on the disk counts */
    (void)result;
    (void)len;
    identity->job = NULL;
    enum identity_found found = identity_load(identity);
    if (found == IDENTITY_MISSING && identity->slots[IDENTITY_RSA].loaded != NULL) {
        log_error("identity: the EC one could not be made, so that peers which can do with EC only "
                  "get no session; the next start tries it again");
        found = IDENTITY_LOADED;
    }
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
    for (unsigned i = 0; i < IDENTITY_SLOTS; i++) {
        const struct slot *slot = &identity->slots[i];
        if (!make_files(identity, (enum identity_slot)i, slot->next_certificate, slot->next_key))
            return 1;
    }
    return 0;
}

/* False with a log message: the old one stays. */
static bool take_next(struct identity *identity, struct slot *slot, struct tls_identity *next)
{
    int status = take_next_key(identity, slot);

    if (status != 0) {
        log_error("identity: %s cannot be renamed: %s", slot->next_key, strerror(-status));
        return false;
    }
    finish_renewal(slot); /* the next start would do it, too */
    replace_loaded(slot, next);
    return true;
}

/* Nothing is replaced unless both can be loaded. */
static bool take_both_next(struct identity *identity)
{
    struct tls_identity *next[IDENTITY_SLOTS] = {NULL};
    bool fine = true;

    for (unsigned i = 0; i < IDENTITY_SLOTS && fine; i++) {
        next[i] =
            tls_identity_load(identity->slots[i].next_certificate, identity->slots[i].next_key);
        fine = next[i] != NULL;
    }
    bool rsa = fine && take_next(identity, &identity->slots[IDENTITY_RSA], next[IDENTITY_RSA]);
    bool ec = rsa && take_next(identity, &identity->slots[IDENTITY_EC], next[IDENTITY_EC]);
    if (rsa)
        forget_contexts(identity);
    else
        tls_identity_free(next[IDENTITY_RSA]);
    if (!ec)
        tls_identity_free(next[IDENTITY_EC]);
    return rsa;
}

static void renewed(void *context, enum job_result how, const uint8_t *result, size_t len)
{
    struct identity *identity = context;

    (void)result;
    (void)len;
    identity->job = NULL;
    identity->done(identity->context,
                   how == JOB_OK && take_both_next(identity) ? IDENTITY_LOADED : IDENTITY_MISSING);
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

const struct authlist_peer *identity_facts(const struct identity *identity, enum identity_slot slot)
{
    const struct tls_identity *loaded = identity->slots[slot].loaded;

    return loaded != NULL ? tls_identity_facts(loaded) : NULL;
}

const char *identity_certificate_path(const struct identity *identity, enum identity_slot slot)
{
    return identity->slots[slot].certificate;
}

static size_t context_index(const struct tls_options *options)
{
    return (options->role == TLS_SERVER ? 4U : 0U) + (options->strong_cipher ? 2U : 0U) +
           (options->legacy_cipher ? 1U : 0U);
}

struct tls_context *identity_context(struct identity *identity, const struct tls_options *options)
{
    struct tls_context **context = &identity->contexts[context_index(options)];
    const struct tls_identity *first = identity->slots[IDENTITY_RSA].loaded;
    struct tls_options with_both = *options;

    with_both.second = identity->slots[IDENTITY_EC].loaded;
    if (*context == NULL && first != NULL)
        *context = tls_context_new(first, &with_both);
    return *context;
}
