/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Property test: an hour of random events on a virtual clock. Devices of all classes are heard,
 * join and leave, fall silent; APs come, go, are renamed, and their handles stand for others; knobs
 * are turned; peers stall, drain, subscribe anew with filters and intervals, come back. A scene
 * that is kept here, by the words of the documents and without the engine's code, says what is
 * true; at each check every peer believes that, of every device, within threshold and interval.
 *
 * NMSPD_TEST_SEEDS=N plays N seeds of each kind instead of one (NMSPD_TEST_FULL: five).
 */
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    APS = 12, /* below the number that is kept for one device */
    ANTENNAS = 2,
    REPORT = ANTENNAS, /* what the device says of the AP, apart from what the AP heard */
    READINGS,
    PEERS = 4,
    CLASSES = RADIO_CLASS_ROGUE_CLIENT + 1,
    LONGEST = 4000, /* ms: every interval divides it */
    HOUR = 3600000,
};

struct reading {
    bool is;
    bool is_report;
    int64_t heard; /* units of 10 ms */
    int8_t last;
    double average;
};

struct device {
    bool associated;
    uint16_t ap;
    struct reading readings[APS][READINGS];
};

struct wish {
    uint64_t services;
    bool by_ap;
    bool by_device;
    uint16_t interval;
};

struct scene {
    struct bed *bed;
    struct engine_observer observer;
    uint64_t evicted;
    struct bed_peer *peers[PEERS];
    struct wish wishes[PEERS];
    struct settings_location location;
    bool ap_up[APS];
    unsigned ap_life[APS]; /* what a handle stands for: another AP each time */
    struct device *devices;
    uint32_t device_count;
    uint32_t burst; /* how many are heard at once */
    uint32_t random;
    unsigned rounds;
    unsigned lost;    /* peers that were so slow that they had to start anew */
    unsigned checked; /* pictures that were compared */
};

static uint32_t dice(struct scene *scene, uint32_t sides)
{
    scene->random = scene->random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)scene->random * sides) >> 32);
}

/* --- who is who ------------------------------------------------------------------------------ */

static uint8_t class_of(uint32_t n)
{
    return n % 8 < 5 ? RADIO_CLASS_CLIENT : (uint8_t)(n % 8 - 3);
}

static bool is_local(uint32_t n)
{
    return n % 8 == 4 || n % 16 == 14;
}

static struct mac mac_of(uint32_t n)
{
    struct mac mac = bed_mac(n);
    mac.b[0] |= is_local(n) ? 0x02 : 0;
    return mac;
}

static uint32_t number_of(const struct mac *mac)
{
    return (uint32_t)mac->b[2] << 24 | (uint32_t)mac->b[3] << 16 | (uint32_t)mac->b[4] << 8 |
           mac->b[5];
}

static struct mac ap_mac(const struct scene *scene, uint16_t ap)
{
    return bed_ap_mac((uint16_t)(ap / 2 + 100 * (scene->ap_life[ap] % 2)));
}

static uint8_t antenna_of(unsigned i)
{
    return i == 0 || i == REPORT ? RADIO_ANTENNA_COMBINED : 0;
}

static uint8_t source_of(unsigned i)
{
    return i == REPORT ? RADIO_SOURCE_BEACON_REPORT : RADIO_SOURCE_DATA;
}

static int64_t expiry_of(const struct scene *scene, uint8_t device_class)
{
    const struct settings_location *l = &scene->location;
    return device_class == RADIO_CLASS_CLIENT ? l->expiry_client
           : device_class == RADIO_CLASS_TAG  ? l->expiry_tags
                                              : l->expiry_rogue_aps;
}

static int threshold_of(const struct scene *scene, uint8_t device_class)
{
    const struct settings_location *l = &scene->location;
    return device_class == RADIO_CLASS_CLIENT ? l->threshold_client
           : device_class == RADIO_CLASS_TAG  ? l->threshold_tags
                                              : l->threshold_rogue_aps;
}

static uint16_t half_life_of(const struct scene *scene, uint8_t device_class)
{
    const struct settings_location *l = &scene->location;
    if (l->algorithm == SETTINGS_SIMPLE)
        return 0;
    return device_class == RADIO_CLASS_CLIENT ? l->half_life_client
           : device_class == RADIO_CLASS_TAG  ? l->half_life_tags
                                              : l->half_life_rogue_aps;
}

