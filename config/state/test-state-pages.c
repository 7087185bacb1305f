/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/state/test-state.h"

/* --- pages of devices ------------------------------------------------------------------------ */

enum { MANY = 1000 };

static struct scene *start_with_room(void **state, uint32_t devices, uint16_t aps)
{
    struct scene *s = *state;

    bed_free(s->bed);
    s->bed = bed_new(devices, aps);
    loop_jump_wall(s->bed->loop, INT64_C(2000000000000));
    (void)start(state, scene_base_settings());
    for (uint16_t ap = 0; ap < aps; ap++)
        bed_ap(s->bed, ap);
    return s;
}

/* Reads all pages; how many devices they had, each counted in `given` by its number. */
static unsigned read_all(const char *input, unsigned *pages, unsigned given[MANY])
{
    unsigned count = 0;
    char after[64] = "";
    char all[256];

    for (*pages = 0;; (*pages)++) {
        (void)snprintf(all, sizeof(all), "%s%s", after, input);
        struct lyd_node *rpc = run("nmspd-location", "read-devices", all);
        const struct lyd_node *node = lyd_child(rpc);
        after[0] = '\0';
        for (; node != NULL; node = node->next) {
            struct mac mac;
            if (strcmp(node->schema->name, "next") == 0) {
                (void)snprintf(after, sizeof(after), "<after>%s</after>", lyd_get_value(node));
                continue;
            }
            assert_true(mac_parse(lyd_get_value(lyd_child(node)), 17, &mac));
            given[mac.b[4] * 256 + mac.b[5]]++;
            count++;
        }
        lyd_free_all(rpc);
        if (after[0] == '\0')
            return count;
    }
}

static void pages_have_every_device_once(void **state)
{
    struct scene *s = start_with_room(state, MANY, 2);
    unsigned given[MANY] = {0};
    unsigned pages = 0;

    for (uint32_t i = 0; i < MANY; i++)
        bed_hear(s->bed, i, (uint16_t)(i % 2), -50);
    assert_int_equal(read_all("<limit>30</limit>", &pages, given), MANY);
    assert_int_equal(pages, 33);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(given[i], 1);
}

static void pages_have_what_one_ap_hears_or_one_class(void **state)
{
    struct scene *s = start_with_room(state, MANY, 4);
    unsigned given[MANY] = {0};
    unsigned pages = 0;
    char mac[MAC_TEXT_SIZE];
    char input[128];
    struct mac ap = bed_ap_mac(1);

    for (uint32_t i = 0; i < 300; i++)
        bed_hear(s->bed, i, 0, -50);
    for (uint32_t i = 0; i < 300; i += 3)
        bed_hear(s->bed, i, 1, -60);
    bed_hear_as(s->bed, RADIO_CLASS_TAG, 400, 1, -60);
    (void)snprintf(input, sizeof(input), "<ap-mac>%s</ap-mac>", mac_text(&ap, mac));
    assert_int_equal(read_all(input, &pages, given), 101);
    assert_int_equal(given[3], 1);
    assert_int_equal(given[4], 0);
    (void)snprintf(input, sizeof(input), "<ap-mac>%s</ap-mac><slot>3</slot>", mac_text(&ap, mac));
    assert_int_equal(read_all(input, &pages, given), 0);
    assert_int_equal(read_all("<class>tag</class>", &pages, given), 1);

    (void)snprintf(input, sizeof(input), "<ap-mac>%s</ap-mac><limit>1</limit>", mac);
    struct lyd_node *rpc = run("nmspd-location", "read-devices", input);
    assert_int_equal(count_at(rpc, "/nmspd-location:read-devices/device/reading"), 1);
    assert_string_equal(value_at(rpc, "/nmspd-location:read-devices/device/reading[1]/ap-mac"),
                        mac);
    lyd_free_all(rpc);
}

