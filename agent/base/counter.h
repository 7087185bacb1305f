/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters, told once: a module that counts has one list of them in its header, X(member, name),
 * where the name is that of the YANG leaf. The list becomes the members of its struct
 * (COUNTER_MEMBER) and, in its .c, the table that whoever tells the struct walks. So a new counter
 * is a row of the list, the place that counts, and the leaf.
 */
#ifndef AGENT_BASE_COUNTER_H
#define AGENT_BASE_COUNTER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define COUNTER_MEMBER(member, name) uint64_t member;

/* A table of these ends with a name of NULL. */
struct counter {
    const char *name;
    size_t offset; /* of an uint64_t in the struct */
};

static inline uint64_t counter_value(const struct counter *counter, const void *of)
{
    uint64_t value;

    memcpy(&value, (const char *)of + counter->offset, sizeof(value));
    return value;
}

#endif
