/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/clock.h"

#include <sys/timex.h>

enum diagnosis_ntp clock_ntp(void)
{
    struct timex timex = {.modes = 0}; /* only look */

    if (adjtimex(&timex) < 0)
        return DIAGNOSIS_NTP_UNKNOWN;
    return (timex.status & STA_UNSYNC) != 0 ? DIAGNOSIS_NTP_FREE : DIAGNOSIS_NTP_SYNCHRONISED;
}
