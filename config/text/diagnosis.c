/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/text/diagnosis.h"

#include "agent/base/hex.h"
#include "agent/tls/tls.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { HASH_TEXT_SIZE = 2 * SETTINGS_KEY_HASH_MAX + 1, PLAIN_MAC_SIZE = 13, DOTTED_MAC_SIZE = 15 };

/* --- facts as text --------------------------------------------------------------------------- */

/* As user names are spelled: 0050569c3489. */
static const char *plain_mac(const struct mac *mac, char text[static PLAIN_MAC_SIZE])
{
    return hex_text(mac->b, sizeof(mac->b), text);
}

/* As other MACs are spelled: 0050.569c.3489. */
static const char *dotted_mac(const struct mac *mac, char text[static DOTTED_MAC_SIZE])
{
    char plain[PLAIN_MAC_SIZE];

    (void)plain_mac(mac, plain);
    (void)snprintf(text, DOTTED_MAC_SIZE, "%.4s.%.4s.%.4s", plain, plain + 4, plain + 8);
    return text;
}

static const struct mac *presented_mac(const struct diagnosis *d)
{
    return d->has_presented && d->presented.mac_count > 0 ? &d->presented.macs[0] : NULL;
}

static const char *presented_mac_text(const struct diagnosis *d, char text[static MAC_TEXT_SIZE])
{
    const struct mac *mac = presented_mac(d);

    if (mac != NULL)
        return mac_text(mac, text);
    (void)snprintf(text, MAC_TEXT_SIZE, "no MAC");
    return text;
}

static const char *configured_hash(const struct diagnosis *d, char text[static HASH_TEXT_SIZE])
{
    return hex_text(d->hash, d->hash_len, text);
}

static const char *key_hash(const struct diagnosis *d, char text[static HASH_TEXT_SIZE])
{
    return hex_text(d->presented.spki_sha256, sizeof(d->presented.spki_sha256), text);
}

static const char *key_hash_sha1(const struct diagnosis *d, char text[static HASH_TEXT_SIZE])
{
    return hex_text(d->presented.spki_sha1, sizeof(d->presented.spki_sha1), text);
}

static const char *key_text(const struct authlist_peer *peer)
{
    switch (peer->key_type) {
    case AUTHLIST_KEY_RSA:
        return "RSA";
    case AUTHLIST_KEY_EC:
        return "EC";
    case AUTHLIST_KEY_OTHER:
        break;
    }
    return "a kind that is not accepted";
}

static const char *ntp_text(enum diagnosis_ntp ntp)
{
    switch (ntp) {
    case DIAGNOSIS_NTP_SYNCHRONISED:
        return "this machine's clock is synchronised by NTP";
    case DIAGNOSIS_NTP_FREE:
        return "this machine's clock is not synchronised by NTP";
    case DIAGNOSIS_NTP_UNKNOWN:
        break;
    }
    return "whether NTP keeps this machine's clock is not known";
}

static const char *offered_text(const struct diagnosis *d)
{
    if (d->legacy_cipher)
        return "TLS 1.0 to 1.3 with everything old servers need (legacy-cipher)";
    if (d->strong_cipher)
        return "TLS 1.2 and 1.3, ECDHE with AES-GCM or ChaCha20-Poly1305 (strong-cipher)";
    return "TLS 1.2 and 1.3, ECDHE with AES-GCM, ChaCha20-Poly1305 or AES-CBC";
}

