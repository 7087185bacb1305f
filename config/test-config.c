/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/log.h"
#include "config/datastore/datastore.h"
#include "config/test-settings.h"
#include "tests/unit/failing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct loader *config;
static char folder[] = "/tmp/test-config-XXXXXX";
static char path[sizeof(folder) + 16];
static const char *example_path;

static struct config_error error;

static unsigned lines_logged;
static char last_line[512];

static void take_line(enum log_level level, const char *line)
{
    (void)level;
    lines_logged++;
    (void)snprintf(last_line, sizeof(last_line), "%s", line);
}

static int set_up(void **state)
{
    (void)state;
    config = loader_new(NULL);
    if (config == NULL || mkdtemp(folder) == NULL)
        return 1;
    (void)snprintf(path, sizeof(path), "%s/nmspd.json", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    loader_free(config);
    return rmdir(folder);
}

static int after_each(void **state)
{
    (void)state;
    failing_reset();
    log_divert(NULL);
    (void)unlink(path);
    return 0;
}

static void write_file(const char *text, size_t len)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void write_quoted(const char *quoted)
{
    char *text = testing_json(quoted);
    write_file(text, strlen(text));
    free(text);
}

static char *read_example(size_t *len)
{
    char *text = datastore_read(example_path, len, &error);
    assert_non_null(text);
    return text;
}

static void assert_load_fails(enum config_status status, const char *reason)
{
    assert_null(loader_file(config, path, &error));
    assert_int_equal(error.status, status);
    assert_int_equal(error.count, 1);
    assert_string_equal(error.faults[0].path, "");
    assert_string_equal(error.faults[0].reason, reason);
}

/* --- files ----------------------------------------------------------------------------------- */

static void a_good_file_becomes_settings(void **state)
{
    (void)state;
    write_quoted("{'nmspd-nmsp:nmsp':{'enable':true}}");
    struct settings *settings = loader_file(config, path, &error);
    assert_non_null(settings);
    assert_int_equal(error.status, CONFIG_OK);
    assert_int_equal(error.count, 0);
    assert_true(settings->enabled);
    settings_free(settings);
}

static void a_file_that_does_not_exist_is_told_apart(void **state)
{
    (void)state;
    assert_load_fails(CONFIG_NOT_FOUND, "there is no such file");
}

static void a_bad_file_is_not_a_missing_one(void **state)
{
    (void)state;
    write_quoted("{'nmspd-nmsp:nmsp':{'enable':1}}");
    assert_null(loader_file(config, path, &error));
    assert_int_equal(error.status, CONFIG_INVALID);
}

static void what_is_not_a_regular_file_is_refused_without_waiting_for_it(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_load_fails(CONFIG_UNREADABLE, "it is not a regular file");
    assert_null(loader_file(config, folder, &error));
    assert_int_equal(error.status, CONFIG_UNREADABLE);
    assert_null(loader_file(config, "/dev/null", &error));
    assert_int_equal(error.status, CONFIG_UNREADABLE);
}

static void a_file_up_to_the_bound_is_read_and_a_larger_one_is_not(void **state)
{
    char *text = malloc(DATASTORE_FILE_MAX + 1);

    (void)state;
    assert_non_null(text);
    memset(text, ' ', DATASTORE_FILE_MAX + 1);
    memcpy(text, "{}", 2);
    write_file(text, DATASTORE_FILE_MAX);
    struct settings *settings = loader_file(config, path, &error);
    assert_non_null(settings);
    settings_free(settings);
    write_file(text, DATASTORE_FILE_MAX + 1);
    free(text);
    assert_load_fails(CONFIG_UNREADABLE,
                      "it is larger than 4194304 bytes, which no configuration is");
}

static void an_error_of_the_system_is_passed_on(void **state)
{
    char said[80];

    (void)state;
    (void)snprintf(said, sizeof(said), "it cannot be read: %s", strerror(EIO));
    write_quoted("{}");
    failing_at(FAILING_OPEN, 1, EACCES);
    assert_load_fails(CONFIG_UNREADABLE, "it cannot be opened: Permission denied");
    failing_reset();
    failing_at(FAILING_READ, 1, EIO);
    assert_load_fails(CONFIG_UNREADABLE, said);
}

static void a_file_that_shrinks_or_grows_meanwhile_is_refused(void **state)
{
    size_t len = 0;

    (void)state;
    write_quoted("{}");
    failing_at(FAILING_READ, 1, 0);
    assert_load_fails(CONFIG_UNREADABLE, "it changed while it was read: try again");
    failing_reset();
    /* /proc tells a size of 0 for files that have text. */
    config_error_clear(&error);
    assert_null(datastore_read("/proc/self/status", &len, &error));
    assert_string_equal(error.faults[0].reason, "it changed while it was read: try again");
}

static void a_file_that_comes_in_pieces_is_read_whole(void **state)
{
    (void)state;
    write_quoted("{'nmspd-nmsp:nmsp':{'strong-cipher':true}}");
    failing_short_io(5);
    struct settings *settings = loader_file(config, path, &error);
    failing_reset();
    assert_non_null(settings);
    assert_true(settings->strong_cipher);
    settings_free(settings);

    failing_at(FAILING_READ, 1, EINTR);
    settings = loader_file(config, path, &error);
    assert_non_null(settings);
    settings_free(settings);
}

static void no_descriptor_is_left_open(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        write_quoted(i == 0 ? "{}" : "{");
        unsigned opened = failing_count(FAILING_OPEN);
        unsigned closed = failing_count(FAILING_CLOSE);
        settings_free(loader_file(config, path, &error));
        assert_int_equal(failing_count(FAILING_OPEN) - opened, 1);
        assert_int_equal(failing_count(FAILING_CLOSE) - closed, 1);
    }
}

