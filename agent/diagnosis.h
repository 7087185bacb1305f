/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a session is not up: a code and its facts, no prose.
 *
 * Whoever sees a failure (agent/connection, agent/session, agent/peer, agent/inbound) names its
 * code; a refusal by the auth list is looked into here. The sentences, and the lines to paste, are
 * made of this outside of agent/, where no code can be without them.
 */
#ifndef AGENT_DIAGNOSIS_H
#define AGENT_DIAGNOSIS_H

#include "agent/auth/authlist.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum diagnosis_code {
    DIAGNOSIS_NONE, /* nothing is wrong, or nothing is known yet */

    /* Not tried. */
    DIAGNOSIS_DISABLED,    /* `nmsp enable` is missing */
    DIAGNOSIS_NO_IDENTITY, /* our own certificate is not there yet */
    DIAGNOSIS_HELD,        /* its MAC has a session already */

    /* Not reached. */
    DIAGNOSIS_NAME_UNKNOWN,
    DIAGNOSIS_NAME_SERVER,  /* nobody answers for the name */
    DIAGNOSIS_PORT_CLOSED,  /* TCP: connection refused */
    DIAGNOSIS_NO_ANSWER,    /* TCP: nothing came back within `seconds` */
    DIAGNOSIS_UNREACHABLE,  /* TCP: any other `error` */
    DIAGNOSIS_NO_RESOURCES, /* ours: memory, descriptors, a TLS context; `error` if there is one */

    /* Not heard. Both come in. */
    DIAGNOSIS_THROTTLED,   /* too many from its address, or in all, came to nothing */
    DIAGNOSIS_CROWDED_OUT, /* its place was given to another one, or there was none */

    /* TLS. */
    DIAGNOSIS_HANDSHAKE_SILENT, /* not completed within `seconds` */
    DIAGNOSIS_HANDSHAKE_CLOSED, /* closed or broken off without a reason */
    DIAGNOSIS_NOT_TLS,
    DIAGNOSIS_BAD_RECORD, /* TLS, and a record in it that no honest peer sends */
    DIAGNOSIS_NO_COMMON,  /* version, cipher suite or group; found by us, or told by `alert` */
    /* The peer does not accept our certificate: `alert`, or -1 if it asks for none of its kind. */
    DIAGNOSIS_OWN_REFUSED,
    DIAGNOSIS_PEER_ALERT, /* any other `alert` */
    DIAGNOSIS_NO_CERTIFICATE,
    DIAGNOSIS_BAD_CERTIFICATE,
    DIAGNOSIS_KEY_SIZE,   /* the TLS library cannot compute with a key as large as the peer's */
    DIAGNOSIS_WEAK_PROOF, /* the peer proves its key with SHA-1 or another weak hash */
    DIAGNOSIS_UNPROVEN,   /* the peer does not hold the key of its certificate */

    /* The auth list. */
    DIAGNOSIS_WEAK_KEY,
    DIAGNOSIS_NO_NEW_MODEL,
    DIAGNOSIS_NO_METHOD_LIST,
    DIAGNOSIS_UNKNOWN_MAC,      /* no user has it */
    DIAGNOSIS_OTHER_MAC,        /* no user has it, but user `mac` has this very key */
    DIAGNOSIS_DANGLING_LIST,    /* user `mac` names `list`, which is not there */
    DIAGNOSIS_NO_PASSWORD,      /* `list` holds no password */
    DIAGNOSIS_WRONG_LENGTH,     /* what `list` holds is neither SHA-1 nor SHA-256 */
    DIAGNOSIS_WRONG_HASH,       /* another key, or another server */
    DIAGNOSIS_CUT_HASH,         /* the SHA-256 of the key, cut to the length of a SHA-1 */
    DIAGNOSIS_OTHER_HASH,       /* the SHA-1 of the key, filled up to the length of a SHA-256 */
    DIAGNOSIS_CERTIFICATE_HASH, /* taken over the certificate */
    DIAGNOSIS_INNER_KEY_HASH,   /* taken over the key inside of the SubjectPublicKeyInfo (PKCS#1) */
    DIAGNOSIS_WRONG_SERVER,     /* `mac` is let in, but `expected` was configured here */
    DIAGNOSIS_CLOCK_NOT_SET,    /* ours: so the dates cannot be judged */
    DIAGNOSIS_NOT_YET_VALID,    /* by `skew` seconds */
    DIAGNOSIS_EXPIRED,          /* since `skew` seconds */

    /* Authorised, and no session. */
    DIAGNOSIS_SESSION_EXISTS, /* with this MAC */
    DIAGNOSIS_TOO_MANY,       /* inbound sessions */
    DIAGNOSIS_NOT_NMSP,       /* no Capability in time, or no frames of ours */
    DIAGNOSIS_VERSION,
    DIAGNOSIS_MALFORMED,
    DIAGNOSIS_SILENT,      /* nothing came within `seconds` */
    DIAGNOSIS_STALLED,     /* took nothing for `seconds` */
    DIAGNOSIS_PEER_CLOSED, /* in order */
    DIAGNOSIS_LOST,        /* the connection broke */
    DIAGNOSIS_ENDED_HERE,  /* settings, stop: nothing is wrong */

    /* About the configuration alone. */
    DIAGNOSIS_NOT_ACTED_ON, /* `knob` has no effect on this machine */
    DIAGNOSIS_CODES
};

