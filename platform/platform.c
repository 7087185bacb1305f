/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/platform.h"

#include "platform/air/rogues.h"
#include "platform/helper/helper.h"
#include "platform/nl80211/family.h"
#include "platform/source.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_MAX = 16 };

/* A source that is running. */
struct member {
    const struct source *is;
    struct platform *platform;
    void *source;
    uint32_t capabilities; /* as it said last */
};

struct platform {
    struct radio_sink sink;
    uint32_t capabilities; /* as was told last */
    struct handles *handles;
    struct family *family;
    struct helper *helper;
    struct rogues *rogues;
    struct source_counters *counters;
    struct member members[MEMBERS_MAX];
    size_t count;
};

/* --- events of all sources ------------------------------------------------------------------- */

/* Any source that can is enough. */
static void merge_capabilities(struct member *member, uint32_t capabilities)
{
    struct platform *platform = member->platform;
    struct radio_event all = {.kind = RADIO_CAPABILITIES, .capabilities = 0};

    member->capabilities = capabilities;
    for (size_t i = 0; i < platform->count; i++)
        all.capabilities |= platform->members[i].capabilities;
    if (all.capabilities == platform->capabilities)
        return;
    platform->capabilities = all.capabilities;
    radio_tell(&platform->sink, &all);
}

/* The agent knows of a client before anything else of it is told. */
static void take(void *context, const struct radio_event *event)
{
    struct member *member = context;
    struct platform *platform = member->platform;

    if (event->kind == RADIO_CAPABILITIES) {
        merge_capabilities(member, event->capabilities);
        return;
    }
    radio_tell(&platform->sink, event);
    if (event->kind != RADIO_CLIENT_JOINED && event->kind != RADIO_CLIENT_LEFT)
        return;
    for (size_t i = 0; i < platform->count; i++) {
        const struct member *other = &platform->members[i];
        if (other->is->client_changed != NULL)
            other->is->client_changed(other->source, event);
    }
}

static void on_interfaces_changed(void *context)
{
    const struct platform *platform = context;

    for (size_t i = 0; i < platform->count; i++) {
        const struct member *member = &platform->members[i];
        if (member->is->interfaces_changed != NULL)
            member->is->interfaces_changed(member->source);
    }
}

/* --- the inventory of all sources ------------------------------------------------------------ */

static bool find_interface(void *context, size_t *index, struct inventory_interface *interface)
{
    const struct platform *platform = context;

    for (size_t i = 0; i < platform->count; i++) {
        const struct inventory_operations *inventory = platform->members[i].is->inventory;
        if (inventory != NULL &&
            inventory->interface(platform->members[i].source, index, interface))
            return true;
    }
    return false;
}

static bool is_own(void *context, const struct mac *bssid)
{
    const struct platform *platform = context;

    for (size_t i = 0; i < platform->count; i++) {
        const struct inventory_operations *inventory = platform->members[i].is->inventory;
        if (inventory != NULL && inventory->is_own(platform->members[i].source, bssid))
            return true;
    }
    return false;
}

static bool is_client(void *context, const struct mac *station)
{
    const struct platform *platform = context;

    for (size_t i = 0; i < platform->count; i++) {
        const struct inventory_operations *inventory = platform->members[i].is->inventory;
        if (inventory != NULL && inventory->is_client(platform->members[i].source, station))
            return true;
    }
    return false;
}

static const struct inventory_operations inventory_of_all = {
    .interface = find_interface, .is_own = is_own, .is_client = is_client};

/* --- life ------------------------------------------------------------------------------------ */

static bool add_member(struct platform *platform, const struct source *is,
                       const struct source_setup *setup)
{
    struct member *member = &platform->members[platform->count];
    struct source_setup own = *setup;

    assert(platform->count < MEMBERS_MAX);
    *member = (struct member){.is = is, .platform = platform};
    own.sink = (struct radio_sink){take, member};
    member->source = is->make(&own);
    if (member->source == NULL)
        return false;
    platform->count++;
    return true;
}