static void one_device_is_read_by_its_mac_with_all_that_is_known(void **state)
{
    struct scene *s = start_with_room(state, 64, 4);

    bed_join(s->bed, 5, 1);
    bed_hear(s->bed, 5, 1, -44);
    bed_hear(s->bed, 5, 2, -66);
    bed_user(s->bed, 5, "ann <\x01>");
    bed_address(s->bed, 5, 9, true);
    bed_statistics(s->bed, RADIO_CLASS_CLIENT, 5, 1, 1000);
    loop_advance(s->bed->loop, 1000);
    struct lyd_node *rpc = run("nmspd-location", "read-devices", "<mac>0010.0000.0005</mac>");
    static const char device[] = "/nmspd-location:read-devices/device[mac='00:10:00:00:00:05']/";
    char path[160];
#define AT(rest) (snprintf(path, sizeof(path), "%s%s", device, rest), path)
    assert_string_equal(value_at(rpc, AT("class")), "client");
    assert_string_equal(value_at(rpc, AT("last-heard")), "2090-06-01T11:33:20.000Z");
    assert_string_equal(value_at(rpc, AT("associated/slot")), "0");
    assert_string_equal(value_at(rpc, AT("reading[1]/rssi")), "-44");
    assert_string_equal(value_at(rpc, AT("reading[2]/rssi")), "-66");
    assert_string_equal(value_at(rpc, AT("reading[1]/age")), "1000");
    assert_string_equal(value_at(rpc, AT("reading[1]/source")), "data");
    assert_string_equal(value_at(rpc, AT("client/user")), "ann <\\x01>");
    assert_int_equal(count_at(rpc, AT("client/address")), 1);
    assert_true(count_at(rpc, AT("statistics/*")) >= 6);
#undef AT
    assert_int_equal(count_at(rpc, "/nmspd-location:read-devices/next"), 0);
    lyd_free_all(rpc);
    rpc = run("nmspd-location", "read-devices", "<mac>001000000006</mac>");
    assert_null(lyd_child(rpc));
    lyd_free_all(rpc);
}

static void rogues_and_tags_are_told_with_what_they_say(void **state)
{
    struct scene *s = start_with_room(state, 64, 1);

    bed_hear_as(s->bed, RADIO_CLASS_ROGUE_AP, 1, 0, -70);
    bed_rogue(s->bed, RADIO_CLASS_ROGUE_AP, 1, "coffee");
    bed_hear_as(s->bed, RADIO_CLASS_TAG, 2, 0, -70);
    bed_tag(s->bed, 2, 0, 77, "payload");
    struct lyd_node *rpc = run("nmspd-location", "read-devices", "");
    assert_string_equal(value_at(rpc, "/nmspd-location:read-devices/device"
                                      "[mac='00:10:00:00:00:01']/rogue/ssid"),
                        "coffee");
    assert_string_equal(value_at(rpc, "/nmspd-location:read-devices/device"
                                      "[mac='00:10:00:00:00:02']/tag/sequence"),
                        "77");
    lyd_free_all(rpc);
}

