/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/text/diagnosis.h"

#include "agent/base/hex.h"
#include "agent/state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FACT_SIZE = 384 };

/*
 * What is said for each code. {name} stands for a fact, which the put_ functions know. The lines
 * to paste are given all, or none where one of their facts is missing.
 */
enum { CAUSE, REMEDY, PASTE, KINDS };

/* One for each row of DIAGNOSIS_TABLE: the compiler misses one that is not here, and one too many.
 */
#define WORDS(code, ...) static const char *const words_##code[KINDS] = {__VA_ARGS__}

#define THIS_KEY_HASH "aaa attribute list {list}\n attribute type password {its-sha2}"

WORDS(NONE, "", "");

/* Not tried. */
WORDS(DISABLED, "NMSP is switched off, so no server is dialled and nothing listens.",
      "Switch it on.", "nmsp enable");
WORDS(NO_IDENTITY, "This agent has no certificate of its own yet.",
      "If it stays so, look at the log where it says \"without one there is no session\": the line "
      "before names the file that is in the way.");
WORDS(HELD, "It is not dialled, because its MAC has a session already.",
      "Nothing has to be done, unless two servers were given one MAC or one server was configured "
      "twice.");

/* Not reached. */
WORDS(NAME_UNKNOWN, "The name {host} has no address.", "Correct the name, or add it to the DNS.");
WORDS(NAME_SERVER, "The name {host} cannot be looked up: no name server answers.",
      "Look at this machine's resolver (/etc/resolv.conf) and at its way to the name server.");
WORDS(PORT_CLOSED, "Nobody listens at {address}: the connection was refused.",
      "Start the server's NMSP service, correct the port, or let TCP port 16113 through its "
      "firewall.");
WORDS(NO_ANSWER, "Nothing at {address} answers.",
      "See that the server is up, and that no firewall on the way drops TCP port 16113.");
WORDS(UNREACHABLE, "{address} cannot be reached: {error}.",
      "Look at the address, and at this machine's routes to it.");
WORDS(NO_RESOURCES, "This machine has no means left for the connection: {error}.",
      "Give this machine more memory or file descriptors, or its agent smaller capacities.");

/* Not heard. */
WORDS(THROTTLED,
      "Too many connections from this address, or from strangers in all, came to nothing lately: "
      "this one was closed unheard.",
      "If it is a location server of yours, mend what else is told of it, and it gets in by "
      "itself; as a configured server it is never throttled. The rates are those of \"listen\".");
WORDS(CROWDED_OUT,
      "More connections were waiting to be authorised than there are places, and this one gave its "
      "place to another.",
      "If it is a location server of yours, it gets in when it comes again; as a configured server "
      "it keeps its place. Keep others from the port of this agent by a firewall.");

/* TLS. What the peer offers, the library does not tell; and an alert says only that it gave up. */
WORDS(HANDSHAKE_SILENT, "The peer did not complete the TLS handshake within {seconds} s.",
      "See that it is a location server that stands there, and that it is not overloaded.");
WORDS(HANDSHAKE_CLOSED, "The peer broke the TLS handshake off and did not say why.",
      "Look at the log of the location server; it may want to know this agent's MAC and key hash "
      "first.");
WORDS(NOT_TLS, "What the peer sends is not TLS.",
      "See that it is the NMSP port of a location server (16113) that was configured, and not "
      "another service.");
WORDS(BAD_RECORD,
      "The peer sent a TLS record that cannot be right, as somebody does who tries to break in.",
      "Find out who stands at that address; if it is a location server of yours, bring it to a "
      "newer release.");
WORDS(NO_COMMON,
      "Both sides have no TLS version, cipher suite or group in common{its-offer} offered here are "
      "{offered}.",
      "{cipher-remedy}", "{cipher-line}");
WORDS(OWN_REFUSED, "The location server does not accept this agent's certificate: {alert}.",
      "Give the location server this agent's MAC {own-mac} and the key hash of its {own-key} "
      "certificate, SHA1 {own-sha1} or SHA2 {own-sha2}.");
