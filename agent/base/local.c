/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/local.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_TRIES = 50, LOCK_PAUSE_NS = 10 * 1000 * 1000 };

bool local_address(const char *path, struct sockaddr_un *out)
{
    size_t len = strlen(path);

    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len >= sizeof(out->sun_path))
        return false;
    memcpy(out->sun_path, path, len);
    return true;
}

bool local_is_stale(const struct sockaddr_un *address, int type)
{
    struct stat found;

    if (lstat(address->sun_path, &found) != 0 || !S_ISSOCK(found.st_mode))
        return false;
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
                   errno == ECONNREFUSED;
    (void)close(fd);
    return refused;
}

/* musl's macro compares a signed difference of pointers with a size. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"

struct cmsghdr *local_next_part(struct msghdr *message, struct cmsghdr *part)
{
    return CMSG_NXTHDR(message, part);
}

#pragma GCC diagnostic pop
/* --- folders --- */

int local_make_folder(const char *folder, uid_t user, gid_t group)
{
    int error = 0;

    if (mkdir(folder, 0755) != 0)
        return errno == EEXIST ? 0 : -errno;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fchmod(fd, 0755) != 0 || fchown(fd, user, group) != 0)
        error = -errno;
    (void)close(fd);
    return error;
}

static bool is_safe(const struct stat *folder)
{
    bool ours = folder->st_uid == 0 || folder->st_uid == geteuid();
    bool open_to_others = (folder->st_mode & (S_IWGRP | S_IWOTH)) != 0;

    return ours && (!open_to_others || (folder->st_mode & S_ISVTX) != 0);
}

/* The folder of a path, and the address, both without symbolic links, which could lead elsewhere a
 * moment later. 0 or -errno. */
static int resolve(const char *path, char folder[static PATH_MAX], struct sockaddr_un *address)
{
    char whole[PATH_MAX + NAME_MAX + 2];
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t len = (size_t)(name - path);

    if (len >= PATH_MAX || strlen(name) > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(whole, path, len);
    memcpy(whole + len, ".", sizeof(".")); /* a folder, whatever stands before it */
    if (realpath(whole, folder) == NULL)
        return -errno;
    (void)snprintf(whole, sizeof(whole), "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
    return local_address(whole, address) ? 0 : -ENAMETOOLONG;
}

/* From the folder up to the root. */
static int check_folders(const char *folder)
{
    char path[PATH_MAX];
    struct stat found;

    memcpy(path, folder, strlen(folder) + 1);
    for (;;) {
        if (lstat(path, &found) != 0)
            return -errno;
        if (!is_safe(&found))
            return LOCAL_UNSAFE;
        char *slash = strrchr(path, '/');
        if (slash == NULL || slash[1] == '\0')
            return 0;
        slash[slash == path ? 1 : 0] = '\0';
    }
}

/* Among those that look for what was left behind only one at a time may find it. Everybody who can
 * read a folder can lock it, so that nobody waits for long. */
static int lock(const char *folder)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (int i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) != 0; i++)
        (void)nanosleep(&pause, NULL);
    return fd;
}

/* --- listening --- */

/* With mode and group from the first moment; without the right to the group, with our own. */
static int bind_as(const struct local_door *door, gid_t group)
{
    gid_t own = getegid();
    bool changed = group != (gid_t)-1 && group != own && setegid(group) == 0;
    mode_t before = umask(0117);
    int error = 0;

    if (bind(door->fd, (const struct sockaddr *)&door->address, sizeof(door->address)) != 0)
        error = -errno;
    (void)umask(before);
    if (changed && setegid(own) != 0)
        return error != 0 ? error : -errno;
    return error;
}

static int bind_anew(struct local_door *door, int type, gid_t group)
{
    int error = bind_as(door, group);

    if (error != -EADDRINUSE || !local_is_stale(&door->address, type))
        return error;
    if (unlink(door->address.sun_path) != 0)
        return -errno;
    door->replaced = true;
    return bind_as(door, group);
}

/* The folder is ours or root's, and so is the name in it: nobody can have put another one there. */
static int hand_over(struct local_door *door, gid_t group)
{
    struct stat found;

    if (lstat(door->address.sun_path, &found) != 0)
        return -errno;
    door->device = found.st_dev;
    door->inode = found.st_ino;
    if (group != (gid_t)-1 && found.st_gid != group &&
        lchown(door->address.sun_path, (uid_t)-1, group) != 0)
        door->group_error = errno;
    return 0;
}

static int open_door(struct local_door *door, int type, gid_t group, int backlog)
{
    door->fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (door->fd < 0)
        return -errno;
    int error = bind_anew(door, type, group);
    bool bound = error == 0;
    if (error == 0)
        error = hand_over(door, group);
    if (error == 0 && listen(door->fd, backlog) != 0)
        error = -errno;
    if (error == 0)
        return 0;
    if (bound)
        (void)unlink(door->address.sun_path);
    (void)close(door->fd);
    door->fd = -1;
    return error;
}

int local_listen(struct local_door *door, const char *path, int type, gid_t group, int backlog)
{
    char folder[PATH_MAX];

    *door = (struct local_door){.fd = -1};
    int error = resolve(path, folder, &door->address);
    if (error == 0)
        error = check_folders(folder);
    if (error != 0)
        return error;
    int locked = lock(folder);
    error = open_door(door, type, group, backlog);
    if (locked >= 0)
        (void)close(locked);
    return error;
}

void local_close(struct local_door *door)
{
    struct stat found;

    if (door->fd < 0)
        return;
    (void)close(door->fd);
    door->fd = -1;
    if (lstat(door->address.sun_path, &found) == 0 && found.st_dev == door->device &&
        found.st_ino == door->inode)
        (void)unlink(door->address.sun_path);
}
