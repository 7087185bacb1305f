/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The auth list: which MAC may come in with which key; and the facts behind each decision.
 *
 * Cisco's words: `username MAC aaa attribute list L`, `aaa attribute list L` / `attribute type
 * password HASH`, and `aaa authorization credential-download wcm_loc_serv_cert local`, which makes
 * the local users the list that NMSP asks. Without `aaa new-model`, or without that list (nor
 * `default`), nobody is let in.
 *
 * The hash is taken over the DER SubjectPublicKeyInfo of the peer's certificate: SHA-256 or SHA-1
 * by the length of the configured value, whole, compared in constant time.
 */
#ifndef AGENT_AUTH_AUTHLIST_H
#define AGENT_AUTH_AUTHLIST_H

#include "agent/auth/certificate.h"
#include "agent/base/mac.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Deny by default: everything but AUTHLIST_OK is a refusal.
 *
 * In order of precedence: of several faults the first is the verdict. What no configuration can
 * cure comes first, then what is missing in ours, then whether this peer is in it; the dates come
 * last, so that a verdict about them always means an otherwise authorised peer (which is what may
 * be held off while our own clock is not set).
 */
enum authlist_verdict {
    AUTHLIST_OK,
    AUTHLIST_NO_CERTIFICATE, /* nothing was presented */
    AUTHLIST_MALFORMED,    /* the certificate cannot be read; never from authlist_check, which only
                              gets what could be read */
    AUTHLIST_WEAK_KEY,     /* RSA below 2048 bits, or a key type or curve that is not accepted */
    AUTHLIST_NO_NEW_MODEL, /* `aaa new-model` is missing */
    AUTHLIST_NO_METHOD_LIST, /* neither wcm_loc_serv_cert nor default, or it does not say local */
    AUTHLIST_UNKNOWN_MAC, /* no user has one of the certificate's MACs, or it names none and no hash
                             fits */
    AUTHLIST_NO_HASH,     /* the user's attribute list is missing or holds no password */
    AUTHLIST_WRONG_HASH,  /* the user is there, the key is another */
    AUTHLIST_WRONG_SERVER, /* right key, but not the MAC that this server was configured with */
    AUTHLIST_NOT_YET_VALID,
    AUTHLIST_EXPIRED,
    AUTHLIST_CLOCK_NOT_SET /* ours; all but the dates is right. Never from authlist_check */
};

/* "unknown-mac" and so on; "refused" for none of them. */
const char *authlist_verdict_name(enum authlist_verdict verdict);

struct authlist_decision {
    enum authlist_verdict verdict;
    struct mac mac; /* AUTHLIST_OK: the list entry's MAC, which is the peer's identity. For a
                       refusal that concerns an entry (no hash, wrong hash, wrong server, dates):
                       that entry's */
    bool has_mac;
    bool by_hash_alone; /* the certificate names no MAC, the entry was found by its hash */
};

/*
 * Decides. `expected` is the MAC the server was configured with, or NULL. `now` in seconds since
 * 1970 for the validity dates. `peer` NULL: no certificate. Fills *decision and gives
 * decision->verdict == AUTHLIST_OK.
 *
 * A certificate may name several MACs, and several users may share a key: one entry that fits is
 * enough, and the expected one is preferred.
 */
bool authlist_check(const struct settings_aaa *aaa, const struct certificate_info *peer,
                    const struct mac *expected, int64_t now, struct authlist_decision *decision);

/*
 * For who finds that our own clock is not set: dates mean nothing then, so a peer that all but its
 * dates speaks for is held off, for now. Other refusals stay as they are. Gives false.
 */
bool authlist_without_clock(struct authlist_decision *decision);

/* The attribute list of this name; NULL: there is none. */
const struct settings_attribute_list *authlist_attributes(const struct settings_aaa *aaa,
                                                          const char *name);

#endif
