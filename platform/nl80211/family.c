/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/family.h"

#include "agent/base/log.h"
#include "platform/nl80211/attr.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

static const char controller[] = "nlctrl";
static const char *const controller_groups[FAMILY_GROUPS_MAX] = {"notify"};

void family_init(struct family *family, const struct family_spec *spec)
{
    *family = (struct family){.spec = *spec};
}

/* --- messages --- */

static void take_group(struct cursor group, const char *const wanted[FAMILY_GROUPS_MAX],
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
    for (size_t i = 0; i < FAMILY_GROUPS_MAX && wanted[i] != NULL; i++) {
        if (strcmp(wanted[i], name) == 0)
            facts->groups[i] = id;
    }
}

bool family_parse(struct cursor body, const char *const wanted[FAMILY_GROUPS_MAX],
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

/* --- asking --- */

static void ask(struct family *family, const char *name,
                void (*on_message)(void *, uint32_t, const struct netlink_message *),
                void (*on_done)(void *, uint32_t, enum netlink_result, int))
{
    struct netlink_request request = {.type = GENL_ID_CTRL,
                                      .command = CTRL_CMD_GETFAMILY,
                                      .version = 1,
                                      .context = family,
                                      .on_message = on_message,
                                      .on_done = on_done};

    netlink_add_text(&request, CTRL_ATTR_FAMILY_NAME, name);
    family->resolving = netlink_request(family->spec.requests, &request);
    if (!family->resolving)
        family->spec.failed(family->spec.context);
}

static void leave_groups(struct family *family)
{
    for (size_t i = 0; i < family->joined_count; i++)
        netlink_leave(family->spec.events, family->joined[i]);
    family->joined_count = 0;
}

static void on_family(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct family *family = context;
    struct family_facts facts;

    (void)tag;
    if (!family_parse(message->body, family->spec.groups, &facts) || !facts.has_id)
        return;
    leave_groups(family);
    family->id = facts.id;
    for (size_t i = 0; i < FAMILY_GROUPS_MAX; i++) {
        if (facts.groups[i] == 0)
            continue;
        int result = netlink_join(family->spec.events, facts.groups[i]);
        if (result == 0)
            family->joined[family->joined_count++] = facts.groups[i];
        else
            log_warning("events of %s's group %s cannot be heard (%s): what they tell is seen "
                        "at the next poll only",
                        family->spec.name, family->spec.groups[i], strerror(-result));
    }
}

static void set_missing(struct family *family)
{
    leave_groups(family);
    family->present = false;
    family->id = 0;
    family->spec.missing(family->spec.context);
}

static void on_family_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct family *family = context;

    (void)tag;
    family->resolving = false;
    if (result == NETLINK_OK && family->id != 0) {
        family->present = true;
        family->spec.available(family->spec.context, family->id);
    } else if (result == NETLINK_REFUSED && error == ENOENT && family->watching) {
        set_missing(family);
    } else {
        family->spec.failed(family->spec.context);
    }
}

static void on_controller(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct family *family = context;
    struct family_facts facts;

    (void)tag;
    if (family_parse(message->body, controller_groups, &facts) && facts.groups[0] != 0)
        family->watching = netlink_join(family->spec.events, facts.groups[0]) == 0;
}

/* Without the controller's own events a missing family has to be asked for again and again. */
static void on_controller_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct family *family = context;

    (void)tag;
    (void)result;
    (void)error;
    ask(family, family->spec.name, on_family, on_family_done);
}

void family_resolve(struct family *family)
{
    if (family->resolving)
        return;
    if (family->watching)
        ask(family, family->spec.name, on_family, on_family_done);
    else
        ask(family, controller, on_controller, on_controller_done);
}

void family_event(struct family *family, const struct netlink_message *message)
{
    struct family_facts facts;

    if (!family_parse(message->body, family->spec.groups, &facts) ||
        strcmp(facts.name, family->spec.name) != 0)
        return;
    if (message->command == CTRL_CMD_NEWFAMILY)
        family_resolve(family);
    else if (message->command == CTRL_CMD_DELFAMILY)
        set_missing(family);
}
