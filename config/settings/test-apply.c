/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/hex.h"
#include "config/test-settings.h"

static struct loader *config;
static const char *example_path;

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

static void assert_mac(const struct mac *mac, const char *expected)
{
    char text[MAC_TEXT_SIZE];
    assert_string_equal(mac_text(mac, text), expected);
}

static void assert_hash(const struct settings_attribute_list *list, const char *expected)
{
    char text[2 * SETTINGS_KEY_HASH_MAX + 1];
    assert_string_equal(hex_text(list->key_hash, list->key_hash_len, text), expected);
}

static void the_defaults_of_the_yang_modules_are_those_of_settings_new(void **state)
{
    static const char *const empty[] = {
        "{}",
        "{'nmspd-nmsp:nmsp':{},'nmspd-aaa:aaa':{},'nmspd-system:system':{},"
        "'nmspd-radio:radios':{},'nmspd-location:location':{},'nmspd-trace:trace':{}}",
        "{'nmspd-nmsp:nmsp':{'server':[],'notification':{}},'nmspd-aaa:aaa':{'user':[]},"
        "'nmspd-location:location':{'expiry':{},'rssi-half-life':{}}}",
    };
    struct settings *defaults = settings_new();

    (void)state;
    assert_non_null(defaults);
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        struct settings *settings = testing_accept(config, empty[i]);
        if (!testing_same(settings, defaults))
            fail_msg("%s is not what settings_new() gives", empty[i]);
        settings_free(settings);
    }
    settings_free(defaults);
}

static void a_listener_has_the_default_port_and_all_addresses(void **state)
{
    struct settings *settings = testing_accept(config, "{'nmspd-nmsp:nmsp':{'listen':{}}}");

    (void)state;
    assert_true(settings->listen.enabled);
    assert_int_equal(settings->listen.port, SETTINGS_NMSP_PORT);
    assert_string_equal(settings->listen.address, "");
    assert_int_equal(settings->listen.each.rate, 12);
    assert_int_equal(settings->listen.each.burst, 6);
    assert_int_equal(settings->listen.all.rate, 60);
    assert_int_equal(settings->listen.all.burst, 20);
    settings_free(settings);
}

static void every_single_value_reaches_its_own_member(void **state)
{
    struct settings *s = testing_accept(
        config, "{'nmspd-system:system':{'hostname':'ap-7','base-mac':'00-0A-0b-0c-0d-0e',"
                "'capacity':{'devices':301,'samples':302,'aps':303}},"
                "'nmspd-nmsp:nmsp':{'enable':true,'strong-cipher':true,"
                "'listen':{'port':1024,'address':'2001:db8::7','throttle':{'address-rate':51,"
                "'address-burst':52,'rate':53,'burst':54}},"
                "'notification':{'client-notify-interval':11,'rfid-notify-interval':12,"
                "'rogue-ap-notify-interval':13,'rogue-client-notify-interval':14}},"
                "'nmspd-aaa:aaa':{'new-model':true},"
                "'nmspd-radio:radios':{'poll-interval':21,"
                "'hostapd':{'enabled':false,'directory':'/a'},'helper':'/b',"
                "'scan':{'results':false,'interval':31}},"
                "'nmspd-location:location':{'expiry':{'client':101,'tags':103,"
                "'rogue-aps':304},'notify-threshold':{'client':1,'tags':2,'rogue-aps':3},"
                "'rssi-half-life':{'client':20,'tags':30,'rogue-aps':60},'rfid':{'timeout':61},'"
                "beacon-report':{'interval':62},"
                "'locally-administered':'ignore'},"
                "'nmspd-trace:trace':{'level':'info','buffer-size':5000}}");

    (void)state;
    assert_string_equal(s->radios.hostname, "ap-7");
    assert_true(s->radios.has_base_mac);
    assert_mac(&s->radios.base_mac, "00:0a:0b:0c:0d:0e");
    assert_int_equal(s->capacity.devices, 301);
    assert_int_equal(s->capacity.samples, 302);
    assert_int_equal(s->capacity.aps, 303);
    assert_true(s->enabled);
    assert_true(s->strong_cipher);
    assert_int_equal(s->listen.port, 1024);
    assert_string_equal(s->listen.address, "2001:db8::7");
    assert_int_equal(s->listen.each.rate, 51);
    assert_int_equal(s->listen.each.burst, 52);
    assert_int_equal(s->listen.all.rate, 53);
    assert_int_equal(s->listen.all.burst, 54);
    assert_int_equal(s->intervals.client, 11);
    assert_int_equal(s->intervals.rfid, 12);
    assert_int_equal(s->intervals.rogue_ap, 13);
    assert_int_equal(s->intervals.rogue_client, 14);
    assert_true(s->aaa.new_model);
    assert_int_equal(s->radios.default_poll_seconds, 21);
    assert_int_equal(s->location.beacon_report, 62);
    assert_int_equal(s->radios.beacon_report, 62);
    assert_false(s->radios.hostapd);
    assert_string_equal(s->radios.hostapd_directory, "/a");
    assert_string_equal(s->radios.helper, "/b");
    assert_false(s->radios.scan_results);
    assert_int_equal(s->radios.scan_seconds, 31);
    assert_int_equal(s->location.expiry_client, 101);
    assert_int_equal(s->location.expiry_tags, 103);
    assert_int_equal(s->location.expiry_rogue_aps, 304);
    assert_int_equal(s->location.threshold_client, 1);
    assert_int_equal(s->location.threshold_tags, 2);
    assert_int_equal(s->location.threshold_rogue_aps, 3);
    assert_int_equal(s->location.algorithm, SETTINGS_RSSI_AVERAGE);
    assert_int_equal(s->location.half_life_client, 20);
    assert_int_equal(s->location.half_life_tags, 30);
    assert_int_equal(s->location.half_life_rogue_aps, 60);
    assert_int_equal(s->location.rfid_timeout, 61);
    assert_true(s->location.ignore_local_macs);
    assert_int_equal(s->kept_count, 0);
    assert_int_equal(s->trace.level, TRACE_INFO);
    assert_int_equal(s->trace.buffer_size, 5000);
    settings_free(s);
}