/* Without an alert nothing of ours was shown. */
static const char *const words_own_unwanted[KINDS] = {
    "The location server asks for no certificate with an {own-key} key, which this agent was to "
    "show it; or it breaks a rule of TLS, which the TLS library does not tell from that.",
    "Let the location server take client certificates with {own-key} keys (signature algorithms), "
    "or give this agent one of the other kind: the operation renew-certificate with key-type "
    "{other-key}."};
WORDS(PEER_ALERT, "The peer ended TLS with {alert}.", "Look at the log of the location server.");
WORDS(NO_CERTIFICATE, "The peer presented no certificate.",
      "See that it is a location server, and that it has a certificate (show server-auth-info "
      "there).");
WORDS(BAD_CERTIFICATE, "The peer's certificate or its chain cannot be read.",
      "Make a new certificate on the location server, and copy its key hash from there.");
WORDS(KEY_SIZE,
      "The peer's key ({subject}) is larger than the TLS library of this agent can compute with: "
      "{its-key}, {bits} bits.",
      "Make a new certificate on the location server, with RSA of 2048 bits or EC with P-256, or "
      "install a TLS library here that can do with larger keys.");
WORDS(WEAK_PROOF, "The peer proves to hold its key by a signature over SHA-1 or another weak hash.",
      "Bring the location server to a release that signs with SHA-256, or allow legacy-cipher for "
      "it.");
WORDS(UNPROVEN,
      "The peer presented a certificate that may come in, and did not prove to hold its key.",
      "Somebody may have copied the certificate of a server of yours: find out who stands at that "
      "address.");

/* The auth list. */
WORDS(WEAK_KEY,
      "The peer's key ({subject}) is too weak or of a kind that is not accepted: {its-key}, {bits} "
      "bits.",
      "Make a new certificate on the location server, with RSA of at least 2048 bits or EC with "
      "P-256, P-384 or P-521.");
WORDS(NO_NEW_MODEL, "\"aaa new-model\" is missing, and without it nobody is let in.", "Add it.",
      "aaa new-model");
WORDS(NO_METHOD_LIST,
      "No credential-download list names the local users: NMSP asks \"wcm_loc_serv_cert\", or "
      "\"default\" where that is missing.",
      "Add the list.", "aaa authorization credential-download wcm_loc_serv_cert local");
/* A list of its own to paste: one that is there already may be another server's. */
WORDS(UNKNOWN_MAC,
      "The peer ({subject}) with {its-mac} and the key hash SHA1 {its-sha1}, SHA2 {its-sha2} is "
      "not in the auth list.",
      "If this is a server of yours, add it to the auth list.",
      "username {its-user} aaa attribute list NMSP-{its-user}\naaa attribute list "
      "NMSP-{its-user}\n attribute type password {its-sha2}");
WORDS(
    OTHER_MAC,
    "The auth list has the peer's key under {mac}, but its certificate ({subject}) says {its-mac}.",
    "One digit of the user name may be wrong: give the server's MAC to a user with the same "
    "attribute list.",
    "username {its-user} aaa attribute list {list}");
WORDS(DANGLING_LIST, "User {mac} names the attribute list \"{list}\", which does not exist.",
      "Add the attribute list with the key hash that the server shows (show server-auth-info), or "
      "correct its name.",
      THIS_KEY_HASH);
WORDS(NO_PASSWORD, "The attribute list \"{list}\" of user {mac} holds no password.",
      "Add the key hash to it.", THIS_KEY_HASH);
WORDS(WRONG_LENGTH,
      "The password of attribute list \"{list}\" of user {mac} has {digits} hex digits, which no "
      "key hash has.",
      "Copy the whole key hash again: SHA1 has 40 hex digits, SHA2 has 64.", THIS_KEY_HASH);
