/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/startup.h"

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
static struct startup_stamp stamp_of(const char *text, size_t len)
{
    static const struct siphash_key key;

    return (struct startup_stamp){.kind = STAMP_TEXT, .len = len, .hash = siphash(&key, text, len)};
}

static struct startup_stamp stamp_of_none(enum config_status why)
{
    return (struct startup_stamp){.kind =
                                      why == CONFIG_NOT_FOUND ? STAMP_NO_FILE : STAMP_UNREADABLE};
}

static bool is_same(const struct startup_stamp *x, const struct startup_stamp *y)
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
    struct startup_stamp seen; /* one of these is to stand there */
    struct startup_stamp tried;
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
    struct startup_stamp now;
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

static void forget_save(struct startup *startup)
{
    struct startup_save *save = &startup->save;

    snapshot_drop(save->tree);
    free(save->text);
    *save = (struct startup_save){.job = NULL};
}

static void explain_save(const struct startup *startup, enum job_result how,
                         const struct answer *answer, struct rpc_errors *errors)
{
    if (how == JOB_OK && answer->changed)
        rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                      "%s was changed on the disk since it was read, and is left as it is: take it "
                      "with SIGHUP, or overwrite it as root with <force/>",
                      startup->path)
            ->app_tag = "startup-changed";
    else if (how == JOB_TIMED_OUT)
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                            "%s was not written within %d s: the disk hangs", startup->path,
                            SAVE_DEADLINE_MS / 1000);
    else if (how != JOB_OK)
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                            "%s was not written: the process that writes it died", startup->path);
    else
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                            "%s cannot be written: %s: %s", startup->path, answer->call,
                            strerror(answer->error));
    log_error("startup: %s", errors->items[0].message);
}

static void on_saved(void *context, enum job_result how, const uint8_t *result, size_t len)
{
    struct startup *startup = context;
    struct startup_save save = startup->save;
    struct rpc_errors errors = {.count = 0};
    struct answer answer = {.error = 0};

    if (how == JOB_OK && len == sizeof(answer))
        memcpy(&answer, result, sizeof(answer));
    else if (how == JOB_OK)
        how = JOB_FAILED;
    bool ok = how == JOB_OK && answer.error == 0 && !answer.changed;
    if (ok && answer.good_error != 0)
        log_warning("%s: the last good configuration cannot be kept there: %s", startup->good_path,
                    strerror(answer.good_error));
    if (!save.counts) {
        if (!ok)
            log_warning("%s: the last good configuration was not kept", startup->good_path);
        forget_save(startup);
        return;
    }
    if (ok) {
        struct snapshot *old = startup->now;
        startup->now = save.tree;
        startup->save.tree = old;
        startup->has_fault = false;
        startup->seen = save.stamp;
    } else {
        explain_save(startup, how, &answer, &errors);
    }
    startup->save_from = loop_now(startup->options->loop) + STORE_SAVE_MS;
    forget_save(startup);
    if (save.done != NULL)
        save.done(save.context, ok, &errors);
}

/* Starts a child on it. */
static bool start_work(struct startup *startup, struct work *work)
{
    const struct job_spec spec = {.name = "startup",
                                  .work = work_in_child,
                                  .input = work,
                                  .done = on_saved,
                                  .context = startup,
                                  .limit = sizeof(struct answer),
                                  .deadline = SAVE_DEADLINE_MS};

    startup->save.job = job_start(startup->options->loop, &spec);
    return startup->save.job != NULL;
}

static bool begin_save(struct startup *startup)
{
    struct startup_save *save = &startup->save;
    struct work work = {.path = startup->path,
                        .good_path = startup->good_path,
                        .text = save->text,
                        .overwrites = save->overwrites,
                        .seen = startup->seen,
                        .tried = startup->tried};

    if (!start_work(startup, &work))
        return false;
    startup->tried = save->stamp;
    return true;
}

static void explain_no_process(const struct startup *startup, struct rpc_errors *errors)
{
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                        "%s was not written: no process can be started: %s", startup->path,
                        strerror(errno));
}

