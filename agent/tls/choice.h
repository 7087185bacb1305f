/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside tls/: which of two identities a peer is shown. The first, unless it can do with the second
 * only. No library.
 *
 * As a server: all of the ClientHello is held back from the library until it is known which context
 * must read it. As a client: what the server asks for is read as it passes (TLS 1.2 and before); in
 * TLS 1.3 a connection fails first, and the address is remembered.
 */
#ifndef AGENT_TLS_CHOICE_H
#define AGENT_TLS_CHOICE_H

#include "agent/tls/abilities.h"

#include <sys/socket.h>

enum choice_identity { CHOICE_FIRST, CHOICE_SECOND, CHOICE_IDENTITIES };

/* A ClientHello, with the headers of its records. */
enum { CHOICE_HELD_SIZE = ABILITIES_MESSAGE_SIZE + 512 };

struct choice {
    struct abilities abilities;
    enum authlist_key_type kinds[CHOICE_IDENTITIES];
    bool made;
    uint8_t held[CHOICE_HELD_SIZE];
    size_t held_len;
    size_t held_given;
};

void choice_begin(struct choice *choice, const struct abilities_ours *ours,
                  const enum authlist_key_type kinds[static CHOICE_IDENTITIES]);

/* CHOICE_FIRST as long as nothing is known. */
enum choice_identity choice_fitting(const struct choice *choice);

/* Bytes that have just come, or 0: none are there. */
typedef size_t choice_source(void *context, void *buffer, size_t size);

/* Holds what comes until what is wanted is known, or will not be: true then. False: the source has
 * no more for now. */
bool choice_hold(struct choice *choice, choice_source *source, void *context);

/* What is held, piece by piece; 0: nothing any more. */
size_t choice_take(struct choice *choice, void *buffer, size_t size);

/* Servers that take no certificate of the first kind, or (turned twice) none of the second. */
enum { CHOICE_TURNED_MAX = 16 };

struct choice_address {
    struct sockaddr_storage address;
    socklen_t len; /* 0: none */
};

struct choice_memory {
    struct choice_address turned[CHOICE_TURNED_MAX];
    unsigned next; /* the oldest is forgotten for it */
};

/* By who is at the other end of a connected socket. */
bool choice_has_turned(const struct choice_memory *memory, int fd);
void choice_turn(struct choice_memory *memory, int fd);

#endif
