/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a child job knows of this process's secrets: it looks for them in all of its memory. */
#include "agent/base/job.h"
#include "agent/base/loop.h"
#include "agent/tls/crypto.h"
#include "agent/tls/tls.h"
#include "tests/unit/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { HUGE_MAPPING = 1 << 30 }; /* of a sanitizer */
enum { NEEDLE = 24, MASK = 0x5a, DEADLINE_MS = 60000 };

static const struct mac mac = {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x89}};
static char folder[] = "/tmp/test-secrets-XXXXXX";
static char certificate[64];
static char key[64];
static struct loop *loop;
static struct tls_identity *mine;
static struct tls_context *context;
static uint8_t masked[NEEDLE]; /* of the private key, so that it is not found here */
static bool over;
static enum job_result ended;
static uint32_t found;

static int set_up(void **state)
{
    const struct tls_options options = {.role = TLS_SERVER};

    (void)state;
    tls_memory_count();
    if (mkdtemp(folder) == NULL || tls_init() != 0)
        return -1;
    (void)snprintf(certificate, sizeof(certificate), "%s/cert.pem", folder);
    (void)snprintf(key, sizeof(key), "%s/key.pem", folder);
    if (tls_identity_create(CERTIFICATE_KEY_RSA, certificate, key, "x", &mac) != 0)
        return -1;
    mine = tls_identity_load(certificate, key);
    loop = loop_new();
    context = mine != NULL ? tls_context_new(mine, &options) : NULL;
    if (context == NULL || loop == NULL)
        return -1;
    const struct tls_pair *pair = tls_identity_pair(mine);
    for (size_t i = 0; i < NEEDLE; i++) /* the private exponent begins behind the modulus */
        masked[i] = pair->key[pair->key_len / 2 + i] ^ MASK;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    job_at_fork(NULL);
    tls_context_free(context);
    tls_identity_free(mine);
    loop_free(loop);
    tls_fini();
    (void)unlink(certificate);
    (void)unlink(key);
    (void)rmdir(folder);
    return 0;
}

/* Memory that is not meant to be read, too. */
__attribute__((no_sanitize("address", "undefined"))) static uint32_t
count_in(const volatile uint8_t *begin, const volatile uint8_t *end)
{
    uint32_t count = 0;

    for (const volatile uint8_t *at = begin; at + NEEDLE <= end; at++) {
        size_t same = 0;
        while (same < NEEDLE && (at[same] ^ MASK) == masked[same])
            same++;
        count += same == NEEDLE;
    }
    return count;
}

/* In the child. */
static int look(void *input, int out)
{
    unsigned long begin;
    unsigned long end;
    char line[512];
    uint32_t count = 0;
    FILE *maps = fopen("/proc/self/maps", "re");

    (void)input;
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        if (sscanf(line, "%lx-%lx", &begin, &end) == 2 && strstr(line, " rw") != NULL &&
            strstr(line, "[v") == NULL && end - begin < HUGE_MAPPING)
            count += count_in((const volatile uint8_t *)begin, (const volatile uint8_t *)end);
    }
    return maps != NULL && write(out, &count, sizeof(count)) == sizeof(count) ? 0 : 1;
}

/* In the child, which has no secrets left but makes new ones. */
static int make(void *input, int out)
{
    (void)input;
    (void)out;
    for (unsigned kind = 0; kind < 2; kind++) {
        if (tls_identity_create(kind == 0 ? CERTIFICATE_KEY_EC : CERTIFICATE_KEY_RSA, certificate,
                                key, "y", &mac) != 0)
            return 1;
    }
    return 0;
}

static void on_done(void *unused, enum job_result how, const uint8_t *result, size_t len)
{
    (void)unused;
    over = true;
    ended = how;
    if (len == sizeof(found))
        memcpy(&found, result, sizeof(found));
}

static void run(int (*work)(void *input, int out))
{
    const struct job_spec spec = {.name = "test",
                                  .work = work,
                                  .done = on_done,
                                  .limit = sizeof(found),
                                  .deadline = DEADLINE_MS};

    over = false;
    found = UINT32_MAX;
    assert_non_null(job_start(loop, &spec));
    assert_true(turn_until(loop, &over));
    assert_int_equal(ended, JOB_OK);
}

static void a_child_would_know_the_private_key(void **state)
{
    (void)state;
    run(look);
    assert_in_range(found, 2, 1000); /* the identity's, the library's */
}

static void a_child_that_was_wiped_knows_nothing(void **state)
{
    (void)state;
    job_at_fork(tls_forget_secrets);
    run(look);
    assert_int_equal(found, 0);
}

static void a_child_that_was_wiped_can_make_keys(void **state)
{
    (void)state;
    job_at_fork(tls_forget_secrets);
    run(make);
    struct tls_identity *made = tls_identity_load(certificate, key);
    assert_non_null(made);
    tls_identity_free(made);
    assert_true(tls_pair_fits(tls_identity_pair(mine))); /* this process has lost nothing */
}

static void what_was_freed_is_wiped(void **state)
{
    uint32_t before;

    (void)state;
    run(look);
    before = found;
    for (int i = 0; i < 10; i++)
        tls_identity_free(tls_identity_load(certificate, key));
    run(look);
    assert_int_equal(found, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_would_know_the_private_key),
        cmocka_unit_test(what_was_freed_is_wiped),
        cmocka_unit_test(a_child_that_was_wiped_knows_nothing),
        cmocka_unit_test(a_child_that_was_wiped_can_make_keys),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
