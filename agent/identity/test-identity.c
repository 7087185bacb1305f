/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The identity on disk and its renewal; what is in the files is tls/test-identity.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/log.h"
#include "agent/identity/identity.h"
#include "agent/tls/crypto.h"
#include "tests/unit/failing.h"

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mac mac = {{2, 0, 0, 0, 0, 1}};

static char folder[64];
static struct loop *loop;
static struct identity *identity;
static char log_text[4096];
static bool is_done;
static enum identity_found last_found;

static void keep_line(enum log_level level, const char *line)
{
    size_t used = strlen(log_text);

    (void)level;
    (void)snprintf(log_text + used, sizeof(log_text) - used, "%s\n", line);
}

static bool said(const char *part)
{
    return strstr(log_text, part) != NULL;
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

static struct certificate_info key_now(void)
{
    const struct certificate_info *facts = identity_info(identity);

    assert_non_null(facts);
    return *facts;
}

static bool is_key(const struct certificate_info *facts)
{
    return memcmp(facts->spki_sha256, key_now().spki_sha256, sizeof(facts->spki_sha256)) == 0;
}

static void move(const char *from, const char *to)
{
    assert_int_equal(rename(path_of(from), path_of(to)), 0);
}

static void create(enum identity_found wanted)
{
    assert_true(identity_create(identity, "agent", &mac, note, &is_done));
    assert_int_equal(wait_until_done(), wanted);
}

static unsigned mode_of(const char *name)
{
    struct stat found;

    assert_int_equal(stat(path_of(name), &found), 0);
    return (unsigned)(found.st_mode & 07777);
}

static int begin(void **state)
{
    (void)state;
    assert_int_equal(tls_init(), 0);
    log_divert(keep_line);
    log_text[0] = '\0';
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
    static const char *const names[] = {"cert.pem",   "key.pem",       "cert-ec.pem",
                                        "key-ec.pem", "next-cert.pem", "next-key.pem"};

    (void)state;
    failing_reset();
    identity_free(identity);
    loop_free(loop);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)(unlink(path_of(names[i])) != 0 && rmdir(path_of(names[i])) != 0);
    assert_int_equal(rmdir(folder), 0);
    log_divert(NULL);
    tls_fini();
    return 0;
}

static void renew_as(enum certificate_key_type kind, enum identity_found wanted)
{
    assert_true(identity_renew(identity, kind, "agent", &mac, note, &is_done));
    assert_int_equal(wait_until_done(), wanted);
    assert_false(identity_creating(identity));
}

static void renew(enum identity_found wanted)
{
    renew_as(CERTIFICATE_KEY_RSA, wanted);
}

static void the_first_one_is_rsa_2048(void **state)
{
    const struct certificate_info own = key_now();

    (void)state;
    assert_int_equal(own.key_type, CERTIFICATE_KEY_RSA);
    assert_int_equal(own.key_bits, 2048);
    assert_string_equal(own.subject, "CN=agent-020000000001");
    assert_int_equal(mode_of("key.pem"), 0600);
    assert_int_equal(mode_of("cert.pem"), 0644);
    assert_string_equal(identity_certificate_path(identity), path_of("cert.pem"));
    assert_false(is_there("cert-ec.pem"));
    assert_false(is_there("key-ec.pem"));
}

static void a_renewed_identity_is_another_one_on_disk_too(void **state)
{
    struct certificate_info before = key_now();
    struct certificate_info after;

    (void)state;
    renew(IDENTITY_LOADED);
    assert_false(is_key(&before));
    after = key_now();
    assert_string_equal(after.subject, before.subject);
    assert_false(is_there("next-cert.pem"));
    assert_false(is_there("next-key.pem"));
    assert_int_equal(mode_of("key.pem"), 0600);
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_true(is_key(&after));
}

static void a_renewal_may_change_the_kind_of_the_key_and_change_it_back(void **state)
{
    static const enum certificate_key_type kinds[] = {CERTIFICATE_KEY_EC, CERTIFICATE_KEY_RSA};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        renew_as(kinds[i], IDENTITY_LOADED);
        struct certificate_info now = key_now();
        assert_int_equal(now.key_type, kinds[i]);
        assert_int_equal(now.key_bits, kinds[i] == CERTIFICATE_KEY_EC ? 256 : 2048);
        assert_string_equal(identity_certificate_path(identity), path_of("cert.pem"));
        begin_again();
        assert_int_equal(identity_load(identity), IDENTITY_LOADED);
        assert_true(is_key(&now));
        assert_false(is_there("cert-ec.pem"));
    }
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
    static const char *const in_the_way[] = {"next-key.pem", "next-cert.pem"};
    struct certificate_info before = key_now();

    (void)state;
    for (size_t i = 0; i < sizeof(in_the_way) / sizeof(in_the_way[0]); i++) {
        assert_int_equal(mkdir(path_of(in_the_way[i]), 0700), 0);
        renew(IDENTITY_MISSING);
        assert_true(is_key(&before));
        assert_int_equal(rmdir(path_of(in_the_way[i])), 0);
        begin_again();
        assert_int_equal(identity_load(identity), IDENTITY_LOADED);
        assert_true(is_key(&before));
    }
}

