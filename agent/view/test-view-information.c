/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Information, statistics and tag frames of views: single facts. test-view-knowledge.c has the
 * property that Information serves. */
#include "agent/view/info.h"
#include "tests/unit/failing.h"
#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define INFO_MS    WIRE_BIT(WIRE_INFO_MS)
#define INFO_ROGUE WIRE_BIT(WIRE_INFO_ROGUE)
#define STATS      (WIRE_BIT(WIRE_STATS_MS) | WIRE_BIT(WIRE_STATS_RFID) | WIRE_BIT(WIRE_STATS_ROGUE))
#define RFID       WIRE_BIT(WIRE_RSSI_RFID)
#define ALL_WORKS \
    (RADIO_CAN_CLIENTS | RADIO_CAN_TAGS | RADIO_CAN_ROGUE_APS | RADIO_CAN_ROGUE_CLIENTS)

struct state {
    struct bed *bed;
    struct bed_peer *peer;
};

static int set_up(void **state)
{
    static struct state s;

    failing_reset();
    s = (struct state){.bed = bed_new(3000, 8)};
    bed_ap(s.bed, 0);
    bed_ap(s.bed, 1);
    bed_works(s.bed, ALL_WORKS);
    s.peer = bed_active_peer(s.bed);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct state *s = *state;

    failing_reset();
    bed_peer_free(s->peer);
    bed_free(s->bed);
    return 0;
}

static void ask(struct bed_peer *peer, uint64_t services)
{
    bed_say_services(peer, WIRE_SUBSCRIBE_REQUEST, 1, services);
}

/* The only element of this type in the last message of this id. */
static struct wire_element only(struct bed_peer *peer, uint16_t id, enum wire_element_type type)
{
    struct wire_message message = bed_last(peer, id);
    struct wire_walk walk = wire_walk_of(&message);
    struct wire_element element;
    struct wire_element found = {.type = 0};
    unsigned count = 0;

    while (wire_next(&walk, &element)) {
        if (element.type == type) {
            found = element;
            count++;
        }
    }
    assert_int_equal(count, 1);
    return found;
}

static struct wire_client_info told_client(struct bed_peer *peer)
{
    return only(peer, WIRE_INFORMATION_NOTIFICATION, WIRE_ELEMENT_CLIENT_INFO).client_info;
}

static void join_as(struct bed *bed, uint32_t device, uint16_t ap)
{
    struct radio_client client = {.device = bed_mac(device),
                                  .ap = ap,
                                  .vlan = 20,
                                  .protocol = WIRE_PROTOCOL_AX,
                                  .ssid_len = 4,
                                  .ssid = "cafe"};
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_CLIENT_JOINED, .joined = client});
}

static void a_client_is_told_with_all_that_is_known_of_it(void **state)
{
    static const uint8_t addresses[] = {4, 192, 0, 2, 1, 4, 192, 0, 2, 9};
    struct state *s = *state;
    const struct mac mac = bed_mac(1);
    const struct mac ap = bed_ap_mac(1);

    join_as(s->bed, 1, 1);
    bed_user(s->bed, 1, "alice");
    bed_address(s->bed, 1, 1, true);
    bed_address(s->bed, 1, 9, true);
    ask(s->peer, INFO_MS);
    struct wire_client_info info = told_client(s->peer);
    assert_true(mac_equal(&info.mac, &mac));
    assert_true(mac_equal(&info.ap, &ap));
    assert_int_equal(info.state, WIRE_CLIENT_ASSOCIATED);
    assert_int_equal(info.band, WIRE_BAND_2GHZ);
    assert_int_equal(info.channel, 6);
    assert_int_equal(info.vlan, 20);
    assert_int_equal(info.protocol, WIRE_PROTOCOL_AX);
    assert_int_equal(info.addresses.count, 2);
    assert_memory_equal(info.addresses.at, addresses, sizeof(addresses));
    assert_int_equal(info.ssid.len, 4);
    assert_memory_equal(info.ssid.at, "cafe", 4);
    assert_int_equal(info.user.len, 5);
    assert_memory_equal(info.user.at, "alice", 5);
    assert_int_equal(s->peer->count[WIRE_MEASUREMENT_NOTIFICATION], 0);
}

