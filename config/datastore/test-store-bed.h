/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A store on a folder of its own, as a session of NETCONF would use it, for the tests of it.
 */
#ifndef CONFIG_DATASTORE_TEST_STORE_BED_H
#define CONFIG_DATASTORE_TEST_STORE_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/loop.h"
#include "config/datastore/store.h"
#include "config/schema/compat.h"

#define BED_NC   "xmlns:nc='urn:ietf:params:xml:ns:netconf:base:1.0'"
#define BED_YANG "xmlns:yang='urn:ietf:params:xml:ns:yang:1'"

#define BED_IN(module, top, content) \
    "<" top " xmlns='urn:nmspd:yang:" module "' " BED_NC ">" content "</" top ">"
#define BED_NMSP(content)   BED_IN("nmspd-nmsp", "nmsp", content)
#define BED_AAA(content)    BED_IN("nmspd-aaa", "aaa", content)
#define BED_SYSTEM(content) BED_IN("nmspd-system", "system", content)
#define BED_NACM(content)                                                                         \
    "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm' " BED_NC " " BED_YANG ">" content \
    "</nacm>"

struct bed {
    struct loop *loop; /* virtual */
    struct ly_ctx *schema;
    char folder[64];
    char path[96];
    struct store *store;
    struct rpc_errors errors; /* of the last call */
    struct settings *applied; /* the last settings handed to the agent, or NULL */
    unsigned applies;
    unsigned confirmed;
    unsigned rolled_back;
    /* The rights of those who ask. */
    const char *forbidden; /* a diff that touches this path is denied; NULL: nothing */
    bool recovery;
    bool overwrites;
    /* How the last save ended. */
    bool saved;
    bool save_ok;
    struct rpc_errors save_errors;
};

extern struct bed bed;

/* For groups and tests of cmocka. */
int bed_open(void **state);
int bed_close(void **state);
int bed_before(void **state); /* an empty folder, no store */
int bed_after(void **state);

/* ' stands for ". */
void bed_write(const char *path, const char *quoted);
char *bed_read(const char *path); /* free() it; NULL: there is none */
void bed_start(void);
/* A store with this startup. */
void bed_start_with(const char *quoted);
/* The program ends and starts again. */
void bed_restart(void);

struct store_access bed_access(uint32_t session);

/* The content of a <config>, parsed as a server would; lyd_free_all() it. */
struct lyd_node *bed_config(const char *xml, struct lyd_node **envelope);

bool bed_edit_as(uint32_t session, enum store_id target, const char *xml,
                 enum store_default_operation operation, enum store_test_option test,
                 enum store_error_option error);
/* Merge, test-then-set, stop-on-error. */
bool bed_edit(enum store_id target, const char *xml);
void bed_accept(enum store_id target, const char *xml);
/* Exactly this error, and nothing was changed. */
void bed_refuse(enum store_id target, const char *xml, enum rpc_error_tag tag, const char *path);
void bed_expect_error(enum rpc_error_tag tag, const char *path);

bool bed_commit(uint32_t session);
bool bed_commit_confirmed(uint32_t session, uint32_t seconds);

/* Copies and waits for the end of it; gives whether it is saved. */
bool bed_save(enum store_id source);

/* What was set explicitly, as JSON without blanks; free() it. */
char *bed_explicit(enum store_id id);
void bed_expect(enum store_id id, const char *quoted);

#endif
