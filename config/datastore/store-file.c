/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Startup on the disk. A power cut at any moment leaves the old file or the new one: it is written
 * under another name, fsynced, renamed, and the folder is fsynced.
 */
#include "config/datastore/store-internal.h"

#include "agent/base/log.h"
#include "agent/base/siphash.h"
#include "config/datastore/datastore.h"
#include "config/schema/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SAVE_DEADLINE_MS = 60000, /* slow flash */
    DEFAULT_MODE = 0640
};

/* --- what stands there ----------------------------------------------------------------------- */

/* Without a secret: against accidents, for whoever may write the file needs no way around this. */
static struct store_stamp stamp_of(const char *text, size_t len)
{
    static const struct siphash_key key;

    return (struct store_stamp){.kind = STAMP_TEXT, .len = len, .hash = siphash(&key, text, len)};
}

static struct store_stamp stamp_of_none(enum config_status why)
{
    return (struct store_stamp){.kind = why == CONFIG_NOT_FOUND ? STAMP_NO_FILE : STAMP_UNREADABLE};
}

static bool is_same(const struct store_stamp *x, const struct store_stamp *y)
{
    return x->kind == y->kind && x->len == y->len && x->hash == y->hash;
}

/* --- in the child ---------------------------------------------------------------------------- */

/* What a child works on, as it was at the fork. */
struct work {
    const char *path; /* NULL: the last good one alone is written */
    const char *good_path;
    const char *text; /* NULL: the file is removed */
    bool overwrites;
    struct store_stamp seen; /* one of these is to stand there */
    struct store_stamp tried;
};

/* What it answers: the first system call that failed, and why. */
struct answer {
    int error;
    char call[16];
    int good_error; /* of the last good one: a warning */
    bool changed;   /* somebody else has written into startup: nothing was done */
};