WORDS(WRONG_HASH,
      "The key hash configured for {mac} is {hash}, and the peer ({subject}) has SHA1 {its-sha1}, "
      "SHA2 {its-sha2}.",
      "Compare it with what the server shows (show server-auth-info); if the server has a new "
      "certificate, replace the hash.",
      THIS_KEY_HASH);
WORDS(CUT_HASH,
      "The hash configured for {mac}, {hash}, is the first part of the key's SHA2 hash: the rest "
      "was lost.",
      "Replace it with the whole SHA2 key hash.", THIS_KEY_HASH);
WORDS(OTHER_HASH,
      "The hash configured for {mac}, {hash}, has the length of a SHA2 hash, and begins with the "
      "key's SHA1 hash.",
      "Replace it with the SHA2 key hash.", THIS_KEY_HASH);
WORDS(CERTIFICATE_HASH,
      "The hash configured for {mac}, {hash}, is the certificate's fingerprint, not the key hash.",
      "Replace it with the key hash.", THIS_KEY_HASH);
WORDS(INNER_KEY_HASH,
      "The hash configured for {mac}, {hash}, was taken over the bare (PKCS#1) key, not over the "
      "SubjectPublicKeyInfo.",
      "Replace it with the key hash.", THIS_KEY_HASH);
WORDS(WRONG_SERVER,
      "The peer is {mac}, which may come in, but {expected} is configured for this server.",
      "If it is the right server that stands there, correct the MAC of the server entry.",
      "{server-line}");
WORDS(CLOCK_NOT_SET,
      "This machine's clock is not set, so that the dates of the peer's certificate ({subject}) "
      "cannot be judged; {ntp}.",
      "Set the clock: let NTP synchronise this machine; it is tried again by itself.");
WORDS(NOT_YET_VALID, "The peer's certificate ({subject}) becomes valid in {skew} s; {ntp}.",
      "Synchronise both sides by NTP: this machine's clock must not be behind the server's.");
WORDS(EXPIRED, "The peer's certificate ({subject}) expired {skew} s ago; {ntp}.",
      "Make a new certificate on the location server and replace its key hash here, or correct "
      "this machine's clock if it is ahead.");

/* Authorised, and no session. */
WORDS(SESSION_EXISTS, "Its MAC has a session already.",
      "Nothing has to be done, unless two servers were given one certificate or one server was "
      "configured twice.");
WORDS(TOO_MANY, "There are as many inbound sessions as this agent holds.",
      "Let fewer location servers connect to this agent, or have it connect to some of them.");
WORDS(NOT_NMSP, "The peer is authorised, but does not speak NMSP.",
      "See that it is the NMSP port of a location server that was configured, and not another "
      "service.");
WORDS(VERSION, "The peer speaks another version of the protocol.",
      "Bring this agent or the location server to a release that the other one knows.");
WORDS(MALFORMED, "The peer sent too many messages that cannot be read.",
      "Look at the log with --debug for what was wrong with them, and at the release of the "
      "location server.");
WORDS(SILENT, "The peer is silent: nothing came within {seconds} s.",
      "See that the server is up, and that nothing on the way forgets idle connections.");
WORDS(STALLED, "The peer is stalled: it does not take what is sent to it.",
      "See that the server is not overloaded; it may subscribe to associated clients alone, or "
      "filter locally administered MACs.");
WORDS(PEER_CLOSED, "The peer closed the connection.",
      "Look at the log of the location server for its reason.");
WORDS(LOST, "The connection was lost{lost-error}.",
      "See that the server is up, and that the network to it is.");
WORDS(
    NOT_ACCESS_POINT,
    "The peer ({subject}) offers services and subscribes to none, as an access point does, and is "
    "not configured as one.",
    "If it is an access point of this controller, say so; if not, let it dial its own one.",
    "nmsp ap {its-dotted}");
