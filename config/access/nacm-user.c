/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/access/nacm.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_FIRST = 4096, BUFFER_LAST = 1 << 20, GIDS_MAX = 256 };

/*
 * Asks with a larger and larger buffer until it is large enough. False: there is no such entry, or
 * it cannot be had; *buffer is to be freed in any case.
 */
static bool ask(bool (*once)(void *context, char *buffer, size_t size, int *error), void *context,
                char **buffer)
{
    int error = ERANGE;

    *buffer = NULL;
    for (size_t size = BUFFER_FIRST; error == ERANGE && size <= BUFFER_LAST; size *= 4) {
        char *larger = realloc(*buffer, size);
        if (larger == NULL)
            return false;
        *buffer = larger;
        if (once(context, larger, size, &error))
            return true;
    }
    return false;
}

struct user_question {
    uid_t uid;
    struct passwd entry;
};

static bool ask_user(void *context, char *buffer, size_t size, int *error)
{
    struct user_question *question = context;
    struct passwd *found = NULL;

    *error = getpwuid_r(question->uid, &question->entry, buffer, size, &found);
    return found != NULL;
}

struct group_question {
    gid_t gid;
    struct group entry;
};

static bool ask_group(void *context, char *buffer, size_t size, int *error)
{
    struct group_question *question = context;
    struct group *found = NULL;

    *error = getgrgid_r(question->gid, &question->entry, buffer, size, &found);
    return found != NULL;
}

/* A name that is too long must not become another's. */
static bool keep_name(char to[NACM_NAME_SIZE], const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len >= NACM_NAME_SIZE)
        return false;
    memcpy(to, name, len + 1);
    return true;
}

static void add_group(struct nacm_user *user, gid_t gid)
{
    struct group_question question = {.gid = gid};
    char *buffer = NULL;

    if (ask(ask_group, &question, &buffer) &&
        keep_name(user->groups[user->group_count], question.entry.gr_name))
        user->group_count++;
    free(buffer);
}

static void add_groups(struct nacm_user *user, gid_t gid)
{
    gid_t gids[GIDS_MAX];
    int count = GIDS_MAX;

    if (getgrouplist(user->name, gid, gids, &count) < 0 || count > GIDS_MAX)
        count = GIDS_MAX;
    for (int i = 0; i < count && user->group_count < NACM_GROUPS_MAX; i++)
        add_group(user, gids[i]);
    user->more_groups = user->group_count == NACM_GROUPS_MAX && count > NACM_GROUPS_MAX;
}

void nacm_user_of(uid_t uid, gid_t gid, struct nacm_user *user)
{
    struct user_question question = {.uid = uid};
    char *buffer = NULL;

    memset(user, 0, sizeof(*user));
    user->recovery = uid == 0;
    if (ask(ask_user, &question, &buffer) && keep_name(user->name, question.entry.pw_name))
        add_groups(user, gid);
    else
        (void)snprintf(user->name, sizeof(user->name), "%lu", (unsigned long)uid);
    free(buffer);
}
