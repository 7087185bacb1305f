/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session with an authorised peer that sends whatever it likes, in any pieces, while time passes,
 * radios report, and the peer takes output or does not.
 *
 * The input is a row of steps: a byte that chooses (its three lowest bits) and what the step needs.
 *
 *     0  bytes from the peer: piece size, count (16 bits), bytes
 *     1  a frame from the peer: id, transaction, length of the body (16 bits), body
 *     2  time: in units of 64 ms
 *     3  the peer takes so many bytes more (16 bits, 65535: all that comes)
 *     4  a radio hears a device: device, AP, RSSI
 *     5  an AP comes, changes or goes, a device joins or leaves: what, AP, device
 *     6  our end: finish, or the offer has changed
 *     7  the peer sends its Capability
 *
 * What must hold whatever comes: every message we send is well-formed and at most 16 KiB,
 * notifications are numbered without a gap, nothing is notified before a Subscribe was granted, the
 * session ends once and is silent afterwards, and its memory is bounded.
 */
#include "agent/engine/engine.h"
#include "agent/session/session.h"
#include "agent/wire/wire.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEVICES = 16,
    APS = 4,
    TIME_UNIT_MS = 64,
    TIME_MAX_MS = 600000,
    KERNEL_SIZE = 1 << 17,
    FRAME_SIZE = 1 << 15,
    /* 64 KiB of echoes, 80 KiB of input; five selections with two filters of 1,024 MACs; a view
     * with its ring of departures. The output of 64 KiB and the record are made with the session.
     */
    GROWTH_MAX = 512 * 1024,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Of AddressSanitizer's runtime, where there is one. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static void require(bool holds)
{
    if (!holds)
        abort();
}

static size_t memory_in_use(void)
{
    return __sanitizer_get_current_allocated_bytes != NULL
               ? __sanitizer_get_current_allocated_bytes()
               : 0;
}

/* --- the peer -------------------------------------------------------------------------------- */

struct peer {
    struct session *session;
    size_t window;
    uint8_t frame[FRAME_SIZE]; /* of what came, up to the end of a frame */
    size_t frame_len;
    uint32_t notifications;
    bool granted;
    bool closed;

    uint8_t kernel[KERNEL_SIZE]; /* sent, and not yet read by the session */
    size_t kernel_len;
    size_t piece;
    size_t memory; /* at the beginning */
};

static struct peer peer;

static void judge(const uint8_t *frame, size_t len)
{
    struct wire_message m;

    require(len <= WIRE_MESSAGE_CUT);
    require(wire_decode(frame, len, &m) == WIRE_OK);
    require(m.info->sender != WIRE_SERVER);
    require((m.header.flags & ~(unsigned)WIRE_FLAG_MORE) == 0);
    if (m.header.id == WIRE_SUBSCRIBE_RESPONSE && m.result.code == WIRE_RESULT_OK)
        peer.granted = true;
    if (m.info->role != WIRE_NOTIFICATION)
        return;
    require(m.header.flags == 0);
    require(m.header.transaction == ++peer.notifications);
    require(m.header.id == WIRE_CAPABILITY_NOTIFICATION || peer.granted);
    require(peer.notifications > 1 || m.header.id == WIRE_CAPABILITY_NOTIFICATION);
}

static enum tls_status peer_write(void *context, const void *data, size_t len, size_t *written)
{
    size_t taken = len < peer.window ? len : peer.window;
    struct wire_header header;
    size_t used = 0;

    (void)context;
    require(!peer.closed && len > 0 && len <= WIRE_MESSAGE_CUT);
    if (taken == 0)
        return TLS_WANT_WRITE;
    if (peer.window != SIZE_MAX)
        peer.window -= taken;
    require(peer.frame_len + taken <= sizeof(peer.frame));
    memcpy(peer.frame + peer.frame_len, data, taken);
    peer.frame_len += taken;
    while (wire_frame_peek(peer.frame + used, peer.frame_len - used, &header) == WIRE_FRAME_OK) {
        judge(peer.frame + used, header.length);
        used += header.length;
    }
    memmove(peer.frame, peer.frame + used, peer.frame_len - used);
    peer.frame_len -= used;
    *written = taken;
    return TLS_OK;
}

static void peer_interest(void *context)
{
    (void)context;
}

static void peer_closed(void *context, const char *reason, bool flushed)
{
    (void)context;
    require(!peer.closed);
    require(reason[0] != '\0' && strnlen(reason, SESSION_REASON_SIZE) < SESSION_REASON_SIZE);
    require(!flushed || peer.frame_len == 0); /* all was written: no half message is left */
    peer.closed = true;
}

