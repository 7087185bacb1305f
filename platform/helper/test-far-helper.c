/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/helper/test-far-helper.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 8 };

void far_helper_listen(struct far_helper *far)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", far->path);
    far->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int bound = bind(far->listener, (const struct sockaddr *)&address, sizeof(address));
    int listening = listen(far->listener, 4);
    assert(bound == 0 && listening == 0);
    (void)bound;
    (void)listening;
}

static void drop(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void far_helper_die(struct far_helper *far)
{
    drop(&far->client);
    drop(&far->listener);
    (void)unlink(far->path);
}

void far_helper_open(struct far_helper *far)
{
    *far = (struct far_helper){.listener = -1, .client = -1};
    (void)snprintf(far->folder, sizeof(far->folder), "/tmp/nmspd-far-XXXXXX");
    if (mkdtemp(far->folder) == NULL)
        abort();
    (void)snprintf(far->path, sizeof(far->path), "%s/radio.sock", far->folder);
    far_helper_listen(far);
}

void far_helper_close(struct far_helper *far)
{
    far_helper_die(far);
    (void)rmdir(far->folder);
}

bool far_helper_take(struct far_helper *far, struct helper_request *request)
{
    int fd = far->listener < 0 ? -1 : accept4(far->listener, NULL, NULL, SOCK_NONBLOCK);

    if (fd >= 0) {
        drop(&far->client);
        far->client = fd;
    }
    return far->client >= 0 &&
           recv(far->client, request, sizeof(*request), 0) == (ssize_t)sizeof(*request);
}

void far_helper_say(struct far_helper *far, const void *data, size_t len, int fd, size_t count)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))] = {0};
    char copy[256];
    struct iovec part = {.iov_base = copy, .iov_len = len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    assert(len <= sizeof(copy) && count <= DESCRIPTORS_MAX);
    memcpy(copy, data, len);
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = (socklen_t)CMSG_SPACE(count * sizeof(fd)); /* musl's type */
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = (socklen_t)CMSG_LEN(count * sizeof(fd));
        for (size_t i = 0; i < count; i++)
            memcpy(CMSG_DATA(rights) + i * sizeof(fd), &fd, sizeof(fd));
    }
    if (sendmsg(far->client, &message, MSG_NOSIGNAL) != (ssize_t)len)
        abort();
}

void far_helper_answer(struct far_helper *far, uint32_t kind, int error, int fd)
{
    const struct helper_reply reply = {.magic = HELPER_MAGIC, .kind = kind, .error = error};

    far_helper_say(far, &reply, sizeof(reply), fd, fd >= 0);
}
