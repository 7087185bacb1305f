/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/replay/replay-survey.h"

#include "agent/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool replay_next_line(struct cursor *rest, struct replay_line *line, uint32_t *number,
                      char error[static REPLAY_ERROR_SIZE])
{
    line->kind = REPLAY_NOTHING;
    while (cursor_left(rest) > 0 && line->kind == REPLAY_NOTHING) {
        const uint8_t *end = memchr(rest->at, '\n', cursor_left(rest));
        size_t len = end != NULL ? (size_t)(end - rest->at) : cursor_left(rest);
        const uint8_t *text = cursor_bytes(rest, len);
        if (end != NULL)
            cursor_skip(rest, 1);
        (*number)++;
        if (!replay_line_parse(text, len, line, error))
            return false;
    }
    return true;
}

static uint32_t works_of(uint8_t device_class)
{
    return UINT32_C(1) << (device_class - RADIO_CLASS_CLIENT);
}

static bool fail(char error[static REPLAY_ERROR_SIZE], const char *text)
{
    (void)snprintf(error, REPLAY_ERROR_SIZE, "%s", text);
    return false;
}

static uint32_t aps_of(const struct replay_line *line)
{
    switch (line->kind) {
    case RADIO_AP_CHANGED:
        return line->event.ap.ap + UINT32_C(1);
    case RADIO_AP_GONE:
    case REPLAY_AP_BACK:
        return line->event.gone + UINT32_C(1);
    case REPLAY_APS:
        return line->u.aps.first.ap + line->u.aps.count;
    case REPLAY_DEVICES:
        return line->u.crowd.ap + (uint32_t)line->u.crowd.aps;
    case RADIO_SAMPLE:
        return line->event.sample.ap + UINT32_C(1);
    case RADIO_CLIENT_JOINED:
        return line->event.joined.ap + UINT32_C(1);
    case RADIO_CLIENT_LEFT:
        return line->event.left.ap + UINT32_C(1);
    case RADIO_STATISTICS:
        return line->event.statistics.ap + UINT32_C(1);
    case RADIO_ROGUE:
        return line->event.rogue.ap + UINT32_C(1);
    case RADIO_TAG:
        return line->event.tag.ap + UINT32_C(1);
    default:
        return 0;
    }
}

static void survey_works(struct replay_survey *survey, const struct replay_line *line)
{
    switch (line->kind) {
    case RADIO_CAPABILITIES:
        survey->says_works = true;
        break;
    case RADIO_SAMPLE:
        survey->works |= works_of(line->event.sample.device_class);
        break;
    case REPLAY_DEVICES:
        survey->works |= works_of(line->u.crowd.device_class);
        break;
    default:
        break;
    }
}

static bool survey_line(const struct replay_options *options, struct replay_survey *survey,
                        const struct replay_line *line, char error[static REPLAY_ERROR_SIZE])
{
    uint32_t aps = aps_of(line);

    if ((survey->lines++ == 0) != (line->kind == REPLAY_SCENE))
        return fail(error, "\"scene 1\" is the first line, and no other");
    if (line->at < survey->at)
        return fail(error, "times must not go back");
    survey->at = line->at;
    if (aps > options->ap_capacity) {
        (void)snprintf(error, REPLAY_ERROR_SIZE,
                       "it needs room for %" PRIu32 " APs; the configured capacity is %u", aps,
                       (unsigned)options->ap_capacity);
        return false;
    }
    survey->aps = aps > survey->aps ? aps : survey->aps;
    survey_works(survey, line);
    if (line->kind != REPLAY_DEVICES)
        return true;
    survey->crowds++;
    survey->devices += line->u.crowd.count;
    survey->silent_bytes += (line->u.crowd.count + 7) / 8;
    return survey->devices <= options->devices_max || fail(error, "too many devices");
}

bool replay_survey_take(const void *text, size_t len, const struct replay_options *options,
                        struct replay_survey *survey)
{
    static struct replay_line line;
    char error[REPLAY_ERROR_SIZE];
    struct cursor rest = cursor_of(text, len);
    uint32_t number = 0;

    *survey = (struct replay_survey){.at = 0};
    do {
        if (!replay_next_line(&rest, &line, &number, error) ||
            (line.kind != REPLAY_NOTHING && !survey_line(options, survey, &line, error))) {
            log_error("%s, line %" PRIu32 ": %s", options->name, number, error);
            return false;
        }
    } while (line.kind != REPLAY_NOTHING);
    if (survey->lines > 0)
        return true;
    log_error("%s: a scene begins with \"scene 1\"", options->name);
    return false;
}