/* --- text ------------------------------------------------------------------------------------ */

static void the_example_cut_anywhere_is_refused(void **state)
{
    size_t len = 0;
    char *text = read_example(&len);
    size_t whole = (size_t)(strrchr(text, '}') - text) + 1;

    (void)state;
    for (size_t cut = 0; cut < whole; cut++) {
        char *part = strndup(text, cut);
        assert_non_null(part);
        assert_null(loader_text(config, part, cut, &error));
        assert_int_equal(error.status, CONFIG_INVALID);
        free(part);
    }
    free(text);
}

/* Most are refused; none may crash, leak or leave an error without a reason. */
static void the_example_with_any_byte_changed_is_taken_or_refused_with_a_reason(void **state)
{
    static const char changes[] = {'\0', '"', '{', ']', '@', '\\', (char)0xC3, '9'};
    size_t len = 0;
    char *text = read_example(&len);
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < len; i++) {
        char byte = text[i];
        text[i] = changes[at++ % sizeof(changes)];
        struct settings *settings = loader_text(config, text, len, &error);
        assert_true((settings == NULL) == (error.status != CONFIG_OK));
        assert_true((error.count > 0) == (settings == NULL));
        assert_true(settings != NULL || error.faults[0].reason[0] != '\0');
        settings_free(settings);
        text[i] = byte;
    }
    free(text);
}

static void nesting_without_end_is_refused(void **state)
{
    size_t len = 1000000;
    char *text = malloc(len + 1);

    (void)state;
    assert_non_null(text);
    memset(text, '[', len);
    memcpy(text, "{\"nmspd-nmsp:nmsp\":", 19);
    text[len] = '\0';
    assert_null(loader_text(config, text, len, &error));
    assert_string_equal(error.faults[0].reason,
                        "column 51: this is not JSON: brackets are nested too deep for a "
                        "configuration");
    free(text);
}

static void a_nul_in_the_text_does_not_hide_the_rest(void **state)
{
    static const char text[] = "{}\0{\"evil\":1}";

    (void)state;
    assert_null(loader_text(config, text, sizeof(text) - 1, &error));
    assert_string_equal(error.faults[0].reason,
                        "column 3: this is not JSON: nothing may stand after the last }");
}

static void a_refusal_leaves_nothing_behind_for_the_next_load(void **state)
{
    struct settings *before = testing_accept(config, "{}");

    (void)state;
    for (int i = 0; i < 3; i++) {
        testing_refuse(config, "{'nmspd-nmsp:nmsp':{'enable':1}}", &error);
        testing_refuse(config, "{'nmspd-aaa:aaa':{'user':[{'mac':'0050569c3489'}]}}", &error);
        assert_int_equal(error.count, 1);
        struct settings *after = testing_accept(config, "{}");
        assert_true(testing_same(before, after));
        settings_free(after);
    }
    settings_free(before);
}

static void settings_outlive_the_config_that_made_them(void **state)
{
    struct loader *other = loader_new(NULL);

    (void)state;
    assert_non_null(other);
    struct settings *settings = testing_accept(
        other, "{'nmspd-nmsp:nmsp':{'server':[{'host':'mse.example.net','port':1}]},"
               "'nmspd-radio:radios':{'radio':[{'interface':'wlan0','ap-name':'x'}]}}");
    loader_free(other);
    assert_string_equal(settings->servers[0].host, "mse.example.net");
    assert_string_equal(settings->radios.radios[0].ap_name, "x");
    settings_free(settings);
}

/* --- memory and messages --------------------------------------------------------------------- */

