/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/smooth.h"

enum { UNITS_PER_SECOND = 100, STEPS = 16, STEP_BITS = 4, WEIGHT_BITS = 31 };

/* 2^(-i/16) in parts of 2^31 */
static const uint32_t powers[STEPS] = {2147483648U, 2056437387U, 1969251188U, 1885761398U,
                                       1805811301U, 1729250827U, 1655936265U, 1585730000U,
                                       1518500250U, 1454120821U, 1392470869U, 1333434672U,
                                       1276901417U, 1222764986U, 1170923762U, 1121280436U};

static uint32_t part(uint32_t x, uint32_t of)
{
    return (uint32_t)(((uint64_t)x * of) >> 32);
}

uint32_t smooth_rate(uint16_t half_life_seconds)
{
    uint32_t units = half_life_seconds * (uint32_t)UNITS_PER_SECOND;
    return units == 0 ? 0 : (uint32_t)(((UINT64_C(1) << 32) + units / 2) / units);
}

/* 1 - 2^(-x / 2^32) for x below 2^28, in parts of 2^32: two terms of the series; what is left out
 * is 0.03 % of it. */
static uint32_t small_loss(uint32_t x)
{
    const uint32_t ln2 = 2977044472U; /* in parts of 2^32 */
    uint32_t e = part(x, ln2);
    return e - part(e, e) / 2;
}

uint32_t smooth_weight(uint32_t rate, uint32_t elapsed)
{
    uint64_t half_lives = (uint64_t)rate * elapsed; /* 2^32: one */
    uint32_t whole = (uint32_t)(half_lives >> 32);
    uint32_t fraction = (uint32_t)half_lives;

    if (rate == 0 || whole > WEIGHT_BITS)
        return SMOOTH_ALL;
    uint32_t power = powers[fraction >> (32 - STEP_BITS)];
    uint32_t loss = small_loss(fraction & (UINT32_MAX >> STEP_BITS));
    return SMOOTH_ALL - ((power - part(power, loss)) >> whole);
}

int32_t smooth_step(int32_t average, int8_t reading, uint32_t weight)
{
    int32_t distance = reading * SMOOTH_DB - average;
    uint64_t way = distance < 0 ? (uint32_t)-distance : (uint32_t)distance;
    int32_t step = (int32_t)((way * weight + SMOOTH_ALL / 2) >> WEIGHT_BITS);

    return distance < 0 ? average - step : average + step;
}

int8_t smooth_round(int32_t average)
{
    /* Moved into the positive numbers, where a shift is defined. */
    uint32_t up = (uint32_t)(average + 128 * SMOOTH_DB + SMOOTH_DB / 2);
    return (int8_t)((int32_t)(up / SMOOTH_DB) - 128);
}
