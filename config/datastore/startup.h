/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Startup on the disk, and the last good one beside it. A power cut at any moment leaves the old
 * file or the new one: it is written under another name, fsynced, renamed, and the folder is
 * fsynced. A child does it; one save is under way at a time.
 */
#ifndef CONFIG_DATASTORE_STARTUP_H
#define CONFIG_DATASTORE_STARTUP_H

#include "agent/base/job.h"
#include "config/datastore/snapshot.h"
#include "config/datastore/terms.h"

/* What stands in the startup file: enough to see that it is not the same any more. */
struct startup_stamp {
    enum { STAMP_NO_FILE, STAMP_UNREADABLE, STAMP_TEXT } kind;
    size_t len;
    uint64_t hash;
};

/* What a child is writing, or will when it is time. */
struct startup_save {
    struct job *job;
    bool counts; /* startup itself is written, not the last good one alone */
    bool overwrites;
    struct startup_stamp stamp;
    struct snapshot *tree; /* what startup is afterwards; NULL: nothing */
    char *text;
    uint32_t session;
    store_done done;
    void *context;
};

struct startup {
    const struct store_options *options;
    char *path;
    char *good_path;
    struct snapshot *now; /* what the file held when it was last taken or written */
    bool has_fault;       /* why it was not taken when it was last read: */
    struct config_error fault;
    enum store_origin origin; /* of what was read at the start */
    struct startup_save save;
    struct startup_stamp seen;  /* the file when it was last read or written */
    struct startup_stamp tried; /* what was written last, be it that the end of it failed */
    struct loop_timer save_timer;
    int64_t save_from; /* loop_now(): no save begins before */
};

/* False if memory is out. */
bool startup_init(struct startup *startup, const struct store_options *options);
/* A save that is under way is given up. */
void startup_fini(struct startup *startup);

/* At the start: the file, else the last good one, else nothing. NULL if memory is out. */
struct settings *startup_read_first(struct startup *startup, struct lyd_node **tree);
/* The file as it is now, with its settings; NULL with the fault set. */
struct settings *startup_read(struct startup *startup, struct lyd_node **tree);
/* What was read is running now: it is startup, and the last good one is kept. */
void startup_taken(struct startup *startup, struct snapshot *running);
/* Is there a file, be it a bad one? */
bool startup_exists(const struct startup *startup);

/* False with an in-use: a save is under way. */
bool startup_is_free(const struct startup *startup, struct rpc_errors *errors);
/* When it is free: the file becomes this tree, which is valid and taken over in any case; `remove`:
 * it goes. False with errors: `done` is not called. */
bool startup_save(struct startup *startup, const struct store_access *access, struct lyd_node *tree,
                  bool remove, store_done done, void *context, struct rpc_errors *errors);
/* `done` is not called any more for who asked in this session. */
void startup_session_ended(struct startup *startup, uint32_t session);

#endif
