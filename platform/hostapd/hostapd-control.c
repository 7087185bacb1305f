/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/log.h"
#include "platform/hostapd/hostapd-internal.h"
#include "platform/hostapd/hostapd-line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    WALK_MAX = 4096,    /* stations of one walk: what goes on longer is broken */
    BURST = 8,          /* lines in one turn; a socket may hold as few as 11 */
    ABSENT_SAID_AT = 3, /* tries before a missing socket is worth a line */
    REPEATS_MAX = 2,    /* of a command whose answer may have been dropped in a flood */
};

static void serve(struct control *control);
static void on_ready(void *context, unsigned ready);

/* --- what is said --- */

static const char *remedy(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return "set ctrl_interface_group in hostapd.conf to a group that this program's user is "
               "in, and restart hostapd";
    case ENOENT:
    case ENOTDIR:
        return "set ctrl_interface in hostapd.conf to that folder, or this program's "
               "nmspd-radio:radios/hostapd/directory to hostapd's";
    case ECONNREFUSED:
        return "is hostapd running?";
    default:
        return "it is tried again";
    }
}

/* Once for each cause, until something works; what is merely not there yet gets some time. */
static void say_trouble(struct control *control, int error)
{
    struct hostapd *h = control->hostapd;
    size_t all;

    if (error == h->trouble)
        return;
    if ((error == ENOENT || error == ECONNREFUSED) &&
        (control->tries < ABSENT_SAID_AT || hostapd_count_attached(h, &all) > 0))
        return;
    h->trouble = error;
    memcpy(h->trouble_name, control->interface.name, sizeof(h->trouble_name));
    log_warning("hostapd's control socket %s/%s cannot be used (%s): %s; until then its probing "
                "clients are not heard",
                h->directory, control->interface.name, strerror(error), remedy(error));
}

static void say_attached(struct control *control)
{
    struct hostapd *h = control->hostapd;

    h->trouble = 0;
    log_info("hostapd of %s: attached", control->interface.name);
    if (control->plain && !h->plain_said) {
        h->plain_said = true;
        log_warning(
            "hostapd of %s tells no probe requests (it is too old: 2.10 does): probing clients "
            "are not heard",
            control->interface.name);
    }
}

/* --- closing, and trying again --- */

void control_close(struct control *control)
{
    static const char detach[] = "DETACH";

    if (control->fd < 0)
        return;
    loop_watch_remove(&control->watch);
    if (control->attached)
        (void)send(control->fd, detach, strlen(detach), MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)close(control->fd);
    control->fd = -1;
    control->attached = false;
    control->asked = NO_COMMAND;
    control->repeats = 0;
    control->count = 0;
    control->walk = false;
    control->measure = false;
    reports_forget(control->hostapd->reports, control);
}

static void retry_later(struct control *control)
{
    loop_timer_start(&control->timer, control->pause);
    if (control->pause < HOSTAPD_RETRY_MAX_MS)
        control->pause *= 2;
}

/* It does not answer, or is gone. */
static void lost(struct control *control, int error)
{
    if (control->attached || error == ETIMEDOUT)
        control->hostapd->counters.lost++;
    if (control->attached)
        log_info("hostapd of %s: lost (%s); it is tried again", control->interface.name,
                 strerror(error));
    say_trouble(control, error);
    control_close(control);
    retry_later(control);
}

/* --- commands --- */

static int send_text(struct control *control, const char *text)
{
    ssize_t sent = send(control->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);

    return sent < 0 ? errno : 0;
}

/* False if the socket was lost over it. */
static bool ask(struct control *control, enum hostapd_command command, const char *text)
{
    int error = send_text(control, text);

    if (error != 0) {
        lost(control, error);
        return false;
    }
    control->asked = command;
    control->heard = false;
    loop_timer_start(&control->timer, HOSTAPD_DEADLINE_MS);
    return true;
}

static void ask_of(struct control *control, enum hostapd_command command, const char *verb,
                   const struct mac *mac)
{
    char text[16 + MAC_TEXT_SIZE];
    char station[MAC_TEXT_SIZE];

    (void)snprintf(text, sizeof(text), "%s %s", verb, mac_text(mac, station));
    (void)ask(control, command, text);
}

