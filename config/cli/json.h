/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent answered, as JSON (RFC 7951): for --json. The only part of the command line that
 * needs the schema, which takes a moment to compile.
 */
#ifndef CONFIG_CLI_JSON_H
#define CONFIG_CLI_JSON_H

#include <stdbool.h>

struct json;

/* NULL: memory is out. */
struct json *json_new(void);
void json_free(struct json *json);
/* An operation (the content of <rpc>) and its whole reply, as they went. */
void json_add(struct json *json, const char *operation, const char *reply);
/* Prints all that was added to standard output, and forgets it: one object, or an array if there
 * were several answers; nothing if there were none. False: one could not be understood. */
bool json_print(struct json *json);

#endif