static void a_renewal_whose_child_cannot_be_made_changes_nothing(void **state)
{
    struct certificate_info before = key_now();

    (void)state;
    failing_at(FAILING_FORK, 1, EAGAIN);
    assert_false(identity_renew(identity, CERTIFICATE_KEY_EC, "agent", &mac, note, &is_done));
    failing_reset();
    assert_false(identity_creating(identity));
    assert_true(is_key(&before));
}

static void a_renewal_that_was_cut_off_between_its_two_files_is_finished(void **state)
{
    struct certificate_info after;

    (void)state;
    move("cert.pem", "old");
    renew_as(CERTIFICATE_KEY_EC, IDENTITY_LOADED);
    after = key_now();
    move("cert.pem", "next-cert.pem");
    move("old", "cert.pem");
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_true(is_key(&after));
    assert_false(is_there("next-cert.pem"));
}

static void a_renewal_that_was_cut_off_before_that_is_forgotten(void **state)
{
    struct certificate_info before = key_now();

    (void)state;
    for (unsigned both = 0; both < 2; both++) {
        assert_int_equal(tls_identity_create(CERTIFICATE_KEY_RSA, path_of("next-cert.pem"),
                                             path_of("next-key.pem"), "agent", &mac),
                         0);
        if (both == 0)
            assert_int_equal(unlink(path_of("next-cert.pem")), 0);
        begin_again();
        assert_int_equal(identity_load(identity), IDENTITY_LOADED);
        assert_true(is_key(&before));
    }
    renew(IDENTITY_LOADED);
    assert_false(is_key(&before));
}

static void it_can_be_freed_while_it_is_renewed(void **state)
{
    (void)state;
    assert_true(identity_renew(identity, CERTIFICATE_KEY_RSA, "agent", &mac, note, &is_done));
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_false(is_done);
}

/* --- what lies there ------------------------------------------------------------------------- */

static void a_key_alone_is_what_a_power_cut_left_and_is_replaced(void **state)
{
    struct certificate_info before = key_now();

    (void)state;
    assert_int_equal(unlink(path_of("cert.pem")), 0);
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_MISSING);
    create(IDENTITY_LOADED);
    assert_false(is_key(&before));
}

static void make_second(void)
{
    assert_int_equal(tls_identity_create(CERTIFICATE_KEY_EC, path_of("cert-ec.pem"),
                                         path_of("key-ec.pem"), "agent", &mac),
                     0);
}

/* Made by openssl, for a curve that we do not offer. */
static const char p521_certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIICGDCCAXqgAwIBAgIUeWxxBNybqtc0sdnooOh8K2VWcjEwCgYIKoZIzj0EAwIw\n"
    "HTEbMBkGA1UEAwwSYWdlbnQtMDIwMDAwMDAwMDAxMCAXDTI2MTIwMTAwMjk0M1oY\n"
    "DzIxMjYxMTA3MDAyOTQzWjAdMRswGQYDVQQDDBJhZ2VudC0wMjAwMDAwMDAwMDEw\n"
    "gZswEAYHKoZIzj0CAQYFK4EEACMDgYYABAG5Oq3bO9oZPxAj+NdWAwbqlos8roro\n"
    "RzurSLovHVH6jLQ7owgpQEt93LYPNfFUK5+VFWcN+Bi2U3iJCoYWky1XMQAywgpi\n"
    "PqbzvTvz1aZlEcNdiLpnOkOOPD+79ReKekkWhHbd+JFew6hi9ld7n9H1JmhL8Fu1\n"
    "EKLOba0VxIlt438sn6NTMFEwHQYDVR0OBBYEFDSQzt+ETjRLyDVLtCnjGmeQmxKJ\n"
    "MB8GA1UdIwQYMBaAFDSQzt+ETjRLyDVLtCnjGmeQmxKJMA8GA1UdEwEB/wQFMAMB\n"
    "Af8wCgYIKoZIzj0EAwIDgYsAMIGHAkEh7HnjAFXH50wY0Sh064nOHVAJuaqxc5Zz\n"
    "DwNQUcYs+W0GA/FuL41JFKK/ZsAVhh7rmFKUy7rAAaPGij/24k+xvAJCAU4KikQh\n"
    "Ex7QIQPvK3LX6z5ZivvK6yo2pxCYkW0Yt/vTbKgUNrKSTL/9v0DGFHGv5ct/QYkl\n"
    "jMqVeKKPpywWsG6Y\n"
    "-----END CERTIFICATE-----\n";