static void changes_within_a_second_are_one_message_and_without_any_there_is_none(void **state)
{
    struct state *s = *state;

    join_as(s->bed, 1, 0);
    ask(s->peer, INFO_MS);
    assert_int_equal(s->peer->count[WIRE_INFORMATION_NOTIFICATION], 1);
    bed_user(s->bed, 1, "alice");
    bed_address(s->bed, 1, 1, true);
    bed_hear(s->bed, 2, 0, -50);
    bed_turn(s->bed);
    assert_int_equal(s->peer->count[WIRE_INFORMATION_NOTIFICATION], 1);
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(s->peer->count[WIRE_INFORMATION_NOTIFICATION], 2);
    assert_int_equal(s->peer->belief.known_count, 2);
    bed_user(s->bed, 1, "alice");
    bed_address(s->bed, 1, 1, true);
    join_as(s->bed, 1, 0);
    bed_hear(s->bed, 2, 0, -70);
    loop_advance(s->bed->loop, 10000);
    assert_int_equal(s->peer->count[WIRE_INFORMATION_NOTIFICATION], 2);
}

static void a_client_that_is_only_heard_goes_by_the_ap_that_hears_it_loudest(void **state)
{
    struct state *s = *state;
    const struct mac mac = bed_mac(1);
    const struct mac far = bed_ap_mac(0);
    const struct mac near = bed_ap_mac(1);

    bed_hear(s->bed, 1, 0, -70);
    bed_hear(s->bed, 1, 1, -50);
    ask(s->peer, INFO_MS);
    struct wire_client_info info = told_client(s->peer);
    assert_int_equal(info.state, WIRE_CLIENT_PROBING);
    assert_true(mac_equal(&info.ap, &near));
    loop_advance(s->bed->loop, 1000);
    bed_hear(s->bed, 1, 0, -45); /* louder, but by less than INFO_LOUDER */
    loop_advance(s->bed->loop, 9000);
    assert_int_equal(s->peer->count[WIRE_INFORMATION_NOTIFICATION], 1);
    bed_hear(s->bed, 1, 0, -44);
    bed_hear(s->bed, 1, 1, -60);
    loop_advance(s->bed->loop, 9000);
    assert_int_equal(s->peer->count[WIRE_INFORMATION_NOTIFICATION], 2);
    assert_true(mac_equal(&belief_known(&s->peer->belief, &mac, true)->ap, &far));
}

static void nobody_wakes_up_for_information_while_nothing_changes(void **state)
{
    struct state *s = *state;

    s->bed->location.expiry_client = 3600;
    engine_configure(s->bed->engine, &s->bed->location);
    join_as(s->bed, 1, 0);
    bed_hear(s->bed, 1, 0, -50);
    bed_hear(s->bed, 2, 0, -50);
    ask(s->peer, INFO_MS | INFO_ROGUE);
    /* Until the AP that hears the other one was looked for, and no timer of the session is due. */
    loop_advance(s->bed->loop, 9000);
    bed_say_echo(s->peer, 1, NULL, 0);
    loop_advance(s->bed->loop, 7000);
    uint64_t before = loop_wakeups(s->bed->loop);
    bed_hear(s->bed, 1, 0, -60); /* where an associated client is says the association */
    loop_advance(s->bed->loop, 3000);
    /* A virtual clock turns at the begin and at the end of each step. */
    assert_int_equal(loop_wakeups(s->bed->loop) - before, 2);
    before = loop_wakeups(s->bed->loop);
    bed_user(s->bed, 1, "alice");
    loop_advance(s->bed->loop, 3000);
    assert_int_equal(loop_wakeups(s->bed->loop) - before, 2 + 1);
    assert_int_equal(s->peer->count[WIRE_INFORMATION_NOTIFICATION], 2);
}

