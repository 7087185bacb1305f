/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A NETCONF session with the agent: over its socket, or over ssh through nmsp-netconf. One rpc at a
 * time; the call returns with the answer.
 */
#ifndef CONFIG_CLI_CLIENT_H
#define CONFIG_CLI_CLIENT_H

#include "config/cli/tree.h"

#include <stdarg.h>

/* Text that grows; an allocation that fails ends the program, for a command line has nothing else
 * to do then. */
struct buffer {
    char *bytes; /* a text; NULL as long as it is empty */
    size_t len;
    size_t size;
};

void buffer_add(struct buffer *buffer, const char *text, size_t len);
void buffer_put(struct buffer *buffer, const char *text);
void buffer_print(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_escape(struct buffer *buffer, const char *text); /* as XML content */
void buffer_clear(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

struct client;

/* An answer: its elements, or why there is none. */
struct answer {
    char *message;
    struct tree *tree;        /* <rpc-reply>, or NULL: the connection is lost */
    const struct tree *error; /* the first <rpc-error>, or NULL */
    char *raw;                /* if the client keeps it: the message as it came */
};

/* NULL, with a sentence in `why`. `host`: user@host for ssh, or NULL for the socket. */
struct client *client_open(const char *socket_path, const char *host, char *why, size_t size);
void client_close(struct client *client);

/* The operation is the content of <rpc>. True: it was done. Free the answer in any case. */
bool client_call(struct client *client, const char *operation, struct answer *answer);
void answer_free(struct answer *answer);

/* The session's number; and the agent's process has gone away. */
unsigned long client_session(const struct client *client);
bool client_is_lost(const struct client *client);
/* Answers are kept as they came as well, for --json. */
void client_keep_raw(struct client *client, bool keep);

/* What is wrong as a sentence without `% `: of the error of an answer. */
const char *client_reason(struct client *client, const struct answer *answer, char *buf,
                          size_t size);

#endif
