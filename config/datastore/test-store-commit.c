/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Candidate, commit, confirmed commit, locks (RFC 6241, 7.5, 8.3 and 8.4). The clock is virtual. */
#include "config/datastore/test-store-bed.h"

#include <stdlib.h>
#include <string.h>

#define ENABLED      BED_NMSP("<enable>true</enable>")
#define HAS_ENABLED  "{'nmspd-nmsp:nmsp':{'enable':true}}"
#define STRONG       BED_NMSP("<strong-cipher>true</strong-cipher>")
#define HAS_BOTH     "{'nmspd-nmsp:nmsp':{'enable':true,'strong-cipher':true}}"
#define INCOMPLETE   BED_AAA("<user><mac>0050.569c.3489</mac></user>")
#define MISSING_PATH "/nmspd-aaa:aaa/user[mac='0050.569c.3489']/attribute-list"

static int start_empty(void **state)
{
    int result = bed_before(state);
    if (result == 0)
        bed_start_with("{}");
    return result;
}

static bool commit(uint32_t session, const struct store_commit *how)
{
    const struct store_access access = bed_access(session);

    rpc_errors_clear(&bed.errors);
    bool ok = store_commit(bed.store, &access, how, &bed.errors);
    assert_int_equal(ok, bed.errors.count == 0);
    return ok;
}

static bool cancel(uint32_t session, const char *persist_id)
{
    const struct store_access access = bed_access(session);

    rpc_errors_clear(&bed.errors);
    return store_cancel_commit(bed.store, &access, persist_id, &bed.errors);
}

static bool discard(uint32_t session)
{
    const struct store_access access = bed_access(session);

    rpc_errors_clear(&bed.errors);
    return store_discard(bed.store, &access, &bed.errors);
}

static bool lock(uint32_t session, enum store_id id)
{
    rpc_errors_clear(&bed.errors);
    return store_lock(bed.store, session, id, &bed.errors);
}

static bool unlock(uint32_t session, enum store_id id)
{
    rpc_errors_clear(&bed.errors);
    return store_unlock(bed.store, session, id, &bed.errors);
}

static bool reload(void)
{
    rpc_errors_clear(&bed.errors);
    return store_reload(bed.store, &bed.errors);
}

static bool edit_as(uint32_t session, enum store_id target, const char *xml)
{
    return bed_edit_as(session, target, xml, STORE_MERGE, STORE_TEST_THEN_SET, STORE_STOP_ON_ERROR);
}

/* --- the candidate --------------------------------------------------------------------------- */

static void the_candidate_changes_alone_until_it_is_committed(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    bed_expect(STORE_CANDIDATE, HAS_ENABLED);
    bed_expect(STORE_RUNNING, "{}");
    assert_int_equal(bed.applies, 0);
    assert_true(bed_commit(1));
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    assert_int_equal(bed.applies, 1);
    assert_true(bed.applied->enabled);
    assert_true(bed_commit(1));
    assert_int_equal(bed.applies, 1);
}

static void a_candidate_without_changes_follows_running_and_one_with_changes_does_not(void **state)
{
    (void)state;
    bed_accept(STORE_RUNNING, ENABLED);
    bed_expect(STORE_CANDIDATE, HAS_ENABLED);
    bed_accept(STORE_CANDIDATE, STRONG);
    bed_accept(STORE_RUNNING, BED_NMSP("<enable nc:operation='delete'/>"));
    bed_expect(STORE_CANDIDATE, HAS_BOTH);
    assert_true(discard(1));
    bed_expect(STORE_CANDIDATE, "{}");
}

static void an_invalid_candidate_may_stand_but_not_be_validated_or_committed(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, INCOMPLETE);
    rpc_errors_clear(&bed.errors);
    assert_false(store_validate(bed.store, STORE_CANDIDATE, NULL, &bed.errors));
    bed_expect_error(RPC_DATA_MISSING, MISSING_PATH);
    assert_false(bed_commit(1));
    bed_expect_error(RPC_DATA_MISSING, MISSING_PATH);
    bed_expect(STORE_RUNNING, "{}");
    assert_int_equal(bed.applies, 0);
    bed_accept(STORE_CANDIDATE, BED_AAA("<user><mac>0050.569c.3489</mac>"
                                        "<attribute-list>x</attribute-list></user>"));
    rpc_errors_clear(&bed.errors);
    assert_true(store_validate(bed.store, STORE_CANDIDATE, NULL, &bed.errors));
    assert_true(bed_commit(1));
    assert_int_equal(bed.applied->aaa.user_count, 1);
}

