/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Benchmarks inside one process; each prints one line of name=value.
 *
 *     bench-run encode DEVICES HEARD ROUNDS
 *     bench-run deliver SESSIONS DEVICES TICKS CERTIFICATE KEY [count-tls]
 *     bench-run tls agent|bare RECORD MEGABYTES CERTIFICATE KEY [CIPHER]
 *     bench-run scale DEVICES APS HEARD TICKS [associated]
 *     bench-run collect ACCESS-POINTS CLIENTS ROUNDS
 *     bench-run library
 */
#include "agent/tls/crypto.h"
#include "tests/bench/bench-core.h"

#include "agent/view/measurement.h"
#include "agent/view/subfilter.h"
#include "agent/wire/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t body_bytes[WIRE_MESSAGE_CUT];

/* All devices as messages; gives their bytes. */
static size_t encode_all(const struct bench *bench, struct measurement *measurement,
                         const struct subfilter *filter)
{
    const struct table *table = engine_table(bench->engine);
    size_t bytes = 0;

    for (uint32_t slot = 0; slot < table->slots_used;) {
        struct writer body = writer_of(body_bytes, sizeof(body_bytes));
        measurement_begin(measurement, 0);
        while (slot < table->slots_used && measurement_add(measurement, slot, filter) != PUT_FULL)
            slot++;
        measurement_finish(measurement, &body);
        bytes += body.used;
    }
    return bytes;
}

static int64_t copy_all(size_t bytes, unsigned rounds)
{
    static uint8_t from[WIRE_MESSAGE_CUT];
    int64_t begun = bench_cpu();

    for (unsigned i = 0; i < rounds; i++) {
        for (size_t done = 0; done < bytes; done += sizeof(from)) {
            memcpy(body_bytes, from, sizeof(from));
            __asm__ volatile("" : : "r"(body_bytes), "r"(from) : "memory");
        }
    }
    return bench_cpu() - begun;
}

static int encode(uint32_t devices, unsigned heard, unsigned rounds)
{
    struct bench *bench = bench_new(devices, devices * heard, 16, 64);
    struct wire_message all = {.present = 0};
    struct measurement *measurement = measurement_new(bench->engine);
    struct subfilter *filter = NULL;
    size_t bytes = 0;

    all.services.mask = WIRE_BIT(WIRE_RSSI_MS);
    (void)subfilter_new(bench->engine, &all, all.services.mask, &filter);
    if (measurement == NULL || filter == NULL)
        bench_give_up("memory");
    bench_hear(bench, devices, 16, heard);
    int64_t begun = bench_cpu();
    for (unsigned i = 0; i < rounds; i++)
        bytes = encode_all(bench, measurement, filter);
    int64_t took = bench_cpu() - begun;
    int64_t copied = copy_all(bytes, rounds);
    double count = (double)devices * rounds;
    (void)printf("encode_ns=%.2f sample_ns=%.2f memcpy_ns=%.3f bytes=%.1f\n", (double)took / count,
                 (double)took / count / heard, (double)copied / count, (double)bytes / devices);
    subfilter_free(filter);
    measurement_free(measurement);
    bench_free(bench);
    return 0;
}

static int deliver(size_t sessions, uint32_t devices, unsigned ticks, const char *certificate,
                   const char *key)
{
    struct bench *bench = bench_new(devices, devices, 1, 64);
    int64_t tls = 0;
    uint64_t bytes = 0, records = 0;

    bench_hear(bench, devices, 1, 1);
    for (size_t i = 0; i < sessions; i++)
        bench_subscribe(bench, certificate, key);
    for (unsigned i = 0; i < 3; i++) { /* until nothing is new */
        bench_hear(bench, devices, 1, 1);
        bench_tick(bench);
    }
    for (size_t i = 0; i < sessions; i++) {
        struct bench_session *s = &bench->sessions[i];
        s->tls_cpu = 0;
        s->bytes = s->records = 0;
    }
    uint64_t allocations = bench_allocations();
    int64_t begun = bench_cpu();
    for (unsigned i = 0; i < ticks; i++) {
        bench_hear(bench, devices, 1, 1);
        bench_tick(bench);
    }
    int64_t took = bench_cpu() - begun;
    allocations = bench_allocations() - allocations;
    for (size_t i = 0; i < sessions; i++) {
        tls += bench->sessions[i].tls_cpu;
        bytes += bench->sessions[i].bytes;
        records += bench->sessions[i].records;
    }
    double thousands = (double)devices * ticks / 1000;
    (void)printf("cpu_ms=%.4f tls_ms=%.4f bytes_each=%.2f records=%" PRIu64
                 " ticks=%u allocations=%" PRIu64 " version=%s cipher=%s\n",
                 (double)took / 1e6 / thousands, (double)tls / 1e6 / thousands,
                 (double)bytes / 1000 / thousands / (double)sessions, records, ticks, allocations,
                 tls_version(bench->sessions[0].tls), tls_cipher(bench->sessions[0].tls));
    bench_free(bench);
    return 0;
}

