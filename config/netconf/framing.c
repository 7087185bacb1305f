/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/framing.h"

#include "agent/base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARKER "]]>]]>"

enum {
    MARKER_SIZE = sizeof(MARKER) - 1,
    FIRST_SIZE = 4096, /* what most messages fit in */
};

/* Where we are in base 1.1; what comes next. */
enum place {
    AT_LINE_FEED, /* before a chunk or the end */
    AT_HASH,
    AT_FIRST_DIGIT, /* or the second hash of the end */
    AT_DIGITS,      /* or the line feed behind them */
    AT_SIZE_END,    /* its line feed, behind a carriage return */
    IN_CHUNK,
    AT_END /* its line feed */
};

struct framing_decoder {
    size_t limit;
    bool chunked;
    bool whole; /* the buffer has a message that was given out */
    bool begun; /* base 1.0: more than blanks came */
    enum framing_result lost;
    enum place place;
    unsigned chunks;
    uint64_t left; /* of the chunk */
    char *buffer;
    size_t size;
    size_t len;
};

/* --- the buffer ------------------------------------------------------------------------------ */

/* Room for `more` bytes and a NUL. It never grows on the word of a header, only for what came. */
static bool make_room(struct framing_decoder *decoder, size_t more)
{
    size_t wanted = decoder->len + more + 1;
    size_t size = decoder->size > 0 ? decoder->size : FIRST_SIZE;

    if (wanted <= decoder->size)
        return true;
    while (size < wanted)
        size *= 2;
    char *buffer = realloc(decoder->buffer, size);
    if (buffer == NULL)
        return false;
    decoder->buffer = buffer;
    decoder->size = size;
    return true;
}

static bool append(struct framing_decoder *decoder, struct cursor *in, size_t count)
{
    size_t limit = decoder->limit + (decoder->chunked ? 0 : MARKER_SIZE);

    if (count > limit - decoder->len || !make_room(decoder, count))
        return false;
    memcpy(decoder->buffer + decoder->len, cursor_bytes(in, count), count);
    decoder->len += count;
    return true;
}

static void begin_message(struct framing_decoder *decoder)
{
    if (decoder->size > FIRST_SIZE) {
        free(decoder->buffer);
        decoder->buffer = NULL;
        decoder->size = 0;
    }
    decoder->len = 0;
    decoder->chunks = 0;
    decoder->begun = false;
    decoder->place = AT_LINE_FEED;
    decoder->whole = false;
}

struct framing_decoder *framing_decoder_new(size_t limit)
{
    struct framing_decoder *decoder = calloc(1, sizeof(*decoder));

    if (decoder != NULL)
        decoder->limit = limit;
    return decoder;
}

void framing_decoder_free(struct framing_decoder *decoder)
{
    if (decoder == NULL)
        return;
    free(decoder->buffer);
    free(decoder);
}

void framing_decoder_chunked(struct framing_decoder *decoder)
{
    decoder->chunked = true;
}

/* --- base 1.0 -------------------------------------------------------------------------------- */

