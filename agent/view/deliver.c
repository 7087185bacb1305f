/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/deliver.h"

#include "agent/wire/wire.h"

struct writer deliver_begin(const struct deliver *deliver)
{
    static uint8_t buffer[WIRE_MESSAGE_CUT]; /* one thread, and one message at a time */
    struct writer body = writer_of(buffer, sizeof(buffer) - WIRE_HEADER_SIZE);

    wire_put_timestamp(&body, (uint64_t)loop_wall(engine_loop(deliver->engine)));
    return body;
}

static bool is_empty(const struct writer *body)
{
    return body->used <= WIRE_TIMESTAMP_SIZE;
}

static void fall_out(const struct deliver *deliver, struct view_member *member)
{
    member->in_step = false;
    member->passing = false;
    member->resuming = true;
    member->pass = deliver->announced;
    member->synced = deliver->announced - 1;
    memcpy(member->at, deliver->resume, sizeof(member->at));
    (*member->missed)++;
}

void deliver_to_all(struct deliver *deliver, uint16_t id, const struct writer *body)
{
    if (is_empty(body))
        return;
    for (struct view_member *member = deliver->members; member != NULL; member = member->next) {
        if (member->in_step && member->deliver(member->context, id, body->base, body->used))
            continue;
        if (member->in_step)
            fall_out(deliver, member);
        if (id == WIRE_AP_INFO_NOTIFICATION)
            member->ap = 0;
    }
}

bool deliver_to(const struct view_member *member, uint16_t id, const struct writer *body)
{
    return is_empty(body) || member->deliver(member->context, id, body->base, body->used);
}

static bool has_member(const struct deliver *deliver, bool in_step)
{
    const struct view_member *member = deliver->members;

    while (member != NULL && member->in_step != in_step)
        member = member->next;
    return member != NULL;
}

bool deliver_anybody(const struct deliver *deliver)
{
    return has_member(deliver, true);
}

bool deliver_everybody(const struct deliver *deliver)
{
    return !has_member(deliver, false);
}

void deliver_pass_over(const struct deliver *deliver, bool again)
{
    for (struct view_member *member = deliver->members; member != NULL; member = member->next) {
        *member->missed += member->in_step ? 0 : 1;
        if (again && !member->in_step && member->whole)
            member->whole = member->passing = member->resuming = false;
    }
}
