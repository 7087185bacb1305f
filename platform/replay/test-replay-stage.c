/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/replay/test-replay-scene.h"

struct stage stage;

static void take_line(enum log_level level, const char *line)
{
    size_t used = strlen(stage.said);

    (void)level;
    (void)snprintf(stage.said + used, sizeof(stage.said) - used, "%s\n", line);
}

/* --- where the events end ----------------------------------------------------------------------
 */

static void count(void)
{
    stage.events++;
}

static void end_ap(void *context, const struct radio_ap *ap)
{
    (void)context;
    (void)ap;
    count();
}

static void end_ap_gone(void *context, uint16_t ap)
{
    (void)context;
    (void)ap;
    count();
}

static void end_sample(void *context, const struct radio_sample *sample)
{
    (void)context;
    (void)sample;
    count();
}

static void end_joined(void *context, const struct radio_client *client)
{
    (void)context;
    (void)client;
    count();
}

static void end_left(void *context, uint16_t ap, const struct mac *device)
{
    (void)context;
    (void)ap;
    (void)device;
    count();
}

static void end_user(void *context, const struct radio_user *user)
{
    (void)context;
    (void)user;
    count();
}

static void end_address(void *context, const struct radio_address *address)
{
    (void)context;
    (void)address;
    count();
}

static void end_statistics(void *context, const struct radio_statistics *statistics)
{
    (void)context;
    (void)statistics;
    count();
}

static void end_rogue(void *context, const struct radio_rogue *rogue)
{
    (void)context;
    (void)rogue;
    count();
}

static void end_tag(void *context, const struct radio_tag *tag)
{
    (void)context;
    (void)tag;
    count();
}

static void end_works(void *context, uint32_t works)
{
    (void)context;
    (void)works;
    count();
}

static const struct radio_events ends = {.ap_changed = end_ap,
                                         .ap_gone = end_ap_gone,
                                         .sample = end_sample,
                                         .client_joined = end_joined,
                                         .client_left = end_left,
                                         .client_user = end_user,
                                         .address = end_address,
                                         .statistics = end_statistics,
                                         .rogue = end_rogue,
                                         .tag = end_tag,
                                         .working_changed = end_works};

/* --- the stage ---------------------------------------------------------------------------------
 */

void stage_begin(void)
{
    (void)snprintf(stage.path, sizeof(stage.path), "/tmp/nmspd-test-record.%d", (int)getpid());
    (void)unlink(stage.path);
    stage.text[0] = '\0';
    stage.events = 0;
    stage.loop = loop_new_virtual(5000000, INT64_C(1800000000000));
    assert_non_null(stage.loop);
    stage.record = recording_new(stage.loop, stage.path, &ends, NULL);
    assert_non_null(stage.record);
    stage.said[0] = '\0';
}

bool stage_open(const char *scene)
{
    const struct replay_options options = {
        .ap_capacity = STAGE_APS, .devices_max = 100000, .name = "the scene"};
    static char text[STAGE_TEXT];

    (void)snprintf(text, sizeof(text), "%s%s", strncmp(scene, "scene ", 6) == 0 ? "" : "scene 1\n",
                   scene);
    stage.replay =
        replay_new(stage.loop, text, strlen(text), &options, recording_events(), stage.record);
    if (stage.replay == NULL)
        return false;
    recording_source(stage.record, replay_operations(), stage.replay);
    replay_operations()->configure(stage.replay, &stage.settings);
    return true;
}

const char *stage_play(int64_t ms)
{
    loop_advance(stage.loop, ms);
    recording_flush(stage.record);
    FILE *file = fopen(stage.path, "re");
    assert_non_null(file);
    size_t got = fread(stage.text, 1, sizeof(stage.text) - 1, file);
    stage.text[got] = '\0';
    (void)fclose(file);
    return stage.text;
}

size_t stage_count(const char *part)
{
    size_t found = 0;

    for (const char *at = stage.text; (at = strstr(at, part)) != NULL; at++)
        found++;
    return found;
}

void stage_end(void)
{
    replay_free(stage.replay);
    stage.replay = NULL;
    recording_free(stage.record);
    stage.record = NULL;
    loop_free(stage.loop);
    stage.loop = NULL;
    (void)unlink(stage.path);
}

int stage_set_up(void **state)
{
    (void)state;
    log_divert(take_line);
    memset(&stage.settings, 0, sizeof(stage.settings));
    stage_begin();
    return 0;
}

int stage_tear_down(void **state)
{
    (void)state;
    stage_end();
    log_divert(NULL);
    return 0;
}
