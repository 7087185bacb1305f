/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Startup on the disk: what is read at the start and at SIGHUP, what is written, what goes wrong.
 */
#include "config/datastore/test-store-bed.h"

#include "tests/unit/failing.h"
#include "tests/unit/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENABLED     BED_NMSP("<enable>true</enable>")
#define HAS_ENABLED "{'nmspd-nmsp:nmsp':{'enable':true}}"
#define BAD         "{'nmspd-nmsp:nmsp':{'enable':1}}"

static const char *beside(const char *suffix)
{
    static char path[sizeof(bed.path) + 16];

    (void)snprintf(path, sizeof(path), "%s%s", bed.path, suffix);
    return path;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void expect_file(const char *path, const char *part)
{
    char *text = bed_read(path);

    assert_non_null(text);
    if (strstr(text, part) == NULL)
        fail_msg("%s has no %s:\n%s", path, part, text);
    free(text);
}

static bool reload(void)
{
    rpc_errors_clear(&bed.errors);
    return store_reload(bed.store, &bed.errors);
}

/* --- the start ------------------------------------------------------------------------------- */

static void a_good_startup_is_running_and_kept_as_the_last_good_one(void **state)
{
    (void)state;
    bed_start_with(HAS_ENABLED);
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    bed_expect(STORE_STARTUP, HAS_ENABLED);
    bed_expect(STORE_CANDIDATE, HAS_ENABLED);
    assert_int_equal(store_origin(bed.store), STORE_FROM_STARTUP);
    assert_int_equal(bed.applies, 0);
    struct settings *settings = store_settings(bed.store);
    assert_true(settings->enabled);
    settings_free(settings);
    expect_file(beside(".good"), "\"enable\": true");
}

static void a_last_good_one_that_is_there_already_is_not_written_again(void **state)
{
    struct stat before;
    struct stat after;

    (void)state;
    bed_start_with(HAS_ENABLED);
    assert_int_equal(stat(beside(".good"), &before), 0);
    bed_restart();
    assert_int_equal(stat(beside(".good"), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
}

static void a_bad_startup_stays_as_it_is_and_the_last_good_one_runs(void **state)
{
    (void)state;
    bed_start_with(HAS_ENABLED);
    bed_write(bed.path, BAD);
    bed_restart();
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    assert_int_equal(store_origin(bed.store), STORE_FROM_LAST_GOOD);
    const struct config_error *fault = store_startup_fault(bed.store);
    assert_non_null(fault);
    assert_int_equal(fault->status, CONFIG_INVALID);
    assert_string_equal(fault->faults[0].path, "/nmspd-nmsp:nmsp/enable");
    expect_file(bed.path, "\"enable\":1");
    expect_file(beside(".good"), "\"enable\": true");
    bed_expect(STORE_STARTUP, "{}");
    rpc_errors_clear(&bed.errors);
    assert_false(store_validate(bed.store, STORE_STARTUP, NULL, &bed.errors));
    bed_expect_error(RPC_INVALID_VALUE, "/nmspd-nmsp:nmsp/enable");
}

static void without_a_last_good_one_that_is_good_an_empty_one_runs(void **state)
{
    (void)state;
    bed_write(bed.path, BAD);
    bed_start();
    bed_expect(STORE_RUNNING, "{}");
    assert_int_equal(store_origin(bed.store), STORE_FROM_NOTHING);
    bed_write(beside(".good"), "{ nothing");
    bed_restart();
    bed_expect(STORE_RUNNING, "{}");
    assert_string_equal(store_startup_fault(bed.store)->faults[0].path, "/nmspd-nmsp:nmsp/enable");
    assert_false(store_validate(bed.store, STORE_STARTUP, NULL, &bed.errors));
    expect_file(beside(".good"), "{ nothing");
}

static void a_missing_startup_is_an_empty_one_whatever_was_good_before(void **state)
{
    (void)state;
    bed_start_with(HAS_ENABLED);
    assert_int_equal(unlink(bed.path), 0);
    bed_restart();
    bed_expect(STORE_RUNNING, "{}");
    assert_int_equal(store_origin(bed.store), STORE_FROM_NOTHING);
    assert_int_equal(store_startup_fault(bed.store)->status, CONFIG_NOT_FOUND);
    assert_true(store_validate(bed.store, STORE_STARTUP, NULL, &bed.errors));
}

static void a_startup_that_the_build_is_not_capable_of_is_not_taken(void **state)
{
    (void)state;
    bed_write(bed.path, "{'nmspd-nmsp:nmsp':{'listen':{'legacy-cipher':true}}}");
    bed_start();
    bed_expect(STORE_RUNNING, "{}");
    assert_non_null(store_startup_fault(bed.store));
}

/* --- saving ---------------------------------------------------------------------------------- */

static void a_saved_configuration_is_what_the_next_start_runs(void **state)
{
    (void)state;
    bed_start_with("{}");
    bed_accept(STORE_RUNNING, ENABLED);
    bed_expect(STORE_STARTUP, "{}");
    assert_true(bed_save(STORE_RUNNING));
    bed_expect(STORE_STARTUP, HAS_ENABLED);
    expect_file(bed.path, "\"enable\": true");
    expect_file(beside(".good"), "\"enable\": true");
    assert_false(exists(beside(".tmp")));
    assert_false(exists(beside(".good.tmp")));
    bed_restart();
    bed_expect(STORE_RUNNING, HAS_ENABLED);
}

static void an_empty_configuration_can_be_saved_and_read(void **state)
{
    (void)state;
    bed_start_with(HAS_ENABLED);
    bed_accept(STORE_RUNNING, BED_NMSP("<enable nc:operation='delete'/>"));
    assert_true(bed_save(STORE_RUNNING));
    bed_restart();
    assert_null(store_startup_fault(bed.store));
    bed_expect(STORE_RUNNING, "{}");
}

static void a_saved_file_has_explicit_values_only(void **state)
{
    (void)state;
    bed_start_with("{}");
    bed_accept(STORE_RUNNING, BED_NMSP("<strong-cipher>false</strong-cipher>"));
    assert_true(bed_save(STORE_RUNNING));
    expect_file(bed.path, "\"strong-cipher\": false");
    char *text = bed_read(bed.path);
    assert_null(strstr(text, "\"enable\""));
    free(text);
}

static void a_saved_file_keeps_the_mode_of_the_old_one_and_a_new_one_is_0640(void **state)
{
    struct stat st;

    (void)state;
    bed_start_with("{}");
    assert_int_equal(chmod(bed.path, 0604), 0);
    assert_true(bed_save(STORE_RUNNING));
    assert_int_equal(stat(bed.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0604);
    assert_int_equal(unlink(bed.path), 0);
    bed.overwrites = true;
    assert_true(bed_save(STORE_RUNNING));
    assert_int_equal(stat(bed.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
}

static void a_link_stays_a_link_to_what_was_saved(void **state)
{
    struct stat st;
    char real[sizeof(bed.path) + 8];

    (void)state;
    (void)snprintf(real, sizeof(real), "%s.real", bed.path);
    bed_write(real, "{}");
    assert_int_equal(symlink(real, bed.path), 0);
    bed_start();
    bed_accept(STORE_RUNNING, ENABLED);
    assert_true(bed_save(STORE_RUNNING));
    assert_int_equal(lstat(bed.path, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    expect_file(real, "\"enable\": true");
}

static void what_a_killed_process_left_behind_is_no_hindrance(void **state)
{
    (void)state;
    bed_start_with("{}");
    bed_write(beside(".tmp"), "half a fi");
    bed_accept(STORE_RUNNING, ENABLED);
    assert_true(bed_save(STORE_RUNNING));
    expect_file(bed.path, "\"enable\": true");
    assert_false(exists(beside(".tmp")));
}

static void what_does_not_validate_is_not_saved(void **state)
{
    (void)state;
    bed_start_with("{}");
    bed_accept(STORE_CANDIDATE, BED_AAA("<user><mac>0050.569c.3489</mac></user>"));
    assert_false(bed_save(STORE_CANDIDATE));
    bed_expect_error(RPC_DATA_MISSING, "/nmspd-aaa:aaa/user[mac='0050.569c.3489']/attribute-list");
    expect_file(bed.path, "{}");
}

static void rules_of_access_are_saved_with_the_rest(void **state)
{
    (void)state;
    bed_start_with("{}");
    bed_accept(STORE_RUNNING,
               BED_NACM("<rule-list><name>l</name><group>*</group><rule><name>r</name>"
                        "<path xmlns:n='urn:nmspd:yang:nmspd-nmsp'>/n:nmsp/n:enable</path>"
                        "<action>deny</action></rule></rule-list>"));
    assert_true(bed_save(STORE_RUNNING));
    char *before = bed_explicit(STORE_RUNNING);
    bed_restart();
    assert_null(store_startup_fault(bed.store));
    char *after = bed_explicit(STORE_RUNNING);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void save_fails(const char *words)
{
    assert_false(bed_save(STORE_RUNNING));
    assert_int_equal(bed.save_errors.items[0].tag, RPC_OPERATION_FAILED);
    if (strstr(bed.save_errors.items[0].message, words) == NULL)
        fail_msg("not \"%s\": %s", words, bed.save_errors.items[0].message);
    failing_reset();
    bed_expect(STORE_STARTUP, "{}");
    expect_file(bed.path, "{}");
    assert_false(exists(beside(".tmp")));
}

static void a_system_call_that_fails_leaves_the_old_file_and_says_why(void **state)
{
    char said[80];

    (void)state;
    (void)snprintf(said, sizeof(said), "fsync: %s", strerror(EIO));
    bed_start_with("{}");
    bed_accept(STORE_RUNNING, ENABLED);
    failing_from(FAILING_WRITE, 1, ENOSPC);
    assert_false(bed_save(STORE_RUNNING)); /* not even the answer can be written */
    failing_reset();
    failing_at(FAILING_WRITE, 1, ENOSPC);
    save_fails("No space left on device");
    failing_at(FAILING_FSYNC, 1, EIO);
    save_fails(said);
    failing_at(FAILING_OPEN, 1, EROFS);
    save_fails("Read-only file system");
    failing_at(FAILING_RENAME, 1, EACCES);
    save_fails("Permission denied");
    loop_advance(bed.loop, STORE_SAVE_MS);
    failing_at(FAILING_FORK, 1, EAGAIN);
    assert_false(bed_save(STORE_RUNNING));
    bed_expect_error(RPC_OPERATION_FAILED, "");
    failing_reset();
    assert_true(bed_save(STORE_RUNNING));
    bed_expect(STORE_STARTUP, HAS_ENABLED);
}

static void a_file_that_is_written_in_pieces_is_whole(void **state)
{
    (void)state;
    bed_start_with("{}");
    bed_accept(STORE_RUNNING, ENABLED);
    failing_short_io(3);
    assert_true(bed_save(STORE_RUNNING));
    failing_reset();
    bed_restart();
    bed_expect(STORE_RUNNING, HAS_ENABLED);
}

static void a_last_good_one_that_cannot_be_kept_does_not_fail_the_save(void **state)
{
    (void)state;
    bed_start_with("{}");
    bed_accept(STORE_RUNNING, ENABLED);
    failing_at(FAILING_RENAME, 2, EIO);
    assert_true(bed_save(STORE_RUNNING));
    failing_reset();
    expect_file(bed.path, "\"enable\": true");
}

static void keep_end(void *context, bool ok, const struct rpc_errors *errors)
{
    (void)context;
    bed.saved = true;
    bed.save_ok = ok;
    bed.save_errors = *errors;
}

static void ignore_end(void *context, bool ok, const struct rpc_errors *errors)
{
    unsigned *ends = context;

    (void)ok;
    (void)errors;
    (*ends)++;
}

static bool saves_with(uint32_t session, unsigned *ends)
{
    const struct store_access access = bed_access(session);

    rpc_errors_clear(&bed.errors);
    return store_copy(bed.store, &access, STORE_STARTUP, STORE_RUNNING, NULL, ignore_end, ends,
                      &bed.errors);
}

static void a_second_save_is_refused_while_one_is_under_way(void **state)
{
    unsigned ends = 0;

    (void)state;
    bed_start_with("{}");
    assert_true(saves_with(1, &ends));
    assert_false(saves_with(2, &ends));
    bed_expect_error(RPC_IN_USE, "");
    for (int i = 0; i < 2000 && ends == 0; i++)
        (void)loop_turn(bed.loop, 10);
    assert_int_equal(ends, 1);
    assert_true(saves_with(2, &ends));
    assert_false(saves_with(1, &ends)); /* the other one waits for its time */
    bed_expect_error(RPC_IN_USE, "");
    loop_advance(bed.loop, STORE_SAVE_MS);
    for (int i = 0; i < 2000 && ends == 1; i++)
        (void)loop_turn(bed.loop, 10);
    assert_int_equal(ends, 2);
}

static void a_session_that_ended_is_not_told_but_its_save_goes_on(void **state)
{
    unsigned ends = 0;

    (void)state;
    bed_start_with("{}");
    bed_accept(STORE_RUNNING, ENABLED);
    assert_true(saves_with(1, &ends));
    store_session_ended(bed.store, 1);
    for (int i = 0; i < 2000 && has_child(); i++)
        (void)loop_turn(bed.loop, 10);
    assert_int_equal(ends, 0);
    bed_expect(STORE_STARTUP, HAS_ENABLED);
}

static void a_store_that_goes_while_it_saves_leaves_no_child(void **state)
{
    unsigned ends = 0;

    (void)state;
    bed_start_with("{}");
    assert_true(saves_with(1, &ends));
    store_free(bed.store);
    bed.store = NULL;
    assert_true(children_end());
    assert_int_equal(ends, 0);
}

/* --- deleting -------------------------------------------------------------------------------- */

static void a_deleted_startup_is_gone_and_running_is_not(void **state)
{
    const struct store_access access = bed_access(1);
    unsigned ends = 0;

    (void)state;
    bed_start_with(HAS_ENABLED);
    rpc_errors_clear(&bed.errors);
    assert_true(store_delete(bed.store, &access, STORE_STARTUP, ignore_end, &ends, &bed.errors));
    for (int i = 0; i < 2000 && ends == 0; i++)
        (void)loop_turn(bed.loop, 10);
    assert_int_equal(ends, 1);
    assert_false(exists(bed.path));
    bed_expect(STORE_STARTUP, "{}");
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    assert_false(store_copy(bed.store, &access, STORE_RUNNING, STORE_STARTUP, NULL, NULL, NULL,
                            &bed.errors));
    bed_expect_error(RPC_DATA_MISSING, "");
    rpc_errors_clear(&bed.errors);
    assert_true(store_validate(bed.store, STORE_STARTUP, NULL, &bed.errors)); /* empty is valid */
    assert_false(store_delete(bed.store, &access, STORE_RUNNING, ignore_end, &ends, &bed.errors));
    bed_expect_error(RPC_OPERATION_NOT_SUPPORTED, "");
    bed_restart();
    bed_expect(STORE_RUNNING, "{}");
}

/* --- reading again --------------------------------------------------------------------------- */

static void a_reload_makes_the_file_running_and_the_last_good_one(void **state)
{
    (void)state;
    bed_start_with("{}");
    bed_write(bed.path, HAS_ENABLED);
    assert_true(reload());
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    bed_expect(STORE_STARTUP, HAS_ENABLED);
    assert_true(bed.applied->enabled);
    for (int i = 0; i < 2000 && has_child(); i++)
        (void)loop_turn(bed.loop, 10);
    expect_file(beside(".good"), "\"enable\": true");
    assert_true(reload());
    assert_int_equal(bed.applies, 2);
}

static void a_reload_of_a_bad_file_changes_nothing_and_says_why(void **state)
{
    (void)state;
    bed_start_with(HAS_ENABLED);
    bed_write(bed.path, BAD);
    assert_false(reload());
    bed_expect_error(RPC_INVALID_VALUE, "/nmspd-nmsp:nmsp/enable");
    assert_int_equal(store_startup_fault(bed.store)->faults[0].line, 1);
    assert_int_equal(bed.applies, 0);
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    assert_int_equal(unlink(bed.path), 0);
    assert_false(reload());
    assert_int_equal(store_startup_fault(bed.store)->status, CONFIG_NOT_FOUND);
    bed_write(bed.path, "{}");
    assert_true(reload());
    assert_null(store_startup_fault(bed.store));
    bed_expect(STORE_RUNNING, "{}");
}

static void a_save_mends_a_bad_startup(void **state)
{
    (void)state;
    bed_write(bed.path, BAD);
    bed_start();
    assert_non_null(store_startup_fault(bed.store));
    assert_true(bed_save(STORE_RUNNING));
    assert_null(store_startup_fault(bed.store));
    bed_restart();
    assert_null(store_startup_fault(bed.store));
}

/* --- memory ---------------------------------------------------------------------------------- */

static void memory_that_is_out_at_the_start_gives_no_store(void **state)
{
    const struct store_options options = {.loop = bed.loop, .schema = bed.schema, .path = bed.path};
    bool failed = true;

    (void)state;
    bed_write(bed.path, HAS_ENABLED);
    for (unsigned n = 1; failed; n++) {
        failing_malloc_at(n);
        struct store *store = store_new(&options);
        failed = failing_hit();
        failing_reset();
        /* What is lost may be the reading, or the last good one, alone. */
        if (store != NULL && store_origin(store) == STORE_FROM_NOTHING)
            assert_int_equal(store_startup_fault(store)->status, CONFIG_NO_MEMORY);
        store_free(store);
    }
}

static void memory_that_is_out_changes_nothing(void **state)
{
    const struct store_access access = bed_access(1);
    const struct store_commit commit = {.confirmed = true, .timeout = 10};
    struct lyd_node *envelope = NULL;
    struct lyd_node *config = bed_config(ENABLED, &envelope);
    bool failed = true;

    (void)state;
    bed_start_with("{}");
    for (unsigned n = 1; failed; n++) {
        rpc_errors_clear(&bed.errors);
        failing_malloc_at(n);
        bool ok = store_edit(bed.store, &access, STORE_CANDIDATE, config, STORE_MERGE, STORE_SET,
                             STORE_STOP_ON_ERROR, &bed.errors) &&
                  store_commit(bed.store, &access, &commit, &bed.errors);
        failed = failing_hit();
        failing_reset();
        assert_int_equal(ok, !failed);
        assert_int_equal(bed.errors.count > 0, failed);
        bed_expect(STORE_RUNNING, failed ? "{}" : HAS_ENABLED);
    }
    lyd_free_all(config);
    lyd_free_all(envelope);
    failing_malloc_at(1);
    loop_advance(bed.loop, 10000);
    failing_reset();
    assert_int_equal(bed.rolled_back, 0);
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    loop_advance(bed.loop, 1000);
    assert_int_equal(bed.rolled_back, 1);
    bed_expect(STORE_RUNNING, "{}");
}

/* --- whose file it is ------------------------------------------------------------------------ */

static void save_is_refused_for(const char *stands)
{
    assert_false(bed_save(STORE_RUNNING));
    assert_int_equal(bed.save_errors.items[0].tag, RPC_OPERATION_FAILED);
    assert_string_equal(bed.save_errors.items[0].app_tag, "startup-changed");
    if (stands != NULL)
        expect_file(bed.path, stands);
    else
        assert_false(exists(bed.path));
    assert_false(exists(beside(".tmp")));
}

static void what_was_written_by_hand_since_it_was_read_is_not_overwritten(void **state)
{
    (void)state;
    bed_start_with("{}");
    bed_accept(STORE_RUNNING, ENABLED);
    assert_int_equal(unlink(bed.path), 0);
    save_is_refused_for(NULL);
    bed_write(bed.path, "{'nmspd-system:system': {'hostname': 'by-hand'}}");
    save_is_refused_for("by-hand");
    save_is_refused_for("by-hand");
    bed_expect(STORE_STARTUP, "{}");
    assert_true(store_reload(bed.store, &bed.errors));
    bed_accept(STORE_RUNNING, ENABLED);
    assert_true(bed_save(STORE_RUNNING));
    expect_file(bed.path, "\"enable\": true");
    expect_file(bed.path, "by-hand");
    /* The same size, and the time of the last change is none. */
    bed_write(bed.path, "{'nmspd-system:system': {'hostname': 'by-hund'}}");
    save_is_refused_for("by-hund");
    assert_int_equal(unlink(bed.path), 0);
    save_is_refused_for(NULL);
    bed.overwrites = true;
    assert_true(bed_save(STORE_RUNNING));
    expect_file(bed.path, "\"enable\": true");
}

static void a_file_that_was_made_by_hand_is_not_overwritten_nor_deleted(void **state)
{
    struct store_access access = bed_access(1);
    const bool *ended = &bed.saved;

    (void)state;
    bed_start(); /* without a file */
    bed_write(bed.path, "{ 'nmspd-system:system': {} }");
    save_is_refused_for("nmspd-system");
    bed.saved = false;
    assert_true(store_delete(bed.store, &access, STORE_STARTUP, keep_end, NULL, &bed.errors));
    loop_advance(bed.loop, STORE_SAVE_MS);
    assert_true(turn_until(bed.loop, ended));
    assert_false(bed.save_ok);
    assert_string_equal(bed.save_errors.items[0].app_tag, "startup-changed");
    expect_file(bed.path, "nmspd-system");
    access.overwrites = true;
    bed.saved = false;
    assert_true(store_delete(bed.store, &access, STORE_STARTUP, keep_end, NULL, &bed.errors));
    loop_advance(bed.loop, STORE_SAVE_MS);
    assert_true(turn_until(bed.loop, ended));
    assert_true(bed.save_ok);
    assert_false(exists(bed.path));
    assert_true(bed_save(STORE_RUNNING));
}

static void what_was_read_and_refused_may_be_overwritten(void **state)
{
    (void)state;
    bed_start_with("{}");
    bed_accept(STORE_RUNNING, ENABLED);
    bed_write(bed.path, "{ no JSON");
    save_is_refused_for("no JSON");
    assert_false(store_reload(bed.store, &bed.errors));
    assert_true(bed_save(STORE_RUNNING));
    expect_file(bed.path, "\"enable\": true");
}

static void a_save_whose_end_failed_may_be_done_again(void **state)
{
    (void)state;
    bed_start_with("{}");
    bed_accept(STORE_RUNNING, ENABLED);
    failing_at(FAILING_FSYNC, 2, EIO); /* of the folder: the new file stands there */
    assert_false(bed_save(STORE_RUNNING));
    assert_null(bed.save_errors.items[0].app_tag);
    failing_reset();
    expect_file(bed.path, "\"enable\": true");
    assert_true(bed_save(STORE_RUNNING));
}

/* 556 a second were done. */
static void saves_are_a_second_apart(void **state)
{
    unsigned ends = 0;

    (void)state;
    bed_start_with("{}");
    assert_true(bed_save(STORE_RUNNING));
    for (unsigned i = 1; i < 4; i++) {
        assert_true(saves_with(1, &ends));
        loop_advance(bed.loop, STORE_SAVE_MS - 1);
        assert_false(has_child());
        assert_int_equal(ends, i - 1);
        loop_advance(bed.loop, 1);
        for (int k = 0; k < 2000 && ends < i; k++)
            (void)loop_turn(bed.loop, 10);
        assert_int_equal(ends, i);
    }
}

static void a_save_that_waits_for_its_time_goes_with_the_store_or_fails(void **state)
{
    (void)state;
    bed_start_with("{}");
    assert_true(bed_save(STORE_RUNNING));
    bed_accept(STORE_RUNNING, ENABLED);
    const struct store_access access = bed_access(1);
    bed.saved = false;
    assert_true(store_copy(bed.store, &access, STORE_STARTUP, STORE_RUNNING, NULL, keep_end, NULL,
                           &bed.errors));
    failing_at(FAILING_FORK, 1, EAGAIN);
    loop_advance(bed.loop, STORE_SAVE_MS);
    failing_reset();
    assert_true(bed.saved);
    assert_false(bed.save_ok);
    bed.saved = false;
    assert_true(bed_save(STORE_RUNNING));
    bed.saved = false;
    assert_true(store_delete(bed.store, &access, STORE_STARTUP, keep_end, NULL, &bed.errors));
    bed_restart();
    assert_false(bed.saved);
    bed_expect(STORE_STARTUP, HAS_ENABLED);
}

static void memory_that_is_out_saves_nothing(void **state)
{
    bool failed = true;
    unsigned in_child = 0;

    (void)state;
    bed_start_with("{}");
    bed_accept(STORE_RUNNING, ENABLED);
    for (unsigned n = 1; failed; n++) {
        failing_malloc_at(n);
        bool ok = bed_save(STORE_RUNNING);
        failed = failing_hit();
        failing_reset();
        if (failed)
            assert_false(ok);
        if (!ok && bed.saved) { /* it was the child's memory */
            assert_int_equal(bed.save_errors.items[0].tag, RPC_OPERATION_FAILED);
            failed = true;
            in_child++;
        }
        if (failed)
            expect_file(bed.path, "{}");
    }
    assert_true(in_child > 0);
    expect_file(bed.path, "\"enable\": true");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_before, bed_after)
    const struct CMUnitTest tests[] = {
        TEST(a_good_startup_is_running_and_kept_as_the_last_good_one),
        TEST(a_last_good_one_that_is_there_already_is_not_written_again),
        TEST(a_bad_startup_stays_as_it_is_and_the_last_good_one_runs),
        TEST(without_a_last_good_one_that_is_good_an_empty_one_runs),
        TEST(a_missing_startup_is_an_empty_one_whatever_was_good_before),
        TEST(a_startup_that_the_build_is_not_capable_of_is_not_taken),
        TEST(a_saved_configuration_is_what_the_next_start_runs),
        TEST(an_empty_configuration_can_be_saved_and_read),
        TEST(a_saved_file_has_explicit_values_only),
        TEST(a_saved_file_keeps_the_mode_of_the_old_one_and_a_new_one_is_0640),
        TEST(a_link_stays_a_link_to_what_was_saved),
        TEST(what_a_killed_process_left_behind_is_no_hindrance),
        TEST(what_does_not_validate_is_not_saved),
        TEST(rules_of_access_are_saved_with_the_rest),
        TEST(a_system_call_that_fails_leaves_the_old_file_and_says_why),
        TEST(a_file_that_is_written_in_pieces_is_whole),
        TEST(a_last_good_one_that_cannot_be_kept_does_not_fail_the_save),
        TEST(a_second_save_is_refused_while_one_is_under_way),
        TEST(a_session_that_ended_is_not_told_but_its_save_goes_on),
        TEST(a_store_that_goes_while_it_saves_leaves_no_child),
        TEST(a_deleted_startup_is_gone_and_running_is_not),
        TEST(a_reload_makes_the_file_running_and_the_last_good_one),
        TEST(a_reload_of_a_bad_file_changes_nothing_and_says_why),
        TEST(a_save_mends_a_bad_startup),
        TEST(memory_that_is_out_at_the_start_gives_no_store),
        TEST(memory_that_is_out_changes_nothing),
        TEST(what_was_written_by_hand_since_it_was_read_is_not_overwritten),
        TEST(a_file_that_was_made_by_hand_is_not_overwritten_nor_deleted),
        TEST(what_was_read_and_refused_may_be_overwritten),
        TEST(a_save_whose_end_failed_may_be_done_again),
        TEST(saves_are_a_second_apart),
        TEST(a_save_that_waits_for_its_time_goes_with_the_store_or_fails),
        TEST(memory_that_is_out_saves_nothing),
    };
    return cmocka_run_group_tests(tests, bed_open, bed_close);
}
