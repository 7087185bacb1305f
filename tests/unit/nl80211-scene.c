/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/nl80211-scene.h"
#include "platform/nl80211/family.h"
#include "platform/nl80211/poll.h"

#include "agent/base/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/nl80211.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERM_ADDRESS = 54, NOT_TOLD = 1000 };

/* Where a request of generic netlink has its first attribute's value. */
static const size_t first_value = NLMSG_HDRLEN + sizeof(struct genlmsghdr) + sizeof(struct nlattr);

struct mac scene_mac(uint16_t tail)
{
    return (struct mac){{0x02, 0, 0, 0, (uint8_t)(tail >> 8), (uint8_t)tail}};
}

/* --- what is said --- */

static void __attribute__((format(printf, 2, 3))) say(struct scene *s, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int len = vsnprintf(s->log + s->log_len, sizeof(s->log) - s->log_len, format, arguments);
    va_end(arguments);
    assert(len >= 0 && s->log_len + (size_t)len < sizeof(s->log));
    s->log_len += (size_t)len;
}

const char *scene_said(struct scene *s)
{
    static char said[sizeof(s->log)];

    memcpy(said, s->log, s->log_len);
    said[s->log_len] = '\0';
    s->log_len = 0;
    return said;
}

static struct scene *current;

static void keep_line(enum log_level level, const char *line)
{
    size_t len = strlen(current->warnings);

    if (level <= LOG_LEVEL_WARNING)
        (void)snprintf(current->warnings + len, sizeof(current->warnings) - len, "%s\n", line);
}

const char *scene_warned(struct scene *s)
{
    static char warned[sizeof(s->warnings)];

    memcpy(warned, s->warnings, sizeof(warned));
    s->warnings[0] = '\0';
    return warned;
}

static void on_ap_changed(void *context, const struct radio_ap *ap)
{
    struct scene *s = context;

    say(s, "ap %u is %02x/%u ", ap->ap, ap->mac.b[5], ap->slot);
    if (ap->up)
        say(s, "up ch%u clients=%u", ap->channel, ap->clients);
    else
        say(s, "down clients=%u", ap->clients);
    if (ap->noise != RADIO_DB_UNKNOWN)
        say(s, " noise=%d", ap->noise);
    if (ap->utilisation != RADIO_UTILISATION_UNKNOWN)
        say(s, " util=%u", ap->utilisation);
    if (strcmp(ap->name, "host") != 0)
        say(s, " name=%s", ap->name);
    say(s, "\n");
}

static void on_ap_gone(void *context, uint16_t ap)
{
    say(context, "ap %u gone\n", ap);
}

static void on_sample(void *context, const struct radio_sample *sample)
{
    struct scene *s = context;

    assert(sample->rssi < 0 && sample->device_class == RADIO_CLASS_CLIENT &&
           sample->source == RADIO_SOURCE_DATA);
    say(s, "sample %02x ap %u ", sample->device.b[5], sample->ap);
    if (sample->antenna != RADIO_ANTENNA_COMBINED)
        say(s, "a=%u ", sample->antenna);
    say(s, "%d ", sample->rssi);
    if (sample->snr != RADIO_DB_UNKNOWN)
        say(s, "snr=%d ", sample->snr);
    say(s, "age=%d\n", (int)(loop_now(s->loop) - sample->heard));
}

static void on_client_joined(void *context, const struct radio_client *client)
{
    say(context, "joined %02x ap %u p=%u vlan=%u ssid=%.*s%s\n", client->device.b[5], client->ap,
        client->protocol, client->vlan, client->ssid_len, (const char *)client->ssid,
        client->suppressed ? " suppressed" : "");
}

static void on_client_left(void *context, uint16_t ap, const struct mac *device)
{
    say(context, "left %02x ap %u\n", device->b[5], ap);
}

static void on_client_user(void *context, const struct radio_user *user)
{
    say(context, "user %02x %.*s\n", user->device.b[5], user->len, (const char *)user->name);
}