/* Flash wears, and each save waits for the disk. */
static void on_save_time(void *context)
{
    struct startup *startup = context;
    struct startup_save save = startup->save;
    struct rpc_errors errors = {.count = 0};

    if (begin_save(startup))
        return;
    explain_no_process(startup, &errors);
    log_error("startup: %s", errors.items[0].message);
    forget_save(startup);
    if (save.done != NULL)
        save.done(save.context, false, &errors);
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

static bool prepare(struct startup *startup, struct lyd_node *tree, struct rpc_errors *errors)
{
    struct startup_save *save = &startup->save;

    save->text = print(tree);
    save->tree = snapshot_new(tree);
    if (save->text == NULL || save->tree == NULL)
        return rpc_error_refuse(errors, RPC_RESOURCE_DENIED, "memory is out");
    save->stamp = stamp_of(save->text, strlen(save->text));
    return true;
}

bool startup_is_free(const struct startup *startup, struct rpc_errors *errors)
{
    return !startup->save.counts ||
           rpc_error_refuse(errors, RPC_IN_USE, "startup is being written: try again in a moment");
}

bool startup_save(struct startup *startup, const struct store_access *access, struct lyd_node *tree,
                  bool remove, store_done done, void *context, struct rpc_errors *errors)
{
    struct startup_save *save = &startup->save;

    /* The last good one alone is being written: this save writes it too. */
    job_cancel(save->job);
    forget_save(startup);
    if (!remove && !prepare(startup, tree, errors)) {
        forget_save(startup);
        return false;
    }
    save->counts = true;
    save->overwrites = access->overwrites;
    save->session = access->session;
    save->done = done;
    save->context = context;
    if (loop_now(startup->options->loop) < startup->save_from) {
        loop_timer_start_at(&startup->save_timer, startup->save_from);
        return true;
    }
    if (begin_save(startup))
        return true;
    explain_no_process(startup, errors);
    forget_save(startup);
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

static void keep_good(struct startup *startup)
{
    struct startup_save *save = &startup->save;

    if (save->counts)
        return;
    job_cancel(save->job);
    forget_save(startup);
    save->text = print(startup->now->tree);
    if (save->text == NULL || holds(startup->good_path, save->text)) {
        forget_save(startup);
        return;
    }
    struct work work = {.path = NULL, .good_path = startup->good_path, .text = save->text};
    if (!start_work(startup, &work)) {
        log_warning("%s: the last good configuration was not kept: %s", startup->good_path,
                    strerror(errno));
        forget_save(startup);
    }
}

void startup_taken(struct startup *startup, struct snapshot *running)
{
    snapshot_swap(&startup->now, snapshot_share(running));
    keep_good(startup);
}

void startup_session_ended(struct startup *startup, uint32_t session)
{
    if (startup->save.session == session)
        startup->save.done = NULL;
}

/* --- life ------------------------------------------------------------------------------------ */

bool startup_init(struct startup *startup, const struct store_options *options)
{
    startup->options = options;
    startup->path = strdup(options->path);
    if (asprintf(&startup->good_path, "%s.good", options->path) < 0)
        startup->good_path = NULL;
    return startup->path != NULL && startup->good_path != NULL &&
           loop_timer_init(options->loop, &startup->save_timer, on_save_time, startup) == 0;
}

void startup_fini(struct startup *startup)
{
    loop_timer_fini(&startup->save_timer);
    job_cancel(startup->save.job);
    forget_save(startup);
    snapshot_drop(startup->now);
    free(startup->path);
    free(startup->good_path);
}

/* --- reading --------------------------------------------------------------------------------- */

static struct settings *settings_of(struct startup *startup, const char *text, size_t len,
                                    struct lyd_node **tree)
{
    struct config_error *error = &startup->fault;
    struct settings *settings = NULL;

    *tree = datastore_parse(startup->options->schema, text, len, error);
    if (error->status == CONFIG_OK)
        settings = apply_settings(*tree, &startup->options->capabilities, error);
    if (settings == NULL) {
        datastore_free(*tree);
        *tree = NULL;
    }
    return settings;
}

static struct settings *read_file(struct startup *startup, const char *path, struct lyd_node **tree)
{
    struct config_error *error = &startup->fault;
    struct settings *settings = NULL;
    size_t len = 0;

    *tree = NULL;
    config_error_clear(error);
    char *text = datastore_read(path, &len, error);
    if (path == startup->path) {
        startup->seen = text != NULL ? stamp_of(text, len) : stamp_of_none(error->status);
        startup->tried = startup->seen;
    }
    if (text != NULL)
        settings = settings_of(startup, text, len, tree);
    free(text);
    startup->has_fault = settings == NULL;
    return settings;
}

struct settings *startup_read(struct startup *startup, struct lyd_node **tree)
{
    return read_file(startup, startup->path, tree);
}

/* What is wrong with startup stays the fault. */
struct settings *startup_read_first(struct startup *startup, struct lyd_node **tree)
{
    struct settings *settings = startup_read(startup, tree);

    if (settings != NULL)
        return settings;
    const struct config_error startup_fault = startup->fault;
    startup->origin = STORE_FROM_LAST_GOOD;
    if (startup_fault.status != CONFIG_NOT_FOUND)
        settings = read_file(startup, startup->good_path, tree);
    if (settings == NULL) {
        startup->origin = STORE_FROM_NOTHING;
        config_error_clear(&startup->fault);
        settings = settings_of(startup, "{}", 2, tree);
    }
    startup->fault = startup_fault;
    startup->has_fault = true;
    return settings;
}

bool startup_exists(const struct startup *startup)
{
    return startup->has_fault ? startup->fault.status != CONFIG_NOT_FOUND : startup->now != NULL;
}
