/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each leaf takes and what it refuses, at the edges of its range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/schema/compat.h"
#include "config/schema/schema.h"
#include "config/test-settings.h"

enum { VALUES_MAX = 16 };

#define LONG_15  "abcdefghijklmno"
#define LONG_31  "abcdefghijklmnopqrstuvwxyz01234"
#define LONG_64  LONG_31 "a" LONG_31 "a"
#define LONG_253 LONG_64 LONG_64 LONG_64 LONG_31 "aaaaaaaaaa" LONG_15 "aaaaa"

#define SHA1 "e0afbe2e2abeed5a2f9ffc75f059da6a1bf2bfa0"
#define SHA2 "6ab919e20afc103d025aaf210c2a9dda151af9403ef52e80a35ae1ecb6d3c177"

/* Values are JSON; the first of `taken` is not the default. */
static const struct leaf {
    const char *path; /* of the schema */
    const char *configuration;
    const char *taken[VALUES_MAX];
    const char *refused[VALUES_MAX];
} leaves[] = {
#define SWITCH_VALUES                                           \
    {"true", "false"},                                          \
    {                                                           \
        "1", "0", "'true'", "'false'", "''", "null", "[]", "{}" \
    }
/* Of a switch that is on by default. */
#define ON_VALUES                                               \
    {"false", "true"},                                          \
    {                                                           \
        "1", "0", "'true'", "'false'", "''", "null", "[]", "{}" \
    }
#define SOCKET_VALUES                                                                              \
    {"'/a'", "'/" LONG_15 LONG_15 LONG_15 LONG_15 LONG_15 LONG_15 "'"},                            \
    {                                                                                              \
        "''", "'/'", "'a/b'", "'/a b'", "'/" LONG_15 LONG_15 LONG_15 LONG_15 LONG_15 LONG_15 "p'", \
            "5"                                                                                    \
    }
#define RSSI_VALUES                                           \
    {"1", "180"},                                             \
    {                                                         \
        "0", "181", "-1", "65536", "2.5", "'2'", "true", "''" \
    }
#define EVENT_VALUES                   \
    {"1", "30"},                       \
    {                                  \
        "0", "31", "-1", "256", "'30'" \
    }
#define MAC_VALUES                                                                              \
    {"'0050569c3489'", "'00:50:56:9C:34:89'", "'00-50-56-9c-34-89'", "'0050.569c.3489'"},       \
    {                                                                                           \
        "''", "'0050569c348'", "'0050569c34890'", "'00:50:56:9c:34-89'", "'00:50:56:9c:34:8g'", \
            "'0050:569c:3489'", "' 0050569c3489'", "'0150569c3489'", "'01:50:56:9c:34:89'",     \
            "'0150.569c.3489'", "'000000000000'", "'00:00:00:00:00:00'", "'ff:ff:ff:ff:ff:ff'", \
            "50569", "null"                                                                     \
    }
#define NAME_VALUES                                                                                \
    {"'B\xC3\xBCro'", "'" LONG_64 "'"},                                                            \
    {                                                                                              \
        "''", "'" LONG_64 "a'", "'a b'", "'a\\n'", "'a\\u007f'", "'\xC3\xA4" LONG_31 LONG_31 "a'", \
            "5"                                                                                    \
    }
#define PORT_VALUES                                  \
    {"1", "65535"},                                  \
    {                                                \
        "0", "65536", "-1", "'16113'", "1.5", "true" \
    }
#define LIST_VALUES                                                          \
    {"'wcm_loc_serv_cert'", "'" LONG_31 "'", "'!~'", "'a:b/c'"},             \
    {                                                                        \
        "''", "'" LONG_31 "x'", "'a b'", "' a'", "'\xC3\xA4'", "'a\\t'", "5" \
    }
#define HALF_LIFE_VALUES                                                     \
    {"1", "0", "2", "5", "10", "20", "30", "60", "90", "120", "180", "300"}, \
    {                                                                        \
        "3", "4", "6", "15", "299", "301", "-1", "'1'"                       \
    }
    {"/nmspd-system:system/hostname",
     "{'nmspd-system:system':{'hostname':%s}}",
     {"'a'", "'a.example.net'", "'a-b_c'", "'" LONG_64 "'"},
     {"''", "'-a'", "'a-'", "'.'", "'a b'", "'" LONG_64 "a'", "'\xC3\xA4'", "5"}},
    {"/nmspd-system:system/base-mac", "{'nmspd-system:system':{'base-mac':%s}}", MAC_VALUES},
    {"/nmspd-system:system/capacity/devices",
     "{'nmspd-system:system':{'capacity':{'devices':%s,'samples':4194304}}}",
     {"16", "262144"},
     {"15", "262145", "0", "-1", "4294967296", "'16'"}},
    {"/nmspd-system:system/capacity/samples",
     "{'nmspd-system:system':{'capacity':{'devices':16,'samples':%s}}}",
     {"16", "4194304"},
     {"15", "4194305", "0", "-1", "4294967296"}},
    {"/nmspd-system:system/capacity/aps",
     "{'nmspd-system:system':{'capacity':{'aps':%s}}}",
     {"1", "32768"},
     {"0", "32769", "-1", "65536"}},
    {"/nmspd-system:system/capacity/access-points",
     "{'nmspd-system:system':{'capacity':{'access-points':%s}}}",
     {"1", "1024"},
     {"0", "1025", "-1", "65536"}},
    {"/nmspd-trace:trace/level",
     "{'nmspd-trace:trace':{'level':%s}}",
     {"'err'", "'warning'", "'info'", "'debug'"},
     {"''", "'error'", "'DEBUG'", "3"}},
    {"/nmspd-trace:trace/buffer-size",
     "{'nmspd-trace:trace':{'buffer-size':%s}}",
     {"4096", "1048576"},
     {"4095", "1048577", "0", "-1", "4294967296", "'4096'"}},
    {"/nmspd-nmsp:nmsp/enable", "{'nmspd-nmsp:nmsp':{'enable':%s}}", SWITCH_VALUES},
    {"/nmspd-nmsp:nmsp/strong-cipher", "{'nmspd-nmsp:nmsp':{'strong-cipher':%s}}", SWITCH_VALUES},
    {"/nmspd-nmsp:nmsp/server/host",
     "{'nmspd-nmsp:nmsp':{'server':[{'host':%s,'port':1}]}}",
     {"'a'", "'192.0.2.1'", "'2001:db8::1'", "'::ffff:192.0.2.1'", "'fe80::1%br-lan'",
      "'a_b.example'", "'a.'", "'" LONG_253 "'"},
     {"''", "'a b'", "'" LONG_253 "a'", "'192.0.2.256'", "'192.0.2'", "'1'", "'192.0.2.1%eth0'",
      "'2001:db8::1::2'", "'fe80::1%'", "'%eth0'", "'a%eth0'", "'[::1]'", "'a/b'", "'http://a'",
      "5"}},
    {"/nmspd-nmsp:nmsp/server/port", "{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':%s}]}}",
     PORT_VALUES},
    {"/nmspd-nmsp:nmsp/server/mac",
     "{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':1,'mac':%s}]}}", MAC_VALUES},
    {"/nmspd-nmsp:nmsp/server/legacy-cipher",
     "{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':1,'legacy-cipher':%s}]}}", SWITCH_VALUES},
    {"/nmspd-nmsp:nmsp/access-point/mac", "{'nmspd-nmsp:nmsp':{'access-point':[{'mac':%s}]}}",
     MAC_VALUES},
    {"/nmspd-nmsp:nmsp/access-point/name",
     "{'nmspd-nmsp:nmsp':{'access-point':[{'mac':'0050569c3489','name':%s}]}}", NAME_VALUES},
    {"/nmspd-nmsp:nmsp/listen/port", "{'nmspd-nmsp:nmsp':{'listen':{'port':%s}}}", PORT_VALUES},
    {"/nmspd-nmsp:nmsp/listen/address",
     "{'nmspd-nmsp:nmsp':{'listen':{'address':%s}}}",
     {"'192.0.2.1'", "'::'", "'2001:DB8::1'", "'fe80::1%br-lan'", "'0.0.0.0'"},
     {"''", "'a'", "'abc'", "'192.0.2'", "'192.0.2.256'", "'192.0.2.1%eth0'", "':'", "'1::2::3'",
      "'mse.example.net'", "'fe80::1%'", "5"}},
    {"/nmspd-nmsp:nmsp/listen/legacy-cipher", "{'nmspd-nmsp:nmsp':{'listen':{'legacy-cipher':%s}}}",
     SWITCH_VALUES},
    {"/nmspd-nmsp:nmsp/listen/throttle/address-rate",
     "{'nmspd-nmsp:nmsp':{'listen':{'throttle':{'address-rate':%s}}}}",
     {"0", "1", "6000"},
     {"-1", "6001", "1.5", "'12'"}},
    {"/nmspd-nmsp:nmsp/listen/throttle/address-burst",
     "{'nmspd-nmsp:nmsp':{'listen':{'throttle':{'address-burst':%s}}}}",
     {"1", "1000"},
     {"0", "1001", "-1", "'6'"}},
    {"/nmspd-nmsp:nmsp/listen/throttle/rate",
     "{'nmspd-nmsp:nmsp':{'listen':{'throttle':{'rate':%s}}}}",
     {"0", "1", "6000"},
     {"-1", "6001", "'60'"}},
    {"/nmspd-nmsp:nmsp/listen/throttle/burst",
     "{'nmspd-nmsp:nmsp':{'listen':{'throttle':{'burst':%s}}}}",
     {"1", "1000"},
     {"0", "1001", "-1", "'20'"}},
    {"/nmspd-nmsp:nmsp/notification/client-notify-interval",
     "{'nmspd-nmsp:nmsp':{'notification':{'client-notify-interval':%s}}}", RSSI_VALUES},
    {"/nmspd-nmsp:nmsp/notification/rfid-notify-interval",
     "{'nmspd-nmsp:nmsp':{'notification':{'rfid-notify-interval':%s}}}", RSSI_VALUES},
    {"/nmspd-nmsp:nmsp/notification/rogue-ap-notify-interval",
     "{'nmspd-nmsp:nmsp':{'notification':{'rogue-ap-notify-interval':%s}}}", RSSI_VALUES},
    {"/nmspd-nmsp:nmsp/notification/rogue-client-notify-interval",
     "{'nmspd-nmsp:nmsp':{'notification':{'rogue-client-notify-interval':%s}}}", RSSI_VALUES},
    {"/nmspd-nmsp:nmsp/notification/interferer-notify-interval",
     "{'nmspd-nmsp:nmsp':{'notification':{'interferer-notify-interval':%s}}}", RSSI_VALUES},
    {"/nmspd-nmsp:nmsp/notification/attachment-notify-interval",
     "{'nmspd-nmsp:nmsp':{'notification':{'attachment-notify-interval':%s}}}", EVENT_VALUES},
    {"/nmspd-nmsp:nmsp/notification/location-notify-interval",
     "{'nmspd-nmsp:nmsp':{'notification':{'location-notify-interval':%s}}}", EVENT_VALUES},
    {"/nmspd-nmsp:nmsp/interface/name",
     "{'nmspd-nmsp:nmsp':{'interface':[{'name':%s,'suppress-attachment':true}]}}",
     {"'wlan0'", "'a'", "'eth0.100'", "'fifteen-letters'"},
     {"''", "'sixteen--letters'", "'a/b'", "'a b'", "0"}},
    {"/nmspd-nmsp:nmsp/interface/suppress-attachment",
     "{'nmspd-nmsp:nmsp':{'interface':[{'name':'wlan0','suppress-attachment':%s}]}}",
     SWITCH_VALUES},
    {"/nmspd-aaa:aaa/new-model", "{'nmspd-aaa:aaa':{'new-model':%s}}", SWITCH_VALUES},
    {"/nmspd-aaa:aaa/attribute-list/name", "{'nmspd-aaa:aaa':{'attribute-list':[{'name':%s}]}}",
     LIST_VALUES},
    {"/nmspd-aaa:aaa/attribute-list/password",
     "{'nmspd-aaa:aaa':{'attribute-list':[{'name':'x','password':%s}]}}",
     {"'" SHA1 "'", "'" SHA2 "'", "'E0AFBE2E2ABEED5A2F9FFC75F059DA6A1BF2BFA0'"},
     {"''", "'" SHA1 "0'", "'" SHA2 "0'", "'" SHA1 SHA2 "'", "'e0 af'", "' " SHA1 "'",
      "'" SHA1 "\\n'", "'e0afbe2e2abeed5a2f9ffc75f059da6a1bf2bfa'",
      "'6ab919e20afc103d025aaf210c2a9dda151af9403ef52e80a35ae1ecb6d3c17'",
      "'g0afbe2e2abeed5a2f9ffc75f059da6a1bf2bfa0'", "0"}},
    {"/nmspd-aaa:aaa/user/mac", "{'nmspd-aaa:aaa':{'user':[{'mac':%s,'attribute-list':'x'}]}}",
     MAC_VALUES},
    {"/nmspd-aaa:aaa/user/attribute-list",
     "{'nmspd-aaa:aaa':{'user':[{'mac':'0050569c3489','attribute-list':%s}]}}", LIST_VALUES},
    {"/nmspd-aaa:aaa/credential-download/name",
     "{'nmspd-aaa:aaa':{'credential-download':[{'name':%s,'method':'local'}]}}", LIST_VALUES},
    {"/nmspd-aaa:aaa/credential-download/method",
     "{'nmspd-aaa:aaa':{'credential-download':[{'name':'x','method':%s}]}}",
     {"'local'"},
     {"'radius'", "'Local'", "''", "1", "true"}},
    {"/nmspd-location:location/algorithm",
     "{'nmspd-location:location':{'algorithm':%s}}",
     {"'simple'", "'rssi-average'"},
     {"'best'", "''", "0", "null"}},
    {"/nmspd-location:location/rssi-half-life/calibrating-client",
     "{'nmspd-location:location':{'rssi-half-life':{'calibrating-client':%s}}}", HALF_LIFE_VALUES},
    {"/nmspd-location:location/rssi-half-life/client",
     "{'nmspd-location:location':{'rssi-half-life':{'client':%s}}}", HALF_LIFE_VALUES},
    {"/nmspd-location:location/rssi-half-life/rogue-aps",
     "{'nmspd-location:location':{'rssi-half-life':{'rogue-aps':%s}}}", HALF_LIFE_VALUES},
    {"/nmspd-location:location/rssi-half-life/tags",
     "{'nmspd-location:location':{'rssi-half-life':{'tags':%s}}}", HALF_LIFE_VALUES},
    {"/nmspd-location:location/expiry/calibrating-client",
     "{'nmspd-location:location':{'expiry':{'calibrating-client':%s}}}",
     {"1", "3600"},
     {"0", "3601", "-1"}},
    {"/nmspd-location:location/expiry/client",
     "{'nmspd-location:location':{'expiry':{'client':%s}}}",
     {"5", "3600"},
     {"4", "3601", "-1"}},
    {"/nmspd-location:location/expiry/rogue-aps",
     "{'nmspd-location:location':{'expiry':{'rogue-aps':%s}}}",
     {"240", "3600"},
     {"239", "3601", "-1"}},
    {"/nmspd-location:location/expiry/tags",
     "{'nmspd-location:location':{'expiry':{'tags':%s}}}",
     {"300", "5"},
     {"4", "301", "-1"}},
    {"/nmspd-location:location/notify-threshold/client",
     "{'nmspd-location:location':{'notify-threshold':{'client':%s}}}",
     {"10", "0"},
     {"11", "-1", "256"}},
    {"/nmspd-location:location/notify-threshold/rogue-aps",
     "{'nmspd-location:location':{'notify-threshold':{'rogue-aps':%s}}}",
     {"0", "10"},
     {"11", "-1", "256"}},
    {"/nmspd-location:location/notify-threshold/tags",
     "{'nmspd-location:location':{'notify-threshold':{'tags':%s}}}",
     {"1", "10"},
     {"0", "11", "-1", "256"}},
    {"/nmspd-location:location/plm/client",
     "{'nmspd-location:location':{'plm':{'client':%s}}}",
     {"0", "3600"},
     {"3601", "-1"}},
    {"/nmspd-location:location/plm/calibrating",
     "{'nmspd-location:location':{'plm':{'calibrating':%s}}}",
     {"'uniband'", "'multiband'"},
     {"'both'", "''", "true"}},
    {"/nmspd-location:location/locally-administered",
     "{'nmspd-location:location':{'locally-administered':%s}}",
     {"'ignore'", "'report'"},
     {"'drop'", "''", "true"}},
    {"/nmspd-location:location/beacon-report/interval",
     "{'nmspd-location:location':{'beacon-report':{'interval':%s}}}",
     {"10", "0", "3600"},
     {"1", "9", "3601", "-1", "65536"}},
    {"/nmspd-location:location/rfid/timeout",
     "{'nmspd-location:location':{'rfid':{'timeout':%s}}}",
     {"60", "7200"},
     {"59", "7201", "-1"}},
    {"/nmspd-radio:radios/poll-interval",
     "{'nmspd-radio:radios':{'poll-interval':%s}}",
     {"1", "60"},
     {"0", "61", "-1", "256"}},
    {"/nmspd-radio:radios/hostapd/enabled", "{'nmspd-radio:radios':{'hostapd':{'enabled':%s}}}",
     ON_VALUES},
    {"/nmspd-radio:radios/hostapd/directory", "{'nmspd-radio:radios':{'hostapd':{'directory':%s}}}",
     SOCKET_VALUES},
    {"/nmspd-radio:radios/scan/results", "{'nmspd-radio:radios':{'scan':{'results':%s}}}",
     ON_VALUES},
    {"/nmspd-radio:radios/scan/interval",
     "{'nmspd-radio:radios':{'scan':{'interval':%s}}}",
     {"10", "0", "3600"},
     {"9", "3601", "-1", "65536"}},
    {"/nmspd-radio:radios/helper", "{'nmspd-radio:radios':{'helper':%s}}", SOCKET_VALUES},
    {"/nmspd-radio:radios/radio/monitor",
     "{'nmspd-radio:radios':{'radio':[{'interface':'x','monitor':%s}]}}",
     {"'mon0'", "'" LONG_15 "'"},
     {"''", "'" LONG_15 "p'", "'a b'", "'a/b'", "5"}},
    {"/nmspd-radio:radios/radio/interface",
     "{'nmspd-radio:radios':{'radio':[{'interface':%s}]}}",
     {"'wlan0'", "'phy0-ap0.1'", "'" LONG_15 "'"},
     {"''", "'" LONG_15 "p'", "'a b'", "'a/b'", "'a:b'", "'\xC3\xA4'", "5"}},
    {"/nmspd-radio:radios/radio/disable",
     "{'nmspd-radio:radios':{'radio':[{'interface':'x','disable':%s}]}}", SWITCH_VALUES},
    {"/nmspd-radio:radios/radio/ap-mac",
     "{'nmspd-radio:radios':{'radio':[{'interface':'x','ap-mac':%s}]}}", MAC_VALUES},
    {"/nmspd-radio:radios/radio/ap-name",
     "{'nmspd-radio:radios':{'radio':[{'interface':'x','ap-name':%s}]}}", NAME_VALUES},
    {"/nmspd-radio:radios/radio/poll-interval",
     "{'nmspd-radio:radios':{'radio':[{'interface':'x','poll-interval':%s}]}}",
     {"1", "60"},
     {"0", "61", "-1", "256"}},
};