static int64_t agent_tls(struct bench *bench, size_t record, uint64_t bytes)
{
    static uint8_t data[TLS_RECORD_MAX];
    struct bench_session *s = &bench->sessions[0];
    uint64_t done = 0;

    int64_t begun = bench_cpu();
    while (done < bytes) {
        size_t wrote = 0;
        enum tls_status status = tls_write(s->tls, data, record, &wrote);
        done += wrote;
        if (status == TLS_WANT_WRITE)
            bench_wait(s->fd);
        else if (status != TLS_OK)
            bench_give_up(tls_error(s->tls));
    }
    return bench_cpu() - begun;
}

static int speak_tls(bool bare, size_t record, unsigned megabytes, const char *certificate,
                     const char *key, const char *cipher)
{
    uint64_t bytes = (uint64_t)megabytes << 20;
    int64_t took;

    if (record == 0 || record > TLS_RECORD_MAX)
        bench_give_up("record size");
    if (bare) {
        took =
            bench_bare_tls(bench_sink(certificate, key), certificate, key, cipher, record, bytes);
    } else {
        struct bench *bench = bench_new(16, 16, 1, 64);
        bench_hear(bench, 1, 1, 1);
        bench_subscribe(bench, certificate, key);
        took = agent_tls(bench, record, bytes);
        cipher = tls_cipher(bench->sessions[0].tls);
        (void)printf("version=%s ", tls_version(bench->sessions[0].tls));
        (void)printf("cipher=%s ", cipher);
        bench_free(bench);
    }
    (void)printf("mb_per_cpu_s=%.2f\n", (double)bytes / 1e6 / ((double)took / 1e9));
    return 0;
}

static void associate(const struct bench *bench, uint32_t devices, uint16_t aps)
{
    struct radio_client client = {.protocol = 6, .ssid_len = 5, .ssid = "bench"};

    for (uint32_t i = 0; i < devices; i++) {
        client.device = bench_device(i);
        client.ap = (uint16_t)((uint64_t)i * aps / devices);
        engine_take(bench->engine,
                    &(struct radio_event){.kind = RADIO_CLIENT_JOINED, .joined = client});
    }
}

static int scale(uint32_t devices, uint16_t aps, unsigned heard, unsigned ticks, bool associated)
{
    size_t before = bench_heap();
    size_t dirty = bench_dirty();
    struct bench *bench = bench_new(devices, devices * heard, aps, aps);
    size_t engine = bench_heap() - before;
    int64_t heard_cpu = 0, tick_cpu = 0;

    bench_hear(bench, devices, aps, heard);
    if (associated)
        associate(bench, devices, aps);
    bench_subscribe(bench, NULL, NULL);
    size_t first = bench_heap() - before - engine;
    bench_subscribe(bench, NULL, NULL);
    size_t second = bench_heap() - before - engine - first;
    bench_hear(bench, devices, aps, heard);
    bench_tick(bench);
    uint64_t bytes = bench->sessions[0].bytes;
    for (unsigned i = 0; i < ticks; i++) {
        int64_t begun = bench_cpu();
        bench_hear(bench, devices, aps, heard);
        int64_t middle = bench_cpu();
        bench_tick(bench);
        heard_cpu += middle - begun;
        tick_cpu += bench_cpu() - middle;
    }
    bytes = bench->sessions[0].bytes - bytes;
    (void)printf(
        "dirty=%zu devices=%" PRIu32 " sample_ns=%.1f tick_ns=%.1f cpu_ms=%.2f engine=%zu view=%zu "
        "session=%zu bytes=%" PRIu64 " evicted=%" PRIu64 " refused=%" PRIu64 "\n",
        bench_dirty() - dirty, devices, (double)heard_cpu / devices / heard / ticks,
        (double)tick_cpu / devices / ticks, (double)(heard_cpu + tick_cpu) / 1e6 / ticks, engine,
        first - second, second, bytes / ticks, engine_counters(bench->engine)->devices_evicted,
        engine_counters(bench->engine)->samples_refused);
    bench_free(bench);
    return 0;
}

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

static int run(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (strcmp(what, "encode") == 0 && argc == 5)
        return encode(number(argv[2]), number(argv[3]), number(argv[4]));
    if (strcmp(what, "deliver") == 0 && argc >= 7)
        return deliver(number(argv[2]), number(argv[3]), number(argv[4]), argv[5], argv[6]);
    if (strcmp(what, "tls") == 0 && argc >= 7)
        return speak_tls(strcmp(argv[2], "bare") == 0, number(argv[3]), number(argv[4]), argv[5],
                         argv[6], argc > 7 ? argv[7] : NULL);
    if (strcmp(what, "scale") == 0 && argc >= 6)
        return scale(number(argv[2]), (uint16_t)number(argv[3]), number(argv[4]), number(argv[5]),
                     argc > 6);
    if (strcmp(what, "collect") == 0 && argc == 5)
        return bench_collect(number(argv[2]), number(argv[3]), number(argv[4]));
    if (strcmp(what, "library") == 0) {
        bench_tell_library();
        return 0;
    }
    (void)fprintf(stderr, "bench-run: see the head of tests/bench/bench-run.c\n");
    return 2;
}

int main(int argc, char **argv)
{
    /* Counted allocations then are the library's, too. */
    if (argc > 7 && strcmp(argv[7], "count-tls") == 0)
        tls_memory_count();
    if (tls_init() != 0)
        return 1;
    int status = run(argc, argv);
    tls_fini();
    return status;
}
