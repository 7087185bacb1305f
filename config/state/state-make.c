/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-internal.h"

#include "agent/base/log.h"
#include "agent/base/number.h"

#include <time.h>

/* --- nodes ----------------------------------------------------------------------------------- */

/* A value that its type refuses is no reason to say nothing at all. */
static void take_result(struct state_maker *m, LY_ERR result)
{
    if (result == LY_EMEM)
        m->out_of_memory = true;
}

static bool makes(const struct state_maker *m, const struct lyd_node *parent)
{
    return !m->out_of_memory && parent != NULL;
}

struct lyd_node *make_inner(struct state_maker *m, struct lyd_node *parent, const char *name)
{
    struct lyd_node *node = NULL;

    if (!makes(m, parent))
        return NULL;
    take_result(m, lyd_new_inner(parent, NULL, name, m->output, &node));
    return node;
}

struct lyd_node *make_entry(struct state_maker *m, struct lyd_node *parent, const char *name)
{
    struct lyd_node *node = NULL;

    if (!makes(m, parent))
        return NULL;
    take_result(m, lyd_new_list(parent, NULL, name, m->output, &node));
    return node;
}

struct lyd_node *make_entry_of(struct state_maker *m, struct lyd_node *parent, const char *name,
                               const char *key)
{
    struct lyd_node *node = NULL;

    if (!makes(m, parent))
        return NULL;
    take_result(m, lyd_new_list(parent, NULL, name, m->output, &node, key));
    return node;
}

struct lyd_node *make_entry_of_two(struct state_maker *m, struct lyd_node *parent, const char *name,
                                   const char *first, const char *second)
{
    struct lyd_node *node = NULL;

    if (!makes(m, parent))
        return NULL;
    take_result(m, lyd_new_list(parent, NULL, name, m->output, &node, first, second));
    return node;
}

void make_text(struct state_maker *m, struct lyd_node *parent, const char *name, const char *text)
{
    if (makes(m, parent))
        take_result(m, lyd_new_term(parent, NULL, name, text, m->output, NULL));
}

/* --- values ---------------------------------------------------------------------------------- */

void make_safe(struct state_maker *m, struct lyd_node *parent, const char *name, const void *text,
               size_t len)
{
    char safe[STATE_TEXT_SIZE];

    make_text(m, parent, name, log_safe(text, len, safe, sizeof(safe)));
}

void make_some_text(struct state_maker *m, struct lyd_node *parent, const char *name,
                    const char *text)
{
    if (text[0] != '\0')
        make_safe(m, parent, name, text, strlen(text));
}

void make_number(struct state_maker *m, struct lyd_node *parent, const char *name, uint64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, number);
    make_text(m, parent, name, text);
}

void make_signed(struct state_maker *m, struct lyd_node *parent, const char *name, int64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    make_text(m, parent, name, text);
}

void make_bool(struct state_maker *m, struct lyd_node *parent, const char *name, bool is)
{
    make_text(m, parent, name, is ? "true" : "false");
}

void make_mac(struct state_maker *m, struct lyd_node *parent, const char *name,
              const struct mac *mac)
{
    char text[MAC_TEXT_SIZE];

    make_text(m, parent, name, mac_text(mac, text));
}

void make_time(struct state_maker *m, struct lyd_node *parent, const char *name, int64_t wall)
{
    char date[STATE_TIME_SIZE];
    char text[STATE_TIME_SIZE + 8];
    time_t seconds = (time_t)(wall / 1000);
    struct tm parts;

    if (wall < 0 || gmtime_r(&seconds, &parts) == NULL ||
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return;
    (void)snprintf(text, sizeof(text), "%s.%03dZ", date, (int)(wall % 1000));
    make_text(m, parent, name, text);
}

void make_counters(struct state_maker *m, struct lyd_node *parent,
                   const struct state_counter *counters, size_t count, const void *of)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value;
        memcpy(&value, (const char *)of + counters[i].offset, sizeof(value));
        make_number(m, parent, counters[i].name, value);
    }
}

/* --- input ----------------------------------------------------------------------------------- */

const char *input_text(const struct lyd_node *rpc, const char *name)
{
    const struct lyd_node *node = lyd_child(rpc);

    while (node != NULL && (node->schema == NULL || strcmp(node->schema->name, name) != 0))
        node = node->next;
    return node != NULL ? lyd_get_value(node) : NULL;
}

bool input_number(const struct lyd_node *rpc, const char *name, uint32_t *number)
{
    const char *text = input_text(rpc, name);

    uint64_t found = 0;

    if (text == NULL || !number_text(text, UINT32_MAX, &found))
        return false;
    *number = (uint32_t)found;
    return true;
}

bool input_mac(const struct lyd_node *rpc, const char *name, struct mac *mac)
{
    const char *text = input_text(rpc, name);
    return text != NULL && mac_parse(text, strlen(text), mac);
}

void state_output(struct lyd_node *rpc, struct state_maker *m)
{
    lyd_free_siblings(lyd_child(rpc));
    m->output = true;
}
