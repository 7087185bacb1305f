/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operator reads when a configuration is refused: the whole text, word for word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/test-settings.h"

static struct loader *config;

static int make_config(void **state)
{
    (void)state;
    config = loader_new(NULL);
    return config == NULL;
}

static int free_config(void **state)
{
    (void)state;
    loader_free(config);
    return 0;
}

struct refusal {
    const char *configuration;
    const char *path;
    const char *reason;
};

static void assert_refusals(const struct refusal *rows, size_t count)
{
    static struct config_error error;

    for (size_t i = 0; i < count; i++) {
        testing_refuse(config, rows[i].configuration, &error);
        assert_int_equal(error.count, 1);
        if (strcmp(error.faults[0].path, rows[i].path) != 0 ||
            strcmp(error.faults[0].reason, rows[i].reason) != 0)
            fail_msg("%s\nis refused with\n%s\n%s\nand not\n%s\n%s", rows[i].configuration,
                     error.faults[0].path, error.faults[0].reason, rows[i].path, rows[i].reason);
    }
}

#define ASSERT_REFUSALS(rows) assert_refusals(rows, sizeof(rows) / sizeof((rows)[0]))

static void text_that_is_not_json_is_refused_with_its_column(void **state)
{
    static const struct refusal rows[] = {
        {"", "",
         "column 1: this is not JSON: there is nothing in it: an empty configuration is {}"},
        {"{} {}", "", "column 4: this is not JSON: nothing may stand after the last }"},
        {"{'nmspd-nmsp:nmsp':{'enable':true,}}", "",
         "column 35: this is not JSON: nothing may stand between the last comma and the closing "
         "bracket"},
    };
    (void)state;
    ASSERT_REFUSALS(rows);
}

#define ALL_TOP                                                                   \
    "is not known; what may stand here is ietf-netconf-acm:nacm, nmspd-aaa:aaa, " \
    "nmspd-location:location, "                                                   \
    "nmspd-nmsp:nmsp, nmspd-radio:radios, nmspd-system:system, nmspd-trace:trace"

static void unknown_names_are_refused_with_the_known_ones(void **state)
{
    static const struct refusal rows[] = {
        {"{'nmsp':{}}", "", "\"nmsp\" " ALL_TOP},
        {"{'nmspd-nope:nmsp':{}}", "", "\"nmspd-nope\" " ALL_TOP},
        {"{'nmspd-nmsp:nope':{}}", "", "\"nope\" " ALL_TOP},
        {"{'nmspd-types:nope':{}}", "", "\"nope\" " ALL_TOP},
        {"{'nmspd-nmsp:nmsp':{'enabled':true}}", "/nmspd-nmsp:nmsp/enabled",
         "is not known; what may stand here is enable, strong-cipher, server, access-point, "
         "listen, notification, interface"},
        {"{'nmspd-aaa:aaa':{'user':[{'mac':'0050569c3489','list':'x'}]}}",
         "/nmspd-aaa:aaa/user[mac='0050569c3489']/list",
         "is not known; what may stand here is mac, attribute-list"},
        {"{'nmspd-system:system':{'capacity':{'clients':[[{}]]}}}",
         "/nmspd-system:system/capacity/clients",
         "is not known; what may stand here is devices, samples, aps, access-points"},
        {"{'nmspd-system:system':{'@':{'x:y':1}}}", "/nmspd-system:system",
         "holds an annotation (a name with @) that is not known: remove it"},
        {"{'nmspd-system:system':{'hostname':'a','@hostname':{'x:y':1}}}",
         "/nmspd-system:system/hostname",
         "holds an annotation (a name with @) that is not known: remove it"},
        {"{'nmspd-system:system':{'@hostname':{'x:y':1},'hostname':'a'}}",
         "/nmspd-system:system/@hostname",
         "holds an annotation (a name with @) that is not known: remove it"},
        {"{'ietf-yang-schema-mount:schema-mounts':{}}", "/ietf-yang-schema-mount:schema-mounts",
         "is not configuration: remove it"},
    };
    (void)state;
    ASSERT_REFUSALS(rows);
}