/* A second ATTACH from the same address renews the first, in every hostapd that knows its
 * parameter; an older one is only pinged, because it would tell everything twice. */
static void check(struct control *control)
{
    if (control->plain)
        (void)ask(control, PING, "PING");
    else
        (void)ask(control, ATTACH, "ATTACH probe_rx_events=1");
}

static void walk_on(struct control *control)
{
    if (control->restart) {
        control->restart = false;
        control->walk_left = WALK_MAX;
        control->walked = (struct mac){{0}};
    }
    if (control->walk_left-- == 0)
        control->walk = false;
    else if (mac_is_zero(&control->walked))
        (void)ask(control, WALK, "STA-FIRST");
    else
        ask_of(control, WALK, "STA-NEXT", &control->walked);
}

static void start_walk(struct control *control)
{
    control->walk = true;
    control->restart = true;
}

/* False if there is nothing to be asked. */
static bool measure(struct control *control)
{
    char text[REPORTS_REQUEST_SIZE];

    if (!control->measure)
        return false;
    control->measure = reports_write(control->hostapd->reports, &control->measured, text);
    if (control->measure)
        (void)ask(control, MEASURE, text);
    return control->measure;
}

/* The next thing to be asked, or the time to do so. */
static void serve(struct control *control)
{
    if (!control->attached || control->asked != NO_COMMAND)
        return;
    if (loop_now(control->hostapd->setup.loop) >= control->next_check) {
        check(control);
        return;
    }
    if (control->count > 0) {
        ask_of(control, STA, "STA", &control->questions[control->first].mac);
        return;
    }
    if (measure(control))
        return;
    if (control->walk)
        walk_on(control);
    if (control->fd >= 0 && control->asked == NO_COMMAND)
        loop_timer_start_at(&control->timer, control->next_check);
}

void control_walk(struct control *control)
{
    if (!control->attached)
        return;
    start_walk(control);
    serve(control);
}

bool control_measure(void *context, void *which, const struct mac *station)
{
    struct control *control = which;

    (void)context;
    if (!control->attached || control->measure)
        return false;
    control->measure = true;
    control->measured = *station;
    serve(control);
    return true;
}

/* What does not fit is found by walking through all. */
void control_ask_user(struct control *control, const struct mac *mac, bool logon)
{
    if (control->count == QUESTIONS_MAX) {
        start_walk(control);
        return;
    }
    size_t place = (control->first + control->count) % QUESTIONS_MAX;
    control->questions[place] = (struct question){.mac = *mac, .logon = logon};
    control->count++;
    serve(control);
}

/* --- replies --- */

static int64_t next_multiple(int64_t now, int64_t interval)
{
    return (now / interval + 1) * interval;
}

static void set_attached(struct control *control)
{
    bool first = !control->attached;

    /* Multiples: all sockets are checked in one wake-up. */
    control->next_check = next_multiple(loop_now(control->hostapd->setup.loop), HOSTAPD_CHECK_MS);
    if (!first) {
        control->pause = HOSTAPD_RETRY_MS; /* it lasts */
        return;
    }
    control->attached = true;
    control->tries = 0;
    control->hostapd->counters.attached++;
    say_attached(control);
    start_walk(control); /* those who logged on before */
}

static void on_attach_answer(struct control *control, enum hostapd_command asked,
                             enum hostapd_answer answer)
{
    if (answer == HOSTAPD_OK) {
        control->plain = asked == ATTACH_PLAIN;
        set_attached(control);
    } else if (asked == ATTACH && !control->attached) {
        (void)ask(control, ATTACH_PLAIN, "ATTACH");
    } else {
        lost(control, EPROTO);
    }
}

static void tell_user(struct hostapd *h, const struct hostapd_station *station, bool logon)
{
    struct radio_event event = {.kind = RADIO_USER,
                                .user = {.device = station->mac, .len = station->user_len}};

    if (station->user_len == 0 && !(logon && station->complete))
        return;
    memcpy(event.user.name, station->user, station->user_len);
    radio_tell(&h->setup.sink, &event);
}