/* --- sentences ------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void say(char *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, DIAGNOSIS_TEXT_SIZE, format, arguments);
    va_end(arguments);
}

/* The sentences without a fact in them. */
static const struct {
    const char *cause;
    const char *remedy;
} fixed[DIAGNOSIS_CODES] = {
    [DIAGNOSIS_DISABLED] = {"NMSP is switched off, so no server is dialled and nothing listens.",
                            "Switch it on."},
    [DIAGNOSIS_NO_IDENTITY] =
        {"This agent has no certificate of its own yet.",
         "If it stays so, look at the log where it says \"without one there is no session\": the "
         "line before names the file that is in the way."},
    [DIAGNOSIS_HELD] = {"It is not dialled, because its MAC has a session already.",
                        "Nothing has to be done, unless two servers were given one MAC or one "
                        "server was configured twice."},
    [DIAGNOSIS_NAME_UNKNOWN] = {NULL, "Correct the name, or add it to the DNS."},
    [DIAGNOSIS_NAME_SERVER] = {NULL, "Look at this machine's resolver (/etc/resolv.conf) and at "
                                     "its way to the name server."},
    [DIAGNOSIS_PORT_CLOSED] = {NULL, "Start the server's NMSP service, correct the port, or let "
                                     "TCP port 16113 through its firewall."},
    [DIAGNOSIS_NO_ANSWER] = {NULL, "See that the server is up, and that no firewall on the way "
                                   "drops TCP port 16113."},
    [DIAGNOSIS_UNREACHABLE] = {NULL, "Look at the address, and at this machine's routes to it."},
    [DIAGNOSIS_NO_RESOURCES] = {NULL, "Give this machine more memory or file descriptors, or its "
                                      "agent smaller capacities."},
    [DIAGNOSIS_THROTTLED] =
        {"Too many connections from this address, or from strangers in all, came to nothing "
         "lately: this one was closed unheard.",
         "If it is a location server of yours, mend what else is told of it, and it gets in by "
         "itself; as a configured server it is never throttled. The rates are those of "
         "\"listen\"."},
    [DIAGNOSIS_CROWDED_OUT] =
        {"More connections were waiting to be authorised than there are places, and this one "
         "gave its place to another.",
         "If it is a location server of yours, it gets in when it comes again; as a configured "
         "server it keeps its place. Keep others from the port of this agent by a firewall."},
    [DIAGNOSIS_HANDSHAKE_SILENT] = {NULL, "See that it is a location server that stands there, "
                                          "and that it is not overloaded."},
    [DIAGNOSIS_HANDSHAKE_CLOSED] =
        {"The peer broke the TLS handshake off and did not say why.",
         "Look at the log of the location server; it may want to know this agent's MAC and key "
         "hash first."},
    [DIAGNOSIS_NOT_TLS] = {"What the peer sends is not TLS.",
                           "See that it is the NMSP port of a location server (16113) that was "
                           "configured, and not another service."},
    [DIAGNOSIS_BAD_RECORD] =
        {"The peer sent a TLS record that cannot be right, as somebody does who tries to break in.",
         "Find out who stands at that address; if it is a location server of yours, bring it to a "
         "newer release."},
    [DIAGNOSIS_NO_COMMON] = {NULL, NULL},
    [DIAGNOSIS_OWN_REFUSED] = {NULL, NULL},
    [DIAGNOSIS_PEER_ALERT] = {NULL, "Look at the log of the location server."},
    [DIAGNOSIS_NO_CERTIFICATE] =
        {"The peer presented no certificate.",
         "See that it is a location server, and that it has a certificate (show server-auth-info "
         "there)."},
    [DIAGNOSIS_BAD_CERTIFICATE] = {"The peer's certificate or its chain cannot be read.",
                                   "Make a new certificate on the location server, and copy its "
                                   "key hash from there."},
    [DIAGNOSIS_KEY_SIZE] = {NULL, "Make a new certificate on the location server, with RSA of 2048 "
                                  "bits or EC with P-256, or install a TLS library here that can "
                                  "do with larger keys."},
    [DIAGNOSIS_WEAK_PROOF] =
        {"The peer proves to hold its key by a signature over SHA-1 or another weak hash.",
         "Bring the location server to a release that signs with SHA-256, or allow legacy-cipher "
         "for it."},
    [DIAGNOSIS_UNPROVEN] =
        {"The peer presented a certificate that may come in, and did not prove to hold its key.",
         "Somebody may have copied the certificate of a server of yours: find out who stands at "
         "that address."},
    [DIAGNOSIS_WEAK_KEY] = {NULL, "Make a new certificate on the location server, with RSA of at "
                                  "least 2048 bits or EC with P-256, P-384 or P-521."},
    [DIAGNOSIS_NO_NEW_MODEL] = {"\"aaa new-model\" is missing, and without it nobody is let in.",
                                "Add it."},
    [DIAGNOSIS_NO_METHOD_LIST] = {"No credential-download list names the local users: NMSP asks "
                                  "\"wcm_loc_serv_cert\", or \"default\" where that is missing.",
                                  "Add the list."},
    [DIAGNOSIS_UNKNOWN_MAC] = {NULL, "If this is a server of yours, add it to the auth list."},
    [DIAGNOSIS_OTHER_MAC] = {NULL, "One digit of the user name may be wrong: give the server's MAC "
                                   "to a user with the same attribute list."},
    [DIAGNOSIS_DANGLING_LIST] = {NULL, "Add the attribute list with the key hash that the server "
                                       "shows (show server-auth-info), or correct its name."},
    [DIAGNOSIS_NO_PASSWORD] = {NULL, "Add the key hash to it."},
    [DIAGNOSIS_WRONG_LENGTH] = {NULL, "Copy the whole key hash again: SHA1 has 40 hex digits, SHA2 "
                                      "has 64."},
    [DIAGNOSIS_WRONG_HASH] = {NULL, "Compare it with what the server shows (show server-auth-info);"
                                    " if the server has a new certificate, replace the hash."},
    [DIAGNOSIS_CUT_HASH] = {NULL, "Replace it with the whole SHA2 key hash."},
    [DIAGNOSIS_OTHER_HASH] = {NULL, "Replace it with the SHA2 key hash."},
    [DIAGNOSIS_CERTIFICATE_HASH] = {NULL, "Replace it with the key hash."},
    [DIAGNOSIS_INNER_KEY_HASH] = {NULL, "Replace it with the key hash."},
    [DIAGNOSIS_WRONG_SERVER] = {NULL, "If it is the right server that stands there, correct the "
                                      "MAC of the server entry."},
    [DIAGNOSIS_CLOCK_NOT_SET] = {NULL, "Set the clock: let NTP synchronise this machine; it is "
                                       "tried again by itself."},
    [DIAGNOSIS_NOT_YET_VALID] =
        {NULL, "Synchronise both sides by NTP: this machine's clock must not be behind the "
               "server's."},
    [DIAGNOSIS_EXPIRED] = {NULL, "Make a new certificate on the location server and replace its "
                                 "key hash here, or correct this machine's clock if it is ahead."},
    [DIAGNOSIS_SESSION_EXISTS] = {"Its MAC has a session already.",
                                  "Nothing has to be done, unless two servers were given one "
                                  "certificate or one server was configured twice."},
    [DIAGNOSIS_TOO_MANY] = {"There are as many inbound sessions as this agent holds.",
                            "Let fewer location servers connect to this agent, or have it connect "
                            "to some of them."},
    [DIAGNOSIS_NOT_NMSP] = {NULL, "See that it is the NMSP port of a location server that was "
                                  "configured, and not another service."},
    [DIAGNOSIS_VERSION] = {"The peer speaks another version of the protocol.",
                           "Bring this agent or the location server to a release that the other "
                           "one knows."},
    [DIAGNOSIS_MALFORMED] = {"The peer sent too many messages that cannot be read.",
                             "Look at the log with --debug for what was wrong with them, and at "
                             "the release of the location server."},
    [DIAGNOSIS_SILENT] = {NULL, "See that the server is up, and that nothing on the way forgets "
                                "idle connections."},
    [DIAGNOSIS_STALLED] = {NULL, "See that the server is not overloaded; it may subscribe to "
                                 "associated clients alone, or filter locally administered MACs."},
    [DIAGNOSIS_PEER_CLOSED] = {"The peer closed the connection.",
                               "Look at the log of the location server for its reason."},
    [DIAGNOSIS_LOST] = {NULL, "See that the server is up, and that the network to it is."},
    [DIAGNOSIS_ENDED_HERE] = {"It was ended by this agent, as its settings ask.",
                              "Nothing has to be done."},
    [DIAGNOSIS_NOT_ACTED_ON] = {NULL, "Nothing has to be done: it is kept, and taken up where "
                                      "something can act on it."},
};

