/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/text/diagnosis.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEY_SHA1   "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define KEY_SHA256 "6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a"
#define CONFIGURED "e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0"

/* An outbound server whose certificate names a MAC, and a user with another hash. */
static struct diagnosis facts(enum diagnosis_code code)
{
    struct diagnosis d;

    diagnosis_init(&d, code);
    (void)snprintf(d.host, sizeof(d.host), "mse.example.net");
    d.port = 16113;
    (void)snprintf(d.address, sizeof(d.address), "192.0.2.10:16113");
    d.has_presented = true;
    (void)snprintf(d.presented.subject, sizeof(d.presented.subject), "CN=MSE-0050569c3489");
    d.presented.macs[0] = (struct mac){{0x00, 0x50, 0x56, 0x9c, 0x34, 0x89}};
    d.presented.mac_count = 1;
    memset(d.presented.spki_sha1, 0x5a, sizeof(d.presented.spki_sha1));
    memset(d.presented.spki_sha256, 0x6a, sizeof(d.presented.spki_sha256));
    d.presented.key_type = CERTIFICATE_KEY_RSA;
    d.presented.key_bits = 1024;
    d.has_mac = true;
    d.mac = (struct mac){{0x00, 0x50, 0x56, 0x9c, 0x34, 0x90}};
    (void)snprintf(d.list, sizeof(d.list), "NMSP");
    d.hash_len = 20;
    memset(d.hash, 0xe0, 20);
    d.has_expected = true;
    d.expected = (struct mac){{0x00, 0x50, 0x56, 0x9c, 0x34, 0x91}};
    d.knob = "/nmspd-location:location/algorithm";
    d.has_own = true;
    d.own_mac = (struct mac){{0x02, 0x0a, 0, 0, 0, 1}};
    memset(d.own_sha1, 0x11, sizeof(d.own_sha1));
    memset(d.own_sha256, 0x22, sizeof(d.own_sha256));
    d.error = ENETDOWN; /* of those that all C libraries have the same words for */
    d.alert = 0x22e;
    d.seconds = 30;
    d.skew = 3600;
    d.ntp = DIAGNOSIS_NTP_FREE;
    return d;
}

/* --- what is said for each code -------------------------------------------------------------- */