static void send_bytes(const uint8_t *data, size_t len)
{
    if (data == NULL || peer.kernel_len + len > sizeof(peer.kernel))
        return;
    memcpy(peer.kernel + peer.kernel_len, data, len);
    peer.kernel_len += len;
}

/* The session reads what was sent, piece by piece, as long as it wants to. */
static void deliver(struct loop *loop)
{
    size_t used = 0;

    while (used < peer.kernel_len && !peer.closed && session_wants_read(peer.session)) {
        size_t len = peer.kernel_len - used < peer.piece ? peer.kernel_len - used : peer.piece;
        session_receive(peer.session, peer.kernel + used, len);
        used += len;
        require(loop_turn(loop, 0) == 0);
    }
    memmove(peer.kernel, peer.kernel + used, peer.kernel_len - used);
    peer.kernel_len -= used;
}

/* --- steps ----------------------------------------------------------------------------------- */

static void send_piece(struct cursor *in)
{
    uint8_t piece = cursor_u8(in);
    uint16_t len = cursor_u16(in);

    peer.piece = piece == 0 ? 16384 : piece;
    if (len > cursor_left(in))
        len = (uint16_t)cursor_left(in);
    send_bytes(cursor_bytes(in, len), len);
}

static void send_frame(struct cursor *in)
{
    uint8_t header[WIRE_HEADER_SIZE];
    uint16_t id = cursor_u8(in);
    uint8_t transaction = cursor_u8(in);
    uint16_t len = cursor_u16(in);

    if (len > cursor_left(in))
        len = (uint16_t)cursor_left(in);
    if (in->failed || len > WIRE_MESSAGE_MAX - WIRE_HEADER_SIZE)
        return;
    wire_header_put(header, id, 0, transaction, len);
    send_bytes(header, sizeof(header));
    send_bytes(cursor_bytes(in, len), len);
}

static void send_capability(void)
{
    uint8_t buffer[128];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, WIRE_CAPABILITY_NOTIFICATION, 0, 1);
    struct mac server = {{0x00, 0x00, 0x5e, 0x00, 0x53, 0x0e}};

    wire_put_protocol_version(&w, WIRE_VERSION, WIRE_VERSION);
    wire_put_services(&w, 0);
    wire_put_sender_id(&w, &server);
    wire_put_timestamp(&w, 1700000000000);
    require(wire_end(&w, begin));
    send_bytes(buffer, w.used);
}

static struct mac device_mac(uint8_t device)
{
    return (struct mac){{0x00, 0x00, 0x5e, 0x00, 0x53, device}};
}

static void hear(struct engine *engine, struct cursor *in)
{
    uint8_t device = cursor_u8(in);
    uint8_t ap = cursor_u8(in);
    uint8_t rssi = cursor_u8(in);
    struct radio_sample sample = {.device = device_mac(device),
                                  .ap = ap % APS,
                                  .device_class = (rssi & 0x80) == 0 ? (uint8_t)RADIO_CLASS_CLIENT
                                                                     : (uint8_t)(1 + device % 4),
                                  .antenna = (device & 0x80) != 0 ? 0 : RADIO_ANTENNA_COMBINED,
                                  .source = RADIO_SOURCE_DATA,
                                  .rssi = (int8_t)(-1 - (rssi & 0x7f)),
                                  .snr = RADIO_DB_UNKNOWN,
                                  .heard = loop_now(engine_loop(engine))};

    engine_take(engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
}

/* What is known of a device besides its readings. */
static void tell_fact(struct engine *engine, uint8_t what, uint8_t ap, uint8_t device)
{
    const struct mac mac = device_mac(device);
    const struct radio_event events[] = {
        {.kind = RADIO_CAPABILITIES, .capabilities = what / 6},
        {.kind = RADIO_USER, .user = {.device = mac, .len = what & 0x7f}},
        {.kind = RADIO_ADDRESS,
         .address = {.device = mac,
                     .family = (what & 8) != 0 ? 4 : 6,
                     .present = (what & 16) != 0,
                     .address = {ap, what}}},
        {.kind = RADIO_STATISTICS, .statistics = {.device = mac, .ap = ap, .rx_bytes = what}},
        {.kind = RADIO_ROGUE,
         .rogue = {.device = mac, .ap = ap, .channel = what, .ssid_len = what & 63}},
        {.kind = RADIO_TAG,
         .tag = {.device = mac,
                 .ap = ap,
                 .sequence = what,
                 .payload_len = 6,
                 .payload = mac.b,
                 .heard = loop_now(engine_loop(engine))}},
    };

    engine_take(engine, &events[what % 6]);
}

static void change_radio(struct engine *engine, struct cursor *in)
{
    uint8_t what = cursor_u8(in);
    uint8_t handle = cursor_u8(in) % APS;
    uint8_t number = cursor_u8(in);
    struct mac device = device_mac(number);
    struct radio_client client = {.device = device, .ap = handle};
    struct radio_ap ap = {.ap = handle,
                          .mac = {{0x00, 0x00, 0x5e, 0x00, 0x54, handle}},
                          .channel = what,
                          .noise = -95,
                          .up = true,
                          .up_since = loop_now(engine_loop(engine))};

    if (what >= 0x80)
        tell_fact(engine, what & 0x7f, handle, number);
    else if (what % 4 == 0)
        engine_take(engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = ap});
    else if (engine_ap(engine, handle) == NULL)
        return;
    else if (what % 4 == 1)
        engine_take(engine, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = handle});
    else if (what % 4 == 2)
        engine_take(engine, &(struct radio_event){.kind = RADIO_CLIENT_JOINED, .joined = client});
    else
        engine_take(engine, &(struct radio_event){.kind = RADIO_CLIENT_LEFT,
                                                  .left = {.device = device, .ap = handle}});
    session_offer_changed(peer.session);
}

