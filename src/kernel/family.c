/* SPDX-License-Identifier: MIT */
#include "kernel/family.h"

#include <unistd.h>

#include "kernel/module.h"
#include "kernel/netlink.h"

static int no_ipvs(struct error *error, const struct error *why)
{
	error_set(error, ERROR_UNAVAILABLE, "this kernel has no IPVS%s%s", why ? ": " : "", why ? why->message : "");
	return error_remedy(error, "load its module as root (modprobe ip_vs)");
}

int family_find(struct ipvs *ipvs, struct error *error)
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

bool family_find_again(struct ipvs *ipvs, struct error *error)
{
	/* Generic netlink's answer to a number that is no family (any more) is ENOENT, but others are too. */
	if (error->kind != ERROR_NOT_FOUND)
		return false;
	int old = ipvs->family;
	CLEANUP_ERROR struct error why = ERROR_INIT;
	if (family_find(ipvs, &why) < 0) {
		error_context(error, "%s", why.message);
		return false;
	}
	if (ipvs->family == old)
		return false;
	error_clear(error);
	return true;
}