/* A client of ours: who is its user, and can it be asked what it hears? */
static void take_station(struct control *control, const struct hostapd_station *station, bool logon)
{
    struct hostapd *h = control->hostapd;

    if (!inventory_is_client(&h->setup.inventory, &station->mac))
        return;
    tell_user(h, station, logon);
    reports_station(h->reports, control, control->interface.ap.ap, station);
}

static void on_station(struct control *control, const struct hostapd_station *station)
{
    const struct question question = control->questions[control->first];

    control->first = (control->first + 1) % QUESTIONS_MAX;
    control->count--;
    if (station != NULL && mac_equal(&station->mac, &question.mac))
        take_station(control, station, question.logon);
}

/* The end is an empty reply, or FAIL if the last one left meanwhile. */
static void on_walked(struct control *control, const struct hostapd_station *station)
{
    control->walk = station != NULL || control->restart;
    if (station == NULL)
        return;
    control->walked = station->mac;
    take_station(control, station, false);
}

static void take_reply(struct control *control, struct cursor bytes, bool full)
{
    enum hostapd_command asked = control->asked;
    struct hostapd_station station;
    bool is_station = hostapd_parse_station(bytes, &station);

    station.complete = station.complete && !full;
    control->asked = NO_COMMAND;
    control->repeats = 0;
    switch (asked) {
    case ATTACH:
    case ATTACH_PLAIN:
        on_attach_answer(control, asked, hostapd_parse_answer(bytes));
        break;
    case PING:
        if (hostapd_parse_answer(bytes) == HOSTAPD_PONG)
            set_attached(control);
        else
            lost(control, EPROTO);
        break;
    case STA:
        on_station(control, is_station ? &station : NULL);
        break;
    case WALK:
        on_walked(control, is_station ? &station : NULL);
        break;
    case MEASURE:
        control->measure = false;
        reports_replied(control->hostapd->reports, &control->measured, hostapd_parse_token(bytes));
        break;
    case NO_COMMAND:
        control->hostapd->counters.ignored++;
        return;
    }
    serve(control);
}

/* --- events --- */

static void take_probe(struct control *control, const struct hostapd_line *line)
{
    struct hostapd *h = control->hostapd;
    const struct radio_event event = {
        .kind = RADIO_SAMPLE,
        .sample = {.device = line->mac,
                   .ap = control->interface.ap.ap,
                   .device_class = RADIO_CLASS_CLIENT,
                   .antenna = RADIO_ANTENNA_COMBINED,
                   .source = RADIO_SOURCE_PROBE,
                   .rssi = line->signal,
                   .snr = radio_snr(line->signal, control->interface.ap.noise),
                   .heard = loop_now(h->setup.loop)}};

    h->counters.probes++;
    if (line->signal == RADIO_DB_UNKNOWN)
        h->counters.invalid_samples++;
    else if (!inventory_is_own(&h->setup.inventory, &line->mac))
        radio_tell(&h->setup.sink, &event);
}

static void take_line(struct control *control, size_t len)
{
    struct hostapd *h = control->hostapd;
    bool full = len >= sizeof(h->buffer) - 1;
    struct cursor bytes = cursor_of(h->buffer, len < sizeof(h->buffer) ? len : sizeof(h->buffer));
    const struct hostapd_line line = hostapd_parse(bytes);

    switch (full && line.kind != HOSTAPD_REPLY ? HOSTAPD_UNKNOWN : line.kind) {
    case HOSTAPD_REPLY:
        take_reply(control, bytes, full);
        break;
    case HOSTAPD_PROBE:
        take_probe(control, &line);
        break;
    case HOSTAPD_LOGON:
        if (inventory_is_client(&h->setup.inventory, &line.mac))
            control_ask_user(control, &line.mac, true);
        break;
    case HOSTAPD_SENT:
    case HOSTAPD_REPORT:
    case HOSTAPD_LINK:
        if (reports_is_on(h->reports))
            reports_take(h->reports, control, &line);
        break;
    case HOSTAPD_END:
        lost(control, ECONNREFUSED);
        break;
    case HOSTAPD_UNKNOWN:
        h->counters.ignored++;
        break;
    }
}

