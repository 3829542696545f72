/* SPDX-License-Identifier: MIT */
#include "kernel/decode.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <string.h>

/* With these, libnl checks that each attribute is as long as what is read from it. */
static const struct nla_policy command_policy[IPVS_CMD_ATTR_MAX + 1] = {
	[IPVS_CMD_ATTR_SERVICE] = {.type = NLA_NESTED},      [IPVS_CMD_ATTR_DEST] = {.type = NLA_NESTED},
	[IPVS_CMD_ATTR_DAEMON] = {.type = NLA_NESTED},       [IPVS_CMD_ATTR_TIMEOUT_TCP] = {.type = NLA_U32},
	[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN] = {.type = NLA_U32}, [IPVS_CMD_ATTR_TIMEOUT_UDP] = {.type = NLA_U32},
};

static const struct nla_policy service_policy[IPVS_SVC_ATTR_MAX + 1] = {
	[IPVS_SVC_ATTR_AF] = {.type = NLA_U16},
	[IPVS_SVC_ATTR_PROTOCOL] = {.type = NLA_U16},
	[IPVS_SVC_ATTR_ADDR] = {.type = NLA_UNSPEC, .minlen = sizeof(struct in_addr)},
	[IPVS_SVC_ATTR_PORT] = {.type = NLA_U16},
	[IPVS_SVC_ATTR_FWMARK] = {.type = NLA_U32},
	[IPVS_SVC_ATTR_SCHED_NAME] = {.type = NLA_UNSPEC},
	[IPVS_SVC_ATTR_FLAGS] = {.type = NLA_UNSPEC, .minlen = sizeof(struct ip_vs_flags)},
	[IPVS_SVC_ATTR_TIMEOUT] = {.type = NLA_U32},
	[IPVS_SVC_ATTR_NETMASK] = {.type = NLA_U32},
	[IPVS_SVC_ATTR_PE_NAME] = {.type = NLA_UNSPEC},
};

static const struct nla_policy destination_policy[IPVS_DEST_ATTR_MAX + 1] = {
	[IPVS_DEST_ATTR_ADDR] = {.type = NLA_UNSPEC, .minlen = sizeof(struct in_addr)},
	[IPVS_DEST_ATTR_PORT] = {.type = NLA_U16},
	[IPVS_DEST_ATTR_FWD_METHOD] = {.type = NLA_U32},
	[IPVS_DEST_ATTR_WEIGHT] = {.type = NLA_U32},
	[IPVS_DEST_ATTR_U_THRESH] = {.type = NLA_U32},
	[IPVS_DEST_ATTR_L_THRESH] = {.type = NLA_U32},
	[IPVS_DEST_ATTR_ADDR_FAMILY] = {.type = NLA_U16},
	[IPVS_DEST_ATTR_TUN_TYPE] = {.type = NLA_U8},
	[IPVS_DEST_ATTR_TUN_PORT] = {.type = NLA_U16},
	[IPVS_DEST_ATTR_TUN_FLAGS] = {.type = NLA_U16},
};

static const struct nla_policy daemon_policy[IPVS_DAEMON_ATTR_MAX + 1] = {
	[IPVS_DAEMON_ATTR_STATE] = {.type = NLA_U32},
	[IPVS_DAEMON_ATTR_MCAST_IFN] = {.type = NLA_UNSPEC},
	[IPVS_DAEMON_ATTR_SYNC_ID] = {.type = NLA_U32},
	[IPVS_DAEMON_ATTR_SYNC_MAXLEN] = {.type = NLA_U16},
	[IPVS_DAEMON_ATTR_MCAST_GROUP] = {.type = NLA_UNSPEC, .minlen = sizeof(struct in_addr)},
	[IPVS_DAEMON_ATTR_MCAST_GROUP6] = {.type = NLA_UNSPEC, .minlen = sizeof(struct in6_addr)},
	[IPVS_DAEMON_ATTR_MCAST_PORT] = {.type = NLA_U16},
	[IPVS_DAEMON_ATTR_MCAST_TTL] = {.type = NLA_U8},
};

