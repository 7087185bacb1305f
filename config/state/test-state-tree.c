/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/hex.h"
#include "agent/wire/wire.h"
#include "config/state/test-state.h"

/* --- state ----------------------------------------------------------------------------------- */

static void the_state_of_a_session_is_valid_data_with_what_the_agent_tells(void **state)
{
    struct scene *s = *state;
    char hash[2 * 32 + 1];

    (void)start(state, scene_with_listener(s, scene_with_server(s)));
    bed_ap(s->bed, 0);
    bed_hear(s->bed, 1, 0, -50);
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);
    struct lyd_node *tree = state_of_agent();
    assert_int_equal(count_at(tree, "/nmspd-nmsp:nmsp-state/peer"), 2);
    assert_string_equal(value_at(tree, "/nmspd-nmsp:nmsp-state/peer[1]/phase"), "active");
    assert_string_equal(value_at(tree, "/nmspd-nmsp:nmsp-state/peer[1]/host"), "127.0.0.1");
    assert_string_equal(value_at(tree, "/nmspd-nmsp:nmsp-state/peer[2]/direction"), "inbound");
    assert_string_equal(value_at(tree, "/nmspd-nmsp:nmsp-state/peer[2]/tls-version"), "TLSv1.3");
    assert_string_equal(
        value_at(tree, "/nmspd-nmsp:nmsp-state/peer[1]/counters/received[id='7']/name"),
        "Capability Notification");
    assert_string_equal(
        value_at(tree, "/nmspd-nmsp:nmsp-state/peer[1]/counters/received[id='7']/count"), "1");
    assert_string_equal(value_at(tree, "/nmspd-nmsp:nmsp-state/agent/software"), "nmspd test");
    assert_true(count_at(tree, "/nmspd-nmsp:nmsp-state/capability/service") >= 4);
    assert_string_equal(
        value_at(tree, "/nmspd-nmsp:nmsp-state/certificate[key-type='rsa']/sha2-key-hash"),
        hex_text(tls_identity_info(far_identity(FAR_OURS))->spki_sha256, 32, hash));
    assert_int_equal(count_at(tree, "/nmspd-nmsp:nmsp-state/certificate/not-after"), 1);
    assert_string_equal(
        value_at(tree, "/nmspd-nmsp:nmsp-state/statistics/ssl/verification-successes"), "2");
    assert_string_equal(value_at(tree, "/nmspd-location:location-state/samples-taken"), "1");
    assert_string_equal(value_at(tree, "/nmspd-radio:radio-state/sources"), "two radios of paper");
    assert_string_equal(value_at(tree, "/nmspd-radio:radio-state/stations/dumps"), "7");
    lyd_free_all(tree);
}

static void subscribe(struct scene *s, struct far_end *end)
{
    const struct mac aps[] = {bed_ap_mac(0), bed_ap_mac(1)};
    uint8_t message[256];
    struct writer w = writer_of(message, sizeof(message));
    size_t begin = wire_begin(&w, WIRE_SUBSCRIBE_REQUEST, 0, 2);

    wire_put_services(&w, WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_AP_INFO));
    wire_ap_filter_put(&w, &(struct wire_ap_filter){.macs = {(const uint8_t *)aps, 12, 2}});
    wire_put_interval(&w, WIRE_RSSI_MS, 17);
    assert_true(wire_end(&w, begin));
    assert_true(far_write(end, s->bed->loop, message, w.used));
}

static bool is_subscribed(void *context)
{
    return scene_peer_at(context, 0).granted != 0;
}

static void a_subscription_is_state_with_its_intervals_and_filters(void **state)
{
    static const char path[] = "/nmspd-nmsp:nmsp-state/peer[1]/subscription";
    struct scene *s = start(state, scene_with_server(*state));
    char at[128];

    bed_ap(s->bed, 0);
    struct far_end *end = scene_take_call(s, FAR_SERVER);
    scene_activate(s, end);
    subscribe(s, end);
    scene_run_until(s, is_subscribed);
    struct lyd_node *tree = state_of_agent();
    (void)snprintf(at, sizeof(at), "%s/service", path);
    assert_int_equal(count_at(tree, at), 2);
    (void)snprintf(at, sizeof(at), "%s/service[name='rssi-ms']/interval", path);
    assert_string_equal(value_at(tree, at), "17");
    (void)snprintf(at, sizeof(at), "%s/service[name='ap-info']/interval", path);
    assert_int_equal(count_at(tree, at), 0);
    (void)snprintf(at, sizeof(at), "%s/ap-filter", path);
    assert_string_equal(value_at(tree, at), "2");
    (void)snprintf(at, sizeof(at), "%s/device-filter", path);
    assert_int_equal(count_at(tree, at), 0);
    lyd_free_all(tree);
}

