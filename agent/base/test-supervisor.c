/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/local.h"
#include "agent/base/log.h"
#include "agent/base/supervisor.h"
#include "tests/unit/failing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The supervisor's own end. */
static char folder[32];
static char path[48];
static int far_end = -1;
static struct loop *loop;

static void listen_at(const char *name)
{
    struct sockaddr_un address;
    socklen_t len = sizeof(address);

    assert_true(local_address(name, &address));
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
        len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    }
    far_end = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(far_end, (struct sockaddr *)&address, len), 0);
}

static const char *heard(void)
{
    static char text[64];
    ssize_t len = recv(far_end, text, sizeof(text) - 1, 0);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

static int set_up(void **state)
{
    (void)state;
    (void)strcpy(folder, "/tmp/supervisor-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/notify", folder);
    loop = loop_new_virtual(1000, 1000);
    assert_non_null(loop);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    loop_free(loop);
    if (far_end >= 0)
        (void)close(far_end);
    far_end = -1;
    (void)unlink(path);
    (void)rmdir(folder);
    return 0;
}

static void it_hears_when_the_program_is_ready_and_when_it_ends(void **state)
{
    (void)state;
    listen_at(path);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    struct supervisor *supervisor = supervisor_new(loop);
    assert_string_equal(heard(), "");
    supervisor_ready(supervisor);
    assert_string_equal(heard(), "READY=1");
    loop_advance(loop, 3600000);
    assert_string_equal(heard(), "");
    supervisor_stopping(supervisor);
    assert_string_equal(heard(), "STOPPING=1");
    supervisor_free(supervisor);
}

static void names_of_the_abstract_space_are_reached(void **state)
{
    char name[64];

    (void)state;
    (void)snprintf(name, sizeof(name), "@%s", path);
    listen_at(name);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    struct supervisor *supervisor = supervisor_new(loop);
    supervisor_ready(supervisor);
    assert_string_equal(heard(), "READY=1");
    supervisor_free(supervisor);
}

static void the_watchdog_is_told_twice_in_its_time(void **state)
{
    char pid[16];

    (void)state;
    listen_at(path);
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    struct supervisor *supervisor = supervisor_new(loop);
    loop_advance(loop, 60000);
    assert_string_equal(heard(), ""); /* not before it is ready */
    supervisor_ready(supervisor);
    assert_string_equal(heard(), "READY=1");
    for (unsigned n = 0; n < 3; n++) {
        loop_advance(loop, 14999);
        assert_string_equal(heard(), "");
        loop_advance(loop, 1);
        assert_string_equal(heard(), "WATCHDOG=1");
    }
    supervisor_free(supervisor);
}

static void a_watchdog_of_another_process_or_without_sense_is_none(void **state)
{
    static const char *const settings[][2] = {
        {"30000000", "1"}, {"30000000", "0x10"}, {"thirty", NULL}, {"-5", NULL}, {"0", NULL},
    };

    (void)state;
    listen_at(path);
    for (size_t n = 0; n < sizeof(settings) / sizeof(*settings); n++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
        assert_int_equal(setenv("WATCHDOG_USEC", settings[n][0], 1), 0);
        if (settings[n][1] != NULL)
            assert_int_equal(setenv("WATCHDOG_PID", settings[n][1], 1), 0);
        struct supervisor *supervisor = supervisor_new(loop);
        supervisor_ready(supervisor);
        assert_string_equal(heard(), "READY=1");
        loop_advance(loop, 3600000);
        assert_string_equal(heard(), "");
        supervisor_free(supervisor);
    }
}

static void children_do_not_find_it_in_their_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "1", 1), 0);
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
    supervisor_free(supervisor_new(loop));
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
}

static void one_that_does_not_listen_or_read_holds_nothing_up(void **state)
{
    (void)state;
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "2000", 1), 0);
    struct supervisor *supervisor = supervisor_new(loop);
    assert_non_null(supervisor);
    supervisor_ready(supervisor); /* there is nobody */
    listen_at(path);              /* and now somebody who reads nothing */
    loop_advance(loop, 5000);
    assert_string_equal(heard(), "WATCHDOG=1");
    supervisor_free(supervisor);
}

static void where_nobody_asks_or_what_is_asked_cannot_be_nothing_is_told(void **state)
{
    static const char *const wrong[] = {"", "relative/path", "vsock:2:1234"};
    char lengthy[200];

    (void)state;
    assert_null(supervisor_new(loop));
    for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", wrong[n], 1), 0);
        assert_null(supervisor_new(loop));
    }
    (void)memset(lengthy, 'x', sizeof(lengthy));
    lengthy[0] = '/';
    lengthy[sizeof(lengthy) - 1] = '\0';
    assert_int_equal(setenv("NOTIFY_SOCKET", lengthy, 1), 0);
    assert_null(supervisor_new(loop));
    supervisor_ready(NULL);
    supervisor_stopping(NULL);
    supervisor_free(NULL);
}

static void without_memory_or_descriptors_the_program_goes_on_unsupervised(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
        failing_malloc_at(n);
        struct supervisor *supervisor = supervisor_new(loop);
        bool failed = failing_hit();
        failing_reset();
        assert_true((supervisor == NULL) == failed);
        supervisor_free(supervisor);
        if (!failed)
            break;
    }
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    failing_at(FAILING_SOCKET, 1, EMFILE);
    assert_null(supervisor_new(loop));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(it_hears_when_the_program_is_ready_and_when_it_ends),
        TEST(names_of_the_abstract_space_are_reached),
        TEST(the_watchdog_is_told_twice_in_its_time),
        TEST(a_watchdog_of_another_process_or_without_sense_is_none),
        TEST(children_do_not_find_it_in_their_environment),
        TEST(one_that_does_not_listen_or_read_holds_nothing_up),
        TEST(where_nobody_asks_or_what_is_asked_cannot_be_nothing_is_told),
        TEST(without_memory_or_descriptors_the_program_goes_on_unsupervised),
    };
    log_open("test", false, LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
