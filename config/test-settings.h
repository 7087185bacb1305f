/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of config/ share: configurations that can be read in C, and what became of them.
 */
#ifndef CONFIG_TEST_SETTINGS_H
#define CONFIG_TEST_SETTINGS_H

#include "config/settings/loader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* JSON with ' in the place of ", in memory of its own: free() it. */
static inline char *testing_json(const char *quoted)
{
    char *text = strdup(quoted);

    assert_non_null(text);
    for (char *at = strchr(text, '\''); at != NULL; at = strchr(at, '\''))
        *at = '"';
    return text;
}

static inline struct settings *testing_parse(struct loader *config, const char *quoted,
                                             struct config_error *error)
{
    char *text = testing_json(quoted);
    struct settings *settings = loader_text(config, text, strlen(text), error);
    free(text);
    return settings;
}

/* Fails the test, with the reason, if the configuration is refused. */
static inline struct settings *testing_accept(struct loader *config, const char *quoted)
{
    static struct config_error error;
    char reason[CONFIG_TEXT_SIZE];
    struct settings *settings = testing_parse(config, quoted, &error);

    if (settings == NULL)
        fail_msg("%s\nis refused: %s", quoted,
                 config_fault_text(&error.faults[0], reason, sizeof(reason)));
    assert_int_equal(error.status, CONFIG_OK);
    assert_int_equal(error.count, 0);
    return settings;
}

/* Fails the test if the configuration is taken. */
static inline void testing_refuse(struct loader *config, const char *quoted,
                                  struct config_error *error)
{
    struct settings *settings = testing_parse(config, quoted, error);

    if (settings != NULL)
        fail_msg("%s\nis taken", quoted);
    assert_int_equal(error->status, CONFIG_INVALID);
    assert_true(error->count > 0);
    assert_true(error->faults[0].reason[0] != '\0');
}

/* Has the same text of both. */
#define testing_same_array(x, y, array, count) \
    ((x)->count == (y)->count &&               \
     ((x)->count == 0 || memcmp((x)->array, (y)->array, (x)->count * sizeof(*(x)->array)) == 0))

/* Settings come from zeroed memory and are filled member by member, so bytes can be compared where
 * no pointers stand. */
static inline bool testing_same(const struct settings *x, const struct settings *y)
{
    return x->enabled == y->enabled && x->strong_cipher == y->strong_cipher &&
           x->server_count == y->server_count &&
           memcmp(x->servers, y->servers, sizeof(x->servers)) == 0 &&
           memcmp(&x->listen, &y->listen, sizeof(x->listen)) == 0 &&
           memcmp(&x->intervals, &y->intervals, sizeof(x->intervals)) == 0 &&
           x->aaa.new_model == y->aaa.new_model &&
           testing_same_array(&x->aaa, &y->aaa, attribute_lists, attribute_list_count) &&
           testing_same_array(x, y, access_points, access_point_count) &&
           testing_same_array(&x->aaa, &y->aaa, users, user_count) &&
           testing_same_array(&x->aaa, &y->aaa, method_lists, method_list_count) &&
           strcmp(x->radios.hostname, y->radios.hostname) == 0 &&
           x->radios.has_base_mac == y->radios.has_base_mac &&
           mac_equal(&x->radios.base_mac, &y->radios.base_mac) &&
           x->radios.default_poll_seconds == y->radios.default_poll_seconds &&
           x->radios.hostapd == y->radios.hostapd &&
           strcmp(x->radios.hostapd_directory, y->radios.hostapd_directory) == 0 &&
           x->radios.scan_results == y->radios.scan_results &&
           x->radios.scan_seconds == y->radios.scan_seconds &&
           strcmp(x->radios.helper, y->radios.helper) == 0 &&
           testing_same_array(&x->radios, &y->radios, radios, radio_count) &&
           testing_same_array(&x->radios, &y->radios, suppressed, suppressed_count) &&
           memcmp(&x->location, &y->location, sizeof(x->location)) == 0 &&
           memcmp(&x->capacity, &y->capacity, sizeof(x->capacity)) == 0 &&
           x->trace.level == y->trace.level && x->trace.buffer_size == y->trace.buffer_size;
}

#endif