static const char p521_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
                               "MIHcAgEBBEIBIecwIZJFU2GHsBVyRxVr4U9V2473z5nLsi/ItC5CnMcDStNwzN+/\n"
                               "LA6Q2Yq1ozoNw6/g4lO4B/OH/fMgbOS3HP+gBwYFK4EEACOhgYkDgYYABAG5Oq3b\n"
                               "O9oZPxAj+NdWAwbqlos8roroRzurSLovHVH6jLQ7owgpQEt93LYPNfFUK5+VFWcN\n"
                               "+Bi2U3iJCoYWky1XMQAywgpiPqbzvTvz1aZlEcNdiLpnOkOOPD+79ReKekkWhHbd\n"
                               "+JFew6hi9ld7n9H1JmhL8Fu1EKLOba0VxIlt438snw==\n"
                               "-----END EC PRIVATE KEY-----\n";

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

static void write_p521(void)
{
    write_text("cert.pem", p521_certificate);
    write_text("key.pem", p521_key);
}

/* As a release that had both left it. */
static void the_second_of_an_older_release_is_ignored_and_named_in_the_log(void **state)
{
    struct certificate_info before = key_now();
    char wanted[256];

    (void)state;
    make_second();
    begin_again();
    log_text[0] = '\0';
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_true(is_key(&before));
    (void)snprintf(wanted, sizeof(wanted), "%s is ignored", path_of("cert-ec.pem"));
    assert_true(said(wanted));
    log_text[0] = '\0';
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_string_equal(log_text, ""); /* once */
}

static void alone_it_is_the_identity_until_it_is_renewed(void **state)
{
    (void)state;
    make_second();
    assert_int_equal(unlink(path_of("cert.pem")), 0);
    assert_int_equal(unlink(path_of("key.pem")), 0);
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    struct certificate_info before = key_now();
    assert_int_equal(before.key_type, CERTIFICATE_KEY_EC);
    assert_string_equal(identity_certificate_path(identity), path_of("cert-ec.pem"));
    assert_false(is_there("cert.pem"));
    assert_false(is_there("key.pem"));
    renew_as(before.key_type, IDENTITY_LOADED);
    assert_false(is_key(&before));
    assert_string_equal(identity_certificate_path(identity), path_of("cert.pem"));
    struct certificate_info after = key_now();
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_true(is_key(&after));
}

/* Nothing that is there is overwritten, nor is the other one taken for it. */
static void assert_broken(const char *why)
{
    log_text[0] = '\0';
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_BROKEN);
    assert_true(said(why));
    assert_null(identity_info(identity));
    assert_null(identity_context(identity, &(struct tls_options){.role = TLS_SERVER}));
}

static void an_identity_that_cannot_be_used_waits_for_an_operator(void **state)
{
    (void)state;
    make_second();
    assert_int_equal(chmod(path_of("key.pem"), 0640), 0);
    assert_broken("open to others");
    assert_int_equal(chmod(path_of("key.pem"), 0600), 0);
    move("key.pem", "kept");
    assert_broken("put the key back");
    move("kept", "key.pem");
    assert_int_equal(identity_load(identity), IDENTITY_LOADED); /* mended */
}

static void a_key_of_either_kind_may_be_put_there_and_no_other(void **state)
{
    (void)state;
    make_second();
    move("cert-ec.pem", "cert.pem");
    move("key-ec.pem", "key.pem");
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_int_equal(key_now().key_type, CERTIFICATE_KEY_EC);
    write_p521();
    assert_broken("neither RSA nor EC on P-256 or P-384");
}

static void what_cannot_be_made_is_missing(void **state)
{
    (void)state;
    assert_int_equal(unlink(path_of("cert.pem")), 0);
    assert_int_equal(unlink(path_of("key.pem")), 0);
    assert_int_equal(mkdir(path_of("key.pem"), 0700), 0);
    begin_again();
    create(IDENTITY_MISSING);
    assert_null(identity_info(identity));
    assert_null(identity_context(identity, &(struct tls_options){.role = TLS_SERVER}));
}

#define WITH_IDENTITY(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_IDENTITY(the_first_one_is_rsa_2048),
        WITH_IDENTITY(a_renewed_identity_is_another_one_on_disk_too),
        WITH_IDENTITY(a_renewal_may_change_the_kind_of_the_key_and_change_it_back),
        WITH_IDENTITY(contexts_are_new_after_it_and_old_ones_last_as_long_as_they_are_kept),
        WITH_IDENTITY(a_renewal_that_fails_changes_nothing),
        WITH_IDENTITY(a_renewal_whose_child_cannot_be_made_changes_nothing),
        WITH_IDENTITY(a_renewal_that_was_cut_off_between_its_two_files_is_finished),
        WITH_IDENTITY(a_renewal_that_was_cut_off_before_that_is_forgotten),
        WITH_IDENTITY(it_can_be_freed_while_it_is_renewed),
        WITH_IDENTITY(a_key_alone_is_what_a_power_cut_left_and_is_replaced),
        WITH_IDENTITY(the_second_of_an_older_release_is_ignored_and_named_in_the_log),
        WITH_IDENTITY(alone_it_is_the_identity_until_it_is_renewed),
        WITH_IDENTITY(an_identity_that_cannot_be_used_waits_for_an_operator),
        WITH_IDENTITY(a_key_of_either_kind_may_be_put_there_and_no_other),
        WITH_IDENTITY(what_cannot_be_made_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
