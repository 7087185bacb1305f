/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A helper in the test's hands: the socket that platform/helper/helper.h connects to. */
#ifndef PLATFORM_HELPER_TEST_FAR_HELPER_H
#define PLATFORM_HELPER_TEST_FAR_HELPER_H

#include "platform/helper/helper-protocol.h"

#include <stdbool.h>
#include <stddef.h>

struct far_helper {
    char folder[32];
    char path[64];
    int listener; /* -1: not there */
    int client;   /* -1: nobody connected */
};

/* Makes the folder; listens. */
void far_helper_open(struct far_helper *far);
void far_helper_close(struct far_helper *far);
/* Comes and goes, as a helper that is restarted. */
void far_helper_listen(struct far_helper *far);
void far_helper_die(struct far_helper *far);

/* The next request, from a new connection if there is one. False if there is none now. */
bool far_helper_take(struct far_helper *far, struct helper_request *request);
/* Any bytes, with `count` copies of a descriptor. */
void far_helper_say(struct far_helper *far, const void *data, size_t len, int fd, size_t count);
/* A good reply; fd -1: without a descriptor. */
void far_helper_answer(struct far_helper *far, uint32_t kind, int error, int fd);

#endif
