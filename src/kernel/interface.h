/* SPDX-License-Identifier: MIT */
/* Whether network interfaces are there. Internal to src/kernel/. */
#ifndef IPVS_ISO_KERNEL_INTERFACE_H
#define IPVS_ISO_KERNEL_INTERFACE_H

enum interface_state {
	INTERFACE_ABSENT,
	INTERFACE_DOWN,
	INTERFACE_UP,
	INTERFACE_UNKNOWN /* the kernel does not list them */
};

/* In this process's network namespace. */
enum interface_state interface_state(const char *name);

#endif
