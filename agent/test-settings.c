/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/settings.h"
#include "tests/unit/failing.h"

#include <cmocka.h>
#include <stdlib.h>

static int forget_failures(void **state)
{
    (void)state;
    failing_reset();
    return 0;
}

static void nothing_is_on_before_it_is_configured(void **state)
{
    struct settings *settings = settings_new();

    (void)state;
    assert_non_null(settings);
    assert_false(settings->enabled);
    assert_false(settings->strong_cipher);
    assert_false(settings->listen.enabled);
    assert_false(settings->listen.legacy_cipher);
    assert_false(settings->aaa.new_model);
    assert_false(settings->radios.has_base_mac);
    assert_int_equal(settings->server_count, 0);
    assert_int_equal(settings->aaa.user_count, 0);
    assert_int_equal(settings->aaa.attribute_list_count, 0);
    assert_int_equal(settings->aaa.method_list_count, 0);
    assert_int_equal(settings->radios.radio_count, 0);
    settings_free(settings);
}

static void defaults_are_those_of_the_mirrored_cli(void **state)
{
    struct settings *settings = settings_new();

    (void)state;
    assert_non_null(settings);
    assert_int_equal(settings->listen.port, 16113);
    assert_int_equal(settings->intervals.client, 2);
    assert_int_equal(settings->intervals.rfid, 2);
    assert_int_equal(settings->intervals.rogue_ap, 2);
    assert_int_equal(settings->intervals.rogue_client, 2);
    assert_int_equal(settings->radios.default_poll_seconds, 2);
    assert_int_equal(settings->location.expiry_client, 15);
    assert_int_equal(settings->location.expiry_tags, 5);
    assert_int_equal(settings->location.expiry_rogue_aps, 1200);
    assert_int_equal(settings->location.threshold_client, 0);
    assert_int_equal(settings->location.threshold_tags, 5);
    assert_int_equal(settings->location.threshold_rogue_aps, 5);
    assert_true(settings->capacity.samples >= settings->capacity.devices);
    assert_true(settings->capacity.devices > 0);
    assert_true(settings->capacity.aps > 0);
    settings_free(settings);
}

static void the_hostname_is_never_empty(void **state)
{
    struct settings *settings = settings_new();

    (void)state;
    assert_non_null(settings);
    assert_true(settings->radios.hostname[0] != '\0');
    settings_free(settings);
}

static void no_settings_when_memory_is_out(void **state)
{
    (void)state;
    failing_malloc_at(1);
    assert_null(settings_new());
    assert_true(failing_hit());
}

static void arrays_are_freed_with_the_settings_and_null_is_allowed(void **state)
{
    struct settings *settings = settings_new();

    (void)state;
    assert_non_null(settings);
    settings->aaa.attribute_lists = calloc(2, sizeof(*settings->aaa.attribute_lists));
    settings->aaa.users = calloc(2, sizeof(*settings->aaa.users));
    settings->aaa.method_lists = calloc(2, sizeof(*settings->aaa.method_lists));
    settings->radios.radios = calloc(2, sizeof(*settings->radios.radios));
    settings_free(settings); /* the leak checkers see to the rest */
    settings_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_on_before_it_is_configured),
        cmocka_unit_test(defaults_are_those_of_the_mirrored_cli),
        cmocka_unit_test(the_hostname_is_never_empty),
        cmocka_unit_test_teardown(no_settings_when_memory_is_out, forget_failures),
        cmocka_unit_test(arrays_are_freed_with_the_settings_and_null_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
