/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/registry.h"

#include "agent/tls/crypto.h"

#include <assert.h>
#include <stdlib.h>

enum { TIDY_MS = 1000 /* after a handshake, the next ones included */ };

struct registry {
    struct registry_options options;
    struct loop *loop;
    struct registry_entry *entries;
    struct registry_server *servers;
    struct registry_observer *observers;
    struct lingering *lingering;
    struct statistics statistics;
    struct loop_timer tidy_timer; /* runs after handshakes */
    bool stopped;
};

/* --- life ------------------------------------------------------------------------------------ */

static void on_tidy(void *context)
{
    (void)context;
    tls_drop_point_cache();
}

struct registry *registry_new(const struct registry_options *options)
{
    struct loop *loop = options->shared->loop;
    struct registry *registry = calloc(1, sizeof(*registry));

    if (registry == NULL)
        return NULL;
    registry->options = *options;
    registry->loop = loop;
    registry->lingering = lingering_new(loop, options->released, options->context);
    if (registry->lingering == NULL ||
        loop_timer_init(loop, &registry->tidy_timer, on_tidy, registry) != 0) {
        lingering_free(registry->lingering);
        free(registry);
        return NULL;
    }
    return registry;
}

void registry_free(struct registry *registry)
{
    if (registry == NULL)
        return;
    assert(registry->entries == NULL);
    lingering_free(registry->lingering);
    loop_timer_fini(&registry->tidy_timer);
    free(registry);
}

const struct registry_options *registry_options(const struct registry *registry)
{
    return &registry->options;
}

struct lingering *registry_lingering(struct registry *registry)
{
    return registry->lingering;
}

struct statistics *registry_statistics(struct registry *registry)
{
    return &registry->statistics;
}

/* --- connections ----------------------------------------------------------------------------- */

void registry_add(struct registry *registry, struct registry_entry *entry)
{
    entry->next = registry->entries;
    registry->entries = entry;
}

/* A handshake may be over. What it left behind is dropped later, because that takes longer than a
 * handshake; and soon, because there may be no end of them. */
static void tidy_later(struct registry *registry)
{
    if (!loop_timer_running(&registry->tidy_timer))
        loop_timer_start(&registry->tidy_timer, TIDY_MS);
}

void registry_remove(struct registry *registry, struct registry_entry *entry)
{
    struct registry_entry **link = &registry->entries;

    while (*link != entry) {
        assert(*link != NULL);
        link = &(*link)->next;
    }
    *link = entry->next;
    tidy_later(registry);
}

bool registry_is_empty(const struct registry *registry)
{
    return registry->entries == NULL && lingering_count(registry->lingering) == 0;
}

void registry_stop(struct registry *registry)
{
    registry->stopped = true;
}

/* The next one after this (NULL: the first) with a session by this MAC. */
static const struct registry_entry *next_by(const struct registry *registry,
                                            const struct registry_entry *after,
                                            const struct mac *identity)
{
    const struct registry_entry *entry = after != NULL ? after->next : registry->entries;

    while (entry != NULL && !(entry->has_session && mac_equal(&entry->identity, identity)))
        entry = entry->next;
    return entry;
}

const char *registry_admit(struct registry *registry, const struct mac *identity, bool inbound)
{
    const struct registry_entry *entry = NULL;

    tidy_later(registry);
    if (registry->stopped)
        return "the agent is stopping";
    while ((entry = next_by(registry, entry, identity)) != NULL) {
        if (connection_ending(entry->connection))
            connection_abort(entry->connection, "a new session with this server takes its place");
        else if (entry->inbound && !inbound)
            connection_abort(entry->connection,
                             "the session that this agent initiated takes its place");
        else
            return "its MAC has a session already";
    }
    return NULL;
}

bool registry_has_session(const struct registry *registry, const struct mac *identity)
{
    return next_by(registry, NULL, identity) != NULL;
}

bool registry_crosses(const struct registry *registry, const struct mac *identity,
                      const char *address)
{
    const struct registry_entry *entry = NULL;

    while ((entry = next_by(registry, entry, identity)) != NULL)
        if (!entry->inbound)
            return address_same_host(entry->address, address);
    return false;
}

void registry_recheck(struct registry *registry)
{
    for (struct registry_entry *entry = registry->entries; entry != NULL; entry = entry->next)
        connection_recheck(entry->connection);
}

void registry_offer_changed(struct registry *registry)
{
    for (struct registry_entry *entry = registry->entries; entry != NULL; entry = entry->next)
        if (entry->has_session && !connection_ending(entry->connection))
            session_offer_changed(connection_session(entry->connection));
}

void registry_add_server(struct registry *registry, struct registry_server *server)
{
    server->next = registry->servers;
    registry->servers = server;
}

void registry_remove_server(struct registry *registry, struct registry_server *server)
{
    struct registry_server **link = &registry->servers;

    while (*link != server) {
        assert(*link != NULL);
        link = &(*link)->next;
    }
    *link = server->next;
}

bool registry_dials(const struct registry *registry, const struct address_host *host)
{
    for (const struct registry_server *s = registry->servers; s != NULL; s = s->next)
        for (size_t i = 0; i < s->count; i++)
            if (address_host_equal(&s->hosts[i], host))
                return true;
    return false;
}

/* --- what is told ---------------------------------------------------------------------------- */

void registry_observe(struct registry *registry, struct registry_observer *observer)
{
    struct registry_observer **link = &registry->observers;

    while (*link != NULL)
        link = &(*link)->next;
    observer->next = NULL;
    *link = observer;
}

void registry_unobserve(struct registry *registry, struct registry_observer *observer)
{
    struct registry_observer **link = &registry->observers;

    while (*link != observer) {
        assert(*link != NULL);
        link = &(*link)->next;
    }
    *link = observer->next;
}

void registry_up(const struct registry *registry, const struct peer_status *peer)
{
    for (const struct registry_observer *o = registry->observers; o != NULL; o = o->next)
        if (o->session_up != NULL)
            o->session_up(o->context, peer);
}

void registry_down(const struct registry *registry, const struct peer_status *peer,
                   const struct diagnosis *why, const char *reason, int64_t lasted)
{
    for (const struct registry_observer *o = registry->observers; o != NULL; o = o->next)
        if (o->session_down != NULL)
            o->session_down(o->context, peer, why, reason, lasted);
}

void registry_diagnosed(const struct registry *registry, const char *who,
                        const struct diagnosis *diagnosis)
{
    if (registry->options.diagnosed != NULL)
        registry->options.diagnosed(registry->options.context, who, diagnosis);
    if (diagnosis_class(diagnosis->code) != DIAGNOSIS_REFUSED)
        return;
    for (const struct registry_observer *o = registry->observers; o != NULL; o = o->next)
        if (o->peer_refused != NULL)
            o->peer_refused(o->context, diagnosis);
}

void registry_explain(const struct registry *registry, const struct certificate_info *presented,
                      const struct authlist_decision *decision, const struct mac *expected,
                      struct diagnosis *out)
{
    if (registry->options.explain != NULL)
        registry->options.explain(registry->options.context, presented, decision, expected, out);
}
