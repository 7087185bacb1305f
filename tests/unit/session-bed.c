/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

/* --- the agent's side ------------------------------------------------------------------------ */

/* Of the bed that was made last. */
static struct {
    bool given[4096];
    uint16_t capacity;
} handles;

bool bed_take_handle(void *platform, uint16_t *handle)
{
    (void)platform;
    for (uint16_t i = handles.capacity; i-- > 0;) {
        if (handles.given[i])
            continue;
        handles.given[i] = true;
        *handle = i;
        return true;
    }
    return false;
}

void bed_give_back_handle(void *platform, uint16_t handle)
{
    (void)platform;
    assert_true(handles.given[handle]);
    handles.given[handle] = false;
}

struct bed *bed_new(uint32_t devices, uint16_t aps)
{
    struct settings_capacity capacity = {.devices = devices, .samples = devices * 4, .aps = aps};
    struct bed *bed = calloc(1, sizeof(*bed));

    assert_non_null(bed);
    memset(&handles, 0, sizeof(handles));
    handles.capacity = aps;
    bed->loop = loop_new_virtual(1000000, 1800000000000);
    bed->engine = engine_new(bed->loop, &capacity);
    bed->location = (struct settings_location){.expiry_client = 15,
                                               .expiry_tags = 5,
                                               .expiry_rogue_aps = 1200,
                                               .threshold_rogue_aps = 5,
                                               .threshold_tags = 5};
    engine_configure(bed->engine, &bed->location);
    bed->views = views_new(bed->loop, bed->engine);
    assert_non_null(bed->views);
    bed->shared = (struct session_context){.loop = bed->loop,
                                           .engine = bed->engine,
                                           .views = bed->views,
                                           .base_mac = {{0x00, 0xaa, 0, 0, 0, 1}},
                                           .name = "controller",
                                           .software = "nmspd test"};
    return bed;
}

void bed_free(struct bed *bed)
{
    views_free(bed->views);
    engine_free(bed->engine);
    loop_free(bed->loop);
    free(bed);
}

struct mac bed_mac(uint32_t device)
{
    return (struct mac){{0x00, 0x10, (uint8_t)(device >> 24), (uint8_t)(device >> 16),
                         (uint8_t)(device >> 8), (uint8_t)device}};
}

struct mac bed_ap_mac(uint16_t ap)
{
    return (struct mac){{0x00, 0xaa, 0xbb, 0, (uint8_t)(ap >> 8), (uint8_t)ap}};
}

void bed_ap(struct bed *bed, uint16_t ap)
{
    struct radio_ap record = {.ap = ap,
                              .mac = bed_ap_mac(ap),
                              .band = RADIO_BAND_2GHZ,
                              .channel = 6,
                              .noise = -95,
                              .tx_power = 20,
                              .up = true,
                              .up_since = loop_now(bed->loop)};
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = record});
}

void bed_ap_gone(struct bed *bed, uint16_t ap)
{
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = ap});
}

void bed_hear(struct bed *bed, uint32_t device, uint16_t ap, int8_t rssi)
{
    struct radio_sample sample = {.device = bed_mac(device),
                                  .ap = ap,
                                  .device_class = RADIO_CLASS_CLIENT,
                                  .antenna = RADIO_ANTENNA_COMBINED,
                                  .source = RADIO_SOURCE_DATA,
                                  .rssi = rssi,
                                  .snr = (int8_t)(rssi + 95),
                                  .heard = loop_now(bed->loop)};
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
}

void bed_join(struct bed *bed, uint32_t device, uint16_t ap)
{
    struct radio_client client = {.device = bed_mac(device), .ap = ap};
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_CLIENT_JOINED, .joined = client});
}

void bed_leave(struct bed *bed, uint32_t device, uint16_t ap)
{
    struct mac mac = bed_mac(device);
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_CLIENT_LEFT,
                                                   .left = {.device = mac, .ap = ap}});
}

void bed_works(struct bed *bed, uint32_t works)
{
    engine_take(bed->engine,
                &(struct radio_event){.kind = RADIO_CAPABILITIES, .capabilities = works});
    bed_turn(bed);
}

void bed_hear_as(struct bed *bed, uint8_t device_class, uint32_t device, uint16_t ap, int8_t rssi)
{
    struct radio_sample sample = {.device = bed_mac(device),
                                  .ap = ap,
                                  .device_class = device_class,
                                  .antenna = RADIO_ANTENNA_COMBINED,
                                  .source = RADIO_SOURCE_BEACON,
                                  .rssi = rssi,
                                  .snr = RADIO_DB_UNKNOWN,
                                  .heard = loop_now(bed->loop)};
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
}

