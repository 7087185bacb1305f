/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/agent.h"
#include "agent/base/log.h"
#include "agent/state.h"
#include "agent/wire/wire.h"
#include "tests/unit/failing.h"
#include "tests/unit/far-end.h"
#include "tests/unit/process.h"
#include "tests/unit/session-bed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENDS_MAX = 4, LINES_MAX = 400 };

struct scene {
    struct bed *bed;
    struct agent *agent;
    char state_dir[96];
    struct radio_operations radio;
    bool has_base_mac;
    struct mac base_mac;
    const struct settings_radios *radios; /* as configured last */

    int listener; /* of the server that the agent dials */
    uint16_t port;
    uint16_t listen_port; /* of the agent */
    struct far_end *ends[ENDS_MAX];
    size_t end_count;
    bool stopped;
    char log[LINES_MAX][512];
    size_t lines;
};

static struct scene *scene;

/* --- the platform --- */

static void radio_configure(void *platform, const struct settings_radios *settings)
{
    ((struct scene *)platform)->radios = settings;
}

static bool radio_base_mac(void *platform, struct mac *mac)
{
    const struct scene *s = platform;

    *mac = s->base_mac;
    return s->has_base_mac;
}

static void radio_describe(void *platform, char *text, size_t size)
{
    (void)platform;
    (void)snprintf(text, size, "two radios of paper");
}

static void radio_counters(void *platform, struct radio_counters *counters)
{
    (void)platform;
    *counters = (struct radio_counters){.dumps = 7, .overruns = 3};
}

/* --- log --- */

static void keep_line(enum log_level level, const char *line)
{
    if (level < LOG_LEVEL_DEBUG && scene->lines < LINES_MAX)
        (void)snprintf(scene->log[scene->lines++], sizeof(scene->log[0]), "%s", line);
}

static size_t said(const char *part)
{
    size_t count = 0;

    for (size_t i = 0; i < scene->lines; i++)
        count += strstr(scene->log[i], part) != NULL ? 1 : 0;
    return count;
}

/* --- settings --- */

static void add_user(struct settings_aaa *aaa, unsigned identity)
{
    size_t i = aaa->user_count++;

    (void)snprintf(aaa->users[i].attribute_list, SETTINGS_LIST_SIZE, "list%u", identity);
    aaa->users[i].mac = far_macs[identity];
    aaa->attribute_list_count = aaa->user_count;
    (void)snprintf(aaa->attribute_lists[i].name, SETTINGS_LIST_SIZE, "list%u", identity);
    aaa->attribute_lists[i].key_hash_len = TLS_SHA256_SIZE;
    memcpy(aaa->attribute_lists[i].key_hash,
           tls_identity_facts(far_identity(identity))->spki_sha256, TLS_SHA256_SIZE);
}

/* Both servers are users, nobody is dialled, nothing listens. */
static struct settings *base_settings(void)
{
    struct settings *settings = settings_new();
    struct settings_aaa *aaa;

    assert_non_null(settings);
    aaa = &settings->aaa;
    settings->enabled = true;
    aaa->new_model = true;
    aaa->users = calloc(2, sizeof(*aaa->users));
    aaa->attribute_lists = calloc(2, sizeof(*aaa->attribute_lists));
    aaa->method_lists = calloc(1, sizeof(*aaa->method_lists));
    assert_non_null(aaa->users);
    assert_non_null(aaa->attribute_lists);
    assert_non_null(aaa->method_lists);
    add_user(aaa, FAR_SERVER);
    add_user(aaa, FAR_OTHER_SERVER);
    aaa->method_list_count = 1;
    aaa->method_lists[0].local = true;
    (void)snprintf(aaa->method_lists[0].name, SETTINGS_LIST_SIZE, "wcm_loc_serv_cert");
    return settings;
}

static void add_server(struct settings *settings, const char *host, uint16_t port)
{
    struct settings_server *server = &settings->servers[settings->server_count++];

    (void)snprintf(server->host, sizeof(server->host), "%s", host);
    server->port = port;
}

static struct settings *with_server(const struct scene *s)
{
    struct settings *settings = base_settings();

    add_server(settings, "127.0.0.1", s->port);
    return settings;
}