static void a_value_of_the_wrong_type_is_refused_with_the_right_one(void **state)
{
    static const struct refusal rows[] = {
        {"{'nmspd-nmsp:nmsp':5}", "/nmspd-nmsp:nmsp", "must be an object: { ... }"},
        {"{'nmspd-nmsp:nmsp':[{}]}", "/nmspd-nmsp:nmsp", "must be an object: { ... }"},
        {"{'nmspd-nmsp:nmsp':{'listen':true}}", "/nmspd-nmsp:nmsp/listen",
         "must be an object: { ... }"},
        {"{'nmspd-nmsp:nmsp':{'server':{'host':'a'}}}", "/nmspd-nmsp:nmsp/server",
         "must be an array of objects: [ { ... }, ... ]"},
        {"{'nmspd-nmsp:nmsp':{'server':['192.0.2.1']}}", "/nmspd-nmsp:nmsp/server",
         "must be an array of objects: [ { ... }, ... ]"},
        {"{'nmspd-nmsp:nmsp':{'enable':'true'}}", "/nmspd-nmsp:nmsp/enable",
         "must be true or false, without quotes"},
        {"{'nmspd-nmsp:nmsp':{'enable':1}}", "/nmspd-nmsp:nmsp/enable",
         "must be true or false, without quotes"},
        {"{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':'16113'}]}}",
         "/nmspd-nmsp:nmsp/server[host='a']/port",
         "must be a whole number, 1 to 65535, without quotes"},
        {"{'nmspd-location:location':{'rssi-half-life':{'tags':'5'}}}",
         "/nmspd-location:location/rssi-half-life/tags",
         "must be a whole number, 0, 1, 2, 5, 10, 20, 30, 60, 90, 120, 180 or 300, without "
         "quotes"},
        {"{'nmspd-system:system':{'hostname':5}}", "/nmspd-system:system/hostname",
         "must be a string, in double quotes"},
        {"{'nmspd-system:system':{'hostname':{}}}", "/nmspd-system:system/hostname",
         "must be a string, in double quotes"},
        {"{'nmspd-aaa:aaa':{'credential-download':[{'name':'default','method':'radius'}]}}",
         "/nmspd-aaa:aaa/credential-download[name='default']/method", "must be \"local\""},
        {"{'nmspd-location:location':{'algorithm':'best'}}", "/nmspd-location:location/algorithm",
         "must be \"rssi-average\" or \"simple\""},
    };
    (void)state;
    ASSERT_REFUSALS(rows);
}

#define COPY_AGAIN ". Copy it again from the server (show server-auth-info)"

static void a_key_hash_that_lost_or_gained_a_digit_is_refused_with_the_count(void **state)
{
    static const struct {
        size_t digits;
        const char *reason;
    } rows[] = {
        {39, "has 39 hex digits: a SHA1 key hash has 40, so one was lost" COPY_AGAIN},
        {41, "has 41 hex digits: a SHA1 key hash has 40, so one is too many" COPY_AGAIN},
        {63, "has 63 hex digits: a SHA2 key hash has 64, so one was lost" COPY_AGAIN},
        {65, "has 65 hex digits: a SHA2 key hash has 64, so one is too many" COPY_AGAIN},
        {0, "is not a whole key hash: SHA1 has 40 hex digits, SHA2 has 64" COPY_AGAIN},
        {32, "is not a whole key hash: SHA1 has 40 hex digits, SHA2 has 64" COPY_AGAIN},
        {50, "is not a whole key hash: SHA1 has 40 hex digits, SHA2 has 64" COPY_AGAIN},
        {128, "is not a whole key hash: SHA1 has 40 hex digits, SHA2 has 64" COPY_AGAIN},
        {40, NULL},
        {64, NULL},
    };
    static const char digits[] = "6ab919e20afc103d025aaf210c2a9dda151af9403ef52e80a35ae1ecb6d3c177"
                                 "6ab919e20afc103d025aaf210c2a9dda151af9403ef52e80a35ae1ecb6d3c177";

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "{'nmspd-aaa:aaa':{'attribute-list':[{'name':'NMSP','password':'%.*s'}]}}",
                       (int)rows[i].digits, digits);
        if (rows[i].reason == NULL) {
            settings_free(testing_accept(config, text));
            continue;
        }
        assert_refusals(&(struct refusal){text,
                                          "/nmspd-aaa:aaa/attribute-list[name='NMSP']/password",
                                          rows[i].reason},
                        1);
    }
}

