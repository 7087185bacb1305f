/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/scan.h"

#include "agent/base/log.h"
#include "platform/air/rogues.h"
#include "platform/helper/helper.h"
#include "platform/nl80211/bss.h"
#include "platform/nl80211/family.h"
#include "platform/nl80211/message.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TARGETS_MAX = 32,
    LEAD_MS = 100, /* as polls have it, so that both happen in one wake-up */
    NS_PER_MS = 1000000,
    MS_PER_S = 1000,
};

/* An interface that is asked. */
struct target {
    uint32_t ifindex;
    uint32_t wiphy;
    bool is_station;
    char ifname[SETTINGS_IFNAME_SIZE];
};

struct scan {
    struct source_setup setup;
    uint64_t (*now)(void *context); /* ns on CLOCK_BOOTTIME */
    void *now_context;
    const struct settings_radios *settings;
    struct scan_counters {
        uint64_t results; /* dumps of them completed */
        uint64_t refused; /* own scans that the helper or the driver refused */
        uint64_t interrupted, timeouts, errors, overruns, invalid_samples, malformed;
    } counters;
    struct source_counters counted;

    struct family_listener listener;
    bool started;
    bool available;
    bool working; /* as working_changed told it last */
    bool good;    /* the last reading brought results */
    bool again;   /* read once more when the reading under way is done */
    struct loop_timer read_timer;
    struct loop_timer own_timer;

    /* Stations first: their results say which network is our uplink. */
    struct target targets[TARGETS_MAX];
    size_t target_count;

    size_t pending; /* dumps under way */
    bool any_good;
    uint64_t boottime; /* when they were asked for */

    /* Own scans: the interfaces to try, one after the other. */
    struct target own[TARGETS_MAX];
    size_t own_count;
    size_t own_next;
    bool own_busy;
    uint64_t refused_said; /* the errnos that the log told, as bits */
};

#define COUNTER(name, member)                        \
    {                                                \
        name, offsetof(struct scan_counters, member) \
    }
static const struct counter counter_table[] = {COUNTER("scan/results", results),
                                               COUNTER("scan/refused", refused),
                                               COUNTER("stations/dumps-interrupted", interrupted),
                                               COUNTER("stations/timeouts", timeouts),
                                               COUNTER("stations/errors", errors),
                                               COUNTER("stations/overruns", overruns),
                                               COUNTER("stations/invalid-samples", invalid_samples),
                                               COUNTER("stations/malformed", malformed),
                                               {NULL, 0}};

static void read_results(struct scan *s);

/* --- working ---------------------------------------------------------------------------------- */

static bool is_wanted(const struct scan *s)
{
    return s->settings != NULL && s->settings->scan_results;
}

/* Results come, and there is an AP as whose samples they can be told. */
static void update_working(struct scan *s)
{
    bool working = s->good && is_wanted(s) && rogues_have_ap(s->setup.rogues);

    if (s->working == working)
        return;
    s->working = working;
    radio_tell(&s->setup.sink,
               &(struct radio_event){.kind = RADIO_CAPABILITIES,
                                     .capabilities = working ? RADIO_CAN_ROGUE_APS : 0});
}

/* --- whom to ask -------------------------------------------------------------------------------
 */

static bool has_wiphy(const struct scan *s, uint32_t wiphy)
{
    for (size_t i = 0; i < s->target_count; i++) {
        if (s->targets[i].wiphy == wiphy)
            return true;
    }
    return false;
}

static void add_target(struct scan *s, const struct inventory_interface *interface)
{
    if (s->target_count == TARGETS_MAX)
        return;
    struct target *target = &s->targets[s->target_count++];
    *target = (struct target){.ifindex = interface->ifindex,
                              .wiphy = interface->wiphy,
                              .is_station = interface->is_station};
    memcpy(target->ifname, interface->name, sizeof(target->ifname));
}