static struct settings *with_listener(const struct scene *s, struct settings *settings)
{
    settings->listen.enabled = true;
    settings->listen.port = s->listen_port;
    (void)snprintf(settings->listen.address, sizeof(settings->listen.address), "127.0.0.1");
    return settings;
}

/* --- the scene --- */

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    int fd;

    scene = s;
    *state = s;
    log_divert(keep_line);
    s->bed = bed_new(64, 4);
    s->radio = (struct radio_operations){.configure = radio_configure,
                                         .base_mac = radio_base_mac,
                                         .describe = radio_describe,
                                         .counters = radio_counters};
    (void)snprintf(s->state_dir, sizeof(s->state_dir), "%s", far_folder());
    s->has_base_mac = true;
    s->base_mac = far_macs[FAR_OURS];
    s->listener = far_listen("127.0.0.1", &s->port);
    fd = far_listen("127.0.0.1", &s->listen_port); /* a port that is free */
    return close(fd);
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    failing_reset();
    agent_free(s->agent);
    for (size_t i = 0; i < s->end_count; i++)
        far_free(s->ends[i]);
    (void)close(s->listener);
    bed_free(s->bed);
    log_divert(NULL);
    free(s);
    return 0;
}

static struct agent *make_agent(struct scene *s, struct settings *settings)
{
    const struct agent_options options = {.loop = s->bed->loop,
                                          .engine = s->bed->engine,
                                          .radio = &s->radio,
                                          .platform = s,
                                          .state_dir = s->state_dir,
                                          .software = "nmspd test"};

    return agent_new(&options, settings);
}

static void start(struct scene *s, struct settings *settings)
{
    s->agent = make_agent(s, settings);
    assert_non_null(s->agent);
}

static struct state_peer peer_at(const struct scene *s, size_t place)
{
    struct state_peer_cursor cursor = {0};
    struct state_peer peer = {.phase = STATE_IDLE};

    for (size_t i = 0; i <= place; i++)
        assert_true(state_next_peer(s->agent, &cursor, &peer));
    return peer;
}

static size_t peer_count(const struct scene *s)
{
    struct state_peer_cursor cursor = {0};
    struct state_peer peer;
    size_t count = 0;

    while (state_next_peer(s->agent, &cursor, &peer))
        count++;
    return count;
}

static size_t active_count(const struct scene *s)
{
    struct state_peer_cursor cursor = {0};
    struct state_peer peer;
    size_t count = 0;

    while (state_next_peer(s->agent, &cursor, &peer))
        count += peer.phase == STATE_ACTIVE ? 1 : 0;
    return count;
}

static void run_until(struct scene *s, bool (*holds)(void *context))
{
    assert_true(far_until(s->bed->loop, s->ends, s->end_count, holds, s));
}

static bool last_end_has_capability(void *context)
{
    const struct scene *s = context;

    return far_frames(s->ends[s->end_count - 1], WIRE_CAPABILITY_NOTIFICATION) > 0;
}

static bool last_end_is_closed(void *context)
{
    const struct scene *s = context;

    return s->ends[s->end_count - 1]->eof;
}

static bool first_end_is_closed(void *context)
{
    return ((const struct scene *)context)->ends[0]->eof;
}

static bool one_is_active(void *context)
{
    return active_count(context) == 1;
}

static bool two_are_active(void *context)
{
    return active_count(context) == 2;
}

static bool none_is_active(void *context)
{
    return active_count(context) == 0;
}

static struct far_end *add_end(struct scene *s, int fd, enum tls_role role, unsigned identity)
{
    assert_true(fd >= 0);
    assert_true(s->end_count < ENDS_MAX);
    s->ends[s->end_count] = far_new(fd, role, identity);
    return s->ends[s->end_count++];
}

/* The server that is dialled takes the call. */
static struct far_end *take_call(struct scene *s, unsigned identity)
{
    return add_end(s, far_accept(s->bed->loop, s->listener), TLS_SERVER, identity);
}

static struct far_end *come_in(struct scene *s, unsigned identity)
{
    return add_end(s, far_connect("127.0.0.1", s->listen_port), TLS_CLIENT, identity);
}

static void activate(struct scene *s, struct far_end *end)
{
    run_until(s, last_end_has_capability);
    far_say_capability(end, s->bed->loop);
}

static void turn(struct scene *s)
{
    loop_advance(s->bed->loop, 0);
}