static void a_value_that_the_schema_refuses_is_refused_in_its_words(void **state)
{
    static const struct refusal rows[] = {
        {"{'nmspd-aaa:aaa':{'attribute-list':[{'name':'A','password':'e0:af'}]}}",
         "/nmspd-aaa:aaa/attribute-list[name='A']/password",
         "is not a key hash: it holds something other than hex digits. Paste the digits alone, "
         "without blanks or colons"},
        {"{'nmspd-aaa:aaa':{'user':[{'mac':'0050569c348','attribute-list':'x'}]}}",
         "/nmspd-aaa:aaa/user/mac",
         "is not a MAC address: give 12 hex digits, as 0050569c3489, 00:50:56:9c:34:89, "
         "00-50-56-9c-34-89 or 0050.569c.3489"},
        {"{'nmspd-system:system':{'base-mac':'01:50:56:9c:34:89'}}",
         "/nmspd-system:system/base-mac",
         "is a group address (its first octet is odd): give the MAC of one device"},
        {"{'nmspd-radio:radios':{'radio':[{'interface':'wlan0','ap-mac':'0000.0000.0000'}]}}",
         "/nmspd-radio:radios/radio[interface='wlan0']/ap-mac",
         "is the zero address: give the MAC of one device"},
        {"{'nmspd-radio:radios':{'helper':'radio.sock'}}", "/nmspd-radio:radios/helper",
         "is not an absolute path: begin with a slash"},
        {"{'nmspd-radio:radios':{'scan':{'interval':9}}}", "/nmspd-radio:radios/scan/interval",
         "is out of range: give 10 to 3600 seconds, or 0 for no scans"},
        {"{'nmspd-nmsp:nmsp':{'server':[{'host':'a b','port':1}]}}", "/nmspd-nmsp:nmsp/server/host",
         "is not a host: give an IPv4 address, an IPv6 address or a DNS name"},
        {"{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':0}]}}",
         "/nmspd-nmsp:nmsp/server[host='a']/port",
         "is not a TCP port: give 1 to 65535 (NMSP uses 16113)"},
        {"{'nmspd-nmsp:nmsp':{'notification':{'client-notify-interval':181}}}",
         "/nmspd-nmsp:nmsp/notification/client-notify-interval",
         "is out of range: give 1 to 180 seconds"},
        {"{'nmspd-location:location':{'rssi-half-life':{'client':3}}}",
         "/nmspd-location:location/rssi-half-life/client",
         "is not a half-life: give 0, 1, 2, 5, 10, 20, 30, 60, 90, 120, 180 or 300 seconds"},
        {"{'nmspd-aaa:aaa':{'user':[{'mac':'0050569c3489','attribute-list':'a b'}]}}",
         "/nmspd-aaa:aaa/user[mac='0050569c3489']/attribute-list",
         "is not a list name: use printable ASCII characters without blanks"},
        {"{'nmspd-system:system':{'capacity':{'devices':1000,'samples':999}}}",
         "/nmspd-system:system/capacity",
         "holds fewer samples than devices, and every device needs at least one: raise samples or "
         "lower devices"},
        {"{'nmspd-system:system':{'capacity':{'devices':16385}}}", "/nmspd-system:system/capacity",
         "holds fewer samples than devices, and every device needs at least one: raise samples or "
         "lower devices"},
    };
    (void)state;
    ASSERT_REFUSALS(rows);
}

