/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values in a line of a scene, between text and the members of a struct replay_line: for
 * replay-line.c, which has the tables.
 */
#ifndef PLATFORM_REPLAY_REPLAY_VALUE_H
#define PLATFORM_REPLAY_REPLAY_VALUE_H

#include "platform/replay/replay-line.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
    VALUE_U8,
    VALUE_U16,
    VALUE_U32,
    VALUE_U64,
    VALUE_S8,
    VALUE_S64,
    VALUE_FLAG,
    VALUE_CLASS,
    VALUE_MAC,
    VALUE_WORKS,
    VALUE_NAME,    /* char[], terminated */
    VALUE_OCTETS,  /* uint8_t[], its length in the uint8_t at `length` */
    VALUE_PAYLOAD, /* of a tag */
    VALUE_ADDRESS  /* of a radio_address */
};

struct field {
    const char *key; /* without '=': the argument after the word */
    enum value_type type;
    bool required;
    size_t at;
    size_t length; /* where the number of octets stands */
    size_t size;
    int64_t min, max;
};

/* Whether the text that is left is this. */
bool replay_text_is(const struct cursor *c, const char *text);
/* Up to the next separator, which is taken, too, or to the end. */
struct cursor replay_piece(struct cursor *c, char separator);
/* Between spaces; empty at the end. */
struct cursor replay_word(struct cursor *line);
bool replay_number(struct cursor c, int64_t min, int64_t max, int64_t *out);

/* The text is all of the value. False: it cannot be that; the line must not be used. */
bool replay_value_take(struct cursor c, const struct field *field, struct replay_line *line);
void replay_value_write(struct writer *w, const struct field *field,
                        const struct replay_line *line);
__attribute__((format(printf, 2, 3))) void replay_put(struct writer *w, const char *format, ...);

#endif
