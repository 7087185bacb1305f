/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes from the kernel. The first byte chooses: one of the parsers, which gets the rest as the
 * body of one message; or the whole platform, which gets the rest as what its sockets receive.
 *
 * For the platform the rest is a row of chunks: kind, length (16 bits, in the machine's order),
 * bytes. Kind: the two lowest bits name the socket (requests, events, links), or let time pass by
 * the chunk's length in units of 16 ms; bit 2 gives the datagram's messages the sequence number of
 * the last request; bit 3 makes it a loss (ENOBUFS) instead.
 *
 * What must hold whatever comes: every reading is below 0 dBm, no event names an AP that was not
 * told, and an AP is gone only once.
 */
#include "agent/base/log.h"
#include "platform/nl80211/bss.h"
#include "platform/nl80211/family.h"
#include "platform/nl80211/link.h"
#include "platform/nl80211/message.h"
#include "platform/nl80211/nl80211.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SCAN_RESULT = 'S', TIME = 3, SEQUENCED = 4, LOSS = 8, AP_CAPACITY = 4, TURNS_PER_CHUNK = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* --- the sockets --- */

struct chunk {
    uint8_t kind;
    uint16_t len;
    const uint8_t *bytes;
};

struct pipe_end {
    bool open;
    int kind;
    int fd;
};

static struct cursor input;
static struct chunk head;
static bool has_head;
static uint32_t sequence;
static struct pipe_end ends[8];

static void next_chunk(void)
{
    struct chunk chunk = {.kind = cursor_u8(&input)};
    const uint8_t *len = cursor_bytes(&input, sizeof(chunk.len));

    if (len != NULL)
        memcpy(&chunk.len, len, sizeof(chunk.len));
    if ((chunk.kind & 3) != TIME)
        chunk.bytes = cursor_bytes(&input, chunk.len);
    has_head = !input.failed;
    head = chunk;
}

static void *fuzz_open(void *context, int protocol, int receive_buffer, int *fd)
{
    (void)context;
    (void)receive_buffer;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (ends[i].open)
            continue;
        /* Always readable: receiving says when there is nothing. */
        ends[i] = (struct pipe_end){true, protocol == NETLINK_ROUTE ? 2 : 0, eventfd(1, 0)};
        *fd = ends[i].fd;
        return &ends[i];
    }
    errno = EMFILE;
    return NULL;
}

static void fuzz_close(void *handle)
{
    struct pipe_end *end = handle;

    (void)close(end->fd);
    end->open = false;
}

static int fuzz_join(void *handle, uint32_t group)
{
    struct pipe_end *end = handle;

    (void)group;
    if (end->kind == 0)
        end->kind = 1;
    return 0;
}

static void fuzz_leave(void *handle, uint32_t group)
{
    (void)handle;
    (void)group;
}

static ssize_t fuzz_send(void *handle, const void *data, size_t len)
{
    const struct nlmsghdr *header = data;

    (void)handle;
    require(header->nlmsg_len == len);
    sequence = header->nlmsg_seq;
    return (ssize_t)len;
}

static void set_sequence(uint8_t *data, size_t len)
{
    struct nlmsghdr header;

    while (len >= sizeof(header)) {
        memcpy(&header, data, sizeof(header));
        memcpy(data + offsetof(struct nlmsghdr, nlmsg_seq), &sequence, sizeof(sequence));
        size_t step = ((size_t)header.nlmsg_len + 3) & ~(size_t)3;
        if (step < sizeof(header) || step > len)
            return;
        data += step;
        len -= step;
    }
}

static ssize_t fuzz_receive(void *handle, void *data, size_t size)
{
    const struct pipe_end *end = handle;

    if (!has_head || (head.kind & 3) != end->kind)
        return -EAGAIN;
    struct chunk chunk = head;
    next_chunk();
    if ((chunk.kind & LOSS) != 0)
        return -ENOBUFS;
    require(chunk.len <= size);
    if (chunk.len > 0)
        memcpy(data, chunk.bytes, chunk.len);
    if ((chunk.kind & SEQUENCED) != 0)
        set_sequence(data, chunk.len);
    return chunk.len;
}

static const struct netlink_io fuzz_io = {.open = fuzz_open,
                                          .close = fuzz_close,
                                          .join = fuzz_join,
                                          .leave = fuzz_leave,
                                          .send = fuzz_send,
                                          .receive = fuzz_receive};

/* --- the events --- */

static bool told[AP_CAPACITY];

static void require_told(uint16_t ap)
{
    require(ap < AP_CAPACITY && told[ap]);
}

static void on_ap_changed(void *context, const struct radio_ap *ap)
{
    (void)context;
    require(ap->ap < AP_CAPACITY);
    require(memchr(ap->name, 0, sizeof(ap->name)) != NULL);
    told[ap->ap] = true;
}

static void on_ap_gone(void *context, uint16_t ap)
{
    (void)context;
    require_told(ap);
    told[ap] = false;
}

static void on_sample(void *context, const struct radio_sample *sample)
{
    struct loop **loop = context;

    require_told(sample->ap);
    require(sample->rssi < 0 && sample->rssi != RADIO_DB_UNKNOWN);
    require(sample->heard <= loop_now(*loop));
    require(!mac_is_multicast(&sample->device));
}

static void on_client_joined(void *context, const struct radio_client *client)
{
    (void)context;
    require_told(client->ap);
    require(client->ssid_len <= RADIO_SSID_MAX && client->protocol <= 7);
}

