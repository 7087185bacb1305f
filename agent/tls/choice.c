/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/tls/choice.h"

#include <string.h>

void choice_begin(struct choice *choice, const struct abilities_ours *ours,
                  const enum authlist_key_type kinds[static CHOICE_IDENTITIES])
{
    abilities_begin(&choice->abilities, ours);
    memcpy(choice->kinds, kinds, sizeof(choice->kinds));
    choice->made = false;
    choice->held_len = 0;
    choice->held_given = 0;
}

static bool can_do_with(const struct choice *choice, enum choice_identity which)
{
    return choice->kinds[which] == AUTHLIST_KEY_EC ? choice->abilities.ec : choice->abilities.rsa;
}

enum choice_identity choice_fitting(const struct choice *choice)
{
    if (choice->abilities.state != ABILITIES_KNOWN || can_do_with(choice, CHOICE_FIRST) ||
        !can_do_with(choice, CHOICE_SECOND))
        return CHOICE_FIRST;
    return CHOICE_SECOND;
}

bool choice_hold(struct choice *choice, choice_source *source, void *context)
{
    while (choice->abilities.state == ABILITIES_MORE && choice->held_len < sizeof(choice->held)) {
        uint8_t *end = choice->held + choice->held_len;
        size_t n = source(context, end, sizeof(choice->held) - choice->held_len);
        if (n == 0)
            return false;
        choice->held_len += n;
        (void)abilities_feed(&choice->abilities, end, n);
    }
    return true;
}

size_t choice_take(struct choice *choice, void *buffer, size_t size)
{
    size_t left = choice->held_len - choice->held_given;
    size_t n = left < size ? left : size;

    memcpy(buffer, choice->held + choice->held_given, n);
    choice->held_given += n;
    return n;
}

/* --- servers that took none of the first kind ------------------------------------------------ */

static bool address_of(int fd, struct choice_address *out)
{
    memset(out, 0, sizeof(*out));
    out->len = sizeof(out->address);
    return getpeername(fd, (struct sockaddr *)&out->address, &out->len) == 0 && out->len > 0 &&
           out->len <= sizeof(out->address);
}

/* CHOICE_TURNED_MAX: it is not there. */
static size_t find(const struct choice_memory *memory, const struct choice_address *address)
{
    size_t i = 0;

    while (i < CHOICE_TURNED_MAX &&
           (memory->turned[i].len != address->len ||
            memcmp(&memory->turned[i].address, &address->address, address->len) != 0))
        i++;
    return i;
}

bool choice_has_turned(const struct choice_memory *memory, int fd)
{
    struct choice_address address;

    return address_of(fd, &address) && find(memory, &address) < CHOICE_TURNED_MAX;
}

void choice_turn(struct choice_memory *memory, int fd)
{
    struct choice_address address;

    if (!address_of(fd, &address))
        return;
    size_t place = find(memory, &address);
    if (place < CHOICE_TURNED_MAX)
        memory->turned[place].len = 0;
    else
        memory->turned[memory->next++ % CHOICE_TURNED_MAX] = address;
}
