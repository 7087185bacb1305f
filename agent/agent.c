/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/agent.h"

#include "agent/agent_internal.h"
#include "agent/base/log.h"
#include "agent/base/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STOP_MS = SESSION_FLUSH_MS + LINGERING_MS + 200 };

/* --- what the registry asks, and tells ------------------------------------------------------- */

static struct tls_context *on_tls(void *context, enum tls_role role, bool legacy_cipher)
{
    struct agent *agent = context;
    const struct tls_options options = {.role = role,
                                        .strong_cipher = agent->settings->strong_cipher,
                                        .legacy_cipher = legacy_cipher};

    return identity_context(agent->identity, &options);
}

static bool on_authorise(void *context, const struct certificate_info *peer,
                         const struct mac *expected, struct authlist_decision *decision)
{
    struct agent *agent = context;

    bool is_in = authlist_check(&agent->settings->aaa, peer, expected,
                                loop_wall(agent->loop) / 1000, decision);
    if (!agent_clock_is_set(agent))
        return authlist_without_clock(decision);
    if (is_in)
        agent_clock_until(agent, peer->not_after);
    return is_in;
}

static void drop_gone_servers(struct agent *agent)
{
    struct agent_server **link = &agent->servers;

    while (*link != NULL) {
        struct agent_server *server = *link;
        if (server->leaving && peer_is_over(server->peer)) {
            *link = server->next;
            peer_free(server->peer);
            free(server);
        } else {
            link = &server->next;
        }
    }
}

static void check_stopped(struct agent *agent);

static void on_released(void *context)
{
    struct agent *agent = context;

    drop_gone_servers(agent);
    for (struct agent_server *s = agent->servers; s != NULL; s = s->next)
        peer_release(s->peer);
    agent_clock_watch(agent);
    check_stopped(agent);
}

static void on_offer_changed(void *context)
{
    registry_offer_changed(((struct agent *)context)->registry);
}

/* --- settings -------------------------------------------------------------------------------- */

static bool same_server(const struct settings_server *x, const struct settings_server *y)
{
    return x->port == y->port && strcmp(x->host, y->host) == 0;
}

static struct agent_server *find_server(const struct agent *agent,
                                        const struct settings_server *settings)
{
    for (struct agent_server *s = agent->servers; s != NULL; s = s->next) {
        if (!s->leaving && same_server(peer_server(s->peer), settings))
            return s;
    }
    return NULL;
}

static void drop_servers(struct agent *agent)
{
    const struct settings *settings = agent->settings;

    for (struct agent_server *s = agent->servers; s != NULL; s = s->next) {
        bool wanted = false;
        for (size_t i = 0; i < settings->server_count; i++)
            wanted = wanted || same_server(peer_server(s->peer), &settings->servers[i]);
        if (wanted || s->leaving)
            continue;
        s->leaving = true;
        peer_stop(s->peer, "the server is not configured any more");
    }
    drop_gone_servers(agent);
}

static void add_server(struct agent *agent, const struct settings_server *settings)
{
    struct agent_server *server = calloc(1, sizeof(*server));
    struct agent_server **link = &agent->servers;

    if (server != NULL)
        server->peer = peer_new(agent->registry, settings, 0);
    if (server == NULL || server->peer == NULL) {
        free(server);
        log_error("server %s: no memory for it", settings->host);
        return;
    }
    while (*link != NULL && !(*link)->leaving)
        link = &(*link)->next;
    server->next = *link;
    *link = server;
}

/* Before there is an identity they are told as what is not dialled. */
static void apply_servers(struct agent *agent)
{
    const struct settings *settings = agent->settings;

    drop_servers(agent);
    for (size_t i = 0; i < settings->server_count; i++) {
        struct agent_server *server = find_server(agent, &settings->servers[i]);
        if (server != NULL)
            peer_configure(server->peer, &settings->servers[i]);
        else
            add_server(agent, &settings->servers[i]);
    }
    for (struct agent_server *s = agent->servers; s != NULL; s = s->next) {
        if (!settings->enabled)
            peer_stop(s->peer, "NMSP is switched off");
        else if (agent->ready && !s->leaving)
            peer_start(s->peer);
    }
}

static void apply_listen(struct agent *agent)
{
    if (!agent->settings->enabled)
        inbounds_stop(agent->inbounds, "NMSP is switched off");
    else if (agent->ready)
        inbounds_configure(agent->inbounds, &agent->settings->listen);
}

void agent_ready(struct agent *agent)
{
    if (agent->stopping)
        return;
    apply_servers(agent);
    apply_listen(agent);
    if (!agent->settings->enabled)
        log_info("NMSP is switched off: no server is dialled, and nothing listens");
    else if (agent->settings->server_count == 0 && !agent->settings->listen.enabled)
        log_info("no server is configured, and listening is off: there is nobody to talk to");
}

static void apply_trace(const struct settings_trace *settings)
{
    trace_set_level(settings->level);
    if (settings->buffer_size != trace_size() && trace_resize(settings->buffer_size) == -ENOMEM)
        log_warning("settings: there is no memory for a trace of %u bytes: it stays as it is",
                    (unsigned)settings->buffer_size);
}

static void apply_settings(struct agent *agent)
{
    const struct settings *settings = agent->settings;

    (void)snprintf(agent->name, sizeof(agent->name), "%s", settings->radios.hostname);
    engine_configure(agent->options.engine, &settings->location);
    views_configure(agent->session.views, &settings->intervals);
    agent->options.radio->configure(agent->options.platform, &settings->radios);
    apply_trace(&settings->trace);
    collector_configure(agent->collector, settings);
    apply_servers(agent);
}

