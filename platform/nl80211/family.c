/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/family.h"

#include "agent/base/log.h"
#include "platform/nl80211/attr.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/nl80211.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_MS = 5000 };

static const char controller[] = "nlctrl";
static const char *const controller_groups[FAMILY_GROUPS] = {"notify"};
static const char *const group_names[FAMILY_GROUPS] = {
    NL80211_MULTICAST_GROUP_CONFIG, NL80211_MULTICAST_GROUP_MLME, NL80211_MULTICAST_GROUP_SCAN};

struct family {
    struct netlink *requests;
    struct netlink *events;
    struct loop_timer retry;
    struct family_listener *listeners;
    bool resolving;
    bool watching; /* for families that come and go */
    bool available;
    bool told; /* why it cannot be asked */
    uint16_t id;
    uint32_t groups[FAMILY_GROUPS]; /* their ids; 0: there is none */
    uint32_t joined;                /* bits */
};

/* --- messages --- */

static void take_group(struct cursor group, const char *const wanted[FAMILY_GROUPS],
                       struct family_facts *facts)
{
    struct attribute attribute;
    char name[FAMILY_NAME_SIZE] = "";
    uint32_t id = 0;

    while (attribute_next(&group, &attribute)) {
        if (attribute.type == CTRL_ATTR_MCAST_GRP_NAME)
            attribute_text(&attribute, name, sizeof(name));
        else if (attribute.type == CTRL_ATTR_MCAST_GRP_ID)
            (void)attribute_u32(&attribute, &id);
    }
    for (size_t i = 0; i < FAMILY_GROUPS && wanted[i] != NULL; i++) {
        if (strcmp(wanted[i], name) == 0)
            facts->groups[i] = id;
    }
}

bool family_parse(struct cursor body, const char *const wanted[FAMILY_GROUPS],
                  struct family_facts *facts)
{
    struct attribute attribute;
    struct attribute group;

    *facts = (struct family_facts){0};
    while (attribute_next(&body, &attribute)) {
        if (attribute.type == CTRL_ATTR_FAMILY_ID) {
            facts->has_id = attribute_u16(&attribute, &facts->id);
        } else if (attribute.type == CTRL_ATTR_FAMILY_NAME) {
            attribute_text(&attribute, facts->name, sizeof(facts->name));
        } else if (attribute.type == CTRL_ATTR_MCAST_GROUPS) {
            while (attribute_next(&attribute.value, &group))
                take_group(group.value, wanted, facts);
        }
    }
    return !body.failed;
}

/* --- groups --- */

static void leave_groups(struct family *f)
{
    for (unsigned i = 0; i < FAMILY_GROUPS; i++) {
        if ((f->joined & 1U << i) != 0)
            netlink_leave(f->events, f->groups[i]);
    }
    f->joined = 0;
}

static void join_groups(struct family *f)
{
    uint32_t wanted = 0;

    for (const struct family_listener *l = f->listeners; l != NULL; l = l->next)
        wanted |= l->groups;
    for (unsigned i = 0; i < FAMILY_GROUPS; i++) {
        if ((wanted & ~f->joined & 1U << i) == 0 || f->groups[i] == 0)
            continue;
        int result = netlink_join(f->events, f->groups[i]);
        if (result == 0)
            f->joined |= 1U << i;
        else
            log_warning("events of nl80211's group %s cannot be heard (%s): what they tell is seen "
                        "at the next poll only",
                        group_names[i], strerror(-result));
    }
}

/* --- asking --- */

/* `error`: an errno, 0 if nobody answered. */
static void failed(struct family *f, int error)
{
    if (!f->told)
        log_warning("nl80211 cannot be asked: %s: no radio is heard until it can be, and it is "
                    "tried again every %d s; whoever starts this program must let it have netlink "
                    "sockets (AF_NETLINK)",
                    error != 0 ? strerror(error) : "the kernel does not answer", RETRY_MS / 1000);
    f->told = true;
    loop_timer_start(&f->retry, RETRY_MS);
    for (struct family_listener *l = f->listeners; l != NULL; l = l->next) {
        if (l->failed != NULL)
            l->failed(l->context);
    }
}

static void ask(struct family *f, const char *name,
                void (*on_message)(void *, uint32_t, const struct netlink_message *),
                void (*on_done)(void *, uint32_t, enum netlink_result, int))
{
    struct netlink_request request = {.type = GENL_ID_CTRL,
                                      .command = CTRL_CMD_GETFAMILY,
                                      .version = 1,
                                      .context = f,
                                      .on_message = on_message,
                                      .on_done = on_done};

    netlink_add_text(&request, CTRL_ATTR_FAMILY_NAME, name);
    f->resolving = netlink_request(f->requests, &request);
    if (!f->resolving)
        failed(f, EAGAIN);
}

