/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/monitor.h"

#include "agent/base/local.h"
#include "agent/base/log.h"
#include "platform/air/receive.h"
#include "platform/helper/helper.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static_assert((int)HELPER_TAG_PAYLOAD_MAX == (int)RADIO_TAG_PAYLOAD_MAX,
              "nmsp-radio would cut payloads");

#define CAPABILITIES (RADIO_CAN_TAGS | RADIO_CAN_ROGUE_APS | RADIO_CAN_ROGUE_CLIENTS)

/* One interface to hear on. */
struct port {
    struct monitor *monitor;
    bool used;
    char ifname[SETTINGS_IFNAME_SIZE];
    char radio[SETTINGS_IFNAME_SIZE]; /* whose samples they are */
    bool present;
    uint32_t ifindex;
    struct inventory_interface heard_by; /* the radio's; all zero if it is not known */
    bool asked;
    struct loop_watch watch;
    struct loop_timer retry;
    int64_t delay;
    int said; /* the errno that the log told last; 0: none */
};

struct monitor {
    struct source_setup setup;
    struct receive *receive;
    const struct settings_radios *settings;
    struct port ports[MONITORS_MAX];
    struct loop_timer statistics;
    bool working;
    uint64_t lost; /* frames that the kernel dropped before they were read */
    struct source_counters counted;
    uint8_t message[sizeof(struct helper_frame) + HELPER_FRAME_MAX];
};

static const struct counter counter_table[] = {{"monitor/lost", offsetof(struct monitor, lost)},
                                               {NULL, 0}};

/* --- working ---------------------------------------------------------------------------------- */

static bool is_open(const struct port *port)
{
    return port->watch.loop != NULL;
}

static void update_working(struct monitor *m)
{
    bool working = false;

    for (size_t i = 0; i < MONITORS_MAX; i++)
        working = working || is_open(&m->ports[i]);
    working = working && rogues_have_ap(m->setup.rogues); /* else nothing can be told */
    if (working == m->working)
        return;
    m->working = working;
    if (working)
        loop_timer_start(&m->statistics, MONITOR_STATISTICS_MS);
    else
        loop_timer_stop(&m->statistics);
    radio_tell(&m->setup.sink, &(struct radio_event){.kind = RADIO_CAPABILITIES,
                                                     .capabilities = working ? CAPABILITIES : 0});
}

static void on_statistics(void *context)
{
    struct monitor *m = context;

    loop_timer_start(&m->statistics, MONITOR_STATISTICS_MS);
    receive_tell_statistics(m->receive);
}

/* --- a port's frames ---------------------------------------------------------------------------
 */

static void close_port(struct port *port)
{
    int fd = port->watch.fd;

    if (!is_open(port))
        return;
    loop_watch_remove(&port->watch);
    (void)close(fd);
}

static void say(struct port *port, int error)
{
    const char *path = port->monitor->settings->helper;

    if (port->said == error)
        return;
    port->said = error;
    if (error == EPERM)
        log_warning("monitor %s: nmsp-radio does not serve this interface: start it with "
                    "--interface %s",
                    port->ifname, port->ifname);
    else if (error == ENETDOWN)
        log_warning("monitor %s: the interface is down (or nmsp-radio was ended): set it up; it is "
                    "tried again",
                    port->ifname);
    else if (error == EUSERS)
        log_warning("monitor %s: nmsp-radio passes on as many monitors as it can already: end who "
                    "else uses it; it is tried again",
                    port->ifname);
    else if (error == ENOENT || error == ECONNREFUSED || error == EACCES)
        log_warning("monitor %s: nmsp-radio cannot be reached at %s (%s): start it, and let this "
                    "user's group use its socket",
                    port->ifname, path, strerror(error));
    else
        log_warning("monitor %s: nothing is heard: %s", port->ifname, strerror(error));
}

static void retry_later(struct port *port, int error)
{
    say(port, error);
    loop_timer_start(&port->retry, port->delay);
    port->delay *= 2;
    if (port->delay > MONITOR_RETRY_MAX_MS)
        port->delay = MONITOR_RETRY_MAX_MS;
}

static void break_port(struct port *port, int error)
{
    close_port(port);
    update_working(port->monitor);
    if (port->present)
        retry_later(port, error);
}

/* One message. False at the end of what is there; *error says if something broke. */
static bool read_frame(struct port *port, int *error)
{
    struct monitor *m = port->monitor;
    struct helper_frame head;
    ssize_t len = recv(port->watch.fd, m->message, sizeof(m->message), MSG_DONTWAIT | MSG_TRUNC);

    if (len < 0) {
        *error = errno == EAGAIN || errno == EINTR ? 0 : errno;
        return false;
    }
    if (len < (ssize_t)sizeof(head) || len > (ssize_t)sizeof(m->message)) {
        *error = len == 0 ? ENETDOWN : EPROTO; /* the interface or the helper has gone */
        return false;
    }
    memcpy(&head, m->message, sizeof(head));
    /* Only now it works: one that opens and breaks is tried less and less often, too. */
    port->said = 0;
    port->delay = MONITOR_RETRY_MIN_MS;
    m->lost += head.lost;
    receive_frame(m->receive, &port->heard_by, m->message + sizeof(head),
                  (size_t)len - sizeof(head), head.whole);
    return true;
}

static void on_frames(void *context, unsigned ready)
{
    struct port *port = context;
    int error = 0;

    (void)ready;
    for (int i = 0; i < MONITOR_FRAMES_PER_TURN; i++) {
        if (!read_frame(port, &error))
            break;
    }
    if (error != 0)
        break_port(port, error);
}

/* --- asking for it -----------------------------------------------------------------------------
 */

