/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Received bytes that could not be handled yet: the beginning of a frame, or frames whose answers
 * have no room.
 *
 * Holds at most what its user keeps: one unfinished frame (64 KiB) and one read's worth. The buffer
 * grows for large frames only and is given back when it is empty.
 */
#ifndef AGENT_SESSION_INPUT_H
#define AGENT_SESSION_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    uint8_t *bytes;
    size_t size;
    size_t begin;
    size_t end;
};

static inline size_t input_len(const struct input *input)
{
    return input->end - input->begin;
}

static inline const uint8_t *input_data(const struct input *input)
{
    return input->bytes + input->begin;
}

/* Appends; false if memory is out, and then nothing has changed. */
bool input_keep(struct input *input, const uint8_t *data, size_t len);
/* Drops len bytes from the front. */
void input_drop(struct input *input, size_t len);
void input_fini(struct input *input);

#endif