static void cause_of_hash(const struct diagnosis *d, char *text)
{
    char hash[HASH_TEXT_SIZE];
    char key[HASH_TEXT_SIZE];
    char sha1[HASH_TEXT_SIZE];
    char mac[MAC_TEXT_SIZE];

    (void)mac_text(&d->mac, mac);
    (void)key_hash_sha1(d, sha1);
    (void)configured_hash(d, hash);
    (void)key_hash(d, key);
    switch (d->code) {
    case DIAGNOSIS_CUT_HASH:
        say(text,
            "The hash configured for %s, %s, is the first part of the key's SHA2 hash: the "
            "rest was lost.",
            mac, hash);
        break;
    case DIAGNOSIS_OTHER_HASH:
        say(text,
            "The hash configured for %s, %s, has the length of a SHA2 hash, and begins with "
            "the key's SHA1 hash.",
            mac, hash);
        break;
    case DIAGNOSIS_CERTIFICATE_HASH:
        say(text,
            "The hash configured for %s, %s, is the certificate's fingerprint, not the key "
            "hash.",
            mac, hash);
        break;
    case DIAGNOSIS_INNER_KEY_HASH:
        say(text,
            "The hash configured for %s, %s, was taken over the bare (PKCS#1) key, not over "
            "the SubjectPublicKeyInfo.",
            mac, hash);
        break;
    default:
        say(text, "The key hash configured for %s is %s, and the peer (%s) has SHA1 %s, SHA2 %s.",
            mac, hash, d->presented.subject, sha1, key);
        break;
    }
}

