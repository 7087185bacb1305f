/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/hex.h"
#include "config/compat.h"
#include "config/schema.h"
#include "config/state-tree.h"
#include "tests/unit/agent-bed.h"
#include "tests/unit/failing.h"

static struct ly_ctx *schema;
static struct state_tree *tree_of_state;
static struct rpc_errors errors;

/* The last notification of each name. */
static struct {
    unsigned count;
    struct lyd_node *last;
} told;

static int make_schema(void **state)
{
    schema = schema_new();
    return schema == NULL ? 1 : far_identities_make(state);
}

static int free_schema(void **state)
{
    schema_free(schema);
    return far_identities_remove(state);
}

static int tear_down(void **state)
{
    failing_reset();
    lyd_free_all(told.last);
    told.last = NULL;
    told.count = 0;
    state_tree_free(tree_of_state);
    tree_of_state = NULL;
    return scene_tear_down(state);
}

static void keep_notification(void *context, const struct lyd_node *notification)
{
    (void)context;
    lyd_free_all(told.last);
    told.count++;
    assert_int_equal(lyd_dup_single(notification, NULL, LYD_DUP_RECURSIVE, &told.last), LY_SUCCESS);
    assert_int_equal(lyd_validate_op(told.last, NULL, LYD_TYPE_NOTIF_YANG, NULL), LY_SUCCESS);
}

static struct scene *start(void **state, struct settings *settings)
{
    struct scene *s = *state;

    scene_start(s, settings);
    const struct state_tree_options options = {
        .schema = schema, .agent = s->agent, .notify = keep_notification};
    tree_of_state = state_tree_new(&options);
    assert_non_null(tree_of_state);
    rpc_errors_clear(&errors);
    return s;
}

/* --- trees ----------------------------------------------------------------------------------- */

static const char *value_at(const struct lyd_node *tree, const char *path)
{
    struct ly_set *found = NULL;

    assert_int_equal(lyd_find_xpath(tree, path, &found), LY_SUCCESS);
    if (found->count == 0)
        fail_msg("there is no %s", path);
    const char *value = lyd_get_value(found->dnodes[0]);
    ly_set_free(found, NULL);
    return value;
}

static unsigned count_at(const struct lyd_node *tree, const char *path)
{
    struct ly_set *found = NULL;

    assert_int_equal(lyd_find_xpath(tree, path, &found), LY_SUCCESS);
    unsigned count = found->count;
    ly_set_free(found, NULL);
    return count;
}

static struct lyd_node *state_of_agent(void)
{
    static const char *const modules[] = {"nmspd-nmsp", "nmspd-location", "nmspd-radio"};
    struct lyd_node *tree = NULL;

    assert_true(state_tree_add(tree_of_state, &tree));
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        const struct lys_module *module = ly_ctx_get_module_implemented(schema, modules[i]);
        if (lyd_validate_module(&tree, module, 0, NULL) != LY_SUCCESS)
            fail_msg("%s: %s", modules[i], ly_err_last(schema)->msg);
    }
    return tree;
}

/* An rpc with its input as XML, ready to be run. */
static struct lyd_node *rpc_of(const char *module, const char *name, const char *input)
{
    struct lyd_node *rpc = NULL;
    struct lyd_node *op = NULL;
    struct ly_in *in = NULL;
    char xml[512];

    (void)snprintf(xml, sizeof(xml), "<%s xmlns=\"urn:nmspd:yang:%s\">%s</%s>", name, module, input,
                   name);
    assert_int_equal(ly_in_new_memory(xml, &in), LY_SUCCESS);
    if (lyd_parse_op(schema, NULL, in, LYD_XML, LYD_TYPE_RPC_YANG, &rpc, &op) != LY_SUCCESS ||
        lyd_validate_op(rpc, NULL, LYD_TYPE_RPC_YANG, NULL) != LY_SUCCESS)
        fail_msg("%s: %s", xml, ly_err_last(schema)->msg);
    ly_in_free(in, 0);
    return rpc;
}

