/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/identity.h"

#include "agent/base/job.h"
#include "agent/base/log.h"
#include "agent/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct identity {
    struct loop *loop;
    char directory[IDENTITY_PATH_SIZE];
    char certificate[IDENTITY_PATH_SIZE];
    char key[IDENTITY_PATH_SIZE];
    char name[SETTINGS_NAME_SIZE];
    struct mac mac;
    struct tls_identity *loaded;
    struct tls_context *contexts[2][2]; /* by role and strong_cipher */
    struct job *job;
    void (*done)(void *context, enum identity_found found);
    void *context;
};

struct identity *identity_new(struct loop *loop, const char *state_dir)
{
    static const char certificate[] = "/cert.pem";
    static const char key[] = "/key.pem";

    if (strlen(state_dir) + sizeof(certificate) > IDENTITY_PATH_SIZE) {
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
    return identity;
}

void identity_free(struct identity *identity)
{
    if (identity == NULL)
        return;
    job_cancel(identity->job);
    for (size_t role = 0; role < 2; role++) {
        for (size_t strong = 0; strong < 2; strong++)
            tls_context_free(identity->contexts[role][strong]);
    }
    tls_identity_free(identity->loaded);
    free(identity);
}

static bool exists(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

enum identity_found identity_load(struct identity *identity)
{
    if (identity->loaded != NULL)
        return IDENTITY_LOADED;
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

bool identity_create(struct identity *identity, const char *name, const struct mac *mac,
                     void (*done)(void *context, enum identity_found found), void *context)
{
    const struct job_spec spec = {.name = "making the key",
                                  .work = create_work,
                                  .input = identity,
                                  .done = created,
                                  .context = identity,
                                  .limit = 1,
                                  .deadline = IDENTITY_CREATE_MS};

    (void)snprintf(identity->name, sizeof(identity->name), "%s", name);
    identity->mac = *mac;
    identity->done = done;
    identity->context = context;
    job_cancel(identity->job);
    identity->job = job_start(identity->loop, &spec);
    if (identity->job == NULL)
        log_error("identity: no child process for making the key: %s", strerror(errno));
    return identity->job != NULL;
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

struct tls_context *identity_context(struct identity *identity, enum tls_role role,
                                     bool strong_cipher)
{
    struct tls_context **context =
        &identity->contexts[role == TLS_SERVER ? 1 : 0][strong_cipher ? 1 : 0];

    if (*context == NULL && identity->loaded != NULL)
        *context = tls_context_new(
            identity->loaded, &(struct tls_options){.role = role, .strong_cipher = strong_cipher});
    return *context;
}
