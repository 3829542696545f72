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
#include "table/rules.h"

/* How many remaining differences an error lists. */
#define LISTED_DIFFERENCES 10

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

/* One difference a line, as in "+ -a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 1": what would still have to be done. */
static char *list_differences(const struct changes *changes)
{
	static const char marks[] = {[CHANGE_ADD] = '+', [CHANGE_EDIT] = '~', [CHANGE_REMOVE] = '-'};
	char *list = memory_copy_string("");
	for (size_t i = 0; i < changes->list.count && i < LISTED_DIFFERENCES; i++) {
		const struct change *change = &changes->list.items[i];
		CLEANUP_FREE char *text = change_text(change);
		char *longer = memory_printf("%s\n  %c %s", list, marks[change->action], text);
		free(list);
		list = longer;
	}
	return list;
}

static int verify(struct ipvs *ipvs, const struct table *wanted, struct error *error)
{
	CLEANUP_TABLE struct table live;
	table_init(&live);
	if (ipvs_read(ipvs, &live, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes remaining = {0};
	table_diff(&remaining, &live, wanted);
	size_t count = remaining.list.count;
	if (count == 0)
		return 0;

	CLEANUP_FREE char *list = list_differences(&remaining);
	CLEANUP_FREE char *more =
		count > LISTED_DIFFERENCES ? memory_printf("\n  and %zu more", count - LISTED_DIFFERENCES) : NULL;
	return error_set(error, ERROR_FAILED,
			 "the kernel took every change, and yet the table is not as it should be; still to do:%s%s",
			 list, more ? more : "");
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
