/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/access/nacm.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { GIDS_MAX = 256 };

/* A name that is too long must not become another's. */
static bool keep_name(char to[NACM_NAME_SIZE], const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len >= NACM_NAME_SIZE)
        return false;
    memcpy(to, name, len + 1);
    return true;
}

static void add_groups(struct nacm_user *user, gid_t gid)
{
    gid_t gids[GIDS_MAX];
    int count = GIDS_MAX;

    if (getgrouplist(user->name, gid, gids, &count) < 0 || count > GIDS_MAX)
        count = GIDS_MAX;
    for (int i = 0; i < count && user->group_count < NACM_GROUPS_MAX; i++) {
        const struct group *group = getgrgid(gids[i]);
        if (group != NULL && keep_name(user->groups[user->group_count], group->gr_name))
            user->group_count++;
    }
    user->more_groups = user->group_count == NACM_GROUPS_MAX && count > NACM_GROUPS_MAX;
}

void nacm_user_of(uid_t uid, gid_t gid, struct nacm_user *user)
{
    const struct passwd *entry = getpwuid(uid);

    memset(user, 0, sizeof(*user));
    user->recovery = uid == 0;
    if (entry != NULL && keep_name(user->name, entry->pw_name))
        add_groups(user, gid);
    else
        (void)snprintf(user->name, sizeof(user->name), "%lu", (unsigned long)uid);
}
