/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/device-info.h"

#include "tests/unit/failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { DEVICES = 8, RECORDS = 4 };

struct bed {
    struct table table;
    struct device_info_pool *pool;
    uint32_t epoch;
};

static int set_up(void **state)
{
    static struct bed bed;

    failing_reset();
    bed = (struct bed){.epoch = 5};
    assert_int_equal(table_init(&bed.table, DEVICES, DEVICES * 4), 0);
    bed.pool = device_info_new(&bed.table, NULL);
    assert_non_null(bed.pool);
    *state = &bed;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *bed = *state;

    failing_reset();
    device_info_free(bed->pool);
    table_fini(&bed->table);
    return 0;
}

static uint32_t add(struct bed *bed, uint8_t n, uint8_t device_class)
{
    const struct mac mac = {{0x00, 0x22, 0x33, 0x44, 0x55, n}};
    return table_add(&bed->table, &mac, device_class);
}

static void join(struct bed *bed, uint32_t slot, const char *ssid)
{
    struct radio_client client = {.vlan = 7, .protocol = 6, .ssid_len = (uint8_t)strlen(ssid)};

    memcpy(client.ssid, ssid, strlen(ssid));
    table_set_associated(&bed->table, slot, true, 0);
    device_info_take_client(bed->pool, slot, bed->epoch, &client);
}

static void user(struct bed *bed, uint32_t slot, const char *name)
{
    struct radio_user told = {.len = (uint8_t)strlen(name)};

    memcpy(told.name, name, strlen(name));
    device_info_take_user(bed->pool, slot, bed->epoch, &told);
}

static void address(struct bed *bed, uint32_t slot, uint8_t family, uint8_t last, bool present)
{
    struct radio_address told = {.family = family, .present = present};

    told.address[family == 4 ? 3 : 15] = last;
    device_info_take_address(bed->pool, slot, bed->epoch, &told);
}

static void count(struct bed *bed, uint32_t slot, uint16_t ap, uint64_t bytes)
{
    device_info_take_statistics(bed->pool, slot, bed->epoch,
                                &(struct radio_statistics){.ap = ap, .rx_bytes = bytes});
}

static void find(struct bed *bed, uint32_t slot, const char *ssid)
{
    struct radio_rogue rogue = {.channel = 11, .ssid_len = (uint8_t)strlen(ssid)};

    memcpy(rogue.ssid, ssid, strlen(ssid));
    device_info_take_rogue(bed->pool, slot, bed->epoch, &rogue, 1800000000000);
}

static const struct client_info *client(struct bed *bed, uint32_t slot)
{
    const struct device_info *record = device_info_of(bed->pool, slot);

    assert_non_null(record);
    assert_int_equal(record->kind, DEVICE_INFO_CLIENT);
    return &record->client;
}

/* --- changes --------------------------------------------------------------------------------- */

static void only_what_differs_is_a_change(void **state)
{
    struct bed *bed = *state;
    uint32_t slot = add(bed, 1, RADIO_CLASS_CLIENT);

    assert_null(device_info_of(bed->pool, slot));
    join(bed, slot, "cafe");
    assert_int_equal(device_info_of(bed->pool, slot)->changed, 5);
    bed->epoch = 6;
    join(bed, slot, "cafe");
    count(bed, slot, 0, 100);
    assert_int_equal(device_info_of(bed->pool, slot)->changed, 5);
    join(bed, slot, "cafes");
    assert_int_equal(device_info_of(bed->pool, slot)->changed, 6);
    bed->epoch = 7;
    user(bed, slot, "alice");
    assert_int_equal(device_info_of(bed->pool, slot)->changed, 7);
    bed->epoch = 8;
    user(bed, slot, "alice");
    address(bed, slot, 4, 1, false);
    assert_int_equal(device_info_of(bed->pool, slot)->changed, 7);
    address(bed, slot, 4, 1, true);
    assert_int_equal(device_info_of(bed->pool, slot)->changed, 8);
    bed->epoch = 9;
    address(bed, slot, 4, 1, true);
    assert_int_equal(device_info_of(bed->pool, slot)->changed, 8);
    user(bed, slot, "");
    assert_int_equal(device_info_of(bed->pool, slot)->changed, 9);
    assert_int_equal(client(bed, slot)->user_len, 0);
}