static void what_is_missing_is_named_in_its_own_entry(void **state)
{
    static const struct refusal rows[] = {
        {"{'nmspd-nmsp:nmsp':{'server':[{'host':'a'}]}}", "/nmspd-nmsp:nmsp/server[host='a']/port",
         "is missing, and every entry of this list must have it"},
        {"{'nmspd-nmsp:nmsp':{'server':[{}]}}", "/nmspd-nmsp:nmsp/server/host",
         "is missing, and every entry of this list must have it"},
        {"{'nmspd-aaa:aaa':{'user':[{'mac':'0050569c3489','attribute-list':'x'},"
         "{'mac':'0050569c348a'}]}}",
         "/nmspd-aaa:aaa/user[mac='0050569c348a']/attribute-list", "is missing, and must be given"},
        {"{'nmspd-aaa:aaa':{'credential-download':[{'name':'default'}]}}",
         "/nmspd-aaa:aaa/credential-download[name='default']/method",
         "is missing, and must be given"},
    };
    (void)state;
    ASSERT_REFUSALS(rows);
}

static void what_stands_twice_is_refused(void **state)
{
    static const struct refusal rows[] = {
        {"{'nmspd-nmsp:nmsp':{'enable':true,'enable':false}}", "/nmspd-nmsp:nmsp/enable",
         "stands here twice: remove one of the two"},
        {"{'nmspd-nmsp:nmsp':{},'nmspd-nmsp:nmsp':{}}", "/nmspd-nmsp:nmsp",
         "stands here twice: remove one of the two"},
        {"{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':1},{'host':'a','port':1}]}}",
         "/nmspd-nmsp:nmsp/server[host='a'][port='1']", "stands here twice: remove one of the two"},
        {"{'nmspd-aaa:aaa':{'user':[{'mac':'0050569c3489','attribute-list':'x'},"
         "{'mac':'0050569c3489','attribute-list':'y'}]}}",
         "/nmspd-aaa:aaa/user[mac='0050569c3489']", "stands here twice: remove one of the two"},
    };
    (void)state;
    ASSERT_REFUSALS(rows);
}

static void two_spellings_of_one_thing_are_refused(void **state)
{
    /* In the order of their keys, which libyang 3 would bring them into. */
    static const struct refusal rows[] = {
        {"{'nmspd-aaa:aaa':{'user':[{'mac':'0050569c3489','attribute-list':'x'},"
         "{'mac':'00:50:56:9C:34:89','attribute-list':'x'}]}}",
         "/nmspd-aaa:aaa/user[mac='00:50:56:9C:34:89']",
         "is 00:50:56:9c:34:89, which another user already has in another spelling: remove one of "
         "the two"},
        {"{'nmspd-nmsp:nmsp':{'access-point':[{'mac':'0050569c3489'},"
         "{'mac':'00:50:56:9C:34:89'}]}}",
         "/nmspd-nmsp:nmsp/access-point[mac='00:50:56:9C:34:89']",
         "is 00:50:56:9c:34:89, which another access point already has in another spelling: remove "
         "one of the two"},
        {"{'nmspd-nmsp:nmsp':{'server':[{'host':'mse','port':1,'mac':'0050569c3489'}],"
         "'access-point':[{'mac':'00:50:56:9C:34:89'}]}}",
         "/nmspd-nmsp:nmsp/access-point[mac='00:50:56:9C:34:89']",
         "is the MAC of server mse, too: a peer is a server or an access point, never both; remove "
         "one of the two"},
        {"{'nmspd-system:system':{'capacity':{'access-points':1}},"
         "'nmspd-nmsp:nmsp':{'access-point':[{'mac':'0050569c3489'},{'mac':'0050569c3490'}]}}",
         "/nmspd-nmsp:nmsp",
         "has 2 access points, and there is room for 1: raise \"system capacity access-points\", "
         "or "
         "remove some"},
        {"{'nmspd-nmsp:nmsp':{'server':[{'host':'MSE.example.net.','port':1},"
         "{'host':'mse.example.net','port':1}]}}",
         "/nmspd-nmsp:nmsp/server[host='mse.example.net'][port='1']",
         "is the same server as MSE.example.net. port 1: remove one of the two"},
        {"{'nmspd-nmsp:nmsp':{'server':[{'host':'2001:DB8:0:0:0:0:0:1','port':1},"
         "{'host':'2001:db8::1','port':1}]}}",
         "/nmspd-nmsp:nmsp/server[host='2001:db8::1'][port='1']",
         "is the same server as 2001:DB8:0:0:0:0:0:1 port 1: remove one of the two"},
        {"{'nmspd-radio:radios':{'radio':[{'interface':'wlan0','monitor':'mon0'},"
         "{'interface':'wlan1','monitor':'mon0'}]}}",
         "/nmspd-radio:radios/radio[interface='wlan1']/monitor",
         "is the monitor interface of wlan0 already: name each only once"},
    };
    (void)state;
    ASSERT_REFUSALS(rows);
}

