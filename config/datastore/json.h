/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a text JSON (RFC 8259)? Asked before libyang sees it.
 *
 * libyang 2.1 takes an empty text, and text after the end, for a good file; and what it says of
 * broken JSON differs by version. Here broken JSON has one wording with line and column, and
 * nesting a bound. What the text means is libyang's business.
 */
#ifndef CONFIG_DATASTORE_JSON_H
#define CONFIG_DATASTORE_JSON_H

#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 32 };

struct json_fault {
    unsigned line; /* both from 1 */
    unsigned column;
    const char *reason;
};

/* True if the whole text is one JSON object; else the first fault. */
bool json_check(const char *text, size_t len, struct json_fault *fault);

#endif
