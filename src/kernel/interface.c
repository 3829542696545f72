/* SPDX-License-Identifier: MIT */
#include "kernel/interface.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

/* Listed and not asked for by name: an ioctl(2) for a name that is not there makes the kernel load a module for it. */
enum interface_state interface_state(const char *name)
{
	struct ifaddrs *list;
	if (getifaddrs(&list) < 0)
		return INTERFACE_UNKNOWN;
	enum interface_state state = INTERFACE_ABSENT;
	for (const struct ifaddrs *entry = list; entry && state == INTERFACE_ABSENT; entry = entry->ifa_next) {
		if (strcmp(entry->ifa_name, name) == 0)
			state = entry->ifa_flags & IFF_UP ? INTERFACE_UP : INTERFACE_DOWN;
	}
	freeifaddrs(list);
	return state;
}
