/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a controller pays for its access points: frames from their sessions to the table, without
 * TLS, whose records bench-run measures by themselves.
 */
#include "agent/collector/collector.h"
#include "tests/bench/bench-core.h"

#include "agent/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGENT_SLOTS = 2, FRAME_SIZE = WIRE_MESSAGE_CUT };

struct scene {
    struct bench *bench;
    struct radio_operations radio;
    struct settings *settings;
    struct session **sessions;
    uint16_t next_handle;
    uint16_t capacity;
};

static bool take_handle(void *platform, uint16_t *handle)
{
    struct scene *s = platform;

    *handle = s->next_handle++;
    return *handle < s->capacity;
}

static void give_back_handle(void *platform, uint16_t handle)
{
    (void)platform;
    (void)handle;
}

static struct mac mac_of(uint8_t kind, uint32_t number)
{
    return (struct mac){
        {0x02, kind, 0, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
}

static enum tls_status swallow(void *context, const void *data, size_t len, size_t *written)
{
    (void)context;
    (void)data;
    *written = len;
    return TLS_OK;
}

static void ignore(void *context)
{
    (void)context;
}

static void ended(void *context, const char *reason, bool flushed)
{
    (void)context;
    (void)flushed;
    bench_give_up(reason);
}

static uint8_t frame[FRAME_SIZE];

static size_t greeting(const struct scene *s, const struct mac *identity, uint64_t services)
{
    struct writer w = writer_of(frame, sizeof(frame));
    size_t at = wire_begin(&w, WIRE_CAPABILITY_NOTIFICATION, 0, 1);

    wire_put_protocol_version(&w, 1, 1);
    wire_put_services(&w, services);
    wire_put_sender_id(&w, identity);
    wire_put_timestamp(&w, (uint64_t)loop_wall(s->bench->loop));
    (void)wire_end(&w, at);
    at = wire_begin(&w, WIRE_SUBSCRIBE_RESPONSE, 0, 1);
    wire_put_result(&w, WIRE_RESULT_OK, "");
    wire_put_services(&w, services);
    return wire_end(&w, at) ? w.used : 0;
}

/* Each client at one slot of its access point; half of them are heard at the other one, too. */
static size_t picture(const struct scene *s, unsigned ap, unsigned clients, unsigned round,
                      uint64_t *samples)
{
    struct writer w = writer_of(frame, sizeof(frame));
    size_t at = wire_begin(&w, WIRE_MEASUREMENT_NOTIFICATION, 0, round + 2);

    wire_put_timestamp(&w, (uint64_t)loop_wall(s->bench->loop));
    size_t table = wire_ap_table_open(&w);
    for (uint8_t slot = 0; slot < AGENT_SLOTS; slot++)
        wire_ap_entry_put(&w, &(struct wire_ap_entry){
                                  .mac = mac_of(0x0a, ap), .slot = slot, .band = 1, .noise = -95});
    wire_element_close(&w, table);
    for (unsigned i = 0; i < clients; i++) {
        struct mac mac = mac_of(0x11, ap * clients + i);
        size_t device = wire_device_measurement_open(&w, &mac, WIRE_CLASS_CLIENT, 0);
        for (uint8_t slot = 0; slot < AGENT_SLOTS && (slot == 0 || i % 2 == 0); slot++) {
            wire_sample_put(&w, &(struct wire_sample){.ap = slot,
                                                      .antenna = WIRE_ANTENNA_COMBINED,
                                                      .source = WIRE_SOURCE_DATA,
                                                      .rssi = (int8_t)(-40 - (int)(round + i) % 30),
                                                      .snr = 40,
                                                      .age = (uint16_t)(i % 50)});
            (*samples)++;
        }
        wire_element_close(&w, device);
    }
    return wire_end(&w, at) ? w.used : 0;
}

static void receive(struct scene *s, unsigned ap, size_t len)
{
    if (len == 0)
        bench_give_up("encode");
    session_receive(s->sessions[ap], frame, len);
}

static void begin(struct scene *s, unsigned count)
{
    static const struct session_transport transport = {
        .write = swallow, .interest = ignore, .closed = ended, .inbound = true};

    for (unsigned i = 0; i < count; i++) {
        struct mac identity = mac_of(0x0d, i);
        s->sessions[i] = session_new(&s->bench->shared, &transport, &identity);
        if (s->sessions[i] == NULL)
            bench_give_up("session");
        receive(s, i, greeting(s, &identity, 0x7fffff));
        (void)loop_turn(s->bench->loop, 0);
    }
}

int bench_collect(unsigned count, unsigned clients, unsigned rounds)
{
    static const struct mac base_mac = {{0x02, 0xff, 0, 0, 0, 1}};
    struct scene s = {.capacity = (uint16_t)(count * AGENT_SLOTS)};
    uint64_t samples = 0;
    int64_t taken = 0;

    s.bench = bench_new(2 * count * clients, 4 * count * clients, 0, s.capacity);
    s.radio =
        (struct radio_operations){.take_handle = take_handle, .give_back_handle = give_back_handle};
    s.settings = settings_new();
    s.sessions = calloc(count, sizeof(struct session *));
    if (s.settings == NULL || s.sessions == NULL)
        bench_give_up("memory");
    s.settings->access_points = calloc(count, sizeof(*s.settings->access_points));
    s.settings->access_point_count = s.settings->access_points != NULL ? count : 0;
    for (unsigned i = 0; i < s.settings->access_point_count; i++)
        s.settings->access_points[i].mac = mac_of(0x0d, i);
    size_t before = bench_heap();
    struct collector *collector =
        collector_new(&(struct collector_options){.loop = s.bench->loop,
                                                  .engine = s.bench->engine,
                                                  .radio = &s.radio,
                                                  .platform = &s,
                                                  .base_mac = &base_mac,
                                                  .capacity = (uint16_t)count});
    if (collector == NULL)
        bench_give_up("memory");
    s.bench->shared.collector = collector;
    collector_configure(collector, s.settings);
    begin(&s, count);
    for (unsigned round = 0; round <= rounds; round++) {
        uint64_t ignored = 0;
        loop_advance(s.bench->loop, 2000);
        for (unsigned i = 0; i < count; i++) {
            size_t len = picture(&s, i, clients, round, round > 0 ? &samples : &ignored);
            int64_t begun = bench_cpu();
            receive(&s, i, len);
            taken += round > 0 ? bench_cpu() - begun : 0;
        }
        (void)loop_turn(s.bench->loop, 0);
    }
    size_t heap = bench_heap() - before;
    (void)printf("sample_ns=%.1f session=%zu devices=%u\n", (double)taken / (double)samples,
                 heap / count, engine_table(s.bench->engine)->device_count);
    for (unsigned i = 0; i < count; i++)
        session_free(s.sessions[i]);
    collector_free(collector);
    free(s.sessions);
    settings_free(s.settings);
    bench_free(s.bench);
    return 0;
}