/* Four antennas of sixteen APs for each device: more readings than a page has. */
static void a_page_never_makes_a_reply_that_is_too_big(void **state)
{
    enum { DEVICES = 100, APS = 16, ANTENNAS = 4 };
    struct scene *s = start_with_room(state, MANY, APS);
    unsigned given[MANY] = {0};
    unsigned pages = 0;

    for (uint32_t i = 0; i < DEVICES * APS * ANTENNAS; i++) {
        struct radio_sample sample = {.device = bed_mac(i / (APS * ANTENNAS)),
                                      .ap = (uint16_t)(i / ANTENNAS % APS),
                                      .device_class = RADIO_CLASS_CLIENT,
                                      .antenna = (uint8_t)(i % ANTENNAS),
                                      .source = RADIO_SOURCE_PROBE,
                                      .rssi = -50,
                                      .snr = 40,
                                      .heard = loop_now(s->bed->loop)};
        engine_take(s->bed->engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
    }
    struct lyd_node *rpc = run("nmspd-location", "read-devices", "<limit>100</limit>");
    assert_in_range(count_at(rpc, "/nmspd-location:read-devices/device"), 10, 99);
    assert_true(size_as_xml(rpc) < 1024 * 1024 / 2);
    assert_int_equal(count_at(rpc, "/nmspd-location:read-devices/next"), 1);
    lyd_free_all(rpc);
    assert_true(read_all("<limit>100</limit>", &pages, given) > 0);
    assert_true(pages >= 1);
}

/* --- pages of APs ---------------------------------------------------------------------------- */

static void aps_are_read_in_pages_and_by_mac(void **state)
{
    (void)start_with_room(state, 64, 250);
    struct lyd_node *rpc = run("nmspd-radio", "read-aps", "");
    assert_int_equal(count_at(rpc, "/nmspd-radio:read-aps/ap"), 100);
    assert_string_equal(value_at(rpc, "/nmspd-radio:read-aps/next"), "100");
    lyd_free_all(rpc);
    rpc = run("nmspd-radio", "read-aps", "<after>200</after><limit>500</limit>");
    assert_int_equal(count_at(rpc, "/nmspd-radio:read-aps/ap"), 50);
    assert_int_equal(count_at(rpc, "/nmspd-radio:read-aps/next"), 0);
    lyd_free_all(rpc);

    char mac[MAC_TEXT_SIZE];
    char input[64];
    struct mac ap = bed_ap_mac(7);
    (void)snprintf(input, sizeof(input), "<mac>%s</mac>", mac_text(&ap, mac));
    rpc = run("nmspd-radio", "read-aps", input);
    assert_int_equal(count_at(rpc, "/nmspd-radio:read-aps/ap"), 1);
    assert_string_equal(value_at(rpc, "/nmspd-radio:read-aps/ap/mac"), mac);
    assert_string_equal(value_at(rpc, "/nmspd-radio:read-aps/ap/channel"), "6");
    assert_string_equal(value_at(rpc, "/nmspd-radio:read-aps/ap/band"), "2ghz");
    assert_string_equal(value_at(rpc, "/nmspd-radio:read-aps/ap/noise"), "-95");
    assert_int_equal(count_at(rpc, "/nmspd-radio:read-aps/ap/width"), 0);
    lyd_free_all(rpc);
}

/* --- the trace ------------------------------------------------------------------------------- */

static void the_trace_is_read_after_a_number_and_cleared(void **state)
{
    struct scene *s = start(state, scene_base_settings());

    assert_int_equal(trace_init(s->bed->loop, TRACE_DEFAULT_SIZE), 0);
    trace_renumber(UINT32_MAX - 4);
    for (unsigned i = 0; i < 250; i++)
        trace_line(TRACE_WARNING, "line %u <&>", i);
    struct lyd_node *rpc = run("nmspd-trace", "read-trace", "");
    assert_int_equal(count_at(rpc, "/nmspd-trace:read-trace/line"), 100);
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[1]/number"), "4294967291");
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[6]/number"), "0");
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[2]/text"), "line 1 <&>");
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[2]/level"), "warning");
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/more"), "true");
    lyd_free_all(rpc);
    rpc = run("nmspd-trace", "read-trace", "<after>94</after><limit>500</limit>");
    assert_int_equal(count_at(rpc, "/nmspd-trace:read-trace/line"), 150);
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[1]/number"), "95");
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/more"), "false");
    lyd_free_all(rpc);
    rpc = run("nmspd-trace", "read-trace", "<last>3</last>");
    assert_int_equal(count_at(rpc, "/nmspd-trace:read-trace/line"), 3);
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[3]/text"), "line 249 <&>");
    lyd_free_all(rpc);
    lyd_free_all(run("nmspd-trace", "clear-trace", ""));
    rpc = run("nmspd-trace", "read-trace", "");
    assert_int_equal(count_at(rpc, "/nmspd-trace:read-trace/line"), 0);
    lyd_free_all(rpc);
    trace_fini();
}

/* Every line as long as it can be, of what takes most room in XML. */
static void a_page_of_the_trace_is_not_too_big_either(void **state)
{
    struct scene *s = start(state, scene_base_settings());
    char text[TRACE_TEXT_MAX + 1];

    assert_int_equal(trace_init(s->bed->loop, TRACE_MAX_SIZE), 0);
    memset(text, '&', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (unsigned i = 0; i < 50; i++)
        trace_line(TRACE_ERR, "%s", text);
    struct lyd_node *rpc = run("nmspd-trace", "read-trace", "<limit>50</limit>");
    assert_int_equal(count_at(rpc, "/nmspd-trace:read-trace/line"), 50);
    assert_true(size_as_xml(rpc) < 1024 * 1024 / 10); /* a page has 500 at most */
    lyd_free_all(rpc);
    trace_fini();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scene_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages_have_every_device_once),
        TEST(pages_have_what_one_ap_hears_or_one_class),
        TEST(one_device_is_read_by_its_mac_with_all_that_is_known),
        TEST(rogues_and_tags_are_told_with_what_they_say),
        TEST(a_page_never_makes_a_reply_that_is_too_big),
        TEST(aps_are_read_in_pages_and_by_mac),
        TEST(the_trace_is_read_after_a_number_and_cleared),
        TEST(a_page_of_the_trace_is_not_too_big_either),
    };

    return cmocka_run_group_tests(tests, make_schema, free_schema);
}
