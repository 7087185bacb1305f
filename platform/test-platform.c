/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The platform as main.c sees it, on the machine that runs the test, whatever radios it has. */
#include "agent/base/log.h"
#include "platform/platform.h"
#include "tests/unit/failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void ignore(void *context, const struct radio_event *event)
{
    (void)context;
    (void)event;
}

static const struct radio_sink sink = {.take = ignore};
static const struct platform_options options = {.ap_capacity = 16};

static void keep_quiet(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

static int set_up(void **state)
{
    (void)state;
    log_divert(keep_quiet);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    log_divert(NULL);
    failing_reset();
    return 0;
}

static void it_can_say_what_it_collects_as_soon_as_it_is_configured(void **state)
{
    const struct settings_radios settings = {.hostname = "host",
                                             .has_base_mac = true,
                                             .base_mac = {{2, 0, 0, 0, 0, 9}},
                                             .default_poll_seconds = 1};
    const struct radio_operations *operations = platform_operations();
    struct loop *loop = loop_new();
    struct platform *platform = platform_new(loop, &options, &sink);
    struct mac mac;
    char text[256] = "";

    (void)state;
    assert_non_null(platform);
    operations->configure(platform, &settings);
    operations->describe(platform, text, sizeof(text));
    assert_non_null(strstr(text, "radio"));
    assert_true(operations->base_mac(platform, &mac));
    assert_true(mac_equal(&mac, &settings.base_mac));
    assert_int_equal(operations->counter(platform, "stations", "malformed"), 0);
    assert_int_equal(operations->counter(platform, "stations", "timeouts"), 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    platform_free(platform);
    loop_free(loop);
}

static void one_that_was_never_configured_can_be_freed(void **state)
{
    struct loop *loop = loop_new();
    struct platform *platform = platform_new(loop, &options, &sink);

    (void)state;
    assert_non_null(platform);
    platform_free(platform);
    platform_free(NULL);
    loop_free(loop);
}

static void without_memory_there_is_none_and_no_leak(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (unsigned n = 1;; n++) {
        struct loop *loop = loop_new();
        failing_malloc_at(n);
        struct platform *platform = platform_new(loop, &options, &sink);
        bool hit = failing_hit();
        failing_reset();
        if (hit)
            assert_null(platform);
        platform_free(platform);
        loop_free(loop);
        if (!hit)
            break;
        failures++;
    }
    assert_true(failures > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_can_say_what_it_collects_as_soon_as_it_is_configured,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_was_never_configured_can_be_freed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_memory_there_is_none_and_no_leak, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
