/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/helper/helper.h"
#include "platform/helper/test-far-helper.h"
#include "tests/unit/failing.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;
static struct helper *helper;
static struct far_helper far;
static struct helper_request request;
static int answers;
static int last_error;
static int last_fd;

static int set_up(void **state)
{
    (void)state;
    answers = 0;
    last_error = -1;
    last_fd = -1;
    far_helper_open(&far);
    loop = loop_new_virtual(1000, 0);
    helper = helper_new(loop);
    helper_set_path(helper, far.path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    helper_free(helper);
    loop_free(loop);
    far_helper_close(&far);
    return 0;
}

static void on_done(void *context, int error, int fd)
{
    (void)context;
    answers++;
    last_error = error;
    last_fd = fd;
}

static void turn(void)
{
    for (int i = 0; i < 10; i++)
        (void)loop_turn(loop, 0);
}

static void call(uint32_t kind, void *context)
{
    const struct helper_call it = {
        .kind = kind, .ifname = "wlan0", .context = context, .done = on_done};

    assert_true(helper_call(helper, &it));
}

/* One call, and the request that it made. */
static void ask(uint32_t kind)
{
    call(kind, &answers);
    assert_int_equal(answers, 0);
    turn();
    assert_true(far_helper_take(&far, &request));
}

static size_t open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count;
}

static void a_request_is_answered_once(void **state)
{
    (void)state;
    ask(HELPER_SCAN);
    assert_int_equal(request.magic, HELPER_MAGIC);
    assert_int_equal(request.kind, HELPER_SCAN);
    assert_memory_equal(request.ifname, "wlan0\0\0\0\0\0\0\0\0\0\0", 16);
    far_helper_answer(&far, HELPER_SCAN, EBUSY, -1);
    turn();
    assert_int_equal(answers, 1);
    assert_int_equal(last_error, EBUSY);
    assert_int_equal(last_fd, -1);
}

static void the_descriptor_of_a_monitor_is_the_askers(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    ask(HELPER_MONITOR);
    far_helper_answer(&far, HELPER_MONITOR, 0, ends[0]);
    turn();
    assert_int_equal(last_error, 0);
    assert_true(last_fd >= 0);
    assert_int_equal(send(ends[1], "x", 1, 0), 1);
    char byte = 0;
    assert_int_equal(recv(last_fd, &byte, 1, 0), 1);
    (void)close(last_fd);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void requests_go_one_after_the_other(void **state)
{
    (void)state;
    ask(HELPER_SCAN);
    call(HELPER_SCAN, &answers);
    turn();
    assert_false(far_helper_take(&far, &request));
    far_helper_answer(&far, HELPER_SCAN, 0, -1);
    turn();
    assert_true(far_helper_take(&far, &request));
    far_helper_answer(&far, HELPER_SCAN, 0, -1);
    turn();
    assert_int_equal(answers, 2);
}

static void without_a_helper_it_says_what_the_way_says(void **state)
{
    (void)state;
    far_helper_die(&far);
    call(HELPER_SCAN, &answers);
    turn();
    assert_int_equal(last_error, ENOENT);
    helper_set_path(helper, "");
    call(HELPER_SCAN, &answers);
    turn();
    assert_int_equal(last_error, ENOENT);
    assert_int_equal(answers, 2);
}

static void a_helper_that_dies_fails_what_was_asked_and_is_found_again(void **state)
{
    (void)state;
    ask(HELPER_MONITOR);
    far_helper_die(&far);
    turn();
    assert_int_equal(last_error, ECONNRESET);
    far_helper_listen(&far);
    answers = 0;
    ask(HELPER_SCAN);
    far_helper_answer(&far, HELPER_SCAN, 0, -1);
    turn();
    assert_int_equal(last_error, 0);
}

static void a_helper_that_is_restarted_between_requests_is_not_noticed(void **state)
{
    (void)state;
    ask(HELPER_SCAN);
    far_helper_answer(&far, HELPER_SCAN, 0, -1);
    turn();
    far_helper_die(&far);
    far_helper_listen(&far);
    answers = 0;
    ask(HELPER_SCAN);
    far_helper_answer(&far, HELPER_SCAN, 0, -1);
    turn();
    assert_int_equal(answers, 1);
    assert_int_equal(last_error, 0);
}

static void a_helper_that_says_nothing_is_given_up(void **state)
{
    (void)state;
    ask(HELPER_SCAN);
    loop_advance(loop, HELPER_DEADLINE_MS - 1);
    assert_int_equal(answers, 0);
    loop_advance(loop, 1);
    assert_int_equal(answers, 1);
    assert_int_equal(last_error, ETIMEDOUT);
    answers = 0;
    ask(HELPER_SCAN); /* on a connection of its own: no late reply can be taken for this one's */
    far_helper_answer(&far, HELPER_SCAN, 0, -1);
    turn();
    assert_int_equal(last_error, 0);
}

static void nonsense_ends_the_connection(void **state)
{
    static const struct helper_reply wrong[] = {
        {.magic = 1, .kind = HELPER_SCAN},
        {.magic = HELPER_MAGIC, .kind = HELPER_MONITOR},
        {.magic = HELPER_MAGIC, .kind = HELPER_SCAN, .error = -5},
    };
    const struct helper_reply good = {.magic = HELPER_MAGIC, .kind = HELPER_SCAN};
    char longer[sizeof(good) + 1] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ask(HELPER_SCAN);
        far_helper_say(&far, &wrong[i], sizeof(wrong[i]), -1, 0);
        turn();
        assert_int_equal(last_error, EPROTO);
        answers = 0;
    }
    ask(HELPER_SCAN);
    far_helper_say(&far, &good, sizeof(good) - 1, -1, 0);
    turn();
    assert_int_equal(last_error, EPROTO);
    answers = 0;
    memcpy(longer, &good, sizeof(good));
    ask(HELPER_SCAN);
    far_helper_say(&far, longer, sizeof(longer), -1, 0);
    turn();
    assert_int_equal(last_error, ECONNRESET);
}

