/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The identity on disk and its renewal; what is in the files is tls/test-identity.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/log.h"
#include "agent/identity.h"
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

/* What stays the same or not is the same for both. */
struct keys {
    struct authlist_peer of[IDENTITY_SLOTS];
};

static struct keys keys_now(void)
{
    struct keys keys;

    for (unsigned i = 0; i < IDENTITY_SLOTS; i++)
        keys.of[i] = *identity_facts(identity, (enum identity_slot)i);
    return keys;
}

static bool is_key(const struct authlist_peer *facts, enum identity_slot slot)
{
    const struct authlist_peer *now = identity_facts(identity, slot);

    return now != NULL &&
           memcmp(facts->spki_sha256, now->spki_sha256, sizeof(facts->spki_sha256)) == 0;
}

static void assert_keys_are(const struct keys *keys, bool same)
{
    for (unsigned i = 0; i < IDENTITY_SLOTS; i++)
        assert_int_equal(is_key(&keys->of[i], (enum identity_slot)i), same);
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
    static const char *const names[] = {"cert.pem",         "key.pem",        "cert-ec.pem",
                                        "key-ec.pem",       "next-cert.pem",  "next-key.pem",
                                        "next-cert-ec.pem", "next-key-ec.pem"};

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

static void renew(enum identity_found wanted)
{
    assert_true(identity_renew(identity, "agent", &mac, note, &is_done));
    assert_int_equal(wait_until_done(), wanted);
    assert_false(identity_creating(identity));
}

static void a_renewed_identity_is_another_one_on_disk_too(void **state)
{
    struct keys before = keys_now();
    struct keys after;

    (void)state;
    renew(IDENTITY_LOADED);
    assert_keys_are(&before, false);
    for (unsigned i = 0; i < IDENTITY_SLOTS; i++)
        assert_string_equal(identity_facts(identity, (enum identity_slot)i)->subject,
                            before.of[i].subject);
    after = keys_now();
    assert_false(is_there("next-cert.pem"));
    assert_false(is_there("next-key.pem"));
    assert_false(is_there("next-cert-ec.pem"));
    assert_false(is_there("next-key-ec.pem"));
    assert_int_equal(mode_of("key.pem"), 0600);
    assert_int_equal(mode_of("key-ec.pem"), 0600);
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_keys_are(&after, true);
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
    static const char *const in_the_way[] = {"next-key.pem", "next-cert.pem", "next-key-ec.pem",
                                             "next-cert-ec.pem"};
    struct keys before = keys_now();

    (void)state;
    for (size_t i = 0; i < sizeof(in_the_way) / sizeof(in_the_way[0]); i++) {
        assert_int_equal(mkdir(path_of(in_the_way[i]), 0700), 0);
        renew(IDENTITY_MISSING);
        assert_keys_are(&before, true);
        assert_int_equal(rmdir(path_of(in_the_way[i])), 0);
        begin_again();
        assert_int_equal(identity_load(identity), IDENTITY_LOADED);
        assert_keys_are(&before, true);
    }
}

static void a_renewal_whose_child_cannot_be_made_changes_nothing(void **state)
{
    struct keys before = keys_now();

    (void)state;
    failing_at(FAILING_FORK, 1, EAGAIN);
    assert_false(identity_renew(identity, "agent", &mac, note, &is_done));
    failing_reset();
    assert_false(identity_creating(identity));
    assert_keys_are(&before, true);
}

static void a_renewal_that_was_cut_off_between_its_two_files_is_finished(void **state)
{
    static const char *const names[][2] = {{"cert.pem", "next-cert.pem"},
                                           {"cert-ec.pem", "next-cert-ec.pem"}};
    struct keys after;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        move(names[i][0], "old");
        renew(IDENTITY_LOADED);
        after = keys_now();
        move(names[i][0], names[i][1]);
        move("old", names[i][0]);
        begin_again();
        assert_int_equal(identity_load(identity), IDENTITY_LOADED);
        assert_keys_are(&after, true);
        assert_false(is_there(names[i][1]));
    }
}