static void servers_that_only_look_alike_are_taken(void **state)
{
    (void)state;
    settings_free(testing_accept(config, "{'nmspd-nmsp:nmsp':{'server':["
                                         "{'host':'a','port':1},{'host':'a','port':2},"
                                         "{'host':'ab','port':1},{'host':'a.b','port':1},"
                                         "{'host':'fe80::1%eth0','port':1},"
                                         "{'host':'fe80::1%eth1','port':1},"
                                         "{'host':'192.0.2.1','port':1},"
                                         "{'host':'::ffff:192.0.2.1','port':1}]}}"));
}

static void a_host_that_looks_like_an_address_must_be_one(void **state)
{
    static const struct refusal rows[] = {
        {"{'nmspd-nmsp:nmsp':{'server':[{'host':'192.0.2.256','port':1}]}}",
         "/nmspd-nmsp:nmsp/server[host='192.0.2.256'][port='1']/host",
         "looks like an address, but is none: give an IPv4 address, an IPv6 address or a DNS name"},
        {"{'nmspd-nmsp:nmsp':{'listen':{'address':'192.0.2'}}}", "/nmspd-nmsp:nmsp/listen/address",
         "is not an IP address: give an IPv4 or an IPv6 address of this device"},
    };
    (void)state;
    ASSERT_REFUSALS(rows);
}

static void a_legacy_cipher_is_refused_with_the_reason(void **state)
{
    static const char reason[] =
        "cannot be had: the TLS library of this build has no RSA key transport. Remove it, or use "
        "a wolfSSL built with WOLFSSL_STATIC_RSA and WOLFSSL_ALLOW_TLSV10";
    static const struct refusal rows[] = {
        {"{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':1,'legacy-cipher':true}]}}",
         "/nmspd-nmsp:nmsp/server[host='a'][port='1']/legacy-cipher", reason},
        {"{'nmspd-nmsp:nmsp':{'listen':{'legacy-cipher':true}}}",
         "/nmspd-nmsp:nmsp/listen/legacy-cipher", reason},
    };
    (void)state;
    ASSERT_REFUSALS(rows);
}

static void a_name_with_too_many_bytes_is_refused_not_cut(void **state)
{
    /* 63 characters, but 65 bytes. */
    static const struct refusal rows[] = {
        {"{'nmspd-radio:radios':{'radio':[{'interface':'w','ap-name':"
         "'\xC3\xA4\xC3\xA4"
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'}]}}",
         "/nmspd-radio:radios/radio[interface='w']/ap-name",
         "has 65 bytes: at most 64 are allowed"},
    };
    (void)state;
    ASSERT_REFUSALS(rows);
}

/* The text of a list with that many entries; each is made from its number. */
static char *many(const char *before, const char *entry, const char *after, unsigned count)
{
    size_t size = strlen(before) + (strlen(entry) + 16) * count + strlen(after) + 1;
    char *text = malloc(size);
    size_t used = 0;

    assert_non_null(text);
    used += (size_t)snprintf(text, size, "%s", before);
    for (unsigned i = 0; i < count; i++) {
        const char *place = strchr(entry, '#');
        used += (size_t)snprintf(text + used, size - used, "%s%.*s%05u%s", i > 0 ? "," : "",
                                 (int)(place - entry), entry, i + 1, place + 1);
    }
    (void)snprintf(text + used, size - used, "%s", after);
    return text;
}

