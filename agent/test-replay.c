/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the scripts of the files that it is given (tests/replay/README.md): each is a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCRIPTS_MAX = 128,
    STEPS_MAX = 80,
    LINE_SIZE = 160,
    NAME_SIZE = LINE_SIZE + 2,
    PLACE_SIZE = 320
};

struct script {
    char name[NAME_SIZE];
    const char *file;
    size_t count;
    struct {
        unsigned number; /* of the line */
        char text[LINE_SIZE];
    } steps[STEPS_MAX];
};

static struct script *scripts[SCRIPTS_MAX];
static size_t script_count;

struct run {
    const struct script *script;
    struct replay *replay;
};

static struct run runs[SCRIPTS_MAX];

_Noreturn static void bad_script(const char *file, unsigned line, const char *why)
{
    (void)fprintf(stderr, "%s:%u: %s\n", file, line, why);
    exit(2);
}

static void begin_script(const char *file, unsigned line, const char *name)
{
    if (script_count == SCRIPTS_MAX)
        bad_script(file, line, "too many scripts");
    struct script *script = calloc(1, sizeof(*script));
    if (script == NULL)
        bad_script(file, line, "out of memory");
    script->file = file;
    (void)snprintf(script->name, sizeof(script->name), "%s", name);
    scripts[script_count++] = script;
}

static void add_step(const char *file, unsigned line, const char *text)
{
    struct script *script = script_count > 0 ? scripts[script_count - 1] : NULL;

    if (script == NULL || script->file != file)
        bad_script(file, line, "a step before the first script");
    size_t len = strlen(text);
    if (script->count == STEPS_MAX || len >= LINE_SIZE)
        bad_script(file, line, "too many steps, or too long a line");
    script->steps[script->count].number = line;
    memcpy(script->steps[script->count++].text, text, len + 1);
}

static void load(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[LINE_SIZE + 2];
    unsigned number = 0;

    if (file == NULL)
        bad_script(path, 0, "cannot be read");
    while (fgets(line, sizeof(line), file) != NULL) {
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "script ", 7) == 0)
            begin_script(path, number, line + 7);
        else if (line[0] != '\0' && line[0] != '#')
            add_step(path, number, line);
    }
    (void)fclose(file);
}

static int set_up(void **state)
{
    ((struct run *)*state)->replay = replay_new();
    return 0;
}

static int tear_down(void **state)
{
    replay_free(((struct run *)*state)->replay);
    return 0;
}

static void play(void **state)
{
    const struct run *run = *state;
    char place[PLACE_SIZE];
    char line[LINE_SIZE];

    for (size_t i = 0; i < run->script->count; i++) {
        (void)snprintf(line, sizeof(line), "%s", run->script->steps[i].text);
        (void)snprintf(place, sizeof(place), "%s:%u: %s", run->script->file,
                       run->script->steps[i].number, run->script->steps[i].text);
        replay_step(run->replay, line, place);
    }
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[SCRIPTS_MAX];

    for (int i = 1; i < argc; i++)
        load(argv[i]);
    for (size_t i = 0; i < script_count; i++) {
        runs[i].script = scripts[i];
        tests[i] = (struct CMUnitTest){scripts[i]->name, play, set_up, tear_down, &runs[i]};
    }
    if (script_count == 0)
        bad_script(argc > 1 ? argv[1] : "no file", 0, "there is no script");
    int status = _cmocka_run_group_tests("replay", tests, script_count, far_identities_make,
                                         far_identities_remove);
    for (size_t i = 0; i < script_count; i++)
        free(scripts[i]);
    return status;
}