static void on_family(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct family *f = context;
    struct family_facts facts;

    (void)tag;
    if (!family_parse(message->body, group_names, &facts) || !facts.has_id)
        return;
    leave_groups(f);
    f->id = facts.id;
    memcpy(f->groups, facts.groups, sizeof(f->groups));
    join_groups(f);
}

static void set_missing(struct family *f)
{
    leave_groups(f);
    f->available = false;
    f->id = 0;
    for (struct family_listener *l = f->listeners; l != NULL; l = l->next) {
        if (l->missing != NULL)
            l->missing(l->context);
    }
}

static void on_family_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct family *f = context;

    (void)tag;
    f->resolving = false;
    if (result == NETLINK_OK && f->id != 0) {
        f->available = true;
        f->told = false;
        for (struct family_listener *l = f->listeners; l != NULL; l = l->next)
            l->available(l->context);
    } else if (result == NETLINK_REFUSED && error == ENOENT && f->watching) {
        set_missing(f);
    } else {
        failed(f, error);
    }
}

static void on_controller(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct family *f = context;
    struct family_facts facts;

    (void)tag;
    if (family_parse(message->body, controller_groups, &facts) && facts.groups[0] != 0)
        f->watching = netlink_join(f->events, facts.groups[0]) == 0;
}

/* Without the controller's own events a missing family has to be asked for again and again. */
static void on_controller_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    (void)tag;
    (void)result;
    (void)error;
    ask(context, NL80211_GENL_NAME, on_family, on_family_done);
}

void family_resolve(struct family *f)
{
    if (f->resolving)
        return;
    if (f->watching)
        ask(f, NL80211_GENL_NAME, on_family, on_family_done);
    else
        ask(f, controller, on_controller, on_controller_done);
}

static void on_retry(void *context)
{
    family_resolve(context);
}

/* --- events --- */

static void on_controller_event(struct family *f, const struct netlink_message *message)
{
    struct family_facts facts;

    if (!family_parse(message->body, group_names, &facts) ||
        strcmp(facts.name, NL80211_GENL_NAME) != 0)
        return;
    if (message->command == CTRL_CMD_NEWFAMILY)
        family_resolve(f);
    else if (message->command == CTRL_CMD_DELFAMILY)
        set_missing(f);
}

static void on_event(void *context, const struct netlink_message *message)
{
    struct family *f = context;

    if (message->type == GENL_ID_CTRL) {
        on_controller_event(f, message);
        return;
    }
    if (!f->available || message->type != f->id)
        return;
    for (struct family_listener *l = f->listeners; l != NULL; l = l->next)
        l->event(l->context, message);
}

static void on_overrun(void *context)
{
    const struct family *f = context;

    for (struct family_listener *l = f->listeners; l != NULL; l = l->next) {
        if (l->overrun != NULL)
            l->overrun(l->context);
    }
}

/* --- life --- */

struct family *family_new(struct loop *loop, const struct family_options *options)
{
    struct netlink_options netlink = {
        .protocol = NETLINK_GENERIC, .io = options->io, .io_context = options->io_context};
    struct family *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return NULL;
    netlink.context = f;
    f->requests = netlink_new(loop, &netlink);
    netlink.receive_buffer = options->event_buffer_bytes;
    netlink.event = on_event;
    netlink.overrun = on_overrun;
    f->events = netlink_new(loop, &netlink);
    if (f->requests != NULL && f->events != NULL &&
        loop_timer_init(loop, &f->retry, on_retry, f) == 0)
        return f;
    family_free(f);
    return NULL;
}

void family_free(struct family *f)
{
    if (f == NULL)
        return;
    netlink_free(f->requests);
    netlink_free(f->events);
    loop_timer_fini(&f->retry);
    free(f);
}

bool family_available(const struct family *f)
{
    return f->available;
}

void family_listen(struct family *f, struct family_listener *listener)
{
    struct family_listener **end = &f->listeners;

    while (*end != NULL)
        end = &(*end)->next;
    listener->next = NULL;
    *end = listener;
    if (!f->available)
        return;
    join_groups(f);
    listener->available(listener->context);
}

bool family_request(struct family *f, struct netlink_request *request)
{
    request->type = f->id;
    return f->available && netlink_request(f->requests, request);
}

void family_flush(struct family *f)
{
    netlink_flush(f->requests);
}
