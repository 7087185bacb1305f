/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hostapd that the test plays itself, on real sockets, against a clock that stands still. */
#include "agent/base/log.h"
#include "platform/air/rogues.h"
#include "platform/hostapd/hostapd.h"
#include "tests/unit/failing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { PLACES = 2, LOG_SIZE = 65536, TURNS = 4 };

struct server {
    int fd; /* -1: not there */
    bool silent;
    bool old;    /* knows no parameter of ATTACH */
    bool refuse; /* everything */
    bool attached;
    struct sockaddr_un client;
    socklen_t client_len;
    const char *station; /* the reply to STA */
    const char *walk[3]; /* the replies to STA-FIRST, STA-NEXT... */
    size_t walked;
    char asked[LOG_SIZE]; /* the commands, one a line */
};

struct bed {
    struct loop *loop;
    struct hostapd *hostapd;
    struct source_counters *counters;
    struct handles *handles;
    struct rogues *rogues;
    struct settings_radios settings;
    struct inventory_interface interfaces[PLACES];
    size_t interface_count;
    bool nobody; /* is a client */
    struct mac own;
    struct server server;
    unsigned endless; /* probes that answer a sample with another probe */
    unsigned samples;
    char said[LOG_SIZE];
    char warned[LOG_SIZE];
};

static struct bed *bed;

static const char probe[] = "<3>RX-PROBE-REQUEST sa=02:00:00:00:00:0a signal=-37";
static const char user_reply[] = "02:00:00:00:00:0a\nflags=[AUTH]\ndot1xAuthSessionUserName=user\n";

/* --- hostapd --- */

static void server_path(char path[static 108], const char *name)
{
    (void)snprintf(path, 108, "%s/%s", bed->settings.hostapd_directory, name);
}