static void cause_of_entry(const struct diagnosis *d, char *text)
{
    char mac[MAC_TEXT_SIZE];
    char other[MAC_TEXT_SIZE];
    char sha1[HASH_TEXT_SIZE];
    char key[HASH_TEXT_SIZE];

    (void)mac_text(&d->mac, mac);
    switch (d->code) {
    case DIAGNOSIS_UNKNOWN_MAC:
        say(text,
            "The peer (%s) with %s and the key hash SHA1 %s, SHA2 %s is not in the auth list.",
            d->presented.subject, presented_mac_text(d, other), key_hash_sha1(d, sha1),
            key_hash(d, key));
        break;
    case DIAGNOSIS_OTHER_MAC:
        say(text, "The auth list has the peer's key under %s, but its certificate (%s) says %s.",
            mac, d->presented.subject, presented_mac_text(d, other));
        break;
    case DIAGNOSIS_DANGLING_LIST:
        say(text, "User %s names the attribute list \"%s\", which does not exist.", mac, d->list);
        break;
    case DIAGNOSIS_NO_PASSWORD:
        say(text, "The attribute list \"%s\" of user %s holds no password.", d->list, mac);
        break;
    case DIAGNOSIS_WRONG_LENGTH:
        say(text,
            "The password of attribute list \"%s\" of user %s has %u hex digits, which no "
            "key hash has.",
            d->list, mac, 2u * d->hash_len);
        break;
    default: /* DIAGNOSIS_WRONG_SERVER */
        say(text, "The peer is %s, which may come in, but %s is configured for this server.", mac,
            mac_text(&d->expected, other));
        break;
    }
}

static void cause_of_dates(const struct diagnosis *d, char *text)
{
    if (d->code == DIAGNOSIS_EXPIRED)
        say(text, "The peer's certificate (%s) expired %" PRId64 " s ago; %s.",
            d->presented.subject, d->skew, ntp_text(d->ntp));
    else if (d->code == DIAGNOSIS_NOT_YET_VALID)
        say(text, "The peer's certificate (%s) becomes valid in %" PRId64 " s; %s.",
            d->presented.subject, d->skew, ntp_text(d->ntp));
    else
        say(text,
            "This machine's clock is not set, so that the dates of the peer's certificate "
            "(%s) cannot be judged; %s.",
            d->presented.subject, ntp_text(d->ntp));
}

static const char *error_text(const struct diagnosis *d)
{
    return d->error != 0 ? strerror(d->error) : "no reason is known";
}