WORDS(IS_CONTROLLER,
      "The peer ({subject}) is no location server: it is an agent as this one, which offers "
      "services and subscribes to none, or it is configured as an access point here.",
      "Access points are not dialled, they come in: if it is one of this controller, remove its "
      "server entry, add it as an access point, and give it this device as its server.",
      "nmsp ap {its-dotted}");
WORDS(ENDED_HERE, "It was ended by this agent, as its settings ask.", "Nothing has to be done.");

/* Access points with a session. */
WORDS(
    CLAIMED_TWICE,
    "Access point {expected} claims the AP {mac}, which another access point has already: what it "
    "says of that AP is not taken.",
    "Give each access point AP MACs of its own (nmsp base-mac, nmsp radio ... ap-mac there). "
    "\"show ap summary\" shows who has it now.");
WORDS(LOOP,
      "Access point {expected} claims the AP {mac}, which this device has itself: what it says of "
      "that AP is not taken.",
      "An access point must not be the controller of others, or be told what this one tells; if it "
      "is a copy of this device, give it a base MAC of its own (nmsp base-mac).");
WORDS(TOO_MANY_APS,
      "Access point {expected} claims more than 4 AP MACs or 16 radios: its AP {mac} is not taken.",
      "If it is the controller of other access points, let those come to this controller "
      "themselves.");
WORDS(AP_CAPACITY, "There is no room for the AP {mac} of access point {expected}.",
      "Give this agent room for more AP radios (system capacity aps) and start it again.");

/* About the configuration alone. */
WORDS(NOT_ACTED_ON, "{knob} is set, and nothing on this machine can act on it.",
      "Nothing has to be done: it is kept, and taken up where something can act on it.");

static const char *words_of(const struct diagnosis *d, unsigned kind)
{
#define ROW(code, name, class) [DIAGNOSIS_##code] = words_##code,
    static const char *const *const words[] = {DIAGNOSIS_TABLE(ROW)};
#undef ROW

    if (d->code == DIAGNOSIS_OWN_REFUSED && d->alert < 0)
        return words_own_unwanted[kind];
    return d->code < DIAGNOSIS_CODES ? words[d->code][kind] : "";
}

/* --- facts ----------------------------------------------------------------------------------- */

static bool is(const char *name, const char *wanted)
{
    return strcmp(name, wanted) == 0;
}

/* Writes a fact; true, for there is one. */
__attribute__((format(printf, 2, 3))) static bool put(char *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, FACT_SIZE, format, arguments);
    va_end(arguments);
    return true;
}

static bool put_hex(char *text, const void *bytes, size_t len)
{
    (void)hex_text(bytes, len, text);
    return true;
}

static bool put_mac(char *text, const struct mac *mac)
{
    (void)mac_text(mac, text);
    return true;
}

static const char *key_text(enum certificate_key_type type)
{
    static const char *const texts[] = {[CERTIFICATE_KEY_OTHER] = "a kind that is not accepted",
                                        [CERTIFICATE_KEY_RSA] = "RSA",
                                        [CERTIFICATE_KEY_EC] = "EC"};
    return texts[type];
}

/* What the peer presented. */
static bool put_presented(const struct diagnosis *d, const char *name, char *text)
{
    const struct certificate_info *its = &d->presented;
    const struct mac *mac = d->has_presented && its->mac_count > 0 ? &its->macs[0] : NULL;

    if (is(name, "subject"))
        return put(text, "%s", its->subject);
    if (is(name, "its-sha1"))
        return put_hex(text, its->spki_sha1, sizeof(its->spki_sha1));
    if (is(name, "its-sha2") && d->has_presented)
        return put_hex(text, its->spki_sha256, sizeof(its->spki_sha256));
    if (is(name, "its-mac"))
        return mac != NULL ? put_mac(text, mac) : put(text, "no MAC");
    if (is(name, "its-user") && mac != NULL) /* as user names are spelled: 0050569c3489 */
        return put_hex(text, mac->b, sizeof(mac->b));
    if (is(name, "its-dotted") && mac != NULL) {
        char digits[2 * sizeof(mac->b) + 1];
        (void)hex_text(mac->b, sizeof(mac->b), digits);
        return put(text, "%.4s.%.4s.%.4s", digits, digits + 4, digits + 8);
    }
    if (is(name, "its-key"))
        return put(text, "%s", key_text(its->key_type));
    return is(name, "bits") && put(text, "%u", its->key_bits);
}