static int fault(struct answer *answer, const char *call)
{
    int error = errno;

    if (answer->error == 0) {
        answer->error = error;
        (void)snprintf(answer->call, sizeof(answer->call), "%s", call);
    }
    return -1;
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

/* The new file belongs to whom the old one did, as far as that is allowed. */
static void take_after(int fd, const char *path)
{
    struct stat old;

    if (stat(path, &old) != 0) {
        (void)fchmod(fd, DEFAULT_MODE);
        return;
    }
    if (fchown(fd, (uid_t)-1, old.st_gid) != 0)
        log_debug("%s: its group is another one now: %s", path, strerror(errno));
    (void)fchmod(fd, old.st_mode & 07777);
}

static int sync_folder(const char *path, struct answer *answer)
{
    char copy[PATH_MAX];

    (void)snprintf(copy, sizeof(copy), "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fault(answer, "open");
    int result = fsync(fd) != 0 ? fault(answer, "fsync") : 0;
    (void)close(fd);
    return result;
}

static int write_new(const char *name, const char *path, const char *text, struct answer *answer)
{
    int result = 0;

    (void)unlink(name); /* of a process that was killed while it wrote */
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fault(answer, "open");
    if (!write_all(fd, text, strlen(text)))
        result = fault(answer, "write");
    take_after(fd, path);
    if (result == 0 && fsync(fd) != 0)
        result = fault(answer, "fsync");
    if (close(fd) != 0 && result == 0)
        result = fault(answer, "close");
    return result;
}

/* False: somebody else has written into it since. */
static bool is_as_seen(const struct work *work, struct answer *answer)
{
    static struct config_error error;
    struct store_stamp now;
    size_t len = 0;

    if (work == NULL || work->overwrites)
        return true;
    config_error_clear(&error);
    errno = 0;
    char *text = datastore_read(work->path, &len, &error);
    if (text == NULL && error.status != CONFIG_NOT_FOUND &&
        (work->seen.kind != STAMP_UNREADABLE || error.status == CONFIG_NO_MEMORY)) {
        if (error.status == CONFIG_NO_MEMORY)
            errno = ENOMEM;
        else if (errno == 0)
            errno = EIO; /* it is no file, or too large */
        (void)fault(answer, "read");
        return false;
    }
    now = text != NULL ? stamp_of(text, len) : stamp_of_none(error.status);
    free(text);
    answer->changed = !is_same(&now, &work->seen) && !is_same(&now, &work->tried);
    return !answer->changed;
}

/* `work`: what must hold of what is there; NULL: nothing. */
static int replace(const char *path, const char *text, const struct work *work,
                   struct answer *answer)
{
    char name[PATH_MAX];

    if (snprintf(name, sizeof(name), "%s.tmp", path) >= (int)sizeof(name)) {
        errno = ENAMETOOLONG;
        return fault(answer, "open");
    }
    int result = write_new(name, path, text, answer);
    if (result == 0 && !is_as_seen(work, answer))
        result = -1;
    if (result == 0 && rename(name, path) != 0)
        result = fault(answer, "rename");
    if (result != 0) {
        (void)unlink(name);
        return result;
    }
    return sync_folder(path, answer);
}

/* What the path leads to: a link stays a link. */
static const char *target_of(const char *path, char resolved[static PATH_MAX])
{
    return realpath(path, resolved) != NULL ? resolved : path;
}

static void change_startup(const struct work *work, struct answer *answer)
{
    char resolved[PATH_MAX];
    const char *path = target_of(work->path, resolved);

    if (!is_as_seen(work, answer))
        return;
    if (work->text != NULL)
        (void)replace(path, work->text, work, answer);
    else if (unlink(path) != 0 && errno != ENOENT)
        (void)fault(answer, "unlink");
    else
        (void)sync_folder(path, answer);
}

static int work_in_child(void *input, int out)
{
    const struct work *work = input;
    struct answer answer = {.error = 0};
    struct answer good = {.error = 0};

    if (work->path != NULL)
        change_startup(work, &answer);
    if (work->text != NULL && answer.error == 0 && !answer.changed)
        (void)replace(work->good_path, work->text, NULL, &good);
    answer.good_error = good.error;
    return write_all(out, (const char *)&answer, sizeof(answer)) ? 0 : 1;
}

/* --- in the agent ---------------------------------------------------------------------------- */

static void forget_save(struct store *store)
{
    struct store_save *save = &store->save;

    snapshot_drop(save->tree);
    free(save->text);
    *save = (struct store_save){.job = NULL};
}

static void explain_save(const struct store *store, enum job_result how,
                         const struct answer *answer, struct rpc_errors *errors)
{
    if (how == JOB_OK && answer->changed)
        rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                      "%s was changed on the disk since it was read, and is left as it is: take it "
                      "with SIGHUP, or overwrite it as root with <force/>",
                      store->path)
            ->app_tag = "startup-changed";
    else if (how == JOB_TIMED_OUT)
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                            "%s was not written within %d s: the disk hangs", store->path,
                            SAVE_DEADLINE_MS / 1000);
    else if (how != JOB_OK)
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                            "%s was not written: the process that writes it died", store->path);
    else
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                            "%s cannot be written: %s: %s", store->path, answer->call,
                            strerror(answer->error));
    log_error("startup: %s", errors->items[0].message);
}

static void on_saved(void *context, enum job_result how, const uint8_t *result, size_t len)
{
    struct store *store = context;
    struct store_save save = store->save;
    struct rpc_errors errors = {.count = 0};
    struct answer answer = {.error = 0};

    if (how == JOB_OK && len == sizeof(answer))
        memcpy(&answer, result, sizeof(answer));
    else if (how == JOB_OK)
        how = JOB_FAILED;
    bool ok = how == JOB_OK && answer.error == 0 && !answer.changed;
    if (ok && answer.good_error != 0)
        log_warning("%s: the last good configuration cannot be kept there: %s", store->good_path,
                    strerror(answer.good_error));
    if (!save.counts) {
        if (!ok)
            log_warning("%s: the last good configuration was not kept", store->good_path);
        forget_save(store);
        return;
    }
    if (ok) {
        struct snapshot *old = store->startup;
        store->startup = save.tree;
        store->save.tree = old;
        store->has_fault = false;
        store->seen = save.stamp;
    } else {
        explain_save(store, how, &answer, &errors);
    }
    store->save_from = loop_now(store->options.loop) + STORE_SAVE_MS;
    forget_save(store);
    if (save.done != NULL)
        save.done(save.context, ok, &errors);
}

