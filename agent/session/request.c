/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/request.h"

#include "agent/view/record.h"

#include <string.h>

void requests_init(struct requests *requests, struct loop *loop, struct engine *engine,
                   struct picture *picture)
{
    *requests = (struct requests){.loop = loop, .engine = engine, .picture = picture};
}

static void drop_first(struct requests *requests)
{
    selection_free(requests->queue[0].selection);
    requests->count--;
    memmove(requests->queue, requests->queue + 1, requests->count * sizeof(requests->queue[0]));
}

void requests_fini(struct requests *requests)
{
    while (requests->count > 0)
        drop_first(requests);
}

bool requests_waiting(const struct requests *requests)
{
    return requests->count > 0;
}

/* --- taking ---------------------------------------------------------------------------------- */

static uint64_t family_of(uint16_t id)
{
    switch (id) {
    case WIRE_MEASUREMENT_REQUEST:
        return wire_family_mask(WIRE_FAMILY_MEASUREMENT);
    case WIRE_INFORMATION_REQUEST:
        return wire_family_mask(WIRE_FAMILY_INFORMATION);
    default:
        return wire_family_mask(WIRE_FAMILY_STATISTICS);
    }
}

uint16_t requests_take(struct requests *requests, const struct wire_message *message)
{
    uint64_t offered = engine_offered(requests->engine);
    uint64_t asked = message->services.mask;
    uint64_t served = asked & offered & family_of(message->header.id);
    struct selection *selection;

    if ((message->present & WIRE_HAS(DEVICE_FILTER)) != 0 &&
        (offered & WIRE_BIT(WIRE_ON_DEMAND)) == 0)
        return WIRE_RESULT_NOT_PERMITTED;
    if (requests->count == REQUESTS_MAX)
        return WIRE_RESULT_OUT_OF_RESOURCES;
    if (selection_new(requests->engine, message, served, &selection) != SELECTION_OK)
        return WIRE_RESULT_OUT_OF_RESOURCES;
    requests->queue[requests->count++] = (struct request){
        .answer = (uint16_t)message->info->answer,
        .transaction = message->header.transaction,
        .result = served == asked ? WIRE_RESULT_OK : WIRE_RESULT_UNSUPPORTED,
        .selection = selection,
    };
    return WIRE_RESULT_OK;
}

/* --- answering ------------------------------------------------------------------------------- */

static void put_front(struct writer *body, uint16_t result, int64_t wall)
{
    wire_put_result(body, result, result == WIRE_RESULT_OK ? "" : wire_result_name(result));
    wire_put_timestamp(body, (uint64_t)wall);
}

void request_refusal(struct writer *body, uint16_t answer, uint16_t result, int64_t wall,
                     uint64_t granted)
{
    if (answer == WIRE_SUBSCRIBE_RESPONSE) {
        wire_put_result(body, result, wire_result_name(result));
        wire_put_services(body, granted);
    } else {
        put_front(body, result, wall);
    }
}

/* One device into the piece; false if it does not fit any more. */
static bool put_measurement(struct requests *requests, const struct request *request,
                            struct writer *body)
{
    const struct table_device *device = table_device(engine_table(requests->engine), request->slot);

    (void)body; /* the picture goes there as a whole */
    return !selection_has_device(request->selection, device) ||
           picture_add(requests->picture, request->slot, request->selection) != PICTURE_FULL;
}

static bool put_information(struct requests *requests, const struct request *request,
                            struct writer *body)
{
    uint16_t ap = RECORD_NO_AP;
    enum record_kind kind = record_kind(requests->engine, request->slot, request->selection, &ap);

    return kind == RECORD_NONE ||
           record_put_information(requests->engine, request->slot, kind, ap, body);
}

static bool put_statistics(struct requests *requests, const struct request *request,
                           struct writer *body)
{
    return record_put_statistics(requests->engine, request->slot, request->selection, body) !=
           RECORD_FULL;
}

/* Fills the piece from where the request stands; true if there is more than fits. */
static bool fill(struct requests *requests, struct request *request, struct writer *body)
{
    const struct table *table = engine_table(requests->engine);
    bool (*put)(struct requests *, const struct request *, struct writer *) = put_measurement;

    if (request->answer == WIRE_INFORMATION_RESPONSE)
        put = put_information;
    else if (request->answer == WIRE_STATISTICS_RESPONSE)
        put = put_statistics;
    for (; request->slot < table->slots_used; request->slot++) {
        if (table_device(table, request->slot)->used && !put(requests, request, body))
            return true;
    }
    return false;
}

bool requests_next(struct requests *requests, struct request_piece *piece, struct writer *body)
{
    struct request *request = &requests->queue[0];

    if (requests->count == 0)
        return false;
    engine_expire(requests->engine);
    selection_refresh(request->selection, requests->engine);
    put_front(body, request->result, loop_wall(requests->loop));
    picture_begin(requests->picture, body->used);
    bool more = fill(requests, request, body);
    picture_finish(requests->picture, body);
    *piece = (struct request_piece){.id = request->answer,
                                    .flags = more ? WIRE_FLAG_MORE : 0,
                                    .transaction = request->transaction};
    if (!more)
        drop_first(requests);
    return true;
}