/* --- what is true ---------------------------------------------------------------------------- */

static int64_t now_of(const struct scene *scene)
{
    return loop_now(scene->bed->loop);
}

static bool is_true(const struct scene *scene, uint32_t n, const struct reading *reading)
{
    int64_t more = reading->is_report ? 2 * scene->location.beacon_report : 0;
    return reading->is &&
           now_of(scene) / 10 - reading->heard < (expiry_of(scene, class_of(n)) + more) * 100;
}

static bool is_left_out(const struct scene *scene, uint32_t n)
{
    return scene->location.ignore_local_macs && is_local(n) && class_of(n) == RADIO_CLASS_CLIENT &&
           !scene->devices[n].associated;
}

/* What is over now stays over, whatever is configured later. */
static void forget_what_is_over(struct scene *scene)
{
    for (uint32_t n = 0; n < scene->device_count; n++) {
        for (unsigned i = 0; i < APS * READINGS; i++) {
            struct reading *reading = &scene->devices[n].readings[i / READINGS][i % READINGS];
            reading->is = !is_left_out(scene, n) && is_true(scene, n, reading);
        }
    }
}

static void part(struct scene *scene, uint32_t n, uint16_t ap)
{
    struct device *device = &scene->devices[n];

    for (unsigned i = 0; i < APS && device->associated && device->ap == ap; i++)
        device->readings[i][REPORT].is = false;
    if (device->associated && device->ap == ap)
        device->associated = false;
    for (unsigned i = 0; i < READINGS; i++)
        device->readings[ap][i].is = false;
    if (is_left_out(scene, n))
        memset(device->readings, 0, sizeof(device->readings));
}

static void note_reading(struct scene *scene, uint32_t n, struct reading *reading, bool is_report,
                         int64_t heard, int8_t rssi)
{
    int64_t later = heard - reading->heard;
    uint16_t half_life = half_life_of(scene, class_of(n));

    if (reading->is && (later < -3 || (later <= 3 && rssi == reading->last)))
        return; /* the same frame, told again */
    if (!is_true(scene, n, reading) || half_life == 0)
        reading->average = rssi;
    else if (later > 0)
        reading->average +=
            (rssi - reading->average) * -expm1(-log(2) * (double)later / (100.0 * half_life));
    reading->is = true;
    reading->is_report = is_report;
    reading->heard = heard;
    reading->last = rssi;
}

/* --- events: to the scene and to the engine --------------------------------------------------- */

static void on_leaving(void *context, uint32_t slot)
{
    struct scene *scene = context;
    const struct table_device *device = table_device(engine_table(scene->bed->engine), slot);
    uint64_t evicted = engine_counters(scene->bed->engine)->devices_evicted;

    if (evicted == scene->evicted)
        return;
    scene->evicted = evicted;
    scene->devices[number_of(&device->mac)] = (struct device){.associated = false};
}

static void hear(struct scene *scene, uint32_t n, uint16_t ap, unsigned antenna, int64_t ago)
{
    struct radio_sample sample = {.device = mac_of(n),
                                  .ap = ap,
                                  .device_class = class_of(n),
                                  .antenna = antenna_of(antenna),
                                  .source = source_of(antenna),
                                  .rssi = (int8_t)(-50 - (int)dice(scene, 30)),
                                  .heard = now_of(scene) - ago};

    sample.snr = (int8_t)(sample.rssi + 95);
    engine_take(scene->bed->engine, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
    if (scene->ap_up[ap] && !is_left_out(scene, n))
        note_reading(scene, n, &scene->devices[n].readings[ap][antenna], antenna == REPORT,
                     sample.heard / 10, sample.rssi);
}

static void hear_some(struct scene *scene, uint16_t ap)
{
    uint32_t n = dice(scene, scene->device_count);
    unsigned antenna = dice(scene, READINGS);
    int64_t ago = dice(scene, 3) == 0 ? dice(scene, 2000) : 0;

    for (uint32_t i = 0; i < scene->burst; i++)
        hear(scene, (n + i) % scene->device_count, ap, antenna, ago);
}

static void join(struct scene *scene, uint32_t n, uint16_t ap)
{
    struct radio_client client = {.device = mac_of(n), .ap = ap};

    if (!scene->ap_up[ap] || class_of(n) != RADIO_CLASS_CLIENT)
        return;
    engine_take(scene->bed->engine,
                &(struct radio_event){.kind = RADIO_CLIENT_JOINED, .joined = client});
    scene->devices[n].associated = true;
    scene->devices[n].ap = ap;
}

static void leave(struct scene *scene, uint32_t n, uint16_t ap)
{
    struct mac mac = mac_of(n);
    engine_take(scene->bed->engine, &(struct radio_event){.kind = RADIO_CLIENT_LEFT,
                                                          .left = {.device = mac, .ap = ap}});
    part(scene, n, ap);
}

static void ap_here(struct scene *scene, uint16_t ap)
{
    struct radio_ap record = {.ap = ap,
                              .mac = ap_mac(scene, ap),
                              .slot = (uint8_t)(ap % 2),
                              .channel = (uint16_t)dice(scene, 14),
                              .noise = -95,
                              .up = true};

    (void)snprintf(record.name, sizeof(record.name), "name %u", dice(scene, 3));
    engine_take(scene->bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = record});
    scene->ap_up[ap] = true;
}

