/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A location server that keeps up: takes the sessions of agents, subscribes to rssi-ms, decodes all
 * that comes and counts it. For benchmarks, where the reference server (Python) would be the limit.
 *
 *     bench-mse CERTIFICATE KEY SESSIONS INTERVAL DEVICES [everything]
 *
 * Says `port N` when it listens. Each line on standard input is answered by one line of totals; the
 * end of the input ends it. A tick is INTERVAL ms, counted from the first notification on by their
 * timestamps; it is short if it told fewer than 90 % of DEVICES: one whose frame falls together
 * with the end of a tick, or that a picture sent piece by piece has told early, is told in the next
 * one. With INTERVAL 0 it subscribes to nothing, with `everything` to all that is offered.
 */
#include "agent/tls/crypto.h"
#include "agent/tls/tls.h"
#include "agent/wire/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SESSIONS_MAX = 16, INPUT_SIZE = 1 << 18, SLACK_MS = 50 };

struct totals {
    uint64_t bytes, frames, notifications, gaps, malformed, devices, gone, samples, ticks;
    uint64_t short_ticks; /* in which not every device was told */
    uint64_t least, most; /* devices that were told in one tick */
};

struct peer {
    int fd; /* -1: not there */
    struct tls *tls;
    enum tls_status handshake;
    bool subscribed;
    uint32_t notification; /* number of the last one */
    uint64_t begun;        /* timestamp of the first one */
    uint64_t tick;         /* that goes on now */
    uint64_t told;         /* devices in it */
    struct totals totals;
    uint8_t input[INPUT_SIZE];
    size_t used;
};

static struct peer peers[SESSIONS_MAX];
static struct tls_context *context;
static uint64_t interval;
static uint64_t devices;
static uint64_t wanted; /* services */

_Noreturn static void give_up(const char *what)
{
    (void)fprintf(stderr, "bench-mse: %s: %s\n", what, strerror(errno));
    exit(1);
}

static bool let_in(void *unused, const struct certificate_info *peer)
{
    (void)unused;
    (void)peer;
    return true;
}

/* --- what we say ----------------------------------------------------------------------------- */

static void say(struct peer *peer, const struct writer *w)
{
    size_t done = 0;

    while (done < w->used) {
        size_t written = 0;
        enum tls_status status = tls_write(peer->tls, w->base + done, w->used - done, &written);
        if (status == TLS_WANT_READ || status == TLS_WANT_WRITE) {
            struct pollfd ready = {.fd = peer->fd, .events = POLLOUT};
            (void)poll(&ready, 1, 100);
            continue;
        }
        if (status != TLS_OK)
            return;
        done += written;
    }
}

static void say_capability(struct peer *peer)
{
    uint8_t buffer[256];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, WIRE_CAPABILITY_NOTIFICATION, 0, 1);
    const struct mac mac = {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x89}};

    wire_put_protocol_version(&w, 1, 1);
    wire_put_services(&w, 0);
    wire_put_sender_id(&w, &mac);
    wire_put_timestamp(&w, 1800000000000);
    wire_put_name(&w, "bench");
    (void)wire_end(&w, begin);
    say(peer, &w);
}

static void say_subscribe(struct peer *peer)
{
    uint8_t buffer[256];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, WIRE_SUBSCRIBE_REQUEST, 0, 1);

    wire_put_services(&w, wanted);
    (void)wire_end(&w, begin);
    say(peer, &w);
}

static void say_echo(struct peer *peer, const struct wire_message *request)
{
    uint8_t buffer[4096];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, WIRE_ECHO_RESPONSE, 0, request->header.transaction);

    writer_bytes(&w, request->body, request->body_size);
    (void)wire_end(&w, begin);
    say(peer, &w);
}

/* --- what comes ------------------------------------------------------------------------------ */

static void count_tick(struct peer *peer, uint64_t timestamp)
{
    struct totals *t = &peer->totals;

    if (peer->begun == 0)
        peer->begun = timestamp - SLACK_MS;
    uint64_t tick = (timestamp - peer->begun) / interval;
    if (tick == peer->tick)
        return;
    /* While the first one went on, the devices were still coming. */
    if (peer->tick > 0) {
        t->short_ticks += tick - peer->tick - 1 + (peer->told * 100 < devices * 90 ? 1 : 0);
        t->least = t->least == 0 || peer->told < t->least ? peer->told : t->least;
        t->most = peer->told > t->most ? peer->told : t->most;
    }
    t->ticks += tick - peer->tick;
    peer->tick = tick;
    peer->told = 0;
}

static void count_measurements(struct peer *peer, const struct wire_message *message)
{
    struct wire_walk walk = wire_walk_of(message);
    struct wire_element element;

    count_tick(peer, message->timestamp.ms);
    while (wire_next(&walk, &element)) {
        if (element.type != WIRE_ELEMENT_DEVICE_MEASUREMENT)
            continue;
        if ((element.device_measurement.flags & WIRE_DEVICE_GONE) != 0) {
            peer->totals.gone++;
            continue;
        }
        peer->totals.devices++;
        peer->told++;
        peer->totals.samples += element.device_measurement.samples.count;
    }
}

static void take_frame(struct peer *peer, const uint8_t *frame, size_t len)
{
    struct wire_message message;

    peer->totals.frames++;
    if (wire_decode(frame, len, &message) != WIRE_OK) {
        peer->totals.malformed++;
        return;
    }
    if (message.info->role == WIRE_NOTIFICATION) {
        peer->totals.notifications++;
        peer->totals.gaps += message.header.transaction != peer->notification + 1 ? 1 : 0;
        peer->notification = message.header.transaction;
    }
    if (message.header.id == WIRE_CAPABILITY_NOTIFICATION && !peer->subscribed) {
        peer->subscribed = true;
        say_capability(peer);
        if (interval > 0)
            say_subscribe(peer);
    } else if (message.header.id == WIRE_ECHO_REQUEST) {
        say_echo(peer, &message);
    } else if (message.header.id == WIRE_MEASUREMENT_NOTIFICATION) {
        count_measurements(peer, &message);
    }
}