static void who_is_heard_no_more_has_left_although_nothing_else_happens(void **state)
{
    struct state *s = *state;
    int64_t expiry = engine_expiry(s->bed->engine, RADIO_CLASS_CLIENT);

    bed_hear(s->bed, 2, 0, -50);
    ask(s->peer, INFO_MS);
    for (int64_t i = 0; i < expiry - 1000; i += 1000) {
        loop_advance(s->bed->loop, 1000);
        bed_say_echo(s->peer, 1, NULL, 0);
    }
    assert_int_equal(s->peer->belief.known_count, 1);
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(s->peer->belief.known_count, 0);
    /* The same when the time is cut short. */
    bed_hear(s->bed, 2, 0, -50);
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(s->peer->belief.known_count, 1);
    s->bed->location.expiry_client = 1;
    engine_configure(s->bed->engine, &s->bed->location);
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(s->peer->belief.known_count, 0);
}

static void a_client_that_left_is_told_once_with_the_ap_where_it_was(void **state)
{
    struct state *s = *state;
    const struct mac ap = bed_ap_mac(1);

    join_as(s->bed, 1, 1);
    ask(s->peer, INFO_MS);
    bed_leave(s->bed, 1, 1);
    loop_advance(s->bed->loop, 1000);
    struct wire_client_info info = told_client(s->peer);
    assert_int_equal(info.state, WIRE_CLIENT_LEFT);
    assert_true(mac_equal(&info.ap, &ap));
    assert_int_equal(s->peer->belief.known_count, 0);
    loop_advance(s->bed->loop, 10000);
    assert_int_equal(s->peer->belief.left, 1);
}

static void
a_client_whose_attachment_is_suppressed_has_left_until_it_is_suppressed_no_more(void **state)
{
    struct state *s = *state;
    struct radio_event joined = {.kind = RADIO_CLIENT_JOINED,
                                 .joined = {.device = bed_mac(1), .ap = 1}};

    engine_take(s->bed->engine, &joined);
    bed_hear(s->bed, 1, 1, -60);
    ask(s->peer, INFO_MS);
    assert_int_equal(told_client(s->peer).state, WIRE_CLIENT_ASSOCIATED);
    joined.joined.suppressed = true;
    engine_take(s->bed->engine, &joined);
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(told_client(s->peer).state, WIRE_CLIENT_LEFT);
    assert_int_equal(s->peer->belief.known_count, 0);
    joined.joined.suppressed = false;
    engine_take(s->bed->engine, &joined);
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(told_client(s->peer).state, WIRE_CLIENT_ASSOCIATED);
    assert_int_equal(s->peer->belief.known_count, 1);
}

static void a_client_of_an_ap_that_was_removed_is_told_with_that_ap(void **state)
{
    struct state *s = *state;
    const struct mac ap = bed_ap_mac(1);

    join_as(s->bed, 1, 1);
    ask(s->peer, INFO_MS);
    bed_ap_gone(s->bed, 1);
    loop_advance(s->bed->loop, 1000);
    struct wire_client_info info = told_client(s->peer);
    assert_int_equal(info.state, WIRE_CLIENT_LEFT);
    assert_true(mac_equal(&info.ap, &ap));
}

static void a_handle_that_another_ap_takes_over_does_not_move_who_left(void **state)
{
    struct state *s = *state;
    const struct mac aps[] = {bed_ap_mac(1)};
    struct radio_ap other = *engine_ap(s->bed->engine, 1);

    join_as(s->bed, 1, 1);
    bed_hear(s->bed, 2, 1, -60);
    bed_ask(s->peer,
            &(struct bed_ask){
                .id = WIRE_SUBSCRIBE_REQUEST, .services = INFO_MS, .aps = aps, .ap_count = 1});
    assert_int_equal(s->peer->belief.known_count, 2);
    bed_ap_gone(s->bed, 1);
    other.mac = bed_ap_mac(5);
    engine_take(s->bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = other});
    join_as(s->bed, 3, 1);
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(s->peer->belief.left, 2);
    assert_int_equal(s->peer->belief.known_count, 0);
    struct wire_message message = bed_last(s->peer, WIRE_INFORMATION_NOTIFICATION);
    struct wire_walk walk = wire_walk_of(&message);
    struct wire_element element;
    while (wire_next(&walk, &element)) {
        if (element.type == WIRE_ELEMENT_CLIENT_INFO)
            assert_true(mac_equal(&element.client_info.ap, &aps[0]));
    }
    other.mac = bed_ap_mac(1); /* it is the filter's AP again, and has a client already */
    engine_take(s->bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = other});
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(s->peer->belief.known_count, 1);
    other.mac = bed_ap_mac(6);
    engine_take(s->bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = other});
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(s->peer->belief.left, 3);
    struct wire_client_info last = told_client(s->peer);
    assert_true(mac_equal(&last.ap, &aps[0]));
}