/* "unknown-mac" and so on: for programs. NULL beyond DIAGNOSIS_CODES. */
const char *diagnosis_code_name(enum diagnosis_code code);

/* A peer that came as far as its certificate was not let in. */
bool diagnosis_is_refusal(enum diagnosis_code code);

enum diagnosis_ntp { DIAGNOSIS_NTP_UNKNOWN, DIAGNOSIS_NTP_SYNCHRONISED, DIAGNOSIS_NTP_FREE };

enum { DIAGNOSIS_ADDRESS_SIZE = 64 };

struct diagnosis {
    enum diagnosis_code code;

    /* Whom it is about. */
    bool inbound;
    char host[SETTINGS_HOST_SIZE];        /* as configured; empty for inbound */
    uint16_t port;                        /* of the server; inbound: that we listen on */
    char address[DIAGNOSIS_ADDRESS_SIZE]; /* with its port; empty if there was none */
    bool has_presented;                   /* a certificate was shown and could be read */
    struct authlist_peer presented;

    /* What the configuration has. */
    bool has_mac;
    struct mac mac;                /* of the user that it is about */
    char list[SETTINGS_LIST_SIZE]; /* its attribute list, or empty */
    uint8_t hash_len;              /* 0: none */
    uint8_t hash[SETTINGS_KEY_HASH_MAX];
    bool has_expected;
    struct mac expected; /* of the server entry */
    bool strong_cipher;
    bool legacy_cipher;
    const char *knob; /* path of what is not acted on; lives as long as the program */

    /* What we are to the peer. */
    bool has_own;
    enum authlist_key_type own_key;
    struct mac own_mac;
    uint8_t own_sha1[20];
    uint8_t own_sha256[32];

    /* What happened. */
    int error;        /* errno, or 0 */
    int alert;        /* level * 256 + description, or -1 */
    unsigned seconds; /* the limit that ran out */
    int64_t wall;     /* seconds since 1970, when the dates were judged */
    int64_t skew;     /* seconds, above 0 */
    enum diagnosis_ntp ntp;

    /* When. As of the snapshot that gives it. */
    int64_t since;        /* ms ago that it was so for the first time, -1: not known */
    int64_t next_attempt; /* ms from now, -1: none planned */
    uint64_t count;       /* how often, the first one included */
};

/* All of nothing: no code, no alert, no times. */
void diagnosis_init(struct diagnosis *diagnosis, enum diagnosis_code code);

/* Whether both say the same, times and count aside. */
bool diagnosis_same(const struct diagnosis *x, const struct diagnosis *y);

/* Our clock shows a time from before this program was written. */
bool diagnosis_clock_is_set(int64_t wall, enum diagnosis_ntp ntp);

/*
 * Looks into a refusal by authlist_check(): fills the code, what was presented, and what the
 * configuration has; wall and ntp must be there. `presented` NULL: no certificate. A decision that
 * is no refusal gives DIAGNOSIS_NONE.
 */
void diagnosis_of_refusal(const struct settings_aaa *aaa, const struct authlist_peer *presented,
                          const struct authlist_decision *decision, const struct mac *expected,
                          struct diagnosis *out);

#endif
