/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/bench-core.h"

#include "agent/wire/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 1000 };

/* --- counting -------------------------------------------------------------------------------- */

static uint64_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}

uint64_t bench_allocations(void)
{
    return allocations;
}

size_t bench_heap(void)
{
#ifdef __GLIBC__
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
#else
    return 0; /* others do not tell */
#endif
}

size_t bench_dirty(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    char line[128];
    size_t kib = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "Private_Dirty: %zu kB", &kib) == 1)
            break;
    }
    if (file != NULL)
        (void)fclose(file);
    return kib * 1024;
}

int64_t bench_cpu(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void bench_give_up(const char *what)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* --- the sink -------------------------------------------------------------------------------- */

static bool let_in(void *context, const struct certificate_info *peer)
{
    (void)context;
    (void)peer;
    return true;
}

void bench_wait(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};

    (void)poll(&ready, 1, 1000);
}

/* Reads records and does not look at them. */
static void swallow(int fd, const char *certificate, const char *key)
{
    static uint8_t buffer[65536];
    struct tls_identity *identity = tls_identity_load(certificate, key);
    struct tls_context *context =
        tls_context_new(identity, &(struct tls_options){.role = TLS_SERVER});
    struct tls *tls = context == NULL ? NULL : tls_new(context, fd, let_in, NULL);
    enum tls_status status = TLS_WANT_READ;
    bool done = false;
    size_t got;

    while (tls != NULL && (status == TLS_OK || status == TLS_WANT_READ)) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (status == TLS_WANT_READ)
            (void)poll(&ready, 1, -1);
        status = done ? tls_read(tls, buffer, sizeof(buffer), &got) : tls_handshake(tls);
        done = done || status == TLS_OK;
    }
    _exit(0);
}

static int listen_here(struct sockaddr_in *address)
{
    socklen_t len = sizeof(*address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof(*address)) != 0 ||
        listen(fd, 1) != 0 || getsockname(fd, (struct sockaddr *)address, &len) != 0)
        bench_give_up("listen");
    return fd;
}

int bench_sink(const char *certificate, const char *key)
{
    struct sockaddr_in address;
    int listener = listen_here(&address);
    int one = 1;
    pid_t child = fork();

    if (child < 0)
        bench_give_up("fork");
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        swallow(accept4(listener, NULL, NULL, SOCK_NONBLOCK), certificate, key);
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)
        bench_give_up("connect");
    (void)close(listener);
    return fd;
}

/* --- sessions -------------------------------------------------------------------------------- */

static enum tls_status take(void *context, const void *data, size_t len, size_t *written)
{
    struct bench_session *s = context;
    enum tls_status status = TLS_OK;

    *written = len;
    if (s->fd >= 0) {
        int64_t begun = bench_cpu();
        status = tls_write(s->tls, data, len, written);
        s->tls_cpu += bench_cpu() - begun;
    }
    if (status != TLS_OK)
        return status;
    s->bytes += *written;
    s->records++;
    return TLS_OK;
}

static void interest(void *context)
{
    (void)context;
}

static void closed(void *context, const char *reason, bool flushed)
{
    (void)context;
    (void)flushed;
    (void)fprintf(stderr, "bench: the session ended: %s\n", reason);
    exit(1);
}

static void say_capability(struct bench *bench, struct session *session)
{
    uint8_t buffer[256];
    struct writer w = writer_of(buffer, sizeof(buffer));
    const struct mac mac = {{0x00, 0x50, 0x56, 0x9c, 0x34, 0x89}};
    size_t begin = wire_begin(&w, WIRE_CAPABILITY_NOTIFICATION, 0, 1);

    wire_put_protocol_version(&w, 1, 1);
    wire_put_services(&w, 0);
    wire_put_sender_id(&w, &mac);
    wire_put_timestamp(&w, 1800000000000);
    wire_put_name(&w, "bench");
    (void)wire_end(&w, begin);
    session_receive(session, buffer, w.used);
    (void)loop_turn(bench->loop, 0);
    w = writer_of(buffer, sizeof(buffer));
    begin = wire_begin(&w, WIRE_SUBSCRIBE_REQUEST, 0, 1);
    wire_put_services(&w, WIRE_BIT(WIRE_RSSI_MS));
    (void)wire_end(&w, begin);
    session_receive(session, buffer, w.used);
    (void)loop_turn(bench->loop, 0);
}

static void shake_hands(struct bench *bench, struct bench_session *s, const char *certificate,
                        const char *key)
{
    enum tls_status status;

    if (bench->tls == NULL) {
        bench->identity = tls_identity_load(certificate, key);
        bench->tls =
            bench->identity == NULL
                ? NULL
                : tls_context_new(bench->identity, &(struct tls_options){.role = TLS_CLIENT});
    }
    s->fd = bench_sink(certificate, key);
    s->tls = bench->tls == NULL ? NULL : tls_new(bench->tls, s->fd, let_in, NULL);
    if (s->tls == NULL)
        bench_give_up("TLS");
    while ((status = tls_handshake(s->tls)) == TLS_WANT_READ || status == TLS_WANT_WRITE) {
        struct pollfd ready = {.fd = s->fd, .events = POLLIN};
        (void)poll(&ready, 1, 100);
    }
    if (status != TLS_OK)
        bench_give_up(tls_error(s->tls));
}