static void a_commit_that_is_not_permitted_changes_nothing(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    bed.forbidden = "/nmspd-nmsp:nmsp/enable";
    assert_false(bed_commit(1));
    bed_expect_error(RPC_ACCESS_DENIED, bed.forbidden);
    bed_expect(STORE_RUNNING, "{}");
    bed_expect(STORE_CANDIDATE, HAS_ENABLED);
}

static void an_inline_configuration_is_validated_and_copied(void **state)
{
    const struct store_access access = bed_access(1);
    struct lyd_node *envelope = NULL;
    struct lyd_node *config = bed_config(STRONG, &envelope);

    (void)state;
    bed_accept(STORE_RUNNING, ENABLED);
    rpc_errors_clear(&bed.errors);
    assert_true(store_validate(bed.store, STORES, config, &bed.errors));
    assert_true(
        store_copy(bed.store, &access, STORE_CANDIDATE, STORES, config, NULL, NULL, &bed.errors));
    bed_expect(STORE_CANDIDATE, "{'nmspd-nmsp:nmsp':{'strong-cipher':true}}");
    assert_true(
        store_copy(bed.store, &access, STORE_RUNNING, STORES, NULL, NULL, NULL, &bed.errors));
    bed_expect(STORE_RUNNING, "{}");
    assert_true(store_copy(bed.store, &access, STORE_RUNNING, STORE_CANDIDATE, NULL, NULL, NULL,
                           &bed.errors));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'strong-cipher':true}}");
    assert_false(store_copy(bed.store, &access, STORE_RUNNING, STORE_RUNNING, NULL, NULL, NULL,
                            &bed.errors));
    bed_expect_error(RPC_INVALID_VALUE, "");
    lyd_free_all(config);
    lyd_free_all(envelope);

    config = bed_config(INCOMPLETE, &envelope);
    rpc_errors_clear(&bed.errors);
    assert_false(store_validate(bed.store, STORES, config, &bed.errors));
    bed_expect_error(RPC_DATA_MISSING, MISSING_PATH);
    rpc_errors_clear(&bed.errors);
    assert_false(
        store_copy(bed.store, &access, STORE_RUNNING, STORES, config, NULL, NULL, &bed.errors));
    bed_expect_error(RPC_DATA_MISSING, MISSING_PATH);
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'strong-cipher':true}}");
    lyd_free_all(config);
    lyd_free_all(envelope);
}

static void a_tree_with_defaults_is_copied_without_making_them_explicit(void **state)
{
    const struct store_access access = bed_access(1);

    (void)state;
    bed_accept(STORE_RUNNING, BED_NMSP("<enable>true</enable><listen><port>5</port></listen>"
                                       "<server><host>a</host><port>1</port></server>"));
    char *before = bed_explicit(STORE_RUNNING);
    unsigned applies = bed.applies;
    rpc_errors_clear(&bed.errors);
    assert_true(store_copy(bed.store, &access, STORE_RUNNING, STORES,
                           store_tree(bed.store, STORE_RUNNING), NULL, NULL, &bed.errors));
    bed_expect(STORE_RUNNING, before);
    assert_int_equal(bed.applies, applies);
    free(before);
}

/* --- confirmed commit ------------------------------------------------------------------------ */

static void a_commit_that_is_not_confirmed_in_time_is_rolled_back_and_live(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(bed_commit_confirmed(1, 600));
    assert_true(bed.applied->enabled);
    loop_advance(bed.loop, 599999);
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    assert_int_equal(bed.rolled_back, 0);
    loop_advance(bed.loop, 1);
    bed_expect(STORE_RUNNING, "{}");
    assert_false(bed.applied->enabled);
    assert_int_equal(bed.rolled_back, 1);
    assert_int_equal(bed.confirmed, 0);
    loop_advance(bed.loop, 10000000);
    assert_int_equal(bed.rolled_back, 1);
}

