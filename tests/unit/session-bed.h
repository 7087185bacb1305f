/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bed for session tests: a virtual clock, an engine without radios, one or more sessions whose
 * other end is the test. What a session writes is decoded at once; a peer can be told to take
 * nothing, or only so many bytes.
 */
#ifndef TESTS_UNIT_SESSION_BED_H
#define TESTS_UNIT_SESSION_BED_H

#include "agent/engine/engine.h"
#include "agent/session/session.h"
#include "tests/unit/belief.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BED_LOG = 1 << 14, BED_PENDING = 1 << 17 };

struct bed_peer {
    struct bed *bed;
    struct session *session;
    size_t window;  /* bytes it still takes; SIZE_MAX: all */
    bool broken;    /* writing fails */
    size_t records; /* successful writes */
    size_t bytes;
    uint8_t pending[BED_PENDING]; /* an unfinished frame */
    size_t pending_len;

    /* Headers of all frames that came, in order, and the last of each id whole. */
    struct wire_header log[BED_LOG];
    size_t log_len;
    uint8_t last[SESSION_IDS][16384];
    unsigned count[SESSION_IDS];
    uint32_t notification; /* the number of the last one: there must be no gap */
    struct belief belief;

    bool closed;
    bool flushed;
    char reason[SESSION_REASON_SIZE];
};

struct bed {
    struct loop *loop;
    struct engine *engine;
    struct views *views;
    struct settings_location location;
    struct session_context shared;
};

struct bed *bed_new(uint32_t devices, uint16_t aps);
void bed_free(struct bed *bed);

/* Handles for APs of other machines, the highest first: for struct radio_operations. */
bool bed_take_handle(void *platform, uint16_t *handle);
void bed_give_back_handle(void *platform, uint16_t handle);

/* Radio events. Devices are numbers; all APs have slot 0 and a MAC of their own unless said
 * otherwise. */
struct mac bed_mac(uint32_t device);
struct mac bed_ap_mac(uint16_t ap);
void bed_ap(struct bed *bed, uint16_t ap);
void bed_ap_gone(struct bed *bed, uint16_t ap);
void bed_hear(struct bed *bed, uint32_t device, uint16_t ap, int8_t rssi);
void bed_join(struct bed *bed, uint32_t device, uint16_t ap);
void bed_leave(struct bed *bed, uint32_t device, uint16_t ap);
/* What works (enum radio_capability); nothing does at first. Runs one turn. */
void bed_works(struct bed *bed, uint32_t works);
void bed_hear_as(struct bed *bed, uint8_t device_class, uint32_t device, uint16_t ap, int8_t rssi);
void bed_rogue(struct bed *bed, uint8_t device_class, uint32_t device, const char *ssid);
void bed_user(struct bed *bed, uint32_t device, const char *name);
/* 192.0.2.`last` */
void bed_address(struct bed *bed, uint32_t device, uint8_t last, bool present);
void bed_statistics(struct bed *bed, uint8_t device_class, uint32_t device, uint16_t ap,
                    uint64_t bytes);
void bed_tag(struct bed *bed, uint32_t device, uint16_t ap, uint16_t sequence, const char *payload);

/* A session, not yet active; its Capability has been written when this returns. */
struct bed_peer *bed_peer_new(struct bed *bed);
/* The same with another identity, which came in. */
struct bed_peer *bed_peer_as(struct bed *bed, const struct mac *identity);
/* One that has said its Capability. */
struct bed_peer *bed_active_peer(struct bed *bed);
void bed_peer_free(struct bed_peer *peer);

/* One turn of the loop without time passing. */
void bed_turn(struct bed *bed);
/* The peer takes bytes again. */
void bed_open_window(struct bed_peer *peer, size_t bytes);

/* Messages from the peer. Each runs one turn. */
void bed_say(struct bed_peer *peer, const uint8_t *data, size_t len);
void bed_say_capability(struct bed_peer *peer);
void bed_say_services(struct bed_peer *peer, uint16_t id, uint32_t transaction, uint64_t services);
void bed_say_echo(struct bed_peer *peer, uint32_t transaction, const void *data, size_t len);

/* Subscribe or a request with everything: NULL filters are absent. */
struct bed_ask {
    uint16_t id;
    uint32_t transaction;
    uint64_t services;
    const struct mac *aps;
    size_t ap_count;
    const struct mac *devices;
    size_t device_count;
    uint8_t interval_bit;
    uint16_t interval; /* 0: no interval element */
};
void bed_ask(struct bed_peer *peer, const struct bed_ask *ask);

/* The last message of this id, decoded; fails the test if there was none. */
struct wire_message bed_last(struct bed_peer *peer, uint16_t id);

#endif
