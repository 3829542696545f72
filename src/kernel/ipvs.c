/* SPDX-License-Identifier: MIT */
/* The door to the live table: opening and closing it, and making the table what it should be. */
#include "kernel/ipvs.h"

#include <linux/ip_vs.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "kernel/connections.h"
#include "kernel/family.h"
#include "kernel/netlink.h"
#include "kernel/read.h"
#include "kernel/rivals.h"
#include "kernel/sysctls.h"
#include "table/rules.h"

/* Every request of IPVS, reading ones too, needs the same right (GENL_ADMIN_PERM), so the most harmless one tells. */
static int try_permission(struct ipvs *ipvs, struct error *error)
{
	CLEANUP_REQUEST struct nl_msg *request = netlink_request(ipvs, IPVS_CMD_GET_INFO);
	if (netlink_ask(ipvs, request, false, NULL, NULL, NULL, error) == 0)
		return 0;
	if (error->kind != ERROR_PERMISSION)
		return -1;
	error_set(error, ERROR_PERMISSION,
		  "no permission for this kernel's IPVS: CAP_NET_ADMIN in the initial user namespace is needed");
	return error_remedy(error, "run it as root outside of user namespaces");
}

struct ipvs *ipvs_open(struct error *error)
{
	struct ipvs *ipvs = memory_allocate(1, sizeof *ipvs);
	ipvs->sysctls = -1;
	ipvs->connections = -1;
	if (netlink_connect(ipvs, error) < 0 || family_find(ipvs, error) < 0 || try_permission(ipvs, error) < 0 ||
	    sysctls_open(ipvs, error) < 0) {
		ipvs_close(ipvs);
		return NULL;
	}
	connections_open(ipvs);
	return ipvs;
}

void ipvs_close(struct ipvs *ipvs)
{
	if (!ipvs)
		return;
	netlink_close(ipvs);
	sysctls_close(ipvs);
	connections_close(ipvs);
	free(ipvs);
}

void ipvs_cleanup(struct ipvs **ipvs)
{
	ipvs_close(*ipvs);
}

/* Whether a change of ours wrote what differs. Both lists point into the table that was wanted. */
static bool wrote(const struct change *ours, const struct change *rest)
{
	if (ours->subject != rest->subject)
		return false;
	switch (rest->subject) {
	case SUBJECT_SERVICE:
	case SUBJECT_DESTINATION:
		return ours->service_to == rest->service_from && ours->destination_to == rest->destination_from;
	case SUBJECT_TIMEOUTS:
		return ours->timeouts_to == rest->timeouts_from;
	case SUBJECT_DAEMON:
		return ours->daemon_to == rest->daemon_from;
	case SUBJECT_SYSCTL:
		return ours->sysctl_to == rest->sysctl_from;
	}
	return false;
}

static bool is_ours(const struct changes *ours, const struct change *rest)
{
	for (size_t i = 0; i < ours->list.count; i++) {
		if (wrote(&ours->list.items[i], rest))
			return true;
	}
	return false;
}

/* Whether all that remains are other values in what we wrote. */
static bool are_adjustments(const struct changes *ours, const struct changes *rest)
{
	for (size_t i = 0; i < rest->list.count; i++) {
		const struct change *change = &rest->list.items[i];
		if (change->action != CHANGE_EDIT || !is_ours(ours, change))
			return false;
	}
	return true;
}

/* Whether the table is still what it was in `live`; 1, 0, or -1 with an error. */
static int stays(struct ipvs *ipvs, const struct table *live, struct error *error)
{
	CLEANUP_TABLE struct table later;
	table_init(&later);
	if (ipvs_read(ipvs, &later, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes moved = {0};
	table_diff(&moved, live, &later);
	return moved.list.count == 0;
}

static int verify(struct ipvs *ipvs, const struct table *wanted, const struct changes *ours, struct error *error)
{
	CLEANUP_TABLE struct table live;
	table_init(&live);
	if (read_changed(ipvs, wanted, ours, &live, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes rest = {0};
	table_diff(&rest, wanted, &live);
	if (rest.list.count == 0)
		return 0;

	/* The kernel adjusts some values to its own limits, as the length of sync messages to the interface's MTU. */
	int still = are_adjustments(ours, &rest) ? stays(ipvs, &live, error) : 0;
	if (still < 0)
		return -1;
	if (still) {
		CLEANUP_FREE char *list = rivals_list(&rest);
		error_set(error, ERROR_FAILED, "the kernel took every change of ours, but made something else of:");
		error_add_lines(error, list);
		return error_remedy(error, "ask for the values that the kernel makes of them");
	}
	return rivals_blame(error, "the kernel took every change of ours, and when the table was read again", &rest);
}

/* Behind a refusal: what is not as it should be, now that all else has been tried. */
static int say_what_remains(struct ipvs *ipvs, const struct table *wanted, struct error *error)
{
	CLEANUP_ERROR struct error unreadable = ERROR_INIT;
	CLEANUP_TABLE struct table live;
	table_init(&live);
	if (ipvs_read(ipvs, &live, &unreadable) < 0)
		return -1;
	CLEANUP_CHANGES struct changes rest = {0};
	table_diff(&rest, &live, wanted);
	CLEANUP_FREE char *list = rivals_list(&rest);
	error_add_lines(error, "; all else was done, and this remains to be done:");
	return error_add_lines(error, list);
}

/* `refused` says whether it failed because the kernel did not take every change. */
static int make_equal(struct ipvs *ipvs, const struct table *live, const struct table *wanted, bool *refused,
		      struct error *error)
{
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, live, wanted);
	*refused = false;
	if (changes.list.count == 0)
		return 0;
	*refused = ipvs_apply(ipvs, &changes, error) < 0;
	return *refused ? -1 : verify(ipvs, wanted, &changes, error);
}

int ipvs_restore(struct ipvs *ipvs, const struct table *live, const struct table *wanted, struct error *error)
{
	bool refused;
	return make_equal(ipvs, live, wanted, &refused, error);
}

int ipvs_restore_all(struct ipvs *ipvs, const struct table *live, const struct table *wanted, struct error *error)
{
	bool refused;
	int failed = make_equal(ipvs, live, wanted, &refused, error);
	return refused ? say_what_remains(ipvs, wanted, error) : failed;
}