static void on_client_left(void *context, uint16_t ap, const struct mac *device)
{
    (void)context;
    (void)device;
    require_told(ap);
}

static void on_client_user(void *context, const struct radio_user *user)
{
    (void)context;
    (void)user;
}

static void on_address(void *context, const struct radio_address *address)
{
    (void)context;
    (void)address;
}

static void on_statistics(void *context, const struct radio_statistics *statistics)
{
    (void)context;
    require_told(statistics->ap);
}

static void on_rogue(void *context, const struct radio_rogue *rogue)
{
    (void)context;
    (void)rogue;
}

static void on_tag(void *context, const struct radio_tag *tag)
{
    (void)context;
    (void)tag;
}

static void on_capabilities(void *context, uint32_t capabilities)
{
    (void)context;
    (void)capabilities;
}

static void take_event(void *context, const struct radio_event *event)
{
    switch (event->kind) {
    case RADIO_AP_CHANGED:
        on_ap_changed(context, &event->ap);
        break;
    case RADIO_AP_GONE:
        on_ap_gone(context, event->gone);
        break;
    case RADIO_SAMPLE:
        on_sample(context, &event->sample);
        break;
    case RADIO_CLIENT_JOINED:
        on_client_joined(context, &event->joined);
        break;
    case RADIO_CLIENT_LEFT:
        on_client_left(context, event->left.ap, &event->left.device);
        break;
    case RADIO_USER:
        on_client_user(context, &event->user);
        break;
    case RADIO_ADDRESS:
        on_address(context, &event->address);
        break;
    case RADIO_STATISTICS:
        on_statistics(context, &event->statistics);
        break;
    case RADIO_ROGUE:
        on_rogue(context, &event->rogue);
        break;
    case RADIO_TAG:
        on_tag(context, &event->tag);
        break;
    case RADIO_CAPABILITIES:
        on_capabilities(context, event->capabilities);
        break;
    case RADIO_KINDS:
        break;
    }
}

static void keep_quiet(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

/* --- the two ways --- */

static void run_platform(struct cursor bytes)
{
    struct settings_radio radio = {
        .ifname = "wlan1", .has_ap_mac = true, .ap_mac = {{2, 1, 1, 1, 1, 1}}, .poll_seconds = 1};
    const struct settings_radios settings = {
        .hostname = "host", .default_poll_seconds = 1, .radios = &radio, .radio_count = 1};
    struct loop *loop = loop_new_virtual(1000000, 0);
    struct handles *handles = handles_new(AP_CAPACITY);
    struct family *family = family_new(loop, &(struct family_options){.io = &fuzz_io});
    struct source_counters *counters = NULL;
    struct nl80211 *nl80211 = nl80211_new(&(struct source_setup){.loop = loop,
                                                                 .sink = {take_event, &loop},
                                                                 .handles = handles,
                                                                 .family = family,
                                                                 .counters = &counters,
                                                                 .io = &fuzz_io});
    char text[300];

    require(nl80211 != NULL);
    memset(told, 0, sizeof(told));
    input = bytes;
    next_chunk();
    nl80211_configure(nl80211, &settings);
    while (has_head) {
        const uint8_t *before = input.at;
        if ((head.kind & 3) == TIME) {
            int64_t ms = head.len % 1024 * 16;
            next_chunk();
            loop_advance(loop, ms);
        }
        for (int i = 0; i < TURNS_PER_CHUNK; i++)
            (void)loop_turn(loop, 0);
        if (has_head && input.at == before)
            next_chunk(); /* nobody listens there now */
    }
    nl80211_describe(nl80211, text, sizeof(text));
    nl80211_free(nl80211);
    family_free(family);
    handles_free(handles);
    loop_free(loop);
}

static void run_parser(uint8_t which, struct cursor body)
{
    static const char *const wanted[FAMILY_GROUPS] = {"config", "mlme"};
    struct nl80211_wiphy wiphy;
    struct nl80211_interface interface;
    struct nl80211_station station;
    struct nl80211_survey survey;
    struct nl80211_scan_result bss;
    struct family_facts facts;
    struct link link;

    switch (which) {
    case 0:
        (void)nl80211_parse_wiphy(body, &wiphy);
        require(memchr(wiphy.name, 0, sizeof(wiphy.name)) != NULL);
        break;
    case 1:
        (void)nl80211_parse_interface(body, &interface);
        require(memchr(interface.name, 0, sizeof(interface.name)) != NULL);
        require(interface.ssid_len <= RADIO_SSID_MAX);
        break;
    case 2:
        (void)nl80211_parse_station(body, &station);
        require(station.chain_mask < 1U << NL80211_CHAINS_MAX);
        break;
    case 3:
        (void)nl80211_parse_survey(body, &survey);
        break;
    case 4:
        (void)family_parse(body, wanted, &facts);
        require(memchr(facts.name, 0, sizeof(facts.name)) != NULL);
        break;
    case SCAN_RESULT:
        (void)nl80211_parse_bss(body, &bss);
        require(!bss.has_signal || (bss.signal < 0 && bss.signal != RADIO_DB_UNKNOWN));
        require(bss.network.ssid_len <= RADIO_SSID_MAX && bss.network.encryption <= 4);
        break;
    default:
        (void)link_parse(body, &link);
        require(memchr(link.name, 0, sizeof(link.name)) != NULL);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    log_divert(keep_quiet);
    if (data[0] < 6 || data[0] == SCAN_RESULT)
        run_parser(data[0], cursor_of(data + 1, size - 1));
    else
        run_platform(cursor_of(data + 1, size - 1));
    return 0;
}
