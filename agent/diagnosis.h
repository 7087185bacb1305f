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

/* How far one came. */
enum diagnosis_class {
    DIAGNOSIS_FINE,
    DIAGNOSIS_NOT_TRIED,
    DIAGNOSIS_NOT_REACHED,
    DIAGNOSIS_NOT_HEARD, /* came in, and was closed at once */
    DIAGNOSIS_NO_TLS,
    DIAGNOSIS_REFUSED, /* came as far as its certificate, and was not let in */
    DIAGNOSIS_OVER,    /* was authorised: there is no session, or not any more */
    DIAGNOSIS_LIMITED, /* an access point with a session, and not all it says is taken */
    DIAGNOSIS_ADVICE   /* about the configuration alone */
};

/* clang-format off */

/* All codes: X(NAME, name for programs, class). Their words are in config/text. */
#define DIAGNOSIS_TABLE(X)                                                                                                      \
    X(NONE,             "none",             FINE)        /* nothing is wrong, or nothing is known yet */                        \
    X(DISABLED,         "disabled",         NOT_TRIED)   /* `nmsp enable` is missing */                                         \
    X(NO_IDENTITY,      "no-identity",      NOT_TRIED)   /* our own certificate is not there yet */                             \
    X(HELD,             "held",             NOT_TRIED)   /* its MAC has a session already */                                    \
    X(NAME_UNKNOWN,     "name-unknown",     NOT_REACHED)                                                                        \
    X(NAME_SERVER,      "name-server",      NOT_REACHED) /* nobody answers for the name */                                      \
    X(PORT_CLOSED,      "port-closed",      NOT_REACHED) /* TCP: connection refused */                                          \
    X(NO_ANSWER,        "no-answer",        NOT_REACHED) /* TCP: nothing came back within `seconds` */                          \
    X(UNREACHABLE,      "unreachable",      NOT_REACHED) /* TCP: any other `error` */                                           \
    X(NO_RESOURCES,     "no-resources",     NOT_REACHED) /* ours: memory, descriptors, a TLS context; maybe `error` */          \
    X(THROTTLED,        "throttled",        NOT_HEARD)   /* too many from its address, or in all, came to nothing */            \
    X(CROWDED_OUT,      "crowded-out",      NOT_HEARD)   /* its place was given to another one, or there was none */            \
    X(HANDSHAKE_SILENT, "handshake-silent", NO_TLS)      /* not completed within `seconds` */                                   \
    X(HANDSHAKE_CLOSED, "handshake-closed", NO_TLS)      /* closed or broken off without a reason */                            \
    X(NOT_TLS,          "not-tls",          NO_TLS)                                                                             \
    X(BAD_RECORD,       "bad-record",       NO_TLS)      /* TLS, and a record in it that no honest peer sends */                \
    X(NO_COMMON,        "no-common",        NO_TLS)      /* version, cipher suite, group; found by us or told by `alert` */     \
    X(OWN_REFUSED,      "own-refused",      NO_TLS)      /* our certificate: `alert`, or -1 if none of its kind is asked for */ \
    X(PEER_ALERT,       "peer-alert",       NO_TLS)      /* any other `alert` */                                                \
    X(NO_CERTIFICATE,   "no-certificate",   REFUSED)                                                                            \
    X(BAD_CERTIFICATE,  "bad-certificate",  REFUSED)                                                                            \
    X(KEY_SIZE,         "key-size",         REFUSED)     /* the TLS library cannot compute with a key as large as the peer's */ \
    X(WEAK_PROOF,       "weak-proof",       REFUSED)     /* the peer proves its key with SHA-1 or another weak hash */          \
    X(UNPROVEN,         "unproven",         REFUSED)     /* the peer does not hold the key of its certificate */                \
    X(WEAK_KEY,         "weak-key",         REFUSED)                                                                            \
    X(NO_NEW_MODEL,     "no-new-model",     REFUSED)                                                                            \
    X(NO_METHOD_LIST,   "no-method-list",   REFUSED)                                                                            \
    X(UNKNOWN_MAC,      "unknown-mac",      REFUSED)     /* no user has it */                                                   \
    X(OTHER_MAC,        "other-mac",        REFUSED)     /* no user has it, but user `mac` has this very key */                 \
    X(DANGLING_LIST,    "dangling-list",    REFUSED)     /* user `mac` names `list`, which is not there */                      \
    X(NO_PASSWORD,      "no-password",      REFUSED)     /* `list` holds no password */                                         \
    X(WRONG_LENGTH,     "wrong-length",     REFUSED)     /* what `list` holds is neither SHA-1 nor SHA-256 */                   \
    X(WRONG_HASH,       "wrong-hash",       REFUSED)     /* another key, or another server */                                   \
    X(CUT_HASH,         "cut-hash",         REFUSED)     /* the SHA-256 of the key, cut to the length of a SHA-1 */             \
    X(OTHER_HASH,       "other-hash",       REFUSED)     /* the SHA-1 of the key, filled up to the length of a SHA-256 */       \
    X(CERTIFICATE_HASH, "certificate-hash", REFUSED)     /* taken over the certificate */                                       \
    X(INNER_KEY_HASH,   "inner-key-hash",   REFUSED)     /* taken over the key inside of the SubjectPublicKeyInfo (PKCS#1) */   \
    X(WRONG_SERVER,     "wrong-server",     REFUSED)     /* `mac` is let in, but `expected` was configured here */              \
    X(CLOCK_NOT_SET,    "clock-not-set",    REFUSED)     /* ours: so the dates cannot be judged */                              \
    X(NOT_YET_VALID,    "not-yet-valid",    REFUSED)     /* by `skew` seconds */                                                \
    X(EXPIRED,          "expired",          REFUSED)     /* since `skew` seconds */                                             \
    X(SESSION_EXISTS,   "session-exists",   REFUSED)     /* with this MAC */                                                    \
    X(TOO_MANY,         "too-many",         REFUSED)     /* inbound sessions */                                                 \
    X(NOT_NMSP,         "not-nmsp",         OVER)        /* no Capability in time, or no frames of ours */                      \
    X(VERSION,          "version",          OVER)                                                                               \
    X(MALFORMED,        "malformed",        OVER)                                                                               \
    X(SILENT,           "silent",           OVER)        /* nothing came within `seconds` */                                    \
    X(STALLED,          "stalled",          OVER)        /* took nothing for `seconds` */                                       \
    X(PEER_CLOSED,      "peer-closed",      OVER)        /* in order */                                                         \
    X(LOST,             "lost",             OVER)        /* the connection broke */                                             \
    X(NOT_ACCESS_POINT, "not-access-point", OVER)        /* it came in, offers services, and is no access point of ours */         \
    X(IS_CONTROLLER,    "is-controller",    OVER)        /* it was dialled, and is an agent as this one, no server */               \
    X(ENDED_HERE,       "ended-here",       OVER)        /* settings, stop: nothing is wrong */                                 \
    X(CLAIMED_TWICE,    "claimed-twice",    LIMITED)     /* `expected` claims the AP `mac`, which another access point has */       \
    X(LOOP,             "loop",             LIMITED)     /* `expected` claims `mac`, which is ours */                               \
    X(TOO_MANY_APS,     "too-many-aps",     LIMITED)     /* `expected` claims more than one access point may have, so `mac` */      \
    X(AP_CAPACITY,      "ap-capacity",      LIMITED)     /* there is no room left for `mac` of `expected` */                        \
    X(NOT_ACTED_ON,     "not-acted-on",     ADVICE)      /* `knob` has no effect on this machine */

