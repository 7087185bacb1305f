/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/diagnosis.h"

#include <string.h>

/* 2026-01-01: no machine runs this program before it was written. */
static const int64_t first_possible_time = 1767225600;

static const struct {
    const char *name;
    enum diagnosis_class class;
} codes[] = {
#define ROW(code, name, class) [DIAGNOSIS_##code] = {name, DIAGNOSIS_##class},
    DIAGNOSIS_TABLE(ROW)
#undef ROW
};

const char *diagnosis_code_name(enum diagnosis_code code)
{
    return code < DIAGNOSIS_CODES ? codes[code].name : NULL;
}

enum diagnosis_class diagnosis_class(enum diagnosis_code code)
{
    return code < DIAGNOSIS_CODES ? codes[code].class : DIAGNOSIS_FINE;
}

void diagnosis_init(struct diagnosis *diagnosis, enum diagnosis_code code)
{
    memset(diagnosis, 0, sizeof(*diagnosis));
    diagnosis->code = code;
    diagnosis->own_key = CERTIFICATE_KEY_RSA;
    diagnosis->alert = -1;
    diagnosis->since = -1;
    diagnosis->next_attempt = -1;
}

static bool same_presented(const struct diagnosis *x, const struct diagnosis *y)
{
    return x->has_presented == y->has_presented &&
           memcmp(x->presented.certificate_sha256, y->presented.certificate_sha256,
                  sizeof(x->presented.certificate_sha256)) == 0;
}

static bool same_configured(const struct diagnosis *x, const struct diagnosis *y)
{
    return x->has_mac == y->has_mac && mac_equal(&x->mac, &y->mac) &&
           strcmp(x->list, y->list) == 0 && x->hash_len == y->hash_len &&
           memcmp(x->hash, y->hash, sizeof(x->hash)) == 0 && x->has_expected == y->has_expected &&
           mac_equal(&x->expected, &y->expected);
}

/* What is to be given to the peer, where our identity is what it is about. */
static bool same_own(const struct diagnosis *x, const struct diagnosis *y)
{
    return x->code != DIAGNOSIS_OWN_REFUSED ||
           memcmp(x->own_sha256, y->own_sha256, sizeof(x->own_sha256)) == 0;
}

/* How a connection breaks is a matter of time: of what cannot be reached alone, an errno is the
 * cause. So is an alert of what it is told for: others come beside it, or do not. */
static bool same_event(const struct diagnosis *x, const struct diagnosis *y)
{
    switch (x->code) {
    case DIAGNOSIS_NO_COMMON:
    case DIAGNOSIS_OWN_REFUSED:
    case DIAGNOSIS_PEER_ALERT:
        return x->alert == y->alert;
    default:
        return diagnosis_class(x->code) != DIAGNOSIS_NOT_REACHED || x->error == y->error;
    }
}

bool diagnosis_same(const struct diagnosis *x, const struct diagnosis *y)
{
    if (x->code != y->code || !same_event(x, y) || !same_own(x, y))
        return false;
    return diagnosis_class(x->code) != DIAGNOSIS_REFUSED ||
           (same_presented(x, y) && same_configured(x, y));
}

bool diagnosis_clock_is_set(int64_t wall, enum diagnosis_ntp ntp)
{
    return ntp == DIAGNOSIS_NTP_SYNCHRONISED || wall >= first_possible_time;
}

/* --- refusals by the auth list --------------------------------------------------------------- */

static const struct settings_user *find_user(const struct settings_aaa *aaa, const struct mac *mac)
{
    for (size_t i = 0; i < aaa->user_count; i++)
        if (mac_equal(&aaa->users[i].mac, mac))
            return &aaa->users[i];
    return NULL;
}

/* What the user's attribute list holds; NULL if it is not there. */
static const struct settings_attribute_list *
take_entry(const struct settings_aaa *aaa, const struct settings_user *user, struct diagnosis *out)
{
    const struct settings_attribute_list *list = authlist_attributes(aaa, user->attribute_list);

    out->has_mac = true;
    out->mac = user->mac;
    memcpy(out->list, user->attribute_list, sizeof(out->list));
    if (list == NULL)
        return NULL;
    out->hash_len = list->key_hash_len <= sizeof(out->hash) ? list->key_hash_len : 0;
    memcpy(out->hash, list->key_hash, out->hash_len);
    return list;
}

static bool begins_with(const struct settings_attribute_list *list, const uint8_t *bytes,
                        size_t len)
{
    return list->key_hash_len >= len && memcmp(list->key_hash, bytes, len) == 0;
}

static bool is_hash(const struct settings_attribute_list *list, const uint8_t sha1[static 20],
                    const uint8_t sha256[static 32])
{
    return (list->key_hash_len == 20 && begins_with(list, sha1, 20)) ||
           (list->key_hash_len == 32 && begins_with(list, sha256, 32));
}

/* The configured value is not the key's hash: what else of this peer is it? Everything here was
 * shown in the open, so that comparing takes the time it takes. */
