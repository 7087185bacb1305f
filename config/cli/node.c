/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/node.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *copy(const char *text, const char *ends, char *out, size_t size)
{
    size_t len = strcspn(text, ends);

    assert(len < size);
    memcpy(out, text, len);
    out[len] = '\0';
    return text + len;
}

static const char *read_keys(const char *text, struct node_step *step)
{
    while (*text == '[') {
        assert(step->keys < NODE_KEYS_MAX);
        text = copy(text + 1, "]=", step->key[step->keys].name, NODE_NAME_SIZE);
        if (*text == '=')
            text = copy(text + 1, "]", step->key[step->keys].otherwise, 16);
        step->keys++;
        text++;
    }
    return text;
}

void node_read(const char *text, struct node_path *path)
{
    memset(path, 0, sizeof(*path));
    text = copy(text, ":", path->module, sizeof(path->module)) + 1;
    while (*text != '\0') {
        assert(path->count < NODE_STEPS_MAX);
        struct node_step *step = &path->step[path->count++];
        text = copy(text, "/[!", step->name, sizeof(step->name));
        step->presence = *text == '!';
        text = read_keys(text + (step->presence ? 1 : 0), step);
        text += *text == '/' ? 1 : 0;
    }
}

size_t node_key(const struct node_path *path, const char *leaf)
{
    const struct node_step *last = node_last(path);
    size_t i = 0;

    while (i < last->keys && strcmp(last->key[i].name, leaf) != 0)
        i++;
    return i;
}