static struct loader *config;

static int make_config(void **state)
{
    (void)state;
    config = loader_new(&(struct config_capabilities){.legacy_cipher = true});
    return config == NULL;
}

static int free_config(void **state)
{
    (void)state;
    loader_free(config);
    return 0;
}

static char *with_value(const struct leaf *leaf, const char *value)
{
    const char *place = strstr(leaf->configuration, "%s");
    char *text = NULL;

    assert_non_null(place);
    assert_true(asprintf(&text, "%.*s%s%s", (int)(place - leaf->configuration), leaf->configuration,
                         value, place + 2) > 0);
    return text;
}

static const struct leaf *find_leaf(const char *path)
{
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
        if (strcmp(leaves[i].path, path) == 0)
            return &leaves[i];
    return NULL;
}

static bool is_kept(const char *path)
{
    for (size_t i = 0; apply_kept[i] != NULL; i++)
        if (strcmp(apply_kept[i], path) == 0)
            return true;
    return false;
}

/* The deepest element and what each has in common: LYSC_PATH_DATA is spelled like the rows. */
static size_t count_leaves(const struct lysc_node *node)
{
    size_t count = 0;

    for (; node != NULL; node = node->next) {
        char path[256];
        count += count_leaves(lysc_node_child(node));
        if (node->nodetype != LYS_LEAF || !(node->flags & LYS_CONFIG_W))
            continue;
        assert_non_null(lysc_path(node, LYSC_PATH_DATA, path, sizeof(path)));
        if (find_leaf(path) == NULL)
            fail_msg("%s has no row in this test", path);
        assert_true((node->dsc != NULL) == (strcmp(getenv("NMSPD_YANG"), "full") == 0));
        count++;
    }
    return count;
}