/* --- sessions and what is told of them --- */

static void it_dials_and_listens_and_tells_of_both(void **state)
{
    struct scene *s = *state;

    start(s, with_listener(s, with_server(s)));
    activate(s, take_call(s, FAR_SERVER));
    activate(s, come_in(s, FAR_OTHER_SERVER));
    run_until(s, two_are_active);

    struct state_peer dialled = peer_at(s, 0);
    struct state_peer came_in = peer_at(s, 1);
    assert_false(dialled.inbound);
    assert_int_equal(dialled.port, s->port);
    assert_true(mac_equal(&dialled.mac, &far_macs[FAR_SERVER]));
    assert_true(came_in.inbound);
    assert_string_equal(came_in.host, "");
    assert_non_null(strstr(came_in.address, "127.0.0.1:"));
    assert_true(mac_equal(&came_in.mac, &far_macs[FAR_OTHER_SERVER]));
    assert_int_equal(came_in.connections, 1);
    assert_int_equal(came_in.next_attempt, -1);
    assert_string_equal(came_in.tls_version, "TLSv1.3");
    assert_int_equal(peer_count(s), 2);
}

static void the_summary_has_it_all(void **state)
{
    struct scene *s = *state;
    struct state_summary summary;

    start(s, with_listener(s, with_server(s)));
    bed_ap(s->bed, 0);
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 2000);
    state_summary(s->agent, &summary);
    assert_true(mac_equal(&summary.base_mac, &far_macs[FAR_OURS]));
    assert_true(summary.enabled);
    assert_true(summary.identity_ready);
    assert_memory_equal(summary.identity.spki_sha256,
                        tls_identity_facts(far_identity(FAR_OURS))->spki_sha256, TLS_SHA256_SIZE);
    assert_non_null(strstr(summary.certificate_path, "/cert.pem"));
    assert_int_equal(summary.offered, engine_offered(s->bed->engine));
    assert_int_equal(summary.devices, 1);
    assert_int_equal(summary.samples, 1);
    assert_int_equal(summary.aps, 1);
    assert_int_equal(summary.listen_port, s->listen_port);
    assert_int_equal(summary.uptime, 2000);
    assert_true(summary.wakeups > 0);
    assert_string_equal(summary.radios, "two radios of paper");
    assert_int_equal(summary.radio.overruns, 3);
    assert_non_null(s->radios); /* the platform was configured */
}

static void the_report_is_the_state_in_the_log(void **state)
{
    static const char *const parts[] = {
        "report: nmspd test, running for",
        "report: base MAC 02:00:00:00:00:01",
        "report: identity: CN=agent-020000000001 in ",
        "report: identity: SHA1 key hash ",
        "report: identity: SHA2 key hash ",
        "report: offered services: rssi-ms, ",
        "report: radios: two radios of paper",
        "7 dumps",
        "report: engine: 0 devices",
        "report: listener: port ",
        ": active, MAC 00:50:56:9c:34:89, address 127.0.0.1:",
        ": idle, MAC not known, address none",
        "1 attempts, 1 connections, 0 disconnections",
        ": granted none",
        "received 1 frames (1 data), sent 1 (1 data)",
        "report: end",
    };
    struct scene *s = *state;

    start(s, with_listener(s, with_server(s)));
    bed_ap(s->bed, 0);
    activate(s, take_call(s, FAR_SERVER));
    run_until(s, one_is_active);
    agent_report(s->agent);
    struct settings *off = with_server(s);
    add_server(off, "192.0.2.1", 16113);
    off->enabled = false;
    agent_configure(s->agent, off);
    agent_report(s->agent);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_true(said(parts[i]) > 0);
    assert_true(said("NMSP switched off") > 0);
    assert_true(said("report: listener: off") > 0);
}

static void a_changed_offer_is_told_to_every_session(void **state)
{
    struct scene *s = *state;

    start(s, with_server(s));
    activate(s, take_call(s, FAR_SERVER));
    run_until(s, one_is_active);
    bed_ap(s->bed, 0);
    for (int i = 0; i < 100 && far_frames(s->ends[0], WIRE_CAPABILITY_NOTIFICATION) < 2; i++) {
        turn(s);
        far_step(s->ends[0]);
    }
    assert_int_equal(far_frames(s->ends[0], WIRE_CAPABILITY_NOTIFICATION), 2);
}