static void a_commit_confirms_and_may_bring_more(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(bed_commit_confirmed(1, 10));
    bed_accept(STORE_CANDIDATE, STRONG);
    assert_true(bed_commit(1));
    assert_int_equal(bed.confirmed, 1);
    loop_advance(bed.loop, 100000);
    bed_expect(STORE_RUNNING, HAS_BOTH);
    assert_int_equal(bed.rolled_back, 0);
}

static void a_further_confirmed_commit_starts_the_time_anew_and_goes_back_to_the_first(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(bed_commit_confirmed(1, 10));
    loop_advance(bed.loop, 9000);
    bed_accept(STORE_CANDIDATE, STRONG);
    assert_true(bed_commit_confirmed(1, 20));
    loop_advance(bed.loop, 19999);
    bed_expect(STORE_RUNNING, HAS_BOTH);
    loop_advance(bed.loop, 1);
    bed_expect(STORE_RUNNING, "{}");
    assert_int_equal(bed.rolled_back, 1);
}

static void a_commit_that_fails_confirms_nothing(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(bed_commit_confirmed(1, 10));
    bed_accept(STORE_CANDIDATE, INCOMPLETE);
    assert_false(bed_commit(1));
    assert_int_equal(bed.confirmed, 0);
    loop_advance(bed.loop, 10000);
    bed_expect(STORE_RUNNING, "{}");
}

static void the_end_of_its_session_rolls_a_commit_back_and_that_of_another_does_not(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(bed_commit_confirmed(1, 600));
    store_session_ended(bed.store, 2);
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    store_session_ended(bed.store, 1);
    bed_expect(STORE_RUNNING, "{}");
    assert_false(bed.applied->enabled);
    assert_int_equal(bed.rolled_back, 1);
}

static void a_persistent_commit_outlives_its_session_and_is_confirmed_by_its_token(void **state)
{
    const struct store_commit persist = {.confirmed = true, .timeout = 60, .persist = "token"};
    const struct store_commit wrong = {.persist_id = "Token"};
    const struct store_commit right = {.persist_id = "token"};

    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(commit(1, &persist));
    store_session_ended(bed.store, 1);
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    assert_false(commit(2, &wrong));
    bed_expect_error(RPC_INVALID_VALUE, "");
    assert_false(bed_commit(2));
    bed_expect_error(RPC_INVALID_VALUE, "");
    assert_true(commit(2, &right));
    assert_int_equal(bed.confirmed, 1);
    loop_advance(bed.loop, 100000);
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    assert_false(commit(2, &right));
    bed_expect_error(RPC_INVALID_VALUE, "");
}

static void a_persistent_commit_is_extended_by_its_token_and_rolled_back_in_time(void **state)
{
    const struct store_commit persist = {.confirmed = true, .timeout = 60, .persist = "a"};
    const struct store_commit again = {
        .confirmed = true, .timeout = 60, .persist = "b", .persist_id = "a"};
    const struct store_commit by_a = {.persist_id = "a"};

    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(commit(1, &persist));
    loop_advance(bed.loop, 50000);
    assert_true(commit(2, &again));
    loop_advance(bed.loop, 50000);
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    assert_false(commit(1, &by_a));
    loop_advance(bed.loop, 10000);
    bed_expect(STORE_RUNNING, "{}");
    assert_int_equal(bed.rolled_back, 1);
}

static void a_cancelled_commit_is_rolled_back_at_once(void **state)
{
    const struct store_commit persist = {.confirmed = true, .timeout = 60, .persist = "token"};

    (void)state;
    assert_false(cancel(1, NULL));
    bed_expect_error(RPC_OPERATION_FAILED, "");
    assert_false(cancel(1, "token"));
    bed_expect_error(RPC_INVALID_VALUE, "");
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(bed_commit_confirmed(1, 60));
    assert_false(cancel(2, NULL));
    bed_expect_error(RPC_IN_USE, "");
    assert_true(cancel(1, NULL));
    bed_expect(STORE_RUNNING, "{}");

    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(commit(1, &persist));
    assert_false(cancel(1, NULL));
    bed_expect_error(RPC_INVALID_VALUE, "");
    assert_false(cancel(1, "another"));
    bed_expect_error(RPC_INVALID_VALUE, "");
    assert_true(cancel(2, "token"));
    bed_expect(STORE_RUNNING, "{}");
    assert_int_equal(bed.rolled_back, 2);
}

