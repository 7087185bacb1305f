/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of something that was to be put into a message. */
#ifndef AGENT_VIEW_PUT_H
#define AGENT_VIEW_PUT_H

enum put_result {
    PUT_ADDED,
    PUT_NOTHING, /* there is nothing to be told: nothing was written */
    PUT_FULL     /* it does not fit any more: finish this message, begin another, put it again */
};

#endif