static void a_renewal_that_was_cut_off_before_that_is_forgotten(void **state)
{
    struct keys before = keys_now();

    (void)state;
    for (unsigned both = 0; both < 2; both++) {
        assert_int_equal(tls_identity_create(AUTHLIST_KEY_RSA, path_of("next-cert.pem"),
                                             path_of("next-key.pem"), "agent", &mac),
                         0);
        if (both == 0)
            assert_int_equal(unlink(path_of("next-cert.pem")), 0);
        begin_again();
        assert_int_equal(identity_load(identity), IDENTITY_LOADED);
        assert_keys_are(&before, true);
    }
    renew(IDENTITY_LOADED);
    assert_keys_are(&before, false);
}

static void it_can_be_freed_while_it_is_renewed(void **state)
{
    (void)state;
    assert_true(identity_renew(identity, "agent", &mac, note, &is_done));
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_false(is_done);
}

/* --- two of them ----------------------------------------------------------------------------- */

static void both_kinds_are_made(void **state)
{
    const struct authlist_peer *rsa = identity_facts(identity, IDENTITY_RSA);
    const struct authlist_peer *ec = identity_facts(identity, IDENTITY_EC);

    (void)state;
    assert_int_equal(rsa->key_type, AUTHLIST_KEY_RSA);
    assert_int_equal(rsa->key_bits, 2048);
    assert_int_equal(ec->key_type, AUTHLIST_KEY_EC);
    assert_int_equal(ec->key_bits, 256);
    assert_string_equal(rsa->subject, "CN=agent-020000000001");
    assert_string_equal(ec->subject, rsa->subject);
    assert_true(rsa->not_before == ec->not_before && rsa->not_after == ec->not_after);
    assert_int_equal(mode_of("key.pem"), 0600);
    assert_int_equal(mode_of("key-ec.pem"), 0600);
    assert_int_equal(mode_of("cert.pem"), 0644);
    assert_int_equal(mode_of("cert-ec.pem"), 0644);
    assert_non_null(strstr(identity_certificate_path(identity, IDENTITY_RSA), "/cert.pem"));
    assert_non_null(strstr(identity_certificate_path(identity, IDENTITY_EC), "/cert-ec.pem"));
}

static void only_the_one_that_is_missing_is_made(void **state)
{
    static const char *const files[][2] = {{"cert.pem", "key.pem"}, {"cert-ec.pem", "key-ec.pem"}};
    struct keys before = keys_now();

    (void)state;
    for (unsigned missing = 0; missing < IDENTITY_SLOTS; missing++) {
        assert_int_equal(unlink(path_of(files[missing][0])), 0);
        assert_int_equal(unlink(path_of(files[missing][1])), 0);
        begin_again();
        assert_int_equal(identity_load(identity), IDENTITY_MISSING);
        assert_null(identity_facts(identity, (enum identity_slot)missing));
        create(IDENTITY_LOADED);
        for (unsigned i = 0; i < IDENTITY_SLOTS; i++)
            assert_int_equal(is_key(&before.of[i], (enum identity_slot)i), i != missing);
        before = keys_now();
    }
}

static void a_key_alone_is_what_a_power_cut_left_and_is_replaced(void **state)
{
    struct keys before = keys_now();

    (void)state;
    assert_int_equal(unlink(path_of("cert-ec.pem")), 0);
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_MISSING);
    create(IDENTITY_LOADED);
    assert_true(is_key(&before.of[IDENTITY_RSA], IDENTITY_RSA));
    assert_false(is_key(&before.of[IDENTITY_EC], IDENTITY_EC));
}

