/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside tls/: with which of our keys the peer can do, read from what it sends in the clear. No
 * library: wolfSSL 5.5 tells neither a server nor a client what the other side takes.
 *
 * As a server that is the ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2): cipher suites,
 * signature_algorithms and supported_versions. As a client it is the CertificateRequest of TLS 1.2
 * and before (RFC 5246 7.4.4, RFC 4346 7.4.4); in TLS 1.3 it is enciphered, and nothing is learnt.
 *
 * What cannot be read is no fault here: it decides nothing, and the library judges it.
 */
#ifndef AGENT_TLS_ABILITIES_H
#define AGENT_TLS_ABILITIES_H

#include "agent/tls/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A ClientHello that is longer is left unread. Browsers' have some 2,000 bytes. */
enum { ABILITIES_MESSAGE_SIZE = 4096 };

/* What we would agree to. */
struct abilities_ours {
    enum tls_role role;
    bool cbc;           /* ECDHE with AES-CBC */
    bool key_transport; /* RSA key transport */
    unsigned ec_bits;   /* of our EC key: TLS 1.3 has one signature algorithm for each curve */
};

enum abilities_state {
    ABILITIES_MORE,   /* what was fed is not all of the message */
    ABILITIES_KNOWN,  /* rsa and ec hold */
    ABILITIES_UNKNOWN /* and will stay so */
};

struct abilities {
    struct abilities_ours ours;
    enum abilities_state state;
    bool rsa; /* it can do with our RSA key */
    bool ec;  /* and with our EC key */

    uint16_t version; /* that the server has chosen; 0: not yet */
    uint8_t record[5];
    uint8_t record_have;
    uint32_t record_left;
    uint8_t header[4];
    uint8_t header_have;
    uint32_t message_left;
    uint8_t message[ABILITIES_MESSAGE_SIZE]; /* its beginning */
    size_t message_len;
};

void abilities_begin(struct abilities *abilities, const struct abilities_ours *ours);

/* Bytes as they came from the peer, in pieces of any size. Gives the state. */
enum abilities_state abilities_feed(struct abilities *abilities, const void *data, size_t len);

#endif