static void server_start(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct server *s = &bed->server;

    server_path(address.sun_path, name);
    (void)unlink(address.sun_path);
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

/* As a crash does it: the name stays. */
static void server_die(void)
{
    if (bed->server.fd >= 0)
        (void)close(bed->server.fd);
    bed->server.fd = -1;
    bed->server.attached = false;
}

static ssize_t server_say(const char *text)
{
    const struct server *s = &bed->server;

    return sendto(s->fd, text, strlen(text), MSG_DONTWAIT, (const struct sockaddr *)&s->client,
                  s->client_len);
}

static const char *answer_of(const char *command)
{
    struct server *s = &bed->server;

    if (s->refuse)
        return "FAIL\n";
    if (strcmp(command, "ATTACH") == 0 ||
        (!s->old && strcmp(command, "ATTACH probe_rx_events=1") == 0)) {
        s->attached = true;
        return "OK\n";
    }
    if (strcmp(command, "DETACH") == 0) {
        s->attached = false;
        return "OK\n";
    }
    if (strcmp(command, "PING") == 0)
        return "PONG\n";
    if (strncmp(command, "STA ", 4) == 0)
        return s->station != NULL ? s->station : "FAIL\n";
    if (strncmp(command, "REQ_BEACON ", 11) == 0)
        return "6";
    if (strncmp(command, "STA-", 4) != 0)
        return "UNKNOWN COMMAND\n";
    s->walked = strcmp(command, "STA-FIRST") == 0 ? 0 : s->walked + 1;
    return s->walked < 3 && s->walk[s->walked] != NULL ? s->walk[s->walked] : "";
}

static bool server_serve(void)
{
    struct server *s = &bed->server;
    char command[128];
    size_t len = strlen(s->asked);

    struct sockaddr_un from;
    socklen_t from_len = sizeof(from);
    ssize_t got = s->fd < 0 ? -1
                            : recvfrom(s->fd, command, sizeof(command) - 1, MSG_DONTWAIT,
                                       (struct sockaddr *)&from, &from_len);
    if (got < 0)
        return false;
    command[got] = '\0';
    (void)snprintf(s->asked + len, sizeof(s->asked) - len, "%s\n", command);
    s->client = from;
    s->client_len = from_len;
    if (!s->silent) {
        const char *answer = answer_of(command);
        (void)server_say(answer);
    }
    return true;
}

static const char *server_asked(void)
{
    static char asked[LOG_SIZE];

    memcpy(asked, bed->server.asked, sizeof(asked));
    bed->server.asked[0] = '\0';
    return asked;
}

/* --- inventory and events --- */

static bool find_interface(void *context, size_t *index, struct inventory_interface *interface)
{
    const struct bed *b = context;

    if (*index >= b->interface_count)
        return false;
    *interface = b->interfaces[*index];
    return true;
}

static bool is_own(void *context, const struct mac *bssid)
{
    return mac_equal(&((struct bed *)context)->own, bssid);
}

static bool is_client(void *context, const struct mac *station)
{
    (void)station;
    return !((struct bed *)context)->nobody;
}

static const struct inventory_operations inventory = {
    .interface = find_interface, .is_own = is_own, .is_client = is_client};

static void on_sample(void *context, const struct radio_sample *sample)
{
    struct bed *b = context;
    size_t len = strlen(b->said);

    b->samples++;
    if (b->endless > 0) {
        b->endless--;
        (void)server_say(probe);
        return;
    }
    assert_int_equal(sample->device_class, RADIO_CLASS_CLIENT);
    assert_int_equal(sample->antenna, RADIO_ANTENNA_COMBINED);
    assert_int_equal(sample->heard, loop_now(b->loop));
    (void)snprintf(b->said + len, sizeof(b->said) - len, "sample %02x ap %u %d snr=%d\n",
                   sample->device.b[5], sample->ap, sample->rssi, sample->snr);
}

static void on_user(void *context, const struct radio_user *user)
{
    struct bed *b = context;
    size_t len = strlen(b->said);

    (void)snprintf(b->said + len, sizeof(b->said) - len, "user %02x '%.*s'\n", user->device.b[5],
                   user->len, (const char *)user->name);
}

static void take_event(void *context, const struct radio_event *event)
{
    switch (event->kind) {
    case RADIO_SAMPLE:
        on_sample(context, &event->sample);
        break;
    case RADIO_USER:
        on_user(context, &event->user);
        break;
    default:
        break;
    }
}

static void keep_line(enum log_level level, const char *line)
{
    size_t len = strlen(bed->warned);

    if (level <= LOG_LEVEL_WARNING)
        (void)snprintf(bed->warned + len, sizeof(bed->warned) - len, "%s\n", line);
}

/* --- the bed --- */

static const char *take(char text[static LOG_SIZE])
{
    static char taken[LOG_SIZE];

    memcpy(taken, text, LOG_SIZE);
    text[0] = '\0';
    return taken;
}

static const char *said(void)
{
    return take(bed->said);
}

static const char *warned(void)
{
    return take(bed->warned);
}

static const char *description(void)
{
    static char text[200];

    hostapd_describe(bed->hostapd, text, sizeof(text));
    return text;
}

/* Both sides until neither has anything to do. */
static void settle(void)
{
    for (int quiet = 0; quiet < TURNS; quiet++) {
        loop_advance(bed->loop, 0);
        assert_int_equal(loop_turn(bed->loop, 0), 0);
        if (server_serve())
            quiet = 0;
    }
}

static void advance(int64_t ms)
{
    for (; ms > 0; ms -= 100) {
        loop_advance(bed->loop, ms < 100 ? ms : 100);
        settle();
    }
}

static void configure(void)
{
    hostapd_configure(bed->hostapd, &bed->settings);
    settle();
}

static void interfaces_changed(void)
{
    hostapd_interfaces_changed(bed->hostapd);
    settle();
}

static struct hostapd *make(struct loop *loop, struct source_counters **counters)
{
    const struct source_setup setup = {.loop = loop,
                                       .sink = {take_event, bed},
                                       .handles = bed->handles,
                                       .inventory = {&inventory, bed},
                                       .rogues = bed->rogues,
                                       .counters = counters};

    return hostapd_new(&setup);
}

static void joined(const struct radio_client *client)
{
    hostapd_client_changed(bed->hostapd,
                           &(struct radio_event){.kind = RADIO_CLIENT_JOINED, .joined = *client});
}

static int set_up(void **state)
{
    struct inventory_interface interface = {
        .name = "wlan0",
        .ifindex = 5,
        .is_ap = true,
        .has_ap = true,
        .ap = {.ap = 3, .up = true, .noise = -92},
    };

    (void)state;
    bed = calloc(1, sizeof(*bed));
    assert_non_null(bed);
    log_divert(keep_line);
    bed->loop = loop_new_virtual(1000000, 1800000000000);
    bed->server.fd = -1;
    bed->interfaces[0] = interface;
    bed->interface_count = 1;
    bed->settings.hostapd = true;
    memcpy(bed->settings.hostapd_directory, "/tmp/test-hostapd-XXXXXX", 25);
    assert_non_null(mkdtemp(bed->settings.hostapd_directory));
    bed->handles = handles_new(16);
    bed->rogues = rogues_new(
        &(struct source_setup){.inventory = {&inventory, bed}, .counters = &bed->counters});
    bed->hostapd = make(bed->loop, &bed->counters);
    assert_non_null(bed->hostapd);
    return 0;
}

static int tear_down(void **state)
{
    char path[108];

    (void)state;
    failing_reset();
    hostapd_free(bed->hostapd);
    rogues_free(bed->rogues);
    handles_free(bed->handles);
    server_die();
    loop_free(bed->loop);
    server_path(path, "wlan0");
    (void)unlink(path);
    server_path(path, "wlan1");
    (void)unlink(path);
    (void)rmdir(bed->settings.hostapd_directory);
    log_divert(NULL);
    free(bed);
    return 0;
}

static void start_attached(void)
{
    server_start("wlan0");
    configure();
    assert_true(bed->server.attached);
    assert_string_equal(server_asked(), "ATTACH probe_rx_events=1\nSTA-FIRST\n");
}

/* --- attaching, and what is heard --- */

static void a_probing_station_is_a_reading_of_its_ap(void **state)
{
    (void)state;
    start_attached();
    (void)server_say(probe);
    settle();
    assert_string_equal(said(), "sample 0a ap 3 -37 snr=55\n");
    bed->interfaces[0].ap.noise = RADIO_DB_UNKNOWN;
    interfaces_changed();
    (void)server_say(probe);
    settle();
    assert_string_equal(said(), "sample 0a ap 3 -37 snr=-128\n");
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "probes"), 2);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 1);
    assert_string_equal(description(), "hostapd attached at 1 of 1 AP interfaces");
    assert_string_equal(warned(), "");
}