void bed_rogue(struct bed *bed, uint8_t device_class, uint32_t device, const char *ssid)
{
    struct radio_rogue rogue = {.device = bed_mac(device),
                                .device_class = device_class,
                                .band = RADIO_BAND_2GHZ,
                                .channel = 11,
                                .encryption = WIRE_ENCRYPTION_WPA2,
                                .ssid_len = (uint8_t)strlen(ssid)};
    memcpy(rogue.ssid, ssid, strlen(ssid));
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_ROGUE, .rogue = rogue});
}

void bed_user(struct bed *bed, uint32_t device, const char *name)
{
    struct radio_user user = {.device = bed_mac(device), .len = (uint8_t)strlen(name)};
    memcpy(user.name, name, strlen(name));
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_USER, .user = user});
}

void bed_address(struct bed *bed, uint32_t device, uint8_t last, bool present)
{
    struct radio_address address = {
        .device = bed_mac(device), .family = 4, .present = present, .address = {192, 0, 2, last}};
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_ADDRESS, .address = address});
}

void bed_statistics(struct bed *bed, uint8_t device_class, uint32_t device, uint16_t ap,
                    uint64_t bytes)
{
    struct radio_statistics statistics = {.device = bed_mac(device),
                                          .ap = ap,
                                          .device_class = device_class,
                                          .rx_bytes = bytes,
                                          .tx_bytes = bytes + 1,
                                          .connected = 7};
    engine_take(bed->engine,
                &(struct radio_event){.kind = RADIO_STATISTICS, .statistics = statistics});
}

void bed_tag(struct bed *bed, uint32_t device, uint16_t ap, uint16_t sequence, const char *payload)
{
    struct radio_tag tag = {.device = bed_mac(device),
                            .ap = ap,
                            .vendor = WIRE_TAG_G2,
                            .tx_power = 17,
                            .channel = 6,
                            .sequence = sequence,
                            .payload_len = (uint16_t)strlen(payload),
                            .payload = (const uint8_t *)payload,
                            .heard = loop_now(bed->loop)};
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_TAG, .tag = tag});
}

/* --- the peer's side ------------------------------------------------------------------------- */

static bool is_notification(const struct wire_message *message)
{
    return message->info->role == WIRE_NOTIFICATION;
}

static void take_frame(struct bed_peer *peer, const uint8_t *frame, size_t len)
{
    struct wire_message message;

    if (wire_decode(frame, len, &message) != WIRE_OK)
        fail_msg("the agent sent a frame that is not well-formed: id %u", message.header.id);
    assert_true(len <= WIRE_MESSAGE_CUT);
    assert_true(peer->log_len < BED_LOG);
    peer->log[peer->log_len++] = message.header;
    memcpy(peer->last[message.header.id], frame, len);
    peer->count[message.header.id]++;
    if (is_notification(&message)) {
        assert_int_equal(message.header.transaction, peer->notification + 1);
        assert_int_equal(message.header.flags & WIRE_FLAG_MORE, 0);
        peer->notification++;
    }
    if (message.header.id == WIRE_SUBSCRIBE_RESPONSE && message.result.code == WIRE_RESULT_OK)
        /* what the old subscription said is no longer valid */
        memset(&peer->belief, 0, sizeof(peer->belief));
    if (message.header.id == WIRE_MEASUREMENT_NOTIFICATION)
        belief_take(&peer->belief, &message);
    if (message.header.id == WIRE_INFORMATION_NOTIFICATION)
        belief_inform(&peer->belief, &message);
}

static void take_bytes(struct bed_peer *peer, const uint8_t *data, size_t len)
{
    struct wire_header header;
    size_t used = 0;

    assert_true(peer->pending_len + len <= BED_PENDING);
    memcpy(peer->pending + peer->pending_len, data, len);
    peer->pending_len += len;
    while (wire_frame_peek(peer->pending + used, peer->pending_len - used, &header) ==
           WIRE_FRAME_OK) {
        take_frame(peer, peer->pending + used, header.length);
        used += header.length;
    }
    memmove(peer->pending, peer->pending + used, peer->pending_len - used);
    peer->pending_len -= used;
}

static enum tls_status peer_write(void *context, const void *data, size_t len, size_t *written)
{
    struct bed_peer *peer = context;
    size_t taken = len < peer->window ? len : peer->window;

    if (peer->broken)
        return TLS_FAILED;
    if (taken == 0)
        return TLS_WANT_WRITE;
    if (peer->window != SIZE_MAX)
        peer->window -= taken;
    take_bytes(peer, data, taken);
    peer->records++;
    peer->bytes += taken;
    *written = taken;
    return TLS_OK;
}

