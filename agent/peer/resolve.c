/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/resolve.h"

#include "agent/base/job.h"
#include "agent/base/log.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOST_SIZE = 256 };

struct resolve {
    struct job *job;
    char host[HOST_SIZE];
    uint16_t port;
    void (*done)(void *context, const struct resolve_result *result);
    void *context;
};

static int look_up(const char *host, uint16_t port, int flags, struct resolve_result *result)
{
    const struct addrinfo hints = {
        .ai_flags = flags | AI_NUMERICSERV, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char service[8];

    memset(result, 0, sizeof(*result));
    (void)snprintf(service, sizeof(service), "%u", (unsigned)port);
    int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0)
        return error;
    for (struct addrinfo *a = found; a != NULL && result->count < RESOLVE_ADDRESSES_MAX;
         a = a->ai_next) {
        if (a->ai_addrlen <= sizeof(result->addresses[0]))
            memcpy(&result->addresses[result->count++], a->ai_addr, a->ai_addrlen);
    }
    freeaddrinfo(found);
    return 0;
}

void resolve_numeric(const char *host, uint16_t port, struct resolve_result *result)
{
    (void)look_up(host, port, AI_NUMERICHOST, result);
}

/* In the child. The result is this program's own struct, so it goes through the pipe as it is. */
static int resolve_work(void *input, int out)
{
    const struct resolve *resolve = input;
    struct resolve_result result;
    const char *why = NULL;

    int error = look_up(resolve->host, resolve->port, 0, &result);
    if (error == EAI_SYSTEM)
        why = strerror(errno);
    else if (error != 0)
        why = gai_strerror(error);
    else if (result.count == 0)
        why = "it has no address";
    result.unknown =
        error == EAI_NONAME || error == EAI_NODATA || (error == 0 && result.count == 0);
    if (why != NULL)
        (void)log_safe(why, strlen(why), result.reason, sizeof(result.reason));
    return write(out, &result, sizeof(result)) == (ssize_t)sizeof(result) ? 0 : 1;
}

static void resolve_done(void *context, enum job_result how, const uint8_t *data, size_t len)
{
    struct resolve *resolve = context;
    struct resolve_result result = {.count = 0};

    if (how == JOB_OK && len == sizeof(result))
        memcpy(&result, data, sizeof(result));
    else if (how == JOB_TIMED_OUT)
        (void)snprintf(result.reason, sizeof(result.reason),
                       "no answer from the name server within %d s", RESOLVE_DEADLINE_MS / 1000);
    else
        (void)snprintf(result.reason, sizeof(result.reason), "the look-up failed");
    resolve->done(resolve->context, &result);
    free(resolve);
}

struct resolve *resolve_start(struct loop *loop, const char *host, uint16_t port,
                              void (*done)(void *context, const struct resolve_result *result),
                              void *context)
{
    struct resolve *resolve = calloc(1, sizeof(*resolve));

    if (resolve == NULL)
        return NULL;
    (void)snprintf(resolve->host, sizeof(resolve->host), "%s", host);
    resolve->port = port;
    resolve->done = done;
    resolve->context = context;
    const struct job_spec spec = {.name = "name look-up",
                                  .work = resolve_work,
                                  .input = resolve,
                                  .done = resolve_done,
                                  .context = resolve,
                                  .limit = sizeof(struct resolve_result),
                                  .deadline = RESOLVE_DEADLINE_MS};
    resolve->job = job_start(loop, &spec);
    if (resolve->job == NULL) {
        int error = errno;
        free(resolve);
        errno = error;
        return NULL;
    }
    return resolve;
}

void resolve_cancel(struct resolve *resolve)
{
    if (resolve == NULL)
        return;
    job_cancel(resolve->job);
    free(resolve);
}