static int malformed(struct error *error, const char *what)
{
	return error_set(error, ERROR_FAILED, "the kernel's IPVS describes a %s in a way that makes no sense", what);
}

/* Takes apart an answer that is one nested attribute `type`. */
static int parse_nested(const struct nlmsghdr *message, int type, struct nlattr **attributes, int last,
			const struct nla_policy *policy, const char *what, struct error *error)
{
	struct nlattr *outer[IPVS_CMD_ATTR_MAX + 1] = {0};
	/* libnl reads the message only, but does not say so. */
	struct nlmsghdr *answer = (struct nlmsghdr *)message;
	if (genlmsg_parse(answer, 0, outer, IPVS_CMD_ATTR_MAX, command_policy) < 0 || !outer[type] ||
	    nla_parse_nested(attributes, last, outer[type], policy) < 0)
		return malformed(error, what);
	return 0;
}

static uint8_t get_u8(struct nlattr *attribute, uint8_t otherwise)
{
	return attribute ? nla_get_u8(attribute) : otherwise;
}

static uint16_t get_u16(struct nlattr *attribute, uint16_t otherwise)
{
	return attribute ? nla_get_u16(attribute) : otherwise;
}

static uint32_t get_u32(struct nlattr *attribute, uint32_t otherwise)
{
	return attribute ? nla_get_u32(attribute) : otherwise;
}

static uint64_t get_u64(struct nlattr *attribute)
{
	return attribute ? nla_get_u64(attribute) : 0;
}

/* Ports are in network order. */
static uint16_t get_port(struct nlattr *attribute)
{
	return ntohs(get_u16(attribute, 0));
}

static void get_name(struct nlattr *attribute, char name[TABLE_NAME_ROOM])
{
	memset(name, 0, TABLE_NAME_ROOM);
	if (attribute)
		nla_strlcpy(name, attribute, TABLE_NAME_ROOM);
}

/* False where there is no address of that family. */
static bool get_address(struct nlattr *attribute, sa_family_t family, struct address *address)
{
	memset(address, 0, sizeof *address);
	size_t length = family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
	if ((family != AF_INET && family != AF_INET6) || !attribute || (size_t)nla_len(attribute) < length)
		return false;
	address->family = family;
	memcpy(&address->v6, nla_data(attribute), length);
	return true;
}

int decode_service(const struct nlmsghdr *message, struct service *service, struct error *error)
{
	struct nlattr *attributes[IPVS_SVC_ATTR_MAX + 1] = {0};
	if (parse_nested(message, IPVS_CMD_ATTR_SERVICE, attributes, IPVS_SVC_ATTR_MAX, service_policy, "service",
			 error) < 0)
		return -1;

	sa_family_t family = get_u16(attributes[IPVS_SVC_ATTR_AF], AF_UNSPEC);
	if (family != AF_INET && family != AF_INET6)
		return malformed(error, "service");
	service_init(service, family);
	service->fwmark = get_u32(attributes[IPVS_SVC_ATTR_FWMARK], 0);
	if (!service->fwmark) {
		uint16_t protocol = get_u16(attributes[IPVS_SVC_ATTR_PROTOCOL], 0);
		if (protocol > UINT8_MAX || !protocol_name((uint8_t)protocol))
			return error_set(error, ERROR_FAILED, "a service has protocol %u, which no snapshot can hold",
					 protocol);
		service->protocol = (uint8_t)protocol;
		service->port = get_port(attributes[IPVS_SVC_ATTR_PORT]);
		if (!get_address(attributes[IPVS_SVC_ATTR_ADDR], family, &service->address))
			return malformed(error, "service");
	}

	get_name(attributes[IPVS_SVC_ATTR_SCHED_NAME], service->scheduler);
	if (!service->scheduler[0])
		strcpy(service->scheduler, "none");
	get_name(attributes[IPVS_SVC_ATTR_PE_NAME], service->persistence_engine);
	if (attributes[IPVS_SVC_ATTR_FLAGS]) {
		struct ip_vs_flags flags;
		memcpy(&flags, nla_data(attributes[IPVS_SVC_ATTR_FLAGS]), sizeof flags);
		service->flags = flags.flags & ~SERVICE_FLAG_HASHED;
	}
	service->timeout = get_u32(attributes[IPVS_SVC_ATTR_TIMEOUT], 0);
	/* A mask for IPv4, a plain number for IPv6. */
	if (attributes[IPVS_SVC_ATTR_NETMASK]) {
		uint32_t netmask = nla_get_u32(attributes[IPVS_SVC_ATTR_NETMASK]);
		service->netmask = family == AF_INET6 ? netmask : ntohl(netmask);
	}
	return 0;
}

