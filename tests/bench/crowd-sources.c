/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nmspd-crowd: the whole program, with crowds instead of this machine's sources. */
#include "tests/bench/crowd.h"

const struct source platform_sources[] = {
    {.make = crowd_new,
     .free = crowd_free,
     .configure = crowd_configure,
     .describe = crowd_describe,
     .base_mac = crowd_base_mac},
    {0},
};
