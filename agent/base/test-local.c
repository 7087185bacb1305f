/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/local.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_path_that_fits_is_taken_whole_and_a_longer_one_is_refused),
        TEST(what_was_left_behind_is_stale),
        TEST(a_server_that_listens_is_not_stale_not_even_when_its_queue_is_full),
        TEST(a_living_socket_of_another_type_is_not_stale),
        TEST(what_is_no_socket_or_not_there_is_not_stale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