/* --- one session per MAC --- */

static void a_server_that_comes_in_beside_our_own_session_is_refused(void **state)
{
    struct scene *s = *state;

    start(s, with_listener(s, with_server(s)));
    activate(s, take_call(s, FAR_SERVER));
    run_until(s, one_is_active);
    (void)come_in(s, FAR_SERVER);
    run_until(s, last_end_is_closed);
    assert_int_equal(s->ends[1]->len, 0);
    assert_int_equal(said("its MAC has a session already"), 1);
    assert_int_equal(active_count(s), 1);
    assert_false(peer_at(s, 0).inbound);
}

static void a_server_that_comes_in_twice_is_refused_the_second_time(void **state)
{
    struct scene *s = *state;

    start(s, with_listener(s, base_settings()));
    activate(s, come_in(s, FAR_SERVER));
    run_until(s, one_is_active);
    (void)come_in(s, FAR_SERVER);
    run_until(s, last_end_is_closed);
    assert_false(s->ends[0]->eof);
    assert_int_equal(s->ends[1]->len, 0);
}

static void our_own_call_takes_the_place_of_one_that_came_in(void **state)
{
    struct scene *s = *state;

    start(s, with_listener(s, with_server(s)));
    int call = far_accept(s->bed->loop, s->listener); /* it rings, and is answered later */
    activate(s, come_in(s, FAR_SERVER));
    run_until(s, one_is_active);
    activate(s, add_end(s, call, TLS_SERVER, FAR_SERVER));
    run_until(s, first_end_is_closed);
    assert_int_equal(s->ends[0]->status, TLS_CLOSED); /* in order */
    run_until(s, one_is_active);
    assert_false(peer_at(s, 0).inbound);
    assert_int_equal(peer_at(s, 0).phase, STATE_ACTIVE);
    assert_int_equal(said("the session that this agent initiated takes its place"), 1);
}

static void a_session_that_is_being_ended_makes_room_for_a_new_one(void **state)
{
    struct scene *s = *state;

    start(s, with_listener(s, with_server(s)));
    activate(s, take_call(s, FAR_SERVER));
    run_until(s, one_is_active);
    s->ends[0]->reads = false;
    struct settings *settings = with_listener(s, base_settings());
    agent_configure(s->agent, settings); /* its last words may take 2 s */
    activate(s, come_in(s, FAR_SERVER));
    run_until(s, one_is_active);
    assert_true(peer_at(s, peer_count(s) - 1).inbound);
}

/* --- new settings --- */

static void a_user_that_is_removed_loses_its_session_at_once(void **state)
{
    struct scene *s = *state;

    start(s, with_listener(s, with_server(s)));
    activate(s, take_call(s, FAR_SERVER));
    activate(s, come_in(s, FAR_OTHER_SERVER));
    run_until(s, two_are_active);
    struct settings *settings = with_listener(s, with_server(s));
    settings->aaa.users[1].mac = far_macs[FAR_OURS];
    agent_configure(s->agent, settings);
    turn(s);
    assert_int_equal(active_count(s), 1);
    assert_int_equal(peer_at(s, 0).phase, STATE_ACTIVE);
    settings = with_listener(s, with_server(s));
    settings->aaa.new_model = false;
    agent_configure(s->agent, settings);
    turn(s);
    assert_int_equal(active_count(s), 0);
    run_until(s, first_end_is_closed);
    assert_int_equal(s->ends[0]->status, TLS_CLOSED);
}

static void servers_that_stay_keep_their_session(void **state)
{
    struct scene *s = *state;
    uint16_t other_port = 0;
    int other = far_listen("127.0.0.1", &other_port);
    struct settings *settings = with_server(s);

    start(s, settings);
    activate(s, take_call(s, FAR_SERVER));
    run_until(s, one_is_active);
    settings = base_settings();
    add_server(settings, "127.0.0.1", other_port);
    add_server(settings, "127.0.0.1", s->port);
    agent_configure(s->agent, settings);
    activate(s, add_end(s, far_accept(s->bed->loop, other), TLS_SERVER, FAR_OTHER_SERVER));
    run_until(s, two_are_active);
    assert_int_equal(peer_count(s), 2);

    settings = base_settings();
    add_server(settings, "127.0.0.1", other_port);
    agent_configure(s->agent, settings);
    run_until(s, first_end_is_closed);
    assert_int_equal(s->ends[0]->status, TLS_CLOSED);
    run_until(s, one_is_active);
    assert_int_equal(peer_count(s), 1); /* and the other one is forgotten */
    assert_int_equal(peer_at(s, 0).port, other_port);
    (void)close(other);
}

