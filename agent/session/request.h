/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests of one session (wire-profile "Requests"): one is served, three wait, further ones
 * are refused.
 *
 * An answer is produced piece by piece as the peer drains, each piece with result, timestamp and
 * its own ap-table; between two pieces only a place in the device table is remembered.
 */
#ifndef AGENT_SESSION_REQUEST_H
#define AGENT_SESSION_REQUEST_H

#include "agent/base/cursor.h"
#include "agent/engine/engine.h"
#include "agent/view/measurement.h"
#include "agent/view/subfilter.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REQUESTS_MAX = 4 };

struct request {
    uint16_t answer; /* id of the response */
    uint32_t transaction;
    uint16_t result;
    uint32_t index; /* of the device table: where the next piece begins */
    struct subfilter *filter;
};

struct requests {
    struct loop *loop;
    struct engine *engine;
    struct measurement *measurement;
    size_t count;
    struct request queue[REQUESTS_MAX];
};

struct request_piece {
    uint16_t id;
    uint8_t flags;
    uint32_t transaction;
};

void requests_init(struct requests *requests, struct loop *loop, struct engine *engine,
                   struct measurement *measurement);
/* Forgets all that wait. */
void requests_fini(struct requests *requests);

/*
 * Takes a well-formed Measurement, Information or Statistics Request. WIRE_RESULT_OK: it is queued,
 * and its answer will say what of it is not supported. Anything else has to be answered at once
 * with that code.
 */
uint16_t requests_take(struct requests *requests, const struct wire_message *message);

bool requests_waiting(const struct requests *requests);

/* The next piece of an answer, its body into an empty writer with room for WIRE_MESSAGE_CUT. False:
 * none waits. */
bool requests_next(struct requests *requests, struct request_piece *piece, struct writer *body);

/* The body of an answer that holds a result and no data. `answer` may also be the Subscribe
 * Response's id. */
void request_refusal(struct writer *body, uint16_t answer, uint16_t result, int64_t wall,
                     uint64_t granted);

#endif