static void tell_what_waits(const struct agent *agent, const struct settings *before)
{
    const struct settings_capacity *x = &before->capacity;
    const struct settings_capacity *y = &agent->settings->capacity;

    if (x->devices != y->devices || x->samples != y->samples || x->aps != y->aps ||
        x->access_points != y->access_points)
        log_warning("settings: another capacity is taken up when nmspd is started again");
    if (agent->ready && agent->settings->radios.has_base_mac &&
        !mac_equal(&agent->settings->radios.base_mac, &agent->session.base_mac))
        log_warning("settings: another base MAC is taken up when nmspd is started again");
}

void agent_configure(struct agent *agent, struct settings *settings)
{
    struct settings *before = agent->settings;

    if (agent->stopping) {
        settings_free(settings);
        return;
    }
    agent->settings = settings;
    registry_statistics(agent->registry)->restarts += settings->enabled && !before->enabled ? 1 : 0;
    apply_settings(agent);
    tell_what_waits(agent, before);
    settings_free(before);
    if (agent->ready)
        agent_ready(agent);
    else
        agent_find_identity(agent);
    registry_recheck(agent->registry);
    for (struct agent_server *s = agent->servers; s != NULL; s = s->next)
        peer_recheck(s->peer);
}

/* --- start ----------------------------------------------------------------------------------- */

static void on_start_timer(void *context)
{
    agent_find_identity(context);
}

static void on_stop_timer(void *context);

/* False: memory is out. */
static bool make_parts(struct agent *agent)
{
    const struct agent_options *options = &agent->options;

    agent->session = (struct session_context){.loop = options->loop,
                                              .engine = options->engine,
                                              .name = agent->name,
                                              .software = options->software};
    if (loop_timer_init(agent->loop, &agent->start_timer, on_start_timer, agent) != 0 ||
        loop_timer_init(agent->loop, &agent->stop_timer, on_stop_timer, agent) != 0 ||
        agent_clock_init(agent) != 0)
        return false;
    agent->session.views = views_new(options->loop, options->engine);
    agent->identity = identity_new(options->loop, options->state_dir);
    agent->registry = registry_new(&(struct registry_options){.shared = &agent->session,
                                                              .tls = on_tls,
                                                              .authorise = on_authorise,
                                                              .explain = agent_explain,
                                                              .diagnosed = agent_diagnosed,
                                                              .released = on_released,
                                                              .context = agent});
    agent->collector = agent->session.collector = collector_new(
        &(struct collector_options){.loop = options->loop,
                                    .engine = options->engine,
                                    .radio = options->radio,
                                    .platform = options->platform,
                                    .base_mac = &agent->session.base_mac,
                                    .capacity = agent->settings->capacity.access_points});
    if (agent->registry != NULL)
        agent->inbounds = inbounds_new(agent->registry, agent->settings->capacity.access_points);
    return agent->session.views != NULL && agent->collector != NULL && agent->identity != NULL &&
           agent->inbounds != NULL;
}

struct agent *agent_new(const struct agent_options *options, struct settings *settings)
{
    struct agent *agent = calloc(1, sizeof(*agent));

    if (agent == NULL) {
        settings_free(settings);
        log_error("cannot start: %s", strerror(ENOMEM));
        return NULL;
    }
    agent->options = *options;
    agent->loop = options->loop;
    agent->settings = settings;
    agent->started = loop_now(options->loop);
    if (!make_parts(agent)) {
        log_error("cannot start: %s", strerror(errno));
        agent_free(agent);
        return NULL;
    }
    agent->observer = (struct engine_observer){.offer_changed = on_offer_changed, .context = agent};
    engine_observe(options->engine, &agent->observer);
    apply_settings(agent);
    agent_find_identity(agent);
    return agent;
}

/* --- stop ------------------------------------------------------------------------------------ */

static void tell_stopped(void *context)
{
    struct agent *agent = context;

    agent->stopped(agent->stopped_context);
}

static void stop_is_complete(struct agent *agent)
{
    loop_timer_stop(&agent->stop_timer);
    loop_defer(agent->loop, &agent->stop_done, tell_stopped, agent);
}

static void on_stop_timer(void *context)
{
    log_warning("stop: not every session could be ended in order");
    stop_is_complete(context);
}

static void check_stopped(struct agent *agent)
{
    if (agent->stopping && loop_timer_running(&agent->stop_timer) &&
        registry_is_empty(agent->registry))
        stop_is_complete(agent);
}

void agent_stop(struct agent *agent, void (*done)(void *context), void *context)
{
    if (agent->stopping)
        return;
    agent->stopping = true;
    registry_stop(agent->registry);
    agent->stopped = done;
    agent->stopped_context = context;
    loop_timer_stop(&agent->start_timer);
    loop_timer_start(&agent->stop_timer, STOP_MS);
    for (struct agent_server *s = agent->servers; s != NULL; s = s->next)
        peer_stop(s->peer, "the agent stops");
    inbounds_stop(agent->inbounds, "the agent stops");
    check_stopped(agent);
}

static void free_servers(struct agent *agent)
{
    while (agent->servers != NULL) {
        struct agent_server *server = agent->servers;
        agent->servers = server->next;
        peer_free(server->peer);
        free(server);
    }
}

void agent_free(struct agent *agent)
{
    if (agent == NULL)
        return;
    if (agent->observer.context != NULL)
        engine_unobserve(agent->options.engine, &agent->observer);
    free_servers(agent);
    inbounds_free(agent->inbounds);
    registry_free(agent->registry);
    collector_free(agent->collector);
    identity_free(agent->identity);
    if (agent->session.views != NULL)
        views_free(agent->session.views);
    loop_timer_fini(&agent->start_timer);
    agent_clock_fini(agent);
    loop_timer_fini(&agent->stop_timer);
    loop_deferred_cancel(agent->loop, &agent->stop_done);
    settings_free(agent->settings);
    free(agent);
}
