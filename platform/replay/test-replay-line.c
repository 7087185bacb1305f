/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a scene: what they may say, and what is refused with which words. */
#include "platform/replay/replay-line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct replay_line line;
static char error[REPLAY_ERROR_SIZE];

static bool parse(const char *text)
{
    return replay_line_parse((const uint8_t *)text, strlen(text), &line, error);
}

static void assert_refused(const char *text, const char *why)
{
    assert_false(parse(text));
    if (strstr(error, why) == NULL)
        fail_msg("\"%s\": \"%s\" is not in \"%s\"", text, why, error);
}

static void empty_lines_and_comments_say_nothing(void **state)
{
    (void)state;
    assert_true(parse(""));
    assert_int_equal(line.kind, REPLAY_NOTHING);
    assert_true(parse("   "));
    assert_int_equal(line.kind, REPLAY_NOTHING);
    assert_true(parse("# devices 3"));
    assert_int_equal(line.kind, REPLAY_NOTHING);
}

static void keys_come_in_any_order_and_spaces_do_not_count(void **state)
{
    (void)state;
    assert_true(parse("  @17  sample   02:00:00:00:00:01 rssi=-40  ap=3 "));
    assert_int_equal(line.at, 17);
    assert_int_equal(line.event.sample.ap, 3);
    assert_int_equal(line.event.sample.rssi, -40);
    assert_int_equal(line.event.sample.device_class, RADIO_CLASS_CLIENT);
    assert_int_equal(line.event.sample.snr, RADIO_DB_UNKNOWN);
}

static void unknown_words_and_keys_are_refused(void **state)
{
    (void)state;
    assert_refused("sample 02:00:00:00:00:01 ap=3 rssi=-4 colour=3", "no such key");
    assert_refused("samples 02:00:00:00:00:01", "no line begins like that");
    assert_refused("@3", "no line begins like that");
    assert_refused("@x works tags", "a time is");
    assert_refused("@-1 works tags", "a time is");
    assert_refused("@1000000001 works tags", "a time is");
}

static void what_is_needed_must_stand_there_once(void **state)
{
    (void)state;
    assert_refused("sample 02:00:00:00:00:01 rssi=-4", "needs ap");
    assert_refused("sample 02:00:00:00:00:01 ap=3", "needs rssi");
    assert_refused("works", "needs an argument");
    assert_refused("sample ap=3", "the argument");
    assert_refused("leave 02:00:00:00:00:01 ap=3 ap=3", "ap stands twice");
    assert_refused("leave 02:00:00:00:00:01 02:00:00:00:00:01 ap=3", "no such key");
}

static void numbers_keep_within_their_bounds(void **state)
{
    (void)state;
    assert_true(parse("sample 02:00:00:00:00:01 ap=65534 rssi=-128"));
    assert_refused("sample 02:00:00:00:00:01 ap=65535 rssi=-4", "the ap of");
    assert_refused("sample 02:00:00:00:00:01 ap=1 rssi=-129", "the rssi of");
    assert_refused("sample 02:00:00:00:00:01 ap=1 rssi=", "the rssi of");
    assert_refused("sample 02:00:00:00:00:01 ap=1 rssi=--4", "the rssi of");
    assert_refused("sample 02:00:00:00:00:01 ap=1 rssi=4x", "the rssi of");
    assert_refused("statistics 02:00:00:00:00:01 ap=1 rx-bytes=18446744073709551616", "rx-bytes");
    assert_refused("statistics 02:00:00:00:00:01 ap=1 rx-rate=4294967296", "rx-rate");
}

static void octets_keep_within_their_room(void **state)
{
    char text[300] = "join 02:00:00:00:00:01 ap=1 ssid=";
    size_t len = strlen(text);

    (void)state;
    memset(text + len, 'x', 32);
    assert_true(parse(text));
    assert_int_equal(line.event.joined.ssid_len, 32);
    text[len + 32] = 'x';
    assert_refused(text, "the ssid of");
    assert_true(parse("join 02:00:00:00:00:01 ap=1 ssid="));
    assert_int_equal(line.event.joined.ssid_len, 0);
    assert_refused("join 02:00:00:00:00:01 ap=1 ssid=%4", "the ssid of");
    assert_refused("join 02:00:00:00:00:01 ap=1 ssid=%4g", "the ssid of");
    assert_refused("ap 1 mac=02:00:00:00:00:01 name=a%00b", "the name of");
}