static void lists_take_as_many_as_they_may_and_no_more(void **state)
{
    static const struct {
        const char *before;
        const char *entry;
        unsigned most;
        const char *path;
    } rows[] = {
        {"{'nmspd-nmsp:nmsp':{'server':[", "{'host':'a#','port':1}", SETTINGS_SERVERS_MAX,
         "/nmspd-nmsp:nmsp/server"},
        {"{'nmspd-aaa:aaa':{'attribute-list':[", "{'name':'a#'}", 2048,
         "/nmspd-aaa:aaa/attribute-list"},
        {"{'nmspd-aaa:aaa':{'user':[", "{'mac':'0200000#','attribute-list':'x'}", 2048,
         "/nmspd-aaa:aaa/user"},
        {"{'nmspd-aaa:aaa':{'credential-download':[", "{'name':'a#','method':'local'}", 64,
         "/nmspd-aaa:aaa/credential-download"},
        {"{'nmspd-radio:radios':{'radio':[", "{'interface':'w#'}", 64, "/nmspd-radio:radios/radio"},
    };
    static struct config_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char reason[64];
        char *text = many(rows[i].before, rows[i].entry, "]}}", rows[i].most);
        settings_free(testing_accept(config, text));
        free(text);

        text = many(rows[i].before, rows[i].entry, "]}}", rows[i].most + 1);
        testing_refuse(config, text, &error);
        (void)snprintf(reason, sizeof(reason), "is one too many: at most %u are allowed",
                       rows[i].most);
        assert_string_equal(error.faults[0].reason, reason);
        assert_memory_equal(error.faults[0].path, rows[i].path, strlen(rows[i].path));
        free(text);
    }
}

static void all_faults_that_only_the_agent_can_see_are_told_at_once(void **state)
{
    static struct config_error error;

    (void)state;
    testing_refuse(config,
                   "{'nmspd-nmsp:nmsp':{'listen':{'legacy-cipher':true},'server':["
                   "{'host':'1.2.3','port':1},{'host':'a','port':1,'legacy-cipher':true}]},"
                   "'nmspd-aaa:aaa':{'user':[{'mac':'0050569c3489','attribute-list':'x'},"
                   "{'mac':'0050.569c.3489','attribute-list':'x'}]}}",
                   &error);
    assert_int_equal(error.count, 4);
    assert_int_equal(error.omitted, 0);
}

static void faults_beyond_the_last_place_are_counted(void **state)
{
    static struct config_error error;
    char *text = many("{'nmspd-nmsp:nmsp':{'server':[",
                      "{'host':'a#','port':1,'legacy-cipher':true}", "]}}", 11);

    (void)state;
    testing_refuse(config, text, &error);
    assert_int_equal(error.count, CONFIG_FAULTS_MAX);
    assert_int_equal(error.omitted, 11 - CONFIG_FAULTS_MAX);
    free(text);
}