static void on_address(void *context, const struct radio_address *address)
{
    say(context, "address %02x v%u %s\n", address->device.b[5], address->family,
        address->present ? "present" : "gone");
}

static void on_statistics(void *context, const struct radio_statistics *statistics)
{
    assert(statistics->device_class == RADIO_CLASS_CLIENT);
    say(context, "statistics %02x ap %u rx=%" PRIu64 " rate=%" PRIu32 "\n", statistics->device.b[5],
        statistics->ap, statistics->rx_bytes, statistics->rx_rate);
}

static void on_rogue(void *context, const struct radio_rogue *rogue)
{
    say(context, "rogue %02x ap %u\n", rogue->device.b[5], rogue->ap);
}

static void on_tag(void *context, const struct radio_tag *tag)
{
    say(context, "tag %02x ap %u\n", tag->device.b[5], tag->ap);
}

static void on_capabilities(void *context, uint32_t capabilities)
{
    (void)capabilities;
    say(context, "working\n");
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
    case RADIO_AP_LOST: /* of other machines only */
    case RADIO_WITHDRAWN:
    case RADIO_KINDS:
        break;
    }
}

/* --- messages --- */

static void build_nl80211(struct builder *b, uint8_t command, uint32_t sequence, uint16_t flags)
{
    b->len = 0;
    build_message(b, SCENE_FAMILY, (uint16_t)(flags | NLM_F_MULTI), sequence);
    build_generic(b, command);
}

static void build_mac(struct builder *b, uint16_t type, uint16_t tail)
{
    struct mac mac = scene_mac(tail);

    build_attribute(b, type, mac.b, sizeof(mac.b));
}

/* In two pieces, as a split dump has them. */
static void build_wiphy(struct builder *b, const struct scene_wiphy *wiphy, bool second)
{
    build_u32(b, NL80211_ATTR_WIPHY, wiphy->index);
    if (!second) {
        build_text(b, NL80211_ATTR_WIPHY_NAME, wiphy->name);
        if (wiphy->has_mac) {
            size_t nest = build_nest(b, NL80211_ATTR_MAC_ADDRS);
            build_mac(b, 1, wiphy->mac);
            build_end(b, nest);
        }
        return;
    }
    size_t nest = build_nest(b, NL80211_ATTR_WIPHY_BANDS);
    for (uint16_t band = 0; band < 8; band++) {
        if ((wiphy->bands & (1U << band)) != 0)
            build_end(b, build_nest(b, band));
    }
    build_end(b, nest);
}

static void build_interface(struct builder *b, const struct scene_interface *interface)
{
    build_u32(b, NL80211_ATTR_IFINDEX, interface->ifindex);
    build_text(b, NL80211_ATTR_IFNAME, interface->name);
    build_u32(b, NL80211_ATTR_WIPHY, interface->wiphy);
    build_u32(b, NL80211_ATTR_IFTYPE, interface->type);
    build_mac(b, NL80211_ATTR_MAC, interface->mac);
    if (interface->ssid != NULL)
        build_attribute(b, NL80211_ATTR_SSID, interface->ssid, strlen(interface->ssid));
    if (interface->frequency != 0) {
        build_u32(b, NL80211_ATTR_WIPHY_FREQ, interface->frequency);
        build_u32(b, NL80211_ATTR_CHANNEL_WIDTH, NL80211_CHAN_WIDTH_20);
    }
    if (interface->power != 0)
        build_u32(b, NL80211_ATTR_WIPHY_TX_POWER_LEVEL, (uint32_t)interface->power);
}

