/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/counters.h"

#include <stddef.h>

#define ROW(member, name) {name, offsetof(struct session_counters, member)},
const struct counter session_counter_table[] = {SESSION_COUNTERS(ROW){NULL, 0}};
