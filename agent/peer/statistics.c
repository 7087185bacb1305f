/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/statistics.h"

#define ROW(member, name) {name, offsetof(struct statistics, member)},
const struct counter statistics_global_table[] = {STATISTICS_GLOBAL(ROW){NULL, 0}};
const struct counter statistics_ssl_table[] = {STATISTICS_SSL(ROW){NULL, 0}};
const struct counter statistics_aaa_table[] = {STATISTICS_AAA(ROW){NULL, 0}};
#undef ROW

/* The first step of asking; false if there is nobody to ask. */
static bool request_is_sent(struct statistics *s, enum authlist_verdict verdict)
{
    s->aaa_requests++;
    if (verdict == AUTHLIST_NO_NEW_MODEL || verdict == AUTHLIST_NO_METHOD_LIST) {
        s->aaa_send_failures++;
        return false;
    }
    s->aaa_sent++;
    return true;
}

/* The second one. `local` answers at once and always. */
static void take_response(struct statistics *s, enum authlist_verdict verdict)
{
    s->aaa_responses++;
    s->aaa_to_validate++;
    if (verdict == AUTHLIST_OK)
        s->aaa_validate_successes++;
    else
        s->aaa_validate_errors++;
}

void statistics_verified(struct statistics *s, enum authlist_verdict verdict)
{
    if (s == NULL)
        return;
    s->verifications++;
    if (verdict == AUTHLIST_OK)
        s->verification_successes++;
    else
        s->verification_failures++;
    /* No list is asked about a key that none can let in. */
    if (verdict != AUTHLIST_WEAK_KEY && request_is_sent(s, verdict))
        take_response(s, verdict);
}

void statistics_unverifiable(struct statistics *s)
{
    if (s == NULL)
        return;
    s->verifications++;
    s->verification_failures++;
}

void statistics_created(struct statistics *s, bool inbound)
{
    if (s == NULL)
        return;
    s->connections_created++;
    s->accept_attempts += inbound ? 1 : 0;
}

void statistics_closed(struct statistics *s)
{
    if (s != NULL)
        s->connections_closed++;
}

void statistics_accepted(struct statistics *s, bool success)
{
    if (s == NULL)
        return;
    if (success)
        s->accept_successes++;
    else
        s->accept_failures++;
}

void statistics_not_registered(struct statistics *s)
{
    if (s != NULL)
        s->failed_registrations++;
}