static void ap_gone(struct scene *scene, uint16_t ap)
{
    engine_take(scene->bed->engine, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = ap});
    scene->ap_up[ap] = false;
    scene->ap_life[ap]++;
    for (uint32_t n = 0; n < scene->device_count; n++)
        part(scene, n, ap);
}

/* AP 0 stays: without any AP nothing is offered, and a subscription is for nothing. */
static void ap_event(struct scene *scene, uint16_t ap)
{
    switch (ap == 0 ? 0 : dice(scene, 4)) {
    case 1:
        ap_gone(scene, ap);
        break;
    case 2: /* its handle stands for another one at once */
        ap_gone(scene, ap);
        ap_here(scene, ap);
        hear_some(scene, ap);
        break;
    default:
        ap_here(scene, ap);
        break;
    }
    bed_turn(scene->bed);
}

static void turn_a_knob(struct scene *scene)
{
    static const uint16_t half_lives[] = {0, 0, 1, 2, 5, 10, 60, 300};
    static const uint16_t seconds[] = {1, 2, 4};
    struct settings_location *l = &scene->location;
    struct settings_intervals intervals = {
        .client = seconds[dice(scene, 3)],
        .rfid = seconds[dice(scene, 3)],
        .rogue_ap = seconds[dice(scene, 3)],
        .rogue_client = seconds[dice(scene, 3)],
    };

    engine_expire(scene->bed->engine);
    forget_what_is_over(scene);
    l->threshold_client = (uint8_t)dice(scene, 8);
    l->threshold_tags = (uint8_t)(1 + dice(scene, 8));
    l->threshold_rogue_aps = (uint8_t)dice(scene, 8);
    l->expiry_client = (uint16_t)(5 + dice(scene, 30));
    l->expiry_tags = (uint16_t)(5 + dice(scene, 20));
    l->expiry_rogue_aps = (uint16_t)(20 + dice(scene, 40));
    l->beacon_report = (uint16_t)(dice(scene, 2) * 10);
    l->half_life_client = half_lives[dice(scene, 8)];
    l->half_life_tags = half_lives[dice(scene, 8)];
    l->half_life_rogue_aps = half_lives[dice(scene, 8)];
    l->algorithm = dice(scene, 4) == 0 ? SETTINGS_SIMPLE : SETTINGS_RSSI_AVERAGE;
    l->ignore_local_macs = dice(scene, 3) == 0;
    engine_configure(scene->bed->engine, l);
    engine_expire(scene->bed->engine);
    forget_what_is_over(scene);
    views_configure(scene->bed->views, &intervals);
}

/* --- peers ----------------------------------------------------------------------------------- */

/* The first two want the same for good: they share a view. */
static void make_a_wish(struct scene *scene, unsigned which)
{
    static const uint64_t services[] = {
        WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_RSSI_RFID) | WIRE_BIT(WIRE_RSSI_ROGUE) |
            WIRE_BIT(WIRE_AP_INFO),
        WIRE_BIT(WIRE_RSSI_MS),
        WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY) | WIRE_BIT(WIRE_RSSI_RFID),
        WIRE_BIT(WIRE_RSSI_ROGUE) | WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY),
        WIRE_BIT(WIRE_RSSI_RFID) | WIRE_BIT(WIRE_AP_INFO),
    };
    struct wish *wish = &scene->wishes[which];

    *wish = (struct wish){.services = services[0]};
    if (which < 2)
        return;
    wish->services = services[dice(scene, 5)];
    wish->by_ap = dice(scene, 3) == 0;
    wish->by_device = dice(scene, 3) == 0;
    wish->interval = (uint16_t)(dice(scene, 3) * 2);
}

