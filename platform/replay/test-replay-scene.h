/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of scenes: plays one on a virtual clock into a recording, and gives its text.
 */
#ifndef PLATFORM_REPLAY_TEST_REPLAY_SCENE_H
#define PLATFORM_REPLAY_TEST_REPLAY_SCENE_H

#include "agent/base/log.h"
#include "platform/replay/recording.h"
#include "platform/replay/replay-line.h"
#include "platform/replay/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { STAGE_TEXT = 1 << 20, STAGE_APS = 64 };

struct stage {
    struct loop *loop;
    struct recording *record;
    struct replay *replay;
    struct settings_radios settings;
    char path[64];
    char text[STAGE_TEXT]; /* of the recording */
    char said[4096];       /* by the log */
    unsigned events;       /* that went through the record */
};

extern struct stage stage;

void stage_begin(void);
/* Plays a scene; its first line is put before it. False: it was refused, and `said` has why. */
bool stage_open(const char *scene);
/* Lets time pass, and gives the recording so far. */
const char *stage_play(int64_t ms);
/* How often `part` stands in the recording. */
size_t stage_count(const char *part);
void stage_end(void);

int stage_set_up(void **state);
int stage_tear_down(void **state);

#endif