static void lengths_beyond_what_is_possible_are_cut(void **state)
{
    struct bed *bed = *state;
    uint32_t slot = add(bed, 1, RADIO_CLASS_CLIENT);

    device_info_take_client(bed->pool, slot, 1, &(struct radio_client){.ssid_len = 255});
    device_info_take_user(bed->pool, slot, 1, &(struct radio_user){.len = 255});
    assert_int_equal(client(bed, slot)->ssid_len, RADIO_SSID_MAX);
    assert_int_equal(client(bed, slot)->user_len, RADIO_USER_NAME_MAX);
}

static void four_addresses_are_kept_and_the_oldest_of_a_family_goes_first(void **state)
{
    struct bed *bed = *state;
    uint32_t slot = add(bed, 1, RADIO_CLASS_CLIENT);

    address(bed, slot, 4, 1, true);
    for (uint8_t n = 1; n <= 5; n++)
        address(bed, slot, 6, n, true);
    assert_int_equal(client(bed, slot)->address_count, CLIENT_ADDRESSES);
    assert_int_equal(client(bed, slot)->addresses[0].family, 4);
    for (uint8_t i = 1; i < CLIENT_ADDRESSES; i++)
        assert_int_equal(client(bed, slot)->addresses[i].octets[15], i + 2);
    address(bed, slot, 6, 4, false);
    assert_int_equal(client(bed, slot)->address_count, 3);
    assert_int_equal(client(bed, slot)->addresses[2].octets[15], 5);
    address(bed, slot, 9, 1, true); /* no such family */
    assert_int_equal(client(bed, slot)->address_count, 3);
}

static void an_address_of_a_family_that_has_none_replaces_the_oldest_of_all(void **state)
{
    struct bed *bed = *state;
    uint32_t slot = add(bed, 1, RADIO_CLASS_CLIENT);

    for (uint8_t n = 1; n <= 4; n++)
        address(bed, slot, 6, n, true);
    address(bed, slot, 4, 1, true);
    assert_int_equal(client(bed, slot)->addresses[0].octets[15], 2);
    assert_int_equal(client(bed, slot)->addresses[3].family, 4);
}

static void information_that_a_class_has_no_use_for_are_left_out(void **state)
{
    struct bed *bed = *state;
    uint32_t rogue = add(bed, 1, RADIO_CLASS_ROGUE_AP);
    uint32_t mine = add(bed, 2, RADIO_CLASS_CLIENT);

    address(bed, rogue, 4, 1, true);
    user(bed, rogue, "alice");
    find(bed, mine, "evil");
    (void)device_info_take_tag(bed->pool, mine, 1, &(struct radio_tag){.sequence = 1});
    address(bed, mine, 4, 1, false);
    user(bed, mine, "");
    assert_null(device_info_of(bed->pool, rogue));
    assert_null(device_info_of(bed->pool, mine));
    assert_int_equal(device_info_counters(bed->pool)->refused, 0);
}

static void a_device_of_another_class_starts_anew(void **state)
{
    struct bed *bed = *state;
    uint32_t slot = add(bed, 1, RADIO_CLASS_ROGUE_CLIENT);

    find(bed, slot, "evil");
    count(bed, slot, 3, 9);
    bed->table.devices[slot].device_class = RADIO_CLASS_CLIENT;
    address(bed, slot, 4, 1, true);
    assert_int_equal(client(bed, slot)->ssid_len, 0);
    assert_int_equal(client(bed, slot)->address_count, 1);
    assert_int_equal(device_info_of(bed->pool, slot)->statistics.rx_bytes, 9);
}

/* --- statistics ------------------------------------------------------------------------------ */