static bool ends_in_marker(const struct framing_decoder *decoder)
{
    return decoder->len >= MARKER_SIZE &&
           memcmp(decoder->buffer + decoder->len - MARKER_SIZE, MARKER, MARKER_SIZE) == 0;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Blanks before a message are not kept. False: a chunk begins, which no XML is. */
static bool begin_marked(struct framing_decoder *decoder, struct cursor *in)
{
    struct cursor ahead = *in;

    while (!decoder->begun && cursor_left(&ahead) > 0) {
        uint8_t byte = cursor_u8(&ahead);
        decoder->begun = !is_blank(byte);
        if (byte == '#')
            return false;
        if (!decoder->begun)
            *in = ahead;
    }
    return true;
}

static enum framing_result decode_marked(struct framing_decoder *decoder, struct cursor *in)
{
    if (!begin_marked(decoder, in))
        return FRAMING_BROKEN;
    while (cursor_left(in) > 0) {
        struct cursor ahead = *in;
        size_t count = cursor_left(in);
        const uint8_t *start = cursor_bytes(&ahead, count);
        const uint8_t *end = memchr(start, '>', count);

        if (end != NULL)
            count = (size_t)(end - start) + 1;
        if (!append(decoder, in, count))
            return FRAMING_TOO_BIG;
        if (ends_in_marker(decoder)) {
            decoder->len -= MARKER_SIZE;
            return FRAMING_MESSAGE;
        }
    }
    /* What has no marker at its end any more counts in full. */
    return decoder->len >= decoder->limit + MARKER_SIZE ? FRAMING_TOO_BIG : FRAMING_MORE;
}

/* --- base 1.1 -------------------------------------------------------------------------------- */

static enum framing_result to(struct framing_decoder *decoder, bool right, enum place place)
{
    decoder->place = place;
    return right ? FRAMING_MORE : FRAMING_BROKEN;
}

static enum framing_result first_digit(struct framing_decoder *decoder, uint8_t byte)
{
    if (byte == '#')
        return to(decoder, decoder->chunks > 0, AT_END);
    decoder->left = 0;
    return to(decoder, byte != '0' && number_append(&decoder->left, byte, UINT32_MAX), AT_DIGITS);
}

static enum framing_result next_digit(struct framing_decoder *decoder, uint8_t byte)
{
    if (byte == '\n') {
        decoder->chunks = 1;
        if (decoder->left > decoder->limit - decoder->len)
            return FRAMING_TOO_BIG;
        return to(decoder, true, IN_CHUNK);
    }
    return to(decoder, number_append(&decoder->left, byte, UINT32_MAX), AT_DIGITS);
}

static enum framing_result take_chunk(struct framing_decoder *decoder, struct cursor *in)
{
    size_t count = cursor_left(in) < decoder->left ? cursor_left(in) : (size_t)decoder->left;

    if (!append(decoder, in, count))
        return FRAMING_TOO_BIG;
    decoder->left -= count;
    if (decoder->left == 0)
        decoder->place = AT_LINE_FEED;
    return FRAMING_MORE;
}

/* Before a message there may be more line ends, or none: some clients end each with one more, and
 * people press enter. Behind a chunk there is one. */
static enum framing_result line_feed(struct framing_decoder *decoder, uint8_t byte)
{
    if (byte == '\r' || (decoder->chunks == 0 && is_blank(byte)))
        return to(decoder, true, AT_LINE_FEED);
    if (decoder->chunks == 0)
        return to(decoder, byte == '#', AT_FIRST_DIGIT);
    return to(decoder, byte == '\n', AT_HASH);
}

static enum framing_result step(struct framing_decoder *decoder, struct cursor *in)
{
    if (decoder->place == IN_CHUNK)
        return take_chunk(decoder, in);

    uint8_t byte = cursor_u8(in);
    switch (decoder->place) {
    case AT_LINE_FEED:
        return line_feed(decoder, byte);
    case AT_HASH:
        return to(decoder, byte == '#', AT_FIRST_DIGIT);
    case AT_FIRST_DIGIT:
        return first_digit(decoder, byte);
    case AT_DIGITS:
        return byte == '\r' ? to(decoder, true, AT_SIZE_END) : next_digit(decoder, byte);
    case AT_SIZE_END:
        return byte == '\n' ? next_digit(decoder, byte) : FRAMING_BROKEN;
    default:
        if (byte == '\r')
            return FRAMING_MORE;
        return byte == '\n' ? FRAMING_MESSAGE : FRAMING_BROKEN;
    }
}

static enum framing_result decode_chunked(struct framing_decoder *decoder, struct cursor *in)
{
    enum framing_result result = FRAMING_MORE;

    while (result == FRAMING_MORE && cursor_left(in) > 0)
        result = step(decoder, in);
    return result;
}

/* --- from outside ---------------------------------------------------------------------------- */

enum framing_result framing_decode(struct framing_decoder *decoder, const uint8_t *data, size_t len,
                                   size_t *used)
{
    struct cursor in = cursor_of(data, len);
    enum framing_result result = decoder->lost;

    if (decoder->whole)
        begin_message(decoder);
    if (result == FRAMING_MORE)
        result = decoder->chunked ? decode_chunked(decoder, &in) : decode_marked(decoder, &in);
    if (result == FRAMING_MESSAGE && !make_room(decoder, 0))
        result = FRAMING_TOO_BIG;
    if (result == FRAMING_MESSAGE) {
        decoder->whole = true;
        decoder->buffer[decoder->len] = '\0';
    } else {
        decoder->lost = result;
    }
    *used = len - cursor_left(&in);
    return result;
}

bool framing_is_within(const struct framing_decoder *decoder)
{
    return !decoder->whole &&
           (decoder->begun || decoder->chunks > 0 || decoder->place != AT_LINE_FEED);
}

char *framing_message(struct framing_decoder *decoder, size_t *len)
{
    *len = decoder->len;
    return decoder->buffer;
}

size_t framing_head(bool chunked, size_t len, char buf[FRAMING_HEAD_SIZE])
{
    int written = chunked ? snprintf(buf, FRAMING_HEAD_SIZE, "\n#%" PRIu32 "\n", (uint32_t)len) : 0;

    buf[written] = '\0';
    return (size_t)written;
}

const char *framing_tail(bool chunked, size_t *len)
{
    const char *tail = chunked ? "\n##\n" : MARKER;

    *len = strlen(tail);
    return tail;
}