static void build_station_info(struct builder *b, const struct scene_station *station)
{
    const uint32_t flags[2] = {station->flags_known, station->flags};
    size_t info = build_nest(b, NL80211_ATTR_STA_INFO);

    build_u32(b, NL80211_STA_INFO_INACTIVE_TIME, station->inactive);
    if (station->signal != NOT_TOLD)
        build_s8(b, NL80211_STA_INFO_SIGNAL, (int8_t)station->signal);
    if (station->average != NOT_TOLD)
        build_s8(b, NL80211_STA_INFO_SIGNAL_AVG, (int8_t)station->average);
    if (station->flags_known != 0)
        build_attribute(b, NL80211_STA_INFO_STA_FLAGS, flags, sizeof(flags));
    size_t nest = build_nest(b, NL80211_STA_INFO_CHAIN_SIGNAL);
    for (size_t i = 0; i < station->chain_count; i++)
        build_s8(b, (uint16_t)i, station->chains[i]);
    build_end(b, nest);
    nest = build_nest(b, NL80211_STA_INFO_RX_BITRATE);
    if (station->rate_kind != 0)
        build_u32(b, station->rate_kind, station->rate);
    build_end(b, nest);
    if (station->counts)
        build_u64(b, NL80211_STA_INFO_RX_BYTES64, station->rx_bytes);
    build_end(b, info);
}

static void build_station(struct builder *b, const struct scene_station *station,
                          uint32_t generation)
{
    struct mac mac = scene_mac(station->mac);

    mac.b[0] |= station->multicast ? 1 : 0;
    build_u32(b, NL80211_ATTR_IFINDEX, station->ifindex);
    build_attribute(b, NL80211_ATTR_MAC, mac.b, sizeof(mac.b));
    build_u32(b, NL80211_ATTR_GENERATION, generation);
    build_station_info(b, station);
}

static void build_family(struct builder *b, const char *name, uint16_t id, const char *const *names,
                         const uint32_t *ids)
{
    build_u16(b, CTRL_ATTR_FAMILY_ID, id);
    build_text(b, CTRL_ATTR_FAMILY_NAME, name);
    size_t groups = build_nest(b, CTRL_ATTR_MCAST_GROUPS);
    for (uint16_t i = 0; names[i] != NULL; i++) {
        size_t group = build_nest(b, (uint16_t)(i + 1));
        build_text(b, CTRL_ATTR_MCAST_GRP_NAME, names[i]);
        build_u32(b, CTRL_ATTR_MCAST_GRP_ID, ids[i]);
        build_end(b, group);
    }
    build_end(b, groups);
}

static void build_nl80211_family(struct builder *b)
{
    static const char *const names[] = {"config", "scan", "mlme", NULL};
    static const uint32_t ids[] = {SCENE_GROUP_CONFIG, 99, SCENE_GROUP_MLME};

    build_family(b, "nl80211", SCENE_FAMILY, names, ids);
}

static void build_link(struct builder *b, uint32_t ifindex, uint16_t type, uint32_t flags)
{
    const struct ifinfomsg header = {
        .ifi_type = type, .ifi_index = (int)ifindex, .ifi_flags = flags};

    build_bytes(b, &header, sizeof(header));
}

/* --- answers --- */

static void answer_family(struct scene *s, struct fake_socket *socket,
                          const struct nlmsghdr *request)
{
    static const char *const names[] = {"notify", NULL};
    static const uint32_t ids[] = {SCENE_GROUP_NOTIFY};
    const char *name = (const char *)request + first_value;
    bool controller = strcmp(name, "nlctrl") == 0;
    struct builder b = {0};

    if (!controller && !s->has_family) {
        build_error(&b, request->nlmsg_seq, ENOENT);
        fake_put(socket, &b);
        return;
    }
    build_message(&b, GENL_ID_CTRL, 0, request->nlmsg_seq);
    build_generic(&b, CTRL_CMD_NEWFAMILY);
    if (controller)
        build_family(&b, name, GENL_ID_CTRL, names, ids);
    else
        build_nl80211_family(&b);
    fake_put(socket, &b);
    b.len = 0;
    build_error(&b, request->nlmsg_seq, 0);
    fake_put(socket, &b);
}