static const struct {
    enum diagnosis_code code;
    const char *cause;
    const char *remedy;
    const char *lines[DIAGNOSIS_LINES_MAX];
} golden[] = {
    {DIAGNOSIS_NONE, "", "", {NULL}},
    {DIAGNOSIS_DISABLED,
     "NMSP is switched off, so no server is dialled and nothing listens.",
     "Switch it on.",
     {"nmsp enable"}},
    {DIAGNOSIS_NO_IDENTITY,
     "This agent has no certificate of its own yet.",
     "If it stays so, look at the log where it says \"without one there is no session\": the line "
     "before names the file that is in the way.",
     {NULL}},
    {DIAGNOSIS_HELD,
     "It is not dialled, because its MAC has a session already.",
     "Nothing has to be done, unless two servers were given one MAC or one server was configured "
     "twice.",
     {NULL}},
    {DIAGNOSIS_NAME_UNKNOWN,
     "The name mse.example.net has no address.",
     "Correct the name, or add it to the DNS.",
     {NULL}},
    {DIAGNOSIS_NAME_SERVER,
     "The name mse.example.net cannot be looked up: no name server answers.",
     "Look at this machine's resolver (/etc/resolv.conf) and at its way to the name server.",
     {NULL}},
    {DIAGNOSIS_PORT_CLOSED,
     "Nobody listens at 192.0.2.10:16113: the connection was refused.",
     "Start the server's NMSP service, correct the port, or let TCP port 16113 through its "
     "firewall.",
     {NULL}},
    {DIAGNOSIS_NO_ANSWER,
     "Nothing at 192.0.2.10:16113 answers.",
     "See that the server is up, and that no firewall on the way drops TCP port 16113.",
     {NULL}},
    {DIAGNOSIS_UNREACHABLE,
     "192.0.2.10:16113 cannot be reached: Network is down.",
     "Look at the address, and at this machine's routes to it.",
     {NULL}},
    {DIAGNOSIS_NO_RESOURCES,
     "This machine has no means left for the connection: Network is down.",
     "Give this machine more memory or file descriptors, or its agent smaller capacities.",
     {NULL}},
    {DIAGNOSIS_THROTTLED,
     "Too many connections from this address, or from strangers in all, came to nothing lately: "
     "this one was closed unheard.",
     "If it is a location server of yours, mend what else is told of it, and it gets in by itself; "
     "as a configured server it is never throttled. The rates are those of \"listen\".",
     {NULL}},
    {DIAGNOSIS_CROWDED_OUT,
     "More connections were waiting to be authorised than there are places, and this one gave its "
     "place to another.",
     "If it is a location server of yours, it gets in when it comes again; as a configured server "
     "it keeps its place. Keep others from the port of this agent by a firewall.",
     {NULL}},
    {DIAGNOSIS_HANDSHAKE_SILENT,
     "The peer did not complete the TLS handshake within 30 s.",
     "See that it is a location server that stands there, and that it is not overloaded.",
     {NULL}},
    {DIAGNOSIS_HANDSHAKE_CLOSED,
     "The peer broke the TLS handshake off and did not say why.",
     "Look at the log of the location server; it may want to know this agent's MAC and key hash "
     "first.",
     {NULL}},
    {DIAGNOSIS_NOT_TLS,
     "What the peer sends is not TLS.",
     "See that it is the NMSP port of a location server (16113) that was configured, and not "
     "another service.",
     {NULL}},
    {DIAGNOSIS_BAD_RECORD,
     "The peer sent a TLS record that cannot be right, as somebody does who tries to break in.",
     "Find out who stands at that address; if it is a location server of yours, bring it to a "
     "newer release.",
     {NULL}},
    {DIAGNOSIS_NO_COMMON,
     "Both sides have no TLS version, cipher suite or group in common: the peer ended the "
     "handshake with alert 46 (certificate_unknown), which does not tell what it offers; offered "
     "here are TLS 1.2 and 1.3, ECDHE with AES-GCM, ChaCha20-Poly1305 or AES-CBC.",
     "Bring the location server to a release with TLS 1.2 and ECDHE, or allow legacy-cipher for "
     "it, which needs a TLS library that was built for it.",
     {"nmsp server mse.example.net port 16113 mac 0050.569c.3491 legacy-cipher"}},
    {DIAGNOSIS_OWN_REFUSED,
     "The location server does not accept this agent's certificate: alert 46 "
     "(certificate_unknown).",
     "Give the location server this agent's MAC 02:0a:00:00:00:01 and the key hash of its RSA "
     "certificate, SHA1 "
     "1111111111111111111111111111111111111111 or SHA2 "
     "2222222222222222222222222222222222222222222222222222222222222222.",
     {NULL}},
    {DIAGNOSIS_PEER_ALERT,
     "The peer ended TLS with alert 46 (certificate_unknown).",
     "Look at the log of the location server.",
     {NULL}},
    {DIAGNOSIS_NO_CERTIFICATE,
     "The peer presented no certificate.",
     "See that it is a location server, and that it has a certificate (show server-auth-info "
     "there).",
     {NULL}},
    {DIAGNOSIS_BAD_CERTIFICATE,
     "The peer's certificate or its chain cannot be read.",
     "Make a new certificate on the location server, and copy its key hash from there.",
     {NULL}},
    {DIAGNOSIS_KEY_SIZE,
     "The peer's key (CN=MSE-0050569c3489) is larger than the TLS library of this agent can "
     "compute with: RSA, 1024 bits.",
     "Make a new certificate on the location server, with RSA of 2048 bits or EC with P-256, or "
     "install a TLS library here that can do with larger keys.",
     {NULL}},
    {DIAGNOSIS_WEAK_PROOF,
     "The peer proves to hold its key by a signature over SHA-1 or another weak hash.",
     "Bring the location server to a release that signs with SHA-256, or allow legacy-cipher for "
     "it.",
     {NULL}},
    {DIAGNOSIS_UNPROVEN,
     "The peer presented a certificate that may come in, and did not prove to hold its key.",
     "Somebody may have copied the certificate of a server of yours: find out who stands at that "
     "address.",
     {NULL}},
    {DIAGNOSIS_WEAK_KEY,
     "The peer's key (CN=MSE-0050569c3489) is too weak or of a kind that is not accepted: RSA, "
     "1024 bits.",
     "Make a new certificate on the location server, with RSA of at least 2048 bits or EC with "
     "P-256, P-384 or P-521.",
     {NULL}},
    {DIAGNOSIS_NO_NEW_MODEL,
     "\"aaa new-model\" is missing, and without it nobody is let in.",
     "Add it.",
     {"aaa new-model"}},
    {DIAGNOSIS_NO_METHOD_LIST,
     "No credential-download list names the local users: NMSP asks \"wcm_loc_serv_cert\", or "
     "\"default\" where that is missing.",
     "Add the list.",
     {"aaa authorization credential-download wcm_loc_serv_cert local"}},
    {DIAGNOSIS_UNKNOWN_MAC,
     "The peer (CN=MSE-0050569c3489) with 00:50:56:9c:34:89 and the key hash SHA1 " KEY_SHA1
     ", SHA2 " KEY_SHA256 " is not in the auth list.",
     "If this is a server of yours, add it to the auth list.",
     {"username 0050569c3489 aaa attribute list NMSP-0050569c3489",
      "aaa attribute list NMSP-0050569c3489", " attribute type password " KEY_SHA256}},
    {DIAGNOSIS_OTHER_MAC,
     "The auth list has the peer's key under 00:50:56:9c:34:90, but its certificate "
     "(CN=MSE-0050569c3489) says 00:50:56:9c:34:89.",
     "One digit of the user name may be wrong: give the server's MAC to a user with the same "
     "attribute list.",
     {"username 0050569c3489 aaa attribute list NMSP"}},
    {DIAGNOSIS_DANGLING_LIST,
     "User 00:50:56:9c:34:90 names the attribute list \"NMSP\", which does not exist.",
     "Add the attribute list with the key hash that the server shows (show server-auth-info), or "
     "correct its name.",
     {"aaa attribute list NMSP", " attribute type password " KEY_SHA256}},
    {DIAGNOSIS_NO_PASSWORD,
     "The attribute list \"NMSP\" of user 00:50:56:9c:34:90 holds no password.",
     "Add the key hash to it.",
     {"aaa attribute list NMSP", " attribute type password " KEY_SHA256}},
    {DIAGNOSIS_WRONG_LENGTH,
     "The password of attribute list \"NMSP\" of user 00:50:56:9c:34:90 has 40 hex digits, which "
     "no key hash has.",
     "Copy the whole key hash again: SHA1 has 40 hex digits, SHA2 has 64.",
     {"aaa attribute list NMSP", " attribute type password " KEY_SHA256}},
    {DIAGNOSIS_WRONG_HASH,
     "The key hash configured for 00:50:56:9c:34:90 is " CONFIGURED
     ", and the peer (CN=MSE-0050569c3489) has SHA1 " KEY_SHA1 ", SHA2 " KEY_SHA256 ".",
     "Compare it with what the server shows (show server-auth-info); if the server has a new "
     "certificate, replace the hash.",
     {"aaa attribute list NMSP", " attribute type password " KEY_SHA256}},
    {DIAGNOSIS_CUT_HASH,
     "The hash configured for 00:50:56:9c:34:90, " CONFIGURED
     ", is the first part of the key's SHA2 hash: the rest was lost.",
     "Replace it with the whole SHA2 key hash.",
     {"aaa attribute list NMSP", " attribute type password " KEY_SHA256}},
    {DIAGNOSIS_OTHER_HASH,
     "The hash configured for 00:50:56:9c:34:90, " CONFIGURED
     ", has the length of a SHA2 hash, and begins with the key's SHA1 hash.",
     "Replace it with the SHA2 key hash.",
     {"aaa attribute list NMSP", " attribute type password " KEY_SHA256}},
    {DIAGNOSIS_CERTIFICATE_HASH,
     "The hash configured for 00:50:56:9c:34:90, " CONFIGURED
     ", is the certificate's fingerprint, not the key hash.",
     "Replace it with the key hash.",
     {"aaa attribute list NMSP", " attribute type password " KEY_SHA256}},
    {DIAGNOSIS_INNER_KEY_HASH,
     "The hash configured for 00:50:56:9c:34:90, " CONFIGURED
     ", was taken over the bare (PKCS#1) key, not over the SubjectPublicKeyInfo.",
     "Replace it with the key hash.",
     {"aaa attribute list NMSP", " attribute type password " KEY_SHA256}},
    {DIAGNOSIS_WRONG_SERVER,
     "The peer is 00:50:56:9c:34:90, which may come in, but 00:50:56:9c:34:91 is configured for "
     "this server.",
     "If it is the right server that stands there, correct the MAC of the server entry.",
     {"nmsp server mse.example.net port 16113 mac 0050.569c.3490"}},
    {DIAGNOSIS_CLOCK_NOT_SET,
     "This machine's clock is not set, so that the dates of the peer's certificate "
     "(CN=MSE-0050569c3489) cannot be judged; this machine's clock is not synchronised by NTP.",
     "Set the clock: let NTP synchronise this machine; it is tried again by itself.",
     {NULL}},
    {DIAGNOSIS_NOT_YET_VALID,
     "The peer's certificate (CN=MSE-0050569c3489) becomes valid in 3600 s; this machine's clock "
     "is not synchronised by NTP.",
     "Synchronise both sides by NTP: this machine's clock must not be behind the server's.",
     {NULL}},
    {DIAGNOSIS_EXPIRED,
     "The peer's certificate (CN=MSE-0050569c3489) expired 3600 s ago; this machine's clock is not "
     "synchronised by NTP.",
     "Make a new certificate on the location server and replace its key hash here, or correct this "
     "machine's clock if it is ahead.",
     {NULL}},
    {DIAGNOSIS_SESSION_EXISTS,
     "Its MAC has a session already.",
     "Nothing has to be done, unless two servers were given one certificate or one server was "
     "configured twice.",
     {NULL}},
    {DIAGNOSIS_TOO_MANY,
     "There are as many inbound sessions as this agent holds.",
     "Let fewer location servers connect to this agent, or have it connect to some of them.",
     {NULL}},
    {DIAGNOSIS_NOT_NMSP,
     "The peer is authorised, but does not speak NMSP.",
     "See that it is the NMSP port of a location server that was configured, and not another "
     "service.",
     {NULL}},
    {DIAGNOSIS_VERSION,
     "The peer speaks another version of the protocol.",
     "Bring this agent or the location server to a release that the other one knows.",
     {NULL}},
    {DIAGNOSIS_MALFORMED,
     "The peer sent too many messages that cannot be read.",
     "Look at the log with --debug for what was wrong with them, and at the release of the "
     "location server.",
     {NULL}},
    {DIAGNOSIS_SILENT,
     "The peer is silent: nothing came within 30 s.",
     "See that the server is up, and that nothing on the way forgets idle connections.",
     {NULL}},
    {DIAGNOSIS_STALLED,
     "The peer is stalled: it does not take what is sent to it.",
     "See that the server is not overloaded; it may subscribe to associated clients alone, or "
     "filter locally administered MACs.",
     {NULL}},
    {DIAGNOSIS_PEER_CLOSED,
     "The peer closed the connection.",
     "Look at the log of the location server for its reason.",
     {NULL}},
    {DIAGNOSIS_LOST,
     "The connection was lost: Network is down.",
     "See that the server is up, and that the network to it is.",
     {NULL}},
    {DIAGNOSIS_NOT_ACCESS_POINT,
     "The peer (CN=MSE-0050569c3489) offers services and subscribes to none, as an access point "
     "does, and is not "
     "configured as one.",
     "If it is an access point of this controller, say so; if not, let it dial its own one.",
     {"nmsp ap 0050.569c.3489"}},
    {DIAGNOSIS_IS_CONTROLLER,
     "The peer (CN=MSE-0050569c3489) is no location server: it is an agent as this one, which "
     "offers services "
     "and subscribes to none, or it is configured as an access point here.",
     "Access points are not dialled, they come in: if it is one of this controller, remove its "
     "server entry, add it as an access point, and give it this device as its server.",
     {"nmsp ap 0050.569c.3489"}},
    {DIAGNOSIS_ENDED_HERE,
     "It was ended by this agent, as its settings ask.",
     "Nothing has to be done.",
     {NULL}},
    {DIAGNOSIS_CLAIMED_TWICE,
     "Access point 00:50:56:9c:34:91 claims the AP 00:50:56:9c:34:90, which another access point "
     "has already: what it says of that AP is not taken.",
     "Give each access point AP MACs of its own (nmsp base-mac, nmsp radio ... ap-mac there). "
     "\"show ap summary\" shows who has it now.",
     {NULL}},
    {DIAGNOSIS_LOOP,
     "Access point 00:50:56:9c:34:91 claims the AP 00:50:56:9c:34:90, which this device has "
     "itself: what it says of that AP is not taken.",
     "An access point must not be the controller of others, or be told what this one tells; if it "
     "is a copy of this device, give it a base MAC of its own (nmsp base-mac).",
     {NULL}},
    {DIAGNOSIS_TOO_MANY_APS,
     "Access point 00:50:56:9c:34:91 claims more than 4 AP MACs or 16 radios: its AP "
     "00:50:56:9c:34:90 is not taken.",
     "If it is the controller of other access points, let those come to this controller "
     "themselves.",
     {NULL}},
    {DIAGNOSIS_AP_CAPACITY,
     "There is no room for the AP 00:50:56:9c:34:90 of access point 00:50:56:9c:34:91.",
     "Give this agent room for more AP radios (system capacity aps) and start it again.",
     {NULL}},
    {DIAGNOSIS_NOT_ACTED_ON,
     "/nmspd-location:location/algorithm is set, and nothing on this machine can act on it.",
     "Nothing has to be done: it is kept, and taken up where something can act on it.",
     {NULL}},
};

