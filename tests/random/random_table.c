/* SPDX-License-Identifier: MIT */
#include "random_table.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

#define COUNT(items) (sizeof(items) / sizeof *(items))

/* splitmix64, of Sebastiano Vigna, in the public domain. */
static uint64_t next(struct chance *chance)
{
	uint64_t mixed = chance->state += 0x9e3779b97f4a7c15;
	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
	return mixed ^ (mixed >> 31);
}

uint32_t chance_below(struct chance *chance, uint32_t count)
{
	return (uint32_t)(next(chance) % count);
}

static bool one_in(struct chance *chance, uint32_t count)
{
	return chance_below(chance, count) == 0;
}

/* From `minimum` to `maximum`; often one of the two, or close to the first. */
static uint32_t between(struct chance *chance, uint32_t minimum, uint32_t maximum)
{
	uint64_t span = (uint64_t)maximum - minimum + 1;
	switch (chance_below(chance, 6)) {
	case 0:
		return minimum;
	case 1:
		return maximum;
	case 2:
		return minimum + (uint32_t)(next(chance) % span);
	default:
		return minimum + (uint32_t)(next(chance) % (span < 9 ? span : 9));
	}
}

static struct address random_address(struct chance *chance, sa_family_t family)
{
	static const char *const ipv4[] = {"10.6.0.1",  "10.6.0.2",  "10.255.255.254",
					   "127.0.0.1", "192.0.2.1", "9.8.7.6"};
	static const char *const ipv6[] = {"fd00:6::1", "fd00:6::2", "2001:db8::1", "fd00::ffff:10.0.0.1", "::1"};
	struct address address;
	bool ok = family == AF_INET6 ? address_parse(&address, ipv6[chance_below(chance, COUNT(ipv6))])
				     : address_parse(&address, ipv4[chance_below(chance, COUNT(ipv4))]);
	if (!ok)
		abort();
	return address;
}

static sa_family_t random_family(struct chance *chance)
{
	return one_in(chance, 2) ? AF_INET6 : AF_INET;
}

static uint16_t random_port(struct chance *chance)
{
	static const uint16_t ports[] = {0, 1, 80, 8080, 65535};
	return ports[chance_below(chance, COUNT(ports))];
}

/* One word of those; or, where anything goes, some letters. */
static void random_name(struct chance *chance, enum random_kind kind, char name[TABLE_NAME_ROOM],
			const char *const *words, uint32_t count)
{
	static const char letters[] = "abz09-_.#\"\\'=[{\x01";
	memset(name, 0, TABLE_NAME_ROOM);
	if (kind != RANDOM_ANYTHING || !one_in(chance, 3)) {
		const char *word = words[chance_below(chance, count)];
		for (size_t i = 0; word[i]; i++)
			name[i] = word[i];
		return;
	}
	uint32_t length = 1 + chance_below(chance, TABLE_NAME_ROOM - 1);
	for (uint32_t i = 0; i < length; i++)
		name[i] = letters[chance_below(chance, sizeof letters - 1)];
}

static void random_tunnel(struct chance *chance, enum random_kind kind, struct tunnel *tunnel)
{
	tunnel->type = kind == RANDOM_ANYTHING && one_in(chance, 4) ? chance_below(chance, 256)
								    : chance_below(chance, TUNNEL_GRE + 1);
	tunnel->port = (uint16_t)between(chance, tunnel->type == TUNNEL_GUE, UINT16_MAX);
	tunnel->flags = (uint16_t)chance_below(chance, kind == RANDOM_ANYTHING ? UINT16_MAX + 1 : 3);
	if (kind != RANDOM_SAYABLE)
		return;
	if (tunnel->type != TUNNEL_GUE)
		tunnel->port = 0;
	if (tunnel->type == TUNNEL_IPIP)
		tunnel->flags = 0;
	if (tunnel->type == TUNNEL_GRE)
		tunnel->flags &= TUNNEL_FLAG_CHECKSUM;
}

