/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes the configuration, commits and saves it again and again, until it is killed; for
 * test_startup_kills.py.
 *
 *     store-saver FILE SEED [TIMES]
 *
 * It says on standard output, one line each: "started CRC" when FILE was read, "save CRC" before a
 * save, "saved" after it. A CRC is that of the file as it is to be (CRC-32, as zlib's). It exits
 * with 1 if the file was not taken or not saved, with 0 after so many times.
 */
#include "agent/base/log.h"
#include "agent/base/loop.h"
#include "config/datastore/store.h"
#include "config/schema/compat.h"
#include "config/schema/schema.h"

#include <inttypes.h>
#include <unistd.h>

enum { USERS_MAX = 400, CONFIG_SIZE = USERS_MAX * 128 + 1024 };

static struct loop *loop;
static struct store *store;
static uint32_t state; /* of chance */
static long times_left;
static struct loop_deferred again;

static void tell(const char *text)
{
    size_t len = strlen(text);
    if (write(STDOUT_FILENO, text, len) != (ssize_t)len)
        _exit(1);
}

static void tell_crc(const char *what, uint32_t crc)
{
    char line[64];
    (void)snprintf(line, sizeof(line), "%s %08" PRIx32 "\n", what, crc);
    tell(line);
}

static uint32_t chance(uint32_t below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

static uint32_t crc32(const char *text)
{
    uint32_t crc = 0xffffffffu;

    for (; *text != '\0'; text++) {
        crc ^= (uint8_t)*text;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static uint32_t crc_of(enum store_id id)
{
    char *text = NULL;
    uint32_t crc = 0;

    if (lyd_print_mem(&text, store_tree(store, id), LYD_JSON,
                      LYD_PRINT_WITHSIBLINGS | LYD_PRINT_WD_EXPLICIT) == LY_SUCCESS &&
        text != NULL)
        crc = crc32(text);
    free(text);
    return crc;
}

static void on_apply(void *context, struct settings *settings)
{
    (void)context;
    settings_free(settings);
}

/* A configuration of another size each time. */
static struct lyd_node *make_config(void)
{
    static char xml[CONFIG_SIZE];
    struct lyd_node *tree = NULL;
    uint32_t users = 1 + chance(USERS_MAX);
    size_t used = (size_t)snprintf(xml, sizeof(xml), "<aaa xmlns='urn:nmspd:yang:nmspd-aaa'>");

    for (uint32_t i = 0; i < users; i++)
        used += (size_t)snprintf(xml + used, sizeof(xml) - used,
                                 "<user><mac>0050.569c.%04" PRIx32 "</mac><attribute-list>L%" PRIu32
                                 "</attribute-list></user>",
                                 i, chance(1000));
    (void)snprintf(xml + used, sizeof(xml) - used, "</aaa>");
    (void)lyd_parse_data_mem(store_schema(store), xml, LYD_XML, LYD_PARSE_ONLY, 0, &tree);
    return tree;
}

static void save_next(void *context);

static void on_saved(void *context, bool ok, const struct rpc_errors *errors)
{
    (void)context;
    if (!ok) {
        log_error("%s", errors->items[0].message);
        loop_stop(loop, 1);
        return;
    }
    tell("saved\n");
    loop_defer(loop, &again, save_next, NULL);
}

static void save_next(void *context)
{
    const struct store_access access = {.session = 1};
    const struct store_commit commit = {.confirmed = false};
    struct rpc_errors errors = {.count = 0};
    struct lyd_node *config = make_config();

    (void)context;
    if (times_left-- == 0) {
        loop_stop(loop, 0);
        return;
    }
    bool ok = store_edit(store, &access, STORE_CANDIDATE, config, STORE_REPLACE,
                         STORE_TEST_THEN_SET, STORE_ROLLBACK_ON_ERROR, &errors) &&
              store_commit(store, &access, &commit, &errors);
    lyd_free_all(config);
    tell_crc("save", crc_of(STORE_RUNNING));
    if (ok &&
        store_copy(store, &access, STORE_STARTUP, STORE_RUNNING, NULL, on_saved, NULL, &errors))
        return;
    log_error("%s: %s", errors.items[0].path, errors.items[0].message);
    loop_stop(loop, 1);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    state = (uint32_t)strtoul(argv[2], NULL, 10);
    times_left = argc > 3 ? strtol(argv[3], NULL, 10) : -1;
    loop = loop_new();
    struct ly_ctx *schema = schema_new();
    const struct store_options options = {
        .loop = loop, .schema = schema, .path = argv[1], .apply = on_apply};
    store = store_new(&options);
    if (store == NULL || store_startup_fault(store) != NULL)
        return 1;
    tell_crc("started", crc_of(STORE_RUNNING));
    loop_defer(loop, &again, save_next, NULL);
    int status = loop_run(loop);
    store_free(store);
    schema_free(schema);
    loop_free(loop);
    return status;
}