static void who_is_back_within_the_second_has_not_left(void **state)
{
    struct state *s = *state;

    join_as(s->bed, 1, 1);
    ask(s->peer, INFO_MS);
    bed_leave(s->bed, 1, 1);
    join_as(s->bed, 1, 0);
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(s->peer->belief.left, 0);
    assert_int_equal(told_client(s->peer).state, WIRE_CLIENT_ASSOCIATED);
    bed_leave(s->bed, 1, 0);
    join_as(s->bed, 1, 0);
    bed_leave(s->bed, 1, 0);
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(s->peer->belief.left, 1);
    assert_int_equal(s->peer->belief.left_unknown, 0);
}

static void a_channel_switch_of_its_ap_is_news_of_a_client(void **state)
{
    struct state *s = *state;

    join_as(s->bed, 1, 1);
    ask(s->peer, INFO_MS);
    struct radio_ap record = *engine_ap(s->bed->engine, 1);
    record.noise = -80;
    engine_take(s->bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = record});
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(s->peer->count[WIRE_INFORMATION_NOTIFICATION], 1);
    record.channel = 11;
    engine_take(s->bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = record});
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(told_client(s->peer).channel, 11);
}

static void a_rogue_is_told_with_the_times_at_which_it_was_heard(void **state)
{
    struct state *s = *state;
    int64_t found = loop_wall(s->bed->loop);

    bed_hear_as(s->bed, WIRE_CLASS_ROGUE_AP, 7, 1, -66);
    bed_rogue(s->bed, WIRE_CLASS_ROGUE_AP, 7, "evil");
    loop_advance(s->bed->loop, 5000);
    bed_hear_as(s->bed, WIRE_CLASS_ROGUE_AP, 7, 1, -66);
    ask(s->peer, INFO_ROGUE);
    struct wire_rogue_info info =
        only(s->peer, WIRE_INFORMATION_NOTIFICATION, WIRE_ELEMENT_ROGUE_INFO).rogue_info;
    assert_int_equal(info.device_class, WIRE_CLASS_ROGUE_AP);
    assert_int_equal(info.first_seen, found);
    assert_int_equal(info.last_seen, found + 5000);
    assert_int_equal(info.channel, 11);
    assert_int_equal(info.encryption, WIRE_ENCRYPTION_WPA2);
    assert_memory_equal(info.ssid.at, "evil", 4);
    loop_jump_wall(s->bed->loop, -100000000);
    bed_rogue(s->bed, WIRE_CLASS_ROGUE_AP, 7, "EVIL");
    loop_advance(s->bed->loop, 1000);
    info = only(s->peer, WIRE_INFORMATION_NOTIFICATION, WIRE_ELEMENT_ROGUE_INFO).rogue_info;
    assert_memory_equal(info.ssid.at, "EVIL", 4);
    assert_int_equal(info.last_seen, info.first_seen); /* never before the first */
}

