/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/channel.h"

#include <stdlib.h>

struct channel {
    const struct channel_operations *operations;
    void *context;
    struct deliver *deliver;
    const struct table *table;
    enum deliver_channel number;
    struct deliver_position *resume; /* deliver's, of this channel */
    struct channel_announced *announced;
    uint8_t *departures; /* a ring */
    uint32_t departed;   /* how many so far; the last CHANNEL_DEPARTURES are in the ring */
    uint32_t put;        /* how many of them were put into messages for all */
    struct channel_message message;
    bool open;       /* a tick is under way */
    uint32_t broken; /* the epoch of the last tick that broke off */
};

struct channel *channel_new(const struct channel_operations *operations,
                            enum deliver_channel number, const struct channel_shared *shared)
{
    const struct table *table = engine_table(shared->deliver->engine);
    struct channel *channel = calloc(1, sizeof(*channel));

    if (channel == NULL)
        return NULL;
    channel->operations = operations;
    channel->deliver = shared->deliver;
    channel->table = table;
    channel->number = number;
    channel->resume = &shared->deliver->resume[number];
    channel->resume->index = TABLE_NONE;
    channel->announced = calloc(table->device_capacity, sizeof(*channel->announced));
    channel->departures = calloc(CHANNEL_DEPARTURES, operations->departure);
    if (channel->announced != NULL && channel->departures != NULL)
        channel->context = operations->new (shared, channel, channel->announced);
    if (channel->context != NULL)
        return channel;
    channel_free(channel);
    return NULL;
}

void channel_free(struct channel *channel)
{
    if (channel == NULL)
        return;
    channel->operations->free(channel->context);
    free(channel->announced);
    free(channel->departures);
    free(channel);
}

/* --- messages -------------------------------------------------------------------------------- */

static void begin_message(struct channel *channel)
{
    channel->message = (struct channel_message){.id = channel->operations->id,
                                                .body = deliver_begin(channel->deliver)};
    if (channel->operations->begin != NULL)
        channel->operations->begin(channel->context);
}

static void finish_message(struct channel *channel)
{
    if (channel->operations->finish != NULL)
        channel->operations->finish(channel->context, &channel->message.body);
}

/* Sends what was gathered to all, if anything, and begins the next message. */
static void flush_message(struct channel *channel)
{
    finish_message(channel);
    deliver_to_all(channel->deliver, channel->message.id, &channel->message.body);
    channel->resume->departures = channel->put;
    begin_message(channel);
}

static bool send_message_to(struct channel *channel, const struct view_member *member)
{
    finish_message(channel);
    return deliver_to(member, channel->message.id, &channel->message.body);
}

static void announce(struct channel *channel, uint32_t index, uint32_t epoch, bool diverged)
{
    channel->announced[index] = (struct channel_announced){
        .epoch = epoch,
        .what = channel->operations->remember(channel->context, index) & CHANNEL_WHAT,
        .is = true,
        .diverged = diverged};
    if (diverged)
        channel_changed(channel, index);
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
    uint32_t index = channel->operations->back(channel->context, departure_at(channel, number));

    if (index != TABLE_NONE && !channel->announced[index].is)
        announce(channel, index, 0, true);
    return index != TABLE_NONE;
}

/* Fills the message from this number on; gives the number of the first that is not in it. */
static uint32_t put_departures(struct channel *channel, uint32_t number)
{
    while (number != channel->departed &&
           (is_back(channel, number) ||
            channel->operations->put_departure(channel->context, departure_at(channel, number),
                                               &channel->message)))
        number++;
    return number;
}

void channel_flush(struct channel *channel)
{
    bool apart = channel->operations->departures_apart || !channel->open;

    if (channel->put == channel->departed)
        return;
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
    uint64_t departure[4];

    if (!channel->announced[index].is)
        return;
    channel->announced[index].is = false;
    if (channel->operations->depart(channel->context, index, departure))
        channel_depart(channel, departure);
}