static void a_fault_in_a_value_is_told_with_its_line(void **state)
{
    static struct config_error error;
    char text[CONFIG_TEXT_SIZE];

    (void)state;
    testing_refuse(config, "{\n'nmspd-nmsp:nmsp':{\n 'enable':true,\n 'strong-cipher':1\n}\n}",
                   &error);
    assert_int_equal(error.faults[0].line, 4);
    assert_string_equal(
        config_fault_text(&error.faults[0], text, sizeof(text)),
        "line 4: /nmspd-nmsp:nmsp/strong-cipher: must be true or false, without quotes");
    testing_refuse(config,
                   "{\n'nmspd-nmsp:nmsp':{'server':[\n{\n'host':'a',\n'port':0\n},\n\n{\n"
                   "'host':'a',\n'port':1\n}\n]}}",
                   &error);
    assert_int_equal(error.faults[0].line, 5);
    testing_refuse(config, "{\n'nmspd-nmsp:nmsp':{\n'enable':1,\n'strong-cipher':true\n}\n}",
                   &error);
    assert_int_equal(error.faults[0].line, 3);
    testing_refuse(config, "{\n'nmspd-nmsp:nmsp':{\n'enabled':1,\n'strong-cipher':true\n}\n}",
                   &error);
    assert_int_equal(error.faults[0].line, 3);
    testing_refuse(config, "{\n\n]", &error);
    assert_string_equal(config_fault_text(&error.faults[0], text, sizeof(text)),
                        "line 3: column 1: this is not JSON: a string in double quotes must stand "
                        "here");
}

static void what_the_file_holds_cannot_forge_a_line(void **state)
{
    static struct config_error error;
    static const char *const hostile[] = {
        "{'nmspd-aaa:aaa':{'\\u001b[2J\\nx':1}}",
        "{'\\n\\u0007evil':1}",
        "{'nmspd-radio:radios':{'radio':[{'interface':'\\u009b\\u001b\\r','x':1}]}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        testing_refuse(config, hostile[i], &error);
        for (const char *at = error.faults[0].path; *at != '\0'; at++)
            assert_true(*at >= 0x20 && *at < 0x7F);
        for (const char *at = error.faults[0].reason; *at != '\0'; at++)
            assert_true(*at >= 0x20 && *at < 0x7F);
    }
}

static void quotes_and_slashes_in_a_key_do_not_confuse_the_path(void **state)
{
    static const struct refusal rows[] = {
        {"{'nmspd-aaa:aaa':{'attribute-list':[{'name':'a/b]c[d','password':5}]}}",
         "/nmspd-aaa:aaa/attribute-list[name='a/b]c[d']/password",
         "must be a string, in double quotes"},
        {"{'nmspd-aaa:aaa':{'attribute-list':[{'name':'a\\u0027/b','password':5}]}}",
         "/nmspd-aaa:aaa/attribute-list[name=\"a'/b\"]/password",
         "must be a string, in double quotes"},
        {"{'nmspd-aaa:aaa':{'credential-download':[{'name':'a\\u0027/b'}]}}",
         "/nmspd-aaa:aaa/credential-download[name=\"a'/b\"]/method",
         "is missing, and must be given"},
    };
    (void)state;
    ASSERT_REFUSALS(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_is_not_json_is_refused_with_its_column),
        cmocka_unit_test(unknown_names_are_refused_with_the_known_ones),
        cmocka_unit_test(a_value_of_the_wrong_type_is_refused_with_the_right_one),
        cmocka_unit_test(a_key_hash_that_lost_or_gained_a_digit_is_refused_with_the_count),
        cmocka_unit_test(a_value_that_the_schema_refuses_is_refused_in_its_words),
        cmocka_unit_test(what_is_missing_is_named_in_its_own_entry),
        cmocka_unit_test(what_stands_twice_is_refused),
        cmocka_unit_test(two_spellings_of_one_thing_are_refused),
        cmocka_unit_test(servers_that_only_look_alike_are_taken),
        cmocka_unit_test(a_host_that_looks_like_an_address_must_be_one),
        cmocka_unit_test(a_legacy_cipher_is_refused_with_the_reason),
        cmocka_unit_test(a_name_with_too_many_bytes_is_refused_not_cut),
        cmocka_unit_test(lists_take_as_many_as_they_may_and_no_more),
        cmocka_unit_test(all_faults_that_only_the_agent_can_see_are_told_at_once),
        cmocka_unit_test(faults_beyond_the_last_place_are_counted),
        cmocka_unit_test(a_fault_in_a_value_is_told_with_its_line),
        cmocka_unit_test(what_the_file_holds_cannot_forge_a_line),
        cmocka_unit_test(quotes_and_slashes_in_a_key_do_not_confuse_the_path),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
