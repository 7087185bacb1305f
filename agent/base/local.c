/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/local.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
