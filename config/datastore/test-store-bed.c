/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/test-store-bed.h"

#include "agent/base/log.h"
#include "config/schema/schema.h"
#include "tests/unit/failing.h"
#include "tests/unit/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct bed bed;

/* --- life ------------------------------------------------------------------------------------ */

int bed_open(void **state)
{
    (void)state;
    bed.schema = schema_new();
    return bed.schema == NULL;
}

int bed_close(void **state)
{
    (void)state;
    schema_free(bed.schema);
    return 0;
}

static void ignore_line(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

int bed_before(void **state)
{
    struct ly_ctx *schema = bed.schema;

    (void)state;
    log_divert(ignore_line);
    bed = (struct bed){.schema = schema, .folder = "/tmp/test-store-XXXXXX"};
    bed.loop = loop_new_virtual(0, 1800000000000);
    if (bed.loop == NULL || mkdtemp(bed.folder) == NULL)
        return 1;
    (void)snprintf(bed.path, sizeof(bed.path), "%s/nmspd.json", bed.folder);
    return 0;
}

static void empty_folder(void)
{
    DIR *folder = opendir(bed.folder);
    struct dirent *entry = NULL;

    while ((entry = readdir(folder)) != NULL) {
        char path[sizeof(bed.folder) + sizeof(entry->d_name) + 1];
        (void)snprintf(path, sizeof(path), "%s/%s", bed.folder, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
}

int bed_after(void **state)
{
    (void)state;
    failing_reset();
    store_free(bed.store);
    settings_free(bed.applied);
    loop_free(bed.loop);
    (void)chmod(bed.folder, 0700);
    empty_folder();
    log_divert(NULL);
    return rmdir(bed.folder);
}

/* --- files ----------------------------------------------------------------------------------- */

static char *unquote(const char *quoted)
{
    char *text = strdup(quoted);

    assert_non_null(text);
    for (char *at = strchr(text, '\''); at != NULL; at = strchr(at, '\''))
        *at = '"';
    return text;
}

void bed_write(const char *path, const char *quoted)
{
    char *text = unquote(quoted);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(text);
}

char *bed_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;

    if (file == NULL)
        return NULL;
    ssize_t len = getdelim(&text, &size, '\0', file);
    (void)fclose(file);
    assert_true(len >= 0);
    return text;
}

/* --- the store ------------------------------------------------------------------------------- */

static void on_apply(void *context, struct settings *settings)
{
    (void)context;
    settings_free(bed.applied);
    bed.applied = settings;
    bed.applies++;
}

static void on_confirm_ended(void *context, bool kept)
{
    (void)context;
    if (kept)
        bed.confirmed++;
    else
        bed.rolled_back++;
}

/* Nothing is being written any more. */
static bool has_no_child(void)
{
    for (int i = 0; i < 2000 && has_child(); i++)
        (void)loop_turn(bed.loop, 10);
    return !has_child();
}

void bed_start(void)
{
    const struct store_options options = {.loop = bed.loop,
                                          .schema = bed.schema,
                                          .path = bed.path,
                                          .apply = on_apply,
                                          .confirm_ended = on_confirm_ended};

    bed.store = store_new(&options);
    assert_non_null(bed.store);
    assert_true(has_no_child());
}

void bed_start_with(const char *quoted)
{
    bed_write(bed.path, quoted);
    bed_start();
    assert_null(store_startup_fault(bed.store));
}

void bed_restart(void)
{
    store_free(bed.store);
    bed_start();
}

/* --- asking ---------------------------------------------------------------------------------- */

static bool permits(void *context, const struct lyd_node *diff, struct rpc_errors *errors)
{
    const struct lyd_node *root = NULL;
    const struct lyd_node *node = NULL;

    (void)context;
    LY_LIST_FOR(diff, root)
    {
        LYD_TREE_DFS_BEGIN(root, node)
        {
            char path[CONFIG_PATH_SIZE];
            (void)lyd_path(node, LYD_PATH_STD, path, sizeof(path));
            if (strcmp(path, bed.forbidden) == 0) {
                (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_ACCESS_DENIED, path,
                                    "may not be changed");
                return false;
            }
            LYD_TREE_DFS_END(root, node);
        }
    }
    return true;
}

struct store_access bed_access(uint32_t session)
{
    return (struct store_access){.session = session,
                                 .recovery = bed.recovery,
                                 .overwrites = bed.overwrites,
                                 .permits = bed.forbidden != NULL ? permits : NULL};
}

struct lyd_node *bed_config(const char *xml, struct lyd_node **envelope)
{
    static const char format[] =
        "<rpc message-id='1' xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'><edit-config>"
        "<target><candidate/></target><config>%s</config></edit-config></rpc>";
    size_t size = sizeof(format) + strlen(xml);
    char *text = malloc(size);
    struct lyd_node *operation = NULL;
    struct lyd_node *node = NULL;
    struct ly_in *in = NULL;

    assert_non_null(text);
    (void)snprintf(text, size, format, xml);
    assert_int_equal(ly_in_new_memory(text, &in), LY_SUCCESS);
    *envelope = NULL;
    if (lyd_parse_op(bed.schema, NULL, in, LYD_XML, LYD_TYPE_RPC_NETCONF, envelope, &operation) !=
        LY_SUCCESS)
        fail_msg("%s\nis no rpc: %s", text, ly_err_last(bed.schema)->msg);
    assert_int_equal(lyd_find_path(operation, "config", 0, &node), LY_SUCCESS);
    ly_in_free(in, 0);
    free(text);
    struct lyd_node_any *any = (struct lyd_node_any *)node;
    assert_int_equal(any->value_type, LYD_ANYDATA_DATATREE);
    struct lyd_node *config = any->value.tree;
    any->value.tree = NULL;
    lyd_free_all(operation);
    return config;
}

bool bed_edit_as(uint32_t session, enum store_id target, const char *xml,
                 enum store_default_operation operation, enum store_test_option test,
                 enum store_error_option error)
{
    const struct store_access access = bed_access(session);
    struct lyd_node *envelope = NULL;
    struct lyd_node *config = bed_config(xml, &envelope);

    rpc_errors_clear(&bed.errors);
    bool ok = store_edit(bed.store, &access, target, config, operation, test, error, &bed.errors);
    assert_int_equal(ok, bed.errors.count == 0);
    lyd_free_all(config);
    lyd_free_all(envelope);
    return ok;
}

bool bed_edit(enum store_id target, const char *xml)
{
    return bed_edit_as(1, target, xml, STORE_MERGE, STORE_TEST_THEN_SET, STORE_STOP_ON_ERROR);
}

void bed_accept(enum store_id target, const char *xml)
{
    if (!bed_edit(target, xml))
        fail_msg("%s\nis refused: %s: %s: %s", xml, rpc_error_tag_text(bed.errors.items[0].tag),
                 bed.errors.items[0].path, bed.errors.items[0].message);
}

void bed_expect_error(enum rpc_error_tag tag, const char *path)
{
    assert_true(bed.errors.count > 0);
    const struct rpc_error *error = &bed.errors.items[0];
    if (tag != error->tag || strcmp(path, error->path) != 0)
        fail_msg("%s: %s: %s\nbut not %s: %s", rpc_error_tag_text(error->tag), error->path,
                 error->message, rpc_error_tag_text(tag), path);
    assert_true(error->message[0] != '\0');
}

void bed_refuse(enum store_id target, const char *xml, enum rpc_error_tag tag, const char *path)
{
    char *before = bed_explicit(target);

    if (bed_edit(target, xml))
        fail_msg("%s\nis taken", xml);
    bed_expect_error(tag, path);
    char *after = bed_explicit(target);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

bool bed_commit(uint32_t session)
{
    const struct store_access access = bed_access(session);
    const struct store_commit commit = {.confirmed = false};

    rpc_errors_clear(&bed.errors);
    return store_commit(bed.store, &access, &commit, &bed.errors);
}

bool bed_commit_confirmed(uint32_t session, uint32_t seconds)
{
    const struct store_access access = bed_access(session);
    const struct store_commit commit = {.confirmed = true, .timeout = seconds};

    rpc_errors_clear(&bed.errors);
    return store_commit(bed.store, &access, &commit, &bed.errors);
}

static void on_saved(void *context, bool ok, const struct rpc_errors *errors)
{
    (void)context;
    assert_false(bed.saved);
    bed.saved = true;
    bed.save_ok = ok;
    bed.save_errors = *errors;
}

bool bed_save(enum store_id source)
{
    const struct store_access access = bed_access(1);

    bed.saved = false;
    rpc_errors_clear(&bed.errors);
    if (!store_copy(bed.store, &access, STORE_STARTUP, source, NULL, on_saved, NULL, &bed.errors))
        return false;
    if (!bed.saved && !has_child())
        loop_advance(bed.loop, STORE_SAVE_MS); /* it waits for its time */
    assert_true(turn_until(bed.loop, &bed.saved));
    return bed.save_ok;
}

/* --- looking --------------------------------------------------------------------------------- */

char *bed_explicit(enum store_id id)
{
    char *text = NULL;
    uint32_t options = LYD_PRINT_WITHSIBLINGS | LYD_PRINT_WD_EXPLICIT | LYD_PRINT_SHRINK;

    assert_int_equal(lyd_print_mem(&text, store_tree(bed.store, id), LYD_JSON, options),
                     LY_SUCCESS);
    return text != NULL ? text : strdup("{}");
}

void bed_expect(enum store_id id, const char *quoted)
{
    char *expected = unquote(quoted);
    char *found = bed_explicit(id);

    assert_string_equal(found, expected);
    free(expected);
    free(found);
}