static void half_lives_are_not_acted_on_while_the_last_reading_stands(void **state)
{
    struct settings *s =
        testing_accept(config, "{'nmspd-location:location':{'algorithm':'simple',"
                               "'rssi-half-life':{'client':20,'calibrating-client':5}}}");

    (void)state;
    assert_int_equal(s->location.algorithm, SETTINGS_SIMPLE);
    assert_int_equal(s->kept_count, 2);
    assert_string_equal(s->kept[0], "/nmspd-location:location/rssi-half-life/calibrating-client");
    assert_string_equal(s->kept[1], "/nmspd-location:location/rssi-half-life/client");
    settings_free(s);
}

static void every_trace_level_is_taken(void **state)
{
    static const struct {
        const char *text;
        enum trace_level level;
    } rows[] = {{"{'nmspd-trace:trace':{'level':'err'}}", TRACE_ERR},
                {"{'nmspd-trace:trace':{'level':'warning'}}", TRACE_WARNING},
                {"{'nmspd-trace:trace':{'level':'info'}}", TRACE_INFO},
                {"{'nmspd-trace:trace':{'level':'debug'}}", TRACE_DEBUG}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings *s = testing_accept(config, rows[i].text);
        assert_int_equal(s->trace.level, rows[i].level);
        settings_free(s);
    }
}

static void servers_are_taken_with_all_they_have(void **state)
{
    struct settings *s =
        testing_accept(config, "{'nmspd-nmsp:nmsp':{'server':["
                               "{'host':'192.0.2.1','port':16113,'mac':'0050.569c.3489'},"
                               "{'host':'mse.example.net','port':16113},"
                               "{'host':'192.0.2.1','port':1},"
                               "{'host':'fe80::1%eth0','port':65535}]}}");

    (void)state;
    assert_int_equal(s->server_count, 4);
    assert_string_equal(s->servers[0].host, "192.0.2.1");
    assert_int_equal(s->servers[0].port, 1);
    assert_false(s->servers[0].has_mac);
    assert_string_equal(s->servers[1].host, "192.0.2.1");
    assert_int_equal(s->servers[1].port, 16113);
    assert_true(s->servers[1].has_mac);
    assert_mac(&s->servers[1].mac, "00:50:56:9c:34:89");
    assert_false(s->servers[1].legacy_cipher);
    assert_string_equal(s->servers[2].host, "fe80::1%eth0");
    assert_int_equal(s->servers[2].port, 65535);
    assert_string_equal(s->servers[3].host, "mse.example.net");
    settings_free(s);
}

static void settings_that_say_the_same_are_the_same(void **state)
{
    struct settings *one = testing_accept(
        config, "{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':2},{'host':'a','port':1},"
                "{'host':'b','port':1}]},"
                "'nmspd-aaa:aaa':{'user':[{'mac':'0050569c3489','attribute-list':'x'},"
                "{'mac':'0050569c3488','attribute-list':'x'}],"
                "'attribute-list':[{'name':'x'},{'name':'X'}],"
                "'credential-download':[{'name':'m','method':'local'},"
                "{'name':'default','method':'local'}]},"
                "'nmspd-radio:radios':{'radio':[{'interface':'b'},{'interface':'a'}]}}");
    struct settings *other = testing_accept(
        config, "{'nmspd-radio:radios':{'radio':[{'interface':'a'},{'interface':'b'}]},"
                "'nmspd-aaa:aaa':{'credential-download':[{'method':'local','name':'default'},"
                "{'name':'m','method':'local'}],"
                "'attribute-list':[{'name':'X'},{'name':'x'}],"
                "'user':[{'mac':'00:50:56:9c:34:88','attribute-list':'x'},"
                "{'mac':'0050.569C.3489','attribute-list':'x'}]},"
                "'nmspd-nmsp:nmsp':{'server':[{'host':'b','port':1},{'host':'a','port':1},"
                "{'host':'a','port':2}]}}");

    (void)state;
    assert_true(testing_same(one, other));
    settings_free(one);
    settings_free(other);
}

