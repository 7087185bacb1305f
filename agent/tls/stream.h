/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside tls/: the descriptor under a connection. Ours, not the library's: no SIGPIPE, the true
 * cause stays known, and every record is looked at before the library reads it. No library.
 */
#ifndef AGENT_TLS_STREAM_H
#define AGENT_TLS_STREAM_H

#include "agent/tls/records.h"

#include <stdbool.h>
#include <stddef.h>

/* All zero but the descriptor, which is non-blocking and stays the caller's. */
struct stream {
    int fd;
    struct records_watch watch;
    int error;     /* errno */
    bool ended;    /* by the peer */
    bool full;     /* it took nothing more */
    bool answered; /* it took something */
};

/* Bytes that may be read as `state` has it; 0: none for now, or for good: `watch.fault`, `ended`
 * and `error` say so. */
size_t stream_receive(struct stream *stream, const struct records_state *state, void *buffer,
                      size_t size);
/* How many were taken; 0: `full`, or `error`. */
size_t stream_send(struct stream *stream, const void *data, size_t len);

#endif