static void assert_lines(const struct diagnosis *d, const char *const *expected)
{
    struct diagnosis_lines lines;
    size_t count = 0;

    diagnosis_lines(d, &lines);
    while (count < DIAGNOSIS_LINES_MAX && expected[count] != NULL)
        count++;
    assert_int_equal(lines.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(lines.line[i], expected[i]);
}

static void every_code_has_its_cause_its_remedy_and_its_lines(void **state)
{
    (void)state;
    assert_int_equal(sizeof(golden) / sizeof(golden[0]), DIAGNOSIS_CODES);
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        struct diagnosis d = facts(golden[i].code);
        char text[DIAGNOSIS_TEXT_SIZE];
        assert_int_equal(golden[i].code, i);
        assert_string_equal(diagnosis_cause(&d, text), golden[i].cause);
        assert_string_equal(diagnosis_remedy(&d, text), golden[i].remedy);
        assert_lines(&d, golden[i].lines);
    }
}

/* --- what depends on the facts --------------------------------------------------------------- */

static void assert_cause(const struct diagnosis *d, const char *expected)
{
    char text[DIAGNOSIS_TEXT_SIZE];

    assert_string_equal(diagnosis_cause(d, text), expected);
}

static void assert_remedy_has(const struct diagnosis *d, const char *part)
{
    char text[DIAGNOSIS_TEXT_SIZE];

    assert_non_null(strstr(diagnosis_remedy(d, text), part));
}

