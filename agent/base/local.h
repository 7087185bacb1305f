/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local (UNIX) sockets by path: what their servers and clients have in common. For nmsp-radio as
 * well, so it uses nothing but the C library.
 */
#ifndef AGENT_BASE_LOCAL_H
#define AGENT_BASE_LOCAL_H

#include <stdbool.h>
#include <sys/socket.h>
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

#endif