static void a_signal_of_0_or_above_is_no_reading(void **state)
{
    (void)state;
    start_attached();
    (void)server_say("<3>RX-PROBE-REQUEST sa=02:00:00:00:00:0a signal=0");
    (void)server_say("<3>RX-PROBE-REQUEST sa=02:00:00:00:00:0a signal=12");
    (void)server_say("<3>RX-PROBE-REQUEST sa=02:00:00:00:00:0a");
    settle();
    assert_string_equal(said(), "");
    assert_int_equal(source_counters_sum(bed->counters, "stations", "invalid-samples"), 3);
}

static void our_own_aps_are_no_clients(void **state)
{
    (void)state;
    start_attached();
    bed->own = (struct mac){{2, 0, 0, 0, 0, 0x0a}};
    (void)server_say(probe);
    settle();
    assert_string_equal(said(), "");
}

static void what_is_not_understood_is_counted_only(void **state)
{
    char longest[5000];

    (void)state;
    start_attached();
    (void)server_say("<3>AP-STA-DISCONNECTED 02:00:00:00:00:0a");
    (void)server_say("<3>RX-PROBE-REQUEST sa=02:00:00:00:00:zz signal=-37");
    (void)server_say("FAIL\n"); /* to nothing that was asked */
    (void)server_say("");
    settle();
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, probe, strlen(probe));
    longest[strlen(probe)] = ' ';
    longest[sizeof(longest) - 1] = '\0';
    (void)server_say(longest); /* longer than our buffer: cut, whatever it begins with */
    settle();
    assert_string_equal(said(), "");
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "ignored"), 5);
    (void)server_say(probe);
    settle();
    assert_string_equal(said(), "sample 0a ap 3 -37 snr=55\n");
}

static void an_older_hostapd_is_attached_to_without_probe_requests(void **state)
{
    (void)state;
    bed->server.old = true;
    server_start("wlan0");
    configure();
    assert_string_equal(server_asked(), "ATTACH probe_rx_events=1\nATTACH\nSTA-FIRST\n");
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 1);
    assert_non_null(strstr(warned(), "no probe requests"));
    advance(HOSTAPD_CHECK_MS);
    assert_string_equal(server_asked(), "PING\n"); /* a second ATTACH would tell all twice */
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "lost"), 0);
}

/* --- users --- */

static void a_user_who_logs_on_is_told(void **state)
{
    (void)state;
    start_attached();
    bed->server.station = user_reply;
    (void)server_say("<3>AP-STA-CONNECTED 02:00:00:00:00:0a auth_alg=open");
    settle();
    assert_string_equal(server_asked(), "STA 02:00:00:00:00:0a\n");
    assert_string_equal(said(), "user 0a 'user'\n");
}

