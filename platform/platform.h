/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that main.c sees of the machine: what it collects from, behind struct radio_operations.
 */
#ifndef PLATFORM_PLATFORM_H
#define PLATFORM_PLATFORM_H

#include "agent/base/loop.h"
#include "agent/radio.h"

#include <stdint.h>

struct netlink_io;
struct platform;

struct platform_options {
    uint16_t ap_capacity; /* settings_capacity.aps: handles stay below it */
    /* Receive buffer for the kernel's events, in bytes, so that a test can make them overrun.
     * 0: the usual one. */
    int event_buffer_bytes;
    const struct netlink_io *io; /* NULL: the kernel */
    void *io_context;
};

/*
 * Nothing is collected before the first `configure` of the operations, which may already tell
 * events. NULL if memory is out. The loop must outlive it.
 */
struct platform *platform_new(struct loop *loop, const struct platform_options *options,
                              const struct radio_sink *sink);
/* Tells nothing any more. NULL is allowed. */
void platform_free(struct platform *platform);

/* What the agent may ask; the `platform` of each call is that of platform_new(). */
const struct radio_operations *platform_operations(void);

#endif