/* The answer, validated; the caller frees it. */
static struct lyd_node *run(const char *module, const char *name, const char *input)
{
    struct lyd_node *rpc = rpc_of(module, name, input);

    if (!state_tree_rpc(tree_of_state, rpc, &errors))
        fail_msg("%s: %s", name, errors.items[0].message);
    if (lyd_validate_op(rpc, NULL, LYD_TYPE_REPLY_YANG, NULL) != LY_SUCCESS)
        fail_msg("%s: %s", name, ly_err_last(schema)->msg);
    return rpc;
}

static void run_in_vain(const char *module, const char *name, const char *input)
{
    struct lyd_node *rpc = rpc_of(module, name, input);

    rpc_errors_clear(&errors);
    assert_false(state_tree_rpc(tree_of_state, rpc, &errors));
    assert_int_equal(errors.count, 1);
    assert_true(errors.items[0].message[0] != '\0');
    lyd_free_all(rpc);
}

static size_t size_as_xml(const struct lyd_node *tree)
{
    char *text = NULL;

    assert_int_equal(lyd_print_mem(&text, tree, LYD_XML, LYD_PRINT_WITHSIBLINGS), LY_SUCCESS);
    size_t len = strlen(text);
    free(text);
    return len;
}

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
        hex_text(tls_identity_facts(far_identity(FAR_OURS))->spki_sha256, 32, hash));
    assert_int_equal(count_at(tree, "/nmspd-nmsp:nmsp-state/certificate/not-after"), 2);
    assert_string_equal(
        value_at(tree, "/nmspd-nmsp:nmsp-state/statistics/ssl/verification-successes"), "2");
    assert_string_equal(value_at(tree, "/nmspd-location:location-state/samples-taken"), "1");
    assert_string_equal(value_at(tree, "/nmspd-radio:radio-state/sources"), "two radios of paper");
    assert_string_equal(value_at(tree, "/nmspd-radio:radio-state/stations/dumps"), "7");
    lyd_free_all(tree);
}

