/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames as a monitor interface hears them. The input is a row of frames, each after its length (16
 * bits, big-endian); the highest bit of the length lets 50 ms pass before it.
 *
 * What must hold whatever comes: every reading is below 0 dBm and of one device's MAC; facts follow
 * a sample of their device; payloads and names are within their bounds; what is counted as broken
 * is no more than what came.
 */
#include "agent/base/log.h"
#include "platform/air/receive.h"
#include "platform/air/rogues.h"
#include "platform/nl80211/nl80211.h"

#include <stdlib.h>
#include <string.h>

enum { PAUSE = 0x8000, PAUSE_MS = 50, AP = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mac last; /* of a sample */
static uint8_t last_class;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void on_sample(void *context, const struct radio_sample *sample)
{
    struct loop **loop = context;

    require(sample->ap == AP && sample->rssi < 0 && sample->rssi != RADIO_DB_UNKNOWN);
    require(sample->heard == loop_now(*loop));
    require(!mac_is_multicast(&sample->device) && !mac_is_zero(&sample->device));
    require(sample->antenna == RADIO_ANTENNA_COMBINED || sample->antenna < 4);
    last = sample->device;
    last_class = sample->device_class;
}

static void on_statistics(void *context, const struct radio_statistics *statistics)
{
    (void)context;
    require(statistics->ap == AP && statistics->rx_packets > 0);
}

static void on_rogue(void *context, const struct radio_rogue *rogue)
{
    (void)context;
    require(mac_equal(&rogue->device, &last) && rogue->device_class == last_class);
    require(rogue->ssid_len <= RADIO_SSID_MAX && rogue->encryption <= 4 && rogue->band <= 3);
}

static void on_tag(void *context, const struct radio_tag *tag)
{
    uint8_t sum = 0;

    (void)context;
    require(mac_equal(&tag->device, &last) && last_class == RADIO_CLASS_TAG);
    require(tag->payload_len <= RADIO_TAG_PAYLOAD_MAX && tag->vendor <= 2);
    for (size_t i = 0; i < tag->payload_len; i++)
        sum = (uint8_t)(sum + tag->payload[i]); /* all of it can be read */
    (void)sum;
}

/* Never told by what hears others. */
static void take_event(void *context, const struct radio_event *event)
{
    switch (event->kind) {
    case RADIO_SAMPLE:
        on_sample(context, &event->sample);
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
    default:
        abort();
    }
}

static void keep_quiet(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

static void hear_all(const struct source_setup *setup, struct receive *receive, struct cursor input)
{
    const struct inventory_interface interface = {
        .has_ap = true, .ap = {.ap = AP, .band = RADIO_BAND_2GHZ, .channel = 1, .noise = -95}};
    uint64_t frames = 0;

    while (cursor_left(&input) > 2) {
        uint16_t head = cursor_u16(&input);
        size_t len = head % 2048;
        if (len > cursor_left(&input))
            len = cursor_left(&input);
        if ((head & PAUSE) != 0)
            loop_advance(setup->loop, PAUSE_MS);
        /* Memory of its own, so that every step past its end is seen. */
        uint8_t *copy = malloc(len > 0 ? len : 1);
        require(copy != NULL);
        if (len > 0)
            memcpy(copy, cursor_bytes(&input, len), len);
        receive_frame(receive, &interface, copy, len, len);
        free(copy);
        frames++;
    }
    receive_tell_statistics(receive);
    require(source_counters_sum(*setup->counters, "monitor", "frames") == frames);
    require(source_counters_sum(*setup->counters, "monitor", "malformed") +
                source_counters_sum(*setup->counters, "stations", "invalid-samples") <=
            frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct loop *loop = loop_new_virtual(1000000, 0);
    struct source_counters *counters = NULL;
    struct source_setup setup = {.loop = loop, .sink = {take_event, &loop}, .counters = &counters};
    struct nl80211 *nl80211 = nl80211_new(&setup);
    setup.inventory = (struct inventory){&nl80211_inventory, nl80211};
    struct rogues *rogues = setup.rogues = rogues_new(&setup);
    struct receive *receive = receive_new(&setup);

    log_divert(keep_quiet);
    require(receive != NULL);
    hear_all(&setup, receive, cursor_of(data, size));
    receive_free(receive);
    rogues_free(rogues);
    nl80211_free(nl80211);
    loop_free(loop);
    return 0;
}
