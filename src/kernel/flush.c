/* SPDX-License-Identifier: MIT */
/* ipvs_flush(): the empty table. */
#include "kernel/ipvs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <string.h>

#include "kernel/connections.h"
#include "kernel/encode.h"
#include "kernel/family.h"
#include "kernel/netlink.h"

/* How long, and how often, the kernel is given to drop connections while their number still falls. */
#define DRAIN_MS 1000
#define DRAIN_ROUNDS 5

/* Any mark will do that nobody else has: of ours the table holds nothing when it is used. */
#define BAIT_MARK 0x69707673u

/* For requests that may fail without harm. */
static void ignore_refusal(const void *subject, int number, const char *reason, void *context)
{
	(void)subject;
	(void)number;
	(void)reason;
	(void)context;
}

/*
 * IPVS_CMD_FLUSH alone would do, but then putting many destinations back takes time that grows with the square of
 * their number: the kernel keeps removed destinations for two minutes in a list and searches that for each one that is
 * added, newest first (ip_vs_trash_get_dest() in ip_vs_ctl.c). The services are removed in the reverse of the order in
 * which a restore adds them (table_diff()), so that what it looks for is always at the head.
 */
static int remove_services(struct ipvs *ipvs, const struct table *table, struct error *error)
{
	CLEANUP_BATCH struct batch batch = {.ipvs = ipvs, .refused = ignore_refusal};
	for (size_t i = table->services.count; i-- > 0;) {
		CLEANUP_REQUEST struct nl_msg *request =
			encode_service_name(ipvs, IPVS_CMD_DEL_SERVICE, &table->services.items[i]);
		if (batch_add(&batch, request, NULL, error) < 0)
			return -1;
	}
	return batch_send(&batch, error);
}

static int stop_daemon(struct ipvs *ipvs, enum daemon_role role, struct error *error)
{
	const struct sync_daemon daemon = {.role = role};
	CLEANUP_REQUEST struct nl_msg *request = encode_daemon(ipvs, IPVS_CMD_DEL_DAEMON, &daemon);
	int refused;
	if (netlink_ask(ipvs, request, false, NULL, NULL, &refused, error) == 0)
		return 0;
	if (refused != ESRCH)
		return -1;
	error_clear(error); /* it does not run */
	return 0;
}

static int reset_timeouts(struct ipvs *ipvs, struct error *error)
{
	const struct timeouts timeouts = TIMEOUTS_DEFAULT;
	CLEANUP_REQUEST struct nl_msg *request = encode_timeouts(ipvs, &timeouts);
	return netlink_ask(ipvs, request, false, NULL, NULL, NULL, error);
}

/*
 * Makes the kernel look for connections whose destination is gone. It does so only when a destination is removed while
 * expire_nodest_conn is 1 (__ip_vs_del_dest() in ip_vs_ctl.c, since Linux 5.9), and those of the connections that are
 * left may have been removed long ago. So one is added and removed again, with its service, in one go.
 */
static int provoke_expiry(struct ipvs *ipvs, struct error *error)
{
	struct service bait;
	service_init(&bait, AF_INET);
	bait.fwmark = BAIT_MARK;
	strcpy(bait.scheduler, "none");
	struct destination destination;
	destination_init(&destination);
	destination.address.family = AF_INET;
	destination.address.v4.s_addr = htonl(INADDR_LOOPBACK);

	CLEANUP_BATCH struct batch batch = {.ipvs = ipvs, .refused = ignore_refusal};
	CLEANUP_REQUEST struct nl_msg *add = encode_service(ipvs, IPVS_CMD_NEW_SERVICE, &bait);
	CLEANUP_REQUEST struct nl_msg *fill = encode_destination(ipvs, IPVS_CMD_NEW_DEST, &bait, &destination);
	CLEANUP_REQUEST struct nl_msg *remove = encode_service_name(ipvs, IPVS_CMD_DEL_SERVICE, &bait);
	if (batch_add(&batch, add, NULL, error) < 0 || batch_add(&batch, fill, NULL, error) < 0 ||
	    batch_add(&batch, remove, NULL, error) < 0)
		return -1;
	return batch_send(&batch, error);
}

/*
 * With expire_nodest_conn set. A connection that is in use at the moment is spared, so this is tried again. What never
 * goes this way are connections that have no destination at all: those that a backup daemon received, and those of
 * cache_bypass. The kernel has no request that drops them; they stay until they time out.
 */
static int drain(struct ipvs *ipvs, size_t count, struct error *error)
{
	for (int round = 0; count > 0 && round < DRAIN_ROUNDS; round++) {
		size_t before = count;
		if (provoke_expiry(ipvs, error) < 0 || connections_drain(ipvs, DRAIN_MS, &count, error) < 0)
			return -1;
		if (count >= before)
			break;
	}
	return 0;
}

static int drop_connections(struct ipvs *ipvs, struct error *error)
{
	size_t count;
	if (connections_count(ipvs, &count, error) < 0)
		return -1;
	if (count == 0)
		return 0;

	/* Where sysctls may not be written (as in most containers) the connections stay until they time out. That is no
	   failure of a flush; whoever wants to know counts them. */
	int old;
	CLEANUP_ERROR struct error refused = ERROR_INIT;
	if (connections_expire_begin(ipvs, &old, &refused) < 0)
		return 0;
	if (drain(ipvs, count, error) < 0) {
		connections_expire_end(ipvs, old, &refused);
		return -1;
	}
	return connections_expire_end(ipvs, old, error);
}

static int flush(struct ipvs *ipvs, const struct table *known, struct error *error)
{
	/* The daemons first: a backup makes connections. */
	for (size_t i = 0; i < known->daemons.count; i++) {
		if (stop_daemon(ipvs, known->daemons.items[i].role, error) < 0)
			return -1;
	}
	if (remove_services(ipvs, known, error) < 0 || reset_timeouts(ipvs, error) < 0 ||
	    drop_connections(ipvs, error) < 0)
		return -1;
	return 0;
}

int ipvs_flush(struct ipvs *ipvs, const struct table *known, struct error *error)
{
	int result = flush(ipvs, known, error);
	if (result < 0 && family_find_again(ipvs, error))
		result = flush(ipvs, known, error);
	return result < 0 ? error_context(error, "cannot flush the IPVS table") : 0;
}
