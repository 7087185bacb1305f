/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenes: a text is refused, or plays for two seconds of virtual time into an engine. And what can
 * be written of a line reads as the same line.
 */
#include "agent/base/log.h"
#include "agent/engine/engine.h"
#include "platform/replay/replay-line.h"
#include "platform/replay/replay.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { APS = 16, DEVICES = 64, STEPS_MAX = 200 };

static void ignore_line(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void write_again(const uint8_t *text, size_t len)
{
    static struct replay_line line, again;
    char error[REPLAY_ERROR_SIZE];
    uint8_t room[2][REPLAY_LINE_MAX];
    struct writer first = writer_of(room[0], sizeof(room[0]));
    struct writer second = writer_of(room[1], sizeof(room[1]));

    if (!replay_line_parse(text, len, &line, error) || line.kind == REPLAY_NOTHING ||
        line.kind == REPLAY_SCENE)
        return;
    replay_line_write(&line, &first);
    require(!first.failed && replay_line_parse(room[0], first.used - 1, &again, error));
    replay_line_write(&again, &second);
    require(first.used == second.used && memcmp(room[0], room[1], first.used) == 0);
}

static void write_all_again(const uint8_t *data, size_t size)
{
    struct cursor rest = cursor_of(data, size);

    while (cursor_left(&rest) > 0) {
        const uint8_t *end = memchr(rest.at, '\n', cursor_left(&rest));
        size_t len = end != NULL ? (size_t)(end - rest.at) : cursor_left(&rest);
        write_again(cursor_bytes(&rest, len), len);
        if (end != NULL)
            cursor_skip(&rest, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct settings_capacity capacity = {.devices = DEVICES, .samples = 128, .aps = APS};
    const struct settings_location location = {
        .expiry_client = 15, .expiry_tags = 5, .expiry_rogue_aps = 20};
    const struct settings_radios radios = {.hostname = "fuzz"};
    const struct replay_options options = {.ap_capacity = APS, .name = "fuzz"};
    struct loop *loop = loop_new_virtual(1000000, 1800000000000);
    struct engine *engine = engine_new(loop, &capacity);

    log_divert(ignore_line);
    require(loop != NULL && engine != NULL);
    engine_configure(engine, &location);
    struct replay *replay =
        replay_new(loop, data, size, &options, &(struct radio_sink){engine_take, engine});
    if (replay != NULL) {
        replay_operations()->configure(replay, &radios);
        for (unsigned i = 0; i < STEPS_MAX; i++) {
            (void)loop_turn(loop, 0);
            loop_advance(loop, i < STEPS_MAX / 2 ? 1 : 20);
        }
        replay_free(replay);
    }
    write_all_again(data, size);
    engine_free(engine);
    loop_free(loop);
    return 0;
}