static void peer_interest(void *context)
{
    (void)context;
}

static void peer_closed(void *context, const char *reason, bool flushed)
{
    struct bed_peer *peer = context;

    assert_false(peer->closed);
    peer->closed = true;
    peer->flushed = flushed;
    (void)snprintf(peer->reason, sizeof(peer->reason), "%s", reason);
}

struct bed_peer *bed_peer_new(struct bed *bed)
{
    return bed_peer_as(bed, &(struct mac){{0x00, 0x50, 0x56, 0, 0, 1}});
}

struct bed_peer *bed_peer_as(struct bed *bed, const struct mac *identity)
{
    struct bed_peer *peer = calloc(1, sizeof(*peer));
    struct session_transport transport = {.write = peer_write,
                                          .interest = peer_interest,
                                          .closed = peer_closed,
                                          .context = peer,
                                          .inbound = true};

    assert_non_null(peer);
    peer->bed = bed;
    peer->window = SIZE_MAX;
    peer->session = session_new(&bed->shared, &transport, identity);
    assert_non_null(peer->session);
    bed_turn(bed);
    return peer;
}

struct bed_peer *bed_active_peer(struct bed *bed)
{
    struct bed_peer *peer = bed_peer_new(bed);

    bed_say_capability(peer);
    assert_true(session_active(peer->session));
    return peer;
}

void bed_peer_free(struct bed_peer *peer)
{
    session_free(peer->session);
    free(peer);
}

void bed_turn(struct bed *bed)
{
    assert_int_equal(loop_turn(bed->loop, 0), 0);
}

void bed_open_window(struct bed_peer *peer, size_t bytes)
{
    peer->window = bytes;
    session_writable(peer->session);
    bed_turn(peer->bed);
}

void bed_say(struct bed_peer *peer, const uint8_t *data, size_t len)
{
    assert_true(session_wants_read(peer->session));
    session_receive(peer->session, data, len);
    bed_turn(peer->bed);
}

void bed_say_capability(struct bed_peer *peer)
{
    uint8_t buffer[128];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, WIRE_CAPABILITY_NOTIFICATION, 0, 1);
    struct mac server = {{0x00, 0x50, 0x56, 0, 0, 1}};

    wire_put_protocol_version(&w, 1, 1);
    wire_put_services(&w, 0);
    wire_put_sender_id(&w, &server);
    wire_put_timestamp(&w, 1700000000000);
    wire_put_name(&w, "mse");
    assert_true(wire_end(&w, begin));
    bed_say(peer, buffer, w.used);
}

void bed_ask(struct bed_peer *peer, const struct bed_ask *ask)
{
    static uint8_t buffer[65535];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, ask->id, 0, ask->transaction);
    struct wire_list aps = {(const uint8_t *)ask->aps, ask->ap_count * 6, ask->ap_count};
    struct wire_list devices = {(const uint8_t *)ask->devices, ask->device_count * 6,
                                ask->device_count};

    wire_put_services(&w, ask->services);
    if (ask->devices != NULL)
        wire_device_filter_put(&w, &(struct wire_device_filter){.macs = devices});
    if (ask->aps != NULL)
        wire_ap_filter_put(&w, &(struct wire_ap_filter){.macs = aps});
    if (ask->interval != 0)
        wire_put_interval(&w, ask->interval_bit, ask->interval);
    assert_true(wire_end(&w, begin));
    bed_say(peer, buffer, w.used);
}

void bed_say_services(struct bed_peer *peer, uint16_t id, uint32_t transaction, uint64_t services)
{
    bed_ask(peer, &(struct bed_ask){.id = id, .transaction = transaction, .services = services});
}

void bed_say_echo(struct bed_peer *peer, uint32_t transaction, const void *data, size_t len)
{
    uint8_t buffer[96];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, WIRE_ECHO_REQUEST, 0, transaction);

    if (data != NULL)
        wire_put_echo_data(&w, data, len);
    assert_true(wire_end(&w, begin));
    bed_say(peer, buffer, w.used);
}

struct wire_message bed_last(struct bed_peer *peer, uint16_t id)
{
    struct wire_message message;
    struct wire_header header;

    assert_true(peer->count[id] > 0);
    assert_int_equal(wire_frame_peek(peer->last[id], sizeof(peer->last[id]), &header),
                     WIRE_FRAME_OK);
    assert_int_equal(wire_decode(peer->last[id], header.length, &message), WIRE_OK);
    return message;
}
