/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A name server for unit tests: names.c brings a getaddrinfo() of its own, which takes the place of
 * libc's in the executable and its children. Numeric addresses are read as always.
 */
#ifndef TESTS_UNIT_NAMES_H
#define TESTS_UNIT_NAMES_H

#include <netdb.h>
#include <stddef.h>

/* This name has so many addresses: 127.0.0.1 and what follows. All others are unknown. */
void names_answer(const char *name, size_t count);
/* Each look-up fails: an EAI_*, and errno for EAI_SYSTEM. */
void names_fail(int error, int system_error);
/* Each look-up takes longer than anybody waits. */
void names_hang(void);

#endif
