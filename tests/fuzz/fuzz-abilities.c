/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ClientHello and CertificateRequest: what a stranger sends before anything is agreed. */
#include "agent/tls/choice.h"

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
    memcpy(buffer, source->data, n);
    source->data += n;
    source->left -= n;
    return n;
}

/* However it is cut, it says the same. */
static void compare(const struct abilities *whole, const struct abilities *pieces)
{
    require(whole->state == pieces->state);
    if (whole->state == ABILITIES_KNOWN)
        require(whole->rsa == pieces->rsa && whole->ec == pieces->ec);
    require(pieces->message_len <= sizeof(pieces->message));
}

/* What was held back comes out again as it came in. */
static void check_held(struct choice *choice, const struct source *source, const uint8_t *data)
{
    static uint8_t out[CHOICE_HELD_SIZE];
    size_t taken = (size_t)(source->data - data);
    size_t len = 0;
    size_t n;

    while ((n = choice_take(choice, out + len, 100)) > 0)
        len += n;
    require(len == taken && memcmp(out, data, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct abilities whole;
    static struct choice choice;
    static const enum authlist_key_type kinds[] = {AUTHLIST_KEY_RSA, AUTHLIST_KEY_EC};

    if (size < 2)
        return 0;
    const struct abilities_ours ours = {.role = (data[0] & 1) != 0 ? TLS_SERVER : TLS_CLIENT,
                                        .cbc = (data[0] & 2) != 0,
                                        .key_transport = (data[0] & 4) != 0,
                                        .ec_bits = (data[0] & 8) != 0 ? 384 : 256};
    struct source source = {.data = data + 2, .left = size - 2, .piece = data[1] + 1U};

    abilities_begin(&whole, &ours);
    (void)abilities_feed(&whole, data + 2, size - 2);
    choice_begin(&choice, &ours, kinds);
    bool is_over = choice_hold(&choice, next_piece, &source);
    require(is_over || source.left == 0 || choice.held_len == sizeof(choice.held));
    if (choice.held_len < sizeof(choice.held))
        compare(&whole, &choice.abilities);
    (void)choice_fitting(&choice);
    check_held(&choice, &source, data + 2);
    return 0;
}
