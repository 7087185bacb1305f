/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program gives up when it starts, so that a fault in it is worth little to whoever finds
 * one. For nmspd, nmsp-radio and nmsp-netconf alike, so it uses nothing but the C library.
 */
#ifndef AGENT_BASE_HARDEN_H
#define AGENT_BASE_HARDEN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { HARDEN_GROUPS_MAX = 64 };

/* Whom root becomes. */
struct harden_user {
    uid_t uid;
    gid_t gid;
    gid_t groups[HARDEN_GROUPS_MAX]; /* supplementary ones */
    size_t group_count;
};

/* What did not work, as the system calls it, and why. */
struct harden_fault {
    const char *what;
    int error;
};

/* The user of this name with all its groups. 0, -ENOENT: there is none, -E2BIG: too many groups, or
 * another -errno. */
int harden_find_user(const char *name, struct harden_user *user);

/*
 * Becomes `user` (NULL: stays who it is) and keeps of its capabilities only those in `kept` (a bit
 * each, by CAP_*), in no set more: permitted, effective, inheritable, bounding, ambient. The
 * bounding set can only be cut by who has CAP_SETPCAP; for others no-new-privileges has the same
 * effect. That root cannot be had back is tried.
 *
 * Then: no new privileges (set-user-id programs and file capabilities do nothing any more), no core
 * dump, and not dumpable: other processes of the same user cannot trace this one, nor read its
 * memory or descriptors in /proc. With AddressSanitizer it stays dumpable, because its search for
 * leaks is done by a process that traces this one.
 *
 * 0, or -1 with *fault: the process must not go on.
 */
int harden_drop(const struct harden_user *user, uint64_t kept, struct harden_fault *fault);

#endif
