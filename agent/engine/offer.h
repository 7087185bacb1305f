/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which services the sources of this machine are enough for. */
#ifndef AGENT_ENGINE_OFFER_H
#define AGENT_ENGINE_OFFER_H

#include <stdint.h>

/* A mask of sub-service bits, for a mask of enum radio_capability and where there is an AP. */
uint64_t offer_of(uint32_t capabilities);

#endif