static void answer_wiphys(struct scene *s, struct fake_socket *socket, uint32_t sequence)
{
    struct builder b;

    /* The newest first, as the kernel has them. */
    for (size_t i = SCENE_WIPHYS; i-- > 0;) {
        for (int piece = 0; s->wiphys[i].present && piece < 2; piece++) {
            build_nl80211(&b, NL80211_CMD_NEW_WIPHY, sequence, 0);
            build_wiphy(&b, &s->wiphys[i], piece == 1);
            fake_put(socket, &b);
        }
    }
}

static void answer_interfaces(struct scene *s, struct fake_socket *socket, uint32_t sequence)
{
    struct builder b;

    for (size_t i = 0; i < SCENE_INTERFACES; i++) {
        if (!s->interfaces[i].present)
            continue;
        build_nl80211(&b, NL80211_CMD_NEW_INTERFACE, sequence, 0);
        build_interface(&b, &s->interfaces[i]);
        fake_put(socket, &b);
    }
}

/* A few dozen stations a datagram, as the kernel does it. */
static void answer_stations(struct scene *s, struct fake_socket *socket, uint32_t sequence,
                            uint32_t ifindex, bool faulty)
{
    struct builder b = {0};

    if (s->before_stations != NULL)
        s->before_stations(s);
    for (size_t i = 0; i < SCENE_STATIONS; i++) {
        if (!s->stations[i].present || s->stations[i].ifindex != ifindex)
            continue;
        build_message(&b, SCENE_FAMILY, NLM_F_MULTI, sequence);
        build_generic(&b, NL80211_CMD_NEW_STATION);
        build_station(&b, &s->stations[i], s->generation);
        if (faulty && s->fault == FAULT_GENERATION)
            s->generation++;
        if (b.len > 4096) {
            fake_put(socket, &b);
            b.len = 0;
        }
    }
    if (b.len > 0)
        fake_put(socket, &b);
}

static void answer_survey(struct scene *s, struct fake_socket *socket, uint32_t sequence)
{
    struct builder b;

    for (uint32_t frequency = SCENE_CHANNEL_1; frequency <= SCENE_CHANNEL_6; frequency += 5) {
        bool in_use = frequency == s->survey.frequency;
        build_nl80211(&b, NL80211_CMD_NEW_SURVEY_RESULTS, sequence, 0);
        size_t info = build_nest(&b, NL80211_ATTR_SURVEY_INFO);
        build_u32(&b, NL80211_SURVEY_INFO_FREQUENCY, frequency);
        if (in_use && s->survey.noise != 0)
            build_s8(&b, NL80211_SURVEY_INFO_NOISE, (int8_t)s->survey.noise);
        if (in_use && s->survey.active != 0) {
            build_u64(&b, NL80211_SURVEY_INFO_TIME, s->survey.active);
            build_u64(&b, NL80211_SURVEY_INFO_TIME_BUSY, s->survey.busy);
        }
        build_end(&b, info);
        fake_put(socket, &b);
    }
}

static void answer_links(struct scene *s, struct fake_socket *socket, uint32_t sequence)
{
    struct builder b;

    for (size_t i = 0; i < SCENE_LINKS; i++) {
        const struct scene_link *link = &s->links[i];
        if (!link->present)
            continue;
        b.len = 0;
        build_message(&b, RTM_NEWLINK, NLM_F_MULTI, sequence);
        build_link(&b, link->ifindex, link->type, 0);
        if (!mac_is_zero(&link->permanent))
            build_attribute(&b, PERM_ADDRESS, link->permanent.b, sizeof(link->permanent.b));
        fake_put(socket, &b);
    }
}

static uint32_t ifindex_of(const struct nlmsghdr *request)
{
    uint32_t ifindex = 0;

    if (request->nlmsg_len >= first_value + sizeof(ifindex))
        memcpy(&ifindex, (const uint8_t *)request + first_value, sizeof(ifindex));
    return ifindex;
}

static bool is_faulty(struct scene *s, uint8_t command, uint32_t ifindex)
{
    if (s->fault == FAULT_NONE || s->fault_times == 0 || s->fault_command != command ||
        (s->fault_ifindex != 0 && s->fault_ifindex != ifindex))
        return false;
    s->fault_times--;
    return true;
}

