/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/auth/authlist.h"

#include <string.h>

enum { RSA_BITS_MIN = 2048 };

const char *authlist_verdict_name(enum authlist_verdict verdict)
{
    static const char *const names[] = {
        [AUTHLIST_OK] = "authorised",
        [AUTHLIST_NO_CERTIFICATE] = "no-certificate",
        [AUTHLIST_MALFORMED] = "bad-certificate",
        [AUTHLIST_WEAK_KEY] = "weak-key",
        [AUTHLIST_NO_NEW_MODEL] = "no-new-model",
        [AUTHLIST_NO_METHOD_LIST] = "no-method-list",
        [AUTHLIST_UNKNOWN_MAC] = "unknown-mac",
        [AUTHLIST_NO_HASH] = "no-hash",
        [AUTHLIST_WRONG_HASH] = "wrong-hash",
        [AUTHLIST_WRONG_SERVER] = "wrong-server",
        [AUTHLIST_NOT_YET_VALID] = "not-yet-valid",
        [AUTHLIST_EXPIRED] = "expired",
        [AUTHLIST_CLOCK_NOT_SET] = "clock-not-set",
    };

    return verdict <= AUTHLIST_CLOCK_NOT_SET ? names[verdict] : "refused";
}

static bool key_is_acceptable(const struct certificate_info *peer)
{
    switch (peer->key_type) {
    case CERTIFICATE_KEY_RSA:
        return peer->key_bits >= RSA_BITS_MIN;
    case CERTIFICATE_KEY_EC:
        return peer->key_bits == 256 || peer->key_bits == 384 || peer->key_bits == 521;
    case CERTIFICATE_KEY_OTHER:
        break;
    }
    return false;
}

static const struct settings_method_list *find_method_list(const struct settings_aaa *aaa,
                                                           const char *name)
{
    for (size_t i = 0; i < aaa->method_list_count; i++)
        if (strcmp(aaa->method_lists[i].name, name) == 0)
            return &aaa->method_lists[i];
    return NULL;
}

/* NMSP's own list decides where it exists, `default` only where it does not. */
static bool local_users_are_asked(const struct settings_aaa *aaa)
{
    const struct settings_method_list *list = find_method_list(aaa, "wcm_loc_serv_cert");

    if (list == NULL)
        list = find_method_list(aaa, "default");
    return list != NULL && list->local;
}

const struct settings_attribute_list *authlist_attributes(const struct settings_aaa *aaa,
                                                          const char *name)
{
    for (size_t i = 0; i < aaa->attribute_list_count; i++)
        if (strcmp(aaa->attribute_lists[i].name, name) == 0)
            return &aaa->attribute_lists[i];
    return NULL;
}

/* Takes the same time wherever the difference is: no guessing of a hash byte by byte. */
static bool equal_in_constant_time(const uint8_t *x, const uint8_t *y, size_t len)
{
    volatile uint8_t difference = 0;

    for (size_t i = 0; i < len; i++)
        difference = (uint8_t)(difference | (x[i] ^ y[i]));
    return difference == 0;
}

static enum authlist_verdict compare_key(const struct settings_aaa *aaa,
                                         const struct settings_user *user,
                                         const struct certificate_info *peer)
{
    const struct settings_attribute_list *list = authlist_attributes(aaa, user->attribute_list);
    const uint8_t *hash = NULL;

    /* Whole hashes only: any other length is none. */
    if (list != NULL && list->key_hash_len == sizeof(peer->spki_sha1))
        hash = peer->spki_sha1;
    else if (list != NULL && list->key_hash_len == sizeof(peer->spki_sha256))
        hash = peer->spki_sha256;
    if (hash == NULL)
        return AUTHLIST_NO_HASH;
    return equal_in_constant_time(list->key_hash, hash, list->key_hash_len) ? AUTHLIST_OK
                                                                            : AUTHLIST_WRONG_HASH;
}

/* How near a verdict about one entry comes to letting the peer in: the nearest one is told. */
static int nearness(enum authlist_verdict verdict)
{
    switch (verdict) {
    case AUTHLIST_OK:
        return 4;
    case AUTHLIST_WRONG_SERVER:
        return 3;
    case AUTHLIST_WRONG_HASH:
        return 2;
    case AUTHLIST_NO_HASH:
        return 1;
    default:
        return 0;
    }
}

static void consider_user(const struct settings_aaa *aaa, const struct settings_user *user,
                          const struct certificate_info *peer, const struct mac *expected,
                          struct authlist_decision *best)
{
    enum authlist_verdict verdict = compare_key(aaa, user, peer);

    if (best->by_hash_alone && verdict != AUTHLIST_OK)
        return; /* this entry is about somebody else */
    if (verdict == AUTHLIST_OK && expected != NULL && !mac_equal(&user->mac, expected))
        verdict = AUTHLIST_WRONG_SERVER;
    if (nearness(verdict) <= nearness(best->verdict))
        return;
    best->verdict = verdict;
    best->mac = user->mac;
    best->has_mac = true;
}

static void find_entry(const struct settings_aaa *aaa, const struct certificate_info *peer,
                       const struct mac *expected, struct authlist_decision *best)
{
    best->verdict = AUTHLIST_UNKNOWN_MAC;
    best->by_hash_alone = peer->mac_count == 0;
    for (size_t u = 0; best->by_hash_alone && u < aaa->user_count; u++)
        consider_user(aaa, &aaa->users[u], peer, expected, best);
    for (size_t m = 0; m < peer->mac_count; m++)
        for (size_t u = 0; u < aaa->user_count; u++)
            if (mac_equal(&aaa->users[u].mac, &peer->macs[m]))
                consider_user(aaa, &aaa->users[u], peer, expected, best);
}

static enum authlist_verdict check_dates(const struct certificate_info *peer, int64_t now)
{
    if (now < peer->not_before)
        return AUTHLIST_NOT_YET_VALID;
    return now > peer->not_after ? AUTHLIST_EXPIRED : AUTHLIST_OK;
}

bool authlist_check(const struct settings_aaa *aaa, const struct certificate_info *peer,
                    const struct mac *expected, int64_t now, struct authlist_decision *decision)
{
    *decision = (struct authlist_decision){.verdict = AUTHLIST_NO_CERTIFICATE};

    if (peer == NULL) {
        decision->verdict = AUTHLIST_NO_CERTIFICATE;
    } else if (!key_is_acceptable(peer)) {
        decision->verdict = AUTHLIST_WEAK_KEY;
    } else if (!aaa->new_model) {
        decision->verdict = AUTHLIST_NO_NEW_MODEL;
    } else if (!local_users_are_asked(aaa)) {
        decision->verdict = AUTHLIST_NO_METHOD_LIST;
    } else {
        find_entry(aaa, peer, expected, decision);
        if (decision->verdict == AUTHLIST_OK)
            decision->verdict = check_dates(peer, now);
    }
    return decision->verdict == AUTHLIST_OK;
}

bool authlist_without_clock(struct authlist_decision *decision)
{
    if (decision->verdict == AUTHLIST_OK || decision->verdict == AUTHLIST_NOT_YET_VALID ||
        decision->verdict == AUTHLIST_EXPIRED)
        decision->verdict = AUTHLIST_CLOCK_NOT_SET;
    return false;
}
