/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether somebody keeps this machine's clock: as the kernel was told by whatever does (NTP, PTP).
 */
#ifndef PLATFORM_CLOCK_H
#define PLATFORM_CLOCK_H

#include "agent/diagnosis.h"

/* Asks the kernel, needs no privilege. DIAGNOSIS_NTP_UNKNOWN if it does not tell. */
enum diagnosis_ntp clock_ntp(void);

#endif