static void switched_off_it_is_silent_and_switched_on_it_is_back(void **state)
{
    struct scene *s = *state;
    struct state_summary summary;

    start(s, with_listener(s, with_server(s)));
    activate(s, take_call(s, FAR_SERVER));
    activate(s, come_in(s, FAR_OTHER_SERVER));
    run_until(s, two_are_active);
    struct settings *settings = with_listener(s, with_server(s));
    settings->enabled = false;
    agent_configure(s->agent, settings);
    run_until(s, none_is_active);
    run_until(s, first_end_is_closed);
    run_until(s, last_end_is_closed);
    assert_int_equal(peer_at(s, 0).phase, STATE_IDLE);
    assert_int_equal(far_connect("127.0.0.1", s->listen_port), -1);
    state_summary(s->agent, &summary);
    assert_false(summary.enabled);
    assert_int_equal(summary.listen_port, 0);
    agent_configure(s->agent, with_listener(s, with_server(s)));
    activate(s, take_call(s, FAR_SERVER));
    run_until(s, one_is_active);
}

static void no_listener_any_more_ends_what_came_in(void **state)
{
    struct scene *s = *state;

    start(s, with_listener(s, with_server(s)));
    activate(s, take_call(s, FAR_SERVER));
    activate(s, come_in(s, FAR_OTHER_SERVER));
    run_until(s, two_are_active);
    agent_configure(s->agent, with_server(s));
    run_until(s, last_end_is_closed);
    assert_int_equal(peer_at(s, 0).phase, STATE_ACTIVE);
    run_until(s, one_is_active);
}

static void what_waits_for_the_next_start_is_told(void **state)
{
    struct scene *s = *state;

    start(s, base_settings());
    struct settings *settings = base_settings();
    settings->capacity.devices = 17;
    settings->radios.has_base_mac = true;
    settings->radios.base_mac = far_macs[FAR_SERVER];
    agent_configure(s->agent, settings);
    assert_int_equal(said("another capacity is taken up"), 1);
    assert_int_equal(said("another base MAC is taken up"), 1);
}

/* --- identity and base MAC --- */

static void use_new_state_dir(struct scene *s)
{
    (void)snprintf(s->state_dir, sizeof(s->state_dir), "%s/new", far_folder());
}

static void remove_new_state_dir(const struct scene *s)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/cert.pem", s->state_dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/key.pem", s->state_dir);
    (void)unlink(path);
    (void)rmdir(s->state_dir);
}

static struct mac base_mac_of(const struct scene *s)
{
    struct state_summary summary;

    state_summary(s->agent, &summary);
    return summary.base_mac;
}

static bool identity_is_ready(void *context)
{
    struct state_summary summary;

    state_summary(((struct scene *)context)->agent, &summary);
    return summary.identity_ready;
}

static void an_identity_is_made_in_a_child_and_then_the_servers_are_dialled(void **state)
{
    struct scene *s = *state;

    use_new_state_dir(s);
    start(s, with_server(s));
    assert_true(has_child());
    assert_int_equal(peer_count(s), 0);
    agent_configure(s->agent, with_server(s)); /* does not start another one */
    agent_report(s->agent);
    assert_int_equal(said("report: identity: none yet"), 1);
    run_until(s, identity_is_ready);
    assert_int_equal(said("making a key"), 1);
    assert_int_equal(said("identity: MAC address   02:00:00:00:00:01"), 1);
    activate(s, take_call(s, FAR_SERVER));
    run_until(s, one_is_active);
    remove_new_state_dir(s);
}

static void at_the_very_first_start_the_radios_have_three_seconds_to_tell_a_mac(void **state)
{
    struct scene *s = *state;

    use_new_state_dir(s);
    s->has_base_mac = false;
    start(s, base_settings());
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(said("base MAC"), 0);
    s->has_base_mac = true;
    loop_advance(s->bed->loop, 200);
    assert_int_equal(said("base MAC: 02:00:00:00:00:01, of this device"), 1);
    remove_new_state_dir(s);
}

