/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session counts, by the names of the YANG leaves that tell it.
 */
#ifndef AGENT_SESSION_COUNTERS_H
#define AGENT_SESSION_COUNTERS_H

#include "agent/base/counter.h"

#include <stdint.h>

enum { SESSION_IDS = 68 }; /* message ids that are counted apart: 0..67 */

/* clang-format off */
/* Per session; each a total since it began. */
#define SESSION_COUNTERS(X)                                                                                       \
    X(rx_frames, "received-frames")               /* complete frames, echoes included */                          \
    X(tx_frames, "sent-frames")                                                                                   \
    X(rx_data, "received-data")                   /* all but echoes */                                            \
    X(tx_data, "sent-data")                                                                                       \
    X(rx_echo_requests, "received-echo-requests")                                                                 \
    X(tx_echo_responses, "sent-echo-responses")                                                                   \
    X(unsupported, "unsupported")                 /* unknown message ids */                                       \
    X(malformed, "malformed")                                                                                     \
    X(foreign_sender, "foreign-senders")          /* Capabilities whose sender-id is not the authorised MAC */    \
    X(missed_ticks, "missed-ticks")               /* that were not taken at once, or went by while out of step */
/* clang-format on */

struct session_counters {
    SESSION_COUNTERS(COUNTER_MEMBER)
    uint64_t rx_by_id[SESSION_IDS];
    uint64_t tx_by_id[SESSION_IDS];
};

extern const struct counter session_counter_table[];

#endif
