/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handles of access points (agent/radio.h), given out in one place to all sources: each is one
 * source's from when it is taken until it is given back, after RADIO_AP_GONE was told.
 */
#ifndef PLATFORM_HANDLES_H
#define PLATFORM_HANDLES_H

#include <stdbool.h>
#include <stdint.h>

struct handles;

/* All are below the capacity. NULL if memory is out. */
struct handles *handles_new(uint16_t capacity);
/* NULL is allowed. */
void handles_free(struct handles *handles);

uint16_t handles_capacity(const struct handles *handles);
/* The lowest that is free; false if none is. */
bool handles_take(struct handles *handles, uint16_t *handle);
void handles_give_back(struct handles *handles, uint16_t handle);

#endif
