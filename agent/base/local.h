/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UNIX sockets: what those who listen on one and those who connect to one have in common. For
 * nmsp-radio as well, so it uses nothing but the C library.
 */
#ifndef AGENT_BASE_LOCAL_H
#define AGENT_BASE_LOCAL_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* The address of a path; false if the path is too long for one. */
bool local_address(const char *path, struct sockaddr_un *out);

/*
 * Is what has this name a socket of this type (SOCK_*) at which nobody listens any more: what a
 * crash leaves behind? Only such a one may be unlinked. Anything that is not certain is not stale.
 */
bool local_is_stale(const struct sockaddr_un *address, int type);

/* What comes with a message: the part behind this one, or NULL. CMSG_NXTHDR(), of which some C
 * libraries' headers do not pass our own warnings. */
struct cmsghdr *local_next_part(struct msghdr *message, struct cmsghdr *part);
/*
 * Makes a folder with mode 0755 for this user and group (-1: this process's), if nothing has its
 * name yet; the one above it must be there. What is there is not changed. 0 or -errno.
 */
int local_make_folder(const char *folder, uid_t user, gid_t group);

/* A socket that is listened on. */
struct local_door {
    int fd;
    struct sockaddr_un address;
    dev_t device; /* of its name, to know it again */
    ino_t inode;
    int group_error; /* 0, or why it does not belong to the group (an errno) */
    bool replaced;   /* one that was left behind */
};

enum { LOCAL_UNSAFE = 1 }; /* a folder in which others could put something else in its place */

/*
 * Listens on this path (close-on-exec, not blocking), mode 0660, for this group; -1: that of the
 * process. The name has its mode and group from its first moment, and no owner or mode is ever set
 * by following a path: what others put there is never given away. Where a process has no right to
 * take on the group (CAP_SETGID), the name is handed over before anybody can connect; if that
 * fails, `group_error` says why and the socket is there all the same.
 *
 * The folder, and each above it, must belong to root or to the user of this process, and nobody
 * else may write there (but in a sticky folder: /tmp), else LOCAL_UNSAFE. What a crash left behind
 * is replaced; of two that do so at the same moment, one gets EADDRINUSE. 0, LOCAL_UNSAFE, or
 * -errno.
 */
int local_listen(struct local_door *door, const char *path, int type, gid_t group, int backlog);

/* Closes it, and removes its name if it still is this socket's. */
void local_close(struct local_door *door);

#endif
