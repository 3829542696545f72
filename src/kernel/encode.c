/* SPDX-License-Identifier: MIT */
#include "kernel/encode.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <stdlib.h>
#include <string.h>

static void put_u8(struct nl_msg *request, int type, uint8_t value)
{
	netlink_put(request, type, &value, sizeof value);
}

static void put_u16(struct nl_msg *request, int type, uint16_t value)
{
	netlink_put(request, type, &value, sizeof value);
}

static void put_u32(struct nl_msg *request, int type, uint32_t value)
{
	netlink_put(request, type, &value, sizeof value);
}

static void put_string(struct nl_msg *request, int type, const char *value)
{
	netlink_put(request, type, value, strlen(value) + 1);
}

/* The kernel's union nf_inet_addr: 16 bytes for both families, of which IPv4 uses the first four. */
static void put_address(struct nl_msg *request, int type, const struct address *address)
{
	struct in6_addr bytes = {0};
	if (address->family == AF_INET6)
		bytes = address->v6;
	else
		memcpy(&bytes, &address->v4, sizeof address->v4);
	netlink_put(request, type, &bytes, sizeof bytes);
}

static struct nlattr *begin(struct nl_msg *request, int type)
{
	struct nlattr *nest = nla_nest_start(request, type);
	if (!nest)
		abort(); /* a request has room for all that is put into it: see netlink_put() */
	return nest;
}

static void put_service_name(struct nl_msg *request, const struct service *service)
{
	put_u16(request, IPVS_SVC_ATTR_AF, service->family);
	if (service->fwmark) {
		put_u32(request, IPVS_SVC_ATTR_FWMARK, service->fwmark);
		return;
	}
	put_u16(request, IPVS_SVC_ATTR_PROTOCOL, service->protocol);
	put_address(request, IPVS_SVC_ATTR_ADDR, &service->address);
	put_u16(request, IPVS_SVC_ATTR_PORT, htons(service->port));
}

struct nl_msg *encode_service_name(const struct ipvs *ipvs, uint8_t command, const struct service *service)
{
	struct nl_msg *request = netlink_request(ipvs, command);
	struct nlattr *nest = begin(request, IPVS_CMD_ATTR_SERVICE);
	put_service_name(request, service);
	nla_nest_end(request, nest);
	return request;
}

struct nl_msg *encode_service(const struct ipvs *ipvs, uint8_t command, const struct service *service)
{
	/* The mask says which flags are meant; without it the kernel would keep some of an edited service's own. */
	struct ip_vs_flags flags = {
		.flags = service->flags & ~(uint32_t)IP_VS_SVC_F_HASHED,
		.mask = ~(uint32_t)IP_VS_SVC_F_HASHED,
	};
	bool ipv6 = service->family == AF_INET6;

	struct nl_msg *request = netlink_request(ipvs, command);
	struct nlattr *nest = begin(request, IPVS_CMD_ATTR_SERVICE);
	put_service_name(request, service);
	put_string(request, IPVS_SVC_ATTR_SCHED_NAME, service->scheduler);
	/* An edit without this attribute takes the engine away, as an empty name would. */
	if (service->persistence_engine[0])
		put_string(request, IPVS_SVC_ATTR_PE_NAME, service->persistence_engine);
	netlink_put(request, IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
	put_u32(request, IPVS_SVC_ATTR_TIMEOUT, service->timeout);
	put_u32(request, IPVS_SVC_ATTR_NETMASK, ipv6 ? service->netmask : htonl(service->netmask));
	nla_nest_end(request, nest);
	return request;
}

struct nl_msg *encode_destination(const struct ipvs *ipvs, uint8_t command, const struct service *service,
				  const struct destination *destination)
{
	struct nl_msg *request = encode_service_name(ipvs, command, service);
	struct nlattr *nest = begin(request, IPVS_CMD_ATTR_DEST);
	put_u16(request, IPVS_DEST_ATTR_ADDR_FAMILY, destination->address.family);
	put_address(request, IPVS_DEST_ATTR_ADDR, &destination->address);
	put_u16(request, IPVS_DEST_ATTR_PORT, htons(destination->port));
	put_u32(request, IPVS_DEST_ATTR_FWD_METHOD, destination->forward);
	put_u32(request, IPVS_DEST_ATTR_WEIGHT, destination->weight);
	put_u32(request, IPVS_DEST_ATTR_U_THRESH, destination->upper_threshold);
	put_u32(request, IPVS_DEST_ATTR_L_THRESH, destination->lower_threshold);
	put_u8(request, IPVS_DEST_ATTR_TUN_TYPE, (uint8_t)destination->tunnel.type);
	put_u16(request, IPVS_DEST_ATTR_TUN_PORT, htons(destination->tunnel.port));
	put_u16(request, IPVS_DEST_ATTR_TUN_FLAGS, destination->tunnel.flags);
	nla_nest_end(request, nest);
	return request;
}

struct nl_msg *encode_daemon(const struct ipvs *ipvs, uint8_t command, const struct sync_daemon *daemon)
{
	struct nl_msg *request = netlink_request(ipvs, command);
	struct nlattr *nest = begin(request, IPVS_CMD_ATTR_DAEMON);
	put_u32(request, IPVS_DAEMON_ATTR_STATE, daemon->role);
	put_string(request, IPVS_DAEMON_ATTR_MCAST_IFN, daemon->interface);
	put_u32(request, IPVS_DAEMON_ATTR_SYNC_ID, daemon->sync_id);
	if (daemon->max_length)
		put_u16(request, IPVS_DAEMON_ATTR_SYNC_MAXLEN, daemon->max_length);
	if (daemon->group.family == AF_INET6)
		netlink_put(request, IPVS_DAEMON_ATTR_MCAST_GROUP6, &daemon->group.v6, sizeof daemon->group.v6);
	else if (daemon->group.family == AF_INET)
		netlink_put(request, IPVS_DAEMON_ATTR_MCAST_GROUP, &daemon->group.v4, sizeof daemon->group.v4);
	/* Unlike the ports of services and destinations, the kernel takes this one in host order. */
	if (daemon->port)
		put_u16(request, IPVS_DAEMON_ATTR_MCAST_PORT, daemon->port);
	if (daemon->ttl)
		put_u8(request, IPVS_DAEMON_ATTR_MCAST_TTL, daemon->ttl);
	nla_nest_end(request, nest);
	return request;
}

struct nl_msg *encode_timeouts(const struct ipvs *ipvs, const struct timeouts *timeouts)
{
	struct nl_msg *request = netlink_request(ipvs, IPVS_CMD_SET_CONFIG);
	put_u32(request, IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts->tcp);
	put_u32(request, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts->tcp_fin);
	put_u32(request, IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts->udp);
	return request;
}
