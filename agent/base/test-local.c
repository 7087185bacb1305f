/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/local.h"
#include "tests/unit/failing.h"

#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[32];
static struct sockaddr_un address;

static int set_up(void **state)
{
    char path[64];

    (void)state;
    (void)strcpy(folder, "/tmp/local-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/socket", folder);
    assert_true(local_address(path, &address));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    (void)unlink(address.sun_path);
    (void)rmdir(folder);
    return 0;
}

static int listen_there(int type)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 0), 0);
    return fd;
}

static void a_path_that_fits_is_taken_whole_and_a_longer_one_is_refused(void **state)
{
    struct sockaddr_un out;
    char path[sizeof(out.sun_path) + 1];

    (void)state;
    memset(path, 'x', sizeof(path));
    path[sizeof(out.sun_path) - 1] = '\0';
    assert_true(local_address(path, &out));
    assert_int_equal(out.sun_family, AF_UNIX);
    assert_string_equal(out.sun_path, path);
    path[sizeof(out.sun_path) - 1] = 'x';
    path[sizeof(out.sun_path)] = '\0';
    assert_false(local_address(path, &out));
}

static void what_was_left_behind_is_stale(void **state)
{
    (void)state;
    (void)close(listen_there(SOCK_STREAM));
    assert_true(local_is_stale(&address, SOCK_STREAM));
}

static void a_server_that_listens_is_not_stale_not_even_when_its_queue_is_full(void **state)
{
    int clients[4];
    int fd = listen_there(SOCK_STREAM);

    (void)state;
    assert_false(local_is_stale(&address, SOCK_STREAM));
    for (size_t i = 0; i < 4; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(clients[i], (const struct sockaddr *)&address, sizeof(address));
    }
    assert_false(local_is_stale(&address, SOCK_STREAM));
    for (size_t i = 0; i < 4; i++)
        (void)close(clients[i]);
    (void)close(fd);
}

static void a_living_socket_of_another_type_is_not_stale(void **state)
{
    int fd = listen_there(SOCK_STREAM);

    (void)state;
    assert_false(local_is_stale(&address, SOCK_SEQPACKET));
    (void)close(fd);
}

