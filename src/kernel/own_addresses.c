/* SPDX-License-Identifier: MIT */
#include "kernel/own_addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>

#include "base/memory.h"

void own_addresses_read(struct own_addresses *own)
{
	if (getifaddrs(&own->list) < 0)
		own->list = NULL;
}

void own_addresses_clear(struct own_addresses *own)
{
	if (own->list)
		freeifaddrs(own->list);
}

static in_addr_t ipv4_of(const struct sockaddr *socket_address)
{
	return ((const struct sockaddr_in *)(const void *)socket_address)->sin_addr.s_addr;
}

static bool is_up(const struct ifaddrs *entry, sa_family_t family)
{
	return (entry->ifa_flags & IFF_UP) && entry->ifa_addr && entry->ifa_addr->sa_family == family;
}

static bool is_own(const struct own_addresses *own, const struct address *address)
{
	for (const struct ifaddrs *entry = own->list; entry; entry = entry->ifa_next) {
		if (!is_up(entry, address->family))
			continue;
		if (address->family == AF_INET && ipv4_of(entry->ifa_addr) == address->v4.s_addr)
			return true;
		if (address->family == AF_INET6 &&
		    IN6_ARE_ADDR_EQUAL(&((const struct sockaddr_in6 *)(const void *)entry->ifa_addr)->sin6_addr,
				       &address->v6))
			return true;
	}
	return false;
}

/*
 * The routes that fib_add_ifaddr() in fib_frontend.c makes: to the broadcast address that was given, and to the last
 * address of the network, but for networks of one or two addresses.
 */
static bool is_broadcast_of(const struct ifaddrs *entry, const struct address *address)
{
	if (!is_up(entry, AF_INET) || !entry->ifa_netmask)
		return false;
	if ((entry->ifa_flags & IFF_BROADCAST) && entry->ifa_broadaddr &&
	    ipv4_of(entry->ifa_broadaddr) == address->v4.s_addr)
		return true;
	in_addr_t host_part = ~ipv4_of(entry->ifa_netmask);
	return ntohl(host_part) > 1 && (ipv4_of(entry->ifa_addr) | host_part) == address->v4.s_addr;
}

char *own_addresses_refusal(const struct own_addresses *own, const struct address *address)
{
	if (address->family == AF_INET6)
		return own->list && IN6_IS_ADDR_LINKLOCAL(&address->v6) && !is_own(own, address)
			       ? memory_copy_string("its address is link-local and not one of this host's own")
			       : NULL;
	for (const struct ifaddrs *entry = own->list; entry; entry = entry->ifa_next) {
		if (is_broadcast_of(entry, address) && !is_own(own, address))
			return memory_printf("its address is the broadcast address of %s", entry->ifa_name);
	}
	return NULL;
}
