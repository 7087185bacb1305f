/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside tls/: tells the trace how a handshake goes on. No library.
 *
 * The form is that of the technote: four lines for each state, with the numbers and names that
 * OpenSSL 1.0 gives them. What is known comes from the records as they pass through our own input
 * and output, so that it holds for every build and version of the library. Up to TLS 1.2 all
 * handshake messages can be seen (the two Finished by their place, for they are enciphered); in TLS
 * 1.3 only the two Hellos, and then what the library tells: the question to the auth list, alerts
 * and the end.
 *
 * A message that came in is told when the library has dealt with it: when it asks for more, sends,
 * or is done. So the lines of the auth list stand before "read client certificate", as they do
 * there, and what ended the handshake is never told as read.
 */
#ifndef AGENT_TLS_PROGRESS_H
#define AGENT_TLS_PROGRESS_H

#include "agent/tls/records.h"

enum { PROGRESS_WAITING = 8 };

/* One direction of the connection. */
struct progress_stream {
    struct records records;
    uint8_t message[4];
    uint8_t message_have;
    bool enciphered; /* a ChangeCipherSpec was there: only a Finished can follow */
    uint32_t message_left;
};

struct progress {
    bool told;  /* in the trace; else nothing below is used */
    bool over;  /* the handshake */
    bool keyed; /* a ClientKeyExchange was seen: so it is TLS 1.2 or older */
    bool is_server;
    uint64_t number;
    struct progress_stream in;
    struct progress_stream out;
    uint8_t waiting[PROGRESS_WAITING]; /* kinds of messages that came, and are not told yet */
    unsigned waiting_count;
    unsigned state;
    unsigned stopped_at; /* the state that was last told to wait */
    int alert_sent;      /* the last that was told */
    int alert_received;
};

void progress_begin(struct progress *progress, bool is_server, uint64_t number);

/* Bytes that were taken from the socket, or that it took. */
void progress_received(struct progress *progress, const void *data, size_t len);
void progress_sent(struct progress *progress, const void *data, size_t len);

/* The library can do no more before input comes. */
void progress_waits(struct progress *progress);

/* The auth list is asked, and answers. */
void progress_asks(struct progress *progress);
void progress_answered(struct progress *progress, bool authorised);

/* level * 256 + description, or -1: none. Told once each. */
void progress_alerts(struct progress *progress, int sent, int received);

void progress_done(struct progress *progress, const char *version, const char *cipher);
/* During the handshake or after it. The text is safe to log. */
void progress_failed(struct progress *progress, const char *text);

#endif
