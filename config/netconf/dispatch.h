/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message becomes an operation: read, permitted, validated, done, answered.
 */
#ifndef CONFIG_NETCONF_DISPATCH_H
#define CONFIG_NETCONF_DISPATCH_H

#include "config/netconf/session.h"

/*
 * A message of a session whose hello came: it is answered, at once or when the disk has, or the
 * session ends. `lost`: it is the beginning of one that does not come to its end, and why; it is
 * answered if its message-id came.
 */
void dispatch(struct nc_session *session, const char *text, size_t len, const char *lost);

#endif