static void counters_that_are_all_zero_are_no_measurement(void **state)
{
    struct bed *bed = *state;
    uint32_t slot = add(bed, 1, RADIO_CLASS_CLIENT);

    count(bed, slot, 0, 0);
    assert_null(device_info_of(bed->pool, slot));
    count(bed, slot, 0, 1);
    assert_true(device_info_of(bed->pool, slot)->has_statistics);
    count(bed, slot, 0, 0);
    assert_int_equal(device_info_of(bed->pool, slot)->statistics.rx_bytes, 1);
}

static void what_was_true_at_an_ap_ends_with_it(void **state)
{
    struct bed *bed = *state;
    uint32_t slot = add(bed, 1, RADIO_CLASS_CLIENT);

    join(bed, slot, "cafe");
    user(bed, slot, "alice");
    address(bed, slot, 4, 1, true);
    count(bed, slot, 2, 100);
    bed->epoch = 6;
    device_info_part(bed->pool, slot, bed->epoch, 1, false);
    assert_int_equal(device_info_of(bed->pool, slot)->changed, 5);
    assert_true(device_info_of(bed->pool, slot)->has_statistics);
    device_info_part(bed->pool, slot, bed->epoch, 2, true);
    assert_int_equal(device_info_of(bed->pool, slot)->changed, 6);
    assert_false(device_info_of(bed->pool, slot)->has_statistics);
    assert_int_equal(client(bed, slot)->ssid_len, 0);
    assert_int_equal(client(bed, slot)->vlan, 0);
    assert_int_equal(client(bed, slot)->protocol, 0);
    assert_int_equal(client(bed, slot)->user_len, 5);
    assert_int_equal(client(bed, slot)->address_count, 1);
}

/* --- rogues and tags ------------------------------------------------------------------------- */

static void a_rogue_keeps_the_time_at_which_it_was_found(void **state)
{
    struct bed *bed = *state;
    uint32_t slot = add(bed, 1, RADIO_CLASS_ROGUE_AP);

    find(bed, slot, "evil");
    device_info_take_rogue(bed->pool, slot, 6, &(struct radio_rogue){.channel = 1}, 1800000009000);
    const struct device_info *record = device_info_of(bed->pool, slot);
    assert_int_equal(record->rogue.first_seen, 1800000000000);
    assert_int_equal(record->rogue.channel, 1);
    assert_int_equal(record->rogue.ssid_len, 0);
    assert_int_equal(record->changed, 6);
}

static uint32_t tag(struct bed *bed, uint32_t slot, uint16_t sequence, const char *payload,
                    int64_t heard)
{
    return device_info_take_tag(bed->pool, slot, bed->epoch,
                                &(struct radio_tag){.sequence = sequence,
                                                    .payload = (const uint8_t *)payload,
                                                    .payload_len = (uint16_t)strlen(payload),
                                                    .heard = heard});
}

static void copies_of_a_frame_have_its_number_and_no_other_frame_has(void **state)
{
    struct bed *bed = *state;
    uint32_t slot = add(bed, 1, RADIO_CLASS_TAG);
    uint32_t other = add(bed, 2, RADIO_CLASS_TAG);
    uint32_t first = tag(bed, slot, 0, "a", 1000);

    assert_int_not_equal(first, 0);
    assert_int_equal(tag(bed, slot, 0, "a", 1000), first);
    assert_int_equal(tag(bed, slot, 0, "a", 501), first);
    assert_int_equal(tag(bed, slot, 0, "a", 1499), first);
    assert_int_not_equal(tag(bed, other, 0, "a", 1000), first);
    assert_int_not_equal(tag(bed, slot, 0, "a", 1500), first); /* a blink without a number */
    uint32_t second = tag(bed, slot, 0, "b", 1500);
    assert_int_not_equal(second, first);
    assert_int_not_equal(tag(bed, slot, 1, "b", 1500), second);
}

/* --- a full pool ----------------------------------------------------------------------------- */