/* hostapd gives up on a reader whose queue is full a dozen times in a row: after a burst it is soon
 * asked whether it still knows us. */
static void note_burst(struct control *control)
{
    int64_t soon = loop_now(control->hostapd->setup.loop) + HOSTAPD_BURST_MS;

    if (!control->attached || control->next_check <= soon)
        return;
    control->next_check = soon;
    if (control->asked == NO_COMMAND)
        loop_timer_start_at(&control->timer, soon);
}

static void on_ready(void *context, unsigned ready)
{
    struct control *control = context;
    struct hostapd *h = control->hostapd;
    int lines = 0;

    (void)ready;
    loop_refresh(h->setup.loop);
    while (control->fd >= 0 && lines < HOSTAPD_LINES_PER_TURN) {
        ssize_t len = recv(control->fd, h->buffer, sizeof(h->buffer), MSG_DONTWAIT | MSG_TRUNC);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0 && errno == EAGAIN)
            break;
        lines++;
        if (len < 0)
            lost(control, errno);
        else
            take_line(control, (size_t)len);
    }
    control->heard = control->heard || lines > 0;
    if (lines >= BURST)
        note_burst(control);
}

/* --- opening --- */

static int open_socket(struct control *control)
{
    struct sockaddr_un theirs = {.sun_family = AF_UNIX};
    const struct sockaddr_un ours = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;

    if (fd < 0)
        return errno;
    (void)snprintf(theirs.sun_path, sizeof(theirs.sun_path), "%s/%s", control->hostapd->directory,
                   control->interface.name);
    /* Only the family: the kernel chooses an abstract address that is free. */
    if (connect(fd, (const struct sockaddr *)&theirs, sizeof(theirs)) < 0 ||
        bind(fd, (const struct sockaddr *)&ours, sizeof(ours.sun_family)) < 0)
        error = errno;
    else
        error = -loop_watch_add(control->hostapd->setup.loop, &control->watch, fd, LOOP_READ,
                                on_ready, control);
    if (error != 0)
        (void)close(fd);
    else
        control->fd = fd;
    return error;
}

static void try_to_attach(struct control *control)
{
    int error = open_socket(control);

    control->tries++;
    control->plain = false;
    if (error == 0) {
        (void)ask(control, ATTACH, "ATTACH probe_rx_events=1");
        return;
    }
    say_trouble(control, error);
    retry_later(control);
}

/* Who tells events lives: then it was the answer that was dropped, and is asked for again. */
static void on_deadline(struct control *control)
{
    /* The answer may lie there unread, if it was this process that could not run. */
    on_ready(control, LOOP_READ);
    if (control->fd < 0 || control->asked == NO_COMMAND || loop_timer_running(&control->timer))
        return;
    if (control->attached && control->heard && control->repeats < REPEATS_MAX) {
        control->repeats++;
        control->asked = NO_COMMAND;
        serve(control);
    } else {
        lost(control, ETIMEDOUT);
    }
}

static void on_timer(void *context)
{
    struct control *control = context;

    if (control->fd < 0)
        try_to_attach(control);
    else if (control->asked == NO_COMMAND)
        serve(control);
    else
        on_deadline(control);
}

/* Soon, not here: the interfaces are told in the middle of things. */
void control_try_now(struct control *control)
{
    control->pause = HOSTAPD_RETRY_MS;
    if (control->fd < 0) {
        loop_timer_start(&control->timer, 0);
    } else if (control->asked == NO_COMMAND) {
        control->next_check = loop_now(control->hostapd->setup.loop);
        loop_timer_start(&control->timer, 0);
    }
}

int control_init(struct hostapd *h, struct control *control)
{
    control->hostapd = h;
    control->fd = -1;
    return loop_timer_init(h->setup.loop, &control->timer, on_timer, control);
}