static void every_leaf_of_the_schema_has_a_row_here_and_a_description(void **state)
{
    struct ly_ctx *schema = schema_new();
    size_t count = 0;

    (void)state;
    assert_non_null(schema);
    for (size_t i = 0; i < schema_module_count; i++) {
        const struct lys_module *module =
            ly_ctx_get_module(schema, schema_modules[i].name, schema_modules[i].revision);
        assert_non_null(module);
        count += count_leaves(module->compiled->data);
    }
    assert_int_equal(count, sizeof(leaves) / sizeof(leaves[0]));
    schema_free(schema);
}

static void what_is_in_range_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        for (size_t j = 0; j < VALUES_MAX && leaves[i].taken[j] != NULL; j++) {
            char *text = with_value(&leaves[i], leaves[i].taken[j]);
            settings_free(testing_accept(config, text));
            free(text);
        }
    }
}

/* The path ends in the leaf, or in the list that it is the key of. */
static void what_is_out_of_range_is_refused_at_its_own_path(void **state)
{
    static struct config_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        const char *name = strrchr(leaves[i].path, '/');
        for (size_t j = 0; j < VALUES_MAX && leaves[i].refused[j] != NULL; j++) {
            char *text = with_value(&leaves[i], leaves[i].refused[j]);
            testing_refuse(config, text, &error);
            assert_int_equal(error.count, 1);
            if (strstr(error.faults[0].path, name) == NULL)
                fail_msg("%s\nis refused at %s: %s", text, error.faults[0].path,
                         error.faults[0].reason);
            free(text);
        }
    }
}