static void when_the_pool_is_full_a_client_takes_the_record_of_who_is_none(void **state)
{
    struct bed *bed = *state;
    uint32_t rogues[RECORDS];
    uint32_t clients[RECORDS];

    assert_int_equal(device_info_capacity(bed->pool), RECORDS);
    for (uint8_t n = 0; n < RECORDS; n++) {
        rogues[n] = add(bed, n, RADIO_CLASS_ROGUE_AP);
        find(bed, rogues[n], "evil");
    }
    for (uint8_t n = 0; n < RECORDS; n++) {
        clients[n] = add(bed, (uint8_t)(100 + n), RADIO_CLASS_CLIENT);
        address(bed, clients[n], 4, 1, true); /* not associated: refused */
        assert_null(device_info_of(bed->pool, clients[n]));
        join(bed, clients[n], "cafe");
        assert_int_equal(client(bed, clients[n])->ssid_len, 4);
        assert_null(device_info_of(bed->pool, rogues[n]));
    }
    assert_int_equal(device_info_counters(bed->pool)->yielded, RECORDS);
    assert_int_equal(device_info_counters(bed->pool)->refused, RECORDS);
}

static void clients_do_not_take_from_each_other(void **state)
{
    struct bed *bed = *state;
    uint32_t clients[RECORDS + 1];

    for (uint8_t n = 0; n <= RECORDS; n++) {
        clients[n] = add(bed, n, RADIO_CLASS_CLIENT);
        join(bed, clients[n], "cafe");
    }
    assert_null(device_info_of(bed->pool, clients[RECORDS]));
    assert_int_equal(device_info_counters(bed->pool)->refused, 1);
    assert_int_equal(device_info_counters(bed->pool)->yielded, 0);
    device_info_forget(bed->pool, clients[1]);
    assert_null(device_info_of(bed->pool, clients[1]));
    join(bed, clients[RECORDS], "cafe");
    assert_non_null(device_info_of(bed->pool, clients[RECORDS]));
}

static void a_record_that_was_given_back_comes_clean(void **state)
{
    struct bed *bed = *state;
    uint32_t slot = add(bed, 1, RADIO_CLASS_CLIENT);

    join(bed, slot, "cafe");
    user(bed, slot, "alice");
    count(bed, slot, 0, 77);
    device_info_forget(bed->pool, slot);
    device_info_forget(bed->pool, slot); /* a device of which nothing is known */
    address(bed, slot, 4, 1, true);
    assert_int_equal(client(bed, slot)->ssid_len, 0);
    assert_int_equal(client(bed, slot)->user_len, 0);
    assert_false(device_info_of(bed->pool, slot)->has_statistics);
}

static void a_frame_of_a_tag_without_a_record_is_always_a_new_one(void **state)
{
    struct bed *bed = *state;

    for (uint8_t n = 0; n < RECORDS; n++)
        join(bed, add(bed, n, RADIO_CLASS_CLIENT), "cafe");
    uint32_t slot = add(bed, 100, RADIO_CLASS_TAG);
    assert_int_not_equal(tag(bed, slot, 1, "a", 0), tag(bed, slot, 1, "a", 0));
}

static void without_memory_or_randomness_there_is_no_pool(void **state)
{
    struct bed *bed = *state;

    for (unsigned n = 1; n <= 3; n++) {
        failing_malloc_at(n);
        assert_null(device_info_new(&bed->table, NULL));
        assert_true(failing_hit());
        failing_reset();
    }
    device_info_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_differs_is_a_change),
        TEST(lengths_beyond_what_is_possible_are_cut),
        TEST(four_addresses_are_kept_and_the_oldest_of_a_family_goes_first),
        TEST(an_address_of_a_family_that_has_none_replaces_the_oldest_of_all),
        TEST(information_that_a_class_has_no_use_for_are_left_out),
        TEST(a_device_of_another_class_starts_anew),
        TEST(counters_that_are_all_zero_are_no_measurement),
        TEST(what_was_true_at_an_ap_ends_with_it),
        TEST(a_rogue_keeps_the_time_at_which_it_was_found),
        TEST(copies_of_a_frame_have_its_number_and_no_other_frame_has),
        TEST(when_the_pool_is_full_a_client_takes_the_record_of_who_is_none),
        TEST(clients_do_not_take_from_each_other),
        TEST(a_record_that_was_given_back_comes_clean),
        TEST(a_frame_of_a_tag_without_a_record_is_always_a_new_one),
        TEST(without_memory_or_randomness_there_is_no_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
