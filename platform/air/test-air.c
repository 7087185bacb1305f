/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/test-air.h"

#include <assert.h>
#include <linux/nl80211.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void __attribute__((format(printf, 2, 3))) say(struct air *air, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int len =
        vsnprintf(air->log + air->log_len, sizeof(air->log) - air->log_len, format, arguments);
    va_end(arguments);
    assert(len >= 0 && air->log_len + (size_t)len < sizeof(air->log));
    air->log_len += (size_t)len;
}

const char *air_said(struct air *air)
{
    static char said[sizeof(air->log)];

    memcpy(said, air->log, air->log_len);
    said[air->log_len] = '\0';
    air->log_len = 0;
    return said;
}

static const char *class_name(uint8_t device_class)
{
    static const char *const names[] = {"?", "client", "tag", "rogue", "roguec"};

    assert(device_class < sizeof(names) / sizeof(names[0]));
    return names[device_class];
}

static void on_sample(void *context, const struct radio_sample *sample)
{
    static const char *const sources[] = {"unknown", "probe", "pathloss", "data", "beacon"};
    struct air *air = context;

    assert(sample->rssi < 0);
    say(air, "sample %02x ap %u %s %s ", sample->device.b[5], sample->ap,
        class_name(sample->device_class), sources[sample->source]);
    if (sample->antenna != RADIO_ANTENNA_COMBINED)
        say(air, "a=%u ", sample->antenna);
    say(air, "%d ", sample->rssi);
    if (sample->snr != RADIO_DB_UNKNOWN)
        say(air, "snr=%d ", sample->snr);
    say(air, "age=%d\n", (int)(loop_now(air->scene->loop) - sample->heard));
}

static void on_rogue(void *context, const struct radio_rogue *rogue)
{
    say(context, "rogue %02x ap %u %s b%u ch%u e%u %.*s\n", rogue->device.b[5], rogue->ap,
        class_name(rogue->device_class), rogue->band, rogue->channel, rogue->encryption,
        rogue->ssid_len, (const char *)rogue->ssid);
}

static void on_tag(void *context, const struct radio_tag *tag)
{
    say(context, "tag %02x ap %u v=%u seq=%u ch=%u %.*s\n", tag->device.b[5], tag->ap, tag->vendor,
        tag->sequence, tag->channel, tag->payload_len, (const char *)tag->payload);
}

static void on_statistics(void *context, const struct radio_statistics *s)
{
    say(context, "statistics %02x ap %u %s rx=%u/%u tx=%u/%u\n", s->device.b[5], s->ap,
        class_name(s->device_class), (unsigned)s->rx_packets, (unsigned)s->rx_bytes,
        (unsigned)s->tx_packets, (unsigned)s->tx_bytes);
}

static void on_capabilities(void *context, uint32_t capabilities)
{
    say(context, "works %x\n", capabilities);
}

void air_take(void *context, const struct radio_event *event)
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
    case RADIO_CAPABILITIES:
        on_capabilities(context, event->capabilities);
        break;
    default: /* what hears others tells nothing else */
        say(context, "unexpected: %d\n", (int)event->kind);
        break;
    }
}

struct inventory_interface air_find(struct air *air, const char *name)
{
    struct inventory_interface interface;

    for (size_t i = 0; inventory_at(&air->setup.inventory, i, &interface); i++) {
        if (strcmp(interface.name, name) == 0)
            return interface;
    }
    assert(false);
    return interface;
}

uint64_t air_counted(const struct air *air, const char *container, const char *leaf)
{
    return source_counters_sum(*air->setup.counters, container, leaf);
}

struct scene_interface *air_interface(struct air *air, const char *name, uint32_t n, uint32_t wiphy,
                                      uint32_t type)
{
    struct scene_interface *interface = scene_ap(air->scene, n, wiphy);

    interface->type = type;
    interface->frequency = 0;
    interface->ssid = NULL;
    (void)snprintf(interface->name, sizeof(interface->name), "%s", name);
    scene_event(air->scene, NL80211_CMD_NEW_INTERFACE, 0, NULL);
    return interface;
}

struct air *air_new(void)
{
    struct air *air = calloc(1, sizeof(*air));

    assert(air != NULL);
    air->scene = scene_new();
    air->wlan0 = scene_ap(air->scene, 0, 0);
    scene_configure(air->scene);
    (void)scene_wiphy(air->scene, 1); /* later, so that the handles are in this order */
    air->wlan1 = scene_ap(air->scene, 1, 1);
    air->wlan1->frequency = SCENE_CHANNEL_6;
    scene_event(air->scene, NL80211_CMD_NEW_WIPHY, 0, NULL);
    air->helper = helper_new(air->scene->loop);
    air->setup = scene_setup(air->scene);
    air->setup.sink = (struct radio_sink){air_take, air};
    air->setup.helper = air->helper;
    air->setup.rogues = air->rogues = rogues_new(&air->setup);
    assert(air->helper != NULL && air->rogues != NULL);
    return air;
}

void air_free(struct air *air)
{
    rogues_free(air->rogues);
    helper_free(air->helper);
    scene_free(air->scene);
    free(air);
}