void channel_sweep(struct channel *channel)
{
    for (uint32_t index = 0; index < channel->table->slots_used; index++) {
        if (channel->announced[index].is &&
            channel->operations->look(channel->context, index) == CHANNEL_ABSENT)
            channel_leave(channel, index);
    }
}

/* --- ticks ----------------------------------------------------------------------------------- */

void channel_tick(struct channel *channel, const int64_t *intervals)
{
    channel->operations->tick(channel->context, intervals);
}

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
    enum put_result result = operations->put(channel->context, index, &channel->message);

    if (result == PUT_FULL) {
        flush_message(channel);
        channel->resume->index = index;
        if (!deliver_anybody(channel->deliver)) {
            channel->broken = channel->deliver->announced;
            return false;
        }
        result = operations->put(channel->context, index, &channel->message);
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

bool channel_has_news(const struct channel *channel)
{
    return channel->operations->has_news != NULL &&
           (channel->put != channel->departed || channel->operations->has_news(channel->context));
}

void channel_changed(struct channel *channel, uint32_t index)
{
    if (channel->operations->changed != NULL)
        channel->operations->changed(channel->context, index);
}

void channel_heard(struct channel *channel, uint32_t index)
{
    if (channel->operations->heard != NULL)
        channel->operations->heard(channel->context, index);
}

void channel_moved(struct channel *channel, uint32_t none)
{
    (void)none;
    if (channel->operations->moved != NULL)
        channel->operations->moved(channel->context);
}

/* --- one member that is not in step ---------------------------------------------------------- */

void channel_join(const struct channel *channel, struct view_member *member)
{
    member->at[channel->number].departures = channel->departed;
}

bool channel_is_lost(const struct channel *channel, const struct view_member *member)
{
    return channel->departed - member->at[channel->number].departures > CHANNEL_DEPARTURES;
}

bool channel_sync_departures(struct channel *channel, struct view_member *member)
{
    uint32_t *departures = &member->at[channel->number].departures;

    while (*departures != channel->departed) {
        if (!member->has_room(member->context))
            return false;
        begin_message(channel);
        uint32_t number = put_departures(channel, *departures);
        if (!send_message_to(channel, member))
            return false;
        *departures = number;
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
    bool alone = deliver_is_alone(channel->deliver, member);

    if (alone)
        announce(channel, index, epoch, false);
    else if (!announced->is || sight == CHANNEL_CHANGED)
        announce(channel, index, announced->is ? announced->epoch : member->pass, true);
}

static bool is_missing(const struct channel *channel, const struct view_member *member,
                       uint32_t index)
{
    const struct channel_announced *announced = &channel->announced[index];

    return table_device(channel->table, index)->used &&
           (!member->whole || (announced->is && engine_after(announced->epoch, member->synced)) ||
            (engine_after(channel->broken, member->synced) &&
             channel->operations->is_owed(channel->context, index)));
}

/* One message of devices from where the pass stands; false if there was no room for it. */
static bool sync_message(struct channel *channel, struct view_member *member, uint32_t epoch)
{
    const struct channel_operations *operations = channel->operations;
    uint32_t index = member->at[channel->number].index;

    if (!member->has_room(member->context))
        return false;
    begin_message(channel);
    for (; index < channel->table->slots_used; index++) {
        enum channel_sight sight = CHANNEL_ABSENT;
        if (is_missing(channel, member, index))
            sight = operations->look(channel->context, index);
        if (sight == CHANNEL_ABSENT)
            continue;
        if (operations->put(channel->context, index, &channel->message) == PUT_FULL)
            break;
        announced_to(channel, member, index, sight, epoch);
    }
    if (!send_message_to(channel, member))
        return false;
    member->at[channel->number].index = index;
    return true;
}

bool channel_sync(struct channel *channel, struct view_member *member, uint32_t epoch)
{
    while (member->at[channel->number].index < channel->table->slots_used) {
        if (!sync_message(channel, member, epoch))
            return false;
    }
    return true;
}
