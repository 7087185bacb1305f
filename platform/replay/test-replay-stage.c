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

static void take_event(void *context, const struct radio_event *event)
{
    (void)context;
    (void)event;
    count();
}

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
    stage.record = recording_new(stage.loop, stage.path, &(struct radio_sink){take_event, NULL});
    assert_non_null(stage.record);
    stage.said[0] = '\0';
}

bool stage_open(const char *scene)
{
    const struct replay_options options = {

        .ap_capacity = STAGE_APS, .name = "the scene"};
    static char text[STAGE_TEXT];

    (void)snprintf(text, sizeof(text), "%s%s", strncmp(scene, "scene ", 6) == 0 ? "" : "scene 1\n",
                   scene);
    stage.replay = replay_new(stage.loop, text, strlen(text), &options,
                              &(struct radio_sink){recording_take, stage.record});
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