static void random_destination(struct chance *chance, enum random_kind kind, const struct service *service,
			       bool other_families, struct destination *destination)
{
	static const enum forwarding_method methods[] = {FORWARD_MASQUERADE, FORWARD_ROUTE, FORWARD_TUNNEL,
							 FORWARD_LOCAL, FORWARD_BYPASS};
	destination_init(destination);
	destination->forward = methods[chance_below(chance, kind == RANDOM_SAYABLE ? 3 : COUNT(methods))];
	if (kind == RANDOM_ANYTHING && one_in(chance, 5))
		destination->forward = chance_below(chance, 8);
	bool tunnel = destination->forward == FORWARD_TUNNEL;
	destination->address =
		random_address(chance, tunnel && other_families ? random_family(chance) : service->family);
	destination->port = random_port(chance);
	if (kind == RANDOM_SAYABLE && !service->fwmark && destination->forward != FORWARD_MASQUERADE)
		destination->port = service->port;
	destination->weight = between(chance, 0, INT32_MAX);
	uint32_t most = kind == RANDOM_ANYTHING ? UINT32_MAX : INT32_MAX;
	if (one_in(chance, 2))
		destination->upper_threshold = between(chance, 0, most);
	if (one_in(chance, 2))
		destination->lower_threshold = between(chance, 0, destination->upper_threshold);
	if (tunnel || kind != RANDOM_SAYABLE)
		random_tunnel(chance, kind, &destination->tunnel);
}

static void random_destinations(struct chance *chance, enum random_kind kind, bool other_families,
				struct service *service)
{
	uint32_t count = chance_below(chance, 9);
	while (count-- > 0) {
		struct destination destination;
		random_destination(chance, kind, service, other_families, &destination);
		bool is_there = false;
		for (size_t i = 0; i < service->destinations.count; i++)
			is_there = is_there || !destination_compare(&service->destinations.items[i], &destination);
		if (!is_there)
			*array_append(&service->destinations) = destination;
	}
}

static void random_service_name(struct chance *chance, enum random_kind kind, struct service *service)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
	service_init(service, random_family(chance));
	if (one_in(chance, 3)) {
		service->fwmark = between(chance, 1, UINT32_MAX - 1); /* ipvs_can_hold() uses the last one */
		return;
	}
	service->protocol = protocols[chance_below(chance, COUNT(protocols))];
	if (kind == RANDOM_ANYTHING && one_in(chance, 5))
		service->protocol = (uint8_t)chance_below(chance, 256);
	service->address = random_address(chance, service->family);
	service->port = random_port(chance);
}

static void random_service_options(struct chance *chance, enum random_kind kind, struct service *service)
{
	static const char *const schedulers[] = {"rr", "wrr", "lc", "wlc", "sh",  "mh",
						 "dh", "sed", "nq", "fo",  "ovf", "none"};
	static const char *const engines[] = {"sip"};
	static const uint32_t flags[] = {SERVICE_FLAG_PERSISTENT, SERVICE_FLAG_ONE_PACKET, SERVICE_FLAG_SCHEDULER_1,
					 SERVICE_FLAG_SCHEDULER_2, SERVICE_FLAG_SCHEDULER_3};
	random_name(chance, kind, service->scheduler, schedulers, COUNT(schedulers));
	for (size_t i = 0; i < COUNT(flags); i++)
		service->flags |= one_in(chance, 3) ? flags[i] : 0;
	if (kind == RANDOM_ANYTHING && one_in(chance, 3))
		service->flags |= (uint32_t)next(chance) & ~SERVICE_FLAG_HASHED;
	if (kind == RANDOM_SAYABLE && !service->fwmark) {
		if (!service->port)
			service->flags |= SERVICE_FLAG_PERSISTENT;
		if (service->protocol != IPPROTO_UDP)
			service->flags &= ~SERVICE_FLAG_ONE_PACKET;
	}
	bool persistent = service->flags & SERVICE_FLAG_PERSISTENT;
	if (persistent || kind != RANDOM_SAYABLE)
		service->timeout = between(chance, kind == RANDOM_SAYABLE,
					   kind == RANDOM_ANYTHING ? UINT32_MAX / 100 : 31 * 86400);
	if (one_in(chance, 2))
		service->netmask = service->family == AF_INET6 ? between(chance, 1, 128) : (uint32_t)next(chance);
	if (one_in(chance, 6))
		random_name(chance, kind, service->persistence_engine, engines, COUNT(engines));
}