static void records_go_by_the_serving_or_detecting_ap(void **state)
{
    struct state *s = *state;
    const struct mac aps[] = {bed_ap_mac(1)};

    join_as(s->bed, 1, 0);
    bed_hear(s->bed, 1, 1, -40); /* heard there, served elsewhere */
    join_as(s->bed, 2, 1);
    bed_hear(s->bed, 3, 0, -30);
    bed_hear(s->bed, 3, 1, -80);
    bed_hear(s->bed, 4, 0, -30);
    bed_statistics(s->bed, WIRE_CLASS_CLIENT, 1, 0, 10);
    bed_statistics(s->bed, WIRE_CLASS_CLIENT, 2, 1, 20);
    bed_ask(s->peer, &(struct bed_ask){.id = WIRE_SUBSCRIBE_REQUEST,
                                       .services = INFO_MS | STATS,
                                       .aps = aps,
                                       .ap_count = 1});
    assert_int_equal(s->peer->belief.known_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(mac_equal(&s->peer->belief.known[i].ap, &aps[0]));
    loop_advance(s->bed->loop, 60000);
    struct wire_device_statistics statistics =
        only(s->peer, WIRE_STATISTICS_NOTIFICATION, WIRE_ELEMENT_DEVICE_STATISTICS)
            .device_statistics;
    const struct mac mac = bed_mac(2);
    assert_true(mac_equal(&statistics.mac, &mac));
}

static void counters_are_told_every_minute_of_those_who_have_any(void **state)
{
    struct state *s = *state;

    join_as(s->bed, 1, 0);
    join_as(s->bed, 2, 0);
    bed_statistics(s->bed, WIRE_CLASS_CLIENT, 1, 0, 1000);
    ask(s->peer, STATS);
    assert_int_equal(s->peer->count[WIRE_STATISTICS_NOTIFICATION], 0);
    loop_advance(s->bed->loop, 20000); /* the clock of the bed stands at a full minute */
    assert_int_equal(s->peer->count[WIRE_STATISTICS_NOTIFICATION], 1);
    struct wire_device_statistics told =
        only(s->peer, WIRE_STATISTICS_NOTIFICATION, WIRE_ELEMENT_DEVICE_STATISTICS)
            .device_statistics;
    assert_int_equal(told.rx_bytes, 1000);
    assert_int_equal(told.tx_bytes, 1001);
    assert_int_equal(told.connected, 7);
    for (int third = 0; third < 3; third++) {
        assert_int_equal(s->peer->count[WIRE_STATISTICS_NOTIFICATION], 1);
        bed_say_echo(s->peer, 1, NULL, 0);
        loop_advance(s->bed->loop, 20000);
    }
    assert_int_equal(s->peer->count[WIRE_STATISTICS_NOTIFICATION], 2);
}

static void a_frame_of_a_tag_is_told_at_once_and_once(void **state)
{
    struct state *s = *state;

    ask(s->peer, RFID);
    for (uint16_t ap = 0; ap < 2; ap++) {
        bed_hear_as(s->bed, WIRE_CLASS_TAG, 9, ap, -60);
        bed_tag(s->bed, 9, ap, 17, "payload");
    }
    bed_turn(s->bed);
    assert_int_equal(s->peer->count[WIRE_TAG_NOTIFICATION], 1);
    struct wire_tag_payload tag =
        only(s->peer, WIRE_TAG_NOTIFICATION, WIRE_ELEMENT_TAG_PAYLOAD).tag_payload;
    assert_int_equal(tag.sequence, 17);
    assert_int_equal(tag.tx_power, 17);
    assert_int_equal(tag.vendor, WIRE_TAG_G2);
    assert_int_equal(tag.payload.len, 7);
    assert_memory_equal(tag.payload.at, "payload", 7);
    bed_tag(s->bed, 9, 0, 18, "payload");
    bed_tag(s->bed, 9, 0, 18, "another");
    bed_tag(s->bed, 9, 1, 18, "another");
    bed_turn(s->bed);
    assert_int_equal(s->peer->count[WIRE_TAG_NOTIFICATION], 3);
}

static void a_tag_that_a_stalled_peer_missed_is_counted(void **state)
{
    struct state *s = *state;

    ask(s->peer, RFID);
    bed_hear_as(s->bed, WIRE_CLASS_TAG, 9, 0, -60);
    s->peer->window = 0;
    for (uint16_t sequence = 0; sequence < 4000; sequence++)
        bed_tag(s->bed, 9, 0, sequence, "payload");
    uint64_t missed = session_counters(s->peer->session)->missed_ticks;
    assert_true(missed > 1000);
    bed_open_window(s->peer, SIZE_MAX);
    assert_int_equal(s->peer->count[WIRE_TAG_NOTIFICATION] + missed, 4000);
}

static void a_tag_is_told_if_any_ap_of_the_filter_heard_it(void **state)
{
    struct state *s = *state;
    const struct mac aps[] = {bed_ap_mac(1)};
    const struct mac devices[] = {bed_mac(9)};

    bed_ask(s->peer, &(struct bed_ask){.id = WIRE_SUBSCRIBE_REQUEST,
                                       .services = RFID,
                                       .aps = aps,
                                       .ap_count = 1,
                                       .devices = devices,
                                       .device_count = 1});
    bed_hear_as(s->bed, WIRE_CLASS_TAG, 9, 0, -60);
    bed_hear_as(s->bed, WIRE_CLASS_TAG, 8, 1, -60);
    bed_tag(s->bed, 9, 0, 17, "payload");
    bed_tag(s->bed, 8, 1, 17, "payload");
    bed_turn(s->bed);
    assert_int_equal(s->peer->count[WIRE_TAG_NOTIFICATION], 0);
    bed_tag(s->bed, 9, 1, 17, "payload");
    bed_turn(s->bed);
    assert_int_equal(s->peer->count[WIRE_TAG_NOTIFICATION], 1);
}

static void tags_that_are_not_known_and_payloads_that_are_too_long_are_not_told(void **state)
{
    static char payload[RADIO_TAG_PAYLOAD_MAX + 2];
    struct state *s = *state;

    ask(s->peer, RFID);
    memset(payload, 'x', sizeof(payload) - 1);
    bed_tag(s->bed, 9, 0, 1, "payload");
    bed_hear(s->bed, 9, 0, -60); /* a client */
    bed_tag(s->bed, 9, 0, 2, "payload");
    bed_hear_as(s->bed, WIRE_CLASS_TAG, 8, 0, -60);
    bed_tag(s->bed, 8, 0, 3, payload);
    bed_tag(s->bed, 8, 7, 3, "payload"); /* no such AP */
    bed_turn(s->bed);
    assert_int_equal(s->peer->count[WIRE_TAG_NOTIFICATION], 0);
    payload[RADIO_TAG_PAYLOAD_MAX] = '\0';
    bed_tag(s->bed, 8, 0, 3, payload);
    bed_turn(s->bed);
    assert_int_equal(s->peer->count[WIRE_TAG_NOTIFICATION], 1);
}

static void messages_are_cut_and_a_stalled_peer_gets_one_current_snapshot(void **state)
{
    struct state *s = *state;
    const struct mac mac = bed_mac(2);
    struct bed_peer *quick = bed_active_peer(s->bed);

    ask(s->peer, INFO_MS);
    ask(quick, INFO_MS);
    s->peer->window = 0;
    for (uint32_t n = 0; n < 2000; n++)
        join_as(s->bed, n, 0);
    for (uint8_t round = 0; round < 12; round++) {
        for (uint32_t n = 1; n < 2000; n++)
            bed_address(s->bed, n, round, true);
        loop_advance(s->bed->loop, 1000);
    }
    bed_leave(s->bed, 1, 0);
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(quick->belief.known_count, 1999);
    assert_int_equal(s->peer->belief.known_count, 0);
    assert_true(session_counters(s->peer->session)->missed_ticks > 0);
    bed_open_window(s->peer, SIZE_MAX);
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(s->peer->belief.known_count, 1999);
    const struct belief_known *slow = belief_known(&s->peer->belief, &mac, true);
    const struct belief_known *known = belief_known(&quick->belief, &mac, true);
    assert_int_equal(slow->len, known->len);
    assert_memory_equal(slow->record, known->record, known->len);
    /* What had been queued before it fell out of step, and one snapshot. */
    assert_true(s->peer->belief.told < 2000 + 64 * 1024 / 27);
    unsigned before = s->peer->count[WIRE_INFORMATION_NOTIFICATION];
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(s->peer->count[WIRE_INFORMATION_NOTIFICATION], before);
    bed_peer_free(quick);
}

/* It drains between the change and the tick that tells others. */
static void a_client_that_turns_out_to_be_a_rogue_has_left_for_all(void **state)
{
    struct state *s = *state;
    const struct mac mac = bed_mac(2500);
    struct bed_peer *peers[] = {s->peer, bed_active_peer(s->bed)};

    bed_hear(s->bed, 2500, 0, -50);
    for (size_t i = 0; i < 2; i++)
        ask(peers[i], INFO_MS | INFO_ROGUE | WIRE_BIT(WIRE_RSSI_MS));
    peers[0]->window = 0;
    for (uint8_t round = 0; round < 5; round++) {
        for (uint32_t n = 0; n < 1200; n++) {
            join_as(s->bed, n, 0);
            bed_address(s->bed, n, round, true);
        }
        loop_advance(s->bed->loop, 1000);
    }
    assert_true(session_counters(s->peer->session)->missed_ticks > 0);
    bed_hear_as(s->bed, WIRE_CLASS_ROGUE_AP, 2500, 0, -50);
    bed_rogue(s->bed, WIRE_CLASS_ROGUE_AP, 2500, "evil");
    bed_open_window(peers[0], SIZE_MAX);
    loop_advance(s->bed->loop, 1000);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(peers[i]->belief.known_count, 1201);
        assert_null(belief_known(&peers[i]->belief, &mac, true));
        assert_non_null(belief_known(&peers[i]->belief, &mac, false));
    }
    bed_peer_free(peers[1]);
}