/* Starts a child on it. */
static bool start_work(struct store *store, struct work *work)
{
    const struct job_spec spec = {.name = "startup",
                                  .work = work_in_child,
                                  .input = work,
                                  .done = on_saved,
                                  .context = store,
                                  .limit = sizeof(struct answer),
                                  .deadline = SAVE_DEADLINE_MS};

    store->save.job = job_start(store->options.loop, &spec);
    return store->save.job != NULL;
}

static bool begin_save(struct store *store)
{
    struct store_save *save = &store->save;
    struct work work = {.path = store->path,
                        .good_path = store->good_path,
                        .text = save->text,
                        .overwrites = save->overwrites,
                        .seen = store->seen,
                        .tried = store->tried};

    if (!start_work(store, &work))
        return false;
    store->tried = save->stamp;
    return true;
}

static void explain_no_process(const struct store *store, struct rpc_errors *errors)
{
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                        "%s was not written: no process can be started: %s", store->path,
                        strerror(errno));
}

/* Flash wears, and each save waits for the disk. */
static void on_save_time(void *context)
{
    struct store *store = context;
    struct store_save save = store->save;
    struct rpc_errors errors = {.count = 0};

    if (begin_save(store))
        return;
    explain_no_process(store, &errors);
    log_error("startup: %s", errors.items[0].message);
    forget_save(store);
    if (save.done != NULL)
        save.done(save.context, false, &errors);
}

bool store_file_init(struct store *store)
{
    return loop_timer_init(store->options.loop, &store->save_timer, on_save_time, store) == 0;
}

/* Explicit values only: a default that changes with a later version changes here too. */
static char *print(const struct lyd_node *tree)
{
    char *text = NULL;

    if (lyd_print_mem(&text, tree, LYD_JSON, LYD_PRINT_WITHSIBLINGS | LYD_PRINT_WD_EXPLICIT) !=
        LY_SUCCESS)
        return NULL;
    return text != NULL ? text : strdup("{}\n");
}

static bool refuse(struct rpc_errors *errors, enum rpc_error_tag tag, const char *text)
{
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, tag, NULL, "%s", text);
    return false;
}

/* The tree is to be saved: what must hold before. */
static bool may_save(struct store *store, const struct store_access *access, struct lyd_node **tree,
                     struct rpc_errors *errors)
{
    bool changes = false;
    struct settings *settings = store_try(store, tree, errors);

    if (settings == NULL)
        return false;
    settings_free(settings);
    return store_permits(store, access, store->startup != NULL ? store->startup->tree : NULL, *tree,
                         &changes, errors);
}

static bool prepare(struct store *store, struct lyd_node *tree, struct rpc_errors *errors)
{
    struct store_save *save = &store->save;

    save->text = print(tree);
    save->tree = snapshot_new(tree);
    if (save->text == NULL || save->tree == NULL)
        return refuse(errors, RPC_RESOURCE_DENIED, "memory is out");
    save->stamp = stamp_of(save->text, strlen(save->text));
    return true;
}