static void who_logs_on_without_a_name_has_none_any_more(void **state)
{
    (void)state;
    start_attached();
    bed->server.station = "02:00:00:00:00:0a\nflags=[AUTH]\n";
    (void)server_say("<3>AP-STA-CONNECTED 02:00:00:00:00:0a");
    settle();
    assert_string_equal(said(), "user 0a ''\n");
    /* Another BSS of the same radio may know it too, and less of it. */
    joined(&(struct radio_client){.device = {{2, 0, 0, 0, 0, 0x0a}}, .ap = 3});
    settle();
    assert_string_equal(said(), "");
}

static void a_reply_that_was_cut_says_nothing_of_the_user(void **state)
{
    char reply[4096 + 1];

    (void)state;
    start_attached();
    bed->server.station = "02:00:00:00:00:0a\nflags=[AUTH]\ndot1xAuthSessionUserName=us";
    (void)server_say("<3>AP-STA-CONNECTED 02:00:00:00:00:0a");
    settle();
    assert_string_equal(said(), "");
    /* As full as hostapd's own buffer, and cut at the end of a line. */
    memset(reply, 'x', sizeof(reply));
    memcpy(reply, "02:00:00:00:00:0a\n", 18);
    reply[4095] = '\n';
    reply[4096] = '\0';
    bed->server.station = reply;
    (void)server_say("<3>AP-STA-CONNECTED 02:00:00:00:00:0a");
    settle();
    assert_string_equal(said(), "");
    assert_string_equal(server_asked(), "STA 02:00:00:00:00:0a\nSTA 02:00:00:00:00:0a\n");
}

static void who_logged_on_before_us_is_found(void **state)
{
    (void)state;
    bed->server.walk[0] = user_reply;
    bed->server.walk[1] = "02:00:00:00:00:0b\nflags=[AUTH]\n";
    bed->server.walk[2] = "02:00:00:00:00:0c\nidentity=third\n";
    server_start("wlan0");
    configure();
    assert_string_equal(said(), "user 0a 'user'\nuser 0c 'third'\n");
    assert_string_equal(server_asked(), "ATTACH probe_rx_events=1\nSTA-FIRST\n"
                                        "STA-NEXT 02:00:00:00:00:0a\nSTA-NEXT 02:00:00:00:00:0b\n"
                                        "STA-NEXT 02:00:00:00:00:0c\n");
}

static void a_client_that_joins_is_asked_for_at_its_ap_only(void **state)
{
    struct radio_client client = {.device = {{2, 0, 0, 0, 0, 0x0a}}, .ap = 2};

    (void)state;
    start_attached();
    bed->server.station = user_reply;
    joined(&client);
    settle();
    assert_string_equal(server_asked(), "");
    client.ap = 3;
    joined(&client);
    settle();
    assert_string_equal(said(), "user 0a 'user'\n");
}

static void of_who_is_no_client_nothing_is_asked_or_told(void **state)
{
    (void)state;
    bed->nobody = true;
    bed->server.walk[0] = user_reply;
    server_start("wlan0");
    configure();
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 1);
    (void)server_asked();
    (void)server_say("<3>AP-STA-CONNECTED 02:00:00:00:00:0b");
    settle();
    assert_string_equal(said(), "");
    assert_string_equal(server_asked(), "");
}

static void more_clients_than_questions_are_found_by_asking_for_all(void **state)
{
    struct radio_client client = {.device = {{2, 0, 0, 0, 0, 0}}, .ap = 3};
    const char *asked;

    (void)state;
    start_attached();
    bed->server.station = user_reply;
    bed->server.walk[0] = user_reply;
    for (uint8_t i = 0; i < 100; i++) {
        client.device.b[5] = i;
        joined(&client);
    }
    settle();
    asked = server_asked();
    assert_non_null(strstr(asked, "STA 02:00:00:00:00:0f\n"));
    assert_null(strstr(asked, "STA 02:00:00:00:00:10\n"));
    assert_non_null(strstr(asked, "STA-FIRST\n"));
    assert_string_equal(said(), "user 0a 'user'\nuser 0a 'user'\n"); /* asked, and found */
}

/* --- trouble --- */