static void without_a_mac_in_the_certificate_no_user_can_be_pasted(void **state)
{
    struct diagnosis d = facts(DIAGNOSIS_UNKNOWN_MAC);

    (void)state;
    d.presented.mac_count = 0;
    assert_cause(&d, "The peer (CN=MSE-0050569c3489) with no MAC and the key hash SHA1 " KEY_SHA1
                     ", SHA2 " KEY_SHA256 " is not in the auth list.");
    assert_lines(&d, (const char *const[DIAGNOSIS_LINES_MAX]){NULL});
}

static void without_a_certificate_no_hash_can_be_pasted(void **state)
{
    struct diagnosis d = facts(DIAGNOSIS_DANGLING_LIST);

    (void)state;
    d.has_presented = false;
    assert_lines(&d, (const char *const[DIAGNOSIS_LINES_MAX]){NULL});
}

static void what_the_peer_offers_is_not_claimed_to_be_known(void **state)
{
    struct diagnosis d = facts(DIAGNOSIS_NO_COMMON);

    (void)state;
    d.alert = -1;
    assert_cause(&d, "Both sides have no TLS version, cipher suite or group in common; what the "
                     "peer offers is not known, offered here are TLS 1.2 and 1.3, ECDHE with "
                     "AES-GCM, ChaCha20-Poly1305 or AES-CBC.");
}

