/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NETCONF messages in a stream of bytes: the end-of-message marker of base 1.0 and the chunks of
 * base 1.1 (RFC 6242, 4). Both ends use it: the agent's server, the relay's and the CLI's client.
 *
 * Hostile input: the message under way is bounded, a bad chunk header is fatal to the stream. Taken
 * although RFC 6242 does not have it: blanks before a message, and CR LF for LF around chunks.
 */
#ifndef CONFIG_NETCONF_FRAMING_H
#define CONFIG_NETCONF_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct framing_decoder;

enum framing_result {
    FRAMING_MORE,    /* all input was taken; no message is whole */
    FRAMING_MESSAGE, /* one is: framing_message() */
    FRAMING_TOO_BIG, /* over the limit, or memory is out: the stream is lost */
    FRAMING_BROKEN   /* not NETCONF's framing: the stream is lost */
};

/* Starts with base 1.0, as every session does. NULL: memory is out. Buffers grow with the message
 * up to `limit` bytes and are given back after it. */
struct framing_decoder *framing_decoder_new(size_t limit);
void framing_decoder_free(struct framing_decoder *decoder);
/* Both said hello with base 1.1. */
void framing_decoder_chunked(struct framing_decoder *decoder);

/* Takes bytes until a message is whole; *used of them. Call again with the rest. */
enum framing_result framing_decode(struct framing_decoder *decoder, const uint8_t *data, size_t len,
                                   size_t *used);
/* Has a message begun that is not whole? */
bool framing_is_within(const struct framing_decoder *decoder);
/* The whole message, NUL-terminated, until the next framing_decode(); of a stream that is lost,
 * what came of its last one, without a NUL. */
char *framing_message(struct framing_decoder *decoder, size_t *len);

/* What stands before and behind a message of `len` bytes that is sent as one chunk (chunked) or
 * with the marker; `buf` of FRAMING_HEAD_SIZE bytes. Give the lengths. */
enum { FRAMING_HEAD_SIZE = 16 };
size_t framing_head(bool chunked, size_t len, char buf[FRAMING_HEAD_SIZE]);
const char *framing_tail(bool chunked, size_t *len);

#endif
