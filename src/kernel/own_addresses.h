/* SPDX-License-Identifier: MIT */
/* The addresses of this network namespace: they decide what the kernel takes for a destination. For src/kernel/. */
#ifndef IPVS_ISO_KERNEL_OWN_ADDRESSES_H
#define IPVS_ISO_KERNEL_OWN_ADDRESSES_H

#include "table/table.h"

struct ifaddrs;

struct own_addresses {
	struct ifaddrs *list; /* getifaddrs(3)'s; NULL where it failed */
};

#define CLEANUP_OWN_ADDRESSES __attribute__((cleanup(own_addresses_clear)))
void own_addresses_read(struct own_addresses *own);
void own_addresses_clear(struct own_addresses *own);

/*
 * Why the kernel would refuse a destination of that address here, as a clause for a message: it is link-local and not
 * the host's own, or a broadcast address of an interface. NULL where neither is known. See ip_vs_add_dest() in
 * ip_vs_ctl.c. The caller frees.
 */
char *own_addresses_refusal(const struct own_addresses *own, const struct address *address);

#endif