static void on_answer(void *context, int error, int fd)
{
    struct port *port = context;
    struct monitor *m = port->monitor;

    port->asked = false;
    if (fd >= 0) {
        error = -loop_watch_add(m->setup.loop, &port->watch, fd, LOOP_READ, on_frames, port);
        if (error != 0)
            (void)close(fd);
    }
    if (error != 0) {
        retry_later(port, error);
        return;
    }
    log_info("monitor %s: open", port->ifname);
    update_working(m);
}

static void ask(struct port *port)
{
    struct helper_call call = {.kind = HELPER_MONITOR, .context = port, .done = on_answer};

    loop_timer_stop(&port->retry);
    memcpy(call.ifname, port->ifname, sizeof(call.ifname));
    port->asked = helper_call(port->monitor->setup.helper, &call);
    if (!port->asked)
        retry_later(port, EAGAIN);
}

static void on_retry(void *context)
{
    ask(context);
}

/* Nothing is asked or heard any more. */
static void stop_port(struct port *port)
{
    helper_cancel(port->monitor->setup.helper, port);
    port->asked = false;
    loop_timer_stop(&port->retry);
    close_port(port);
}

/* --- which ports there are ---------------------------------------------------------------------
 */

static bool find_interface(struct monitor *m, const char *name,
                           struct inventory_interface *interface)
{
    for (size_t i = 0; inventory_at(&m->setup.inventory, i, interface); i++) {
        if (strcmp(interface->name, name) == 0)
            return true;
    }
    *interface = (struct inventory_interface){0};
    return false;
}

static void find_port_again(struct port *port)
{
    struct monitor *m = port->monitor;
    struct inventory_interface own;
    bool there = find_interface(m, port->ifname, &own) && own.is_monitor;

    if (!find_interface(m, port->radio, &port->heard_by) && there)
        port->heard_by = own;
    if (there == port->present && own.ifindex == port->ifindex)
        return;
    stop_port(port);
    port->present = there;
    port->ifindex = own.ifindex;
    port->delay = MONITOR_RETRY_MIN_MS;
    if (there)
        ask(port);
}

void monitor_interfaces_changed(void *monitor)
{
    struct monitor *m = monitor;

    receive_interfaces_changed(m->receive);
    for (size_t i = 0; i < MONITORS_MAX; i++) {
        if (m->ports[i].used)
            find_port_again(&m->ports[i]);
    }
    update_working(m);
}

static bool is_configured(const struct settings_radios *settings, const struct port *port)
{
    for (size_t i = 0; i < settings->radio_count; i++) {
        const struct settings_radio *radio = &settings->radios[i];
        if (!radio->disabled && strcmp(radio->monitor, port->ifname) == 0 &&
            strcmp(radio->ifname, port->radio) == 0)
            return true;
    }
    return false;
}

static struct port *find_port(struct monitor *m, const char *ifname)
{
    for (size_t i = 0; i < MONITORS_MAX; i++) {
        if (m->ports[i].used && strcmp(m->ports[i].ifname, ifname) == 0)
            return &m->ports[i];
    }
    return NULL;
}

static void add_port(struct monitor *m, const struct settings_radio *radio)
{
    if (radio->disabled || radio->monitor[0] == '\0' || find_port(m, radio->monitor) != NULL)
        return;
    for (size_t i = 0; i < MONITORS_MAX; i++) {
        struct port *port = &m->ports[i];
        if (port->used)
            continue;
        port->used = true;
        port->present = false;
        port->ifindex = 0;
        port->said = 0;
        memcpy(port->ifname, radio->monitor, sizeof(port->ifname));
        memcpy(port->radio, radio->ifname, sizeof(port->radio));
        return;
    }
    log_warning("monitor %s: more than %d monitor interfaces: this one is not heard",
                radio->monitor, MONITORS_MAX);
}

void monitor_configure(void *monitor, const struct settings_radios *settings)
{
    struct monitor *m = monitor;

    m->settings = settings;
    for (size_t i = 0; i < MONITORS_MAX; i++) {
        if (m->ports[i].used && !is_configured(settings, &m->ports[i])) {
            stop_port(&m->ports[i]);
            m->ports[i].used = false;
        }
    }
    for (size_t i = 0; i < settings->radio_count; i++)
        add_port(m, &settings->radios[i]);
    monitor_interfaces_changed(m);
    for (size_t i = 0; i < MONITORS_MAX; i++) {
        struct port *port = &m->ports[i];
        port->said = 0;
        if (port->used && port->present && !is_open(port) && !port->asked)
            ask(port);
    }
}

/* --- life --------------------------------------------------------------------------------------
 */

void *monitor_new(const struct source_setup *setup)
{
    struct monitor *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return NULL;
    m->setup = *setup;
    source_counters_add(setup->counters, &m->counted, counter_table, m);
    m->receive = receive_new(setup);
    int error = loop_timer_init(setup->loop, &m->statistics, on_statistics, m);
    for (size_t i = 0; i < MONITORS_MAX; i++) {
        m->ports[i].monitor = m;
        if (error == 0)
            error = loop_timer_init(setup->loop, &m->ports[i].retry, on_retry, &m->ports[i]);
    }
    if (m->receive != NULL && error == 0)
        return m;
    monitor_free(m);
    return NULL;
}

void monitor_free(void *monitor)
{
    struct monitor *m = monitor;

    if (m == NULL)
        return;
    for (size_t i = 0; i < MONITORS_MAX; i++) {
        stop_port(&m->ports[i]);
        loop_timer_fini(&m->ports[i].retry);
    }
    loop_timer_fini(&m->statistics);
    receive_free(m->receive);
    free(m);
}
