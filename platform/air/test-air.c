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

static void on_working_changed(void *context, uint32_t works)
{
    say(context, "works %x\n", works);
}

/* Only what hears others tells something here. */
static void no_ap(void *context, const struct radio_ap *ap)
{
    say(context, "unexpected: ap %u\n", ap->ap);
}

static void no_gone(void *context, uint16_t ap)
{
    say(context, "unexpected: gone %u\n", ap);
}

static void no_joined(void *context, const struct radio_client *client)
{
    say(context, "unexpected: joined %02x\n", client->device.b[5]);
}

static void no_left(void *context, uint16_t ap, const struct mac *device)
{
    say(context, "unexpected: left %02x ap %u\n", device->b[5], ap);
}

static void no_user(void *context, const struct radio_user *user)
{
    say(context, "unexpected: user %02x\n", user->device.b[5]);
}

static void no_address(void *context, const struct radio_address *address)
{
    say(context, "unexpected: address %02x\n", address->device.b[5]);
}

const struct radio_events air_events = {.ap_changed = no_ap,
                                        .ap_gone = no_gone,
                                        .sample = on_sample,
                                        .client_joined = no_joined,
                                        .client_left = no_left,
                                        .client_user = no_user,
                                        .address = no_address,
                                        .statistics = on_statistics,
                                        .rogue = on_rogue,
                                        .tag = on_tag,
                                        .working_changed = on_working_changed};

struct nl80211_place air_place(struct air *air, const char *name)
{
    struct nl80211_place place;

    for (size_t i = 0; nl80211_place(air->scene->nl80211, i, &place); i++) {
        if (strcmp(place.name, name) == 0)
            return place;
    }
    assert(false);
    return place;
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
    air->rogues = rogues_new(air->scene->nl80211);
    assert(air->rogues != NULL);
    return air;
}

void air_free(struct air *air)
{
    rogues_free(air->rogues);
    scene_free(air->scene);
    free(air);
}
