/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/channel.h"

#include <stdlib.h>

struct channel {
    const struct channel_operations *operations;
    struct channel_context context;
    struct deliver *deliver;
    enum deliver_channel number;
    struct deliver_position *resume; /* deliver's, of this channel */
    uint8_t *departures;             /* a ring */
    uint32_t departed; /* how many so far; the last CHANNEL_DEPARTURES are in the ring */
    uint32_t put;      /* how many of them were put into messages for all */
    struct channel_message message;
    bool open;       /* a tick is under way */
    uint32_t broken; /* the epoch of the last tick that broke off */
    struct channel_announced announced[];
};

struct channel *channel_new(const struct channel_operations *operations,
                            enum deliver_channel number, struct deliver *deliver,
                            struct measurement *measurement, const struct place *places)
{
    const struct table *table = engine_table(deliver->engine);
    struct channel *channel =
        calloc(1, sizeof(*channel) + table->device_capacity * sizeof(channel->announced[0]));

    if (channel == NULL)
        return NULL;
    *channel = (struct channel){.operations = operations,
                                .deliver = deliver,
                                .number = number,
                                .resume = &deliver->resume[number],
                                .departures = calloc(CHANNEL_DEPARTURES, operations->departure)};
    channel->context = (struct channel_context){.channel = channel,
                                                .engine = deliver->engine,
                                                .table = table,
                                                .filter = deliver->filter,
                                                .announced = channel->announced,
                                                .measurement = measurement,
                                                .places = places,
                                                .own = calloc(1, operations->size(table))};
    channel->resume->index = TABLE_NONE;
    if (channel->departures != NULL && channel->context.own != NULL)
        return channel;
    channel_free(channel);
    return NULL;
}

void channel_free(struct channel *channel)
{
    if (channel == NULL)
        return;
    free(channel->context.own);
    free(channel->departures);
    free(channel);
}

/* --- messages -------------------------------------------------------------------------------- */

static void begin_message(struct channel *channel)
{
    channel->message = (struct channel_message){.id = channel->operations->id,
                                                .body = deliver_begin(channel->deliver)};
    if (channel->operations->begin != NULL)
        channel->operations->begin(&channel->context);
}

/* To all in step, or to this one; false if that one has no room. */
static bool send_message(struct channel *channel, const struct view_member *member)
{
    struct channel_message *message = &channel->message;

    if (channel->operations->finish != NULL)
        channel->operations->finish(&channel->context, &message->body);
    if (member != NULL)
        return deliver_to(member, message->id, &message->body);
    deliver_to_all(channel->deliver, message->id, &message->body);
    channel->resume->departures = channel->put;
    return true;
}

/* Sends what was gathered, if anything, and begins the next message. */
static void flush_message(struct channel *channel)
{
    (void)send_message(channel, NULL);
    begin_message(channel);
}

static void announce(struct channel *channel, uint32_t index, uint32_t epoch, bool diverged)
{
    channel->announced[index] = (struct channel_announced){
        .epoch = epoch,
        .what = channel->operations->remember(&channel->context, index) & CHANNEL_WHAT,
        .is = true,
        .diverged = diverged};
    if (diverged)
        channel_take(channel, CHANNEL_NEWS, index);
}

const struct channel_announced *channel_announced_of(const struct channel *channel, uint32_t index)
{
    return channel != NULL ? &channel->announced[index] : NULL;
}

void channel_diverge(struct channel *channel, uint32_t index)
{
    announce(channel, index, channel->announced[index].epoch, true);
}

/* --- departures ------------------------------------------------------------------------------ */

static void *departure_at(const struct channel *channel, uint32_t number)
{
    return channel->departures + number % CHANNEL_DEPARTURES * channel->operations->departure;
}

static bool is_back(struct channel *channel, uint32_t number)
{
    uint32_t index = channel->operations->back(&channel->context, departure_at(channel, number));

    if (index != TABLE_NONE && !channel->announced[index].is)
        announce(channel, index, 0, true);
    return index != TABLE_NONE;
}

/* Fills the message from this number on; gives the number of the first that is not in it. */
static uint32_t put_departures(struct channel *channel, uint32_t number)
{
    while (number != channel->departed &&
           (is_back(channel, number) ||
            channel->operations->put_departure(&channel->context, departure_at(channel, number),
                                               &channel->message)))
        number++;
    return number;
}

void channel_flush(struct channel *channel)
{
    if (channel == NULL || channel->put == channel->departed)
        return;
    bool apart = channel->operations->departures_apart || !channel->open;
    if (!channel->open)
        begin_message(channel);
    else if (apart)
        flush_message(channel);
    while (channel->put != channel->departed) {
        channel->put = put_departures(channel, channel->put);
        if (apart || channel->put != channel->departed)
            flush_message(channel);
    }
}

void channel_depart(struct channel *channel, const void *departure)
{
    if (channel->departed - channel->put == CHANNEL_DEPARTURES)
        channel_flush(channel);
    memcpy(departure_at(channel, channel->departed), departure, channel->operations->departure);
    channel->departed++;
}