int decode_destination(const struct nlmsghdr *message, sa_family_t family, struct destination *destination,
		       struct error *error)
{
	struct nlattr *attributes[IPVS_DEST_ATTR_MAX + 1] = {0};
	if (parse_nested(message, IPVS_CMD_ATTR_DEST, attributes, IPVS_DEST_ATTR_MAX, destination_policy, "destination",
			 error) < 0)
		return -1;

	destination_init(destination);
	sa_family_t own_family = get_u16(attributes[IPVS_DEST_ATTR_ADDR_FAMILY], family);
	if (!get_address(attributes[IPVS_DEST_ATTR_ADDR], own_family, &destination->address))
		return malformed(error, "destination");
	destination->port = get_port(attributes[IPVS_DEST_ATTR_PORT]);
	destination->forward = get_u32(attributes[IPVS_DEST_ATTR_FWD_METHOD], FORWARD_ROUTE) & IP_VS_CONN_F_FWD_MASK;
	destination->weight = get_u32(attributes[IPVS_DEST_ATTR_WEIGHT], 1);
	destination->upper_threshold = get_u32(attributes[IPVS_DEST_ATTR_U_THRESH], 0);
	destination->lower_threshold = get_u32(attributes[IPVS_DEST_ATTR_L_THRESH], 0);
	destination->tunnel.type = get_u8(attributes[IPVS_DEST_ATTR_TUN_TYPE], TUNNEL_IPIP);
	destination->tunnel.port = get_port(attributes[IPVS_DEST_ATTR_TUN_PORT]);
	destination->tunnel.flags = get_u16(attributes[IPVS_DEST_ATTR_TUN_FLAGS], 0);

	/* The kernel takes any number for these two and means nothing by those without a name. */
	char text[ADDRESS_TEXT_ROOM];
	if (!forwarding_method_name(destination->forward))
		return error_set(error, ERROR_FAILED,
				 "destination %s port %u has forwarding method %d, which no snapshot can hold",
				 address_format(&destination->address, text), destination->port,
				 (int)destination->forward);
	if (!tunnel_type_name(destination->tunnel.type))
		return error_set(error, ERROR_FAILED,
				 "destination %s port %u has tunnel type %d, which no snapshot can hold",
				 address_format(&destination->address, text), destination->port,
				 (int)destination->tunnel.type);
	return 0;
}

static int get_counters(struct nlattr *nest, struct counters *counters, struct error *error)
{
	static const struct nla_policy policy[IPVS_STATS_ATTR_MAX + 1] = {
		[IPVS_STATS_ATTR_CONNS] = {.type = NLA_U64},    [IPVS_STATS_ATTR_INPKTS] = {.type = NLA_U64},
		[IPVS_STATS_ATTR_OUTPKTS] = {.type = NLA_U64},  [IPVS_STATS_ATTR_INBYTES] = {.type = NLA_U64},
		[IPVS_STATS_ATTR_OUTBYTES] = {.type = NLA_U64},
	};
	struct nlattr *attributes[IPVS_STATS_ATTR_MAX + 1] = {0};
	if (!nest)
		return error_set(error, ERROR_UNAVAILABLE,
				 "this kernel has no 64-bit counters: Linux 4.1 brought them");
	if (nla_parse_nested(attributes, IPVS_STATS_ATTR_MAX, nest, policy) < 0)
		return malformed(error, "counter");
	counters->connections = get_u64(attributes[IPVS_STATS_ATTR_CONNS]);
	counters->packets_in = get_u64(attributes[IPVS_STATS_ATTR_INPKTS]);
	counters->packets_out = get_u64(attributes[IPVS_STATS_ATTR_OUTPKTS]);
	counters->bytes_in = get_u64(attributes[IPVS_STATS_ATTR_INBYTES]);
	counters->bytes_out = get_u64(attributes[IPVS_STATS_ATTR_OUTBYTES]);
	return 0;
}