static void no_reason_is_in_the_librarys_own_words(void **state)
{
    static const char *const foreign[] = {"Invalid", "Value", "Unsatisfied", "Unexpected", "JSON"};
    static struct config_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        for (size_t j = 0; j < VALUES_MAX && leaves[i].refused[j] != NULL; j++) {
            char *text = with_value(&leaves[i], leaves[i].refused[j]);
            testing_refuse(config, text, &error);
            for (size_t k = 0; k < sizeof(foreign) / sizeof(foreign[0]); k++)
                if (strstr(error.faults[0].reason, foreign[k]) != NULL)
                    fail_msg("%s\nis refused with: %s", text, error.faults[0].reason);
            free(text);
        }
    }
}

/* A knob that is neither in the settings nor named as kept would be lost without a word. */
static void every_leaf_reaches_the_settings_or_is_named_as_kept(void **state)
{
    struct settings *defaults = settings_new();

    (void)state;
    assert_non_null(defaults);
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        char *text = with_value(&leaves[i], leaves[i].taken[0]);
        struct settings *settings = testing_accept(config, text);
        if (testing_same(settings, defaults) != is_kept(leaves[i].path))
            fail_msg("%s: %s", leaves[i].path,
                     is_kept(leaves[i].path) ? "is said to be kept, but changes the settings"
                                             : "changes nothing and is not named as kept");
        settings_free(settings);
        free(text);
    }
    settings_free(defaults);
}

static void every_kept_leaf_exists(void **state)
{
    (void)state;
    for (size_t i = 0; apply_kept[i] != NULL; i++)
        assert_non_null(find_leaf(apply_kept[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_leaf_of_the_schema_has_a_row_here_and_a_description),
        cmocka_unit_test(what_is_in_range_is_taken),
        cmocka_unit_test(what_is_out_of_range_is_refused_at_its_own_path),
        cmocka_unit_test(no_reason_is_in_the_librarys_own_words),
        cmocka_unit_test(every_leaf_reaches_the_settings_or_is_named_as_kept),
        cmocka_unit_test(every_kept_leaf_exists),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
