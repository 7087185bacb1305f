/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the kernel has nl80211 now: its family id and multicast groups, asked of the generic
 * netlink controller without waiting, and told anew when the module is loaded or removed.
 */
#ifndef PLATFORM_NL80211_FAMILY_H
#define PLATFORM_NL80211_FAMILY_H

#include "platform/netlink.h"

enum { FAMILY_GROUPS_MAX = 4, FAMILY_NAME_SIZE = 16 };

struct family_spec {
    const char *name;
    const char *groups[FAMILY_GROUPS_MAX]; /* those to hear, NULL at the end; each is optional */
    struct netlink *requests;
    struct netlink *events;
    void *context;
    void (*available)(void *context, uint16_t id); /* groups are joined: ask now */
    void (*missing)(void *context);                /* there is none, or it went */
    void (*failed)(void *context);                 /* no answer: call family_resolve() later */
};

struct family {
    struct family_spec spec;
    bool resolving;
    bool watching; /* for families that come and go */
    bool present;
    uint16_t id;
    uint32_t joined[FAMILY_GROUPS_MAX];
    size_t joined_count;
};

/* What a message of the controller says of one family. */
struct family_facts {
    char name[FAMILY_NAME_SIZE];
    bool has_id;
    uint16_t id;
    uint32_t groups[FAMILY_GROUPS_MAX]; /* ids of the wanted groups; 0: missing */
};

void family_init(struct family *family, const struct family_spec *spec);

/* Asks; the answer comes through the spec's functions. */
void family_resolve(struct family *family);

/* Gives every event of the controller here. */
void family_event(struct family *family, const struct netlink_message *message);

/* Reads a controller message; false if its attributes are broken. */
bool family_parse(struct cursor body, const char *const wanted[FAMILY_GROUPS_MAX],
                  struct family_facts *facts);

#endif