static void answer_dump(struct scene *s, struct fake_socket *socket, uint8_t command,
                        const struct nlmsghdr *request, bool faulty)
{
    uint32_t sequence = request->nlmsg_seq;

    switch (command) {
    case NL80211_CMD_GET_WIPHY:
        answer_wiphys(s, socket, sequence);
        break;
    case NL80211_CMD_GET_INTERFACE:
        answer_interfaces(s, socket, sequence);
        break;
    case NL80211_CMD_GET_STATION:
        answer_stations(s, socket, sequence, ifindex_of(request), faulty);
        break;
    case NL80211_CMD_GET_SURVEY:
        answer_survey(s, socket, sequence);
        break;
    default:
        answer_links(s, socket, sequence);
        break;
    }
}

/* Commands of rtnetlink have the number 0 here. */
static void respond(struct fake_kernel *kernel, struct fake_socket *socket,
                    const struct nlmsghdr *request)
{
    struct scene *s = kernel->context;
    uint8_t command =
        socket->protocol == NETLINK_GENERIC ? ((const uint8_t *)request)[NLMSG_HDRLEN] : 0;
    struct builder b = {0};

    if (request->nlmsg_type == GENL_ID_CTRL) {
        answer_family(s, socket, request);
        return;
    }
    s->asked[command]++;
    bool faulty = is_faulty(s, command, ifindex_of(request));
    if (faulty && s->fault == FAULT_SILENT)
        return;
    if (faulty && s->fault == FAULT_REFUSE) {
        build_error(&b, request->nlmsg_seq, s->fault_error);
        fake_put(socket, &b);
        return;
    }
    answer_dump(s, socket, command, request, faulty);
    build_done(&b, faulty && s->fault == FAULT_INTERRUPT ? NLM_F_DUMP_INTR : 0, request->nlmsg_seq,
               0);
    fake_put(socket, &b);
}

/* --- events --- */

void scene_event(struct scene *s, uint8_t command, uint32_t ifindex,
                 const struct scene_station *station)
{
    struct builder b;

    build_nl80211(&b, command, 0, 0);
    if (station != NULL)
        build_station(&b, station, s->generation);
    else if (ifindex != 0)
        build_u32(&b, NL80211_ATTR_IFINDEX, ifindex);
    fake_multicast(&s->kernel, NETLINK_GENERIC,
                   station != NULL ? SCENE_GROUP_MLME : SCENE_GROUP_CONFIG, &b);
    scene_turn(s);
}

void scene_family_event(struct scene *s, uint8_t command)
{
    struct builder b = {0};

    build_message(&b, GENL_ID_CTRL, 0, 0);
    build_generic(&b, command);
    build_nl80211_family(&b);
    fake_multicast(&s->kernel, NETLINK_GENERIC, SCENE_GROUP_NOTIFY, &b);
    scene_turn(s);
}

void scene_link_event(struct scene *s, const struct scene_interface *interface, bool running)
{
    struct builder b = {0};

    build_message(&b, RTM_NEWLINK, 0, 0);
    build_link(&b, interface->ifindex, ARPHRD_ETHER, running ? IFF_UP | IFF_LOWER_UP : 0);
    build_text(&b, IFLA_IFNAME, interface->name);
    fake_multicast(&s->kernel, NETLINK_ROUTE, RTNLGRP_LINK, &b);
    scene_turn(s);
}

void scene_overrun(struct scene *s)
{
    fake_multicast_error(&s->kernel, NETLINK_GENERIC, ENOBUFS);
    scene_turn(s);
}

/* --- the tables --- */

struct scene_wiphy *scene_wiphy(struct scene *s, uint32_t index)
{
    for (size_t i = 0; i < SCENE_WIPHYS; i++) {
        struct scene_wiphy *wiphy = &s->wiphys[i];
        if (wiphy->present)
            continue;
        *wiphy = (struct scene_wiphy){
            .present = true,
            .index = index,
            .bands = 1U << NL80211_BAND_2GHZ | 1U << NL80211_BAND_5GHZ,
        };
        (void)snprintf(wiphy->name, sizeof(wiphy->name), "phy%u", (unsigned)(index % 1000));
        return wiphy;
    }
    assert(false);
    return NULL;
}

