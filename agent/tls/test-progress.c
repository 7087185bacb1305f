/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/trace.h"
#include "agent/tls/progress.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct loop *loop;
static struct progress progress;

static int begin(void **state)
{
    (void)state;
    loop = loop_new_virtual(0, 0);
    assert_non_null(loop);
    assert_int_equal(trace_init(loop, TRACE_DEFAULT_SIZE), 0);
    trace_set_level(TRACE_DEBUG);
    return 0;
}

static int end(void **state)
{
    (void)state;
    trace_fini();
    loop_free(loop);
    return 0;
}

/* --- what the trace says */

/* "2111:2001:1" for each state, the text of each other line; joined by blanks. */
static const char *story(void)
{
    static char text[8192];
    struct trace_entry entry;
    size_t used = 0;

    text[0] = '\0';
    for (bool more = trace_first(&entry); more; more = trace_after(entry.number, &entry)) {
        unsigned at, where, ret;
        int n = 0;
        if (sscanf(entry.text, "SSL state = 0x%x; where = 0x%x; ret = 0x%x", &at, &where, &ret) ==
            3)
            n = snprintf(text + used, sizeof(text) - used, " %x:%x:%x", at, where, ret);
        else if (strncmp(entry.text, "ret_", 4) != 0 && strncmp(entry.text, "SSL_state", 9) != 0)
            n = snprintf(text + used, sizeof(text) - used, " [%s]", entry.text);
        used += (size_t)n;
        assert_true(used < sizeof(text));
    }
    trace_clear();
    return text;
}

/* --- records */

struct bytes {
    uint8_t data[2048];
    size_t len;
};

static void add_record(struct bytes *b, uint8_t type, const void *data, size_t len)
{
    const uint8_t header[] = {type, 3, 3, (uint8_t)(len >> 8), (uint8_t)len};

    memcpy(b->data + b->len, header, sizeof(header));
    memcpy(b->data + b->len + sizeof(header), data, len);
    b->len += sizeof(header) + len;
}

static void add_message(struct bytes *b, uint8_t kind)
{
    uint8_t message[4 + 20] = {kind, 0, 0, 20};

    /* Content that would be messages, if it were looked at. */
    memset(message + 4, 1, 20);
    add_record(b, 22, message, sizeof(message));
}

static void add_messages(struct bytes *b, const uint8_t *kinds)
{
    for (; *kinds != 0; kinds++)
        add_message(b, *kinds);
}

static void add_finish(struct bytes *b)
{
    uint8_t enciphered[40] = {1, 0, 0, 1};

    add_record(b, 20, "\x01", 1);
    add_record(b, 22, enciphered, sizeof(enciphered));
}

typedef void pass(struct progress *progress, const void *data, size_t len);

static void in_pieces(pass *give, const struct bytes *b, size_t piece)
{
    for (size_t at = 0; at < b->len; at += piece)
        give(&progress, b->data + at, b->len - at < piece ? b->len - at : piece);
}

static const uint8_t client_hello[] = {1, 0};
static const uint8_t server_flight[] = {2, 11, 12, 13, 14, 0};
static const uint8_t client_flight[] = {11, 16, 15, 0};

/* --- the two flows of the technote */

#define UP_TO_THE_CERTIFICATE                                                          \
    " [SSL_new() conn 7] 6000:10:1 6000:2001:1 2111:2002:ffffffff [conn 7: WANT_READ]" \
    " 2111:2001:1 2130:2001:1 2140:2001:1 2150:2001:1 2160:2001:1 2100:2001:1"         \
    " 2180:2002:ffffffff [conn 7: WANT_READ] [conn 7: calling authlist to validate cert]"

static void up_to_the_certificate(size_t piece)
{
    struct bytes hello = {.len = 0}, flight = {.len = 0}, certificate = {.len = 0};

    add_messages(&hello, client_hello);
    add_messages(&flight, server_flight);
    add_message(&certificate, 11);
    progress_begin(&progress, true, 7);
    progress_waits(&progress);
    in_pieces(progress_received, &hello, piece);
    in_pieces(progress_sent, &flight, piece);
    progress_waits(&progress);
    in_pieces(progress_received, &certificate, piece);
    progress_asks(&progress);
}

