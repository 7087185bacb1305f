/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/far-end.h"
#include "agent/tls/crypto.h"

#include "agent/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, STEP_MS = 2, PATH_SIZE = 64 };

/* Ports that the kernel gives to nobody by itself: one that was given back is free for us still. */
enum { PORT_FIRST = 10000, PORTS = 20000 };

/* --- identities --- */

const struct mac far_macs[FAR_IDENTITIES] = {{{0x02, 0x00, 0x00, 0x00, 0x00, 0x01}},
                                             {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x89}},
                                             {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x90}}};
/* The agent's own files have the names that it looks for. */
static const char *const file_names[FAR_IDENTITIES][2] = {
    {"cert.pem", "key.pem"}, {"server.pem", "server.key"}, {"other.pem", "other.key"}};
static char folder[] = "/tmp/far-end-XXXXXX";
static struct tls_identity *identities[FAR_IDENTITIES];

static const char *path_of(unsigned which, unsigned file, char path[static PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/%s", folder, file_names[which][file]);
    return path;
}

int far_identities_make(void **state)
{
    char certificate[PATH_SIZE];
    char key[PATH_SIZE];

    (void)state;
    if (mkdtemp(folder) == NULL || tls_init() != 0)
        return -1;
    for (unsigned i = 0; i < FAR_IDENTITIES; i++) {
        (void)path_of(i, 0, certificate);
        (void)path_of(i, 1, key);
        if (tls_identity_create(CERTIFICATE_KEY_RSA, certificate, key,
                                i == FAR_OURS ? "agent" : "MSE", &far_macs[i]) != 0)
            return -1;
        identities[i] = tls_identity_load(certificate, key);
        if (identities[i] == NULL)
            return -1;
    }
    return 0;
}

int far_identities_remove(void **state)
{
    char path[PATH_SIZE];

    (void)state;
    for (unsigned i = 0; i < FAR_IDENTITIES; i++) {
        tls_identity_free(identities[i]);
        (void)unlink(path_of(i, 0, path));
        (void)unlink(path_of(i, 1, path));
    }
    tls_fini();
    return rmdir(folder);
}

const char *far_folder(void)
{
    return folder;
}

const struct tls_identity *far_identity(unsigned which)
{
    return identities[which];
}

/* --- one end --- */

static bool authorise(void *context, const struct certificate_info *peer)
{
    const struct far_end *far = context;

    (void)peer;
    return far->lets_in;
}

struct far_end *far_new(int fd, enum tls_role role, unsigned identity)
{
    int on = 1;
    struct far_end *far = calloc(1, sizeof(*far));

    assert_non_null(far);
    assert_int_not_equal(fcntl(fd, F_SETFL, O_NONBLOCK), -1);
    /* What it says must not wait for the kernel to acknowledge what it said before. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    far->fd = fd;
    far->lets_in = true;
    far->reads = true;
    far->handshake = TLS_WANT_READ;
    far->status = TLS_WANT_READ;
    far->context = tls_context_new(identities[identity], &(struct tls_options){.role = role});
    assert_non_null(far->context);
    far->tls = tls_new(far->context, fd, authorise, far);
    assert_non_null(far->tls);
    return far;
}

void far_free(struct far_end *far)
{
    if (far == NULL)
        return;
    tls_free(far->tls);
    tls_context_free(far->context);
    (void)close(far->fd);
    free(far);
}

void far_step(struct far_end *far)
{
    size_t got = 0;

    if (far->handshake == TLS_WANT_READ || far->handshake == TLS_WANT_WRITE)
        far->handshake = tls_handshake(far->tls);
    while (far->handshake == TLS_OK && far->reads && far->len < FAR_RECEIVED &&
           (far->status == TLS_OK || far->status == TLS_WANT_READ)) {
        far->status = tls_read(far->tls, far->received + far->len, FAR_RECEIVED - far->len, &got);
        if (far->status != TLS_OK)
            break;
        far->len += got;
    }
    if (far->status == TLS_CLOSED || far->status == TLS_FAILED || far->handshake == TLS_FAILED ||
        far->handshake == TLS_CLOSED)
        far->eof = far->eof || far_is_closed(far->fd);
}

static int64_t real_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool far_write(struct far_end *far, struct loop *loop, const void *data, size_t len)
{
    int64_t end = real_now() + PATIENCE_MS;
    const uint8_t *at = data;

    while (len > 0 && real_now() < end) {
        size_t written = 0;
        enum tls_status status = tls_write(far->tls, at, len, &written);
        if (status == TLS_OK) {
            at += written;
            len -= written;
        } else if (status == TLS_FAILED || status == TLS_CLOSED) {
            return false;
        } else {
            (void)loop_turn(loop, STEP_MS);
        }
    }
    return len == 0;
}

void far_say_capability(struct far_end *far, struct loop *loop)
{
    uint8_t message[256];
    struct writer w = writer_of(message, sizeof(message));
    size_t begin = wire_begin(&w, WIRE_CAPABILITY_NOTIFICATION, 0, 1);

    wire_put_protocol_version(&w, WIRE_VERSION, WIRE_VERSION);
    wire_put_services(&w, 0);
    wire_put_sender_id(&w, &far_macs[FAR_SERVER]);
    wire_put_timestamp(&w, 1700000000000);
    assert_true(wire_end(&w, begin));
    assert_true(far_write(far, loop, message, w.used));
}

unsigned far_frames(const struct far_end *far, uint16_t id)
{
    unsigned count = 0;
    size_t at = 0;
    struct wire_header header;

    while (wire_frame_peek(far->received + at, far->len - at, &header) == WIRE_FRAME_OK) {
        count += header.id == id ? 1 : 0;
        at += header.length;
    }
    return count;
}

bool far_until(struct loop *loop, struct far_end *const *far, size_t count,
               bool (*holds)(void *context), void *context)
{
    int64_t end = real_now() + PATIENCE_MS;

    while (!holds(context)) {
        if (real_now() >= end || loop_turn(loop, STEP_MS) != 0)
            return false;
        for (size_t i = 0; i < count; i++) {
            if (far[i] != NULL)
                far_step(far[i]);
        }
    }
    return true;
}

/* --- sockets --- */

static struct sockaddr_in loopback(const char *address, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

    assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
    return in;
}

int far_listen(const char *address, uint16_t *port)
{
    int on = 1;
    struct sockaddr_in in = loopback(address, *port);
    socklen_t size = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    if (*port == 0) {
        /* Each process begins somewhere else. */
        uint32_t tried = (uint32_t)getpid() * 16;
        do
            in.sin_port = htons((uint16_t)(PORT_FIRST + tried++ % PORTS));
        while (bind(fd, (struct sockaddr *)&in, size) != 0 && errno == EADDRINUSE);
        *port = ntohs(in.sin_port);
    } else {
        assert_int_equal(bind(fd, (struct sockaddr *)&in, size), 0);
    }
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

int far_accept(struct loop *loop, int listener)
{
    int64_t end = real_now() + PATIENCE_MS;
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0) {
        if (errno != EAGAIN || real_now() >= end || loop_turn(loop, STEP_MS) != 0)
            return -1;
    }
    return fd;
}

int far_connect(const char *from, uint16_t port)
{
    struct sockaddr_in own = loopback(from, 0);
    struct sockaddr_in in = loopback("127.0.0.1", port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    if (connect(fd, (struct sockaddr *)&in, sizeof(in)) != 0) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    assert_int_not_equal(fcntl(fd, F_SETFL, O_NONBLOCK), -1);
    return fd;
}

bool far_is_closed(int fd)
{
    uint8_t byte;
    ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}