int decode_service_counters(const struct nlmsghdr *message, struct counters *counters, struct error *error)
{
	struct nlattr *attributes[IPVS_SVC_ATTR_MAX + 1] = {0};
	if (parse_nested(message, IPVS_CMD_ATTR_SERVICE, attributes, IPVS_SVC_ATTR_MAX, service_policy, "service",
			 error) < 0)
		return -1;
	return get_counters(attributes[IPVS_SVC_ATTR_STATS64], counters, error);
}

int decode_destination_counters(const struct nlmsghdr *message, struct counters *counters, struct error *error)
{
	struct nlattr *attributes[IPVS_DEST_ATTR_MAX + 1] = {0};
	if (parse_nested(message, IPVS_CMD_ATTR_DEST, attributes, IPVS_DEST_ATTR_MAX, destination_policy, "destination",
			 error) < 0)
		return -1;
	counters->active = get_u32(attributes[IPVS_DEST_ATTR_ACTIVE_CONNS], 0);
	counters->inactive = get_u32(attributes[IPVS_DEST_ATTR_INACT_CONNS], 0);
	counters->persistent = get_u32(attributes[IPVS_DEST_ATTR_PERSIST_CONNS], 0);
	return get_counters(attributes[IPVS_DEST_ATTR_STATS64], counters, error);
}

int decode_daemon(const struct nlmsghdr *message, struct sync_daemon *daemon, struct error *error)
{
	struct nlattr *attributes[IPVS_DAEMON_ATTR_MAX + 1] = {0};
	if (parse_nested(message, IPVS_CMD_ATTR_DAEMON, attributes, IPVS_DAEMON_ATTR_MAX, daemon_policy, "sync daemon",
			 error) < 0)
		return -1;

	*daemon = (struct sync_daemon){.role = get_u32(attributes[IPVS_DAEMON_ATTR_STATE], IP_VS_STATE_NONE)};
	if (!daemon_role_name(daemon->role))
		return malformed(error, "sync daemon");
	get_name(attributes[IPVS_DAEMON_ATTR_MCAST_IFN], daemon->interface);
	daemon->sync_id = get_u32(attributes[IPVS_DAEMON_ATTR_SYNC_ID], 0);
	daemon->max_length = get_u16(attributes[IPVS_DAEMON_ATTR_SYNC_MAXLEN], 0);
	if (attributes[IPVS_DAEMON_ATTR_MCAST_GROUP6])
		get_address(attributes[IPVS_DAEMON_ATTR_MCAST_GROUP6], AF_INET6, &daemon->group);
	else if (attributes[IPVS_DAEMON_ATTR_MCAST_GROUP])
		get_address(attributes[IPVS_DAEMON_ATTR_MCAST_GROUP], AF_INET, &daemon->group);
	/* Unlike all other ports, in host order. */
	daemon->port = get_u16(attributes[IPVS_DAEMON_ATTR_MCAST_PORT], 0);
	daemon->ttl = get_u8(attributes[IPVS_DAEMON_ATTR_MCAST_TTL], 0);
	return 0;
}

int decode_timeouts(const struct nlmsghdr *message, struct timeouts *timeouts, struct error *error)
{
	struct nlattr *attributes[IPVS_CMD_ATTR_MAX + 1] = {0};
	if (genlmsg_parse((struct nlmsghdr *)message, 0, attributes, IPVS_CMD_ATTR_MAX, command_policy) < 0)
		return error_set(error, ERROR_FAILED,
				 "the kernel's IPVS describes its timeouts in a way that makes no sense");
	timeouts->tcp = get_u32(attributes[IPVS_CMD_ATTR_TIMEOUT_TCP], timeouts->tcp);
	timeouts->tcp_fin = get_u32(attributes[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN], timeouts->tcp_fin);
	timeouts->udp = get_u32(attributes[IPVS_CMD_ATTR_TIMEOUT_UDP], timeouts->udp);
	return 0;
}
