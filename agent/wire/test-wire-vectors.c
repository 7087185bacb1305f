/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The golden vectors (tests/vectors/README.md): for each the verdict, the dump, and the bytes after
 * decoding and encoding again. The environment variable NMSPD_VECTORS names their folder.
 */
#include "agent/wire/wire.h"
#include "tests/unit/wire-elements.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FRAME_MAX = 4096, DUMP_MAX = 16384 };

struct record {
    char name[128];
    char verdict[16];
    bool reencode;
    uint8_t frame[FRAME_MAX];
    size_t size;
    char dump[DUMP_MAX];
    size_t dump_len;
};

struct context {
    size_t seen;
    size_t failed;
    void (*check)(struct context *, const struct record *);
};

#define CHECK(condition)                                                             \
    do {                                                                             \
        if (!(condition)) {                                                          \
            print_error("%s:%d: %s: %s\n", __FILE__, __LINE__, r->name, #condition); \
            context->failed++;                                                       \
            return;                                                                  \
        }                                                                            \
    } while (0)

/* --- reading the files ----------------------------------------------------------------------- */

static void add_hex(struct record *r, const char *text)
{
    char *end;
    while (*text != '\0' && r->size < FRAME_MAX) {
        unsigned long byte = strtoul(text, &end, 16);
        if (end == text || byte > UINT8_MAX)
            fail_msg("%s: no hex: %s", r->name, text);
        r->frame[r->size++] = (uint8_t)byte;
        text = end;
    }
}

/* Takes one `keyword value` line. */
static void add_line(struct record *r, const char *line)
{
    if (strncmp(line, "name ", 5) == 0)
        (void)snprintf(r->name, sizeof(r->name), "%.127s", line + 5);
    else if (strncmp(line, "verdict ", 8) == 0)
        (void)snprintf(r->verdict, sizeof(r->verdict), "%.15s", line + 8);
    else if (strcmp(line, "reencode no") == 0)
        r->reencode = false;
    else if (strncmp(line, "hex ", 4) == 0)
        add_hex(r, line + 4);
    else if (strncmp(line, "text ", 5) == 0)
        r->dump_len +=
            (size_t)snprintf(r->dump + r->dump_len, DUMP_MAX - r->dump_len, "%s\n", line + 5);
    else
        fail_msg("%s: unknown line: %s", r->name, line);
}

static void end_record(struct context *context, struct record *r)
{
    if (r->name[0] != '\0') {
        context->seen++;
        context->check(context, r);
    }
    *r = (struct record){.reencode = true};
}

static void read_vectors(struct context *context, const char *path)
{
    static struct record r;
    char line[2048];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    r = (struct record){.reencode = true};
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0')
            end_record(context, &r);
        else if (line[0] != '#')
            add_line(&r, line);
    }
    end_record(context, &r);
    (void)fclose(file);
}

static void for_each_vector(void (*check)(struct context *, const struct record *))
{
    struct context context = {.check = check};
    const char *folder = getenv("NMSPD_VECTORS");
    char pattern[1024];
    glob_t files;

    (void)snprintf(pattern, sizeof(pattern), "%s/*.vec", folder != NULL ? folder : "tests/vectors");
    if (glob(pattern, 0, NULL, &files) != 0)
        fail_msg("no vectors: %s", pattern);
    for (size_t i = 0; i < files.gl_pathc; i++)
        read_vectors(&context, files.gl_pathv[i]);
    globfree(&files);
    assert_true(context.seen > 100);
    assert_int_equal(context.failed, 0);
}

/* --- the codec's side ------------------------------------------------------------------------ */

/* On the heap and of exactly this size, for the address sanitizer. */
static uint8_t *copy_of(const uint8_t *frame, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, frame, size);
    return copy;
}

static const char *verdict_of(const uint8_t *frame, size_t size, struct wire_message *m)
{
    struct wire_header header;
    *m = (struct wire_message){.present = 0};
    switch (wire_frame_peek(frame, size, &header)) {
    case WIRE_FRAME_MORE:
        return "more";
    case WIRE_FRAME_BAD_VERSION:
        return "bad-version";
    case WIRE_FRAME_BAD_LENGTH:
        return "bad-length";
    case WIRE_FRAME_OK:
        break;
    }
    switch (wire_decode(frame, size, m)) {
    case WIRE_OK:
        return "ok";
    case WIRE_UNSUPPORTED:
        return "unsupported";
    case WIRE_MALFORMED:
        break;
    }
    return "malformed";
}

static void check_verdict(struct context *context, const struct record *r)
{
    struct wire_message m;
    uint8_t *frame = copy_of(r->frame, r->size);
    const char *verdict = verdict_of(frame, r->size, &m);
    free(frame);
    CHECK(strcmp(verdict, r->verdict) == 0);
    CHECK((m.fault.reason != WIRE_REASON_NONE) == (strcmp(verdict, "malformed") == 0));
}

static void check_dump(struct context *context, const struct record *r)
{
    static char text[DUMP_MAX];
    struct wire_message m;
    uint8_t *frame = copy_of(r->frame, r->size);
    text[0] = '\0';
    if (strcmp(verdict_of(frame, r->size, &m), "ok") == 0)
        wire_dump(&m, text, sizeof(text));
    free(frame);
    CHECK(strcmp(text, r->dump) == 0);
}

static void check_encoding(struct context *context, const struct record *r)
{
    static uint8_t again[FRAME_MAX];
    struct wire_message m;
    if (strcmp(r->verdict, "ok") != 0 || !r->reencode)
        return;
    CHECK(wire_decode(r->frame, r->size, &m) == WIRE_OK);
    CHECK(wire_reencode(&m, again, sizeof(again)) == r->size);
    CHECK(memcmp(again, r->frame, r->size) == 0);
}

/* A frame cut anywhere, first as it came, then with a length field that fits the cut. */
static void check_cuts(struct context *context, const struct record *r)
{
    static char text[DUMP_MAX];
    struct wire_message m;
    if (strncmp(r->verdict, "bad-", 4) == 0)
        return;
    for (size_t n = 0; n < r->size; n++) {
        uint8_t *cut = copy_of(r->frame, n);
        const char *verdict = verdict_of(cut, n, &m);
        const char *fitted = "malformed";
        if (n >= WIRE_HEADER_SIZE) {
            writer_u32_at(cut + 4, (uint32_t)n);
            fitted = verdict_of(cut, n, &m);
            wire_dump(&m, text, sizeof(text));
        }
        free(cut);
        CHECK(strcmp(verdict, "more") == 0);
        CHECK(strcmp(fitted, r->verdict) == 0 || strcmp(fitted, "malformed") == 0 ||
              strcmp(fitted, "ok") == 0);
    }
}

/* --- tests ----------------------------------------------------------------------------------- */

static void every_vector_gets_its_verdict(void **state)
{
    (void)state;
    for_each_vector(check_verdict);
}

static void every_accepted_vector_reads_as_its_dump(void **state)
{
    (void)state;
    for_each_vector(check_dump);
}

static void every_accepted_vector_is_encoded_to_the_same_bytes(void **state)
{
    (void)state;
    for_each_vector(check_encoding);
}

static void no_cut_frame_is_taken_for_a_whole_one_or_read_past_its_end(void **state)
{
    (void)state;
    for_each_vector(check_cuts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_gets_its_verdict),
        cmocka_unit_test(every_accepted_vector_reads_as_its_dump),
        cmocka_unit_test(every_accepted_vector_is_encoded_to_the_same_bytes),
        cmocka_unit_test(no_cut_frame_is_taken_for_a_whole_one_or_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