static void while_a_commit_waits_nobody_else_changes_running(void **state)
{
    const struct store_access other = bed_access(2);

    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(bed_commit_confirmed(1, 60));
    assert_false(bed_commit(2));
    bed_expect_error(RPC_IN_USE, "");
    assert_false(edit_as(2, STORE_RUNNING, STRONG));
    bed_expect_error(RPC_IN_USE, "");
    assert_false(
        store_copy(bed.store, &other, STORE_RUNNING, STORE_STARTUP, NULL, NULL, NULL, &bed.errors));
    assert_false(lock(2, STORE_RUNNING));
    bed_expect_error(RPC_LOCK_DENIED, "");
    assert_int_equal(bed.errors.items[0].session, 1);
    assert_true(lock(1, STORE_RUNNING));
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    assert_true(bed_commit(1));
    assert_int_equal(bed.confirmed, 1);
}

/* It kept everybody out for 136 years, and took no right. */
static void a_commit_with_nothing_to_change_waits_for_nothing(void **state)
{
    const struct store_commit persistent = {.confirmed = true, .timeout = 86400, .persist = "x"};

    (void)state;
    assert_true(commit(1, &persistent));
    bed_accept(STORE_CANDIDATE, ENABLED);
    bed_accept(STORE_CANDIDATE, BED_NMSP("<enable nc:operation='delete'/>"));
    assert_true(commit(1, &persistent));
    assert_false(cancel(1, "x"));
    bed_expect_error(RPC_INVALID_VALUE, "");
    assert_true(edit_as(2, STORE_RUNNING, ENABLED));
    assert_true(reload());
    loop_advance(bed.loop, 86400 * 1000LL);
    assert_int_equal(bed.rolled_back + bed.confirmed, 0);
}

static void a_commit_that_waits_may_be_given_more_time_without_a_change(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(bed_commit_confirmed(1, 5));
    loop_advance(bed.loop, 4000);
    assert_true(bed_commit_confirmed(1, 5));
    loop_advance(bed.loop, 4000);
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    loop_advance(bed.loop, 1000);
    bed_expect(STORE_RUNNING, "{}");
}

static void nobody_waits_for_more_than_a_day(void **state)
{
    struct store_commit how = {.confirmed = true, .timeout = 86401};

    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_false(commit(1, &how));
    bed_expect_error(RPC_INVALID_VALUE, "");
    assert_non_null(strstr(bed.errors.items[0].message, "86400"));
    how.timeout = UINT32_MAX;
    assert_false(commit(1, &how));
    bed_expect(STORE_RUNNING, "{}");
    how.timeout = 86400;
    assert_true(commit(1, &how));
}

static void root_confirms_and_cancels_what_others_left_waiting(void **state)
{
    const struct store_commit persistent = {.confirmed = true, .timeout = 600, .persist = "x"};

    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(commit(1, &persistent));
    assert_false(cancel(2, NULL));
    assert_false(bed_commit(2));
    bed.recovery = true;
    assert_false(cancel(2, "y")); /* a mistake stays one */
    assert_true(cancel(2, NULL));
    assert_int_equal(bed.rolled_back, 1);
    bed_expect(STORE_RUNNING, "{}");
    bed.recovery = false;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(bed_commit_confirmed(1, 600));
    assert_false(cancel(2, NULL));
    bed_expect_error(RPC_IN_USE, "");
    bed.recovery = true;
    assert_true(bed_commit(2));
    assert_int_equal(bed.confirmed, 1);
    bed_expect(STORE_RUNNING, HAS_ENABLED);
}