static void the_remedy_for_ciphers_names_the_knob_that_is_left(void **state)
{
    struct diagnosis d = facts(DIAGNOSIS_NO_COMMON);

    (void)state;
    d.strong_cipher = true;
    assert_remedy_has(&d, "Take strong-cipher back");
    assert_lines(&d, (const char *const[DIAGNOSIS_LINES_MAX]){"no nmsp strong-cipher"});
    d.legacy_cipher = true;
    assert_remedy_has(&d, "Bring the location server to a release with TLS 1.2");
    assert_lines(&d, (const char *const[DIAGNOSIS_LINES_MAX]){NULL});
    d.strong_cipher = false;
    d.legacy_cipher = false;
    d.has_expected = false;
    assert_lines(&d, (const char *const[DIAGNOSIS_LINES_MAX]){
                         "nmsp server mse.example.net port 16113 legacy-cipher"});
    d.inbound = true;
    assert_lines(&d,
                 (const char *const[DIAGNOSIS_LINES_MAX]){"nmsp listen port 16113 legacy-cipher"});
}

static void the_hash_to_give_away_is_that_of_the_certificate_that_was_shown(void **state)
{
    struct diagnosis d = facts(DIAGNOSIS_OWN_REFUSED);

    (void)state;
    assert_remedy_has(&d, "the key hash of its RSA certificate, SHA1 1111");
    d.own_key = CERTIFICATE_KEY_EC;
    memset(d.own_sha1, 0x33, sizeof(d.own_sha1));
    assert_remedy_has(&d, "the key hash of its EC certificate, SHA1 3333");
}