/* The whole line of the entry: a part of it would take the rest back. */
static bool put_entry(const struct diagnosis *d, const struct mac *mac, bool legacy, char *text)
{
    const char *cipher = legacy ? " legacy-cipher" : "";
    char digits[2 * sizeof(mac->b) + 1];

    if (d->inbound)
        return put(text, "nmsp listen port %u%s", (unsigned)d->port, cipher);
    if (mac == NULL)
        return put(text, "nmsp server %s port %u%s", d->host, (unsigned)d->port, cipher);
    (void)hex_text(mac->b, sizeof(mac->b), digits);
    return put(text, "nmsp server %s port %u mac %.4s.%.4s.%.4s%s", d->host, (unsigned)d->port,
               digits, digits + 4, digits + 8, cipher);
}

/* What the configuration has. */
static bool put_configured(const struct diagnosis *d, const char *name, char *text)
{
    if (is(name, "host"))
        return put(text, "%s", d->host);
    if (is(name, "list"))
        return put(text, "%s", d->list);
    if (is(name, "mac"))
        return put_mac(text, &d->mac);
    if (is(name, "expected"))
        return put_mac(text, &d->expected);
    if (is(name, "hash"))
        return put_hex(text, d->hash, d->hash_len);
    if (is(name, "digits"))
        return put(text, "%u", 2u * d->hash_len);
    if (is(name, "knob"))
        return put(text, "%s", d->knob != NULL ? d->knob : "A value");
    return is(name, "server-line") && put_entry(d, &d->mac, d->legacy_cipher, text);
}

/* What is offered here, and what could be. */
static bool put_ciphers(const struct diagnosis *d, const char *name, char *text)
{
    static const struct {
        const char *offered;
        const char *remedy;
    } of[] = {
        {"TLS 1.2 and 1.3, ECDHE with AES-GCM, ChaCha20-Poly1305 or AES-CBC",
         "Bring the location server to a release with TLS 1.2 and ECDHE, or allow legacy-cipher "
         "for it, which needs a TLS library that was built for it."},
        {"TLS 1.2 and 1.3, ECDHE with AES-GCM or ChaCha20-Poly1305 (strong-cipher)",
         "Take strong-cipher back, or bring the location server to a newer release."},
        {"TLS 1.0 to 1.3 with everything old servers need (legacy-cipher)",
         "Bring the location server to a release with TLS 1.2 and ECDHE."}};
    const size_t i = d->legacy_cipher ? 2 : d->strong_cipher;

    if (is(name, "offered"))
        return put(text, "%s", of[i].offered);
    if (is(name, "cipher-remedy"))
        return put(text, "%s", of[i].remedy);
    if (!is(name, "cipher-line") || d->legacy_cipher)
        return false;
    return d->strong_cipher ? put(text, "no nmsp strong-cipher")
                            : put_entry(d, d->has_expected ? &d->expected : NULL, true, text);
}

/* What we are to the peer. */
static bool put_own(const struct diagnosis *d, const char *name, char *text)
{
    bool ec = d->own_key == CERTIFICATE_KEY_EC;

    if (is(name, "own-mac"))
        return put_mac(text, &d->own_mac);
    if (is(name, "own-sha1"))
        return put_hex(text, d->own_sha1, sizeof(d->own_sha1));
    if (is(name, "own-sha2"))
        return put_hex(text, d->own_sha256, sizeof(d->own_sha256));
    if (is(name, "own-key"))
        return put(text, ec ? "EC" : "RSA");
    return is(name, "other-key") && put(text, ec ? "rsa" : "ec");
}

