/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/agent-bed.h"
#include "agent/tls/crypto.h"

#include "agent/base/log.h"
#include "agent/wire/wire.h"
#include "tests/unit/failing.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct scene *scene;

/* The bed's wall clock stands in 2023, which a newer program takes for a clock that is not set. */
#define WALL_AHEAD_MS INT64_C(2000000000000)

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

static uint64_t radio_counter(void *platform, const char *container, const char *leaf)
{
    (void)platform;
    assert_string_not_equal(container, "");
    return strcmp(leaf, "dumps") == 0 ? 7 : strcmp(leaf, "overruns") == 0 ? 3 : 0;
}

/* --- log --- */

static void keep_line(enum log_level level, const char *line)
{
    if (level < LOG_LEVEL_DEBUG && scene->lines < LINES_MAX)
        (void)snprintf(scene->log[scene->lines++], sizeof(scene->log[0]), "%s", line);
}

size_t scene_said(const char *part)
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
    memcpy(aaa->attribute_lists[i].key_hash, tls_identity_info(far_identity(identity))->spki_sha256,
           TLS_SHA256_SIZE);
}

/* Both servers are users, nobody is dialled, nothing listens. */
struct settings *scene_base_settings(void)
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

void scene_add_server(struct settings *settings, const char *host, uint16_t port)
{
    struct settings_server *server = &settings->servers[settings->server_count++];

    (void)snprintf(server->host, sizeof(server->host), "%s", host);
    server->port = port;
}

struct settings *scene_with_server(const struct scene *s)
{
    struct settings *settings = scene_base_settings();

    scene_add_server(settings, "127.0.0.1", s->port);
    return settings;
}

struct settings *scene_with_listener(const struct scene *s, struct settings *settings)
{
    settings->listen.enabled = true;
    settings->listen.port = s->listen_port;
    (void)snprintf(settings->listen.address, sizeof(settings->listen.address), "127.0.0.1");
    return settings;
}

/* --- the scene --- */

int scene_set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    int fd;

    scene = s;
    *state = s;
    log_divert(keep_line);
    s->bed = bed_new(64, 4);
    loop_jump_wall(s->bed->loop, WALL_AHEAD_MS);
    s->radio = (struct radio_operations){.configure = radio_configure,
                                         .base_mac = radio_base_mac,
                                         .describe = radio_describe,
                                         .counter = radio_counter,
                                         .take_handle = bed_take_handle,
                                         .give_back_handle = bed_give_back_handle};
    (void)snprintf(s->state_dir, sizeof(s->state_dir), "%s", far_folder());
    s->has_base_mac = true;
    s->base_mac = far_macs[FAR_OURS];
    s->listener = far_listen("127.0.0.1", &s->port);
    fd = far_listen("127.0.0.1", &s->listen_port); /* a port that is free */
    return close(fd);
}

int scene_tear_down(void **state)
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

struct agent *scene_make_agent(struct scene *s, struct settings *settings)
{
    const struct agent_options options = {.loop = s->bed->loop,
                                          .engine = s->bed->engine,
                                          .radio = &s->radio,
                                          .platform = s,
                                          .state_dir = s->state_dir,
                                          .software = "nmspd test",
                                          .ntp = s->ntp};

    return agent_new(&options, settings);
}

void scene_start(struct scene *s, struct settings *settings)
{
    s->agent = scene_make_agent(s, settings);
    assert_non_null(s->agent);
}

struct peer_status scene_peer_at(const struct scene *s, size_t place)
{
    struct state_peer_cursor cursor = {0};
    struct peer_status peer = {.phase = PEER_IDLE};

    for (size_t i = 0; i <= place; i++)
        assert_true(state_next_peer(s->agent, &cursor, &peer));
    return peer;
}

size_t scene_peer_count(const struct scene *s)
{
    struct state_peer_cursor cursor = {0};
    struct peer_status peer;
    size_t count = 0;

    while (state_next_peer(s->agent, &cursor, &peer))
        count++;
    return count;
}

size_t scene_active_count(const struct scene *s)
{
    struct state_peer_cursor cursor = {0};
    struct peer_status peer;
    size_t count = 0;

    while (state_next_peer(s->agent, &cursor, &peer))
        count += peer.phase == PEER_ACTIVE ? 1 : 0;
    return count;
}

void scene_run_until(struct scene *s, bool (*holds)(void *context))
{
    assert_true(far_until(s->bed->loop, s->ends, s->end_count, holds, s));
}

static bool last_end_has_capability(void *context)
{
    const struct scene *s = context;

    return far_frames(s->ends[s->end_count - 1], WIRE_CAPABILITY_NOTIFICATION) > 0;
}

bool scene_last_end_is_closed(void *context)
{
    const struct scene *s = context;

    return s->ends[s->end_count - 1]->eof;
}

bool scene_first_end_is_closed(void *context)
{
    return ((const struct scene *)context)->ends[0]->eof;
}

bool scene_one_is_active(void *context)
{
    return scene_active_count(context) == 1;
}

bool scene_two_are_active(void *context)
{
    return scene_active_count(context) == 2;
}

bool scene_none_is_active(void *context)
{
    return scene_active_count(context) == 0;
}

struct far_end *scene_add_end(struct scene *s, int fd, enum tls_role role, unsigned identity)
{
    assert_true(fd >= 0);
    assert_true(s->end_count < ENDS_MAX);
    s->ends[s->end_count] = far_new(fd, role, identity);
    return s->ends[s->end_count++];
}

/* The server that is dialled takes the call. */
struct far_end *scene_take_call(struct scene *s, unsigned identity)
{
    return scene_add_end(s, far_accept(s->bed->loop, s->listener), TLS_SERVER, identity);
}

struct far_end *scene_come_in(struct scene *s, unsigned identity)
{
    return scene_add_end(s, far_connect("127.0.0.1", s->listen_port), TLS_CLIENT, identity);
}

void scene_activate(struct scene *s, struct far_end *end)
{
    scene_run_until(s, last_end_has_capability);
    far_say_capability(end, s->bed->loop);
}

void scene_turn(struct scene *s)
{
    loop_advance(s->bed->loop, 0);
}