static void without_any_mac_one_is_made_up(void **state)
{
    struct scene *s = *state;

    use_new_state_dir(s);
    s->has_base_mac = false;
    start(s, base_settings());
    loop_advance(s->bed->loop, 3000);
    turn(s);
    assert_int_equal(said("made up"), 1);
    struct mac mac = base_mac_of(s);
    assert_true(mac_is_local(&mac));
    assert_false(mac_is_multicast(&mac));
    run_until(s, identity_is_ready);
    agent_free(s->agent);
    /* The next start finds it in the certificate, without waiting for radios. */
    start(s, base_settings());
    struct mac again = base_mac_of(s);
    assert_true(mac_equal(&mac, &again));
    assert_int_equal(said("as in its certificate"), 1);
    remove_new_state_dir(s);
}

static void a_configured_mac_comes_first_and_one_unlike_the_certificate_is_told(void **state)
{
    struct scene *s = *state;
    struct settings *settings = base_settings();

    settings->radios.has_base_mac = true;
    settings->radios.base_mac = far_macs[FAR_SERVER];
    start(s, settings);
    struct mac mac = base_mac_of(s);
    assert_true(mac_equal(&mac, &far_macs[FAR_SERVER]));
    assert_int_equal(said("the certificate names another MAC than this device's base MAC "
                          "00:50:56:9c:34:89: configure base-mac 02:00:00:00:00:01"),
                     1);
}

