/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two access points that say whatever they like to a controller, while time passes and a radio of
 * its own hears devices.
 *
 * The input is a row of steps: a byte that chooses, and what the step needs.
 *
 *     0..3  a frame of the first or second access point: id, length of the body (16 bits), body. To
 * a body of a notification a timestamp is added, so that little is in vain 4     time: in units of
 * 64 ms 5     the radio of this machine hears a device 6     an access point goes and comes back 7
 * an access point is configured no more, or again
 *
 * What must hold whatever comes: at most four AP MACs and sixteen radios of each, no AP MAC that
 * two have, half of the table for each, no handle that is lost, bounded memory.
 */
#include "agent/collector/collector.h"
#include "agent/session/session.h"
#include "agent/wire/wire.h"

#include <stdlib.h>
#include <string.h>

enum { DEVICES = 32, HANDLES = 40, ENDS = 2, TIME_UNIT_MS = 64, STEPS_MAX = 4000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct scene {
    struct loop *loop;
    struct engine *engine;
    struct session_context shared;
    struct settings *settings;
    struct session *ends[ENDS];
    bool closed[ENDS];
    bool given[HANDLES];
} scene;

static bool take_handle(void *platform, uint16_t *handle)
{
    (void)platform;
    for (*handle = 1; *handle < HANDLES; (*handle)++) {
        if (scene.given[*handle])
            continue;
        scene.given[*handle] = true;
        return true;
    }
    return false;
}

static void give_back_handle(void *platform, uint16_t handle)
{
    (void)platform;
    require(scene.given[handle]);
    scene.given[handle] = false;
}

static struct mac identity_of(unsigned end)
{
    return (struct mac){{0x00, 0x00, 0x5e, 0x00, 0x53, (uint8_t)end}};
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
    (void)reason;
    (void)flushed;
    *(bool *)context = true;
}

/* --- steps ----------------------------------------------------------------------------------- */

static uint8_t frame[WIRE_MESSAGE_MAX];

static void hand_over(unsigned end, struct writer *w, size_t begin)
{
    if (wire_end(w, begin) && !scene.closed[end] && session_wants_read(scene.ends[end]))
        session_receive(scene.ends[end], frame, w->used);
    require(loop_turn(scene.loop, 0) == 0);
}

static void greet(unsigned end)
{
    struct writer w = writer_of(frame, sizeof(frame));
    size_t begin = wire_begin(&w, WIRE_CAPABILITY_NOTIFICATION, 0, 1);
    struct mac mac = identity_of(end);

    wire_put_protocol_version(&w, WIRE_VERSION, WIRE_VERSION);
    wire_put_services(&w, 0x68ea27);
    wire_put_sender_id(&w, &mac);
    wire_put_timestamp(&w, 1700000000000);
    hand_over(end, &w, begin);
    w = writer_of(frame, sizeof(frame));
    begin = wire_begin(&w, WIRE_SUBSCRIBE_RESPONSE, 0, 1);
    wire_put_result(&w, WIRE_RESULT_OK, "");
    wire_put_services(&w, 0x68ea27);
    hand_over(end, &w, begin);
}

static void come(unsigned end)
{
    const struct session_transport transport = {.write = swallow,
                                                .interest = ignore,
                                                .closed = ended,
                                                .context = &scene.closed[end],
                                                .inbound = true};
    struct mac mac = identity_of(end);

    scene.closed[end] = false;
    scene.ends[end] = session_new(&scene.shared, &transport, &mac);
    require(scene.ends[end] != NULL);
    greet(end);
}

static void come_back(unsigned end)
{
    session_free(scene.ends[end]);
    come(end);
}

static void say(unsigned end, struct cursor *in)
{
    struct writer w = writer_of(frame, sizeof(frame));
    uint8_t id = cursor_u8(in);
    uint16_t len = cursor_u16(in);
    size_t begin = wire_begin(&w, id, 0, 1);
    const struct wire_message_info *info = wire_message_info(id);

    if (len > cursor_left(in))
        len = (uint16_t)cursor_left(in);
    if (info != NULL && info->role == WIRE_NOTIFICATION)
        wire_put_timestamp(&w, (uint64_t)loop_now(scene.loop) + 1700000000000);
    const uint8_t *body = cursor_bytes(in, len);
    if (body != NULL)
        writer_bytes(&w, body, len);
    hand_over(end, &w, begin);
}

static void hear(struct cursor *in)
{
    struct radio_sample sample = {.device = {{0x00, 0x00, 0x5e, 0x00, 0x53, cursor_u8(in)}},
                                  .device_class = RADIO_CLASS_CLIENT,
                                  .antenna = RADIO_ANTENNA_COMBINED,
                                  .source = RADIO_SOURCE_DATA,
                                  .rssi = (int8_t)(-1 - (cursor_u8(in) & 0x7f)),
                                  .snr = RADIO_DB_UNKNOWN,
                                  .heard = loop_now(scene.loop)};

    engine_take(scene.engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
}

static void configure(unsigned count)
{
    scene.settings->access_point_count = count;
    collector_configure(scene.shared.collector, scene.settings);
    for (unsigned i = 0; i < ENDS; i++)
        session_recheck(scene.ends[i]);
    require(loop_turn(scene.loop, 0) == 0);
}

static void step(struct cursor *in)
{
    uint8_t what = cursor_u8(in);

    switch (what & 7) {
    case 4:
        loop_advance(scene.loop, cursor_u8(in) * TIME_UNIT_MS);
        require(loop_turn(scene.loop, 0) == 0);
        break;
    case 5:
        hear(in);
        break;
    case 6:
        come_back(what >> 3 & 1);
        break;
    case 7:
        configure(what >> 3 & 3 ? ENDS : 1);
        break;
    default:
        say(what & 1, in);
        break;
    }
}

/* --- what must hold -------------------------------------------------------------------------- */

static void judge(void)
{
    const struct table *table = engine_table(scene.engine);
    struct collector_status status;
    size_t cursor = 0;
    uint32_t slots = 0;
    uint32_t given = 0;

    engine_expire(scene.engine);
    require(table->device_count <= DEVICES);
    while (collector_next(scene.shared.collector, &cursor, &status)) {
        require(status.macs <= COLLECTOR_MACS && status.slots <= COLLECTOR_SLOTS);
        require(status.samples <= table->sample_count);
        slots += status.slots;
    }
    for (uint16_t i = 0; i < HANDLES; i++)
        given += scene.given[i];
    require(slots <= given);
    for (uint16_t i = 1; i < HANDLES; i++)
        require(engine_ap(scene.engine, i) == NULL || scene.given[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mac base_mac = {{0x00, 0x00, 0x5e, 0x00, 0x53, 0xa0}};
    static const struct radio_operations radio = {.take_handle = take_handle,
                                                  .give_back_handle = give_back_handle};
    const struct settings_capacity capacity = {.devices = DEVICES, .samples = 128, .aps = HANDLES};
    const struct settings_location location = {
        .expiry_client = 15, .expiry_tags = 5, .expiry_rogue_aps = 240, .rfid_timeout = 60};
    struct cursor in = cursor_of(data, size);
    unsigned steps = 0;

    scene = (struct scene){.loop = loop_new_virtual(1000000, 1700000000000)};
    scene.engine = engine_new(scene.loop, &capacity);
    scene.settings = settings_new();
    require(scene.engine != NULL && scene.settings != NULL);
    engine_configure(scene.engine, &location);
    scene.settings->access_points = calloc(ENDS, sizeof(*scene.settings->access_points));
    for (unsigned i = 0; i < ENDS; i++)
        scene.settings->access_points[i].mac = identity_of(i);
    scene.settings->access_point_count = ENDS;
    scene.shared = (struct session_context){
        .loop = scene.loop,
        .engine = scene.engine,
        .views = views_new(scene.loop, scene.engine),
        .base_mac = base_mac,
        .name = "controller",
        .software = "nmspd fuzz",
        .collector = collector_new(&(struct collector_options){.loop = scene.loop,
                                                               .engine = scene.engine,
                                                               .radio = &radio,
                                                               .base_mac = &base_mac,
                                                               .capacity = ENDS})};
    require(scene.shared.collector != NULL && scene.shared.views != NULL);
    collector_configure(scene.shared.collector, scene.settings);
    engine_take(scene.engine, &(struct radio_event){.kind = RADIO_AP_CHANGED,
                                                    .ap = {.mac = base_mac, .up = true}});
    for (unsigned i = 0; i < ENDS; i++)
        come(i);
    while (cursor_left(&in) > 0 && steps++ < STEPS_MAX) {
        step(&in);
        judge();
    }
    for (unsigned i = 0; i < ENDS; i++)
        session_free(scene.ends[i]);
    scene.settings->access_point_count = 0;
    collector_configure(scene.shared.collector, scene.settings);
    for (uint16_t i = 0; i < HANDLES; i++)
        require(!scene.given[i]);
    collector_free(scene.shared.collector);
    views_free(scene.shared.views);
    settings_free(scene.settings);
    engine_free(scene.engine);
    loop_free(scene.loop);
    return 0;
}