static void subscribe(struct scene *scene, unsigned which)
{
    static struct mac devices[1024];
    const struct wish *wish = &scene->wishes[which];
    struct mac aps[APS];
    struct bed_ask ask = {.id = WIRE_SUBSCRIBE_REQUEST,
                          .transaction = 1,
                          .services = wish->services,
                          .interval_bit = WIRE_RSSI_MS,
                          .interval = wish->interval};

    for (uint16_t ap = 0; wish->by_ap && ap < APS; ap = (uint16_t)(ap + 2)) {
        if (ap % 4 == 0) { /* whatever the handle stands for in this life or the next */
            aps[ask.ap_count++] = bed_ap_mac(ap / 2);
            aps[ask.ap_count++] = bed_ap_mac((uint16_t)(ap / 2 + 100));
        }
    }
    for (uint32_t n = 0; wish->by_device && n < scene->device_count; n += 3)
        devices[ask.device_count++] = mac_of(n);
    ask.aps = wish->by_ap ? aps : NULL;
    ask.devices = wish->by_device ? devices : NULL;
    bed_ask(scene->peers[which], &ask);
}

static void arrive(struct scene *scene, unsigned which)
{
    make_a_wish(scene, which);
    scene->peers[which] = bed_active_peer(scene->bed);
    subscribe(scene, which);
}

static void peer_event(struct scene *scene, unsigned which)
{
    struct bed_peer *peer = scene->peers[which];

    switch (dice(scene, 8)) {
    case 0:
        if (!session_wants_read(peer->session))
            break;
        make_a_wish(scene, which);
        subscribe(scene, which);
        break;
    case 1:
        if (dice(scene, 4) != 0)
            break;
        bed_peer_free(peer);
        arrive(scene, which);
        break;
    case 2:
    case 3:
    case 4:
        peer->window = dice(scene, 30000);
        break;
    default:
        bed_open_window(peer, dice(scene, 4) == 0 ? SIZE_MAX : dice(scene, 40000));
        break;
    }
}

/* The one reason for which a slow peer may be closed; it comes back, as a server does. */
static void replace_the_lost(struct scene *scene)
{
    for (unsigned i = 0; i < PEERS; i++) {
        if (!scene->peers[i]->closed)
            continue;
        assert_non_null(strstr(scene->peers[i]->reason, "departures were forgotten"));
        bed_peer_free(scene->peers[i]);
        arrive(scene, i);
        scene->lost++;
    }
}

/* --- truth against belief -------------------------------------------------------------------- */

static bool wants(const struct scene *scene, unsigned which, uint32_t n)
{
    const struct wish *wish = &scene->wishes[which];
    uint64_t client = scene->devices[n].associated
                          ? WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY)
                          : WIRE_BIT(WIRE_RSSI_MS);
    const uint64_t services[CLASSES] = {0, client, WIRE_BIT(WIRE_RSSI_RFID),
                                        WIRE_BIT(WIRE_RSSI_ROGUE), WIRE_BIT(WIRE_RSSI_ROGUE)};

    return (wish->services & services[class_of(n)]) != 0 && (!wish->by_device || n % 3 == 0);
}

static const struct belief_sample *believed_sample(const struct scene *scene,
                                                   const struct belief_device *device, uint16_t ap,
                                                   unsigned antenna)
{
    struct mac mac = ap_mac(scene, ap);

    for (size_t i = 0; i < device->count; i++) {
        const struct belief_sample *sample = &device->samples[i];
        if (mac_equal(&sample->ap, &mac) && sample->slot == ap % 2 &&
            sample->antenna == antenna_of(antenna) &&
            radio_is_report(sample->source) == (antenna == REPORT))
            return sample;
    }
    return NULL;
}

