/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program nmsp-radio, whose path is the argument, as a program that connects to it sees it. It
 * is started with the privileges that the test has, on interfaces of the machine that are no
 * monitors; what it does on real ones is tested in a virtual machine.
 */
#include "platform/helper/helper-protocol.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 10000 };

static const char *program;
static char folder[32];
static char path[64];
static pid_t child;
static int client;

/* --- the program --- */

static pid_t start(const char *interface)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)execl(program, program, "--socket", path, "--interface", interface, "--interface",
                    "nowhere", (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int end(pid_t pid, int signo)
{
    int status = 0;

    if (signo != 0)
        (void)kill(pid, signo);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* A connection, or -1: nobody listens. */
static int dial(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static int dial_when_ready(void)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    int fd = -1;

    for (int waited = 0; waited < PATIENCE_MS && (fd = dial()) < 0; waited += 5)
        (void)nanosleep(&pause, NULL);
    assert_true(fd >= 0);
    return fd;
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/nmspd-radio-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/radio.sock", folder);
    child = start("lo");
    client = dial_when_ready();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)close(client);
    (void)end(child, SIGKILL);
    (void)unlink(path);
    (void)rmdir(folder);
    return 0;
}

/* --- requests --- */

/* The reply's length; 0: it hung up. */
static ssize_t receive(struct helper_reply *reply)
{
    struct pollfd readable = {.fd = client, .events = POLLIN};

    assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    return recv(client, reply, sizeof(*reply), 0);
}

static int ask(uint32_t kind, const char *name)
{
    struct helper_request request = {.magic = HELPER_MAGIC, .kind = kind};
    struct helper_reply reply = {0};

    (void)snprintf(request.ifname, sizeof(request.ifname), "%s", name);
    assert_int_equal(send(client, &request, sizeof(request), 0), sizeof(request));
    assert_int_equal(receive(&reply), sizeof(reply));
    assert_int_equal(reply.magic, HELPER_MAGIC);
    assert_int_equal(reply.kind, kind);
    return reply.error;
}

static void an_interface_that_was_not_named_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ask(HELPER_SCAN, "eth0"), EPERM);
    assert_int_equal(ask(HELPER_MONITOR, "eth0"), EPERM);
    assert_int_equal(ask(HELPER_MONITOR, "l"), EPERM);
    assert_int_equal(ask(HELPER_MONITOR, "lo0"), EPERM);
    assert_int_equal(ask(HELPER_MONITOR, ""), EPERM);
}

static void a_name_with_something_behind_its_end_is_refused(void **state)
{
    struct helper_request request = {
        .magic = HELPER_MAGIC, .kind = HELPER_MONITOR, .ifname = "lo\0x"};
    struct helper_reply reply = {0};

    (void)state;
    assert_int_equal(send(client, &request, sizeof(request), 0), sizeof(request));
    assert_int_equal(receive(&reply), sizeof(reply));
    assert_int_equal(reply.error, EPERM);
}

/* EPERM: the test has no CAP_NET_RAW. */
static void what_is_no_monitor_is_not_opened(void **state)
{
    int error = ask(HELPER_MONITOR, "lo");

    (void)state;
    assert_true(error == EMEDIUMTYPE || error == EPERM);
    error = ask(HELPER_MONITOR, "nowhere");
    assert_true(error == ENODEV || error == EPERM);
}

static void a_scan_needs_an_interface_and_is_not_started_twice_at_once(void **state)
{
    (void)state;
    assert_int_equal(ask(HELPER_SCAN, "nowhere"), ENODEV);
    assert_int_equal(ask(HELPER_SCAN, "nowhere"), EBUSY);
    assert_true(ask(HELPER_SCAN, "lo") != 0);
}

static void anything_else_ends_the_connection_and_only_that(void **state)
{
    static const struct helper_request wrong[] = {
        {.magic = 1, .kind = HELPER_SCAN, .ifname = "lo"},
        {.magic = HELPER_MAGIC, .kind = 0, .ifname = "lo"},
        {.magic = HELPER_MAGIC, .kind = 3, .ifname = "lo"},
    };
    char longer[sizeof(struct helper_request) + 1] = {0};
    struct helper_reply reply;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        size_t len = i == 3 ? sizeof(longer) : i == 4 ? 1 : sizeof(wrong[0]);
        (void)memcpy(longer, &wrong[i % 3], sizeof(wrong[0]));
        ((struct helper_request *)(void *)longer)->magic = i < 3 ? wrong[i].magic : HELPER_MAGIC;
        assert_int_equal(send(client, longer, len, 0), len);
        assert_int_equal(receive(&reply), 0);
        (void)close(client);
        client = dial_when_ready();
    }
    assert_int_equal(ask(HELPER_SCAN, "eth0"), EPERM);
}