static void a_hostapd_that_died_is_noticed_and_attached_to_again(void **state)
{
    (void)state;
    start_attached();
    server_die();
    advance(HOSTAPD_CHECK_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "lost"), 1);
    assert_non_null(strstr(description(), "hostapd attached at 0 of 1"));
    server_start("wlan0");
    advance(HOSTAPD_RETRY_MS * 2);
    assert_true(bed->server.attached);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 2);
    (void)server_say(probe);
    settle();
    assert_string_equal(said(), "sample 0a ap 3 -37 snr=55\n");
}

static void a_hostapd_that_says_it_ends_is_left_at_once(void **state)
{
    (void)state;
    start_attached();
    (void)server_say("<3>CTRL-EVENT-TERMINATING ");
    settle();
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "lost"), 1);
    server_die();
    server_start("wlan0");
    advance(HOSTAPD_RETRY_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 2);
}

static void an_ap_that_comes_up_is_tried_at_once(void **state)
{
    char path[108];

    (void)state;
    start_attached();
    server_path(path, "wlan0");
    server_die();
    (void)unlink(path);
    bed->interfaces[0].ap.up = false;
    interfaces_changed();
    advance(120000);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 1);
    server_start("wlan0");
    bed->interfaces[0].ap.up = true;
    interfaces_changed();
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 2);
    /* Restarted behind our back: the check does not wait for its time. */
    server_die();
    server_start("wlan0");
    bed->interfaces[0].ap.up = false;
    interfaces_changed();
    bed->interfaces[0].ap.up = true;
    interfaces_changed();
    advance(HOSTAPD_RETRY_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 3);
}

static void one_that_never_answers_is_tried_with_growing_pauses(void **state)
{
    size_t tries = 0;

    (void)state;
    bed->server.silent = true;
    server_start("wlan0");
    configure();
    advance(HOSTAPD_DEADLINE_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "lost"), 1);
    advance(300000);
    for (const char *at = server_asked(); (at = strstr(at, "ATTACH")) != NULL; at++)
        tries++;
    /* 1, 2, 4, 8, 16 and then every 32 s, each with 2 s of waiting */
    assert_in_range(tries, 12, 14);
    assert_non_null(strstr(warned(), strerror(ETIMEDOUT)));
    assert_string_equal(warned(), "");
    bed->server.silent = false;
    advance(HOSTAPD_RETRY_MAX_MS + HOSTAPD_DEADLINE_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 1);
}

static void one_that_refuses_is_tried_again_and_said_once(void **state)
{
    (void)state;
    bed->server.refuse = true;
    server_start("wlan0");
    configure();
    assert_string_equal(server_asked(), "ATTACH probe_rx_events=1\nATTACH\n");
    assert_non_null(strstr(warned(), "wlan0 cannot be used"));
    advance(100000);
    assert_string_equal(warned(), "");
    bed->server.refuse = false;
    advance(HOSTAPD_RETRY_MAX_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 1);
}

static void a_silent_hostapd_that_was_attached_is_lost(void **state)
{
    (void)state;
    start_attached();
    bed->server.silent = true;
    advance(HOSTAPD_CHECK_MS + HOSTAPD_DEADLINE_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "lost"), 1);
    bed->server.silent = false;
    advance(HOSTAPD_RETRY_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 2);
}

static void an_answer_that_was_dropped_is_asked_for_again(void **state)
{
    (void)state;
    start_attached();
    bed->server.silent = true;
    advance(HOSTAPD_CHECK_MS);
    (void)server_say(probe); /* it lives */
    advance(HOSTAPD_DEADLINE_MS - 100);
    bed->server.silent = false;
    advance(HOSTAPD_DEADLINE_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "lost"), 0);
    assert_string_equal(server_asked(), "ATTACH probe_rx_events=1\nATTACH probe_rx_events=1\n");
}

static void without_permission_the_remedy_is_said_once(void **state)
{
    const char *warning;

    (void)state;
    server_start("wlan0");
    failing_from(FAILING_CONNECT, 1, EACCES);
    configure();
    warning = warned();
    assert_non_null(strstr(warning, "wlan0"));
    assert_non_null(strstr(warning, "ctrl_interface_group"));
    assert_non_null(strstr(description(), strerror(EACCES)));
    advance(100000);
    assert_string_equal(warned(), "");
    failing_reset();
    advance(HOSTAPD_RETRY_MAX_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 1);
    assert_string_equal(description(), "hostapd attached at 1 of 1 AP interfaces");
}