static void cause_of_connection(const struct diagnosis *d, char *text)
{
    switch (d->code) {
    case DIAGNOSIS_NAME_UNKNOWN:
        say(text, "The name %s has no address.", d->host);
        break;
    case DIAGNOSIS_NAME_SERVER:
        say(text, "The name %s cannot be looked up: no name server answers.", d->host);
        break;
    case DIAGNOSIS_PORT_CLOSED:
        say(text, "Nobody listens at %s: the connection was refused.", d->address);
        break;
    case DIAGNOSIS_NO_ANSWER:
        say(text, "Nothing at %s answers.", d->address);
        break;
    case DIAGNOSIS_UNREACHABLE:
        say(text, "%s cannot be reached: %s.", d->address, error_text(d));
        break;
    case DIAGNOSIS_NO_RESOURCES:
        say(text, "This machine has no means left for the connection: %s.", error_text(d));
        break;
    default: /* DIAGNOSIS_LOST */
        if (d->error != 0)
            say(text, "The connection was lost: %s.", error_text(d));
        else
            say(text, "The connection was lost.");
        break;
    }
}

/* What the peer offers, the TLS library does not tell; and an alert says only that it gave up. */
static void cause_of_no_common(const struct diagnosis *d, char *text)
{
    static const char begin[] = "Both sides have no TLS version, cipher suite or group in common";

    if (d->alert >= 0)
        say(text,
            "%s: the peer ended the handshake with alert %d (%s), which does not tell what it "
            "offers; offered here are %s.",
            begin, d->alert & 0xff, tls_alert_name(d->alert), offered_text(d));
    else
        say(text, "%s; what the peer offers is not known, offered here are %s.", begin,
            offered_text(d));
}

static const char *own_key_text(const struct diagnosis *d)
{
    return d->own_key == AUTHLIST_KEY_EC ? "EC" : "RSA";
}

/* Without an alert nothing of ours was shown. */
static void cause_of_refused_own(const struct diagnosis *d, char *text)
{
    if (d->alert >= 0)
        say(text, "The location server does not accept this agent's certificate: alert %d (%s).",
            d->alert & 0xff, tls_alert_name(d->alert));
    else
        say(text,
            "The location server asks for no certificate with an %s key, which this agent was to "
            "show it; or it breaks a rule of TLS, which the TLS library does not tell from that.",
            own_key_text(d));
}

static void cause_of_tls(const struct diagnosis *d, char *text)
{
    switch (d->code) {
    case DIAGNOSIS_HANDSHAKE_SILENT:
        say(text, "The peer did not complete the TLS handshake within %u s.", d->seconds);
        break;
    case DIAGNOSIS_NO_COMMON:
        cause_of_no_common(d, text);
        break;
    case DIAGNOSIS_OWN_REFUSED:
        cause_of_refused_own(d, text);
        break;
    case DIAGNOSIS_PEER_ALERT:
        say(text, "The peer ended TLS with alert %d (%s).", d->alert & 0xff,
            tls_alert_name(d->alert));
        break;
    case DIAGNOSIS_KEY_SIZE:
        say(text,
            "The peer's key (%s) is larger than the TLS library of this agent can compute with: "
            "%s, %u bits.",
            d->presented.subject, key_text(&d->presented), d->presented.key_bits);
        break;
    default: /* DIAGNOSIS_WEAK_KEY */
        say(text, "The peer's key (%s) is too weak or of a kind that is not accepted: %s, %u bits.",
            d->presented.subject, key_text(&d->presented), d->presented.key_bits);
        break;
    }
}

static void cause_of_session(const struct diagnosis *d, char *text)
{
    if (d->code == DIAGNOSIS_NOT_NMSP)
        say(text, "The peer is authorised, but does not speak NMSP.");
    else if (d->code == DIAGNOSIS_SILENT)
        say(text, "The peer is silent: nothing came within %u s.", d->seconds);
    else if (d->code == DIAGNOSIS_STALLED)
        say(text, "The peer is stalled: it does not take what is sent to it.");
    else
        say(text, "%s is set, and nothing on this machine can act on it.",
            d->knob != NULL ? d->knob : "A value");
}