static void a_success_is_told_as_the_technote_tells_it(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 300; piece += 7) {
        struct bytes rest = {.len = 0}, finish = {.len = 0};
        up_to_the_certificate(piece);
        progress_answered(&progress, true);
        add_messages(&rest, client_flight + 1);
        add_finish(&rest);
        in_pieces(progress_received, &rest, piece);
        add_finish(&finish);
        in_pieces(progress_sent, &finish, piece);
        progress_done(&progress, "TLSv1.2", "SUITE");
        assert_string_equal(
            story(), UP_TO_THE_CERTIFICATE
            " [conn 7: Authlist authentication successful] 2180:2001:1 2190:2001:1 21a0:2001:1"
            " 21c0:2001:1 21d0:2001:1 21e0:2001:1 2100:2001:1 3:20:1 3:2002:1"
            " [conn 7: SSL_do_handshake() is done: TLSv1.2 SUITE]");
    }
}

static void a_failure_is_told_as_the_technote_tells_it(void **state)
{
    struct bytes alert = {.len = 0};

    (void)state;
    up_to_the_certificate(1000);
    progress_answered(&progress, false);
    add_record(&alert, 21, "\x02\x2a", 2);
    progress_sent(&progress, alert.data, alert.len);
    progress_alerts(&progress, 0x22a, -1);
    progress_failed(&progress, "why");
    assert_string_equal(story(), UP_TO_THE_CERTIFICATE
                        " [conn 7: Authlist authentication failed] 2182:4008:22a"
                        " 2182:2002:ffffffff [conn 7: ssl_err: why]");
}

static void as_a_client_the_states_are_those_of_connect(void **state)
{
    struct bytes hello = {.len = 0}, flight = {.len = 0}, rest = {.len = 0}, finish = {.len = 0};

    (void)state;
    add_messages(&hello, client_hello);
    add_messages(&flight, server_flight);
    add_messages(&rest, client_flight);
    add_finish(&rest);
    add_finish(&finish);
    progress_begin(&progress, false, 0);
    progress_sent(&progress, hello.data, hello.len);
    progress_waits(&progress);
    progress_waits(&progress);
    progress_received(&progress, flight.data, flight.len);
    progress_asks(&progress);
    progress_answered(&progress, true);
    progress_sent(&progress, rest.data, rest.len);
    progress_waits(&progress);
    progress_received(&progress, finish.data, finish.len);
    progress_done(&progress, "TLSv1.2", "SUITE");
    assert_string_equal(
        story(),
        " [SSL_new() conn 0] 5000:10:1 5000:1001:1 1110:1001:1 1120:1002:ffffffff"
        " [conn 0: WANT_READ] 1120:1001:1 [conn 0: calling authlist to validate cert]"
        " [conn 0: Authlist authentication successful] 1130:1001:1 1140:1001:1 1150:1001:1"
        " 1160:1001:1 1170:1001:1 1180:1001:1 1190:1001:1 11a0:1001:1 11b0:1001:1 1100:1001:1"
        " 11d0:1002:ffffffff [conn 0: WANT_READ] 11d0:1001:1 3:20:1 3:1002:1"
        " [conn 0: SSL_do_handshake() is done: TLSv1.2 SUITE]");
}

static void of_tls_1_3_only_what_can_be_seen_is_told(void **state)
{
    struct bytes hello = {.len = 0}, flight = {.len = 0}, rest = {.len = 0};
    uint8_t enciphered[40] = {11, 0, 0, 1};

    (void)state;
    add_messages(&hello, client_hello);
    add_message(&flight, 2);
    add_record(&flight, 20, "\x01", 1);
    add_record(&flight, 23, enciphered, sizeof(enciphered));
    add_record(&rest, 20, "\x01", 1);
    add_record(&rest, 23, enciphered, sizeof(enciphered));
    progress_begin(&progress, true, 1);
    progress_received(&progress, hello.data, hello.len);
    progress_sent(&progress, flight.data, flight.len);
    progress_waits(&progress);
    progress_received(&progress, rest.data, rest.len);
    progress_asks(&progress);
    progress_answered(&progress, true);
    progress_done(&progress, "TLSv1.3", "SUITE");
    assert_string_equal(story(), " [SSL_new() conn 1] 6000:10:1 6000:2001:1 2111:2001:1 2130:2001:1"
                                 " 2180:2002:ffffffff [conn 1: WANT_READ]"
                                 " [conn 1: calling authlist to validate cert]"
                                 " [conn 1: Authlist authentication successful] 3:20:1 3:2002:1"
                                 " [conn 1: SSL_do_handshake() is done: TLSv1.3 SUITE]");
}

