/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-parts.h"

#include "agent/base/log.h"
#include "agent/base/trace.h"

#include <unistd.h>

static void fill_line(struct state_maker *m, struct lyd_node *rpc, const struct trace_entry *entry)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_TIME, trace_entry, wall, "time"),
        FIELD_END,
    };
    char number[16];

    (void)snprintf(number, sizeof(number), "%" PRIu32, entry->number);
    struct lyd_node *node = make_entry(m, rpc, "line", number, NULL);
    make_fields(m, node, fields, entry);
    make_text(m, node, "level", trace_level_name(entry->level));
    make_safe(m, node, "text", entry->text, strlen(entry->text));
}

bool state_read_trace_rpc(const struct state_tree *state, struct lyd_node *rpc,
                          struct state_maker *m, struct rpc_errors *errors)
{
    struct trace_entry entry;
    uint32_t limit = 100;
    uint32_t number = 0;
    bool more;

    (void)state;
    (void)errors;
    (void)input_number(rpc, "limit", &limit);
    if (input_number(rpc, "after", &number))
        more = trace_after(number, &entry);
    else if (input_number(rpc, "last", &number))
        more = trace_last(number, &entry);
    else
        more = trace_first(&entry);
    make_output(rpc, m);
    make_number(m, rpc, "process", (uint64_t)getpid());
    for (; more && limit > 0; limit--) {
        fill_line(m, rpc, &entry);
        more = trace_after(entry.number, &entry);
    }
    make_text(m, rpc, "more", more ? "true" : "false");
    return true;
}

bool state_clear_trace_rpc(const struct state_tree *state, struct lyd_node *rpc,
                           struct state_maker *m, struct rpc_errors *errors)
{
    (void)state;
    (void)errors;
    make_output(rpc, m);
    trace_clear();
    log_info("trace: cleared on request");
    return true;
}
