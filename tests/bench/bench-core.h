/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the benchmarks that run inside one process share: CPU time, counted allocations, a sink for
 * TLS, a session that has subscribed.
 */
#ifndef TESTS_BENCH_CORE_H
#define TESTS_BENCH_CORE_H

#include "agent/engine/engine.h"
#include "agent/session/session.h"
#include "agent/tls/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CPU time of this process so far, in ns, and of it what the kernel took. */
int64_t bench_cpu(void);
/* Allocations by objects of this executable (--wrap), since it began. */
uint64_t bench_allocations(void);
/* Bytes of heap in use, mapped blocks included. */
size_t bench_heap(void);
/* Bytes of memory that were written to and belong to this process alone. */
size_t bench_dirty(void);
struct mac bench_device(uint32_t number);
_Noreturn void bench_give_up(const char *what);

/* A child that takes one TLS connection (as its server) and throws away what comes. Gives our end
 * of the socket, non-blocking. */
int bench_sink(const char *certificate, const char *key);
/* Waits until the descriptor can be written. */
void bench_wait(int fd);

/* --- a whole agent without its sockets --- */

struct bench_session {
    int fd; /* -1: what is written is thrown away at once */
    struct tls *tls;
    struct session *session;
    uint64_t bytes;
    uint64_t records;
    int64_t tls_cpu; /* in tls_write: crypto and the socket */
};

struct bench {
    struct loop *loop;
    struct engine *engine;
    struct views *views;
    struct tls_identity *identity;
    struct tls_context *tls;
    struct session_context shared;
    struct bench_session sessions[8];
    size_t session_count;
    uint32_t round;
    unsigned ticks;
};

struct bench *bench_new(uint32_t devices, uint32_t samples, uint16_t aps, uint16_t ap_capacity);
/* A session that has subscribed to rssi-ms; over TLS to a sink if there is a certificate. */
void bench_subscribe(struct bench *bench, const char *certificate, const char *key);
/* Every device is heard by `heard` APs, each louder or weaker than the last time; all at now. */
void bench_hear(struct bench *bench, uint32_t devices, uint16_t aps, unsigned heard);
/* One interval: all that is due is encoded and written. */
void bench_tick(struct bench *bench);
void bench_free(struct bench *bench);

/* bench-collect.c: so many access points with so many clients each tell all of them in each round.
 */
int bench_collect(unsigned access_points, unsigned clients, unsigned rounds);

/* bench-bare.c: writes bytes to the descriptor with wolfSSL itself; gives ns of CPU. */
int64_t bench_bare_tls(int fd, const char *certificate, const char *key, const char *cipher,
                       size_t record, uint64_t bytes);
/* Version and build macros of the library. */
void bench_tell_library(void);

#endif
