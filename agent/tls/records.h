/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside tls/: the records of one direction of a connection (RFC 8446 5.1, RFC 5246 6.2), as their
 * bytes pass in pieces of any size. No library.
 *
 * There are two uses: the trace follows both directions (agent/tls/progress), and what comes in is
 * watched before the library gets any byte of it. Libraries are known to misread records that no
 * honest peer sends (tls.h has the list): whoever can connect could crash the agent with one. So a
 * header is held back until all of it is there, and a record that cannot be right ends the
 * connection.
 */
#ifndef AGENT_TLS_RECORDS_H
#define AGENT_TLS_RECORDS_H

#include "agent/base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_HEADER_SIZE = 5 };

enum record_type {
    RECORD_CHANGE_CIPHER = 20,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_APPLICATION = 23 /* in TLS 1.3: anything that is enciphered */
};

/* --- walking --- */

/* All zero: before the first record. */
struct records {
    uint8_t header[RECORD_HEADER_SIZE];
    uint8_t have;  /* of the header */
    uint32_t left; /* of the body; meant only when the header is there */
};

/* Takes what the cursor has of the header; true once, and as long as, all of it is there. */
bool records_header(struct records *records, struct cursor *c);

uint8_t records_type(const struct records *records);
uint16_t records_length(const struct records *records);

/* Takes what the cursor has of the body, which comes next; no more than the record's. */
struct cursor records_body(struct records *records, struct cursor *c);

/* Whether the record is at its end; the next header then follows. */
bool records_end(struct records *records);

/* --- watching --- */

/* What is wrong with a record, in the order in which it is looked at. */
enum records_fault {
    RECORDS_FINE,
    RECORDS_TYPE,    /* no content type of TLS */
    RECORDS_VERSION, /* no version of TLS */
    RECORDS_ORDER,   /* a type that cannot come here */
    RECORDS_SHORT,   /* shorter than such a record can be */
    RECORDS_LONG     /* longer than the RFCs allow */
};

/* What the connection has come to when a header is looked at. */
struct records_state {
    bool is_tls13; /* agreed, or not known yet */
    bool open;     /* the handshake is over */
};

/* All zero: before the first byte. */
struct records_watch {
    struct records records;
    uint8_t given;      /* of the header */
    bool begun;         /* a handshake record was there */
    bool is_enciphered; /* TLS 1.2 and before: a ChangeCipherSpec was there */
    enum records_fault fault;
};

/* Bytes of the peer that have just come, or 0: none are there. */
typedef size_t records_source(void *context, void *buffer, size_t size);

/*
 * For the library: up to `size` bytes of what the source has; 0: nothing for now, or a fault, which
 * stays. Nothing of a record is given before its header has been looked at.
 */
size_t records_watch(struct records_watch *watch, const struct records_state *state,
                     records_source *source, void *context, void *buffer, size_t size);

/* A few words for the log; the same for the same fault, whatever the peer sent. */
const char *records_fault_text(enum records_fault fault);

#endif
