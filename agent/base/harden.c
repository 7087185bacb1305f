/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/harden.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
enum { STAYS_DUMPABLE = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { STAYS_DUMPABLE = 1 };
#else
enum { STAYS_DUMPABLE = 0 };
#endif
#else
enum { STAYS_DUMPABLE = 0 };
#endif

enum { CAPABILITIES_MAX = 64 };

int harden_find_user(const char *name, struct harden_user *user)
{
    int count = HARDEN_GROUPS_MAX;

    errno = 0;
    const struct passwd *found = getpwnam(name);
    if (found == NULL)
        return errno == 0 ? -ENOENT : -errno;
    *user = (struct harden_user){.uid = found->pw_uid, .gid = found->pw_gid};
    if (getgrouplist(name, user->gid, user->groups, &count) < 0)
        return -E2BIG;
    user->group_count = (size_t)count;
    return 0;
}

static bool failed(struct harden_fault *fault, const char *what)
{
    *fault = (struct harden_fault){.what = what, .error = errno};
    return false;
}

static bool set_capabilities(uint64_t kept, struct harden_fault *fault)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

    if (syscall(SYS_capget, &head, data) != 0)
        return failed(fault, "capget");
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        data[i].permitted &= (uint32_t)(kept >> (32 * i));
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    return syscall(SYS_capset, &head, data) == 0 || failed(fault, "capset");
}

/* EPERM: without CAP_SETPCAP. EINVAL: the kernel has no more of them, or knows no ambient ones. */
static bool cut_bounds(uint64_t kept, struct harden_fault *fault)
{
    for (unsigned long capability = 0; capability < CAPABILITIES_MAX; capability++) {
        if ((kept >> capability & 1) == 0 &&
            prctl(PR_CAPBSET_DROP, capability, 0UL, 0UL, 0UL) != 0 && errno != EPERM &&
            errno != EINVAL)
            return failed(fault, "PR_CAPBSET_DROP");
    }
    if (prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL) != 0 &&
        errno != EINVAL)
        return failed(fault, "PR_CAP_AMBIENT");
    return true;
}

/* Groups first: who is not root any more cannot change them. */
static bool become(const struct harden_user *user, struct harden_fault *fault)
{
    if (setgroups(user->group_count, user->groups) != 0)
        return failed(fault, "setgroups");
    if (setresgid(user->gid, user->gid, user->gid) != 0)
        return failed(fault, "setresgid");
    if (setresuid(user->uid, user->uid, user->uid) != 0)
        return failed(fault, "setresuid");
    return true;
}

/* Without a capability only one of the three user ids could bring it back. It must not. */
static bool root_is_gone(const struct harden_user *user, struct harden_fault *fault)
{
    errno = ENOTRECOVERABLE;
    if (user->uid != 0 && setresuid(0, 0, 0) == 0)
        return failed(fault, "root came back, setresuid");
    return true;
}

static bool close_up(struct harden_fault *fault)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};

    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return failed(fault, "RLIMIT_CORE");
    if (prctl(PR_SET_DUMPABLE, (unsigned long)STAYS_DUMPABLE, 0UL, 0UL, 0UL) != 0)
        return failed(fault, "PR_SET_DUMPABLE");
    return true;
}

int harden_drop(const struct harden_user *user, uint64_t kept, struct harden_fault *fault)
{
    bool keeps = user != NULL && kept != 0;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) {
        (void)failed(fault, "PR_SET_NO_NEW_PRIVS");
        return -1;
    }
    bool good = cut_bounds(kept, fault);
    /* Becoming another user takes all capabilities away, unless it is told not to. */
    if (good && keeps && prctl(PR_SET_KEEPCAPS, 1UL, 0UL, 0UL, 0UL) != 0)
        good = failed(fault, "PR_SET_KEEPCAPS");
    good = good && (user == NULL || become(user, fault));
    if (good && keeps && prctl(PR_SET_KEEPCAPS, 0UL, 0UL, 0UL, 0UL) != 0)
        good = failed(fault, "PR_SET_KEEPCAPS");
    good = good && set_capabilities(kept, fault) && (user == NULL || root_is_gone(user, fault));
    /* Last: a change of user sets it to what the system likes. */
    return good && close_up(fault) ? 0 : -1;
}