static void the_auth_list_is_taken_in_any_order_and_with_dangling_names(void **state)
{
    struct settings *s = testing_accept(
        config, "{'nmspd-aaa:aaa':{"
                "'user':[{'mac':'0050569c3489','attribute-list':'LATER'},"
                "{'mac':'00:50:56:9c:34:8a','attribute-list':'nowhere'}],"
                "'attribute-list':["
                "{'name':'LATER',"
                "'password':'6AB919e20afc103d025aaf210c2a9dda151af9403ef52e80a35ae1ecb6d3c177'},"
                "{'name':'old','password':'e0afbe2e2abeed5a2f9ffc75f059da6a1bf2bfa0'},"
                "{'name':'empty'}],"
                "'credential-download':[{'name':'wcm_loc_serv_cert','method':'local'},"
                "{'name':'default','method':'local'}]}}");

    (void)state;
    assert_int_equal(s->aaa.user_count, 2);
    assert_mac(&s->aaa.users[0].mac, "00:50:56:9c:34:89");
    assert_string_equal(s->aaa.users[0].attribute_list, "LATER");
    assert_string_equal(s->aaa.users[1].attribute_list, "nowhere");
    assert_int_equal(s->aaa.attribute_list_count, 3);
    assert_string_equal(s->aaa.attribute_lists[0].name, "LATER");
    assert_int_equal(s->aaa.attribute_lists[0].key_hash_len, 32);
    assert_hash(&s->aaa.attribute_lists[0],
                "6ab919e20afc103d025aaf210c2a9dda151af9403ef52e80a35ae1ecb6d3c177");
    assert_int_equal(s->aaa.attribute_lists[1].key_hash_len, 0);
    assert_int_equal(s->aaa.attribute_lists[2].key_hash_len, 20);
    assert_hash(&s->aaa.attribute_lists[2], "e0afbe2e2abeed5a2f9ffc75f059da6a1bf2bfa0");
    assert_int_equal(s->aaa.method_list_count, 2);
    assert_string_equal(s->aaa.method_lists[0].name, "default");
    assert_true(s->aaa.method_lists[0].local);
    assert_string_equal(s->aaa.method_lists[1].name, "wcm_loc_serv_cert");
    settings_free(s);
}

static void a_radio_without_an_interval_of_its_own_has_the_common_one(void **state)
{
    struct settings *s = testing_accept(
        config, "{'nmspd-radio:radios':{'radio':["
                "{'interface':'wlan0'},"
                "{'interface':'wlan1','poll-interval':1,'disable':true,'monitor':'mon1'},"
                "{'interface':'wlan2','ap-mac':'001b.0caf.fe9d','ap-name':'B\xC3\xBCro-1'}],"
                "'poll-interval':7}}");

    (void)state;
    assert_int_equal(s->radios.radio_count, 3);
    assert_string_equal(s->radios.radios[0].ifname, "wlan0");
    assert_int_equal(s->radios.radios[0].poll_seconds, 7);
    assert_false(s->radios.radios[0].disabled);
    assert_false(s->radios.radios[0].has_ap_mac);
    assert_string_equal(s->radios.radios[0].ap_name, "");
    assert_int_equal(s->radios.radios[1].poll_seconds, 1);
    assert_string_equal(s->radios.radios[0].monitor, "");
    assert_string_equal(s->radios.radios[1].monitor, "mon1");
    assert_true(s->radios.radios[1].disabled);
    assert_true(s->radios.radios[2].has_ap_mac);
    assert_mac(&s->radios.radios[2].ap_mac, "00:1b:0c:af:fe:9d");
    assert_string_equal(s->radios.radios[2].ap_name, "B\xC3\xBCro-1");
    settings_free(s);
}

