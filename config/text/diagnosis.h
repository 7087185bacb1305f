/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A diagnosis in words: one sentence of cause, one of remedy, and the lines of configuration to
 * paste, with the real MAC and hash, in the controllers' own language.
 *
 * Pure functions. Everything foreign in a diagnosis has gone through log_safe() before.
 */
#ifndef CONFIG_TEXT_DIAGNOSIS_H
#define CONFIG_TEXT_DIAGNOSIS_H

#include "agent/diagnosis.h"

#include <stddef.h>

enum { DIAGNOSIS_TEXT_SIZE = 768, DIAGNOSIS_LINES_MAX = 5, DIAGNOSIS_LINE_SIZE = 352 };

struct diagnosis_lines {
    size_t count; /* 0: there is nothing to paste */
    char line[DIAGNOSIS_LINES_MAX][DIAGNOSIS_LINE_SIZE];
};

/* Both give `text`; it is empty for DIAGNOSIS_NONE. */
const char *diagnosis_cause(const struct diagnosis *diagnosis,
                            char text[static DIAGNOSIS_TEXT_SIZE]);
const char *diagnosis_remedy(const struct diagnosis *diagnosis,
                             char text[static DIAGNOSIS_TEXT_SIZE]);
void diagnosis_lines(const struct diagnosis *diagnosis, struct diagnosis_lines *out);

/* All of it: "cause: ...", "remedy: ...", and a "paste: ..." for each line. */
void diagnosis_tell(const struct diagnosis *diagnosis,
                    void (*line)(void *context, const char *text), void *context);

#endif
