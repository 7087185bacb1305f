/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/confirm.h"

#include "agent/base/log.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_MS = 1000 };

bool confirm_waits(const struct confirm *confirm)
{
    return confirm->before != NULL;
}

bool confirm_waits_for_other(const struct confirm *confirm, uint32_t session)
{
    return confirm_waits(confirm) && (confirm->persistent || confirm->session != session);
}

/* --- the end of waiting ---------------------------------------------------------------------- */

static void over(struct confirm *confirm, bool kept)
{
    const struct store_options *options = confirm->running->options;

    loop_timer_stop(&confirm->timer);
    snapshot_swap(&confirm->before, NULL);
    if (options->confirm_ended != NULL)
        options->confirm_ended(options->context, kept);
}

bool confirm_end(struct confirm *confirm, bool kept)
{
    if (kept || running_take_back(confirm->running, confirm->before)) {
        over(confirm, kept);
        return true;
    }
    log_error("commit: it cannot be rolled back yet, because memory is out");
    loop_timer_start(&confirm->timer, RETRY_MS);
    return false;
}

static void on_timeout(void *context)
{
    if (confirm_end(context, false))
        log_warning("commit: it was not confirmed in time: the configuration before it is back");
}

void confirm_superseded(struct confirm *confirm)
{
    if (!confirm_waits(confirm))
        return;
    log_warning("commit: the confirmed commit that waited for its confirmation is cancelled: what "
                "startup holds is running now");
    over(confirm, false);
}

void confirm_session_ended(struct confirm *confirm, uint32_t session)
{
    if (confirm_waits(confirm) && !confirm_waits_for_other(confirm, session) &&
        confirm_end(confirm, false))
        log_warning("commit: its session ended before it was confirmed: the configuration before "
                    "it is back");
}

/* --- waiting --------------------------------------------------------------------------------- */

bool confirm_init(struct confirm *confirm, struct running *running)
{
    confirm->running = running;
    return loop_timer_init(running->options->loop, &confirm->timer, on_timeout, confirm) == 0;
}

void confirm_fini(struct confirm *confirm)
{
    loop_timer_fini(&confirm->timer);
    snapshot_drop(confirm->before);
}

static bool is_persist_id(const struct confirm *confirm, const char *persist_id)
{
    return confirm_waits(confirm) && confirm->persistent &&
           strcmp(confirm->persist, persist_id) == 0;
}

/* RFC 6241, 8.4.1. */
bool confirm_permits(const struct confirm *confirm, const struct store_access *access,
                     const char *persist_id, struct rpc_errors *errors)
{
    if (persist_id != NULL && !is_persist_id(confirm, persist_id))
        return rpc_error_refuse(
            errors, RPC_INVALID_VALUE,
            "no confirmed commit of this persist-id waits for its confirmation");
    if (!confirm_waits(confirm) || persist_id != NULL || access->recovery)
        return true;
    if (confirm->persistent)
        return rpc_error_refuse(errors, RPC_INVALID_VALUE,
                                "a persistent confirmed commit waits: give its persist-id");
    return confirm->session == access->session ||
           rpc_error_refuse(errors, RPC_IN_USE,
                            "another session's confirmed commit waits: only that session, or root, "
                            "can confirm or cancel it");
}

void confirm_begin(struct confirm *confirm, const struct store_access *access,
                   const struct store_commit *commit, struct snapshot *before)
{
    if (!confirm_waits(confirm)) {
        confirm->before = snapshot_share(before);
        confirm->persistent = false;
        confirm->session = access->session;
        (void)snprintf(confirm->who, sizeof(confirm->who), "user %s in session %u",
                       access->user != NULL ? access->user : "-", access->session);
    }
    if (commit->persist != NULL) {
        confirm->persistent = true;
        confirm->session = 0;
        (void)snprintf(confirm->persist, sizeof(confirm->persist), "%s", commit->persist);
    }
    loop_timer_start(&confirm->timer, (int64_t)commit->timeout * 1000);
}
