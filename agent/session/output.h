/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What waits to be sent to one peer: whole messages in a fixed buffer, written from where they lie
 * in pieces of a full TLS record.
 *
 * Two queues: messages in their order, and echoes, which go ahead of them but never inside one.
 * What was offered to the transport once stays as it is until it is taken, as TLS demands, and
 * keeps its room until then.
 */
#ifndef AGENT_SESSION_OUTPUT_H
#define AGENT_SESSION_OUTPUT_H

#include "agent/tls/tls.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OUTPUT_SIZE = 4 * WIRE_MESSAGE_CUT, /* of messages, to one that is published to */
    OUTPUT_SMALL = 4096,                /* to one that is listened to */
    OUTPUT_URGENT_SIZE = 65536,         /* of echoes, at most */
    OUTPUT_RECORD_SIZE = 16384,
};

struct output;

/* For so many bytes of messages. NULL if memory is out. */
struct output *output_new(size_t size);
void output_free(struct output *output);

/* One whole message. False if there is no room (or, for echoes, no memory): nothing was queued
 * then. */
bool output_put(struct output *output, const uint8_t header[static WIRE_HEADER_SIZE],
                const uint8_t *body, size_t len);
bool output_put_urgent(struct output *output, const uint8_t *message, size_t len);

/* Bytes of messages that can still be queued; of echoes. */
size_t output_room(const struct output *output);
size_t output_urgent_room(const struct output *output);
bool output_empty(const struct output *output);

/*
 * Writes as much as is taken. TLS_OK: nothing is left. *progress is set if any byte was taken, else
 * left alone.
 */
enum tls_status output_flush(struct output *output,
                             enum tls_status (*write)(void *context, const void *data, size_t len,
                                                      size_t *written),
                             void *context, bool *progress);

#endif
