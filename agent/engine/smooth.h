/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exponential smoothing of readings with a half-life, in the dB domain and in integers: many
 * routers have no floating point unit.
 *
 * The law: a reading x that comes dt after the one before moves the average by
 * (x - average) * (1 - 2^(-dt / half-life)). An average is a number of 1/65536 dB. That is not too
 * fine: with a half-life of 300 s and a frame every 10 ms a step is a 40,000th of the distance, and
 * what is rounded away at each of them adds up to at most 0.34 dB. Less than half a dB, so that a
 * constant reading is reached.
 */
#ifndef AGENT_ENGINE_SMOOTH_H
#define AGENT_ENGINE_SMOOTH_H

#include <stdint.h>

enum { SMOOTH_DB = 65536 };
/* The weight of a reading that leaves nothing of those before it. */
#define SMOOTH_ALL (UINT32_C(1) << 31)

/* Half-lives in 10 ms, as a fraction of 2^32; 0 for a half-life of 0: no smoothing. */
uint32_t smooth_rate(uint16_t half_life_seconds);

/* How much a reading counts that comes so long (units of 10 ms) after the last: a part of
 * SMOOTH_ALL. At a rate of 0 it counts whole: the last reading stands. */
uint32_t smooth_weight(uint32_t rate, uint32_t elapsed);

/* The average after a reading (dBm) of this weight. */
int32_t smooth_step(int32_t average, int8_t reading, uint32_t weight);

/* To the nearest dB, and from the middle between two to the higher: what is left is -32768 to
 * 32767. */
int8_t smooth_round(int32_t average);

#endif
