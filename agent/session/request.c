/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/request.h"

#include "agent/view/info.h"

#include <string.h>

void requests_init(struct requests *requests, struct loop *loop, struct engine *engine,
                   struct measurement *measurement)
{
    *requests = (struct requests){.loop = loop, .engine = engine, .measurement = measurement};
}

static void drop_first(struct requests *requests)
{
    subfilter_free(requests->queue[0].filter);
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
    struct subfilter *filter;

    if ((message->present & WIRE_HAS(DEVICE_FILTER)) != 0 &&
        (offered & WIRE_BIT(WIRE_ON_DEMAND)) == 0)
        return WIRE_RESULT_NOT_PERMITTED;
    if (requests->count == REQUESTS_MAX)
        return WIRE_RESULT_OUT_OF_RESOURCES;
    if (subfilter_new(requests->engine, message, served, &filter) != SUBFILTER_OK)
        return WIRE_RESULT_OUT_OF_RESOURCES;
    requests->queue[requests->count++] = (struct request){
        .answer = (uint16_t)message->info->answer,
        .transaction = message->header.transaction,
        .result = served == asked ? WIRE_RESULT_OK : WIRE_RESULT_UNSUPPORTED,
        .filter = filter,
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
    const struct table_device *device =
        table_device(engine_table(requests->engine), request->index);

    (void)body; /* the measurements go there as a whole */
    return !subfilter_has(request->filter, WIRE_FAMILY_MEASUREMENT, device) ||
           measurement_add(requests->measurement, request->index, request->filter) != PUT_FULL;
}

static bool put_information(struct requests *requests, const struct request *request,
                            struct writer *body)
{
    uint16_t ap = INFO_NO_AP;
    enum info_kind kind = info_kind(requests->engine, request->index, request->filter, &ap);

    return kind == INFO_NONE || info_put(requests->engine, request->index, kind, ap, body);
}

static bool put_statistics(struct requests *requests, const struct request *request,
                           struct writer *body)
{
    return info_put_statistics(requests->engine, request->index, request->filter, body) != PUT_FULL;
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
    for (; request->index < table->slots_used; request->index++) {
        if (table_device(table, request->index)->used && !put(requests, request, body))
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
    subfilter_refresh(request->filter, requests->engine);
    put_front(body, request->result, loop_wall(requests->loop));
    measurement_begin(requests->measurement, body->used);
    bool more = fill(requests, request, body);
    measurement_finish(requests->measurement, body);
    *piece = (struct request_piece){.id = request->answer,
                                    .flags = more ? WIRE_FLAG_MORE : 0,
                                    .transaction = request->transaction};
    if (!more)
        drop_first(requests);
    return true;
}