const char *diagnosis_cause(const struct diagnosis *d, char text[static DIAGNOSIS_TEXT_SIZE])
{
    text[0] = '\0';
    switch (d->code) {
    case DIAGNOSIS_WRONG_HASH:
    case DIAGNOSIS_CUT_HASH:
    case DIAGNOSIS_OTHER_HASH:
    case DIAGNOSIS_CERTIFICATE_HASH:
    case DIAGNOSIS_INNER_KEY_HASH:
        cause_of_hash(d, text);
        break;
    case DIAGNOSIS_UNKNOWN_MAC:
    case DIAGNOSIS_OTHER_MAC:
    case DIAGNOSIS_DANGLING_LIST:
    case DIAGNOSIS_NO_PASSWORD:
    case DIAGNOSIS_WRONG_LENGTH:
    case DIAGNOSIS_WRONG_SERVER:
        cause_of_entry(d, text);
        break;
    case DIAGNOSIS_CLOCK_NOT_SET:
    case DIAGNOSIS_NOT_YET_VALID:
    case DIAGNOSIS_EXPIRED:
        cause_of_dates(d, text);
        break;
    case DIAGNOSIS_NAME_UNKNOWN:
    case DIAGNOSIS_NAME_SERVER:
    case DIAGNOSIS_PORT_CLOSED:
    case DIAGNOSIS_NO_ANSWER:
    case DIAGNOSIS_UNREACHABLE:
    case DIAGNOSIS_NO_RESOURCES:
    case DIAGNOSIS_LOST:
        cause_of_connection(d, text);
        break;
    case DIAGNOSIS_HANDSHAKE_SILENT:
    case DIAGNOSIS_NO_COMMON:
    case DIAGNOSIS_OWN_REFUSED:
    case DIAGNOSIS_PEER_ALERT:
    case DIAGNOSIS_WEAK_KEY:
    case DIAGNOSIS_KEY_SIZE:
        cause_of_tls(d, text);
        break;
    case DIAGNOSIS_NOT_NMSP:
    case DIAGNOSIS_SILENT:
    case DIAGNOSIS_STALLED:
    case DIAGNOSIS_NOT_ACTED_ON:
        cause_of_session(d, text);
        break;
    default:
        if (d->code < DIAGNOSIS_CODES && fixed[d->code].cause != NULL)
            say(text, "%s", fixed[d->code].cause);
        break;
    }
    return text;
}

static void remedy_for_ciphers(const struct diagnosis *d, char *text)
{
    if (d->legacy_cipher)
        say(text, "Bring the location server to a release with TLS 1.2 and ECDHE.");
    else if (d->strong_cipher)
        say(text, "Take strong-cipher back, or bring the location server to a newer release.");
    else
        say(text, "Bring the location server to a release with TLS 1.2 and ECDHE, or allow "
                  "legacy-cipher for it, which needs a TLS library that was built for it.");
}

static void remedy_for_own(const struct diagnosis *d, char *text)
{
    char mac[MAC_TEXT_SIZE];
    char sha1[HASH_TEXT_SIZE];
    char sha256[HASH_TEXT_SIZE];

    if (d->alert < 0) {
        say(text,
            "Let the location server take client certificates with %s keys (signature algorithms), "
            "or give this agent one of the other kind: the operation renew-certificate with "
            "key-type %s.",
            own_key_text(d), d->own_key == AUTHLIST_KEY_EC ? "rsa" : "ec");
        return;
    }
    say(text,
        "Give the location server this agent's MAC %s and the key hash of its %s certificate, "
        "SHA1 %s or SHA2 %s.",
        mac_text(&d->own_mac, mac), own_key_text(d),
        hex_text(d->own_sha1, sizeof(d->own_sha1), sha1),
        hex_text(d->own_sha256, sizeof(d->own_sha256), sha256));
}

const char *diagnosis_remedy(const struct diagnosis *d, char text[static DIAGNOSIS_TEXT_SIZE])
{
    text[0] = '\0';
    if (d->code == DIAGNOSIS_NO_COMMON)
        remedy_for_ciphers(d, text);
    else if (d->code == DIAGNOSIS_OWN_REFUSED)
        remedy_for_own(d, text);
    else if (d->code < DIAGNOSIS_CODES && fixed[d->code].remedy != NULL)
        say(text, "%s", fixed[d->code].remedy);
    return text;
}