/* The engine's value is within 1 dB of the law; what was told moved by less than the threshold. */
static void compare_reading(const struct scene *scene, uint32_t n, uint16_t ap, unsigned antenna,
                            const struct belief_sample *believed)
{
    const struct table *table = engine_table(scene->bed->engine);
    const struct reading *reading = &scene->devices[n].readings[ap][antenna];
    struct mac mac = mac_of(n);
    uint32_t slot = table_find(table, &mac);
    int threshold = threshold_of(scene, class_of(n));

    assert_int_not_equal(slot, TABLE_NONE);
    uint32_t place = table_sample_find(table, slot, ap, antenna_of(antenna), source_of(antenna));
    assert_int_not_equal(place, TABLE_NONE);
    int rssi = table->samples[place].rssi;
    if (fabs(rssi - reading->average) > 1)
        fail_msg("device %u: %d is not %f", n, rssi, reading->average);
    assert_true(abs(believed->rssi - rssi) <= (threshold > 0 ? threshold - 1 : 0));
    assert_int_equal(believed->snr, believed->rssi + 95);
}

/* A picture with news that the threshold holds back is told before it would expire. */
static void check_refresh(const struct scene *scene, uint32_t n,
                          const struct belief_device *believed, int64_t newest)
{
    int64_t told_ago = loop_wall(scene->bed->loop) - (int64_t)believed->told_at;

    if ((now_of(scene) - told_ago) / 10 < newest)
        assert_true(told_ago < expiry_of(scene, class_of(n)) * 1000);
}

static bool compare_device(struct scene *scene, unsigned which, uint32_t n)
{
    struct mac mac = mac_of(n);
    const struct belief_device *believed = belief_find(&scene->peers[which]->belief, &mac);
    int64_t newest = 0;
    size_t count = 0;

    for (uint16_t ap = 0; ap < APS && wants(scene, which, n); ap++) {
        for (unsigned antenna = 0; antenna < READINGS; antenna++) {
            const struct reading *reading = &scene->devices[n].readings[ap][antenna];
            if (!is_true(scene, n, reading) || (scene->wishes[which].by_ap && ap % 4 >= 2))
                continue;
            assert_non_null(believed);
            const struct belief_sample *sample = believed_sample(scene, believed, ap, antenna);
            assert_non_null(sample);
            compare_reading(scene, n, ap, antenna, sample);
            newest = reading->heard > newest ? reading->heard : newest;
            count++;
        }
    }
    if (count == 0) {
        assert_null(believed);
        return false;
    }
    assert_int_equal(believed->count, count);
    assert_int_equal(believed->device_class, class_of(n));
    assert_int_equal(believed->flags, (scene->devices[n].associated ? WIRE_DEVICE_ASSOCIATED : 0) |
                                          (is_local(n) ? TABLE_LOCAL_MAC : 0));
    check_refresh(scene, n, believed, newest);
    return true;
}

static void compare(struct scene *scene, unsigned which)
{
    size_t count = 0;

    for (uint32_t n = 0; n < scene->device_count; n++)
        count += compare_device(scene, which, n);
    assert_int_equal(scene->peers[which]->belief.count, count);
    scene->checked += (unsigned)count;
}

/* --- the play -------------------------------------------------------------------------------- */

static void something_happens(struct scene *scene)
{
    uint32_t n = dice(scene, scene->device_count);
    uint16_t ap = (uint16_t)dice(scene, APS);

    switch (dice(scene, 32)) {
    case 0:
    case 1:
        ap_event(scene, ap);
        break;
    case 2:
    case 3:
    case 4:
        join(scene, n, ap);
        break;
    case 5:
        leave(scene, n, scene->devices[n].associated ? scene->devices[n].ap : ap);
        break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
        peer_event(scene, dice(scene, PEERS));
        break;
    case 11:
    case 12:
    case 13:
        loop_advance(scene->bed->loop, dice(scene, 1500));
        break;
    case 14:
        if (dice(scene, 8) == 0)
            turn_a_knob(scene);
        break;
    default:
        hear_some(scene, ap);
        break;
    }
}

/* Until `before` ms before the next moment at which a tick of every interval falls. */
static void advance_to_tick(struct scene *scene, int64_t before)
{
    loop_advance(scene->bed->loop, LONGEST - now_of(scene) % LONGEST - before);
}

