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
    size_t unfinished; /* bytes of the message whose first part is in a record already */
    size_t record_begin;
    size_t record_end;
    uint8_t record[OUTPUT_RECORD_SIZE];
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

struct output *output_new(void)
{
    struct output *output = calloc(1, sizeof(*output));

    if (output == NULL)
        return NULL;
    output->messages.bytes = malloc(OUTPUT_SIZE);
    output->messages.size = OUTPUT_SIZE;
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
    return OUTPUT_SIZE - queue_used(&output->messages);
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
    return output->record_begin == output->record_end && queue_used(&output->messages) == 0 &&
           queue_used(&output->urgent) == 0;
}

/* --- records --------------------------------------------------------------------------------- */

static size_t record_room(const struct output *output)
{
    return OUTPUT_RECORD_SIZE - output->record_end;
}

static void move_to_record(struct output *output, struct queue *queue, size_t len)
{
    memcpy(output->record + output->record_end, queue->bytes + queue->begin, len);
    output->record_end += len;
    queue_drop(queue, len);
}

/* All whole echoes that fit; false if one has to wait for the next record. */
static bool gather_urgent(struct output *output)
{
    while (queue_used(&output->urgent) > 0) {
        size_t len = message_length(&output->urgent);
        if (len > record_room(output))
            return false;
        move_to_record(output, &output->urgent, len);
    }
    if (output->urgent.size > URGENT_FIRST_SIZE) {
        free(output->urgent.bytes);
        output->urgent = (struct queue){.bytes = NULL};
    }
    return true;
}

static void gather_record(struct output *output)
{
    output->record_begin = output->record_end = 0;
    while (record_room(output) > 0) {
        if (output->unfinished == 0) {
            if (!gather_urgent(output) || queue_used(&output->messages) == 0)
                return;
            output->unfinished = message_length(&output->messages);
        }
        size_t len =
            output->unfinished < record_room(output) ? output->unfinished : record_room(output);
        move_to_record(output, &output->messages, len);
        output->unfinished -= len;
    }
}

enum tls_status output_flush(struct output *output,
                             enum tls_status (*write)(void *context, const void *data, size_t len,
                                                      size_t *written),
                             void *context, bool *progress)
{
    for (;;) {
        size_t written = 0;
        if (output->record_begin == output->record_end)
            gather_record(output);
        if (output->record_begin == output->record_end)
            return TLS_OK;
        enum tls_status status = write(context, output->record + output->record_begin,
                                       output->record_end - output->record_begin, &written);
        if (status != TLS_OK)
            return status;
        output->record_begin += written;
        *progress = true;
    }
}
