/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes from the network: split into frames, decoded, walked, dumped, encoded and decoded again.
 * What was accepted once must be accepted again, and say the same.
 */
#include "agent/wire/wire.h"
#include "tests/unit/wire-elements.h"

#include <stdlib.h>

/* A byte of a frame is at most a whole line of its dump: "  sample" 8, an ap-table entry 12 bytes.
 */
enum { DUMP_MAX = 32 * WIRE_MESSAGE_MAX };

static char first[DUMP_MAX], second[DUMP_MAX];
static uint8_t encoded[WIRE_MESSAGE_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_accepted(const struct wire_message *m)
{
    struct wire_message again;
    size_t len = wire_dump(m, first, sizeof(first));
    require(len < sizeof(first));
    size_t n = wire_reencode(m, encoded, sizeof(encoded));
    require(n >= WIRE_HEADER_SIZE && n <= m->header.length);
    require(wire_decode(encoded, n, &again) == WIRE_OK);
    require(again.present == m->present);
    require(wire_dump(&again, second, sizeof(second)) == len);
    require(memcmp(first, second, len) == 0);
}

static void check_frame(const uint8_t *frame, size_t size)
{
    struct wire_message m;
    /* On the heap and of its size, so that a byte read beyond it is seen. */
    uint8_t *copy = malloc(size);
    require(copy != NULL);
    memcpy(copy, frame, size);
    switch (wire_decode(copy, size, &m)) {
    case WIRE_OK:
        require(m.info != NULL && m.fault.reason == WIRE_REASON_NONE);
        check_accepted(&m);
        break;
    case WIRE_MALFORMED:
        require(m.info != NULL && m.fault.reason != WIRE_REASON_NONE && m.present == 0);
        break;
    case WIRE_UNSUPPORTED:
        require(m.info == NULL);
        break;
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_header header;
    while (wire_frame_peek(data, size, &header) == WIRE_FRAME_OK) {
        check_frame(data, header.length);
        data += header.length;
        size -= header.length;
    }
    return 0;
}