/* Everybody reads; the last thing that happens is a tick. */
static void settle(struct scene *scene)
{
    for (unsigned i = 0; i < PEERS; i++)
        bed_open_window(scene->peers[i], SIZE_MAX);
    advance_to_tick(scene, 0);
    replace_the_lost(scene);
    advance_to_tick(scene, 700);
    for (int i = 0; i < 20; i++)
        hear_some(scene, (uint16_t)dice(scene, APS));
    advance_to_tick(scene, 0);
}

static void play_round(struct scene *scene)
{
    for (int event = 0; event < 60; event++)
        something_happens(scene);
    settle(scene);
    for (unsigned i = 0; i < PEERS; i++) {
        assert_false(scene->peers[i]->closed);
        compare(scene, i);
        bed_say_echo(scene->peers[i], 1, NULL, 0);
        scene->peers[i]->log_len = 0;
    }
    scene->rounds++;
}

static void begin(struct scene *scene)
{
    engine_observe(scene->bed->engine, &scene->observer);
    engine_take(scene->bed->engine,
                &(struct radio_event){.kind = RADIO_CAPABILITIES,
                                      .capabilities = RADIO_CAN_CLIENTS | RADIO_CAN_TAGS |
                                                      RADIO_CAN_ROGUE_APS |
                                                      RADIO_CAN_ROGUE_CLIENTS});
    scene->location = scene->bed->location;
    scene->location.rfid_timeout = 60;
    turn_a_knob(scene);
    for (uint16_t ap = 0; ap < APS; ap++)
        ap_here(scene, ap);
    for (unsigned i = 0; i < PEERS; i++)
        arrive(scene, i);
}

struct cast {
    uint32_t devices;
    uint32_t room; /* devices that the table holds; four readings for each */
    uint32_t burst;
    int64_t length; /* ms */
};

static void play(uint32_t seed, const struct cast *cast)
{
    struct scene scene = {.bed = bed_new(cast->room, APS),
                          .random = seed,
                          .devices = calloc(cast->devices, sizeof(*scene.devices)),
                          .device_count = cast->devices,
                          .burst = cast->burst};

    assert_non_null(scene.devices);
    scene.observer = (struct engine_observer){.device_leaving = on_leaving, .context = &scene};
    begin(&scene);
    for (int64_t end = now_of(&scene) + cast->length; now_of(&scene) < end;)
        play_round(&scene);
    for (unsigned i = 0; i < PEERS; i++)
        bed_peer_free(scene.peers[i]);
    print_message("seed %u: %u rounds, %u pictures compared, %u sessions lost, %llu evicted\n",
                  seed, scene.rounds, scene.checked, scene.lost, (unsigned long long)scene.evicted);
    engine_unobserve(scene.bed->engine, &scene.observer);
    bed_free(scene.bed);
    free(scene.devices);
    assert_true(scene.checked > scene.rounds);
    assert_true(scene.lost <= scene.rounds); /* it is the exception */
}

static void play_all(const struct cast *cast)
{
    const char *seeds = getenv("NMSPD_TEST_SEEDS");
    unsigned long count = getenv("NMSPD_TEST_FULL") != NULL ? 5 : 1;

    if (seeds != NULL)
        count = strtoul(seeds, NULL, 10);
    for (uint32_t seed = 1; seed <= count; seed++)
        play(seed, cast);
}

static void every_peer_believes_what_is_true_when_there_is_room_for_all(void **state)
{
    (void)state;
    play_all(&(struct cast){.devices = 60, .room = 60 * 6, .burst = 3, .length = HOUR});
}

static void every_peer_believes_what_is_true_while_devices_are_evicted(void **state)
{
    (void)state;
    play_all(&(struct cast){.devices = 120, .room = 90, .burst = 10, .length = HOUR});
}

/* A snapshot does not fit into a peer's buffer: it is taken in pieces, and the world goes on. */
static void every_peer_believes_what_is_true_in_a_crowd(void **state)
{
    (void)state;
    play_all(&(struct cast){.devices = 3000, .room = 2500, .burst = 1000, .length = HOUR / 30});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_peer_believes_what_is_true_when_there_is_room_for_all),
        cmocka_unit_test(every_peer_believes_what_is_true_while_devices_are_evicted),
        cmocka_unit_test(every_peer_believes_what_is_true_in_a_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
