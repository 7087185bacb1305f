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

enum { BELIEF_DEVICES = 4096, BELIEF_SAMPLES = 16 };

struct belief_sample {
    struct mac ap;
    uint8_t slot;
    uint8_t antenna;
    int8_t rssi;
    uint16_t age;
};

struct belief_device {
    struct mac mac;
    uint8_t flags;
    size_t count;
    struct belief_sample samples[BELIEF_SAMPLES];
    uint64_t told_at; /* the timestamp of the message */
};

struct belief {
    size_t count;
    struct belief_device devices[BELIEF_DEVICES];
    unsigned gone;         /* devices reported gone */
    unsigned gone_unknown; /* among them: never heard of */
    unsigned pictures;
};

/* A decoded Measurement Notification. */
void belief_take(struct belief *belief, const struct wire_message *message);
const struct belief_device *belief_find(const struct belief *belief, const struct mac *mac);

#endif
