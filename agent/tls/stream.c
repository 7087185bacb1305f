/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/tls/stream.h"

#include <errno.h>
#include <sys/socket.h>

/* The bytes, or 0: it ended, broke (for good) or has none yet. */
static size_t take(void *context, void *buffer, size_t size)
{
    struct stream *stream = context;
    ssize_t n;

    if (stream->ended || stream->error != 0)
        return 0;
    do {
        n = recv(stream->fd, buffer, size, 0);
    } while (n < 0 && errno == EINTR);
    if (n == 0)
        stream->ended = true;
    else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        stream->error = errno;
    return n > 0 ? (size_t)n : 0;
}

size_t stream_receive(struct stream *stream, const struct records_state *state, void *buffer,
                      size_t size)
{
    return records_watch(&stream->watch, state, take, stream, buffer, size);
}

size_t stream_send(struct stream *stream, const void *data, size_t len)
{
    ssize_t n;

    stream->full = false;
    do {
        n = send(stream->fd, data, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        stream->answered = true;
        return (size_t)n;
    }
    stream->full = errno == EAGAIN || errno == EWOULDBLOCK;
    if (!stream->full)
        stream->error = errno;
    return 0;
}
