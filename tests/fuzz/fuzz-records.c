/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stranger sends before the TLS library reads it, in pieces of any size. */
#include "agent/tls/records.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
    const uint8_t *data;
    size_t left;
    size_t piece;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static size_t next_piece(void *context, void *buffer, size_t size)
{
    struct source *source = context;
    size_t n = source->piece;

    n = n < source->left ? n : source->left;
    n = n < size ? n : size;
    if (n > 0)
        memcpy(buffer, source->data, n);
    source->data += n;
    source->left -= n;
    return n;
}

/* All that passes; what it is, must have come in that order. */
static size_t pass(struct records_watch *watch, const struct records_state *state,
                   struct source *source, size_t asked)
{
    const uint8_t *begin = source->data;
    uint8_t out[512];
    size_t got = 0;
    size_t n;

    do {
        n = records_watch(watch, state, next_piece, source, out, asked);
        require(n <= asked && memcmp(out, begin + got, n) == 0);
        got += n;
    } while (n > 0 || (source->left > 0 && watch->fault == RECORDS_FINE));
    return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct records_watch whole = {.begun = false};
    struct records_watch pieces = {.begun = false};

    if (size < 3)
        return 0;
    const struct records_state state = {.is_tls13 = (data[0] & 1) != 0, .open = (data[0] & 2) != 0};
    struct source source = {.data = data + 3, .left = size - 3, .piece = SIZE_MAX};
    size_t passed = pass(&whole, &state, &source, 512);
    source = (struct source){.data = data + 3, .left = size - 3, .piece = data[1] + 1U};
    require(pass(&pieces, &state, &source, data[2] + 1U) == passed);
    require(whole.fault == pieces.fault);
    require(records_fault_text(whole.fault)[0] != '\0' || whole.fault == RECORDS_FINE);

    /* Nothing passes that the library is known to misread. */
    struct cursor c = cursor_of(data + 3, passed);
    struct records records = {.have = 0};
    while (cursor_left(&c) > 0 && records_header(&records, &c)) {
        bool is_short = records_type(&records) == RECORD_APPLICATION &&
                        records_length(&records) <= 16 && (!state.open || state.is_tls13);
        require(!is_short && records_length(&records) <= (1 << 14) + 2048);
        (void)records_body(&records, &c);
        (void)records_end(&records);
    }
    return 0;
}