static void a_key_that_is_gone_is_not_replaced(void **state)
{
    struct scene *s = *state;
    char path[128];

    use_new_state_dir(s);
    assert_int_equal(mkdir(s->state_dir, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/cert.pem", s->state_dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fclose(file);
    start(s, with_server(s));
    assert_false(has_child());
    assert_int_equal(said("but not its key"), 1);
    loop_advance(s->bed->loop, 3600 * 1000);
    assert_int_equal(peer_count(s), 0);
    /* Mended and reloaded it goes on. */
    assert_int_equal(unlink(path), 0);
    agent_configure(s->agent, with_server(s));
    run_until(s, identity_is_ready);
    activate(s, take_call(s, FAR_SERVER));
    remove_new_state_dir(s);
}

static bool could_not_be_made(void *context)
{
    (void)context;
    return said("identity: it could not be made") > 0;
}

static void an_identity_that_cannot_be_made_is_tried_again(void **state)
{
    struct scene *s = *state;

    (void)snprintf(s->state_dir, sizeof(s->state_dir), "%s/cert.pem/no", far_folder());
    start(s, base_settings());
    run_until(s, could_not_be_made);
    failing_at(FAILING_FORK, 1, EAGAIN);
    agent_configure(s->agent, base_settings());
    assert_int_equal(said("no child process for making the key"), 1);
    loop_advance(s->bed->loop, 5 * 60 * 1000);
    assert_true(has_child());
}

static void a_state_directory_with_too_long_a_path_is_no_start(void **state)
{
    struct scene *s = *state;
    char path[400];
    struct agent_options options = {.loop = s->bed->loop,
                                    .engine = s->bed->engine,
                                    .radio = &s->radio,
                                    .platform = s,
                                    .state_dir = path,
                                    .software = "nmspd test"};

    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_null(agent_new(&options, base_settings()));
    assert_int_equal(said(strerror(ENAMETOOLONG)), 1);
}

/* --- stopping --- */

static void on_stopped(void *context)
{
    struct scene *s = context;

    assert_false(s->stopped);
    s->stopped = true;
}

static bool has_stopped(void *context)
{
    return ((struct scene *)context)->stopped;
}

static void without_sessions_it_stops_at_once(void **state)
{
    struct scene *s = *state;

    start(s, base_settings());
    agent_stop(s->agent, on_stopped, s);
    assert_false(s->stopped);
    turn(s);
    assert_true(s->stopped);
}

static void it_stops_when_all_sessions_have_ended_in_order(void **state)
{
    struct scene *s = *state;

    start(s, with_listener(s, with_server(s)));
    activate(s, take_call(s, FAR_SERVER));
    activate(s, come_in(s, FAR_OTHER_SERVER));
    run_until(s, two_are_active);
    agent_stop(s->agent, on_stopped, s);
    agent_stop(s->agent, on_stopped, s);        /* once is enough */
    agent_configure(s->agent, base_settings()); /* too late */
    run_until(s, last_end_is_closed);
    run_until(s, first_end_is_closed);
    assert_int_equal(s->ends[0]->status, TLS_CLOSED);
    assert_int_equal(s->ends[1]->status, TLS_CLOSED);
    for (size_t i = 0; i < 2; i++) {
        far_free(s->ends[i]);
        s->ends[i] = NULL;
    }
    run_until(s, has_stopped);
}

static void a_server_that_does_not_close_delays_the_stop_by_300_ms_only(void **state)
{
    struct scene *s = *state;

    start(s, with_server(s));
    activate(s, take_call(s, FAR_SERVER));
    run_until(s, one_is_active);
    agent_stop(s->agent, on_stopped, s);
    turn(s);
    assert_false(s->stopped);
    loop_advance(s->bed->loop, 300);
    turn(s);
    assert_true(s->stopped);
    assert_int_equal(said("not every session"), 0);
}

static void while_it_stops_nobody_gets_a_session(void **state)
{
    struct scene *s = *state;

    start(s, with_listener(s, with_server(s)));
    activate(s, take_call(s, FAR_SERVER));
    (void)come_in(s, FAR_OTHER_SERVER);
    turn(s);
    agent_stop(s->agent, on_stopped, s);
    run_until(s, last_end_is_closed);
    assert_int_equal(s->ends[1]->len, 0);
}

static void it_can_be_freed_in_any_state(void **state)
{
    struct scene *s = *state;

    start(s, with_listener(s, with_server(s)));
    activate(s, take_call(s, FAR_SERVER));
    (void)come_in(s, FAR_OTHER_SERVER);
    turn(s);
    agent_stop(s->agent, on_stopped, s);
    agent_free(s->agent);
    s->agent = NULL;
    turn(s);
    assert_false(s->stopped);
}

static void without_memory_it_does_not_start_or_runs_without_what_it_could_not_have(void **state)
{
    struct scene *s = *state;
    bool failed = true;

    for (unsigned n = 1; failed; n++) {
        struct settings *settings = with_listener(s, with_server(s));
        failing_malloc_at(n);
        s->agent = make_agent(s, settings);
        failed = failing_hit();
        failing_reset();
        agent_free(s->agent);
        s->agent = NULL;
        turn(s);
    }
    assert_true(s->lines > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_dials_and_listens_and_tells_of_both),
        TEST(the_summary_has_it_all),
        TEST(the_report_is_the_state_in_the_log),
        TEST(a_changed_offer_is_told_to_every_session),
        TEST(a_server_that_comes_in_beside_our_own_session_is_refused),
        TEST(a_server_that_comes_in_twice_is_refused_the_second_time),
        TEST(our_own_call_takes_the_place_of_one_that_came_in),
        TEST(a_session_that_is_being_ended_makes_room_for_a_new_one),
        TEST(a_user_that_is_removed_loses_its_session_at_once),
        TEST(servers_that_stay_keep_their_session),
        TEST(switched_off_it_is_silent_and_switched_on_it_is_back),
        TEST(no_listener_any_more_ends_what_came_in),
        TEST(what_waits_for_the_next_start_is_told),
        TEST(an_identity_is_made_in_a_child_and_then_the_servers_are_dialled),
        TEST(at_the_very_first_start_the_radios_have_three_seconds_to_tell_a_mac),
        TEST(without_any_mac_one_is_made_up),
        TEST(a_configured_mac_comes_first_and_one_unlike_the_certificate_is_told),
        TEST(a_key_that_is_gone_is_not_replaced),
        TEST(an_identity_that_cannot_be_made_is_tried_again),
        TEST(a_state_directory_with_too_long_a_path_is_no_start),
        TEST(without_sessions_it_stops_at_once),
        TEST(it_stops_when_all_sessions_have_ended_in_order),
        TEST(a_server_that_does_not_close_delays_the_stop_by_300_ms_only),
        TEST(while_it_stops_nobody_gets_a_session),
        TEST(it_can_be_freed_in_any_state),
        TEST(without_memory_it_does_not_start_or_runs_without_what_it_could_not_have),
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
