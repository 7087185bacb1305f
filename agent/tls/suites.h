/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cipher suites that are offered, by the library's names for them. No library. */
#ifndef AGENT_TLS_SUITES_H
#define AGENT_TLS_SUITES_H

#include <stdbool.h>

enum { SUITES_SIZE = 1024 };

/* What is offered, most wanted first: names with colons between them. As in struct tls_options. */
void suites_write(bool strong_cipher, bool legacy_cipher, char suites[static SUITES_SIZE]);

bool suites_have(const char *suites, const char *name);

#endif
