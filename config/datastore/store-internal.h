/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the store share. Only for config/store*.c.
 */
#ifndef CONFIG_DATASTORE_STORE_INTERNAL_H
#define CONFIG_DATASTORE_STORE_INTERNAL_H

#include "agent/base/job.h"
#include "config/datastore/store.h"
#include "config/errors/fault.h"

/* A tree that never changes any more, shared by the datastores that hold it. */
struct snapshot {
    unsigned users;
    struct lyd_node *tree;
};

struct store_lock {
    bool held;
    uint32_t session;
    int64_t since;
};

enum { STORE_PERSIST_SIZE = 256 };

/* A confirmed commit that waits for its confirmation. */
struct store_pending {
    struct snapshot *before; /* what is rolled back to; NULL: none waits */
    uint32_t session;
    bool persistent;
    char persist[STORE_PERSIST_SIZE];
    struct loop_timer timer;
};

/* What stands in the startup file: enough to see that it is not the same any more. */
struct store_stamp {
    enum { STAMP_NO_FILE, STAMP_UNREADABLE, STAMP_TEXT } kind;
    size_t len;
    uint64_t hash;
};

/* What a child is writing, or will when it is time. */
struct store_save {
    struct job *job;
    bool counts; /* startup itself is written, not the last good one alone */
    bool overwrites;
    struct store_stamp stamp;
    struct snapshot *tree; /* what startup is afterwards; NULL: nothing */
    char *text;
    uint32_t session;
    store_done done;
    void *context;
};

struct store {
    struct store_options options;
    char *path;
    char *good_path;
    struct snapshot *running;
    struct snapshot *candidate; /* NULL: nobody has changed it, it is running */
    struct snapshot *startup;
    bool has_fault;
    struct config_error fault;
    enum store_origin origin;
    struct store_lock locks[STORES];
    struct store_pending pending;
    struct store_save save;
    struct store_stamp seen;  /* the startup file when it was last read or written */
    struct store_stamp tried; /* what was written last, be it that the end of it failed */
    struct loop_timer save_timer;
    int64_t save_from;                   /* loop_now(): no save begins before */
    const char *kept[SETTINGS_KEPT_MAX]; /* what the log was told */
    size_t kept_count;
};

/* Takes the tree over, freed if memory is out (NULL). */
struct snapshot *snapshot_new(struct lyd_node *tree);
struct snapshot *snapshot_share(struct snapshot *snapshot);
void snapshot_drop(struct snapshot *snapshot); /* NULL is allowed */

uint32_t store_session(const struct store_access *access);
/* False with an in-use if another session holds the lock, or for running if a confirmed commit of
 * somebody else waits. */
bool store_may_change(const struct store *store, uint32_t session, enum store_id id,
                      struct rpc_errors *errors);
/* False with errors if the change from one tree to the other is not permitted. *changes: is there
 * one? */
bool store_permits(const struct store *store, const struct store_access *access,
                   const struct lyd_node *from, const struct lyd_node *to, bool *changes,
                   struct rpc_errors *errors);
/* A tree of one's own; false if memory is out. */
bool store_dup(const struct lyd_node *tree, struct lyd_node **copy, struct rpc_errors *errors);
/* The schema's constraints, and defaults. */
bool store_check(const struct store *store, struct lyd_node **tree, struct rpc_errors *errors);
/* All that can be held against a tree before it is running: gives its settings, or NULL. */
struct settings *store_try(const struct store *store, struct lyd_node **tree,
                           struct rpc_errors *errors);

/* Running is `tree` from now on; the tree is taken over in any case. `always`: settings are applied
 * though nothing changed. */
bool store_take(struct store *store, const struct store_access *access, struct lyd_node *tree,
                bool always, struct rpc_errors *errors);
/* The same without asking anybody, for what was running before. */
bool store_take_back(struct store *store, struct snapshot *snapshot);
void store_tell_kept(struct store *store, const struct settings *settings);

/* store-commit.c */
bool store_commit_init(struct store *store);
void store_commit_fini(struct store *store);
void store_commit_session_ended(struct store *store, uint32_t session);
/* What waits for its confirmation is over, because something else is running now. */
void store_commit_superseded(struct store *store);
bool store_waits_for_other(const struct store *store, uint32_t session);

/* store-file.c */
bool store_file_init(struct store *store);
/* Startup as it is on the disk, with its settings; NULL with store->fault set. */
struct settings *store_file_read(struct store *store, const char *path, struct lyd_node **tree);
/* False if memory is out. */
bool store_file_start(struct store *store);
/* NULL tree: the file is removed. The tree is taken over in any case. */
bool store_file_save(struct store *store, const struct store_access *access, struct lyd_node *tree,
                     bool remove, store_done done, void *context, struct rpc_errors *errors);
/* What was taken is the last good one now. */
void store_file_keep_good(struct store *store);
void store_file_fini(struct store *store);

#endif
