/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two files of hostapd's source share.
 *
 *   hostapd.c           life, which interfaces there are, what is said of all
 *   hostapd-control.c   one control socket: attaching, commands and their answers, events
 */
#ifndef PLATFORM_HOSTAPD_HOSTAPD_INTERNAL_H
#define PLATFORM_HOSTAPD_HOSTAPD_INTERNAL_H

#include "platform/hostapd/hostapd.h"
#include "platform/hostapd/reports.h"

enum {
    CONTROLS_MAX = 64,  /* AP interfaces; nl80211 knows no more */
    QUESTIONS_MAX = 16, /* stations to be asked for on one socket */
    REPLY_SIZE = 4096,  /* hostapd's own limit */
};

enum hostapd_command { NO_COMMAND, ATTACH, ATTACH_PLAIN, PING, STA, WALK, MEASURE };

/* A station of which the user is to be asked. */
struct question {
    struct mac mac;
    bool logon; /* it has just logged on: having no user is an answer too */
};

/* One control socket. Its timer is, in this order: the next try while it is closed, the deadline of
 * a command, the next check. */
struct control {
    struct hostapd *hostapd;
    bool used;
    bool seen; /* while the interfaces are looked through */
    struct inventory_interface interface;

    int fd; /* -1: closed */
    struct loop_watch watch;
    struct loop_timer timer;
    bool attached;
    bool plain; /* hostapd is too old to tell probe requests */
    enum hostapd_command asked;
    bool heard; /* something, since it was asked */
    unsigned repeats;
    int64_t next_check;
    int64_t pause; /* before the next try */
    unsigned tries;

    struct question questions[QUESTIONS_MAX]; /* a ring; the first one is asked if asked is STA */
    size_t first;
    size_t count;
    bool walk; /* all stations are asked for, one after the other, from behind `walked` on */
    bool restart;
    struct mac walked; /* all zero: from the first one */
    unsigned walk_left;

    bool measure; /* this one is to be asked what it hears */
    struct mac measured;
};

struct hostapd_counters {
    uint64_t probes;          /* probe requests that hostapd told */
    uint64_t invalid_samples; /* of them, those without a signal */
    uint64_t attached;        /* times a control socket was attached to */
    uint64_t lost;            /* times one did not answer, or went */
    uint64_t ignored;         /* lines that are not understood */
};

struct hostapd {
    struct source_setup setup;
    bool enabled;
    char directory[SETTINGS_PATH_SIZE];
    struct hostapd_counters counters;
    struct source_counters counted;
    struct reports *reports;
    int trouble; /* the errno that was said last; 0: none since one was attached */
    char trouble_name[SETTINGS_IFNAME_SIZE];
    bool plain_said;
    struct control controls[CONTROLS_MAX];
    char buffer[REPLY_SIZE];
};

/* How many control sockets are attached, of how many there could be. */
size_t hostapd_count_attached(const struct hostapd *hostapd, size_t *all);

/* --- hostapd-control.c --- */

/* 0 or -ENOMEM. Its timer is to be given back, nothing else. */
int control_init(struct hostapd *hostapd, struct control *control);
/* Soon, for interfaces are told in the middle of things: attaches, or checks what is attached. */
void control_try_now(struct control *control);
/* Who is the user of this station? `logon`: it has just logged on. */
void control_ask_user(struct control *control, const struct mac *mac, bool logon);
/* All stations are asked for once more. */
void control_walk(struct control *control);
/* As struct reports_owner has it. */
bool control_measure(void *context, void *control, const struct mac *station);
/* Leaves hostapd, and waits for nothing any more. */
void control_close(struct control *control);

#endif