static void without_a_socket_or_an_address_it_is_tried_again(void **state)
{
    (void)state;
    server_start("wlan0");
    failing_at(FAILING_SOCKET, 1, EMFILE);
    configure();
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 0);
    failing_reset();
    failing_at(FAILING_BIND, 1, ENOMEM);
    advance(HOSTAPD_RETRY_MS);
    assert_true(failing_hit());
    failing_reset();
    failing_at(FAILING_EPOLL_CTL, 1, ENOSPC);
    advance(HOSTAPD_RETRY_MS * 2);
    assert_true(failing_hit());
    failing_reset();
    failing_at(FAILING_SEND, 1, EAGAIN);
    advance(HOSTAPD_RETRY_MS * 4);
    assert_true(failing_hit());
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 0);
    advance(HOSTAPD_RETRY_MS * 8);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 1);
}

static void a_socket_that_breaks_is_lost(void **state)
{
    (void)state;
    start_attached();
    failing_at(FAILING_RECV, 1, ECONNRESET);
    (void)server_say(probe);
    settle();
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "lost"), 1);
    advance(HOSTAPD_RETRY_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 2);
}

static void a_folder_that_is_not_there_is_said_after_some_tries(void **state)
{
    (void)state;
    assert_int_equal(rmdir(bed->settings.hostapd_directory), 0);
    configure();
    assert_string_equal(warned(), ""); /* hostapd may only be late */
    advance(20000);
    assert_non_null(strstr(warned(), "ctrl_interface"));
    advance(100000);
    assert_string_equal(warned(), "");
    assert_int_equal(mkdir(bed->settings.hostapd_directory, 0700), 0);
    server_start("wlan0");
    advance(HOSTAPD_RETRY_MAX_MS);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 1);
}

static void an_interface_without_hostapd_is_not_complained_of_beside_one_with_it(void **state)
{
    (void)state;
    bed->interfaces[1] = bed->interfaces[0];
    memcpy(bed->interfaces[1].name, "wlan1", 6);
    bed->interfaces[1].ifindex = 6;
    bed->interface_count = 2;
    server_start("wlan0");
    configure();
    advance(100000);
    assert_string_equal(warned(), "");
    assert_string_equal(description(), "hostapd attached at 1 of 2 AP interfaces");
}

/* --- floods --- */

static void a_flood_cannot_keep_the_loop(void **state)
{
    (void)state;
    start_attached();
    bed->endless = 10000;
    (void)server_say(probe);
    assert_int_equal(loop_turn(bed->loop, 0), 0);
    assert_int_equal(bed->samples, HOSTAPD_LINES_PER_TURN);
    assert_int_equal(loop_turn(bed->loop, 0), 0);
    assert_int_equal(bed->samples, 2 * HOSTAPD_LINES_PER_TURN);
}

static void a_hostapd_that_forgot_us_in_a_flood_is_soon_attached_to_again(void **state)
{
    (void)state;
    start_attached();
    bed->endless = 200;
    (void)server_say(probe);
    settle();
    bed->server.attached = false;
    advance(HOSTAPD_BURST_MS);
    assert_true(bed->server.attached);
    assert_string_equal(server_asked(), "ATTACH probe_rx_events=1\n");
    /* A quiet one is asked every HOSTAPD_CHECK_MS only. */
    advance(HOSTAPD_CHECK_MS);
    assert_string_equal(server_asked(), "ATTACH probe_rx_events=1\n");
}

static void nothing_is_allocated_for_an_event(void **state)
{
    (void)state;
    start_attached();
    bed->server.station = user_reply;
    failing_reset();
    (void)server_say(probe);
    (void)server_say("<3>AP-STA-CONNECTED 02:00:00:00:00:0a");
    settle();
    assert_int_equal(failing_count(FAILING_MALLOC), 0);
    assert_string_equal(said(), "sample 0a ap 3 -37 snr=55\nuser 0a 'user'\n");
}

/* --- what clients report --- */

#define MEASURER "02:00:00:00:00:0a"
static const char measurer[] = MEASURER "\nflags=[AUTH]\ncapability=0x1421\n";
static const char report[] = "<3>BEACON-RESP-RX " MEASURER
                             " 6 00 510600000000000000003200076aff00119200000100000000000202010";