static void a_tick_that_is_larger_than_the_output_tells_every_client(void **state)
{
    enum { CLIENTS = 5000 };
    struct bed *bed = bed_new(6000, 2);
    struct bed_peer *peer;
    (void)state;
    bed_ap(bed, 0);
    bed_works(bed, ALL_WORKS);
    peer = bed_active_peer(bed);
    ask(peer, INFO_MS);
    peer->window = 0;
    for (uint32_t n = 0; n < CLIENTS; n++)
        join_as(bed, n, 0);
    loop_advance(bed->loop, 1000);
    assert_int_equal(session_counters(peer->session)->missed_ticks, 1);
    bed_open_window(peer, SIZE_MAX);
    loop_advance(bed->loop, 1000);
    assert_int_equal(peer->belief.known_count, CLIENTS);
    assert_int_equal(peer->belief.told, CLIENTS);
    bed_peer_free(peer);
    bed_free(bed);
}

static void more_clients_than_the_ring_holds_leave_and_all_are_told(void **state)
{
    enum { CLIENTS = 4096 + 500 };
    struct bed *bed = bed_new(6000, 2);
    struct bed_peer *peer;
    (void)state;
    bed_ap(bed, 0);
    bed_works(bed, ALL_WORKS);
    peer = bed_active_peer(bed);
    ask(peer, INFO_MS | WIRE_BIT(WIRE_RSSI_MS));
    for (uint32_t n = 0; n < CLIENTS; n++) {
        join_as(bed, n, 0);
        bed_hear(bed, n, 0, -50);
    }
    loop_advance(bed->loop, 2000);
    assert_int_equal(peer->belief.count, CLIENTS);
    assert_int_equal(peer->belief.known_count, CLIENTS);
    for (uint32_t n = 0; n < CLIENTS; n++)
        bed_leave(bed, n, 0);
    for (uint32_t n = CLIENTS; n < CLIENTS + 90; n++)
        join_as(bed, n, 0);
    loop_advance(bed->loop, 2000);
    assert_int_equal(peer->belief.count, 0);
    assert_int_equal(peer->belief.gone, CLIENTS);
    for (uint32_t n = CLIENTS; n < CLIENTS + 90; n++)
        bed_leave(bed, n, 0);
    loop_advance(bed->loop, 1000);
    assert_int_equal(peer->belief.left, CLIENTS + 90);
    assert_int_equal(peer->belief.left_unknown, 0);
    bed_peer_free(peer);
    bed_free(bed);
}

