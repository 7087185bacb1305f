/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of any elements, whichever they are, for tests and fuzzing: encoded again, and as text.
 * Expanded from layout.h, as the codec is. */
#ifndef TESTS_UNIT_WIRE_ELEMENTS_H
#define TESTS_UNIT_WIRE_ELEMENTS_H

#include "agent/wire/wire.h"

/* Gives back the bytes that wire_next() read, unknown tails excepted. */
void wire_element_put(struct writer *w, const struct wire_element *element);
size_t wire_element_size(const struct wire_element *element);

/* The size of the frame, 0 if it could not be encoded or an element has not the size that was
 * foretold. Skipped elements and tails are not in it. */
size_t wire_reencode(const struct wire_message *m, uint8_t *out, size_t size);

/* As the dump spells it ("ap-table"); NULL for a type that the profile does not have. */
const char *wire_element_name(uint16_t type);

/*
 * The canonical text dump of an accepted message, as tests/vectors/README.md defines it: one line
 * for the header and one or more for each element, each ended by a line feed. Of any other message
 * it is the header's line alone. Cut short if it does not fit, always terminated if size > 0; gives
 * the length of the whole dump without the terminator.
 */
size_t wire_dump(const struct wire_message *message, char *text, size_t size);

#endif