static void a_name_keeps_room_for_its_end(void **state)
{
    char text[300] = "ap 1 mac=02:00:00:00:00:01 name=";
    size_t len = strlen(text);

    (void)state;
    memset(text + len, 'x', SETTINGS_NAME_SIZE - 1);
    assert_true(parse(text));
    assert_int_equal(strlen(line.event.ap.name), SETTINGS_NAME_SIZE - 1);
    text[len + SETTINGS_NAME_SIZE - 1] = 'x';
    assert_refused(text, "the name of");
}

static void a_payload_has_at_most_500_bytes(void **state)
{
    char text[1100] = "tag 02:00:00:00:00:01 ap=1 payload=";
    size_t len = strlen(text);

    (void)state;
    memset(text + len, 'a', 1000);
    assert_true(parse(text));
    assert_int_equal(line.event.tag.payload_len, 500);
    assert_int_equal(line.payload[499], 0xaa);
    text[len + 1000] = 'a';
    assert_refused(text, "the payload of");
    text[len + 1001] = 'a';
    assert_refused(text, "the payload of");
}

static void addresses_are_told_apart_by_their_spelling(void **state)
{
    (void)state;
    assert_true(parse("address 02:00:00:00:00:01 ip=192.0.2.7"));
    assert_int_equal(line.event.address.family, 4);
    assert_int_equal(line.event.address.address[3], 7);
    assert_true(line.event.address.present);
    assert_true(parse("address 02:00:00:00:00:01 ip=2001:db8::9 present=0"));
    assert_int_equal(line.event.address.family, 6);
    assert_int_equal(line.event.address.address[15], 9);
    assert_false(line.event.address.present);
    assert_refused("address 02:00:00:00:00:01 ip=192.0.2.256", "the ip of");
    assert_refused("address 02:00:00:00:00:01 ip=", "the ip of");
}

static void what_works_is_named_or_nothing(void **state)
{
    (void)state;
    assert_true(parse("works clients,rogue-clients"));
    assert_int_equal(line.event.capabilities, RADIO_CAN_CLIENTS | RADIO_CAN_ROGUE_CLIENTS);
    assert_true(parse("works nothing"));
    assert_int_equal(line.event.capabilities, 0);
    assert_refused("works clients,frogs", "the argument");
    assert_refused("works clients,,tags", "the argument");
}

static void a_line_longer_than_allowed_is_refused(void **state)
{
    static uint8_t text[REPLAY_LINE_MAX + 1];

    (void)state;
    memset(text, ' ', sizeof(text));
    assert_true(replay_line_parse(text, REPLAY_LINE_MAX, &line, error));
    assert_false(replay_line_parse(text, REPLAY_LINE_MAX + 1, &line, error));
}

static void the_longest_line_that_is_written_fits_its_room(void **state)
{
    static struct replay_line longest = {.at = REPLAY_TIME_MAX, .kind = RADIO_TAG};
    uint8_t text[REPLAY_LINE_MAX];
    struct writer w = writer_of(text, sizeof(text));

    (void)state;
    longest.event.tag.payload_len = RADIO_TAG_PAYLOAD_MAX;
    replay_line_write(&longest, &w);
    assert_false(w.failed);
    longest.kind = RADIO_AP_CHANGED;
    memset(longest.event.ap.name, '%', SETTINGS_NAME_SIZE - 1);
    longest.event.ap.name[SETTINGS_NAME_SIZE - 1] = '\0';
    w = writer_of(text, sizeof(text));
    replay_line_write(&longest, &w);
    assert_false(w.failed);
    assert_true(replay_line_parse(text, w.used - 1, &line, error));
    assert_string_equal(line.event.ap.name, longest.event.ap.name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_lines_and_comments_say_nothing),
        cmocka_unit_test(keys_come_in_any_order_and_spaces_do_not_count),
        cmocka_unit_test(unknown_words_and_keys_are_refused),
        cmocka_unit_test(what_is_needed_must_stand_there_once),
        cmocka_unit_test(numbers_keep_within_their_bounds),
        cmocka_unit_test(octets_keep_within_their_room),
        cmocka_unit_test(a_name_keeps_room_for_its_end),
        cmocka_unit_test(a_payload_has_at_most_500_bytes),
        cmocka_unit_test(addresses_are_told_apart_by_their_spelling),
        cmocka_unit_test(what_works_is_named_or_nothing),
        cmocka_unit_test(a_line_longer_than_allowed_is_refused),
        cmocka_unit_test(the_longest_line_that_is_written_fits_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
