/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the protocol itself: ietf-netconf-monitoring (RFC 6022), the YANG library (RFC
 * 8525), the streams of RFC 5277, the counters of RFC 8341.
 */
#ifndef CONFIG_NETCONF_MONITORING_H
#define CONFIG_NETCONF_MONITORING_H

#include "config/netconf/filter.h"
#include "config/netconf/service.h"

/* Adds to *tree what is of the modules that the filter wants. False: memory is out. */
bool monitoring_add(struct service *service, const struct filter *filter, struct lyd_node **tree);

#endif
