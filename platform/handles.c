/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/handles.h"

#include <assert.h>
#include <stdlib.h>

struct handles {
    uint16_t capacity;
    bool taken[];
};

struct handles *handles_new(uint16_t capacity)
{
    struct handles *handles = calloc(1, sizeof(*handles) + capacity * sizeof(handles->taken[0]));

    if (handles != NULL)
        handles->capacity = capacity;
    return handles;
}

void handles_free(struct handles *handles)
{
    free(handles);
}

uint16_t handles_capacity(const struct handles *handles)
{
    return handles->capacity;
}

bool handles_take(struct handles *handles, uint16_t *handle)
{
    for (uint16_t i = 0; i < handles->capacity; i++) {
        if (handles->taken[i])
            continue;
        handles->taken[i] = true;
        *handle = i;
        return true;
    }
    return false;
}

void handles_give_back(struct handles *handles, uint16_t handle)
{
    assert(handle < handles->capacity && handles->taken[handle]);
    handles->taken[handle] = false;
}
