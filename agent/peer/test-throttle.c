/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/peer/throttle.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static struct throttle throttle;

static const struct settings_listen limits = {.each = {.rate = 12, .burst = 6},
                                              .all = {.rate = 60, .burst = 20}};

static int set_up(void **state)
{
    (void)state;
    memset(&throttle, 0, sizeof(throttle));
    return 0;
}

static struct address_group group_of(const char *text)
{
    struct sockaddr_storage address = {.ss_family = AF_INET};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        memcpy(&address, &in, sizeof(in));
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        memcpy(&address, &in6, sizeof(in6));
    }
    return address_group(&address);
}

static struct address_group group_number(unsigned number)
{
    struct address_group group = {.prefix = {10}};

    memcpy(group.prefix, &number, sizeof(number));
    return group;
}

/* How many of `tries` at this time. */
static unsigned take(const struct address_group *from, unsigned tries, int64_t now)
{
    unsigned taken = 0;

    for (unsigned i = 0; i < tries; i++)
        taken += throttle_take(&throttle, &limits, from, now);
    return taken;
}

static void one_address_has_its_burst_and_then_its_rate(void **state)
{
    struct address_group from = group_of("192.0.2.1");

    (void)state;
    assert_int_equal(take(&from, 50, 1000), 6);
    assert_int_equal(take(&from, 50, 5999), 0);
    assert_int_equal(take(&from, 50, 6000), 1);
    assert_int_equal(take(&from, 50, 16000), 2);
    assert_int_equal(take(&from, 50, 16000 + 3600 * 1000), 6);
}

static void an_ipv4_address_inside_an_ipv6_one_and_a_64_are_one(void **state)
{
    struct address_group plain = group_of("192.0.2.1");
    struct address_group mapped = group_of("::ffff:192.0.2.1");
    struct address_group next = group_of("::ffff:192.0.2.2");
    struct address_group six = group_of("2001:db8:0:1::1");
    struct address_group same = group_of("2001:db8:0:1:ffff::2");
    struct address_group other = group_of("2001:db8:0:2::1");

    (void)state;
    assert_int_equal(take(&plain, 4, 0) + take(&mapped, 4, 0), 6);
    assert_int_equal(take(&next, 1, 0), 1);
    memset(&throttle, 0, sizeof(throttle));
    assert_int_equal(take(&six, 4, 0) + take(&same, 4, 0), 6);
    assert_int_equal(take(&other, 1, 0), 1);
}

static void who_is_authorised_is_paid_back(void **state)
{
    struct address_group from = group_of("192.0.2.1");

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        assert_true(throttle_take(&throttle, &limits, &from, 0));
        throttle_give_back(&throttle, &from);
    }
    assert_int_equal(take(&from, 50, 0), 6);
}

/* What one address, or a few, can take is not all: somebody new still comes in. */
static void a_few_leave_half_of_the_common_bucket_to_others(void **state)
{
    struct address_group fresh = group_of("198.51.100.1");
    unsigned taken = 0;

    (void)state;
    for (int64_t now = 0; now < 600 * 1000; now += 100) {
        for (unsigned i = 0; i < 10; i++) {
            struct address_group from = group_number(i);
            if (now > 0 && i < 6 && now % 5000 == 0)
                continue; /* never at the moment when its bucket is full again */
            taken += take(&from, 1, now);
        }
    }
    assert_true(taken <= 20 + 600);
    assert_int_equal(take(&fresh, 1, 600 * 1000), 1);
}

/*
 * Eight that hammer want more than all may have, so that the common bucket keeps each of them out
 * until its own is full again. That must not make them new: every second somebody who is gets in.
 */
static void those_that_hammer_do_not_become_new_while_they_are_kept_out(void **state)
{
    unsigned new_ones = 0;

    (void)state;
    for (int64_t now = 0; now < 3600 * 1000; now += 20) {
        for (unsigned i = 0; i < 8; i++) {
            struct address_group from = group_number(i);
            (void)take(&from, 1, now);
        }
        if (now % 1000 != 500)
            continue;
        struct address_group fresh = group_number(1000 + new_ones++);
        if (take(&fresh, 1, now) != 1)
            fail_msg("at %u s", (unsigned)(now / 1000));
        throttle_give_back(&throttle, &fresh);
    }
    assert_int_equal(new_ones, 3600);
}

static void who_stays_away_long_enough_is_new_again(void **state)
{
    struct address_group from = group_number(1);

    (void)state;
    assert_int_equal(take(&from, 1, 0), 1);
    for (unsigned i = 0; i < 10; i++) {
        struct address_group other = group_number(100 + i);
        assert_int_equal(take(&other, 1, THROTTLE_FORGET_MS - 1), 1);
    }
    assert_int_equal(take(&from, 1, THROTTLE_FORGET_MS - 1), 0); /* and this was its last visit */
    assert_int_equal(take(&from, 1, THROTTLE_FORGET_MS), 0);
    for (unsigned i = 0; i < 10; i++) {
        struct address_group other = group_number(200 + i);
        assert_int_equal(take(&other, 1, 3 * THROTTLE_FORGET_MS), 1);
    }
    assert_int_equal(take(&from, 1, 3 * THROTTLE_FORGET_MS), 1);
}