static void interfaces_that_are_suppressed_are_listed_by_name(void **state)
{
    struct settings *s =
        testing_accept(config, "{'nmspd-nmsp:nmsp':{'interface':["
                               "{'name':'wlan1','suppress-attachment':true},{'name':'wlan2'},"
                               "{'name':'abcdefghijklmno','suppress-attachment':true}]}}");

    (void)state;
    assert_int_equal(s->radios.suppressed_count, 3);
    assert_string_equal(s->radios.suppressed[0], "");
    assert_string_equal(s->radios.suppressed[1], "abcdefghijklmno");
    assert_string_equal(s->radios.suppressed[2], "wlan1");
    settings_free(s);
}

static void every_spelling_of_a_mac_is_the_same_mac(void **state)
{
    static const char *const spellings[] = {
        "0050569c3489",      "0050569C3489",      "00:50:56:9c:34:89",
        "00:50:56:9C:34:89", "00-50-56-9c-34-89", "0050.569c.3489",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text),
                       "{'nmspd-aaa:aaa':{'user':[{'mac':'%s','attribute-list':'x'}]}}",
                       spellings[i]);
        struct settings *s = testing_accept(config, text);
        assert_mac(&s->aaa.users[0].mac, "00:50:56:9c:34:89");
        settings_free(s);
    }
}

static void a_legacy_cipher_is_taken_where_the_build_can_do_it(void **state)
{
    struct loader *capable = loader_new(&(struct config_capabilities){.legacy_cipher = true});

    (void)state;
    assert_non_null(capable);
    struct settings *s = testing_accept(
        capable, "{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':1,'legacy-cipher':true},"
                 "{'host':'b','port':1}],'listen':{'legacy-cipher':true}}}");
    assert_true(s->servers[0].legacy_cipher);
    assert_false(s->servers[1].legacy_cipher);
    assert_true(s->listen.legacy_cipher);
    settings_free(s);
    loader_free(capable);
}

static void not_asking_for_a_legacy_cipher_needs_no_capability(void **state)
{
    struct settings *s = testing_accept(
        config, "{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':1,'legacy-cipher':false}]}}");

    (void)state;
    assert_false(s->servers[0].legacy_cipher);
    settings_free(s);
}

static void the_example_means_what_its_manual_page_says(void **state)
{
    static struct config_error error;
    char reason[CONFIG_TEXT_SIZE];
    struct settings *s = loader_file(config, example_path, &error);

    (void)state;
    if (s == NULL)
        fail_msg("%s: %s", example_path,
                 config_fault_text(&error.faults[0], reason, sizeof(reason)));
    assert_string_equal(s->radios.hostname, "wlan-access-1");
    assert_true(s->enabled);
    assert_int_equal(s->server_count, 1);
    assert_string_equal(s->servers[0].host, "mse.example.net");
    assert_int_equal(s->servers[0].port, 16113);
    assert_mac(&s->servers[0].mac, "00:50:56:9c:34:89");
    assert_false(s->listen.enabled);
    assert_true(s->aaa.new_model);
    assert_int_equal(s->aaa.method_list_count, 1);
    assert_int_equal(s->aaa.user_count, 1);
    assert_int_equal(s->aaa.attribute_list_count, 1);
    assert_string_equal(s->aaa.users[0].attribute_list, s->aaa.attribute_lists[0].name);
    assert_int_equal(s->aaa.attribute_lists[0].key_hash_len, 32);
    assert_int_equal(s->intervals.client, 5);
    assert_int_equal(s->location.expiry_client, 60);
    assert_int_equal(s->location.threshold_client, 3);
    assert_int_equal(s->radios.radio_count, 2);
    assert_int_equal(s->radios.radios[0].poll_seconds, 1);
    assert_true(s->radios.radios[1].disabled);
    settings_free(s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_of_the_yang_modules_are_those_of_settings_new),
        cmocka_unit_test(a_listener_has_the_default_port_and_all_addresses),
        cmocka_unit_test(every_single_value_reaches_its_own_member),
        cmocka_unit_test(half_lives_are_not_acted_on_while_the_last_reading_stands),
        cmocka_unit_test(every_trace_level_is_taken),
        cmocka_unit_test(servers_are_taken_with_all_they_have),
        cmocka_unit_test(settings_that_say_the_same_are_the_same),
        cmocka_unit_test(the_auth_list_is_taken_in_any_order_and_with_dangling_names),
        cmocka_unit_test(a_radio_without_an_interval_of_its_own_has_the_common_one),
        cmocka_unit_test(interfaces_that_are_suppressed_are_listed_by_name),
        cmocka_unit_test(every_spelling_of_a_mac_is_the_same_mac),
        cmocka_unit_test(a_legacy_cipher_is_taken_where_the_build_can_do_it),
        cmocka_unit_test(not_asking_for_a_legacy_cipher_needs_no_capability),
        cmocka_unit_test(the_example_means_what_its_manual_page_says),
    };
    example_path = argc > 1 ? argv[1] : "config/nmspd.json.example";
    return cmocka_run_group_tests(tests, make_config, free_config);
}
