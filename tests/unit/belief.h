/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a location server believes: the pictures that stand after all messages it was sent, by the
 * rules of wire-profile "What a measurement means". For tests, which compare it with what is true.
 */
#ifndef TESTS_UNIT_BELIEF_H
#define TESTS_UNIT_BELIEF_H

#include "agent/base/mac.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BELIEF_DEVICES = 6000, BELIEF_SAMPLES = 64, BELIEF_RECORD = 256 };

struct belief_sample {
    struct mac ap;
    uint8_t slot;
    uint8_t antenna;
    uint8_t source;
    int8_t rssi;
    int8_t snr;
    uint16_t age;
};

struct belief_device {
    struct mac mac;
    uint8_t device_class;
    uint8_t flags;
    size_t count;
    struct belief_sample samples[BELIEF_SAMPLES];
    uint64_t told_at; /* the timestamp of the message */
};

/* What Information told last of a client or rogue: the fields, and the whole element as it came,
 * last-seen apart. */
struct belief_known {
    struct mac mac;
    struct mac ap;
    uint8_t slot;
    uint8_t device_class;
    uint8_t state; /* of a client */
    uint16_t channel;
    size_t len;
    uint8_t record[BELIEF_RECORD];
};

struct belief {
    size_t count;
    struct belief_device devices[BELIEF_DEVICES];
    unsigned gone;         /* devices reported gone */
    unsigned gone_unknown; /* among them: never heard of */
    unsigned pictures;
    size_t known_count;
    struct belief_known known[BELIEF_DEVICES];
    unsigned left;         /* clients reported to have left */
    unsigned left_unknown; /* among them: never heard of */
    unsigned told;         /* other records of Information */
};

/* A decoded Measurement Notification. */
void belief_take(struct belief *belief, const struct wire_message *message);
/* A decoded Information Notification. */
void belief_inform(struct belief *belief, const struct wire_message *message);
const struct belief_known *belief_known(const struct belief *belief, const struct mac *mac,
                                        bool client);
const struct belief_device *belief_find(const struct belief *belief, const struct mac *mac);

#endif