static void take_frames(struct peer *peer)
{
    struct wire_header header;
    size_t at = 0;

    while (wire_frame_peek(peer->input + at, peer->used - at, &header) == WIRE_FRAME_OK) {
        take_frame(peer, peer->input + at, header.length);
        at += header.length;
    }
    memmove(peer->input, peer->input + at, peer->used - at);
    peer->used -= at;
}

static void drop(struct peer *peer)
{
    tls_free(peer->tls);
    (void)close(peer->fd);
    peer->fd = -1;
}

static void go_on(struct peer *peer)
{
    size_t got = 0;
    enum tls_status status;

    if (peer->handshake != TLS_OK)
        peer->handshake = tls_handshake(peer->tls);
    if (peer->handshake != TLS_OK) {
        if (peer->handshake == TLS_FAILED)
            drop(peer);
        return;
    }
    while ((status = tls_read(peer->tls, peer->input + peer->used, INPUT_SIZE - peer->used,
                              &got)) == TLS_OK) {
        peer->totals.bytes += got;
        peer->used += got;
        take_frames(peer);
    }
    if (status != TLS_WANT_READ && status != TLS_WANT_WRITE)
        drop(peer);
}

static void take_call(int listener, size_t sessions)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    for (size_t i = 0; i < sessions && fd >= 0; i++) {
        struct peer *peer = &peers[i];
        if (peer->fd >= 0)
            continue;
        memset(peer, 0, sizeof(*peer));
        peer->fd = fd;
        peer->handshake = TLS_WANT_READ;
        peer->tls = tls_new(context, fd, let_in, NULL);
        if (peer->tls == NULL)
            give_up("tls_new");
        return;
    }
    (void)close(fd);
}

/* --- running --------------------------------------------------------------------------------- */

static void tell(size_t sessions)
{
    struct totals t = {0};
    unsigned there = 0;

    for (size_t i = 0; i < sessions; i++) {
        const struct totals *p = &peers[i].totals;
        there += peers[i].fd >= 0 && peers[i].subscribed ? 1 : 0;
        t.bytes += p->bytes;
        t.frames += p->frames;
        t.notifications += p->notifications;
        t.gaps += p->gaps;
        t.malformed += p->malformed;
        t.devices += p->devices;
        t.gone += p->gone;
        t.samples += p->samples;
        t.ticks += p->ticks;
        t.short_ticks += p->short_ticks;
        t.least = t.least == 0 || p->least < t.least ? p->least : t.least;
        t.most = p->most > t.most ? p->most : t.most;
    }
    (void)printf("sessions=%u bytes=%" PRIu64 " frames=%" PRIu64 " notifications=%" PRIu64
                 " gaps=%" PRIu64 " malformed=%" PRIu64 " devices=%" PRIu64 " gone=%" PRIu64
                 " samples=%" PRIu64 " ticks=%" PRIu64 " short=%" PRIu64 " least=%" PRIu64
                 " most=%" PRIu64 "\n",
                 there, t.bytes, t.frames, t.notifications, t.gaps, t.malformed, t.devices, t.gone,
                 t.samples, t.ticks, t.short_ticks, t.least, t.most);
    (void)fflush(stdout);
}

static int open_listener(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, SESSIONS_MAX) != 0 || getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        give_up("listen");
    (void)printf("port %u\n", (unsigned)ntohs(address.sin_port));
    (void)fflush(stdout);
    return fd;
}

static void serve(int listener, size_t sessions)
{
    struct pollfd ready[SESSIONS_MAX + 2];
    char line[64];

    for (;;) {
        ready[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        ready[1] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (size_t i = 0; i < sessions; i++)
            ready[2 + i] = (struct pollfd){.fd = peers[i].fd, .events = POLLIN};
        (void)poll(ready, sessions + 2, -1);
        for (size_t i = 0; i < sessions; i++) {
            if (ready[2 + i].revents != 0)
                go_on(&peers[i]);
        }
        if (ready[1].revents != 0)
            take_call(listener, sessions);
        if (ready[0].revents == 0)
            continue;
        if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
            return;
        tell(sessions);
    }
}

int main(int argc, char **argv)
{
    size_t sessions = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;

    interval = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
    devices = argc > 5 ? strtoul(argv[5], NULL, 10) : 0;
    wanted = argc > 6 ? UINT64_MAX : WIRE_BIT(WIRE_RSSI_MS);
    if (sessions == 0 || sessions > SESSIONS_MAX || tls_init() != 0)
        give_up("usage: bench-mse CERTIFICATE KEY SESSIONS INTERVAL DEVICES");
    struct tls_identity *identity = tls_identity_load(argv[1], argv[2]);
    if (identity == NULL)
        give_up(argv[1]);
    context = tls_context_new(identity, &(struct tls_options){.role = TLS_SERVER});
    if (context == NULL)
        give_up("tls_context_new");
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        peers[i].fd = -1;
    serve(open_listener(), sessions);
    for (size_t i = 0; i < sessions; i++) {
        if (peers[i].fd >= 0)
            drop(&peers[i]);
    }
    tls_context_free(context);
    tls_identity_free(identity);
    tls_fini();
    return 0;
}