static bool put_its_offer(const struct diagnosis *d, char *text)
{
    if (d->alert < 0)
        return put(text, "; what the peer offers is not known,");
    return put(text,
               ": the peer ended the handshake with alert %d (%s), which does not tell what it "
               "offers;",
               d->alert & 0xff, state_alert_name(d->alert));
}

/* What happened. */
static bool put_event(const struct diagnosis *d, const char *name, char *text)
{
    static const char *const ntp[] = {
        [DIAGNOSIS_NTP_UNKNOWN] = "whether NTP keeps this machine's clock is not known",
        [DIAGNOSIS_NTP_SYNCHRONISED] = "this machine's clock is synchronised by NTP",
        [DIAGNOSIS_NTP_FREE] = "this machine's clock is not synchronised by NTP"};

    if (is(name, "address"))
        return put(text, "%s", d->address);
    if (is(name, "error"))
        return put(text, "%s", d->error != 0 ? strerror(d->error) : "no reason is known");
    if (is(name, "lost-error"))
        return put(text, "%s%s", d->error != 0 ? ": " : "",
                   d->error != 0 ? strerror(d->error) : "");
    if (is(name, "alert"))
        return put(text, "alert %d (%s)", d->alert & 0xff, state_alert_name(d->alert));
    if (is(name, "its-offer"))
        return put_its_offer(d, text);
    if (is(name, "seconds"))
        return put(text, "%u", d->seconds);
    if (is(name, "skew"))
        return put(text, "%" PRId64, d->skew);
    return is(name, "ntp") && put(text, "%s", ntp[d->ntp]);
}

/* --- sentences ------------------------------------------------------------------------------- */

/* The text with its facts in their places. False: one is not there. */
static bool fill_in(const struct diagnosis *d, const char *words, char *text, size_t size)
{
    bool whole = true;
    size_t used = 0;

    text[0] = '\0';
    while (*words != '\0') {
        char fact[FACT_SIZE] = "";
        char name[32];
        size_t len = strcspn(words, "{");
        (void)snprintf(text + used, size - used, "%.*s", (int)len, words);
        words += len;
        if (*words == '{') {
            len = strcspn(words, "}");
            (void)snprintf(name, sizeof(name), "%.*s", (int)len - 1, words + 1);
            words += len + 1;
            if (!put_presented(d, name, fact) && !put_configured(d, name, fact) &&
                !put_ciphers(d, name, fact) && !put_own(d, name, fact) && !put_event(d, name, fact))
                whole = false;
            used += strlen(text + used);
            (void)snprintf(text + used, size - used, "%s", fact);
        }
        used += strlen(text + used);
    }
    return whole;
}

const char *diagnosis_cause(const struct diagnosis *d, char text[static DIAGNOSIS_TEXT_SIZE])
{
    (void)fill_in(d, words_of(d, CAUSE), text, DIAGNOSIS_TEXT_SIZE);
    return text;
}

const char *diagnosis_remedy(const struct diagnosis *d, char text[static DIAGNOSIS_TEXT_SIZE])
{
    (void)fill_in(d, words_of(d, REMEDY), text, DIAGNOSIS_TEXT_SIZE);
    return text;
}

void diagnosis_lines(const struct diagnosis *d, struct diagnosis_lines *out)
{
    char text[DIAGNOSIS_TEXT_SIZE];
    const char *paste = words_of(d, PASTE);
    const char *line = text;

    out->count = 0;
    if (paste == NULL || !fill_in(d, paste, text, sizeof(text)))
        return;
    while (*line != '\0' && out->count < DIAGNOSIS_LINES_MAX) {
        size_t len = strcspn(line, "\n");
        (void)snprintf(out->line[out->count++], DIAGNOSIS_LINE_SIZE, "%.*s", (int)len, line);
        line += len + (line[len] == '\n');
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