static bool is_refused(void *context)
{
    struct state_diagnosis_cursor cursor = {0};
    const struct scene *s = context;
    struct diagnosis d;

    return state_next_diagnosis(s->agent, &cursor, &d) && diagnosis_is_refusal(d.code);
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

/* --- pages of devices ------------------------------------------------------------------------ */

enum { MANY = 1000 };

static struct scene *start_with_room(void **state, uint32_t devices, uint16_t aps)
{
    struct scene *s = *state;

    bed_free(s->bed);
    s->bed = bed_new(devices, aps);
    loop_jump_wall(s->bed->loop, INT64_C(2000000000000));
    (void)start(state, scene_base_settings());
    for (uint16_t ap = 0; ap < aps; ap++)
        bed_ap(s->bed, ap);
    return s;
}

/* Reads all pages; how many devices they had, each counted in `given` by its number. */
static unsigned read_all(const char *input, unsigned *pages, unsigned given[MANY])
{
    unsigned count = 0;
    char after[64] = "";
    char all[256];

    for (*pages = 0;; (*pages)++) {
        (void)snprintf(all, sizeof(all), "%s%s", after, input);
        struct lyd_node *rpc = run("nmspd-location", "read-devices", all);
        const struct lyd_node *node = lyd_child(rpc);
        after[0] = '\0';
        for (; node != NULL; node = node->next) {
            struct mac mac;
            if (strcmp(node->schema->name, "next") == 0) {
                (void)snprintf(after, sizeof(after), "<after>%s</after>", lyd_get_value(node));
                continue;
            }
            assert_true(mac_parse(lyd_get_value(lyd_child(node)), 17, &mac));
            given[mac.b[4] * 256 + mac.b[5]]++;
            count++;
        }
        lyd_free_all(rpc);
        if (after[0] == '\0')
            return count;
    }
}

static void pages_have_every_device_once(void **state)
{
    struct scene *s = start_with_room(state, MANY, 2);
    unsigned given[MANY] = {0};
    unsigned pages = 0;

    for (uint32_t i = 0; i < MANY; i++)
        bed_hear(s->bed, i, (uint16_t)(i % 2), -50);
    assert_int_equal(read_all("<limit>30</limit>", &pages, given), MANY);
    assert_int_equal(pages, 33);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(given[i], 1);
}

static void pages_have_what_one_ap_hears_or_one_class(void **state)
{
    struct scene *s = start_with_room(state, MANY, 4);
    unsigned given[MANY] = {0};
    unsigned pages = 0;
    char mac[MAC_TEXT_SIZE];
    char input[128];
    struct mac ap = bed_ap_mac(1);

    for (uint32_t i = 0; i < 300; i++)
        bed_hear(s->bed, i, 0, -50);
    for (uint32_t i = 0; i < 300; i += 3)
        bed_hear(s->bed, i, 1, -60);
    bed_hear_as(s->bed, RADIO_CLASS_TAG, 400, 1, -60);
    (void)snprintf(input, sizeof(input), "<ap-mac>%s</ap-mac>", mac_text(&ap, mac));
    assert_int_equal(read_all(input, &pages, given), 101);
    assert_int_equal(given[3], 1);
    assert_int_equal(given[4], 0);
    (void)snprintf(input, sizeof(input), "<ap-mac>%s</ap-mac><slot>3</slot>", mac_text(&ap, mac));
    assert_int_equal(read_all(input, &pages, given), 0);
    assert_int_equal(read_all("<class>tag</class>", &pages, given), 1);

    (void)snprintf(input, sizeof(input), "<ap-mac>%s</ap-mac><limit>1</limit>", mac);
    struct lyd_node *rpc = run("nmspd-location", "read-devices", input);
    assert_int_equal(count_at(rpc, "/nmspd-location:read-devices/device/reading"), 1);
    assert_string_equal(value_at(rpc, "/nmspd-location:read-devices/device/reading[1]/ap-mac"),
                        mac);
    lyd_free_all(rpc);
}

static void one_device_is_read_by_its_mac_with_all_that_is_known(void **state)
{
    struct scene *s = start_with_room(state, 64, 4);

    bed_join(s->bed, 5, 1);
    bed_hear(s->bed, 5, 1, -44);
    bed_hear(s->bed, 5, 2, -66);
    bed_user(s->bed, 5, "ann <\x01>");
    bed_address(s->bed, 5, 9, true);
    bed_statistics(s->bed, RADIO_CLASS_CLIENT, 5, 1, 1000);
    loop_advance(s->bed->loop, 1000);
    struct lyd_node *rpc = run("nmspd-location", "read-devices", "<mac>0010.0000.0005</mac>");
    static const char device[] = "/nmspd-location:read-devices/device[mac='00:10:00:00:00:05']/";
    char path[160];
#define AT(rest) (snprintf(path, sizeof(path), "%s%s", device, rest), path)
    assert_string_equal(value_at(rpc, AT("class")), "client");
    assert_string_equal(value_at(rpc, AT("last-heard")), "2090-06-01T11:33:20.000Z");
    assert_string_equal(value_at(rpc, AT("associated/slot")), "0");
    assert_string_equal(value_at(rpc, AT("reading[1]/rssi")), "-44");
    assert_string_equal(value_at(rpc, AT("reading[2]/rssi")), "-66");
    assert_string_equal(value_at(rpc, AT("reading[1]/age")), "1000");
    assert_string_equal(value_at(rpc, AT("reading[1]/source")), "data");
    assert_string_equal(value_at(rpc, AT("client/user")), "ann <\\x01>");
    assert_int_equal(count_at(rpc, AT("client/address")), 1);
    assert_true(count_at(rpc, AT("statistics/*")) >= 6);
#undef AT
    assert_int_equal(count_at(rpc, "/nmspd-location:read-devices/next"), 0);
    lyd_free_all(rpc);
    rpc = run("nmspd-location", "read-devices", "<mac>001000000006</mac>");
    assert_null(lyd_child(rpc));
    lyd_free_all(rpc);
}

static void rogues_and_tags_are_told_with_what_they_say(void **state)
{
    struct scene *s = start_with_room(state, 64, 1);

    bed_hear_as(s->bed, RADIO_CLASS_ROGUE_AP, 1, 0, -70);
    bed_rogue(s->bed, RADIO_CLASS_ROGUE_AP, 1, "coffee");
    bed_hear_as(s->bed, RADIO_CLASS_TAG, 2, 0, -70);
    bed_tag(s->bed, 2, 0, 77, "payload");
    struct lyd_node *rpc = run("nmspd-location", "read-devices", "");
    assert_string_equal(value_at(rpc, "/nmspd-location:read-devices/device"
                                      "[mac='00:10:00:00:00:01']/rogue/ssid"),
                        "coffee");
    assert_string_equal(value_at(rpc, "/nmspd-location:read-devices/device"
                                      "[mac='00:10:00:00:00:02']/tag/sequence"),
                        "77");
    lyd_free_all(rpc);
}

/* Four antennas of sixteen APs for each device: more readings than a page has. */
static void a_page_never_makes_a_reply_that_is_too_big(void **state)
{
    enum { DEVICES = 100, APS = 16, ANTENNAS = 4 };
    struct scene *s = start_with_room(state, MANY, APS);
    unsigned given[MANY] = {0};
    unsigned pages = 0;

    for (uint32_t i = 0; i < DEVICES * APS * ANTENNAS; i++) {
        struct radio_sample sample = {.device = bed_mac(i / (APS * ANTENNAS)),
                                      .ap = (uint16_t)(i / ANTENNAS % APS),
                                      .device_class = RADIO_CLASS_CLIENT,
                                      .antenna = (uint8_t)(i % ANTENNAS),
                                      .source = RADIO_SOURCE_PROBE,
                                      .rssi = -50,
                                      .snr = 40,
                                      .heard = loop_now(s->bed->loop)};
        engine_events()->sample(s->bed->engine, &sample);
    }
    struct lyd_node *rpc = run("nmspd-location", "read-devices", "<limit>100</limit>");
    assert_in_range(count_at(rpc, "/nmspd-location:read-devices/device"), 10, 99);
    assert_true(size_as_xml(rpc) < 1024 * 1024 / 2);
    assert_int_equal(count_at(rpc, "/nmspd-location:read-devices/next"), 1);
    lyd_free_all(rpc);
    assert_true(read_all("<limit>100</limit>", &pages, given) > 0);
    assert_true(pages >= 1);
}

/* --- pages of APs ---------------------------------------------------------------------------- */

static void aps_are_read_in_pages_and_by_mac(void **state)
{
    (void)start_with_room(state, 64, 250);
    struct lyd_node *rpc = run("nmspd-radio", "read-aps", "");
    assert_int_equal(count_at(rpc, "/nmspd-radio:read-aps/ap"), 100);
    assert_string_equal(value_at(rpc, "/nmspd-radio:read-aps/next"), "100");
    lyd_free_all(rpc);
    rpc = run("nmspd-radio", "read-aps", "<after>200</after><limit>500</limit>");
    assert_int_equal(count_at(rpc, "/nmspd-radio:read-aps/ap"), 50);
    assert_int_equal(count_at(rpc, "/nmspd-radio:read-aps/next"), 0);
    lyd_free_all(rpc);

    char mac[MAC_TEXT_SIZE];
    char input[64];
    struct mac ap = bed_ap_mac(7);
    (void)snprintf(input, sizeof(input), "<mac>%s</mac>", mac_text(&ap, mac));
    rpc = run("nmspd-radio", "read-aps", input);
    assert_int_equal(count_at(rpc, "/nmspd-radio:read-aps/ap"), 1);
    assert_string_equal(value_at(rpc, "/nmspd-radio:read-aps/ap/mac"), mac);
    assert_string_equal(value_at(rpc, "/nmspd-radio:read-aps/ap/channel"), "6");
    assert_string_equal(value_at(rpc, "/nmspd-radio:read-aps/ap/band"), "2ghz");
    assert_string_equal(value_at(rpc, "/nmspd-radio:read-aps/ap/noise"), "-95");
    assert_int_equal(count_at(rpc, "/nmspd-radio:read-aps/ap/width"), 0);
    lyd_free_all(rpc);
}

/* --- the trace ------------------------------------------------------------------------------- */

static void the_trace_is_read_after_a_number_and_cleared(void **state)
{
    struct scene *s = start(state, scene_base_settings());

    assert_int_equal(trace_init(s->bed->loop, TRACE_DEFAULT_SIZE), 0);
    trace_renumber(UINT32_MAX - 4);
    for (unsigned i = 0; i < 250; i++)
        trace_line(TRACE_WARNING, "line %u <&>", i);
    struct lyd_node *rpc = run("nmspd-trace", "read-trace", "");
    assert_int_equal(count_at(rpc, "/nmspd-trace:read-trace/line"), 100);
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[1]/number"), "4294967291");
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[6]/number"), "0");
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[2]/text"), "line 1 <&>");
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[2]/level"), "warning");
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/more"), "true");
    lyd_free_all(rpc);
    rpc = run("nmspd-trace", "read-trace", "<after>94</after><limit>500</limit>");
    assert_int_equal(count_at(rpc, "/nmspd-trace:read-trace/line"), 150);
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[1]/number"), "95");
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/more"), "false");
    lyd_free_all(rpc);
    rpc = run("nmspd-trace", "read-trace", "<last>3</last>");
    assert_int_equal(count_at(rpc, "/nmspd-trace:read-trace/line"), 3);
    assert_string_equal(value_at(rpc, "/nmspd-trace:read-trace/line[3]/text"), "line 249 <&>");
    lyd_free_all(rpc);
    lyd_free_all(run("nmspd-trace", "clear-trace", ""));
    rpc = run("nmspd-trace", "read-trace", "");
    assert_int_equal(count_at(rpc, "/nmspd-trace:read-trace/line"), 0);
    lyd_free_all(rpc);
    trace_fini();
}

/* Every line as long as it can be, of what takes most room in XML. */
static void a_page_of_the_trace_is_not_too_big_either(void **state)
{
    struct scene *s = start(state, scene_base_settings());
    char text[TRACE_TEXT_MAX + 1];

    assert_int_equal(trace_init(s->bed->loop, TRACE_MAX_SIZE), 0);
    memset(text, '&', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (unsigned i = 0; i < 50; i++)
        trace_line(TRACE_ERR, "%s", text);
    struct lyd_node *rpc = run("nmspd-trace", "read-trace", "<limit>50</limit>");
    assert_int_equal(count_at(rpc, "/nmspd-trace:read-trace/line"), 50);
    assert_true(size_as_xml(rpc) < 1024 * 1024 / 10); /* a page has 500 at most */
    lyd_free_all(rpc);
    trace_fini();
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
        TEST(pages_have_every_device_once),
        TEST(pages_have_what_one_ap_hears_or_one_class),
        TEST(one_device_is_read_by_its_mac_with_all_that_is_known),
        TEST(rogues_and_tags_are_told_with_what_they_say),
        TEST(a_page_never_makes_a_reply_that_is_too_big),
        TEST(aps_are_read_in_pages_and_by_mac),
        TEST(the_trace_is_read_after_a_number_and_cleared),
        TEST(a_page_of_the_trace_is_not_too_big_either),
        TEST(without_memory_there_is_no_state_tree),
    };

    return cmocka_run_group_tests(tests, make_schema, free_schema);
}
