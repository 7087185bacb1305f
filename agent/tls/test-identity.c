/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/log.h"
#include "agent/tls/crypto.h"
#include "agent/tls/tls.h"
#include "tests/unit/failing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mac mac = {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x89}};

static char folder[] = "/tmp/test-identity-XXXXXX";
static struct tls_identity *mine;
static char last_log[1024];

static const char *path_of(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void keep_line(enum log_level level, const char *line)
{
    (void)level;
    (void)snprintf(last_log, sizeof(last_log), "%s", line);
}

static int make_identity(void **state)
{
    (void)state;
    log_divert(keep_line);
    if (mkdtemp(folder) == NULL || tls_init() != 0 ||
        tls_identity_create(CERTIFICATE_KEY_RSA, path_of("MSE.pem"), path_of("MSE.key"), "MSE",
                            &mac) != 0)
        return -1;
    mine = tls_identity_load(path_of("MSE.pem"), path_of("MSE.key"));
    return mine != NULL ? 0 : -1;
}

static int remove_identity(void **state)
{
    static const char *const files[] = {"MSE.pem", "MSE.key", "other.pem", "other.key"};

    (void)state;
    tls_identity_free(mine);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)unlink(path_of(files[i]));
    tls_fini();
    log_divert(NULL);
    return rmdir(folder); /* fails if anything was left behind */
}

static int reset_failures(void **state)
{
    (void)state;
    failing_reset();
    return 0;
}

static void a_new_identity_says_who_we_are(void **state)
{
    const struct certificate_info *facts = tls_identity_info(mine);

    (void)state;
    assert_string_equal(facts->subject, "CN=MSE-0050569c3489");
    assert_int_equal(facts->mac_count, 1);
    assert_true(mac_equal(&facts->macs[0], &mac));
    assert_int_equal(facts->key_type, CERTIFICATE_KEY_RSA);
    assert_int_equal(facts->key_bits, 2048);
    assert_true(facts->not_before == INT64_C(946684800));
    assert_true(facts->not_after == INT64_C(253402300799));
}

static void make_other(const char *name)
{
    assert_int_equal(tls_identity_create(CERTIFICATE_KEY_RSA, path_of("other.pem"),
                                         path_of("other.key"), name, &mac),
                     0);
}