static void a_certificate_that_was_not_even_asked_for_is_told_by_its_kind(void **state)
{
    struct diagnosis d = facts(DIAGNOSIS_OWN_REFUSED);

    (void)state;
    d.alert = -1;
    assert_cause(&d, "The location server asks for no certificate with an RSA key, which this "
                     "agent was to show it; or it breaks a rule of TLS, which the TLS library does "
                     "not tell from that.");
    assert_remedy_has(&d,
                      "Let the location server take client certificates with RSA keys (signature "
                      "algorithms), or give this agent one of the other kind: the operation "
                      "renew-certificate with key-type ec.");
    d.own_key = CERTIFICATE_KEY_EC;
    assert_remedy_has(&d, "certificates with EC keys (signature algorithms)");
    assert_remedy_has(&d, "renew-certificate with key-type rsa.");
}

static void a_server_line_keeps_what_the_entry_has_besides(void **state)
{
    struct diagnosis d = facts(DIAGNOSIS_WRONG_SERVER);

    (void)state;
    d.legacy_cipher = true;
    assert_lines(&d, (const char *const[DIAGNOSIS_LINES_MAX]){
                         "nmsp server mse.example.net port 16113 mac 0050.569c.3490 "
                         "legacy-cipher"});
}

static void the_state_of_ntp_is_told_with_the_dates(void **state)
{
    struct diagnosis d = facts(DIAGNOSIS_EXPIRED);

    (void)state;
    d.ntp = DIAGNOSIS_NTP_SYNCHRONISED;
    assert_cause(&d, "The peer's certificate (CN=MSE-0050569c3489) expired 3600 s ago; this "
                     "machine's clock is synchronised by NTP.");
    d.ntp = DIAGNOSIS_NTP_UNKNOWN;
    assert_cause(&d, "The peer's certificate (CN=MSE-0050569c3489) expired 3600 s ago; whether NTP "
                     "keeps this machine's clock is not known.");
}