/* --- lines to paste -------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void paste(struct diagnosis_lines *lines,
                                                        const char *format, ...)
{
    va_list arguments;

    if (lines->count == DIAGNOSIS_LINES_MAX)
        return;
    va_start(arguments, format);
    (void)vsnprintf(lines->line[lines->count++], DIAGNOSIS_LINE_SIZE, format, arguments);
    va_end(arguments);
}

static void paste_attribute_list(const struct diagnosis *d, const char *list,
                                 struct diagnosis_lines *lines)
{
    char hash[HASH_TEXT_SIZE];

    if (!d->has_presented)
        return;
    paste(lines, "aaa attribute list %s", list);
    paste(lines, " attribute type password %s", key_hash(d, hash));
}

/* A list of its own: one that is there already may be another server's. */
static void paste_user(const struct diagnosis *d, struct diagnosis_lines *lines)
{
    char mac[PLAIN_MAC_SIZE];
    char list[SETTINGS_LIST_SIZE];

    if (presented_mac(d) == NULL)
        return;
    (void)plain_mac(presented_mac(d), mac);
    (void)snprintf(list, sizeof(list), "NMSP-%s", mac);
    paste(lines, "username %s aaa attribute list %s", mac, list);
    paste_attribute_list(d, list, lines);
}

/* The whole line: a part of it would take the rest back. */
static void paste_server(const struct diagnosis *d, const struct mac *mac, bool legacy_cipher,
                         struct diagnosis_lines *lines)
{
    const char *legacy = legacy_cipher ? " legacy-cipher" : "";
    char dotted[DOTTED_MAC_SIZE];

    if (d->inbound)
        paste(lines, "nmsp listen port %u%s", (unsigned)d->port, legacy);
    else if (mac != NULL)
        paste(lines, "nmsp server %s port %u mac %s%s", d->host, (unsigned)d->port,
              dotted_mac(mac, dotted), legacy);
    else
        paste(lines, "nmsp server %s port %u%s", d->host, (unsigned)d->port, legacy);
}

void diagnosis_lines(const struct diagnosis *d, struct diagnosis_lines *out)
{
    char mac[PLAIN_MAC_SIZE];

    out->count = 0;
    switch (d->code) {
    case DIAGNOSIS_DISABLED:
        paste(out, "nmsp enable");
        break;
    case DIAGNOSIS_NO_COMMON:
        if (d->strong_cipher && !d->legacy_cipher)
            paste(out, "no nmsp strong-cipher");
        else if (!d->legacy_cipher)
            paste_server(d, d->has_expected ? &d->expected : NULL, true, out);
        break;
    case DIAGNOSIS_NO_NEW_MODEL:
        paste(out, "aaa new-model");
        break;
    case DIAGNOSIS_NO_METHOD_LIST:
        paste(out, "aaa authorization credential-download wcm_loc_serv_cert local");
        break;
    case DIAGNOSIS_UNKNOWN_MAC:
        paste_user(d, out);
        break;
    case DIAGNOSIS_OTHER_MAC:
        if (presented_mac(d) != NULL)
            paste(out, "username %s aaa attribute list %s", plain_mac(presented_mac(d), mac),
                  d->list);
        break;
    case DIAGNOSIS_DANGLING_LIST:
    case DIAGNOSIS_NO_PASSWORD:
    case DIAGNOSIS_WRONG_LENGTH:
    case DIAGNOSIS_WRONG_HASH:
    case DIAGNOSIS_CUT_HASH:
    case DIAGNOSIS_OTHER_HASH:
    case DIAGNOSIS_CERTIFICATE_HASH:
    case DIAGNOSIS_INNER_KEY_HASH:
        paste_attribute_list(d, d->list, out);
        break;
    case DIAGNOSIS_WRONG_SERVER:
        paste_server(d, &d->mac, d->legacy_cipher, out);
        break;
    default:
        break;
    }
}

void diagnosis_tell(const struct diagnosis *d, void (*line)(void *context, const char *text),
                    void *context)
{
    char text[DIAGNOSIS_TEXT_SIZE];
    char whole[DIAGNOSIS_TEXT_SIZE + 16];
    struct diagnosis_lines lines;

    if (diagnosis_cause(d, text)[0] == '\0')
        return;
    (void)snprintf(whole, sizeof(whole), "cause: %s", text);
    line(context, whole);
    (void)snprintf(whole, sizeof(whole), "remedy: %s", diagnosis_remedy(d, text));
    line(context, whole);
    diagnosis_lines(d, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        (void)snprintf(whole, sizeof(whole), "paste: %s", lines.line[i]);
        line(context, whole);
    }
}
