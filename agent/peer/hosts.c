/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/hosts.h"

/* Where it stands; the count if it does not. */
static size_t find(const struct hosts *hosts, const struct address_host *host)
{
    size_t at = 0;

    while (at < hosts->count && !address_host_equal(&hosts->places[at].host, host))
        at++;
    return at;
}

static size_t oldest(const struct hosts *hosts)
{
    size_t found = 0;

    for (size_t i = 1; i < hosts->count; i++) {
        if (hosts->places[i].used < hosts->places[found].used)
            found = i;
    }
    return found;
}

void hosts_note(struct hosts *hosts, const struct address_host *host)
{
    size_t at = find(hosts, host);

    if (at == HOSTS_MAX)
        at = oldest(hosts);
    else if (at == hosts->count)
        hosts->count++;
    hosts->places[at].host = *host;
    hosts->places[at].used = ++hosts->uses;
}

bool hosts_has(const struct hosts *hosts, const struct address_host *host)
{
    return find(hosts, host) < hosts->count;
}
