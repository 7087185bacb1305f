/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/output.h"

#include <stdlib.h>
#include <string.h>

enum { URGENT_FIRST_SIZE = 1024 };

struct queue {
    uint8_t *bytes;
    size_t size;
    size_t begin;
    size_t end;
};

struct output {
    struct queue messages;
    struct queue urgent;
    size_t unfinished;     /* bytes of the message whose first part was taken */
    struct queue *offered; /* that one's front is offered, until it is taken */
    size_t offered_len;
};

/* --- queues ---------------------------------------------------------------------------------- */

static size_t queue_used(const struct queue *queue)
{
    return queue->end - queue->begin;
}

/* Room for len bytes at the end; the caller has checked that they fit in all. */
static uint8_t *queue_push(struct queue *queue, size_t len)
{
    if (queue->end + len > queue->size) {
        memmove(queue->bytes, queue->bytes + queue->begin, queue_used(queue));
        queue->end -= queue->begin;
        queue->begin = 0;
    }
    uint8_t *at = queue->bytes + queue->end;
    queue->end += len;
    return at;
}

static void queue_drop(struct queue *queue, size_t len)
{
    queue->begin += len;
    if (queue->begin == queue->end)
        queue->begin = queue->end = 0;
}

static size_t message_length(const struct queue *queue)
{
    struct cursor at = cursor_of(queue->bytes + queue->begin + 4, 4);
    return cursor_u32(&at);
}

/* --- creation -------------------------------------------------------------------------------- */

struct output *output_new(size_t size)
{
    struct output *output = calloc(1, sizeof(*output));

    if (output == NULL)
        return NULL;
    output->messages.bytes = malloc(size);
    output->messages.size = size;
    if (output->messages.bytes == NULL) {
        free(output);
        return NULL;
    }
    return output;
}

void output_free(struct output *output)
{
    if (output == NULL)
        return;
    free(output->messages.bytes);
    free(output->urgent.bytes);
    free(output);
}

/* --- putting --------------------------------------------------------------------------------- */

size_t output_room(const struct output *output)
{
    return output->messages.size - queue_used(&output->messages);
}

size_t output_urgent_room(const struct output *output)
{
    return OUTPUT_URGENT_SIZE - queue_used(&output->urgent);
}

bool output_put(struct output *output, const uint8_t header[static WIRE_HEADER_SIZE],
                const uint8_t *body, size_t len)
{
    if (WIRE_HEADER_SIZE + len > output_room(output))
        return false;
    uint8_t *at = queue_push(&output->messages, WIRE_HEADER_SIZE + len);
    memcpy(at, header, WIRE_HEADER_SIZE);
    if (len > 0)
        memcpy(at + WIRE_HEADER_SIZE, body, len);
    return true;
}

/* Echoes are rare and small: their queue grows only under a flood, and is given back after it. */
static bool urgent_reserve(struct queue *urgent, size_t len)
{
    size_t size = urgent->size == 0 ? URGENT_FIRST_SIZE : urgent->size;

    while (size < queue_used(urgent) + len)
        size *= 2;
    if (size == urgent->size)
        return true;
    uint8_t *bytes = realloc(urgent->bytes, size);
    if (bytes == NULL)
        return false;
    urgent->bytes = bytes;
    urgent->size = size;
    return true;
}

bool output_put_urgent(struct output *output, const uint8_t *message, size_t len)
{
    if (len > output_urgent_room(output) || !urgent_reserve(&output->urgent, len))
        return false;
    memcpy(queue_push(&output->urgent, len), message, len);
    return true;
}

bool output_empty(const struct output *output)
{
    return queue_used(&output->messages) == 0 && queue_used(&output->urgent) == 0;
}

/* --- writing --------------------------------------------------------------------------------- */

/* What is next: the rest of what was begun; echoes, if any wait; messages. */
static void offer(struct output *output)
{
    bool echo_waits = queue_used(&output->urgent) > 0;

    if (output->unfinished == 0)
        output->offered = echo_waits ? &output->urgent : &output->messages;
    size_t len = queue_used(output->offered);
    if (output->unfinished > 0 && echo_waits)
        len = output->unfinished;
    output->offered_len = len < OUTPUT_RECORD_SIZE ? len : OUTPUT_RECORD_SIZE;
}

static void take(struct output *output, size_t len)
{
    struct queue *queue = output->offered;

    output->offered_len -= len;
    while (len > 0) {
        if (output->unfinished == 0)
            output->unfinished = message_length(queue);
        size_t part = len < output->unfinished ? len : output->unfinished;
        queue_drop(queue, part);
        output->unfinished -= part;
        len -= part;
    }
    if (queue == &output->urgent && queue_used(queue) == 0 && queue->size > URGENT_FIRST_SIZE) {
        free(queue->bytes);
        *queue = (struct queue){.bytes = NULL};
    }
}

enum tls_status output_flush(struct output *output,
                             enum tls_status (*write)(void *context, const void *data, size_t len,
                                                      size_t *written),
                             void *context, bool *progress)
{
    for (;;) {
        size_t written = 0;
        if (output->offered_len == 0)
            offer(output);
        if (output->offered_len == 0)
            return TLS_OK;
        enum tls_status status = write(context, output->offered->bytes + output->offered->begin,
                                       output->offered_len, &written);
        if (status != TLS_OK)
            return status;
        take(output, written);
        *progress = true;
    }
}
