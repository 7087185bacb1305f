/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The far end of a connection for unit tests: a location server in the same thread, over a real
 * socket and real TLS. It never blocks: a test turns its loop and the far end in steps until what
 * it waits for has happened.
 */
#ifndef TESTS_UNIT_FAR_END_H
#define TESTS_UNIT_FAR_END_H

#include "agent/base/loop.h"
#include "agent/tls/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { FAR_OURS, FAR_SERVER, FAR_OTHER_SERVER, FAR_IDENTITIES, FAR_RECEIVED = 1 << 18 };

extern const struct mac far_macs[FAR_IDENTITIES];

/* Keys and certificates, made once in a temporary folder; cmocka group set-up and tear-down. */
int far_identities_make(void **state);
int far_identities_remove(void **state);
/* The folder is a state directory that holds the identity FAR_OURS. */
const char *far_folder(void);
const struct tls_identity *far_identity(unsigned which);

struct far_end {
    int fd;
    struct tls_context *context;
    struct tls *tls;
    bool lets_in; /* what it says of the agent's certificate; true at first */
    bool reads;   /* takes what comes; true at first */
    enum tls_status handshake;
    enum tls_status status; /* of the last read */
    bool eof;               /* the agent has closed the TCP connection */
    uint8_t received[FAR_RECEIVED];
    size_t len;
};

/* A far end on a connected socket, which it takes over. Sends nothing before far_step(). */
struct far_end *far_new(int fd, enum tls_role role, unsigned identity);
void far_free(struct far_end *far);

/* Goes on with the handshake, then with reading. */
void far_step(struct far_end *far);
/* Writes all of it, turning the loop while there is no room; false if that does not work. */
bool far_write(struct far_end *far, struct loop *loop, const void *data, size_t len);
/* A Capability, which makes the session active. */
void far_say_capability(struct far_end *far, struct loop *loop);
/* How many whole frames with this message id have come. */
unsigned far_frames(const struct far_end *far, uint16_t id);

/* Turns the loop and the far ends (NULL ones are skipped) until the condition holds, for 20 s of
 * real time at most. */
bool far_until(struct loop *loop, struct far_end *const *far, size_t count,
               bool (*holds)(void *context), void *context);

/* --- sockets --- */

/* A listening socket on 127.0.0.1 (or another loopback address); the port is chosen if it is 0, so
 * that nobody else gets it when it is free again. */
int far_listen(const char *address, uint16_t *port);
/* Waits for a connection, turning the loop; -1 if none comes. Non-blocking. */
int far_accept(struct loop *loop, int listener);
/* Connects from the given loopback address; -1 and errno. Non-blocking afterwards. */
int far_connect(const char *from, uint16_t port);
/* True when the other side has closed or reset. */
bool far_is_closed(int fd);

#endif