static enum diagnosis_code explain_hash(const struct settings_attribute_list *list,
                                        const struct certificate_info *peer)
{
    if (is_hash(list, peer->certificate_sha1, peer->certificate_sha256))
        return DIAGNOSIS_CERTIFICATE_HASH;
    if (is_hash(list, peer->inner_key_sha1, peer->inner_key_sha256))
        return DIAGNOSIS_INNER_KEY_HASH;
    if (list->key_hash_len == 20 && begins_with(list, peer->spki_sha256, 20))
        return DIAGNOSIS_CUT_HASH;
    if (list->key_hash_len == 32 && begins_with(list, peer->spki_sha1, 20))
        return DIAGNOSIS_OTHER_HASH;
    return DIAGNOSIS_WRONG_HASH;
}

/* The user is there, and its entry does not let the peer in. */
static enum diagnosis_code explain_entry(const struct settings_aaa *aaa,
                                         const struct certificate_info *peer,
                                         const struct authlist_decision *decision,
                                         struct diagnosis *out)
{
    const struct settings_user *user = find_user(aaa, &decision->mac);
    const struct settings_attribute_list *list = user ? take_entry(aaa, user, out) : NULL;

    if (user == NULL)
        return DIAGNOSIS_UNKNOWN_MAC;
    if (list == NULL)
        return DIAGNOSIS_DANGLING_LIST;
    if (list->key_hash_len == 0)
        return DIAGNOSIS_NO_PASSWORD;
    if (list->key_hash_len != 20 && list->key_hash_len != 32)
        return DIAGNOSIS_WRONG_LENGTH;
    return explain_hash(list, peer);
}

/* A MAC that was mistyped: the key is there, under another one. */
static enum diagnosis_code explain_unknown(const struct settings_aaa *aaa,
                                           const struct certificate_info *peer,
                                           struct diagnosis *out)
{
    for (size_t i = 0; i < aaa->user_count; i++) {
        const struct settings_attribute_list *list =
            authlist_attributes(aaa, aaa->users[i].attribute_list);
        if (list == NULL || !is_hash(list, peer->spki_sha1, peer->spki_sha256))
            continue;
        (void)take_entry(aaa, &aaa->users[i], out);
        return DIAGNOSIS_OTHER_MAC;
    }
    return DIAGNOSIS_UNKNOWN_MAC;
}

static enum diagnosis_code explain_dates(const struct certificate_info *peer, struct diagnosis *out)
{
    if (out->wall > peer->not_after) {
        out->skew = out->wall - peer->not_after;
        return DIAGNOSIS_EXPIRED;
    }
    out->skew = peer->not_before - out->wall;
    return diagnosis_clock_is_set(out->wall, out->ntp) ? DIAGNOSIS_NOT_YET_VALID
                                                       : DIAGNOSIS_CLOCK_NOT_SET;
}

static enum diagnosis_code explain(const struct settings_aaa *aaa,
                                   const struct certificate_info *peer,
                                   const struct authlist_decision *decision, struct diagnosis *out)
{
    switch (decision->verdict) {
    case AUTHLIST_OK:
        return DIAGNOSIS_NONE;
    case AUTHLIST_NO_CERTIFICATE:
        return DIAGNOSIS_NO_CERTIFICATE;
    case AUTHLIST_MALFORMED:
        return DIAGNOSIS_BAD_CERTIFICATE;
    case AUTHLIST_WEAK_KEY:
        return DIAGNOSIS_WEAK_KEY;
    case AUTHLIST_NO_NEW_MODEL:
        return DIAGNOSIS_NO_NEW_MODEL;
    case AUTHLIST_NO_METHOD_LIST:
        return DIAGNOSIS_NO_METHOD_LIST;
    case AUTHLIST_UNKNOWN_MAC:
        return explain_unknown(aaa, peer, out);
    case AUTHLIST_NO_HASH:
    case AUTHLIST_WRONG_HASH:
        return explain_entry(aaa, peer, decision, out);
    case AUTHLIST_WRONG_SERVER:
        (void)explain_entry(aaa, peer, decision, out);
        return DIAGNOSIS_WRONG_SERVER;
    case AUTHLIST_NOT_YET_VALID:
    case AUTHLIST_EXPIRED:
        (void)explain_entry(aaa, peer, decision, out);
        return explain_dates(peer, out);
    case AUTHLIST_CLOCK_NOT_SET:
        (void)explain_entry(aaa, peer, decision, out);
        return DIAGNOSIS_CLOCK_NOT_SET;
    }
    return DIAGNOSIS_BAD_CERTIFICATE;
}

void diagnosis_of_refusal(const struct settings_aaa *aaa, const struct certificate_info *presented,
                          const struct authlist_decision *decision, const struct mac *expected,
                          struct diagnosis *out)
{
    out->has_presented = presented != NULL;
    if (presented != NULL)
        out->presented = *presented;
    out->has_expected = expected != NULL;
    if (expected != NULL)
        out->expected = *expected;
    out->code = presented == NULL && decision->verdict != AUTHLIST_OK
                    ? DIAGNOSIS_NO_CERTIFICATE
                    : explain(aaa, presented, decision, out);
}
