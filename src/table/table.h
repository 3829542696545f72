/* SPDX-License-Identifier: MIT */
/*
 * What an IPVS table is: everything that the kernel lets one set, per network namespace.
 *
 * Nothing in src/table/ touches a system. The limits and the defaults are those of the kernel's
 * include/uapi/linux/ip_vs.h and net/netfilter/ipvs/ip_vs_ctl.c.
 */
#ifndef IPVS_ISO_TABLE_TABLE_H
#define IPVS_ISO_TABLE_TABLE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"

/* An IPv4 or an IPv6 address. Unused bytes are zero, so that two equal addresses are equal bytes. */
struct address {
	sa_family_t family; /* AF_INET or AF_INET6 */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

/* IP_VS_CONN_F_*: how packets reach a destination. */
enum forwarding_method {
	FORWARD_MASQUERADE = 0, /* ipvsadm -m */
	FORWARD_LOCAL = 1,      /* the director itself; the kernel's own choice, ipvsadm has no option for it */
	FORWARD_TUNNEL = 2,     /* ipvsadm -i */
	FORWARD_ROUTE = 3,      /* ipvsadm -g, direct routing, the default */
	FORWARD_BYPASS = 4      /* cache bypass, the kernel's own choice */
};

/* IP_VS_CONN_F_TUNNEL_TYPE_* */
enum tunnel_type { TUNNEL_IPIP = 0, TUNNEL_GUE = 1, TUNNEL_GRE = 2 };

/* IP_VS_TUNNEL_ENCAP_FLAG_*; neither: no checksum */
#define TUNNEL_FLAG_CHECKSUM 0x1u
#define TUNNEL_FLAG_REMOTE_CHECKSUM 0x2u

struct tunnel {
	enum tunnel_type type;
	uint16_t port;  /* host order; GUE only */
	uint16_t flags; /* TUNNEL_FLAG_*, and any other bit that the kernel keeps */
};

/* A real server of a virtual service. Its address and port name it within the service. */
struct destination {
	struct address address;
	uint16_t port; /* host order */
	enum forwarding_method forward;
	uint32_t weight;          /* 0 to INT32_MAX; default 1 */
	uint32_t upper_threshold; /* connections; 0: none */
	uint32_t lower_threshold; /* connections; 0: none; never above the upper one */
	struct tunnel tunnel;     /* kept whatever the forwarding method, as the kernel does */
};

/* What the kernel has counted since a service or a destination was added, or ipvsadm -Z. Not what one can set. */
struct counters {
	uint64_t connections, packets_in, packets_out, bytes_in, bytes_out;
	/* Connections as they are now; of destinations only. */
	uint32_t active, inactive, persistent;
};

/* sched_name and pe_name are IP_VS_SCHEDNAME_MAXLEN and IP_VS_PENAME_MAXLEN bytes in the kernel, NUL included. */
#define TABLE_NAME_ROOM 16

/* The bits of IP_VS_SVC_F_* that userspace may set: all but IP_VS_SVC_F_HASHED (2), the kernel's own. */
#define SERVICE_FLAG_PERSISTENT 0x1u
#define SERVICE_FLAG_HASHED 0x2u
#define SERVICE_FLAG_ONE_PACKET 0x4u
#define SERVICE_FLAG_SCHEDULER_1 0x8u  /* sh-fallback, mh-fallback */
#define SERVICE_FLAG_SCHEDULER_2 0x10u /* sh-port, mh-port */
#define SERVICE_FLAG_SCHEDULER_3 0x20u

/*
 * A virtual service. Protocol, address and port name it, or firewall mark and family.
 * Destinations stand in the kernel's own order, newest first, which schedulers depend on.
 */
struct service {
	uint32_t fwmark;                 /* 0: named by protocol, address and port */
	sa_family_t family;              /* AF_INET or AF_INET6; equals address.family where there is no mark */
	uint8_t protocol;                /* IPPROTO_TCP, _UDP or _SCTP; 0 with a mark */
	struct address address;          /* zeros with a mark */
	uint16_t port;                   /* host order; 0 with a mark */
	char scheduler[TABLE_NAME_ROOM]; /* "none" where the service has none */
	char persistence_engine[TABLE_NAME_ROOM]; /* "sip", or empty */
	uint32_t flags;   /* SERVICE_FLAG_*, and any other bit that the kernel keeps; never _HASHED */
	uint32_t timeout; /* of persistence, seconds; 0: none */
	uint32_t netmask; /* of persistence; IPv4: a mask in host order, default 0xffffffff;
				   IPv6: a prefix length of 1 to 128, default 128 */
	ARRAY(struct destination) destinations;
	/* None, or its own and then those of each destination; copies have none, comparisons pass over them. */
	ARRAY(struct counters) counters;
};

enum daemon_role { DAEMON_MASTER = 1, DAEMON_BACKUP = 2 }; /* IP_VS_STATE_* */

/* A connection synchronisation daemon: at most one of each role. */
struct sync_daemon {
	enum daemon_role role;
	char interface[TABLE_NAME_ROOM]; /* IP_VS_IFNAME_MAXLEN */
	uint32_t sync_id;                /* 0 to 255 */
	uint16_t max_length;             /* bytes of a message; 0: the kernel chooses from the interface's MTU */
	struct address group;            /* multicast; family 0: the kernel's 224.0.0.81 */
	uint16_t port;                   /* host order; 0: the kernel's 8848 */
	uint8_t ttl;                     /* 0: the kernel's 1 */
};

/* Connection timeouts, in seconds. 0, which no live table has: it is left as it is, as by ipvsadm --set. */
struct timeouts {
	uint32_t tcp, tcp_fin, udp;
};

/* The kernel's: ip_vs_proto_tcp.c, ip_vs_proto_udp.c. */
#define TIMEOUTS_DEFAULT ((struct timeouts){.tcp = 900, .tcp_fin = 120, .udp = 300})

/* One file of /proc/sys/net/ipv4/vs. Both strings are owned. */
struct sysctl {
	char *name;
	char *value; /* as the kernel prints it, with single spaces between numbers: "3 50" */
};

/*
 * A whole table. Start with table_init(), end with table_clear().
 * `services` and `sysctls` are in the order of table_sort(), `daemons` master first.
 */
struct table {
	struct timeouts timeouts;
	bool any_daemons; /* which daemons run is of no concern; there are none in `daemons` then */
	/* In what order the destinations of a service stand makes no difference: ipvsadm -S sorts them, so a rule file
	   cannot say it. A destination that is added gets the place that it has in `services` all the same. */
	bool any_order;
	ARRAY(struct sync_daemon) daemons;
	ARRAY(struct sysctl) sysctls; /* those that are known; one that is not here is of no concern */
	ARRAY(struct service) services;
};

#define CLEANUP_TABLE __attribute__((cleanup(table_clear)))

/* An empty table with the kernel's default timeouts and no sysctls. */
void table_init(struct table *table);

/* Frees all that it holds and makes it empty, as after table_init(). */
void table_clear(struct table *table);

/* Makes it what a flush makes of it: no services, no daemons, default timeouts. Sysctls stay. */
void table_flush(struct table *table);

/* Makes `copy` (initialised or zeros) a deep copy. */
void table_copy(struct table *copy, const struct table *table);

/* Gives what is of no concern, sysctls aside, the value that it has in a clean table: default timeouts, no daemons. */
void table_fill_defaults(struct table *table);

/* An empty service with the kernel's defaults for `family`: netmask, scheduler wlc (ipvsadm's default). */
void service_init(struct service *service, sa_family_t family);
void service_clear(struct service *service);

/* Makes `copy`, which holds nothing, a deep copy. */
void service_copy(struct service *copy, const struct service *service);

/* A destination with weight 1, direct routing. */
void destination_init(struct destination *destination);

/* Sorts services (service_compare()), sysctls by name, daemons master first. Destinations keep their order. */
void table_sort(struct table *table);

/*
 * The index of the first service with a destination of another address family than its own, and of that destination.
 * False when there is none. No kernel has such beside a sync daemon, and refuses it by EINVAL: ip_vs_genl_set_cmd(),
 * ip_vs_genl_new_daemon().
 */
bool table_mixes_families(const struct table *table, size_t *service, size_t *destination);

/* Orders services by what names them, and only that: addressed ones before marks, then protocol, address, port. */
int service_compare(const struct service *a, const struct service *b);

/* Whether everything but the name and the destinations is the same. */
bool service_options_equal(const struct service *a, const struct service *b);

/* Orders destinations by what names them: family, address, port. */
int destination_compare(const struct destination *a, const struct destination *b);

/* Whether everything but the name is the same. */
bool destination_options_equal(const struct destination *a, const struct destination *b);

/* Whether two daemons are the same, the kernel's defaults taken for what is left out (max_length 0 equals any). */
bool daemon_equal(const struct sync_daemon *a, const struct sync_daemon *b);

/* Family, then bytes, as memcmp(3). */
int address_compare(const struct address *a, const struct address *b);

/* Parses what inet_pton(3) takes, of either family. False when it is no address; then `address` is unchanged. */
bool address_parse(struct address *address, const char *text);

/*
 * Whether a snapshot can hold it as the name of a scheduler, a persistence engine or a network interface: 1 to 15
 * bytes of UTF-8 without white space and slashes. The kernel has no other names but for interfaces', which need not be
 * UTF-8.
 */
bool table_name_is_valid(const char *name);

bool address_is_multicast(const struct address *address);

/* Room for any address_format(), brackets and NUL included. */
#define ADDRESS_TEXT_ROOM (INET6_ADDRSTRLEN + 2)

/* Writes the address into `text` and returns it; IPv6 without brackets. */
const char *address_format(const struct address *address, char text[ADDRESS_TEXT_ROOM]);

/* The words used in snapshots and messages; NULL for a number that has none. */
const char *forwarding_method_name(enum forwarding_method forward); /* masquerade, local, tunnel, route, bypass */
const char *tunnel_type_name(enum tunnel_type type);                /* ipip, gue, gre */
const char *protocol_name(uint8_t protocol);                        /* tcp, udp, sctp */
const char *daemon_role_name(enum daemon_role role);                /* master, backup */

#endif