/* As it is configured while there are clients already. */
static void start_measuring(const char *station)
{
    if (!bed->server.attached)
        start_attached();
    bed->server.walk[0] = station;
    (void)server_asked();
    bed->settings.beacon_report = 30;
    configure();
    advance(2000);
}

static void a_client_that_can_is_asked_what_it_hears(void **state)
{
    (void)state;
    bed->interfaces[0].ap.band = RADIO_BAND_2GHZ;
    bed->interfaces[0].ap.channel = 6;
    start_measuring(measurer);
    const char *asked = server_asked();
    assert_non_null(strstr(asked, "\nREQ_LINK_MEASUREMENT " MEASURER "\n")); /* not known */
    assert_non_null(
        strstr(asked, "\nREQ_BEACON " MEASURER " 51ff0000320001ffffffffffff02010033025106\n"));
    (void)server_say(report);
    settle();
    assert_string_equal(said(), "sample 0a ap 0 -57 snr=-128\n");
    assert_int_equal(source_counters_sum(bed->counters, "beacon-reports", "reports"), 1);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "ignored"), 0);
}

static void a_client_that_cannot_or_is_none_of_ours_is_left_alone(void **state)
{
    (void)state;
    start_measuring(MEASURER "\nflags=[AUTH]\ncapability=0x421\n");
    assert_null(strstr(server_asked(), "REQ_"));
    bed->nobody = true;
    bed->server.walk[0] = measurer;
    advance(60000);
    (void)server_say("<3>AP-STA-CONNECTED " MEASURER);
    advance(60000);
    assert_null(strstr(server_asked(), "REQ_"));
    (void)server_say(report);
    settle();
    assert_string_equal(said(), "");
    assert_int_equal(source_counters_sum(bed->counters, "beacon-reports", "strange"), 1);
}

static void nobody_is_asked_unless_it_is_configured(void **state)
{
    (void)state;
    start_attached();
    bed->server.walk[0] = measurer;
    (void)server_say("<3>AP-STA-CONNECTED " MEASURER);
    advance(60000);
    assert_null(strstr(server_asked(), "REQ_"));
    (void)server_say(report);
    settle();
    assert_string_equal(said(), "");
}

static void who_is_asked_is_known_again_when_hostapd_is(void **state)
{
    (void)state;
    start_measuring(measurer);
    server_die();
    advance(15000);
    server_start("wlan0");
    (void)server_asked();
    advance(35000);
    assert_non_null(strstr(server_asked(), "REQ_BEACON " MEASURER));
}

static void a_request_is_made_again_if_its_reply_was_dropped(void **state)
{
    (void)state;
    start_attached();
    advance(5000); /* the checks of the socket are elsewhere */
    start_measuring(measurer);
    (void)server_say(report);
    settle();
    advance(26000);
    (void)server_asked();
    bed->server.silent = true;
    advance(2500);
    (void)server_say(probe);
    settle();
    bed->server.silent = false;
    advance(3000);
    const char *first = strstr(server_asked(), "REQ_BEACON " MEASURER);
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "REQ_BEACON " MEASURER));
    assert_int_equal(source_counters_sum(bed->counters, "beacon-reports", "asked"), 2);
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "lost"), 0);
}

static void who_left_is_not_asked_any_more(void **state)
{
    const struct radio_departure left = {.device = {{0x02, 0, 0, 0, 0, 0x0a}}, .ap = 3};

    (void)state;
    start_measuring(measurer);
    (void)server_asked();
    hostapd_client_changed(bed->hostapd,
                           &(struct radio_event){.kind = RADIO_CLIENT_LEFT, .left = left});
    advance(100000);
    assert_null(strstr(server_asked(), "REQ_"));
}

/* --- interfaces and settings --- */

static void an_interface_that_goes_is_detached_from(void **state)
{
    (void)state;
    start_attached();
    bed->interface_count = 0;
    interfaces_changed();
    assert_string_equal(server_asked(), "DETACH\n");
    assert_string_equal(description(), "");
    advance(100000);
    assert_string_equal(server_asked(), "");
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "lost"), 0);
}

static void an_interface_that_is_renamed_has_another_socket(void **state)
{
    (void)state;
    start_attached();
    server_die();
    server_start("wlan1");
    memcpy(bed->interfaces[0].name, "wlan1", 6);
    interfaces_changed();
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 2);
    assert_string_equal(description(), "hostapd attached at 1 of 1 AP interfaces");
}