void channel_leave(struct channel *channel, uint32_t index)
{
    uint64_t departure[CHANNEL_DEPARTURE / 8];

    if (!channel->announced[index].is)
        return;
    channel->announced[index].is = false;
    if (channel->operations->depart(&channel->context, index, departure))
        channel_depart(channel, departure);
}

/* --- ticks ----------------------------------------------------------------------------------- */

void channel_open(struct channel *channel)
{
    channel->deliver->announced = engine_epoch_close(channel->deliver->engine);
    channel->open = true;
    channel->resume->index = 0;
    begin_message(channel);
    channel_flush(channel);
}

bool channel_tell(struct channel *channel, uint32_t index)
{
    const struct channel_operations *operations = channel->operations;
    enum put_result result = operations->put(&channel->context, index, &channel->message);

    if (result == PUT_FULL) {
        flush_message(channel);
        channel->resume->index = index;
        if (!deliver_anybody(channel->deliver)) {
            channel->broken = channel->deliver->announced;
            return false;
        }
        result = operations->put(&channel->context, index, &channel->message);
    }
    if (result == PUT_ADDED)
        announce(channel, index, channel->deliver->announced, false);
    else
        channel_leave(channel, index);
    return true;
}

void channel_close(struct channel *channel)
{
    channel_flush(channel);
    flush_message(channel);
    channel->resume->index = TABLE_NONE;
    channel->open = false;
}

/* --- what happens ---------------------------------------------------------------------------- */

void channel_tick(struct channel *channel, const int64_t *intervals)
{
    if (channel != NULL)
        channel->operations->tick(&channel->context, intervals);
}

void channel_take(struct channel *channel, enum channel_event event, uint32_t index)
{
    if (channel != NULL && event == CHANNEL_LEAVING)
        channel_leave(channel, index);
    else if (channel != NULL && channel->operations->take != NULL)
        channel->operations->take(&channel->context, event, index);
}

bool channel_has_news(const struct channel *channel)
{
    return channel != NULL && channel->operations->has_news != NULL &&
           (channel->put != channel->departed || channel->operations->has_news(&channel->context));
}

/* --- one member that is not in step ---------------------------------------------------------- */

void channel_join(struct channel *channel, struct view_member *member)
{
    if (channel == NULL)
        return;
    for (uint32_t index = 0; index < channel->context.table->slots_used; index++) {
        if (channel->announced[index].is &&
            channel->operations->look(&channel->context, index) == CHANNEL_ABSENT)
            channel_leave(channel, index);
    }
    member->at[channel->number].departures = channel->departed;
}

bool channel_is_lost(const struct channel *channel, const struct view_member *member)
{
    return channel != NULL &&
           channel->departed - member->at[channel->number].departures > CHANNEL_DEPARTURES;
}

bool channel_sync_departures(struct channel *channel, struct view_member *member)
{
    while (channel != NULL && member->at[channel->number].departures != channel->departed) {
        if (!member->has_room(member->context))
            return false;
        begin_message(channel);
        uint32_t number = put_departures(channel, member->at[channel->number].departures);
        if (!send_message(channel, member))
            return false;
        member->at[channel->number].departures = number;
    }
    return true;
}

/*
 * This member was told the device as it is. So was everybody, if nobody else is there; otherwise
 * the others may know another state of it: the next tick tells everybody the same.
 */
static void announced_to(struct channel *channel, const struct view_member *member, uint32_t index,
                         enum channel_sight sight, uint32_t epoch)
{
    const struct channel_announced *announced = &channel->announced[index];
    bool alone = channel->deliver->members == member && member->next == NULL;

    if (alone)
        announce(channel, index, epoch, false);
    else if (!announced->is || sight == CHANNEL_CHANGED)
        announce(channel, index, announced->is ? announced->epoch : member->pass, true);
}

static bool is_missing(const struct channel *channel, const struct view_member *member,
                       uint32_t index)
{
    const struct channel_announced *announced = &channel->announced[index];

    return table_device(channel->context.table, index)->used &&
           (!member->whole || (announced->is && engine_after(announced->epoch, member->synced)) ||
            (engine_after(channel->broken, member->synced) &&
             channel->operations->is_owed(&channel->context, index)));
}

/* One message of devices from where the pass stands; false if there was no room for it. */
static bool sync_message(struct channel *channel, struct view_member *member, uint32_t epoch)
{
    const struct channel_operations *operations = channel->operations;
    uint32_t index = member->at[channel->number].index;

    if (!member->has_room(member->context))
        return false;
    begin_message(channel);
    for (; index < channel->context.table->slots_used; index++) {
        enum channel_sight sight = CHANNEL_ABSENT;
        if (is_missing(channel, member, index))
            sight = operations->look(&channel->context, index);
        if (sight == CHANNEL_ABSENT)
            continue;
        if (operations->put(&channel->context, index, &channel->message) == PUT_FULL)
            break;
        announced_to(channel, member, index, sight, epoch);
    }
    if (!send_message(channel, member))
        return false;
    member->at[channel->number].index = index;
    return true;
}

bool channel_sync(struct channel *channel, struct view_member *member, uint32_t epoch)
{
    while (channel != NULL &&
           member->at[channel->number].index < channel->context.table->slots_used) {
        if (!sync_message(channel, member, epoch))
            return false;
    }
    return true;
}
