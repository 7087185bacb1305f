/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/input.h"

#include <stdlib.h>
#include <string.h>

enum { INPUT_KEEP = 4096 /* a larger buffer is given back when it is empty */ };

static bool grow(struct input *input, size_t len)
{
    size_t kept = input_len(input);
    size_t size = input->size == 0 ? INPUT_KEEP : input->size;

    while (size < kept + len)
        size *= 2;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return false;
    if (kept > 0)
        memcpy(bytes, input_data(input), kept);
    free(input->bytes);
    *input = (struct input){.bytes = bytes, .size = size, .end = kept};
    return true;
}

bool input_keep(struct input *input, const uint8_t *data, size_t len)
{
    if (input->end + len > input->size && !grow(input, len))
        return false;
    if (len > 0)
        memcpy(input->bytes + input->end, data, len);
    input->end += len;
    return true;
}

void input_drop(struct input *input, size_t len)
{
    input->begin += len;
    if (input->begin < input->end)
        return;
    input->begin = input->end = 0;
    if (input->size > INPUT_KEEP)
        input_fini(input);
}

void input_fini(struct input *input)
{
    free(input->bytes);
    *input = (struct input){.bytes = NULL};
}