void bench_subscribe(struct bench *bench, const char *certificate, const char *key)
{
    struct bench_session *s = &bench->sessions[bench->session_count++];
    const struct session_transport transport = {
        .write = take, .interest = interest, .closed = closed, .context = s};
    const struct mac identity = {{0x00, 0x50, 0x56, 0, 0, (uint8_t)bench->session_count}};

    s->fd = -1;
    if (certificate != NULL)
        shake_hands(bench, s, certificate, key);
    s->session = session_new(&bench->shared, &transport, &identity);
    if (s->session == NULL)
        bench_give_up("session_new");
    (void)loop_turn(bench->loop, 0);
    say_capability(bench, s->session);
    bench_tick(bench);
}

/* --- the agent ------------------------------------------------------------------------------- */

struct bench *bench_new(uint32_t devices, uint32_t samples, uint16_t aps, uint16_t ap_capacity)
{
    const struct settings_capacity capacity = {
        .devices = devices, .samples = samples, .aps = ap_capacity};
    const struct settings_location location = {
        .expiry_client = 3600, .expiry_tags = 5, .expiry_rogue_aps = 1200};
    const struct settings_intervals intervals = {1, 1, 1, 1};
    struct bench *bench = calloc(1, sizeof(*bench));

    if (bench == NULL)
        bench_give_up("memory");
    bench->loop = loop_new_virtual(1000000, 1800000000000);
    bench->engine = engine_new(bench->loop, &capacity);
    if (bench->engine == NULL)
        bench_give_up("memory");
    engine_configure(bench->engine, &location);
    bench->views = views_new(bench->loop, bench->engine);
    views_configure(bench->views, &intervals);
    engine_take(bench->engine, &(struct radio_event){.kind = RADIO_CAPABILITIES,
                                                     .capabilities = RADIO_CAN_CLIENTS});
    for (uint16_t i = 0; i < aps; i++) {
        const struct radio_ap ap = {.ap = i,
                                    .mac = {{2, 0xa, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}},
                                    .band = RADIO_BAND_2GHZ,
                                    .channel = 6,
                                    .noise = -95,
                                    .tx_power = 20,
                                    .up = true};
        engine_take(bench->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = ap});
    }
    bench->shared = (struct session_context){.loop = bench->loop,
                                             .engine = bench->engine,
                                             .views = bench->views,
                                             .base_mac = {{2, 0xa, 0, 0, 0, 1}},
                                             .name = "bench",
                                             .software = "bench"};
    return bench;
}

struct mac bench_device(uint32_t i)
{
    return (struct mac){
        {0, 0x11, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
}

void bench_hear(struct bench *bench, uint32_t devices, uint16_t aps, unsigned heard)
{
    struct radio_event event = {.kind = RADIO_SAMPLE,
                                .sample = {.device_class = RADIO_CLASS_CLIENT,
                                           .antenna = RADIO_ANTENNA_COMBINED,
                                           .source = RADIO_SOURCE_DATA,
                                           .snr = 40,
                                           .heard = loop_now(bench->loop)}};

    bench->round++;
    for (uint32_t i = 0; i < devices; i++) {
        uint64_t first = (uint64_t)i * aps / devices;
        event.sample.device = bench_device(i);
        for (unsigned k = 0; k < heard; k++) {
            event.sample.ap = (uint16_t)((first + k) % aps);
            event.sample.rssi = (int8_t)(-40 - (int)k - (int)(bench->round % 2) * 10);
            engine_take(bench->engine, &event);
        }
    }
}

/* Else the session ends after 30 seconds of silence. */
static void say_echo(struct session *session)
{
    uint8_t buffer[32];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, WIRE_ECHO_RESPONSE, 0, 1);

    (void)wire_end(&w, begin);
    session_receive(session, buffer, w.used);
}

void bench_tick(struct bench *bench)
{
    bool due = bench->ticks++ % 8 == 0;

    loop_advance(bench->loop, TICK_MS);
    for (size_t i = 0; due && i < bench->session_count; i++)
        say_echo(bench->sessions[i].session);
    for (size_t i = 0; i < bench->session_count; i++) {
        struct bench_session *s = &bench->sessions[i];
        while (session_wants_write(s->session)) {
            bench_wait(s->fd);
            session_writable(s->session);
            (void)loop_turn(bench->loop, 0);
        }
    }
}

void bench_free(struct bench *bench)
{
    for (size_t i = 0; i < bench->session_count; i++) {
        struct bench_session *s = &bench->sessions[i];
        session_free(s->session);
        if (s->fd < 0)
            continue;
        tls_free(s->tls);
        (void)close(s->fd);
    }
    views_free(bench->views);
    engine_free(bench->engine);
    loop_free(bench->loop);
    tls_context_free(bench->tls);
    tls_identity_free(bench->identity);
    free(bench);
}
