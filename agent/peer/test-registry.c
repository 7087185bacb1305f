/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/peer/registry.h"
#include "tests/unit/failing.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const struct mac alice = {{0, 0, 0, 0, 0, 1}};
static const struct mac bob = {{0, 0, 0, 0, 0, 2}};

struct scene {
    struct loop *loop;
    struct session_context shared;
    struct registry *registry;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    *state = s;
    s->loop = loop_new_virtual(0, 0);
    s->shared.loop = s->loop;
    s->registry = registry_new(&(struct registry_options){.shared = &s->shared});
    return s->registry == NULL;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    failing_reset();
    registry_free(s->registry);
    loop_free(s->loop);
    free(s);
    return 0;
}

static void a_mac_has_a_session_as_long_as_an_entry_says_so(void **state)
{
    struct scene *s = *state;
    struct registry_entry first = {.has_session = true, .identity = alice};
    struct registry_entry second = {.identity = bob}; /* authorised, and no session yet */

    assert_true(registry_is_empty(s->registry));
    registry_add(s->registry, &first);
    registry_add(s->registry, &second);
    assert_true(registry_has_session(s->registry, &alice));
    assert_false(registry_has_session(s->registry, &bob));
    assert_null(registry_admit(s->registry, &bob, true));
    registry_remove(s->registry, &first);
    assert_false(registry_has_session(s->registry, &alice));
    assert_false(registry_is_empty(s->registry));
    registry_remove(s->registry, &second);
    assert_true(registry_is_empty(s->registry));
}

static void connections_cross_where_ours_goes_to_the_host_that_comes_in(void **state)
{
    struct scene *s = *state;
    struct registry_entry came_in = {
        .inbound = true, .address = "192.0.2.1:5", .has_session = true, .identity = alice};
    struct registry_entry ours = {
        .address = "192.0.2.1:16113", .has_session = true, .identity = alice};

    registry_add(s->registry, &came_in);
    assert_false(registry_crosses(s->registry, &alice, "192.0.2.1:9"));
    registry_add(s->registry, &ours);
    assert_true(registry_crosses(s->registry, &alice, "192.0.2.1:9"));
    assert_false(registry_crosses(s->registry, &alice, "192.0.2.2:9"));
    assert_false(registry_crosses(s->registry, &bob, "192.0.2.1:9"));
    registry_remove(s->registry, &ours);
    registry_remove(s->registry, &came_in);
}

static void who_stops_admits_nobody(void **state)
{
    struct scene *s = *state;

    assert_null(registry_admit(s->registry, &alice, false));
    registry_stop(s->registry);
    assert_string_equal(registry_admit(s->registry, &alice, false), "the agent is stopping");
}

static struct address_host host_of(uint32_t address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};

    memcpy(&storage, &in, sizeof(in));
    return address_host(&storage);
}

static void a_configured_server_is_known_by_each_of_its_addresses(void **state)
{
    struct scene *s = *state;
    const struct address_host hosts[] = {host_of(1), host_of(2)};
    const struct address_host other = host_of(3);
    struct registry_server first = {.count = 2, .hosts = hosts};
    struct registry_server second = {.count = 1, .hosts = &other};

    registry_add_server(s->registry, &first);
    registry_add_server(s->registry, &second);
    assert_true(registry_dials(s->registry, &hosts[0]));
    assert_true(registry_dials(s->registry, &hosts[1]));
    assert_true(registry_dials(s->registry, &other));
    registry_remove_server(s->registry, &first);
    assert_false(registry_dials(s->registry, &hosts[1]));
    assert_true(registry_dials(s->registry, &other));
    registry_remove_server(s->registry, &second);
}

static char told[16];

static void note(void *context, const struct peer_status *peer)
{
    (void)peer;
    (void)strncat(told, context, sizeof(told) - strlen(told) - 1);
}

static void note_refused(void *context, const struct diagnosis *why)
{
    (void)why;
    (void)strncat(told, context, sizeof(told) - strlen(told) - 1);
}

static void observers_are_told_in_their_order_and_of_refusals_only_what_is_one(void **state)
{
    struct scene *s = *state;
    char a[] = "a";
    char b[] = "b";
    struct registry_observer first = {
        .session_up = note, .peer_refused = note_refused, .context = a};
    struct registry_observer second = {.session_up = note, .context = b};
    struct peer_status peer = {.inbound = false};
    struct diagnosis why;

    registry_observe(s->registry, &first);
    registry_observe(s->registry, &second);
    registry_up(s->registry, &peer);
    diagnosis_init(&why, DIAGNOSIS_PORT_CLOSED);
    registry_diagnosed(s->registry, "somebody", &why);
    diagnosis_init(&why, DIAGNOSIS_UNKNOWN_MAC);
    registry_diagnosed(s->registry, "somebody", &why);
    registry_down(s->registry, &peer, &why, "a reason", 1);
    assert_string_equal(told, "aba");
    registry_unobserve(s->registry, &first);
    registry_up(s->registry, &peer);
    assert_string_equal(told, "abab");
    registry_unobserve(s->registry, &second);
}

static void without_memory_there_is_none(void **state)
{
    struct scene *s = *state;

    for (unsigned n = 1;; n++) {
        failing_malloc_at(n);
        struct registry *registry = registry_new(&(struct registry_options){.shared = &s->shared});
        bool failed = failing_hit();
        failing_reset();
        registry_free(registry);
        if (!failed)
            break;
        assert_null(registry);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_mac_has_a_session_as_long_as_an_entry_says_so),
        TEST(connections_cross_where_ours_goes_to_the_host_that_comes_in),
        TEST(who_stops_admits_nobody),
        TEST(a_configured_server_is_known_by_each_of_its_addresses),
        TEST(observers_are_told_in_their_order_and_of_refusals_only_what_is_one),
        TEST(without_memory_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