static void random_services(struct chance *chance, enum random_kind kind, struct table *table)
{
	uint32_t count = chance_below(chance, 9);
	while (count-- > 0) {
		struct service service;
		random_service_name(chance, kind, &service);
		bool is_there = false;
		for (size_t i = 0; i < table->services.count; i++)
			is_there = is_there || !service_compare(&table->services.items[i], &service);
		if (is_there)
			continue;
		random_service_options(chance, kind, &service);
		random_destinations(chance, kind, !table->daemons.count, &service);
		*array_append(&table->services) = service;
	}
}

static void random_daemons(struct chance *chance, enum random_kind kind, struct table *table)
{
	static const char *const interfaces[] = {"lo"};
	static const char *const groups[] = {"224.0.0.81", "239.1.2.3"};
	for (enum daemon_role role = DAEMON_MASTER; role <= DAEMON_BACKUP; role++) {
		if (!one_in(chance, kind == RANDOM_LIVE ? 12 : 4))
			continue;
		struct sync_daemon *daemon = array_append(&table->daemons);
		daemon->role = role;
		random_name(chance, kind, daemon->interface, interfaces, COUNT(interfaces));
		daemon->sync_id = between(chance, 0, UINT8_MAX);
		/* The kernel makes less of more than the interface takes, and more of less than 1024. */
		daemon->max_length = one_in(chance, 2) ? (uint16_t)between(chance, 1024, 1200) : 0;
		if (one_in(chance, 2) && !address_parse(&daemon->group, groups[chance_below(chance, COUNT(groups))]))
			abort();
		daemon->port = (uint16_t)between(chance, 0, UINT16_MAX);
		daemon->ttl = (uint8_t)between(chance, 0, UINT8_MAX);
	}
}

static void random_sysctls(struct chance *chance, enum random_kind kind, struct table *table)
{
	/* Those that nobody else needs. */
	static const char *const names[] = {"sloppy_sctp", "sloppy_tcp", "sync_refresh_period"};
	for (size_t i = 0; i < COUNT(names) && kind != RANDOM_SAYABLE; i++) {
		if (one_in(chance, 2))
			*array_append(&table->sysctls) = (struct sysctl){
				.name = memory_copy_string(names[i]),
				.value = memory_printf("%u", chance_below(chance, 2)),
			};
	}
	static const char *const values[] = {
		"", "-1", "007", "1 2", "1  2", "4294967296 -5", "99999999999999999999", "a \"b\""};
	if (kind == RANDOM_ANYTHING && one_in(chance, 2))
		*array_append(&table->sysctls) = (struct sysctl){
			.name = memory_copy_string("zeta"),
			.value = memory_copy_string(values[chance_below(chance, COUNT(values))]),
		};
}

void random_table(struct table *table, struct chance *chance, enum random_kind kind)
{
	const uint32_t longest = kind == RANDOM_ANYTHING ? INT32_MAX / 100 : 31 * 86400;
	table_clear(table);
	table->timeouts = (struct timeouts){
		.tcp = between(chance, 1, longest),
		.tcp_fin = between(chance, 1, longest),
		.udp = between(chance, 1, longest),
	};
	random_daemons(chance, kind, table);
	random_sysctls(chance, kind, table);
	random_services(chance, kind, table);
	table_sort(table);
}

uint64_t random_setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

struct chance random_seed(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t seed = random_setting("IPVS_ISO_SEED", (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
	fprintf(stderr, "# IPVS_ISO_SEED=%" PRIu64 "\n", seed);
	return (struct chance){seed};
}
