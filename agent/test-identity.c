/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The identity on disk and its renewal; what is in the files is tls/test-identity.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/log.h"
#include "agent/identity.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mac mac = {{2, 0, 0, 0, 0, 1}};

static char folder[64];
static struct loop *loop;
static struct identity *identity;
static bool is_done;
static enum identity_found last_found;

static void quiet(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

static void note(void *context, enum identity_found found)
{
    assert_ptr_equal(context, &is_done);
    is_done = true;
    last_found = found;
}

static enum identity_found wait_until_done(void)
{
    while (!is_done)
        assert_int_equal(loop_turn(loop, 30000), 0);
    is_done = false;
    return last_found;
}

static const char *path_of(const char *name)
{
    static char path[2][128];
    static unsigned turn;

    turn ^= 1;
    (void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

static bool is_there(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

static void begin_again(void)
{
    identity_free(identity);
    identity = identity_new(loop, folder);
    assert_non_null(identity);
}

static void assert_key_is(const struct authlist_peer *facts, bool same)
{
    int difference = memcmp(facts->spki_sha256, identity_facts(identity)->spki_sha256,
                            sizeof(facts->spki_sha256));
    assert_int_equal(difference == 0, same);
}

static int begin(void **state)
{
    (void)state;
    assert_int_equal(tls_init(), 0);
    log_divert(quiet);
    (void)snprintf(folder, sizeof(folder), "/tmp/test-identity-XXXXXX");
    assert_non_null(mkdtemp(folder));
    loop = loop_new();
    assert_non_null(loop);
    is_done = false;
    identity = NULL;
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_MISSING);
    assert_true(identity_create(identity, "agent", &mac, note, &is_done));
    assert_true(identity_creating(identity));
    assert_int_equal(wait_until_done(), IDENTITY_LOADED);
    return 0;
}

static int end(void **state)
{
    static const char *const names[] = {"cert.pem", "key.pem", "next-cert.pem", "next-key.pem"};

    (void)state;
    identity_free(identity);
    loop_free(loop);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)(unlink(path_of(names[i])) != 0 && rmdir(path_of(names[i])) != 0);
    assert_int_equal(rmdir(folder), 0);
    log_divert(NULL);
    tls_fini();
    return 0;
}

static void renew(enum identity_found wanted)
{
    assert_true(identity_renew(identity, "agent", &mac, note, &is_done));
    assert_int_equal(wait_until_done(), wanted);
    assert_false(identity_creating(identity));
}

static void a_renewed_identity_is_another_one_on_disk_too(void **state)
{
    struct authlist_peer before = *identity_facts(identity);
    struct authlist_peer after;
    struct stat key;

    (void)state;
    renew(IDENTITY_LOADED);
    assert_key_is(&before, false);
    assert_string_equal(identity_facts(identity)->subject, before.subject);
    after = *identity_facts(identity);
    assert_false(is_there("next-cert.pem"));
    assert_false(is_there("next-key.pem"));
    assert_int_equal(stat(path_of("key.pem"), &key), 0);
    assert_int_equal(key.st_mode & 07777, 0600);
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_key_is(&after, true);
}

static void contexts_are_new_after_it_and_old_ones_last_as_long_as_they_are_kept(void **state)
{
    const struct tls_options options = {.role = TLS_SERVER};
    struct tls_context *before = tls_context_keep(identity_context(identity, &options));

    (void)state;
    assert_ptr_equal(identity_context(identity, &options), before);
    renew(IDENTITY_LOADED);
    struct tls_context *after = identity_context(identity, &options);
    assert_non_null(after);
    assert_ptr_not_equal(after, before);
    struct tls *tls = tls_new(before, -1, NULL, NULL);
    assert_non_null(tls);
    tls_free(tls);
    tls_context_free(before);
}

static void a_renewal_that_fails_changes_nothing(void **state)
{
    struct authlist_peer before = *identity_facts(identity);

    (void)state;
    assert_int_equal(mkdir(path_of("next-key.pem"), 0700), 0);
    renew(IDENTITY_MISSING);
    assert_key_is(&before, true);
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_key_is(&before, true);
}

static void a_renewal_that_was_cut_off_between_its_two_files_is_finished(void **state)
{
    struct authlist_peer after;

    (void)state;
    assert_int_equal(rename(path_of("cert.pem"), path_of("old")), 0);
    renew(IDENTITY_LOADED);
    after = *identity_facts(identity);
    assert_int_equal(rename(path_of("cert.pem"), path_of("next-cert.pem")), 0);
    assert_int_equal(rename(path_of("old"), path_of("cert.pem")), 0);
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_key_is(&after, true);
    assert_false(is_there("next-cert.pem"));
}

static void a_renewal_that_was_cut_off_before_that_is_forgotten(void **state)
{
    struct authlist_peer before = *identity_facts(identity);

    (void)state;
    for (unsigned both = 0; both < 2; both++) {
        assert_int_equal(
            tls_identity_create(path_of("next-cert.pem"), path_of("next-key.pem"), "agent", &mac),
            0);
        if (both == 0)
            assert_int_equal(unlink(path_of("next-cert.pem")), 0);
        begin_again();
        assert_int_equal(identity_load(identity), IDENTITY_LOADED);
        assert_key_is(&before, true);
    }
    renew(IDENTITY_LOADED);
    assert_key_is(&before, false);
}

static void it_can_be_freed_while_it_is_renewed(void **state)
{
    (void)state;
    assert_true(identity_renew(identity, "agent", &mac, note, &is_done));
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_false(is_done);
}

#define WITH_IDENTITY(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_IDENTITY(a_renewed_identity_is_another_one_on_disk_too),
        WITH_IDENTITY(contexts_are_new_after_it_and_old_ones_last_as_long_as_they_are_kept),
        WITH_IDENTITY(a_renewal_that_fails_changes_nothing),
        WITH_IDENTITY(a_renewal_that_was_cut_off_between_its_two_files_is_finished),
        WITH_IDENTITY(a_renewal_that_was_cut_off_before_that_is_forgotten),
        WITH_IDENTITY(it_can_be_freed_while_it_is_renewed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