/* Each allocation of our own fails once; libyang's are not reached by this. */
static void a_load_that_runs_out_of_memory_fails_cleanly(void **state)
{
    unsigned tried = 0;

    (void)state;
    write_quoted("{'nmspd-aaa:aaa':{'user':[{'mac':'0050569c3489','attribute-list':'x'}],"
                 "'attribute-list':[{'name':'x'}],"
                 "'credential-download':[{'name':'default','method':'local'}]},"
                 "'nmspd-radio:radios':{'radio':[{'interface':'wlan0'}]}}");
    for (unsigned n = 1;; n++) {
        failing_malloc_at(n);
        struct settings *settings = loader_file(config, path, &error);
        bool failed = failing_hit();
        failing_reset();
        if (!failed) {
            assert_non_null(settings);
            settings_free(settings);
            break;
        }
        tried++;
        assert_null(settings);
        assert_int_equal(error.status, CONFIG_NO_MEMORY);
        assert_string_equal(error.faults[0].reason, "memory is out");
    }
    assert_int_equal(tried, 6); /* the file, the settings and four arrays */
}

static void no_config_when_memory_is_out(void **state)
{
    (void)state;
    failing_malloc_at(1);
    assert_null(loader_new(NULL));
    assert_true(failing_hit());
}

static void what_is_not_acted_on_is_logged_once(void **state)
{
    struct loader *other = loader_new(NULL);

    (void)state;
    assert_non_null(other);
    log_divert(take_line);
    lines_logged = 0;
    for (int i = 0; i < 2; i++)
        settings_free(testing_accept(other, "{'nmspd-location:location':{'plm':{'client':61},"
                                            "'algorithm':'rssi-average',"
                                            "'rssi-half-life':{'client':5}}}"));
    assert_int_equal(lines_logged, 1);
    assert_non_null(strstr(last_line, "/nmspd-location:location/plm/client: accepted and kept, "
                                      "but not acted on by this version"));
    log_divert(NULL);
    loader_free(other);
}

static void a_refusal_is_not_logged(void **state)
{
    (void)state;
    log_divert(take_line);
    lines_logged = 0;
    testing_refuse(config, "{'nmspd-nmsp:nmsp':{'enable':1}}", &error);
    testing_refuse(config, "{", &error);
    assert_null(loader_file(config, path, &error));
    assert_int_equal(lines_logged, 0);
}

static int captured_stderr(const char *file)
{
    int saved = dup(STDERR_FILENO);
    FILE *redirected = freopen(file, "w", stderr);

    assert_true(saved >= 0);
    assert_non_null(redirected);
    return saved;
}

/* libyang writes to standard error unless it is told not to. */
static void nothing_of_the_library_reaches_standard_error(void **state)
{
    struct stat st;

    (void)state;
    int saved = captured_stderr(path);
    struct loader *other = loader_new(NULL);
    if (other != NULL) {
        settings_free(testing_parse(other, "{'nmspd-nmsp:nmsp':{'enable':1}}", &error));
        settings_free(testing_parse(other, "{'nmspd-aaa:aaa':{'user':[{}]}}", &error));
        settings_free(testing_parse(other, "{'nope:nope':{}}", &error));
    }
    (void)fflush(stderr);
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    (void)close(saved);
    assert_non_null(other);
    loader_free(other);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_good_file_becomes_settings, after_each),
        cmocka_unit_test_teardown(a_file_that_does_not_exist_is_told_apart, after_each),
        cmocka_unit_test_teardown(a_bad_file_is_not_a_missing_one, after_each),
        cmocka_unit_test_teardown(what_is_not_a_regular_file_is_refused_without_waiting_for_it,
                                  after_each),
        cmocka_unit_test_teardown(a_file_up_to_the_bound_is_read_and_a_larger_one_is_not,
                                  after_each),
        cmocka_unit_test_teardown(an_error_of_the_system_is_passed_on, after_each),
        cmocka_unit_test_teardown(a_file_that_shrinks_or_grows_meanwhile_is_refused, after_each),
        cmocka_unit_test_teardown(a_file_that_comes_in_pieces_is_read_whole, after_each),
        cmocka_unit_test_teardown(no_descriptor_is_left_open, after_each),
        cmocka_unit_test_teardown(the_example_cut_anywhere_is_refused, after_each),
        cmocka_unit_test_teardown(
            the_example_with_any_byte_changed_is_taken_or_refused_with_a_reason, after_each),
        cmocka_unit_test_teardown(nesting_without_end_is_refused, after_each),
        cmocka_unit_test_teardown(a_nul_in_the_text_does_not_hide_the_rest, after_each),
        cmocka_unit_test_teardown(a_refusal_leaves_nothing_behind_for_the_next_load, after_each),
        cmocka_unit_test_teardown(settings_outlive_the_config_that_made_them, after_each),
        cmocka_unit_test_teardown(a_load_that_runs_out_of_memory_fails_cleanly, after_each),
        cmocka_unit_test_teardown(no_config_when_memory_is_out, after_each),
        cmocka_unit_test_teardown(what_is_not_acted_on_is_logged_once, after_each),
        cmocka_unit_test_teardown(a_refusal_is_not_logged, after_each),
        cmocka_unit_test_teardown(nothing_of_the_library_reaches_standard_error, after_each),
    };
    example_path = argc > 1 ? argv[1] : "config/nmspd.json.example";
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
