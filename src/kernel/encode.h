/* SPDX-License-Identifier: MIT */
/*
 * Parts of a table as requests to the kernel: the attributes of include/uapi/linux/ip_vs.h. Internal to src/kernel/.
 * All of these return a request that the caller frees with nlmsg_free(); `command` is an IPVS_CMD_*.
 */
#ifndef IPVS_ISO_KERNEL_ENCODE_H
#define IPVS_ISO_KERNEL_ENCODE_H

#include "kernel/netlink.h"
#include "table/table.h"

/* What names the service and nothing else: for IPVS_CMD_DEL_SERVICE and to ask for its destinations. */
struct nl_msg *encode_service_name(const struct ipvs *ipvs, uint8_t command, const struct service *service);

/* All of a service but its destinations: for IPVS_CMD_NEW_SERVICE and IPVS_CMD_SET_SERVICE. */
struct nl_msg *encode_service(const struct ipvs *ipvs, uint8_t command, const struct service *service);

/* A destination of `service`, with all its options: for IPVS_CMD_NEW_DEST, _SET_DEST and _DEL_DEST. */
struct nl_msg *encode_destination(const struct ipvs *ipvs, uint8_t command, const struct service *service,
				  const struct destination *destination);

/* For IPVS_CMD_NEW_DAEMON and IPVS_CMD_DEL_DAEMON. */
struct nl_msg *encode_daemon(const struct ipvs *ipvs, uint8_t command, const struct sync_daemon *daemon);

/* For IPVS_CMD_SET_CONFIG. The kernel takes a 0 to mean that this timeout stays as it is. */
struct nl_msg *encode_timeouts(const struct ipvs *ipvs, const struct timeouts *timeouts);

#endif