struct platform *platform_new(struct loop *loop, const struct platform_options *options,
                              const struct radio_sink *sink)
{
    struct platform *platform = calloc(1, sizeof(*platform));

    if (platform == NULL)
        return NULL;
    struct source_setup setup = {
        .loop = loop,
        .inventory = {&inventory_of_all, platform},
        .counters = &platform->counters,
        .interfaces_changed = on_interfaces_changed,
        .interfaces_context = platform,
        .io = options->io,
        .io_context = options->io_context,
        .event_buffer_bytes = options->event_buffer_bytes,
    };
    platform->sink = *sink;
    platform->handles = setup.handles = handles_new(options->ap_capacity);
    platform->family = setup.family = family_new(
        loop, &(struct family_options){.io = options->io,
                                       .io_context = options->io_context,
                                       .event_buffer_bytes = options->event_buffer_bytes});
    platform->helper = setup.helper = helper_new(loop);
    platform->rogues = setup.rogues = rogues_new(&setup);
    bool good = setup.handles != NULL && setup.family != NULL && setup.helper != NULL &&
                setup.rogues != NULL;
    for (const struct source *is = platform_sources; good && is->make != NULL; is++)
        good = add_member(platform, is, &setup);
    if (good)
        return platform;
    platform_free(platform);
    return NULL;
}

void platform_free(struct platform *platform)
{
    if (platform == NULL)
        return;
    for (size_t i = platform->count; i-- > 0;)
        platform->members[i].is->free(platform->members[i].source);
    rogues_free(platform->rogues);
    helper_free(platform->helper);
    family_free(platform->family);
    handles_free(platform->handles);
    free(platform);
}

/* --- operations ------------------------------------------------------------------------------ */

static void configure(void *context, const struct settings_radios *settings)
{
    struct platform *platform = context;

    helper_set_path(platform->helper, settings->helper);
    for (size_t i = 0; i < platform->count; i++) {
        const struct member *member = &platform->members[i];
        if (member->is->configure != NULL)
            member->is->configure(member->source, settings);
    }
}

static bool base_mac(void *context, struct mac *mac)
{
    const struct platform *platform = context;

    for (size_t i = 0; i < platform->count; i++) {
        const struct member *member = &platform->members[i];
        if (member->is->base_mac != NULL && member->is->base_mac(member->source, mac))
            return true;
    }
    return false;
}

static void describe(void *context, char *text, size_t size)
{
    const struct platform *platform = context;

    text[0] = '\0';
    for (size_t i = 0; i < platform->count; i++) {
        const struct member *member = &platform->members[i];
        char part[512] = "";
        size_t len = strnlen(text, size);
        if (member->is->describe != NULL)
            member->is->describe(member->source, part, sizeof(part));
        if (part[0] != '\0' && len < size)
            (void)snprintf(text + len, size - len, "%s%s", len > 0 ? "; " : "", part);
    }
}

uint64_t source_counters_sum(const struct source_counters *list, const char *container,
                             const char *leaf)
{
    size_t len = strlen(container);
    uint64_t sum = 0;

    for (; list != NULL; list = list->next) {
        for (const struct counter *c = list->table; c->name != NULL; c++) {
            if (strncmp(c->name, container, len) == 0 && c->name[len] == '/' &&
                strcmp(c->name + len + 1, leaf) == 0)
                sum += counter_value(c, list->of);
        }
    }
    return sum;
}

static uint64_t counter(void *context, const char *container, const char *leaf)
{
    return source_counters_sum(((const struct platform *)context)->counters, container, leaf);
}

static bool take_handle(void *context, uint16_t *handle)
{
    return handles_take(((const struct platform *)context)->handles, handle);
}

static void give_back_handle(void *context, uint16_t handle)
{
    handles_give_back(((const struct platform *)context)->handles, handle);
}

const struct radio_operations *platform_operations(void)
{
    static const struct radio_operations operations = {.configure = configure,
                                                       .base_mac = base_mac,
                                                       .describe = describe,
                                                       .counter = counter,
                                                       .take_handle = take_handle,
                                                       .give_back_handle = give_back_handle};

    return &operations;
}