bool store_file_save(struct store *store, const struct store_access *access, struct lyd_node *tree,
                     bool remove, store_done done, void *context, struct rpc_errors *errors)
{
    struct store_save *save = &store->save;

    if (save->counts || (!remove && !may_save(store, access, &tree, errors))) {
        if (save->counts)
            (void)refuse(errors, RPC_IN_USE, "startup is being written: try again in a moment");
        lyd_free_all(tree);
        return false;
    }
    /* The last good one alone is being written: this save writes it too. */
    job_cancel(save->job);
    forget_save(store);
    if (!remove && !prepare(store, tree, errors)) {
        forget_save(store);
        return false;
    }
    save->counts = true;
    save->overwrites = access != NULL && access->overwrites;
    save->session = store_session(access);
    save->done = done;
    save->context = context;
    if (loop_now(store->options.loop) < store->save_from) {
        loop_timer_start_at(&store->save_timer, store->save_from);
        return true;
    }
    if (begin_save(store))
        return true;
    explain_no_process(store, errors);
    forget_save(store);
    return false;
}

/* Flash wears: what is there already is not written again. */
static bool holds(const char *path, const char *text)
{
    struct config_error error;
    size_t len = 0;

    config_error_clear(&error);
    char *found = datastore_read(path, &len, &error);
    bool same = found != NULL && len == strlen(text) && memcmp(found, text, len) == 0;
    free(found);
    return same;
}

void store_file_keep_good(struct store *store)
{
    struct store_save *save = &store->save;

    if (save->counts)
        return;
    job_cancel(save->job);
    forget_save(store);
    save->text = print(store->startup->tree);
    if (save->text == NULL || holds(store->good_path, save->text)) {
        forget_save(store);
        return;
    }
    struct work work = {.path = NULL, .good_path = store->good_path, .text = save->text};
    if (!start_work(store, &work)) {
        log_warning("%s: the last good configuration was not kept: %s", store->good_path,
                    strerror(errno));
        forget_save(store);
    }
}

void store_file_fini(struct store *store)
{
    loop_timer_fini(&store->save_timer);
    job_cancel(store->save.job);
    forget_save(store);
}

/* --- reading --------------------------------------------------------------------------------- */

struct settings *store_file_read(struct store *store, const char *path, struct lyd_node **tree)
{
    struct config_error *error = &store->fault;
    struct settings *settings = NULL;
    size_t len = 0;

    *tree = NULL;
    config_error_clear(error);
    char *text = datastore_read(path, &len, error);
    if (path == store->path) {
        store->seen = text != NULL ? stamp_of(text, len) : stamp_of_none(error->status);
        store->tried = store->seen;
    }
    if (text != NULL)
        *tree = datastore_parse(store->options.schema, text, len, error);
    free(text);
    if (error->status == CONFIG_OK)
        settings = apply_settings(*tree, &store->options.capabilities, error);
    if (settings == NULL) {
        datastore_free(*tree);
        *tree = NULL;
    }
    store->has_fault = settings == NULL;
    return settings;
}

/* The last good one, else an empty one. What is wrong with startup stays the fault. */
static struct settings *read_instead(struct store *store, struct lyd_node **tree)
{
    const struct config_error startup_fault = store->fault;
    struct settings *settings = NULL;

    store->origin = STORE_FROM_LAST_GOOD;
    if (startup_fault.status != CONFIG_NOT_FOUND)
        settings = store_file_read(store, store->good_path, tree);
    if (settings == NULL) {
        struct rpc_errors errors = {.count = 0};
        store->origin = STORE_FROM_NOTHING;
        settings = store_try(store, tree, &errors);
    }
    store->fault = startup_fault;
    store->has_fault = true;
    return settings;
}

bool store_file_start(struct store *store)
{
    struct lyd_node *tree = NULL;
    struct settings *settings = store_file_read(store, store->path, &tree);
    bool taken = settings != NULL;

    store->origin = STORE_FROM_STARTUP;
    if (!taken)
        settings = read_instead(store, &tree);
    if (settings == NULL) {
        lyd_free_all(tree);
        return false;
    }
    store_tell_kept(store, settings);
    settings_free(settings);
    store->running = snapshot_new(tree);
    if (store->running == NULL)
        return false;
    if (taken) {
        store->startup = snapshot_share(store->running);
        store_file_keep_good(store);
    }
    return true;
}