/* --- forms */

static void a_state_has_four_lines(void **state)
{
    static const char *const lines[] = {
        "SSL state = 0x2182; where = 0x4008; ret = 0x22e", "ret_type_string=fatal",
        "ret_desc_string=certificate unknown", "SSL_state_string=SSLv3 read client certificate C"};
    struct trace_entry entry;

    (void)state;
    progress_begin(&progress, true, 0);
    progress_answered(&progress, false);
    trace_clear();
    progress_alerts(&progress, 0x22e, -1);
    assert_true(trace_first(&entry));
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(entry.text, lines[i]);
        assert_int_equal(trace_after(entry.number, &entry), i < 3);
    }
}

static void an_alert_is_told_once(void **state)
{
    (void)state;
    progress_begin(&progress, true, 0);
    (void)story();
    progress_alerts(&progress, -1, 0x228);
    progress_alerts(&progress, -1, 0x228);
    assert_string_equal(story(), " 2111:4004:228");
    progress_alerts(&progress, 0x100, 0x228);
    assert_string_equal(story(), " 2111:4008:100");
}

static void steps_are_told_at_level_debug_only(void **state)
{
    (void)state;
    trace_set_level(TRACE_INFO);
    up_to_the_certificate(1000);
    progress_answered(&progress, true);
    progress_failed(&progress, "why");
    assert_string_equal(story(),
                        " [conn 7: Authlist authentication successful] [conn 7: ssl_err: why]");
}

static void nothing_is_told_of_a_connection_without_a_number(void **state)
{
    struct bytes hello = {.len = 0};

    (void)state;
    memset(&progress, 0, sizeof(progress));
    add_messages(&hello, client_hello);
    progress_received(&progress, hello.data, hello.len);
    progress_sent(&progress, hello.data, hello.len);
    progress_waits(&progress);
    progress_asks(&progress);
    progress_answered(&progress, false);
    progress_alerts(&progress, 1, 2);
    progress_failed(&progress, "why");
    progress_done(&progress, "", "");
    assert_string_equal(story(), "");
}

/* --- hostile input */

static void noise_of_every_kind_is_survived(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 500; round++) {
        uint8_t noise[300];
        for (size_t i = 0; i < sizeof(noise); i++) {
            seed = seed * 1664525 + 1013904223;
            noise[i] = (uint8_t)(seed >> 24);
        }
        noise[0] = (uint8_t)(20 + round % 4);
        noise[3] = round % 3 == 0 ? 0 : 1;
        noise[7] = noise[6] = 0;
        progress_begin(&progress, round % 2 == 0, round);
        for (size_t at = 0; at < sizeof(noise); at += 1 + round % 50) {
            size_t len = sizeof(noise) - at < 1 + round % 50 ? sizeof(noise) - at : 1 + round % 50;
            progress_received(&progress, noise + at, len);
            if (round % 5 == 0)
                progress_sent(&progress, noise + at, len);
        }
        progress_failed(&progress, "noise");
        assert_non_null(strstr(story(), "ssl_err: noise"));
    }
}

static void more_messages_than_can_wait_are_not_kept(void **state)
{
    struct bytes many = {.len = 0};

    (void)state;
    for (unsigned i = 0; i < 50; i++)
        add_message(&many, 16);
    progress_begin(&progress, true, 0);
    (void)story();
    progress_received(&progress, many.data, many.len);
    progress_waits(&progress);
    assert_int_equal(progress.waiting_count, 0);
    const char *text = story();
    unsigned told = 0;
    for (; (text = strstr(text, "2190:2001")) != NULL; text++)
        told++;
    assert_int_equal(told, PROGRESS_WAITING);
}

#define WITH_TRACE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TRACE(a_success_is_told_as_the_technote_tells_it),
        WITH_TRACE(a_failure_is_told_as_the_technote_tells_it),
        WITH_TRACE(as_a_client_the_states_are_those_of_connect),
        WITH_TRACE(of_tls_1_3_only_what_can_be_seen_is_told),
        WITH_TRACE(a_state_has_four_lines),
        WITH_TRACE(an_alert_is_told_once),
        WITH_TRACE(steps_are_told_at_level_debug_only),
        WITH_TRACE(nothing_is_told_of_a_connection_without_a_number),
        WITH_TRACE(noise_of_every_kind_is_survived),
        WITH_TRACE(more_messages_than_can_wait_are_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