static bool is_refused(void *context)
{
    struct state_diagnosis_cursor cursor = {0};
    const struct scene *s = context;
    struct diagnosis d;

    return state_next_diagnosis(s->agent, &cursor, &d) &&
           diagnosis_class(d.code) == DIAGNOSIS_REFUSED;
}

static void a_refusal_is_state_with_its_sentences_and_the_lines_to_paste(void **state)
{
    struct scene *s = *state;
    struct settings *settings = scene_with_server(s);

    settings->aaa.user_count = 0;
    (void)start(state, settings);
    (void)scene_take_call(s, FAR_SERVER);
    scene_run_until(s, is_refused);
    struct lyd_node *tree = state_of_agent();
    assert_string_equal(value_at(tree, "/nmspd-nmsp:nmsp-state/diagnosis[1]/code"), "unknown-mac");
    assert_string_equal(value_at(tree, "/nmspd-nmsp:nmsp-state/diagnosis[1]/host"), "127.0.0.1");
    assert_true(strlen(value_at(tree, "/nmspd-nmsp:nmsp-state/diagnosis[1]/cause")) > 20);
    assert_true(strlen(value_at(tree, "/nmspd-nmsp:nmsp-state/diagnosis[1]/remedy")) > 20);
    assert_true(count_at(tree, "/nmspd-nmsp:nmsp-state/diagnosis[1]/line") >= 2);
    assert_int_equal(
        strlen(value_at(tree, "/nmspd-nmsp:nmsp-state/diagnosis[1]/presented/sha2-key-hash")), 64);
    lyd_free_all(tree);
}

static void more_diagnoses_than_fit_are_counted(void **state)
{
    struct scene *s = *state;
    struct settings *settings = scene_base_settings();
    enum { USERS = 1024 };

    free(settings->aaa.users);
    settings->aaa.users = calloc(USERS, sizeof(*settings->aaa.users));
    assert_non_null(settings->aaa.users);
    settings->aaa.user_count = USERS;
    for (uint32_t i = 0; i < USERS; i++) {
        settings->aaa.users[i].mac = bed_mac(i);
        (void)snprintf(settings->aaa.users[i].attribute_list, SETTINGS_LIST_SIZE, "nowhere%u", i);
    }
    (void)start(state, settings);
    (void)s;
    struct lyd_node *tree = state_of_agent();
    assert_int_equal(count_at(tree, "/nmspd-nmsp:nmsp-state/diagnosis[code='dangling-list']"), 128);
    assert_string_equal(value_at(tree, "/nmspd-nmsp:nmsp-state/diagnoses-omitted"), "896");
    assert_true(size_as_xml(tree) < 512 * 1024);
    lyd_free_all(tree);
}

static void before_there_is_an_identity_the_state_is_valid_too(void **state)
{
    struct scene *s = *state;

    s->has_base_mac = false;
    s->base_mac = (struct mac){{0}};
    (void)snprintf(s->state_dir, sizeof(s->state_dir), "/nonexistent");
    (void)start(state, scene_with_server(s));
    struct lyd_node *tree = state_of_agent();
    assert_int_equal(count_at(tree, "/nmspd-nmsp:nmsp-state/certificate"), 0);
    assert_int_equal(count_at(tree, "/nmspd-nmsp:nmsp-state/base-mac"), 0);
    assert_string_equal(value_at(tree, "/nmspd-nmsp:nmsp-state/diagnosis[1]/code"), "no-identity");
    lyd_free_all(tree);
}

static void the_schema_takes(const char *path, const char *value)
{
    struct lyd_node *node = NULL;

    if (lyd_new_path(NULL, schema, path, value, 0, &node) != LY_SUCCESS)
        fail_msg("%s is not taken at %s", value, path);
    lyd_free_all(node);
}