/* The agent goes on with RSA alone; nothing is overwritten, and the log says it once. */
static void assert_ec_is_left_out(const char *why)
{
    const struct tls_options options = {.role = TLS_SERVER};
    struct stat before;
    struct stat after;

    assert_int_equal(stat(path_of("cert-ec.pem"), &before), 0);
    log_text[0] = '\0';
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_true(said(why));
    assert_true(said("the EC one cannot be used"));
    assert_null(identity_facts(identity, IDENTITY_EC));
    assert_non_null(identity_context(identity, &options));
    log_text[0] = '\0';
    assert_int_equal(identity_load(identity), IDENTITY_LOADED);
    assert_string_equal(log_text, "");
    assert_int_equal(stat(path_of("cert-ec.pem"), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
}

static void an_ec_identity_that_cannot_be_used_is_left_out(void **state)
{
    FILE *file;

    (void)state;
    assert_int_equal(chmod(path_of("key-ec.pem"), 0640), 0);
    assert_ec_is_left_out("open to others");
    assert_int_equal(chmod(path_of("key-ec.pem"), 0600), 0);
    move("key-ec.pem", "kept");
    assert_ec_is_left_out("put the key back");
    move("kept", "key-ec.pem");
    file = fopen(path_of("cert-ec.pem"), "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_ec_is_left_out("holds no usable PEM");
    /* On request it is made anew. */
    renew(IDENTITY_LOADED);
    assert_non_null(identity_facts(identity, IDENTITY_EC));
}

static void a_key_of_the_wrong_kind_is_refused_in_either_place(void **state)
{
    (void)state;
    move("cert.pem", "1");
    move("key.pem", "2");
    move("cert-ec.pem", "cert.pem");
    move("key-ec.pem", "key.pem");
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_BROKEN);
    assert_true(said("cert.pem holds a certificate with a key that is not RSA: rename it to "
                     "cert-ec.pem and its key to key-ec.pem"));
    assert_null(identity_facts(identity, IDENTITY_RSA));
    move("cert.pem", "cert-ec.pem");
    move("key.pem", "key-ec.pem");
    move("1", "cert.pem");
    move("2", "key.pem");
    assert_int_equal(identity_load(identity), IDENTITY_LOADED); /* mended */
    assert_non_null(identity_facts(identity, IDENTITY_EC));
    assert_int_equal(tls_identity_create(AUTHLIST_KEY_RSA, path_of("cert-ec.pem"),
                                         path_of("key-ec.pem"), "agent", &mac),
                     0);
    assert_ec_is_left_out("cert-ec.pem holds a certificate with a key that is not EC on P-256 or "
                          "P-384: rename it to cert.pem and its key to key.pem");
}

static void if_only_ec_cannot_be_made_it_goes_on_with_rsa(void **state)
{
    struct keys before = keys_now();

    (void)state;
    assert_int_equal(unlink(path_of("cert-ec.pem")), 0);
    assert_int_equal(unlink(path_of("key-ec.pem")), 0);
    assert_int_equal(mkdir(path_of("key-ec.pem"), 0700), 0);
    begin_again();
    assert_int_equal(identity_load(identity), IDENTITY_MISSING);
    create(IDENTITY_LOADED);
    assert_true(said("the EC one could not be made"));
    assert_true(is_key(&before.of[IDENTITY_RSA], IDENTITY_RSA));
    assert_null(identity_facts(identity, IDENTITY_EC));
}

static void without_rsa_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(unlink(path_of("cert.pem")), 0);
    assert_int_equal(unlink(path_of("key.pem")), 0);
    assert_int_equal(mkdir(path_of("key.pem"), 0700), 0);
    begin_again();
    create(IDENTITY_MISSING);
    assert_null(identity_facts(identity, IDENTITY_RSA));
    assert_null(identity_context(identity, &(struct tls_options){.role = TLS_SERVER}));
}

#define WITH_IDENTITY(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_IDENTITY(a_renewed_identity_is_another_one_on_disk_too),
        WITH_IDENTITY(contexts_are_new_after_it_and_old_ones_last_as_long_as_they_are_kept),
        WITH_IDENTITY(a_renewal_that_fails_changes_nothing),
        WITH_IDENTITY(a_renewal_whose_child_cannot_be_made_changes_nothing),
        WITH_IDENTITY(a_renewal_that_was_cut_off_between_its_two_files_is_finished),
        WITH_IDENTITY(a_renewal_that_was_cut_off_before_that_is_forgotten),
        WITH_IDENTITY(it_can_be_freed_while_it_is_renewed),
        WITH_IDENTITY(both_kinds_are_made),
        WITH_IDENTITY(only_the_one_that_is_missing_is_made),
        WITH_IDENTITY(a_key_alone_is_what_a_power_cut_left_and_is_replaced),
        WITH_IDENTITY(an_ec_identity_that_cannot_be_used_is_left_out),
        WITH_IDENTITY(a_key_of_the_wrong_kind_is_refused_in_either_place),
        WITH_IDENTITY(if_only_ec_cannot_be_made_it_goes_on_with_rsa),
        WITH_IDENTITY(without_rsa_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
