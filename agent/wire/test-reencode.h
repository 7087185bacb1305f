/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests and fuzzing: encodes what was decoded. */
#ifndef AGENT_WIRE_TEST_REENCODE_H
#define AGENT_WIRE_TEST_REENCODE_H

#include "agent/wire/wire.h"

/* The size of the frame, 0 if it could not be encoded or an element has not the size that was
 * foretold. Skipped elements and tails are not in it. */
static inline size_t wire_reencode(const struct wire_message *m, uint8_t *out, size_t size)
{
    struct writer w = writer_of(out, size);
    struct wire_walk walk = wire_walk_of(m);
    struct wire_element element;
    size_t begin = wire_begin(&w, m->header.id, m->header.flags, m->header.transaction);

    while (wire_next(&walk, &element)) {
        size_t before = w.used;
        wire_element_put(&w, &element);
        if (w.used - before != wire_element_size(&element))
            return 0;
    }
    return wire_end(&w, begin) ? w.used : 0;
}

#endif