static void every_code_every_service_and_every_level_has_its_name_in_the_schema(void **state)
{
    (void)state;
    for (int code = DIAGNOSIS_NONE + 1; code < DIAGNOSIS_CODES; code++)
        the_schema_takes("/nmspd-nmsp:session-down/code",
                         diagnosis_code_name((enum diagnosis_code)code));
    for (unsigned bit = 0; bit < 64; bit++)
        if (state_service_name(bit) != NULL)
            the_schema_takes("/nmspd-nmsp:nmsp-state/capability/service", state_service_name(bit));
    for (int level = TRACE_ERR; level <= TRACE_DEBUG; level++)
        the_schema_takes("/nmspd-trace:trace/level", trace_level_name((enum trace_level)level));
}

/* --- notifications --------------------------------------------------------------------------- */

static void sessions_that_come_and_go_are_told(void **state)
{
    struct scene *s = start(state, scene_with_server(*state));
    struct far_end *end = scene_take_call(s, FAR_SERVER);
    char mac[MAC_TEXT_SIZE];

    scene_activate(s, end);
    scene_run_until(s, scene_one_is_active);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.last->schema->name, "session-up");
    assert_string_equal(value_at(told.last, "/nmspd-nmsp:session-up/mac"),
                        mac_text(&far_macs[FAR_SERVER], mac));
    assert_string_equal(value_at(told.last, "/nmspd-nmsp:session-up/legacy-cipher"), "false");
    loop_advance(s->bed->loop, 2500);
    tls_shutdown(end->tls);
    (void)shutdown(end->fd, SHUT_WR);
    scene_run_until(s, scene_none_is_active);
    assert_int_equal(told.count, 2);
    assert_string_equal(told.last->schema->name, "session-down");
    assert_string_equal(value_at(told.last, "/nmspd-nmsp:session-down/code"), "peer-closed");
    assert_string_equal(value_at(told.last, "/nmspd-nmsp:session-down/duration"), "2");
    assert_true(value_at(told.last, "/nmspd-nmsp:session-down/reason")[0] != '\0');
}

static void a_refused_peer_is_told_with_cause_and_remedy(void **state)
{
    struct settings *settings = scene_with_server(*state);

    settings->aaa.user_count = 0;
    struct scene *s = start(state, settings);
    (void)scene_take_call(s, FAR_SERVER);
    scene_run_until(s, is_refused);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.last->schema->name, "peer-refused");
    assert_string_equal(value_at(told.last, "/nmspd-nmsp:peer-refused/code"), "unknown-mac");
    assert_true(value_at(told.last, "/nmspd-nmsp:peer-refused/remedy")[0] != '\0');
    assert_true(count_at(told.last, "/nmspd-nmsp:peer-refused/line") >= 2);
}

/* --- rpcs of nmspd-nmsp ---------------------------------------------------------------------- */

static void reconnect_is_answered_with_how_many_that_concerns(void **state)
{
    struct scene *s = start(state, scene_with_server(*state));

    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    struct lyd_node *rpc = run("nmspd-nmsp", "reconnect", "<address>127.0.0.1</address>");
    assert_string_equal(value_at(rpc, "/nmspd-nmsp:reconnect/peers"), "1");
    lyd_free_all(rpc);
    scene_run_until(s, scene_first_end_is_closed);
    rpc = run("nmspd-nmsp", "reconnect", "<all/>");
    assert_string_equal(value_at(rpc, "/nmspd-nmsp:reconnect/peers"), "1");
    lyd_free_all(rpc);
}

static void to_reconnect_who_is_not_known_is_an_invalid_value(void **state)
{
    (void)start(state, scene_with_server(*state));
    run_in_vain("nmspd-nmsp", "reconnect", "<address>192.0.2.1</address>");
    assert_int_equal(errors.items[0].tag, RPC_INVALID_VALUE);
    assert_string_equal(errors.items[0].path, "/nmspd-nmsp:reconnect/address");
    assert_non_null(strstr(errors.items[0].message, "192.0.2.1"));
}

