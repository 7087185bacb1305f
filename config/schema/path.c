/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/schema/path.h"

#include "agent/base/number.h"
#include "config/schema/compat.h"

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool begins_name(uint8_t byte)
{
    return byte == '_' || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_in_name(uint8_t byte)
{
    return begins_name(byte) || (byte >= '0' && byte <= '9') || byte == '.' || byte == '-';
}

/* The next byte that is no blank, without taking it; 0 at the end. */
static uint8_t peek(struct cursor *in)
{
    while (cursor_left(in) > 0 && is_blank(*in->at))
        cursor_skip(in, 1);
    return cursor_left(in) > 0 ? *in->at : 0;
}

static bool take(struct cursor *in, uint8_t byte)
{
    bool comes = peek(in) == byte;

    if (comes)
        cursor_skip(in, 1);
    return comes;
}

static struct path_part part_of(const uint8_t *begin, const uint8_t *end)
{
    return (struct path_part){(const char *)begin, (size_t)(end - begin)};
}

/* A name, as it is; an empty one if none comes. */
static struct path_part take_name(struct cursor *in)
{
    const uint8_t *begin = in->at;
    bool attribute = cursor_left(in) > 0 && *in->at == '@';

    if (attribute)
        cursor_skip(in, 1);
    if (cursor_left(in) > 0 && begins_name(*in->at))
        while (cursor_left(in) > 0 && is_in_name(*in->at))
            cursor_skip(in, 1);
    return part_of(begin, in->at);
}

/* A name, or module:name, whose module goes to *module. */
static bool take_names(struct cursor *in, struct path_part *module, struct path_part *name)
{
    (void)peek(in);
    *name = take_name(in);
    if (name->len > 0 && cursor_left(in) > 0 && *in->at == ':') {
        cursor_skip(in, 1);
        *module = *name;
        *name = take_name(in);
    }
    return name->len > 0;
}

static bool take_value(struct cursor *in, struct path_part *value)
{
    uint8_t quote = peek(in);

    if (quote != '\'' && quote != '"')
        return false;
    cursor_skip(in, 1);
    const uint8_t *begin = in->at;
    while (cursor_left(in) > 0 && *in->at != quote)
        cursor_skip(in, 1);
    *value = part_of(begin, in->at);
    return take(in, quote);
}

static bool take_position(struct cursor *in, uint32_t *position)
{
    uint64_t found = 0;

    *position = number_take(in, UINT32_MAX, &found) ? (uint32_t)found : 0;
    return *position > 0;
}

bool path_next_key(struct cursor *keys, struct path_key *key)
{
    struct path_part module = {NULL, 0};

    *key = (struct path_key){.position = 0};
    if (!take(keys, '['))
        return false;
    if (peek(keys) >= '0' && peek(keys) <= '9')
        return take_position(keys, &key->position) && take(keys, ']');
    return (take(keys, '.') || take_names(keys, &module, &key->name)) && take(keys, '=') &&
           take_value(keys, &key->value) && take(keys, ']');
}

bool path_next(struct cursor *path, struct path_step *step)
{
    struct cursor in = *path;
    struct path_step next = {.module = step->module};
    struct path_key key;

    if (!take(&in, '/') || !take_names(&in, &next.module, &next.name))
        return false;
    bool whole = peek(&in) != '[';
    next.keys = part_of(in.at, in.at);
    while (!whole && path_next_key(&in, &key)) {
        next.keys.len = (size_t)((const char *)in.at - next.keys.at);
        whole = peek(&in) != '[';
    }
    if (whole) {
        *path = in;
        *step = next;
    }
    return whole;
}

struct cursor path_cursor(const char *path)
{
    return cursor_of(path, strlen(path));
}

struct cursor path_keys(const struct path_step *step)
{
    return cursor_of(step->keys.at, step->keys.len);
}

bool path_is(struct path_part part, const char *text)
{
    return strlen(text) == part.len && (part.len == 0 || memcmp(text, part.at, part.len) == 0);
}

bool path_last(const char *path, struct path_step *step)
{
    struct cursor in = path_cursor(path);

    *step = (struct path_step){.name = {path, 0}, .keys = {path, 0}};
    while (path_next(&in, step))
        ;
    return peek(&in) == 0;
}

static const struct lys_module *find_module(const struct ly_ctx *schema, struct path_part name)
{
    const struct lys_module *module = NULL;
    uint32_t index = 0;

    while ((module = ly_ctx_get_module_iter(schema, &index)) != NULL)
        if (module->implemented && path_is(name, module->name))
            return module;
    return NULL;
}

const struct lysc_node *path_node(const struct ly_ctx *schema, const char *path)
{
    const struct lysc_node *node = NULL;
    struct cursor in = path_cursor(path);
    struct path_step step = {.name = {NULL, 0}};

    while (path_next(&in, &step)) {
        const struct lys_module *module = find_module(schema, step.module);
        node =
            module != NULL ? lys_find_child(node, module, step.name.at, step.name.len, 0, 0) : NULL;
        if (node == NULL)
            return NULL;
    }
    return peek(&in) == 0 ? node : NULL;
}