static void a_reload_ends_the_waiting_if_the_file_is_taken(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(bed_commit_confirmed(1, 600));
    bed_write(bed.path, "{ no JSON");
    assert_false(reload());
    bed_expect(STORE_RUNNING, HAS_ENABLED);
    bed_write(bed.path, "{'nmspd-nmsp:nmsp': {'strong-cipher': true}}");
    assert_true(reload());
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'strong-cipher':true}}");
    assert_int_equal(bed.rolled_back, 1);
    loop_advance(bed.loop, 600 * 1000);
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'strong-cipher':true}}");
    assert_int_equal(bed.rolled_back + bed.confirmed, 1);
    assert_true(edit_as(2, STORE_RUNNING, ENABLED));
}

static void a_time_of_none_and_a_token_that_is_too_long_are_refused(void **state)
{
    char token[400];
    const struct store_commit no_time = {.confirmed = true, .timeout = 0};
    const struct store_commit long_token = {.confirmed = true, .timeout = 1, .persist = token};

    (void)state;
    memset(token, 'x', sizeof(token) - 1);
    token[sizeof(token) - 1] = '\0';
    assert_false(commit(1, &no_time));
    bed_expect_error(RPC_INVALID_VALUE, "");
    assert_false(commit(1, &long_token));
    bed_expect_error(RPC_INVALID_VALUE, "");
}

/* --- locks ----------------------------------------------------------------------------------- */

static void a_lock_is_denied_with_the_session_that_holds_it(void **state)
{
    int64_t since = 0;

    (void)state;
    for (int id = 0; id < STORES; id++) {
        assert_int_equal(store_lock_holder(bed.store, (enum store_id)id, NULL), 0);
        assert_true(lock(7, (enum store_id)id));
        assert_int_equal(store_lock_holder(bed.store, (enum store_id)id, &since), 7);
        assert_int_equal(since, loop_wall(bed.loop));
        assert_false(lock(8, (enum store_id)id));
        bed_expect_error(RPC_LOCK_DENIED, "");
        assert_true(bed.errors.items[0].has_session);
        assert_int_equal(bed.errors.items[0].session, 7);
        assert_int_equal(bed.errors.items[0].type, RPC_ERROR_PROTOCOL);
        assert_false(lock(7, (enum store_id)id));
        bed_expect_error(RPC_LOCK_DENIED, "");
        assert_false(unlock(8, (enum store_id)id));
        bed_expect_error(RPC_OPERATION_FAILED, "");
        assert_true(unlock(7, (enum store_id)id));
        assert_false(unlock(7, (enum store_id)id));
        bed_expect_error(RPC_OPERATION_FAILED, "");
        assert_true(lock(8, (enum store_id)id));
    }
}

static void a_lock_keeps_all_others_out(void **state)
{
    const struct store_access other = bed_access(2);

    (void)state;
    for (int id = 0; id < STORES; id++)
        assert_true(lock(1, (enum store_id)id));
    for (int target = STORE_RUNNING; target <= STORE_CANDIDATE; target++) {
        assert_false(edit_as(2, (enum store_id)target, ENABLED));
        bed_expect_error(RPC_IN_USE, "");
    }
    for (int target = 0; target < STORES; target++) {
        rpc_errors_clear(&bed.errors);
        assert_false(store_copy(bed.store, &other, (enum store_id)target, STORES, NULL, NULL, NULL,
                                &bed.errors));
        bed_expect_error(RPC_IN_USE, "");
    }
    rpc_errors_clear(&bed.errors);
    assert_false(store_delete(bed.store, &other, STORE_STARTUP, NULL, NULL, &bed.errors));
    bed_expect_error(RPC_IN_USE, "");
    assert_false(bed_commit(2));
    bed_expect_error(RPC_IN_USE, "");
    assert_false(discard(2));
    bed_expect_error(RPC_IN_USE, "");
    assert_false(reload());
    bed_expect_error(RPC_IN_USE, "");
    assert_true(edit_as(1, STORE_CANDIDATE, ENABLED));
    assert_true(bed_commit(1));
    bed_expect(STORE_RUNNING, HAS_ENABLED);
}

static void a_lock_on_either_running_or_candidate_keeps_commits_of_others_away(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_true(lock(1, STORE_RUNNING));
    assert_false(bed_commit(2));
    bed_expect_error(RPC_IN_USE, "");
    assert_true(unlock(1, STORE_RUNNING));
    assert_true(discard(2));
    assert_true(lock(1, STORE_CANDIDATE));
    assert_false(bed_commit(2));
    bed_expect_error(RPC_IN_USE, "");
}

