/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl80211 as a family of generic netlink, for all who ask it: two sockets, one for requests and one
 * for events, and whether the kernel has the family now. That is asked of the controller without
 * waiting, and told anew when the module is loaded or removed.
 */
#ifndef PLATFORM_NL80211_FAMILY_H
#define PLATFORM_NL80211_FAMILY_H

#include "platform/netlink.h"

struct family;

/* Groups of events; which a kernel has not are missing without a word. */
enum family_group { FAMILY_CONFIG, FAMILY_MLME, FAMILY_SCAN, FAMILY_GROUPS };

enum { FAMILY_NAME_SIZE = 16 };

/* Embedded in whoever asks, and told in the order of family_listen(). Members may be NULL. */
struct family_listener {
    struct family_listener *next;
    uint32_t groups; /* bits of enum family_group that are to be heard */
    void *context;
    void (*available)(void *context); /* groups are joined: ask now */
    void (*missing)(void *context);   /* there is none, or it went */
    void (*failed)(void *context);    /* no answer: it is asked again after a while */
    void (*event)(void *context, const struct netlink_message *message);
    void (*overrun)(void *context); /* events were lost: call family_resolve(), it may be gone */
};

struct family_options {
    const struct netlink_io *io; /* NULL: the kernel */
    void *io_context;
    int event_buffer_bytes; /* 0: the usual size */
};

/* NULL if memory is out. Nothing is asked before family_resolve(). */
struct family *family_new(struct loop *loop, const struct family_options *options);
void family_free(struct family *family);

/* Asks; the answer comes through the listeners. */
void family_resolve(struct family *family);
bool family_available(const struct family *family);

/* If the family is available, that is told at once. */
void family_listen(struct family *family, struct family_listener *listener);

/* As netlink_request(), with the type filled in; a dump if it says so. False without the family. */
bool family_request(struct family *family, struct netlink_request *request);
/* As netlink_flush(). */
void family_flush(struct family *family);

/* What a message of the controller says of one family. */
struct family_facts {
    char name[FAMILY_NAME_SIZE];
    bool has_id;
    uint16_t id;
    uint32_t groups[FAMILY_GROUPS]; /* ids of the wanted groups; 0: missing */
};

/* Reads one; false if its attributes are broken. */
bool family_parse(struct cursor body, const char *const wanted[FAMILY_GROUPS],
                  struct family_facts *facts);

#endif