static void the_longest_facts_fit(void **state)
{
    struct diagnosis d = facts(DIAGNOSIS_NONE);
    char text[DIAGNOSIS_TEXT_SIZE];
    struct diagnosis_lines lines;

    (void)state;
    memset(d.host, 'h', sizeof(d.host) - 1);
    memset(d.presented.subject, 's', sizeof(d.presented.subject) - 1);
    memset(d.list, 'l', sizeof(d.list) - 1);
    d.hash_len = SETTINGS_KEY_HASH_MAX;
    for (unsigned code = DIAGNOSIS_DISABLED; code < DIAGNOSIS_CODES; code++) {
        d.code = (enum diagnosis_code)code;
        assert_true(strlen(diagnosis_cause(&d, text)) < DIAGNOSIS_TEXT_SIZE - 1);
        assert_int_equal(text[strlen(text) - 1], '.');
        assert_true(strlen(diagnosis_remedy(&d, text)) < DIAGNOSIS_TEXT_SIZE - 1);
        assert_int_equal(text[strlen(text) - 1], '.');
        diagnosis_lines(&d, &lines);
        for (size_t i = 0; i < lines.count; i++)
            assert_true(strlen(lines.line[i]) < DIAGNOSIS_LINE_SIZE - 1);
    }
}

/* --- all of it ------------------------------------------------------------------------------- */

static char told[8][DIAGNOSIS_TEXT_SIZE];
static size_t told_count;

static void keep(void *context, const char *text)
{
    assert_ptr_equal(context, told);
    (void)snprintf(told[told_count++], sizeof(told[0]), "%s", text);
}

static void cause_remedy_and_lines_are_told_in_this_order(void **state)
{
    struct diagnosis d = facts(DIAGNOSIS_CERTIFICATE_HASH);

    (void)state;
    told_count = 0;
    diagnosis_tell(&d, keep, told);
    assert_int_equal(told_count, 4);
    assert_string_equal(told[0], "cause: The hash configured for 00:50:56:9c:34:90, " CONFIGURED
                                 ", is the certificate's fingerprint, not the key hash.");
    assert_string_equal(told[1], "remedy: Replace it with the key hash.");
    assert_string_equal(told[2], "paste: aaa attribute list NMSP");
    assert_string_equal(told[3], "paste:  attribute type password " KEY_SHA256);
}

static void nothing_is_told_of_what_is_well(void **state)
{
    struct diagnosis d = facts(DIAGNOSIS_NONE);

    (void)state;
    told_count = 0;
    diagnosis_tell(&d, keep, told);
    assert_int_equal(told_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_cause_its_remedy_and_its_lines),
        cmocka_unit_test(without_a_mac_in_the_certificate_no_user_can_be_pasted),
        cmocka_unit_test(without_a_certificate_no_hash_can_be_pasted),
        cmocka_unit_test(what_the_peer_offers_is_not_claimed_to_be_known),
        cmocka_unit_test(the_remedy_for_ciphers_names_the_knob_that_is_left),
        cmocka_unit_test(the_hash_to_give_away_is_that_of_the_certificate_that_was_shown),
        cmocka_unit_test(a_certificate_that_was_not_even_asked_for_is_told_by_its_kind),
        cmocka_unit_test(a_server_line_keeps_what_the_entry_has_besides),
        cmocka_unit_test(the_state_of_ntp_is_told_with_the_dates),
        cmocka_unit_test(the_longest_facts_fit),
        cmocka_unit_test(cause_remedy_and_lines_are_told_in_this_order),
        cmocka_unit_test(nothing_is_told_of_what_is_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