static void what_is_withdrawn_is_told_no_more(void **state)
{
    struct state *s = *state;

    join_as(s->bed, 1, 0);
    ask(s->peer, INFO_MS | INFO_ROGUE);
    bed_works(s->bed, RADIO_CAN_ROGUE_APS);
    session_offer_changed(s->peer->session);
    bed_turn(s->bed);
    assert_int_equal(session_granted(s->peer->session), INFO_ROGUE);
    unsigned before = s->peer->count[WIRE_INFORMATION_NOTIFICATION];
    bed_leave(s->bed, 1, 0);
    join_as(s->bed, 2, 0);
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(s->peer->count[WIRE_INFORMATION_NOTIFICATION], before);
    bed_hear_as(s->bed, WIRE_CLASS_ROGUE_AP, 7, 1, -66);
    bed_rogue(s->bed, WIRE_CLASS_ROGUE_AP, 7, "evil");
    loop_advance(s->bed->loop, 1000);
    assert_int_equal(s->peer->count[WIRE_INFORMATION_NOTIFICATION], before + 1);
}

static void without_memory_a_subscription_is_refused_and_the_old_one_stays(void **state)
{
    struct state *s = *state;
    unsigned n = 1;

    join_as(s->bed, 1, 0);
    ask(s->peer, INFO_MS);
    for (;; n++) {
        failing_malloc_at(n);
        ask(s->peer, INFO_MS | INFO_ROGUE | RFID);
        bool failed = failing_hit();
        failing_reset();
        if (!failed)
            break;
        assert_int_equal(bed_last(s->peer, WIRE_SUBSCRIBE_RESPONSE).result.code,
                         WIRE_RESULT_OUT_OF_RESOURCES);
        assert_int_equal(session_granted(s->peer->session), INFO_MS);
    }
    assert_true(n > 3);
    assert_int_equal(session_granted(s->peer->session), INFO_MS | INFO_ROGUE | RFID);
    assert_int_equal(s->peer->belief.known_count, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client_is_told_with_all_that_is_known_of_it),
        TEST(changes_within_a_second_are_one_message_and_without_any_there_is_none),
        TEST(a_client_that_is_only_heard_goes_by_the_ap_that_hears_it_loudest),
        TEST(nobody_wakes_up_for_information_while_nothing_changes),
        TEST(who_is_heard_no_more_has_left_although_nothing_else_happens),
        TEST(a_client_that_left_is_told_once_with_the_ap_where_it_was),
        TEST(a_client_whose_attachment_is_suppressed_has_left_until_it_is_suppressed_no_more),
        TEST(a_client_of_an_ap_that_was_removed_is_told_with_that_ap),
        TEST(a_handle_that_another_ap_takes_over_does_not_move_who_left),
        TEST(who_is_back_within_the_second_has_not_left),
        TEST(a_channel_switch_of_its_ap_is_news_of_a_client),
        TEST(a_rogue_is_told_with_the_times_at_which_it_was_heard),
        TEST(records_go_by_the_serving_or_detecting_ap),
        TEST(counters_are_told_every_minute_of_those_who_have_any),
        TEST(a_frame_of_a_tag_is_told_at_once_and_once),
        TEST(a_tag_that_a_stalled_peer_missed_is_counted),
        TEST(a_tag_is_told_if_any_ap_of_the_filter_heard_it),
        TEST(tags_that_are_not_known_and_payloads_that_are_too_long_are_not_told),
        TEST(messages_are_cut_and_a_stalled_peer_gets_one_current_snapshot),
        TEST(a_client_that_turns_out_to_be_a_rogue_has_left_for_all),
        TEST(what_is_withdrawn_is_told_no_more),
        TEST(without_memory_a_subscription_is_refused_and_the_old_one_stays),
        cmocka_unit_test(a_tick_that_is_larger_than_the_output_tells_every_client),
        cmocka_unit_test(more_clients_than_the_ring_holds_leave_and_all_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
