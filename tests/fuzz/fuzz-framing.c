/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream of NETCONF messages in pieces. The first byte: bit 0 base 1.1 from the start, bit 1 base
 * 1.1 after the first message, the rest the size of the pieces.
 *
 * What must hold: no message is over the limit, every piece is taken or the stream is lost, and
 * what was found is found again if the same stream comes byte by byte.
 */
#include "config/netconf/framing.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    size_t messages;
    size_t bytes;
    uint32_t sum;
    enum framing_result end;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void take_message(struct framing_decoder *decoder, struct outcome *outcome)
{
    size_t len = 0;
    const char *message = framing_message(decoder, &len);

    require(len <= LIMIT && message[len] == '\0');
    outcome->messages++;
    outcome->bytes += len;
    for (size_t i = 0; i < len; i++)
        outcome->sum = outcome->sum * 31 + (uint8_t)message[i];
}

static struct outcome feed(const uint8_t *data, size_t size, size_t piece, unsigned how)
{
    struct framing_decoder *decoder = framing_decoder_new(LIMIT);
    struct outcome outcome = {.end = FRAMING_MORE};
    size_t at = 0;

    require(decoder != NULL);
    if (how & 1)
        framing_decoder_chunked(decoder);
    while (at < size) {
        size_t count = size - at < piece ? size - at : piece;
        size_t used = 0;
        outcome.end = framing_decode(decoder, data + at, count, &used);
        require(used <= count);
        at += used;
        if (outcome.end == FRAMING_MESSAGE) {
            take_message(decoder, &outcome);
            if (how & 2)
                framing_decoder_chunked(decoder);
        } else if (outcome.end != FRAMING_MORE) {
            break;
        } else {
            require(used == count);
        }
    }
    framing_decoder_free(decoder);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;

    struct outcome x = feed(data + 1, size - 1, (size_t)(data[0] >> 2) * 4 + 1, data[0]);
    struct outcome y = feed(data + 1, size - 1, 1, data[0]);
    require(x.messages == y.messages && x.bytes == y.bytes && x.sum == y.sum && x.end == y.end);
    return 0;
}