/* clang-format on */

enum diagnosis_code {
#define DIAGNOSIS_CODE(code, name, class) DIAGNOSIS_##code,
    DIAGNOSIS_TABLE(DIAGNOSIS_CODE)
#undef DIAGNOSIS_CODE
        DIAGNOSIS_CODES
};

/* "unknown-mac" and so on: for programs. NULL beyond DIAGNOSIS_CODES. */
const char *diagnosis_code_name(enum diagnosis_code code);
enum diagnosis_class diagnosis_class(enum diagnosis_code code);

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
    struct certificate_info presented;

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
    enum certificate_key_type own_key;
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

/* Whether both say the same: the code, and those of the facts that make the cause another one. What
 * the other side can vary besides, or chance does, is none of them. */
bool diagnosis_same(const struct diagnosis *x, const struct diagnosis *y);

/* Our clock shows a time from before this program was written. */
bool diagnosis_clock_is_set(int64_t wall, enum diagnosis_ntp ntp);

/*
 * Looks into a refusal by authlist_check(): fills the code, what was presented, and what the
 * configuration has; wall and ntp must be there. `presented` NULL: no certificate. A decision that
 * is no refusal gives DIAGNOSIS_NONE.
 */
void diagnosis_of_refusal(const struct settings_aaa *aaa, const struct certificate_info *presented,
                          const struct authlist_decision *decision, const struct mac *expected,
                          struct diagnosis *out);

#endif
