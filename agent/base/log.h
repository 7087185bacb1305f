/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's log: one line per event, to standard error or to syslog.
 *
 * A message says what happened and, where an operator can act, what to do. It never holds a secret.
 * Text that came from outside (names, subjects, lines) must be passed through log_safe() first:
 * control bytes and everything outside printable ASCII are written as \xHH, so that no peer can
 * forge a log line.
 */
#ifndef AGENT_BASE_LOG_H
#define AGENT_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Until log_open is called, messages go to standard error at level info. `program` stands before
 * each line and must outlive the log. */
void log_open(const char *program, bool to_syslog, enum log_level level);
void log_close(void);
/* For a forked child that is about to close what it inherited: gives up the parent's connection to
 * syslog, so that the child's own messages open a new one. */
void log_forked(void);
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Takes each finished line instead of the real targets; for tests. NULL restores them. */
void log_divert(void (*take)(enum log_level level, const char *line));

/* Writes len bytes of foreign text, made safe, into buf and returns it. Always terminated if size
 * is not 0; what does not fit whole is cut between two characters and ends in ".." (empty in less
 * than 3 bytes). */
const char *log_safe(const void *text, size_t len, char *buf, size_t size);

#endif
