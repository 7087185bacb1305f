/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/process.h"

#include <dirent.h>
#include <sys/wait.h>
#include <time.h>

enum { PATIENCE_MS = 20000, STEP_MS = 5 };

size_t open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    if (folder == NULL)
        return 0;
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count - 3; /* ".", ".." and the folder's own */
}

bool has_child(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static bool last_child_is_reaped(void *context)
{
    (void)context;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    return !has_child();
}

bool children_end(void)
{
    return wait_until(last_child_is_reaped, NULL);
}

static int64_t real_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool turn_until(struct loop *loop, const bool *flag)
{
    int64_t end = real_now() + PATIENCE_MS;

    while (!*flag && real_now() < end) {
        if (loop_turn(loop, STEP_MS) != 0)
            break;
    }
    return *flag;
}

bool wait_until(bool (*holds)(void *context), void *context)
{
    static const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    int64_t end = real_now() + PATIENCE_MS;

    while (!holds(context)) {
        if (real_now() >= end)
            return false;
        (void)nanosleep(&step, NULL);
    }
    return true;
}