/* --- the socket --- */

static void the_socket_is_for_its_owner_and_group_only(void **state)
{
    struct stat found;

    (void)state;
    assert_int_equal(stat(path, &found), 0);
    assert_true(S_ISSOCK(found.st_mode));
    assert_int_equal(found.st_mode & 0777, 0660);
}

static void a_socket_that_is_in_use_is_not_taken_away(void **state)
{
    (void)state;
    int status = end(start("lo"), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_int_equal(ask(HELPER_SCAN, "eth0"), EPERM);
}

static void a_socket_that_was_left_behind_is_taken_over(void **state)
{
    (void)state;
    (void)end(child, SIGKILL);
    (void)close(client);
    child = start("lo");
    client = dial_when_ready();
    assert_int_equal(ask(HELPER_SCAN, "eth0"), EPERM);
}

static void nothing_but_a_socket_is_removed(void **state)
{
    struct stat found;

    (void)state;
    (void)end(child, SIGKILL);
    (void)unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    int status = end(start("lo"), 0);
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_int_equal(stat(path, &found), 0);
    assert_true(S_ISDIR(found.st_mode));
    assert_int_equal(rmdir(path), 0);
    child = start("lo");
    (void)close(client);
    client = dial_when_ready();
}

/* --- privileges --- */

/* The line of /proc/PID/status, without its name. */
static const char *status_of(const char *name)
{
    static char line[256];
    char file[64];

    (void)snprintf(file, sizeof(file), "/proc/%d/status", (int)child);
    FILE *status = fopen(file, "r");
    assert_non_null(status);
    while (fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            (void)fclose(status);
            return line + strlen(name);
        }
    }
    (void)fclose(status);
    fail_msg("no %s", name);
    return NULL;
}

static void it_keeps_two_capabilities_at_most_and_can_gain_none(void **state)
{
    static const char *const sets[] = {"CapPrm:", "CapEff:", "CapInh:", "CapAmb:"};
    const unsigned long long two = 1ULL << 12 | 1ULL << 13;

    (void)state;
    (void)ask(HELPER_SCAN, "eth0"); /* it is past its beginning */
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        assert_true((strtoull(status_of(sets[i]), NULL, 16) & ~two) == 0);
    assert_int_equal(strtoul(status_of("NoNewPrivs:"), NULL, 10), 1);
    if (geteuid() != 0)
        return;
    assert_true((strtoull(status_of("CapBnd:"), NULL, 16) & ~two) == 0);
    assert_int_equal(strtoul(status_of("Uid:"), NULL, 10), 65534);
    assert_int_equal(strtoul(status_of("Gid:"), NULL, 10), 65534);
}

static void who_is_not_allowed_to_ask_is_hung_up_on(void **state)
{
    struct helper_reply reply;

    (void)state;
    if (geteuid() != 0)
        return; /* nobody else to be */
    (void)close(client);
    assert_int_equal(chmod(folder, 0755) | chmod(path, 0666), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (setgid(65533) != 0 || setuid(65533) != 0)
            _exit(3);
        int fd = dial();
        _exit(fd < 0 ? 4 : recv(fd, &reply, sizeof(reply), 0) == 0 ? 0 : 5);
    }
    int status = end(pid, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    client = dial_when_ready();
}

static void wrong_usage_is_status_2(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(STDERR_FILENO);
        (void)execl(program, program, "--socket", "/nowhere", (char *)NULL);
        _exit(127);
    }
    assert_int_equal(WEXITSTATUS(end(pid, 0)), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(an_interface_that_was_not_named_is_refused),
        TEST(a_name_with_something_behind_its_end_is_refused),
        TEST(what_is_no_monitor_is_not_opened),
        TEST(a_scan_needs_an_interface_and_is_not_started_twice_at_once),
        TEST(anything_else_ends_the_connection_and_only_that),
        TEST(the_socket_is_for_its_owner_and_group_only),
        TEST(a_socket_that_is_in_use_is_not_taken_away),
        TEST(a_socket_that_was_left_behind_is_taken_over),
        TEST(nothing_but_a_socket_is_removed),
        TEST(it_keeps_two_capabilities_at_most_and_can_gain_none),
        TEST(who_is_not_allowed_to_ask_is_hung_up_on),
        TEST(wrong_usage_is_status_2),
    };

    if (argc != 2)
        return 2;
    program = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