struct scene_interface *scene_ap(struct scene *s, uint32_t n, uint32_t wiphy)
{
    for (size_t i = 0; i < SCENE_INTERFACES; i++) {
        struct scene_interface *interface = &s->interfaces[i];
        if (interface->present)
            continue;
        *interface = (struct scene_interface){
            .present = true,
            .ifindex = n + 10,
            .wiphy = wiphy,
            .type = NL80211_IFTYPE_AP,
            .mac = (uint8_t)(0x80 + n),
            .ssid = "net",
            .frequency = SCENE_CHANNEL_1,
        };
        (void)snprintf(interface->name, sizeof(interface->name), "wlan%u", (unsigned)n);
        return interface;
    }
    assert(false);
    return NULL;
}

struct scene_station *scene_station(struct scene *s, const struct scene_interface *interface,
                                    uint16_t mac)
{
    const uint32_t associated = 1U << NL80211_STA_FLAG_ASSOCIATED;

    s->generation++;
    for (size_t i = 0; i < SCENE_STATIONS; i++) {
        struct scene_station *station = &s->stations[i];
        if (station->present)
            continue;
        *station = (struct scene_station){
            .present = true,
            .ifindex = interface->ifindex,
            .mac = mac,
            .signal = -40,
            .average = NOT_TOLD,
            .flags_known = associated,
            .flags = associated,
        };
        return station;
    }
    assert(false);
    return NULL;
}

/* --- life --- */

void scene_turn(struct scene *s)
{
    /* Enough for the longest chain: an event, a dump of wiphys, one of interfaces, one of
     * stations in several turns, and what each of them defers. */
    for (int i = 0; i < 40; i++)
        (void)loop_turn(s->loop, 0);
}

void scene_advance(struct scene *s, int64_t ms)
{
    loop_advance(s->loop, ms);
    scene_turn(s);
}

void scene_configure(struct scene *s)
{
    nl80211_configure(s->nl80211, &s->settings);
    scene_turn(s);
}

struct source_setup scene_setup(struct scene *s)
{
    return (struct source_setup){.loop = s->loop,
                                 .sink = {take_event, s},
                                 .handles = s->handles,
                                 .family = s->family,
                                 .inventory = {&nl80211_inventory, s->nl80211},
                                 .counters = &s->counters,
                                 .io = &fake_kernel_io,
                                 .io_context = &s->kernel};
}

uint64_t scene_counted(const struct scene *s, const char *container, const char *leaf)
{
    return source_counters_sum(s->counters, container, leaf);
}

struct scene *scene_new(void)
{
    struct scene *s = calloc(1, sizeof(*s));

    assert(s != NULL);
    current = s;
    log_divert(keep_line);
    s->loop = loop_new_virtual(100000 - POLL_LEAD_MS, 0);
    s->kernel.respond = respond;
    s->kernel.context = s;
    s->has_family = true;
    s->settings = (struct settings_radios){.hostname = "host",
                                           .has_base_mac = true,
                                           .base_mac = scene_mac(1),
                                           .default_poll_seconds = 2,
                                           .radios = s->radios};
    s->handles = handles_new(8);
    s->family = family_new(
        s->loop, &(struct family_options){.io = &fake_kernel_io, .io_context = &s->kernel});
    assert(s->handles != NULL && s->family != NULL);
    const struct source_setup setup = scene_setup(s);
    s->nl80211 = nl80211_new(&setup);
    assert(s->nl80211 != NULL);
    (void)scene_wiphy(s, 0);
    return s;
}

void scene_free(struct scene *s)
{
    nl80211_free(s->nl80211);
    family_free(s->family);
    handles_free(s->handles);
    loop_free(s->loop);
    fake_kernel_fini(&s->kernel);
    log_divert(NULL);
    free(s);
}
