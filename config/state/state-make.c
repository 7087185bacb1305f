/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-make.h"

#include "agent/base/log.h"
#include "agent/base/number.h"
#include "agent/state.h"

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

    if (makes(m, parent))
        take_result(m, lyd_new_inner(parent, NULL, name, m->output, &node));
    return node;
}

struct lyd_node *make_entry(struct state_maker *m, struct lyd_node *parent, const char *name,
                            const char *first, const char *second)
{
    struct lyd_node *node = NULL;

    /* It takes as many values as the list has keys. */
    if (makes(m, parent))
        take_result(m, lyd_new_list(parent, NULL, name, m->output, &node, first, second));
    return node;
}

void make_text(struct state_maker *m, struct lyd_node *parent, const char *name, const char *text)
{
    if (makes(m, parent))
        take_result(m, lyd_new_term(parent, NULL, name, text, m->output, NULL));
}

void make_safe(struct state_maker *m, struct lyd_node *parent, const char *name, const void *text,
               size_t len)
{
    char safe[STATE_TEXT_SIZE];

    if (len > 0)
        make_text(m, parent, name, log_safe(text, len, safe, sizeof(safe)));
}

void make_some(struct state_maker *m, struct lyd_node *parent, const char *name, const char *text)
{
    make_safe(m, parent, name, text, strlen(text));
}

void make_number(struct state_maker *m, struct lyd_node *parent, const char *name, uint64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, number);
    make_text(m, parent, name, text);
}

void make_mac(struct state_maker *m, struct lyd_node *parent, const char *name,
              const struct mac *mac)
{
    char text[MAC_TEXT_SIZE];

    make_text(m, parent, name, mac_text(mac, text));
}

/* --- tables ---------------------------------------------------------------------------------- */

static uint64_t read_unsigned(const void *at, size_t size)
{
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;

    switch (size) {
    case sizeof(one):
        return *(const uint8_t *)at;
    case sizeof(two):
        memcpy(&two, at, sizeof(two));
        return two;
    case sizeof(four):
        memcpy(&four, at, sizeof(four));
        return four;
    default:
        memcpy(&eight, at, sizeof(eight));
        return eight;
    }
}

static const char *name_of(const char *const *names, unsigned number)
{
    while (number > 0 && *names != NULL) {
        names++;
        number--;
    }
    return *names != NULL ? *names : "unknown";
}

static void make_time(struct state_maker *m, struct lyd_node *parent, const char *name,
                      int64_t wall)
{
    char date[32];
    char text[sizeof(date) + 8];
    time_t seconds = (time_t)(wall / 1000);
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return;
    (void)snprintf(text, sizeof(text), "%s.%03dZ", date, (int)(wall % 1000));
    make_text(m, parent, name, text);
}

/* Times and spans of time; below 0 is not known. */
static void make_span(struct state_maker *m, struct lyd_node *parent,
                      const struct state_field *field, int64_t ms)
{
    if (ms < 0)
        return;
    if (field->kind == FIELD_TIME)
        make_time(m, parent, field->name, ms);
    else
        make_number(m, parent, field->name, (uint64_t)(field->kind == FIELD_MS ? ms : ms / 1000));
}

static void make_signed(struct state_maker *m, struct lyd_node *parent, const char *name,
                        int number)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%d", number);
    make_text(m, parent, name, text);
}

static void make_field(struct state_maker *m, struct lyd_node *parent,
                       const struct state_field *field, const void *at)
{
    switch (field->kind) {
    case FIELD_NUMBER:
        make_number(m, parent, field->name, read_unsigned(at, field->size));
        return;
    case FIELD_SOME:
        if (read_unsigned(at, field->size) != 0)
            make_number(m, parent, field->name, read_unsigned(at, field->size));
        return;
    case FIELD_SIGNED:
        make_signed(m, parent, field->name, *(const int8_t *)at);
        return;
    case FIELD_DB:
        if (*(const int8_t *)at != RADIO_DB_UNKNOWN)
            make_signed(m, parent, field->name, *(const int8_t *)at);
        return;
    case FIELD_BOOL:
        make_text(m, parent, field->name, *(const bool *)at ? "true" : "false");
        return;
    case FIELD_TEXT:
        make_safe(m, parent, field->name, at, strnlen(at, field->size));
        return;
    case FIELD_MAC:
        make_mac(m, parent, field->name, at);
        return;
    case FIELD_NAME:
        make_text(m, parent, field->name,
                  name_of(field->names, (unsigned)read_unsigned(at, field->size)));
        return;
    case FIELD_MS:
    case FIELD_SECONDS:
    case FIELD_TIME:
        make_span(m, parent, field, (int64_t)read_unsigned(at, field->size));
        return;
    }
}

void make_fields(struct state_maker *m, struct lyd_node *parent, const struct state_field *fields,
                 const void *of)
{
    for (const struct state_field *field = fields; field->name != NULL; field++)
        make_field(m, parent, field, (const char *)of + field->offset);
}

void make_counters(struct state_maker *m, struct lyd_node *parent, const struct counter *counters,
                   const void *of)
{
    for (const struct counter *counter = counters; counter->name != NULL; counter++)
        make_number(m, parent, counter->name, counter_value(counter, of));
}

/* --- rpcs ------------------------------------------------------------------------------------ */

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

void make_output(struct lyd_node *rpc, struct state_maker *m)
{
    lyd_free_siblings(lyd_child(rpc));
    m->output = true;
}