static void a_new_ec_identity_says_the_same(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(tls_identity_create(CERTIFICATE_KEY_EC, path_of("other.pem"),
                                         path_of("other.key"), "MSE", &mac),
                     0);
    struct tls_identity *identity = tls_identity_load(path_of("other.pem"), path_of("other.key"));
    assert_non_null(identity);
    const struct certificate_info *facts = tls_identity_info(identity);
    assert_string_equal(facts->subject, "CN=MSE-0050569c3489");
    assert_true(mac_equal(&facts->macs[0], &mac));
    assert_int_equal(facts->key_type, CERTIFICATE_KEY_EC);
    assert_int_equal(facts->key_bits, 256);
    assert_true(facts->not_before == INT64_C(946684800));
    assert_true(facts->not_after == INT64_C(253402300799));
    assert_int_equal(stat(path_of("other.key"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    tls_identity_free(identity);
    /* A key of the other kind does not fit. */
    assert_null(tls_identity_load(path_of("other.pem"), path_of("MSE.key")));
    assert_int_equal(errno, EINVAL);
    assert_non_null(strstr(last_log, "does not belong"));
}

static void only_the_owner_can_read_the_private_key(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(stat(path_of("MSE.key"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(path_of("MSE.pem"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
}

static void a_key_that_others_can_read_is_refused(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0660, 0777, 0601};

    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(chmod(path_of("MSE.key"), modes[i]), 0);
        assert_null(tls_identity_load(path_of("MSE.pem"), path_of("MSE.key")));
        assert_int_equal(errno, EACCES);
        assert_non_null(strstr(last_log, "open to others"));
    }
    assert_int_equal(chmod(path_of("MSE.key"), 0400), 0);
    struct tls_identity *identity = tls_identity_load(path_of("MSE.pem"), path_of("MSE.key"));
    assert_non_null(identity);
    tls_identity_free(identity);
    assert_int_equal(chmod(path_of("MSE.key"), 0600), 0);
}

static void a_key_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    make_other("MSE"); /* the same name, and a new key all the same */
    assert_null(tls_identity_load(path_of("MSE.pem"), path_of("other.key")));
    assert_int_equal(errno, EINVAL);
    assert_non_null(strstr(last_log, "does not belong"));
}

static void a_missing_file_is_told_from_a_bad_one(void **state)
{
    (void)state;
    assert_null(tls_identity_load(path_of("none.pem"), path_of("MSE.key")));
    assert_int_equal(errno, ENOENT);
    assert_null(tls_identity_load(path_of("MSE.pem"), path_of("none.key")));
    assert_int_equal(errno, ENOENT);
    assert_null(tls_identity_load(path_of("MSE.key"), path_of("MSE.key")));
    assert_int_equal(errno, EINVAL);
    assert_null(tls_identity_load(folder, path_of("MSE.key")));
    assert_int_equal(errno, EINVAL);
}

static void overwrite(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void a_file_that_holds_nonsense_is_refused(void **state)
{
    static char much[20000];
    static const char broken[] = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    (void)state;
    overwrite(path_of("other.pem"), "", 0);
    assert_null(tls_identity_load(path_of("other.pem"), path_of("MSE.key")));
    assert_int_equal(errno, EINVAL);
    overwrite(path_of("other.pem"), broken, sizeof(broken) - 1);
    assert_null(tls_identity_load(path_of("other.pem"), path_of("MSE.key")));
    assert_int_equal(errno, EINVAL);
    overwrite(path_of("other.pem"), much, sizeof(much));
    assert_null(tls_identity_load(path_of("other.pem"), path_of("MSE.key")));
    assert_int_equal(errno, EFBIG);
}

static void a_long_name_loses_its_end_but_never_its_mac(void **state)
{
    struct tls_identity *identity;

    (void)state;
    /* 50 letters and a character of two bytes that would be cut in half. */
    make_other("abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij\xc3\xa9x");
    identity = tls_identity_load(path_of("other.pem"), path_of("other.key"));
    assert_non_null(identity);
    assert_string_equal(tls_identity_info(identity)->subject,
                        "CN=abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij-0050569c3489");
    assert_true(mac_equal(&tls_identity_info(identity)->macs[0], &mac));
    tls_identity_free(identity);
}

static void remember(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");

    memset(text, 0, size);
    assert_non_null(file);
    assert_true(fread(text, 1, size - 1, file) > 0);
    (void)fclose(file);
}

/* Whatever fails while the key is written, the old key is still there, whole. */
static void a_failed_write_leaves_the_old_key(void **state)
{
    static const enum failing_call calls[] = {FAILING_OPEN, FAILING_WRITE, FAILING_FSYNC,
                                              FAILING_CLOSE, FAILING_RENAME};
    char before[4096];
    char after[4096];

    (void)state;
    remember(path_of("MSE.key"), before, sizeof(before));
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        failing_reset();
        /* The library reads the kernel's random numbers through calls of its own. */
        failing_at(calls[i], 1, ENOSPC);
        assert_int_equal(tls_identity_create(CERTIFICATE_KEY_RSA, path_of("other.pem"),
                                             path_of("MSE.key"), "x", &mac),
                         -ENOSPC);
        assert_true(failing_hit());
        failing_reset();
        assert_non_null(strstr(last_log, strerror(ENOSPC)));
        remember(path_of("MSE.key"), after, sizeof(after));
        assert_string_equal(before, after);
        assert_int_equal(access(path_of("MSE.key.new"), F_OK), -1);
    }
}

static void a_folder_that_is_missing_is_told(void **state)
{
    (void)state;
    assert_int_equal(tls_identity_create(CERTIFICATE_KEY_RSA, path_of("no/x.pem"),
                                         path_of("no/x.key"), "x", &mac),
                     -ENOENT);
    assert_non_null(strstr(last_log, "cannot be written"));
}

static void without_memory_there_is_no_identity(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 3; n++) {
        failing_reset();
        failing_malloc_at(n);
        assert_null(tls_identity_load(path_of("MSE.pem"), path_of("MSE.key")));
        assert_true(failing_hit());
        assert_int_equal(errno, ENOMEM);
    }
    tls_identity_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, reset_failures)
    const struct CMUnitTest tests[] = {
        TEST(a_new_identity_says_who_we_are),
        TEST(a_new_ec_identity_says_the_same),
        TEST(only_the_owner_can_read_the_private_key),
        TEST(a_key_that_others_can_read_is_refused),
        TEST(a_key_that_does_not_fit_is_refused),
        TEST(a_missing_file_is_told_from_a_bad_one),
        TEST(a_file_that_holds_nonsense_is_refused),
        TEST(a_long_name_loses_its_end_but_never_its_mac),
        TEST(a_failed_write_leaves_the_old_key),
        TEST(a_folder_that_is_missing_is_told),
        TEST(without_memory_there_is_no_identity),
    };
#undef TEST

    return cmocka_run_group_tests(tests, make_identity, remove_identity);
}
