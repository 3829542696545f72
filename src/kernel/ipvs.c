/* SPDX-License-Identifier: MIT */
/* The door to the live table: opening and closing it, and making the table what it should be. */
#include "kernel/ipvs.h"

#include <linux/ip_vs.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "kernel/module.h"
#include "kernel/netlink.h"
#include "kernel/rivals.h"
#include "table/rules.h"

/* How many remaining differences an error lists. */

static int no_ipvs(struct error *error, const struct error *why)
{
	error_set(error, ERROR_UNAVAILABLE, "this kernel has no IPVS%s%s", why ? ": " : "", why ? why->message : "");
	return error_remedy(error, "load its module as root (modprobe ip_vs), or bring a kernel that has it "
				   "(--kernel uml)");
}

/* Makes sure that there is an IPVS to talk to. */
static int find_ipvs(struct ipvs *ipvs, struct error *error)
{
	if (netlink_find_family(ipvs))
		return 0;
	if (geteuid() != 0)
		return no_ipvs(error, NULL);
	CLEANUP_ERROR struct error why = ERROR_INIT;
	if (module_load(NULL, "ip_vs", &why) < 0)
		return no_ipvs(error, &why);
	return netlink_find_family(ipvs) ? 0 : no_ipvs(error, NULL);
}

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
	return error_remedy(error, "run it as root outside of user namespaces, or bring a kernel of your own "
				   "(--kernel uml)");
}

struct ipvs *ipvs_open(struct error *error)
{
	struct ipvs *ipvs = memory_allocate(1, sizeof *ipvs);
	if (netlink_connect(ipvs, error) < 0 || find_ipvs(ipvs, error) < 0 || try_permission(ipvs, error) < 0) {
		ipvs_close(ipvs);
		return NULL;
	}
	return ipvs;
}

void ipvs_close(struct ipvs *ipvs)
{
	if (!ipvs)
		return;
	netlink_close(ipvs);
	free(ipvs);
}

void ipvs_cleanup(struct ipvs **ipvs)
{
	ipvs_close(*ipvs);
}

static int verify(struct ipvs *ipvs, const struct table *wanted, struct error *error)
{
	CLEANUP_TABLE struct table live;
	table_init(&live);
	if (ipvs_read(ipvs, &live, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes changed = {0};
	table_diff(&changed, wanted, &live);
	if (changed.list.count == 0)
		return 0;
	return rivals_blame(error, "the kernel took every change of ours, and when the table was read again", &changed);
}

int ipvs_restore(struct ipvs *ipvs, const struct table *wanted, struct error *error)
{
	CLEANUP_TABLE struct table live;
	table_init(&live);
	if (ipvs_read(ipvs, &live, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &live, wanted);
	if (changes.list.count == 0)
		return 0;
	if (ipvs_apply(ipvs, &changes, error) < 0)
		return -1;
	return verify(ipvs, wanted, error);
}