static void a_rate_of_0_is_no_limit(void **state)
{
    const struct settings_listen none = {.enabled = true};
    const struct settings_listen each = {.each = {.rate = 12, .burst = 6}};
    struct address_group from = group_of("192.0.2.1");
    unsigned taken = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        assert_true(throttle_take(&throttle, &none, &from, 0));
    /* What was taken without a limit does not count once there is one. */
    memset(&throttle, 0, sizeof(throttle));
    for (unsigned i = 0; i < 1000; i++)
        taken += throttle_take(&throttle, &each, &from, 0);
    assert_int_equal(taken, 6);
}

static void a_burst_of_1_lets_one_in_after_the_other(void **state)
{
    const struct settings_listen slow = {.each = {.rate = 1, .burst = 1},
                                         .all = {.rate = 1, .burst = 1}};
    struct address_group from = group_of("192.0.2.1");

    (void)state;
    assert_true(throttle_take(&throttle, &slow, &from, 0));
    assert_false(throttle_take(&throttle, &slow, &from, 59999));
    assert_true(throttle_take(&throttle, &slow, &from, 60000));
}

static void a_clock_that_stands_or_goes_far_does_no_harm(void **state)
{
    struct address_group from = group_of("192.0.2.1");

    (void)state;
    assert_int_equal(take(&from, 50, 5000), 6);
    assert_int_equal(take(&from, 50, 0), 0);
    assert_int_equal(take(&from, 50, INT64_MAX), 6);
}

/* Whatever comes when: in every span of time that begins with the first one, burst + rate * t. */
static void never_more_than_burst_and_rate_allow(void **state)
{
    unsigned random = 1;

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct settings_listen some = {.each = {.rate = (uint16_t)(1 + rand_r(&random) % 200),
                                                .burst = (uint16_t)(1 + rand_r(&random) % 20)},
                                       .all = {.rate = (uint16_t)(1 + rand_r(&random) % 400),
                                               .burst = (uint16_t)(1 + rand_r(&random) % 40)}};
        unsigned groups = 1 + (unsigned)rand_r(&random) % THROTTLE_GROUPS;
        uint64_t each[THROTTLE_GROUPS] = {0};
        uint64_t all = 0;
        int64_t now = 0;

        memset(&throttle, 0, sizeof(throttle));
        for (unsigned i = 0; i < 2000; i++) {
            unsigned number = (unsigned)rand_r(&random) % groups;
            struct address_group from = group_number(number);
            now += rand_r(&random) % 100 == 0 ? rand_r(&random) % 100000 : rand_r(&random) % 50;
            if (!throttle_take(&throttle, &some, &from, now))
                continue;
            if (rand_r(&random) % 10 == 0) {
                throttle_give_back(&throttle, &from);
                continue;
            }
            all++;
            each[number]++;
            assert_true(all <= some.all.burst + (uint64_t)now * some.all.rate / 60000);
            assert_true(each[number] <= some.each.burst + (uint64_t)now * some.each.rate / 60000);
        }
        assert_true(all > 0);
    }
}

/* More groups than there are buckets: the common one holds, and who took the most stays known. */
static void with_too_many_addresses_all_together_are_still_bounded(void **state)
{
    struct settings_listen wide = limits;
    struct address_group heavy = group_number(1000000);
    uint64_t taken = 0;

    (void)state;
    wide.all = (struct settings_rate){.rate = 6000, .burst = 1000};
    for (unsigned i = 0; i < 6; i++)
        assert_true(throttle_take(&throttle, &wide, &heavy, 0));
    for (unsigned i = 0; i < 5000; i++) {
        struct address_group from = group_number(i);
        taken += throttle_take(&throttle, &wide, &from, 0);
    }
    assert_int_equal(taken + 6, 1000);
    assert_false(throttle_take(&throttle, &wide, &heavy, 1000));
}

#define TEST(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_address_has_its_burst_and_then_its_rate),
        TEST(an_ipv4_address_inside_an_ipv6_one_and_a_64_are_one),
        TEST(who_is_authorised_is_paid_back),
        TEST(a_few_leave_half_of_the_common_bucket_to_others),
        TEST(those_that_hammer_do_not_become_new_while_they_are_kept_out),
        TEST(who_stays_away_long_enough_is_new_again),
        TEST(a_rate_of_0_is_no_limit),
        TEST(a_burst_of_1_lets_one_in_after_the_other),
        TEST(a_clock_that_stands_or_goes_far_does_no_harm),
        TEST(never_more_than_burst_and_rate_allow),
        TEST(with_too_many_addresses_all_together_are_still_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