static void descriptors_that_nobody_asked_for_are_closed(void **state)
{
    const struct helper_reply scan = {.magic = HELPER_MAGIC, .kind = HELPER_SCAN};
    const struct helper_reply monitor = {.magic = HELPER_MAGIC, .kind = HELPER_MONITOR};

    (void)state;
    ask(HELPER_SCAN);
    size_t before = open_descriptors();
    far_helper_say(&far, &scan, sizeof(scan), 0, 3);
    turn();
    assert_int_equal(last_error, EPROTO);
    assert_int_equal(open_descriptors(), before - 1); /* the connection, too */
    answers = 0;
    ask(HELPER_MONITOR);
    far_helper_say(&far, &monitor, sizeof(monitor), 0, 2);
    turn();
    assert_int_equal(last_error, 0);
    (void)close(last_fd);
    answers = 0;
    ask(HELPER_MONITOR);
    far_helper_say(&far, &monitor, sizeof(monitor), -1, 0); /* none although it went well */
    turn();
    assert_int_equal(last_error, EPROTO);
}

static void what_is_forgotten_is_not_answered_and_its_descriptor_closed(void **state)
{
    int other = 0;

    (void)state;
    ask(HELPER_MONITOR);
    call(HELPER_SCAN, &other);
    helper_cancel(helper, &answers);
    size_t before = open_descriptors();
    far_helper_answer(&far, HELPER_MONITOR, 0, 0);
    turn();
    assert_int_equal(answers, 0);
    assert_int_equal(open_descriptors(), before);
    assert_true(far_helper_take(&far, &request));
    far_helper_answer(&far, HELPER_SCAN, 0, -1);
    turn();
    assert_int_equal(answers, 1);
}

static void a_full_queue_takes_no_more(void **state)
{
    const struct helper_call it = {.kind = HELPER_SCAN, .done = on_done};

    (void)state;
    for (int i = 0; i < HELPER_QUEUE_MAX; i++)
        assert_true(helper_call(helper, &it));
    assert_false(helper_call(helper, &it));
    far_helper_die(&far);
    turn();
    turn();
    assert_int_equal(answers, HELPER_QUEUE_MAX);
}

static void another_path_is_another_helper(void **state)
{
    (void)state;
    ask(HELPER_SCAN);
    helper_set_path(helper, "/nowhere/x");
    assert_int_equal(last_error, ECONNRESET);
    answers = 0;
    call(HELPER_SCAN, &answers);
    turn();
    assert_int_equal(last_error, ENOENT);
}

static void without_memory_or_sockets_it_fails_cleanly(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        failing_malloc_at(n);
        struct helper *other = helper_new(loop);
        bool failed = failing_hit();
        failing_reset();
        if (failed)
            assert_null(other);
        helper_free(other);
    }
    failing_at(FAILING_SOCKET, 1, EMFILE);
    call(HELPER_SCAN, &answers);
    turn();
    assert_int_equal(last_error, EMFILE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_answered_once),
        TEST(the_descriptor_of_a_monitor_is_the_askers),
        TEST(requests_go_one_after_the_other),
        TEST(without_a_helper_it_says_what_the_way_says),
        TEST(a_helper_that_dies_fails_what_was_asked_and_is_found_again),
        TEST(a_helper_that_is_restarted_between_requests_is_not_noticed),
        TEST(a_helper_that_says_nothing_is_given_up),
        TEST(nonsense_ends_the_connection),
        TEST(descriptors_that_nobody_asked_for_are_closed),
        TEST(what_is_forgotten_is_not_answered_and_its_descriptor_closed),
        TEST(a_full_queue_takes_no_more),
        TEST(another_path_is_another_helper),
        TEST(without_memory_or_sockets_it_fails_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