static void a_candidate_with_changes_cannot_be_locked(void **state)
{
    (void)state;
    bed_accept(STORE_CANDIDATE, ENABLED);
    assert_false(lock(1, STORE_CANDIDATE));
    bed_expect_error(RPC_LOCK_DENIED, "");
    assert_int_equal(bed.errors.items[0].session, 0);
    assert_true(discard(2));
    assert_true(lock(1, STORE_CANDIDATE));
}

static void the_end_of_a_lock_on_the_candidate_discards_its_changes(void **state)
{
    (void)state;
    assert_true(lock(1, STORE_CANDIDATE));
    assert_true(edit_as(1, STORE_CANDIDATE, ENABLED));
    assert_true(unlock(1, STORE_CANDIDATE));
    bed_expect(STORE_CANDIDATE, "{}");
    assert_true(lock(1, STORE_CANDIDATE));
    assert_true(edit_as(1, STORE_CANDIDATE, ENABLED));
    store_session_ended(bed.store, 1);
    bed_expect(STORE_CANDIDATE, "{}");
    assert_true(lock(2, STORE_CANDIDATE));
}

static void the_end_of_a_session_frees_its_locks_and_leaves_those_of_others(void **state)
{
    (void)state;
    assert_true(lock(1, STORE_RUNNING));
    assert_true(lock(2, STORE_STARTUP));
    bed_accept(STORE_CANDIDATE, ENABLED);
    store_session_ended(bed.store, 1);
    assert_int_equal(store_lock_holder(bed.store, STORE_RUNNING, NULL), 0);
    assert_int_equal(store_lock_holder(bed.store, STORE_STARTUP, NULL), 2);
    bed_expect(STORE_CANDIDATE, HAS_ENABLED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start_empty, bed_after)
    const struct CMUnitTest tests[] = {
        TEST(the_candidate_changes_alone_until_it_is_committed),
        TEST(a_candidate_without_changes_follows_running_and_one_with_changes_does_not),
        TEST(an_invalid_candidate_may_stand_but_not_be_validated_or_committed),
        TEST(a_commit_that_is_not_permitted_changes_nothing),
        TEST(an_inline_configuration_is_validated_and_copied),
        TEST(a_tree_with_defaults_is_copied_without_making_them_explicit),
        TEST(a_commit_that_is_not_confirmed_in_time_is_rolled_back_and_live),
        TEST(a_commit_confirms_and_may_bring_more),
        TEST(a_further_confirmed_commit_starts_the_time_anew_and_goes_back_to_the_first),
        TEST(a_commit_that_fails_confirms_nothing),
        TEST(the_end_of_its_session_rolls_a_commit_back_and_that_of_another_does_not),
        TEST(a_persistent_commit_outlives_its_session_and_is_confirmed_by_its_token),
        TEST(a_persistent_commit_is_extended_by_its_token_and_rolled_back_in_time),
        TEST(a_cancelled_commit_is_rolled_back_at_once),
        TEST(while_a_commit_waits_nobody_else_changes_running),
        TEST(a_commit_with_nothing_to_change_waits_for_nothing),
        TEST(a_commit_that_waits_may_be_given_more_time_without_a_change),
        TEST(nobody_waits_for_more_than_a_day),
        TEST(root_confirms_and_cancels_what_others_left_waiting),
        TEST(a_reload_ends_the_waiting_if_the_file_is_taken),
        TEST(a_time_of_none_and_a_token_that_is_too_long_are_refused),
        TEST(a_lock_is_denied_with_the_session_that_holds_it),
        TEST(a_lock_keeps_all_others_out),
        TEST(a_lock_on_either_running_or_candidate_keeps_commits_of_others_away),
        TEST(a_candidate_with_changes_cannot_be_locked),
        TEST(the_end_of_a_lock_on_the_candidate_discards_its_changes),
        TEST(the_end_of_a_session_frees_its_locks_and_leaves_those_of_others),
    };
    return cmocka_run_group_tests(tests, bed_open, bed_close);
}