static void what_is_no_socket_or_not_there_is_not_stale(void **state)
{
    (void)state;
    assert_false(local_is_stale(&address, SOCK_STREAM));
    FILE *file = fopen(address.sun_path, "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_false(local_is_stale(&address, SOCK_STREAM));
}

/* --- listening --- */

static mode_t mode_of(const char *path, gid_t *group)
{
    struct stat found;

    assert_int_equal(lstat(path, &found), 0);
    assert_true(S_ISSOCK(found.st_mode));
    *group = found.st_gid;
    return found.st_mode & 07777;
}

static void a_door_has_its_mode_and_group_and_goes_when_it_is_closed(void **state)
{
    struct local_door door;
    gid_t group;

    (void)state;
    assert_int_equal(local_listen(&door, address.sun_path, SOCK_STREAM, (gid_t)-1, 1), 0);
    assert_int_equal(mode_of(address.sun_path, &group), 0660);
    assert_int_equal(group, getegid());
    assert_false(door.replaced);
    assert_int_equal(door.group_error, 0);
    local_close(&door);
    local_close(&door); /* does nothing */
    assert_int_equal(access(address.sun_path, F_OK), -1);
    if (geteuid() != 0)
        skip();
    assert_int_equal(local_listen(&door, address.sun_path, SOCK_SEQPACKET, 4711, 1), 0);
    assert_int_equal(mode_of(address.sun_path, &group), 0660);
    assert_int_equal(group, 4711);
    assert_int_equal(getegid(), 0);
    local_close(&door);
}

/* As a user, in a folder of its own: a group that is its own, and one that is not. */
static int listen_as_user(void)
{
    const gid_t groups[] = {4711};
    struct local_door door;

    if (setgroups(1, groups) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
        return 1;
    if (local_listen(&door, address.sun_path, SOCK_STREAM, 4711, 1) != 0 || door.group_error != 0)
        return 2;
    gid_t group;
    if (mode_of(address.sun_path, &group) != 0660 || group != 4711)
        return 3;
    local_close(&door);
    if (local_listen(&door, address.sun_path, SOCK_STREAM, 0, 1) != 0 || door.group_error != EPERM)
        return 4;
    local_close(&door);
    return 0;
}

static void a_user_can_give_it_to_its_own_groups(void **state)
{
    int status = 0;

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(folder, 65534, 65534), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(listen_as_user());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_was_left_behind_is_replaced_and_nothing_else(void **state)
{
    struct local_door door;
    struct local_door other;

    (void)state;
    (void)close(listen_there(SOCK_STREAM));
    assert_int_equal(local_listen(&door, address.sun_path, SOCK_STREAM, (gid_t)-1, 1), 0);
    assert_true(door.replaced);
    assert_int_equal(local_listen(&other, address.sun_path, SOCK_STREAM, (gid_t)-1, 1),
                     -EADDRINUSE);
    assert_false(local_is_stale(&address, SOCK_STREAM)); /* it still listens */
    local_close(&door);
    FILE *file = fopen(address.sun_path, "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_int_equal(local_listen(&door, address.sun_path, SOCK_STREAM, (gid_t)-1, 1), -EADDRINUSE);
    assert_int_equal(access(address.sun_path, F_OK), 0);
}

static void another_socket_of_the_same_name_is_not_removed(void **state)
{
    struct local_door door;

    (void)state;
    assert_int_equal(local_listen(&door, address.sun_path, SOCK_STREAM, (gid_t)-1, 1), 0);
    assert_int_equal(unlink(address.sun_path), 0);
    int fd = listen_there(SOCK_STREAM);
    local_close(&door);
    assert_int_equal(access(address.sun_path, F_OK), 0);
    (void)close(fd);
}

static void of_many_that_start_at_once_one_gets_it(void **state)
{
    enum { STARTERS = 8 };
    struct local_door door;
    int gate[2];
    pid_t pids[STARTERS];
    int winners = 0;

    (void)state;
    (void)close(listen_there(SOCK_STREAM));
    assert_int_equal(pipe(gate), 0);
    for (int i = 0; i < STARTERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            char byte;
            (void)close(gate[1]);
            if (read(gate[0], &byte, 1) < 0) /* until the gate is opened */
                _exit(2);
            int error = local_listen(&door, address.sun_path, SOCK_STREAM, (gid_t)-1, 1);
            if (error == 0)
                (void)pause();
            _exit(error == -EADDRINUSE ? 0 : 1);
        }
    }
    (void)close(gate[0]);
    (void)close(gate[1]);
    for (int i = 0; i < STARTERS - 1; i++) { /* all but one end by themselves */
        int status = 0;
        pid_t ended = waitpid(-1, &status, 0);
        assert_int_equal(status, 0);
        for (int k = 0; k < STARTERS; k++) {
            if (pids[k] == ended)
                pids[k] = 0;
        }
    }
    assert_false(local_is_stale(&address, SOCK_STREAM)); /* the one that is left listens */
    for (int i = 0; i < STARTERS; i++) {
        if (pids[i] == 0)
            continue;
        winners++;
        assert_int_equal(kill(pids[i], SIGKILL), 0);
        assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
    }
    assert_int_equal(winners, 1);
}

static int try_with(mode_t mode, uid_t owner)
{
    struct local_door door;

    assert_int_equal(chmod(folder, mode), 0);
    if (owner != (uid_t)-1)
        assert_int_equal(chown(folder, owner, (gid_t)-1), 0);
    int error = local_listen(&door, address.sun_path, SOCK_STREAM, (gid_t)-1, 1);
    local_close(&door);
    return error;
}

static void a_folder_that_others_could_change_is_refused(void **state)
{
    (void)state;
    assert_int_equal(try_with(0755, (uid_t)-1), 0);
    assert_int_equal(try_with(0775, (uid_t)-1), LOCAL_UNSAFE);
    assert_int_equal(try_with(0757, (uid_t)-1), LOCAL_UNSAFE);
    assert_int_equal(try_with(01777, (uid_t)-1), 0);
    if (geteuid() != 0)
        skip();
    assert_int_equal(try_with(0755, 65534), LOCAL_UNSAFE);
    assert_int_equal(try_with(01777, 65534), LOCAL_UNSAFE);
    assert_int_equal(try_with(0755, 0), 0);
}

static void a_folder_above_is_looked_at_as_well_behind_links_too(void **state)
{
    char inner[64];
    char link[64];
    char path[96];
    struct local_door door;

    (void)state;
    (void)snprintf(inner, sizeof(inner), "%s/inner", folder);
    (void)snprintf(link, sizeof(link), "%s/link", folder);
    assert_int_equal(local_make_folder(inner, (uid_t)-1, (gid_t)-1), 0);
    assert_int_equal(local_make_folder(inner, (uid_t)-1, (gid_t)-1), 0); /* it is there */
    assert_int_equal(symlink(inner, link), 0);
    (void)snprintf(path, sizeof(path), "%s/socket", link);
    assert_int_equal(local_listen(&door, path, SOCK_STREAM, (gid_t)-1, 1), 0);
    local_close(&door);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(local_listen(&door, path, SOCK_STREAM, (gid_t)-1, 1), LOCAL_UNSAFE);
    (void)unlink(link);
    (void)rmdir(inner);
    assert_int_equal(local_listen(&door, path, SOCK_STREAM, (gid_t)-1, 1), -ENOENT);
}

static void what_fails_leaves_nothing(void **state)
{
    struct local_door door;

    (void)state;
    failing_at(FAILING_SOCKET, 1, EMFILE);
    assert_int_equal(local_listen(&door, address.sun_path, SOCK_STREAM, (gid_t)-1, 1), -EMFILE);
    failing_at(FAILING_LISTEN, 1, ENOMEM);
    assert_int_equal(local_listen(&door, address.sun_path, SOCK_STREAM, (gid_t)-1, 1), -ENOMEM);
    failing_at(FAILING_BIND, 1, EROFS);
    assert_int_equal(local_listen(&door, address.sun_path, SOCK_STREAM, (gid_t)-1, 1), -EROFS);
    assert_int_equal(access(address.sun_path, F_OK), -1);
    assert_int_equal(local_listen(&door, "/", SOCK_STREAM, (gid_t)-1, 1), -EADDRINUSE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_path_that_fits_is_taken_whole_and_a_longer_one_is_refused),
        TEST(what_was_left_behind_is_stale),
        TEST(a_server_that_listens_is_not_stale_not_even_when_its_queue_is_full),
        TEST(a_living_socket_of_another_type_is_not_stale),
        TEST(what_is_no_socket_or_not_there_is_not_stale),
        TEST(a_door_has_its_mode_and_group_and_goes_when_it_is_closed),
        TEST(a_user_can_give_it_to_its_own_groups),
        TEST(what_was_left_behind_is_replaced_and_nothing_else),
        TEST(another_socket_of_the_same_name_is_not_removed),
        TEST(of_many_that_start_at_once_one_gets_it),
        TEST(a_folder_that_others_could_change_is_refused),
        TEST(a_folder_above_is_looked_at_as_well_behind_links_too),
        TEST(what_fails_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