static void what_is_no_ap_of_ours_has_no_socket(void **state)
{
    (void)state;
    server_start("wlan0");
    bed->interfaces[0].is_vlan = true;
    configure();
    bed->interfaces[0].is_vlan = false;
    bed->interfaces[0].has_ap = false;
    interfaces_changed();
    bed->interfaces[0].has_ap = true;
    bed->interfaces[0].is_ap = false;
    interfaces_changed();
    advance(10000);
    assert_string_equal(server_asked(), "");
    assert_string_equal(description(), "");
}

static void it_can_be_switched_off_and_moved(void **state)
{
    char directory[SETTINGS_PATH_SIZE];

    (void)state;
    start_attached();
    bed->settings.hostapd = false;
    configure();
    assert_string_equal(server_asked(), "DETACH\n");
    bed->settings.hostapd = true;
    configure();
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 2);
    configure(); /* the same again changes nothing */
    assert_int_equal(source_counters_sum(bed->counters, "hostapd", "attached"), 2);
    (void)server_asked();
    memcpy(directory, bed->settings.hostapd_directory, sizeof(directory));
    memcpy(bed->settings.hostapd_directory, "/nonexistent", 13);
    configure();
    assert_string_equal(server_asked(), "DETACH\n");
    assert_string_equal(description(), "hostapd attached at 0 of 1 AP interfaces");
    memcpy(bed->settings.hostapd_directory, directory, sizeof(directory));
}

static void without_memory_there_is_none_and_no_leak(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (unsigned n = 1;; n++) {
        struct source_counters *counters = NULL;
        struct loop *loop = loop_new();
        failing_malloc_at(n);
        struct hostapd *hostapd = make(loop, &counters);
        bool hit = failing_hit();
        failing_reset();
        assert_true(hit == (hostapd == NULL));
        hostapd_free(hostapd);
        loop_free(loop);
        if (!hit)
            break;
        failures++;
    }
    assert_true(failures > 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_probing_station_is_a_reading_of_its_ap),
        TEST(a_signal_of_0_or_above_is_no_reading),
        TEST(our_own_aps_are_no_clients),
        TEST(what_is_not_understood_is_counted_only),
        TEST(an_older_hostapd_is_attached_to_without_probe_requests),
        TEST(a_user_who_logs_on_is_told),
        TEST(who_logs_on_without_a_name_has_none_any_more),
        TEST(a_reply_that_was_cut_says_nothing_of_the_user),
        TEST(who_logged_on_before_us_is_found),
        TEST(a_client_that_joins_is_asked_for_at_its_ap_only),
        TEST(of_who_is_no_client_nothing_is_asked_or_told),
        TEST(more_clients_than_questions_are_found_by_asking_for_all),
        TEST(a_hostapd_that_died_is_noticed_and_attached_to_again),
        TEST(a_hostapd_that_says_it_ends_is_left_at_once),
        TEST(an_ap_that_comes_up_is_tried_at_once),
        TEST(one_that_never_answers_is_tried_with_growing_pauses),
        TEST(one_that_refuses_is_tried_again_and_said_once),
        TEST(a_silent_hostapd_that_was_attached_is_lost),
        TEST(an_answer_that_was_dropped_is_asked_for_again),
        TEST(without_permission_the_remedy_is_said_once),
        TEST(without_a_socket_or_an_address_it_is_tried_again),
        TEST(a_socket_that_breaks_is_lost),
        TEST(a_folder_that_is_not_there_is_said_after_some_tries),
        TEST(an_interface_without_hostapd_is_not_complained_of_beside_one_with_it),
        TEST(a_flood_cannot_keep_the_loop),
        TEST(a_hostapd_that_forgot_us_in_a_flood_is_soon_attached_to_again),
        TEST(nothing_is_allocated_for_an_event),
        TEST(a_client_that_can_is_asked_what_it_hears),
        TEST(a_client_that_cannot_or_is_none_of_ours_is_left_alone),
        TEST(nobody_is_asked_unless_it_is_configured),
        TEST(who_is_asked_is_known_again_when_hostapd_is),
        TEST(a_request_is_made_again_if_its_reply_was_dropped),
        TEST(who_left_is_not_asked_any_more),
        TEST(an_interface_that_goes_is_detached_from),
        TEST(an_interface_that_is_renamed_has_another_socket),
        TEST(what_is_no_ap_of_ours_has_no_socket),
        TEST(it_can_be_switched_off_and_moved),
        TEST(without_memory_there_is_none_and_no_leak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
