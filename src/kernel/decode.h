/* SPDX-License-Identifier: MIT */
/*
 * The kernel's answers as parts of a table. Attributes that are not known are ignored and missing ones left at their
 * defaults, so that older and newer kernels can be read; what no snapshot could say is an error. Internal to
 * src/kernel/. All of these return 0, or -1 with an error.
 */
#ifndef IPVS_ISO_KERNEL_DECODE_H
#define IPVS_ISO_KERNEL_DECODE_H

#include <linux/netlink.h>

#include "base/error.h"
#include "table/table.h"

/* Fills a service without destinations from an answer to IPVS_CMD_GET_SERVICE. */
int decode_service(const struct nlmsghdr *message, struct service *service, struct error *error);

/* Fills a destination from an answer to IPVS_CMD_GET_DEST. Old kernels do not say its family: then it is `family`. */
int decode_destination(const struct nlmsghdr *message, sa_family_t family, struct destination *destination,
		       struct error *error);

/* Fills a daemon from an answer to IPVS_CMD_GET_DAEMON. */
int decode_daemon(const struct nlmsghdr *message, struct sync_daemon *daemon, struct error *error);

/* Fills the timeouts from an answer to IPVS_CMD_GET_CONFIG; those that the kernel does not have stay as they are. */
int decode_timeouts(const struct nlmsghdr *message, struct timeouts *timeouts, struct error *error);

/* The counters that the same messages hold; those of destinations tell of connections, too. */
int decode_service_counters(const struct nlmsghdr *message, struct counters *counters, struct error *error);
int decode_destination_counters(const struct nlmsghdr *message, struct counters *counters, struct error *error);

#endif