/* All stations, and one other interface of each wiphy without any: results are the wiphy's. */
static void find_targets(struct scan *s)
{
    struct inventory_interface interface;

    s->target_count = 0;
    for (size_t i = 0; inventory_at(&s->setup.inventory, i, &interface); i++) {
        if (interface.is_station && !interface.is_disabled)
            add_target(s, &interface);
    }
    for (size_t i = 0; inventory_at(&s->setup.inventory, i, &interface); i++) {
        if (!interface.is_station && !interface.is_disabled && !has_wiphy(s, interface.wiphy))
            add_target(s, &interface);
    }
}

static bool find_interface(struct scan *s, uint32_t ifindex, struct inventory_interface *interface)
{
    for (size_t i = 0; inventory_at(&s->setup.inventory, i, interface); i++) {
        if (interface->ifindex == ifindex)
            return true;
    }
    return false;
}

/* --- results -----------------------------------------------------------------------------------
 */

static uint64_t kernel_boottime(void *context)
{
    struct timespec now = {0};

    (void)context;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * MS_PER_S * NS_PER_MS + (uint64_t)now.tv_nsec;
}

/* In ms; INT64_MAX if it is not told. */
static int64_t age_of(const struct scan *s, const struct nl80211_scan_result *bss)
{
    if (bss->has_boottime && bss->boottime != 0)
        return bss->boottime >= s->boottime ? 0
                                            : (int64_t)((s->boottime - bss->boottime) / NS_PER_MS);
    return bss->has_age ? bss->age : INT64_MAX;
}

static void take_result(struct scan *s, const struct inventory_interface *interface,
                        const struct nl80211_scan_result *bss)
{
    int64_t now = loop_now(s->setup.loop);
    int64_t age = age_of(s, bss);
    struct radio_ap ap;

    if (bss->is_joined) {
        rogues_trust(s->setup.rogues, &bss->bssid, now);
        return;
    }
    if (!bss->has_signal) {
        s->counters.invalid_samples += bss->bad_signal;
        return;
    }
    if (age > SCAN_AGE_MAX_MS ||
        !rogues_ap(s->setup.rogues, interface, nl80211_band(bss->frequency), &ap))
        return;
    const struct rogues_beacon beacon = {.bssid = bss->bssid,
                                         .ap = &ap,
                                         .frequency = bss->frequency,
                                         .network = bss->network,
                                         .signal = bss->signal,
                                         .noise = RADIO_DB_UNKNOWN,
                                         .heard = now - age};
    rogues_heard(s->setup.rogues, &beacon, now, &s->setup.sink);
}

static void on_result(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct scan *s = context;
    struct inventory_interface interface;
    struct nl80211_scan_result bss;

    if (!nl80211_parse_bss(message->body, &bss)) {
        s->counters.malformed++;
        return;
    }
    if (bss.has_bssid && is_wanted(s) && find_interface(s, tag, &interface) &&
        !interface.is_disabled)
        take_result(s, &interface, &bss);
}

/* Interfaces that are gone or cannot scan (ENODEV, EOPNOTSUPP) are no trouble of the others'. */
static void on_results_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct scan *s = context;

    (void)tag;
    (void)error;
    s->pending--;
    switch (result) {
    case NETLINK_OK:
        s->counters.results++;
        s->any_good = true;
        break;
    case NETLINK_INTERRUPTED: /* what is missing comes with the next reading */
        s->counters.interrupted++;
        s->any_good = true;
        break;
    case NETLINK_TIMED_OUT:
        s->counters.timeouts++;
        break;
    case NETLINK_REFUSED:
        s->counters.errors++;
        break;
    default:
        s->counters.overruns++;
        break;
    }
    if (s->pending > 0)
        return;
    s->good = s->any_good;
    update_working(s);
    if (s->again)
        read_results(s);
}

