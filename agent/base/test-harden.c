/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cannot be had back is tried in a child each time. What needs root is left out without. */
#include "agent/base/harden.h"
#include "tests/unit/failing.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__)
#define DUMPABLE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DUMPABLE 1
#endif
#endif
#ifndef DUMPABLE
#define DUMPABLE 0
#endif

enum { NOBODY = 65534, OTHER_GROUP = 4711 };

static const struct harden_user nobody = {
    .uid = NOBODY, .gid = NOBODY, .groups = {OTHER_GROUP}, .group_count = 1};

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    return 0;
}

static void need_root(void)
{
    if (geteuid() != 0)
        skip();
}

/* In a child: 0 if all was as it must be. */
static void must_hold(int (*work)(void))
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(work());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* A line of /proc/self/status, without its name and the blanks behind it. */
static const char *status_of(const char *name)
{
    static char line[256];
    FILE *status = fopen("/proc/self/status", "re");

    while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            (void)fclose(status);
            line[strcspn(line, "\n")] = '\0';
            return line + strlen(name) + strspn(line + strlen(name), "\t ");
        }
    }
    abort();
}

static bool has_capabilities(uint64_t effective, bool bounded)
{
    return strtoull(status_of("CapInh:"), NULL, 16) == 0 &&
           strtoull(status_of("CapAmb:"), NULL, 16) == 0 &&
           strtoull(status_of("CapPrm:"), NULL, 16) == effective &&
           strtoull(status_of("CapEff:"), NULL, 16) == effective &&
           (!bounded || strtoull(status_of("CapBnd:"), NULL, 16) == effective);
}

static bool is_closed_up(void)
{
    struct rlimit core = {.rlim_cur = 1, .rlim_max = 1};

    return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0 &&
           prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) == DUMPABLE &&
           strcmp(status_of("NoNewPrivs:"), "1") == 0;
}

static int stay(void)
{
    struct harden_fault fault;
    uid_t before = getuid();

    if (harden_drop(NULL, 0, &fault) != 0)
        return 1;
    if (getuid() != before || geteuid() != before)
        return 2;
    if (!has_capabilities(0, before == 0))
        return 3;
    return is_closed_up() ? 0 : 4;
}

static void who_stays_who_it_is_loses_all_capabilities(void **state)
{
    (void)state;
    must_hold(stay);
}

static int become_nobody(void)
{
    struct harden_fault fault;

    if (harden_drop(&nobody, 0, &fault) != 0)
        return 1;
    if (strcmp(status_of("Uid:"), "65534\t65534\t65534\t65534") != 0)
        return 2;
    if (strcmp(status_of("Gid:"), "65534\t65534\t65534\t65534") != 0)
        return 3;
    if (strtol(status_of("Groups:"), NULL, 10) != OTHER_GROUP || getgroups(0, NULL) != 1)
        return 4;
    if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || setgroups(0, NULL) == 0)
        return 5;
    if (!has_capabilities(0, true))
        return 6;
    return is_closed_up() ? 0 : 7;
}

static void root_becomes_another_user_for_good(void **state)
{
    (void)state;
    need_root();
    must_hold(become_nobody);
}

static int keep_one(void)
{
    struct harden_fault fault;

    if (harden_drop(&nobody, 1U << CAP_NET_RAW, &fault) != 0)
        return 1;
    return has_capabilities(1U << CAP_NET_RAW, true) && getuid() == NOBODY && is_closed_up() ? 0
                                                                                             : 2;
}

static void what_is_kept_is_kept_and_no_more(void **state)
{
    (void)state;
    need_root();
    must_hold(keep_one);
}

/* A root that has lost one capability before. */
static bool lose(unsigned capability)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &head, data) != 0)
        return false;
    data[0].permitted &= ~(1U << capability);
    data[0].effective &= ~(1U << capability);
    return syscall(SYS_capset, &head, data) == 0;
}

static bool fails_with(const char *what, int error)
{
    struct harden_fault fault = {.what = ""};

    return harden_drop(&nobody, 0, &fault) == -1 && strcmp(fault.what, what) == 0 &&
           fault.error == error;
}

static int fail_at_groups(void)
{
    return lose(CAP_SETGID) && fails_with("setgroups", EPERM) && getuid() == 0 ? 0 : 1;
}

static int fail_at_user(void)
{
    return lose(CAP_SETUID) && fails_with("setresuid", EPERM) ? 0 : 1;
}

static int fail_at_reading(void)
{
    failing_at(FAILING_SYSCALL, 1, ENOSYS);
    return fails_with("capget", ENOSYS) ? 0 : 1;
}

static int fail_at_setting(void)
{
    failing_at(FAILING_SYSCALL, 2, EPERM);
    return fails_with("capset", EPERM) ? 0 : 1;
}

static void what_cannot_be_done_is_named(void **state)
{
    (void)state;
    need_root();
    must_hold(fail_at_groups);
    must_hold(fail_at_user);
    must_hold(fail_at_reading);
    must_hold(fail_at_setting);
}

static void users_are_found_by_name_with_all_their_groups(void **state)
{
    struct harden_user user;

    (void)state;
    assert_int_equal(harden_find_user("root", &user), 0);
    assert_int_equal(user.uid, 0);
    assert_in_range(user.group_count, 1, HARDEN_GROUPS_MAX);
    assert_int_equal(harden_find_user("there is none", &user), -ENOENT);
    assert_int_equal(harden_find_user("", &user), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(who_stays_who_it_is_loses_all_capabilities, tear_down),
        cmocka_unit_test_teardown(root_becomes_another_user_for_good, tear_down),
        cmocka_unit_test_teardown(what_is_kept_is_kept_and_no_more, tear_down),
        cmocka_unit_test_teardown(what_cannot_be_done_is_named, tear_down),
        cmocka_unit_test_teardown(users_are_found_by_name_with_all_their_groups, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