static void counters_are_cleared_on_request(void **state)
{
    struct scene *s = start(state, scene_with_server(*state));

    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    lyd_free_all(run("nmspd-nmsp", "clear-statistics", ""));
    struct lyd_node *tree = state_of_agent();
    assert_string_equal(value_at(tree, "/nmspd-nmsp:nmsp-state/statistics/ssl/verifications"), "0");
    assert_int_equal(count_at(tree, "/nmspd-nmsp:nmsp-state/peer/counters/received"), 0);
    lyd_free_all(tree);
}

static void a_certificate_cannot_be_renewed_before_there_is_one(void **state)
{
    struct scene *s = *state;

    (void)snprintf(s->state_dir, sizeof(s->state_dir), "/nonexistent");
    s->has_base_mac = false;
    (void)start(state, scene_with_server(s));
    run_in_vain("nmspd-nmsp", "renew-certificate", "");
    assert_int_equal(errors.items[0].tag, RPC_OPERATION_FAILED);
    assert_non_null(strstr(errors.items[0].message, "there is none yet"));
}

static void the_live_summary_counts_what_is_there(void **state)
{
    struct scene *s = start(state, scene_with_server(*state));

    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    bed_ap(s->bed, 0);
    bed_join(s->bed, 1, 0);
    bed_hear(s->bed, 1, 0, -40);
    bed_hear(s->bed, 2, 0, -60);
    bed_hear_as(s->bed, RADIO_CLASS_TAG, 3, 0, -60);
    struct lyd_node *rpc = run("nmspd-nmsp", "live-summary", "");
    assert_string_equal(value_at(rpc, "/nmspd-nmsp:live-summary/active-sessions"), "1");
    assert_string_equal(value_at(rpc, "/nmspd-nmsp:live-summary/devices"), "3");
    assert_string_equal(value_at(rpc, "/nmspd-nmsp:live-summary/clients"), "2");
    assert_string_equal(value_at(rpc, "/nmspd-nmsp:live-summary/associated-clients"), "1");
    assert_string_equal(value_at(rpc, "/nmspd-nmsp:live-summary/tags"), "1");
    assert_string_equal(value_at(rpc, "/nmspd-nmsp:live-summary/samples"), "3");
    lyd_free_all(rpc);
}

static void an_operation_of_others_is_not_supported(void **state)
{
    struct lyd_node *rpc = NULL;

    (void)start(state, scene_base_settings());
    assert_int_equal(lyd_new_path(NULL, schema, "/ietf-netconf:discard-changes", NULL, 0, &rpc),
                     LY_SUCCESS);
    assert_false(state_tree_rpc(tree_of_state, rpc, &errors));
    assert_int_equal(errors.items[0].tag, RPC_OPERATION_NOT_SUPPORTED);
    lyd_free_all(rpc);
}

static void without_memory_there_is_no_state_tree(void **state)
{
    struct scene *s = start(state, scene_base_settings());
    const struct state_tree_options options = {.schema = schema, .agent = s->agent};

    failing_malloc_at(1);
    assert_null(state_tree_new(&options));
    failing_reset();
    state_tree_free(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scene_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_state_of_a_session_is_valid_data_with_what_the_agent_tells),
        TEST(a_subscription_is_state_with_its_intervals_and_filters),
        TEST(a_refusal_is_state_with_its_sentences_and_the_lines_to_paste),
        TEST(more_diagnoses_than_fit_are_counted),
        TEST(before_there_is_an_identity_the_state_is_valid_too),
        cmocka_unit_test(every_code_every_service_and_every_level_has_its_name_in_the_schema),
        TEST(sessions_that_come_and_go_are_told),
        TEST(a_refused_peer_is_told_with_cause_and_remedy),
        TEST(reconnect_is_answered_with_how_many_that_concerns),
        TEST(to_reconnect_who_is_not_known_is_an_invalid_value),
        TEST(counters_are_cleared_on_request),
        TEST(a_certificate_cannot_be_renewed_before_there_is_one),
        TEST(the_live_summary_counts_what_is_there),
        TEST(an_operation_of_others_is_not_supported),
        TEST(without_memory_there_is_no_state_tree),
    };

    return cmocka_run_group_tests(tests, make_schema, free_schema);
}