/* At multiples of the period, as polls are. */
static void read_later(struct scan *s)
{
    int64_t now = loop_now(s->setup.loop);

    if (is_wanted(s) && s->available && s->target_count > 0)
        loop_timer_start_at(&s->read_timer,
                            ((now + LEAD_MS) / SCAN_PERIOD_MS + 1) * SCAN_PERIOD_MS - LEAD_MS);
    else
        loop_timer_stop(&s->read_timer);
}

static void read_results(struct scan *s)
{
    read_later(s);
    s->again = s->pending > 0;
    if (s->again || !is_wanted(s) || !s->available)
        return;
    s->any_good = false;
    s->boottime = s->now(s->now_context);
    for (size_t i = 0; i < s->target_count; i++) {
        struct netlink_request request = {.command = NL80211_CMD_GET_SCAN,
                                          .dump = true,
                                          .context = s,
                                          .tag = s->targets[i].ifindex,
                                          .on_message = on_result,
                                          .on_done = on_results_done};
        netlink_add_u32(&request, NL80211_ATTR_IFINDEX, s->targets[i].ifindex);
        s->pending += family_request(s->setup.family, &request);
    }
    if (s->pending > 0)
        return;
    s->good = false;
    update_working(s);
}

static void on_read_timer(void *context)
{
    read_results(context);
}

/* --- own scans ----------------------------------------------------------------------------------
 */

static void ask_own(struct scan *s);

static void say_refused(struct scan *s, const struct target *target, int error)
{
    uint64_t bit = 1ULL << ((unsigned)error % 64);

    if (error == EBUSY)
        return; /* somebody scans: its results are as good */
    s->counters.refused++;
    if ((s->refused_said & bit) != 0)
        return;
    s->refused_said |= bit;
    if (error == EPERM)
        log_warning("scan on %s: nmsp-radio does not serve this interface: start it with "
                    "--interface %s",
                    target->ifname, target->ifname);
    else if (error == ENOENT || error == ECONNREFUSED || error == EACCES)
        log_warning("scan on %s: nmsp-radio cannot be reached at %s (%s): start it, and let this "
                    "user's group use its socket",
                    target->ifname, s->settings->helper, strerror(error));
    else
        log_warning("scan on %s was refused: %s", target->ifname, strerror(error));
}

/* Of the wiphy that was served, or tried to the end, the other interfaces are not needed. */
static void on_own_done(void *context, int error, int fd)
{
    struct scan *s = context;
    const struct target *target = &s->own[s->own_next];

    (void)fd;
    s->own_busy = false;
    bool last = s->own_next + 1 == s->own_count || s->own[s->own_next + 1].wiphy != target->wiphy;
    if (error != 0 && last)
        say_refused(s, target, error);
    do
        s->own_next++;
    while (error == 0 && s->own_next < s->own_count && s->own[s->own_next].wiphy == target->wiphy);
    ask_own(s);
}

static void ask_own(struct scan *s)
{
    struct helper_call call = {.kind = HELPER_SCAN, .context = s, .done = on_own_done};

    if (s->own_next >= s->own_count)
        return;
    memcpy(call.ifname, s->own[s->own_next].ifname, sizeof(call.ifname));
    s->own_busy = helper_call(s->setup.helper, &call);
    if (!s->own_busy)
        s->counters.refused++;
}

static int compare_own(const void *x, const void *y)
{
    const struct target *a = x;
    const struct target *b = y;

    if (a->wiphy != b->wiphy)
        return a->wiphy < b->wiphy ? -1 : 1;
    if (a->is_station != b->is_station)
        return a->is_station ? -1 : 1;
    return (a->ifindex > b->ifindex) - (a->ifindex < b->ifindex);
}

static void schedule_own(struct scan *s)
{
    bool wanted = is_wanted(s) && s->available && s->settings->scan_seconds > 0;

    if (!wanted)
        loop_timer_stop(&s->own_timer);
    else if (!loop_timer_running(&s->own_timer))
        loop_timer_start(&s->own_timer, s->settings->scan_seconds * (int64_t)MS_PER_S);
}