static void open_window(struct cursor *in)
{
    uint16_t bytes = cursor_u16(in);

    if (bytes == UINT16_MAX)
        peer.window = SIZE_MAX;
    else if (peer.window == SIZE_MAX)
        peer.window = bytes;
    else
        peer.window += bytes;
    if (!peer.closed)
        session_writable(peer.session);
}

static void step(struct loop *loop, struct engine *engine, struct cursor *in)
{
    uint8_t what = cursor_u8(in);

    switch (what & 7) {
    case 0:
        send_piece(in);
        break;
    case 1:
        send_frame(in);
        break;
    case 2:
        loop_advance(loop, cursor_u8(in) * TIME_UNIT_MS);
        break;
    case 3:
        open_window(in);
        break;
    case 4:
        hear(engine, in);
        break;
    case 5:
        change_radio(engine, in);
        break;
    case 6:
        if ((what & 0x80) != 0)
            session_shutdown(peer.session, "the agent stops");
        else
            session_offer_changed(peer.session);
        break;
    default:
        send_capability();
        break;
    }
}

static void play(struct loop *loop, struct engine *engine, struct cursor *in)
{
    int64_t end = loop_now(loop) + TIME_MAX_MS;

    while (cursor_left(in) > 0 && !peer.closed && loop_now(loop) < end) {
        step(loop, engine, in);
        require(loop_turn(loop, 0) == 0);
        deliver(loop);
        require(memory_in_use() <= peer.memory + GROWTH_MAX);
    }
    if (!peer.closed)
        session_shutdown(peer.session, "the input has ended");
    loop_advance(loop, SESSION_FLUSH_MS); /* whatever the peer does, it is over then */
    require(peer.closed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct settings_capacity capacity = {.devices = DEVICES, .samples = 64, .aps = APS};
    const struct settings_location location = {.expiry_client = 15, .expiry_tags = 5};
    const struct session_transport transport = {
        .write = peer_write, .interest = peer_interest, .closed = peer_closed};
    const struct mac identity = {{0x00, 0x00, 0x5e, 0x00, 0x53, 0x0e}};
    struct cursor in = cursor_of(data, size);
    struct loop *loop = loop_new_virtual(1000000, 1700000000000);
    struct engine *engine = engine_new(loop, &capacity);
    struct views *views = views_new(loop, engine);
    const struct session_context shared = {.loop = loop,
                                           .engine = engine,
                                           .views = views,
                                           .base_mac = {{0x00, 0x00, 0x5e, 0x00, 0x53, 0xa0}},
                                           .name = "controller",
                                           .software = "nmspd fuzz"};

    require(loop != NULL && engine != NULL && views != NULL);
    engine_configure(engine, &location);
    peer.frame_len = peer.kernel_len = 0;
    peer.notifications = 0;
    peer.granted = peer.closed = false;
    peer.window = SIZE_MAX;
    peer.piece = 16384;
    peer.session = session_new(&shared, &transport, &identity);
    require(peer.session != NULL);
    peer.memory = memory_in_use();
    play(loop, engine, &in);
    session_free(peer.session);
    views_free(views);
    engine_free(engine);
    loop_free(loop);
    return 0;
}