static void on_own_timer(void *context)
{
    struct scan *s = context;
    struct inventory_interface interface;

    schedule_own(s);
    if (s->own_busy)
        return;
    s->own_count = 0;
    s->own_next = 0;
    for (size_t i = 0; inventory_at(&s->setup.inventory, i, &interface); i++) {
        if (interface.is_monitor || interface.is_disabled || s->own_count == TARGETS_MAX)
            continue;
        struct target *target = &s->own[s->own_count++];
        *target = (struct target){.ifindex = interface.ifindex,
                                  .wiphy = interface.wiphy,
                                  .is_station = interface.is_station};
        memcpy(target->ifname, interface.name, sizeof(target->ifname));
    }
    qsort(s->own, s->own_count, sizeof(s->own[0]), compare_own);
    ask_own(s);
}

/* --- the family, events -------------------------------------------------------------------------
 */

static void on_available(void *context)
{
    struct scan *s = context;

    s->available = true;
    scan_interfaces_changed(s);
    read_results(s);
    schedule_own(s);
}

static void on_missing(void *context)
{
    struct scan *s = context;

    s->available = false;
    s->target_count = 0;
    read_later(s);
    schedule_own(s);
    s->good = false;
    update_working(s);
}

static void on_event(void *context, const struct netlink_message *message)
{
    struct scan *s = context;

    if (message->command == NL80211_CMD_NEW_SCAN_RESULTS ||
        message->command == NL80211_CMD_SCHED_SCAN_RESULTS)
        read_results(s);
}

/* --- life ---------------------------------------------------------------------------------------
 */

void *scan_new(const struct source_setup *setup)
{
    struct scan *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->setup = *setup;
    s->now = kernel_boottime;
    source_counters_add(setup->counters, &s->counted, counter_table, &s->counters);
    if (loop_timer_init(setup->loop, &s->read_timer, on_read_timer, s) != 0 ||
        loop_timer_init(setup->loop, &s->own_timer, on_own_timer, s) != 0) {
        scan_free(s);
        return NULL;
    }
    s->listener = (struct family_listener){.groups = 1U << FAMILY_SCAN,
                                           .context = s,
                                           .available = on_available,
                                           .missing = on_missing,
                                           .event = on_event};
    return s;
}

void scan_set_boottime(void *scan, uint64_t (*boottime)(void *context), void *context)
{
    struct scan *s = scan;

    s->now = boottime;
    s->now_context = context;
}

void scan_free(void *scan)
{
    struct scan *s = scan;

    if (s == NULL)
        return;
    helper_cancel(s->setup.helper, s);
    loop_timer_fini(&s->read_timer);
    loop_timer_fini(&s->own_timer);
    free(s);
}

void scan_configure(void *scan, const struct settings_radios *settings)
{
    struct scan *s = scan;
    uint16_t seconds = s->settings != NULL ? s->settings->scan_seconds : 0;
    bool was_wanted = is_wanted(s);

    s->settings = settings;
    s->refused_said = 0;
    if (seconds != settings->scan_seconds)
        loop_timer_stop(&s->own_timer);
    schedule_own(s);
    scan_interfaces_changed(s);
    if (!is_wanted(s)) {
        s->good = false;
        update_working(s);
    } else if (!s->started) {
        s->started = true;
        family_listen(s->setup.family, &s->listener);
    } else if (!was_wanted) {
        read_results(s);
    }
}

void scan_interfaces_changed(void *scan)
{
    struct scan *s = scan;
    size_t before = s->target_count;

    find_targets(s);
    s->good = s->good && s->target_count > 0;
    update_working(s);
    if (s->target_count > before)
        read_results(s);
    else if (s->target_count == 0 || !loop_timer_running(&s->read_timer))
        read_later(s);
}
