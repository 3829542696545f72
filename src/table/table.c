/* SPDX-License-Identifier: MIT */
#include "table/table.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <string.h>

#include "base/memory.h"

/* What the kernel takes for a daemon's group, port and time to live where they are left out: ip_vs_sync.c. */
#define DAEMON_GROUP_DEFAULT 0xe0000051u /* 224.0.0.81 */
#define DAEMON_PORT_DEFAULT 8848
#define DAEMON_TTL_DEFAULT 1

/* -1, 0 or 1, as the order of two numbers is. */
#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

void table_init(struct table *table)
{
	*table = (struct table){.timeouts = TIMEOUTS_DEFAULT};
}

void table_clear(struct table *table)
{
	for (size_t i = 0; i < table->services.count; i++)
		service_clear(&table->services.items[i]);
	array_free(&table->services);
	for (size_t i = 0; i < table->sysctls.count; i++) {
		free(table->sysctls.items[i].name);
		free(table->sysctls.items[i].value);
	}
	array_free(&table->sysctls);
	array_free(&table->daemons);
	table_init(table);
}

void table_flush(struct table *table)
{
	struct table flushed;
	table_init(&flushed);
	flushed.sysctls.items = table->sysctls.items;
	flushed.sysctls.count = table->sysctls.count;
	flushed.sysctls.room = table->sysctls.room;
	table->sysctls.items = NULL;
	table->sysctls.count = table->sysctls.room = 0;
	table_clear(table);
	*table = flushed;
}

void service_copy(struct service *copy, const struct service *service)
{
	*copy = *service;
	size_t count = service->destinations.count;
	copy->counters.items = NULL;
	copy->counters.count = copy->counters.room = 0;
	copy->destinations.items = NULL;
	copy->destinations.room = count;
	if (count) {
		copy->destinations.items = memory_allocate(count, sizeof *copy->destinations.items);
		memcpy(copy->destinations.items, service->destinations.items, count * sizeof *copy->destinations.items);
	}
}

void table_copy(struct table *copy, const struct table *table)
{
	struct table fresh = {
		.timeouts = table->timeouts, .any_daemons = table->any_daemons, .any_order = table->any_order};
	for (size_t i = 0; i < table->daemons.count; i++)
		*array_append(&fresh.daemons) = table->daemons.items[i];
	for (size_t i = 0; i < table->sysctls.count; i++) {
		const struct sysctl *sysctl = &table->sysctls.items[i];
		*array_append(&fresh.sysctls) = (struct sysctl){
			.name = memory_copy_string(sysctl->name),
			.value = memory_copy_string(sysctl->value),
		};
	}
	for (size_t i = 0; i < table->services.count; i++)
		service_copy(array_append(&fresh.services), &table->services.items[i]);
	table_clear(copy);
	*copy = fresh;
}

void table_fill_defaults(struct table *table)
{
	const struct timeouts defaults = TIMEOUTS_DEFAULT;
	if (!table->timeouts.tcp)
		table->timeouts.tcp = defaults.tcp;
	if (!table->timeouts.tcp_fin)
		table->timeouts.tcp_fin = defaults.tcp_fin;
	if (!table->timeouts.udp)
		table->timeouts.udp = defaults.udp;
	table->any_daemons = false;
}

void service_init(struct service *service, sa_family_t family)
{
	*service = (struct service){
		.family = family,
		.scheduler = "wlc",
		.netmask = family == AF_INET6 ? 128 : 0xffffffff,
	};
}

void service_clear(struct service *service)
{
	array_free(&service->destinations);
	array_free(&service->counters);
}

void destination_init(struct destination *destination)
{
	*destination = (struct destination){.forward = FORWARD_ROUTE, .weight = 1};
}

static int compare_services(const void *a, const void *b)
{
	return service_compare(a, b);
}

static int compare_sysctls(const void *a, const void *b)
{
	const struct sysctl *first = a, *second = b;
	return strcmp(first->name, second->name);
}

static int compare_daemons(const void *a, const void *b)
{
	const struct sync_daemon *first = a, *second = b;
	return COMPARE(first->role, second->role);
}

/* qsort(3) may not be given NULL, which is what an empty array holds. */
static void sort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	if (count > 1)
		qsort(items, count, size, compare);
}

void table_sort(struct table *table)
{
	sort(table->services.items, table->services.count, sizeof *table->services.items, compare_services);
	sort(table->sysctls.items, table->sysctls.count, sizeof *table->sysctls.items, compare_sysctls);
	sort(table->daemons.items, table->daemons.count, sizeof *table->daemons.items, compare_daemons);
}

bool table_mixes_families(const struct table *table, size_t *service, size_t *destination)
{
	for (size_t i = 0; i < table->services.count; i++) {
		const struct service *owner = &table->services.items[i];
		for (size_t j = 0; j < owner->destinations.count; j++) {
			if (owner->destinations.items[j].address.family == owner->family)
				continue;
			*service = i;
			*destination = j;
			return true;
		}
	}
	return false;
}

int service_compare(const struct service *a, const struct service *b)
{
	if (a->fwmark || b->fwmark) {
		/* Those without a mark have 0 there, so they come first. */
		if (a->fwmark != b->fwmark)
			return COMPARE(a->fwmark, b->fwmark);
		return COMPARE(a->family, b->family);
	}
	if (a->protocol != b->protocol)
		return COMPARE(a->protocol, b->protocol);
	int order = address_compare(&a->address, &b->address);
	return order ? order : COMPARE(a->port, b->port);
}

bool service_options_equal(const struct service *a, const struct service *b)
{
	return !strcmp(a->scheduler, b->scheduler) && !strcmp(a->persistence_engine, b->persistence_engine) &&
	       a->flags == b->flags && a->timeout == b->timeout && a->netmask == b->netmask;
}

int destination_compare(const struct destination *a, const struct destination *b)
{
	int order = address_compare(&a->address, &b->address);
	return order ? order : COMPARE(a->port, b->port);
}

bool destination_options_equal(const struct destination *a, const struct destination *b)
{
	return a->forward == b->forward && a->weight == b->weight && a->upper_threshold == b->upper_threshold &&
	       a->lower_threshold == b->lower_threshold && a->tunnel.type == b->tunnel.type &&
	       a->tunnel.port == b->tunnel.port && a->tunnel.flags == b->tunnel.flags;
}

static struct sync_daemon with_defaults(const struct sync_daemon *daemon)
{
	struct sync_daemon whole = *daemon;
	if (!whole.group.family)
		whole.group = (struct address){.family = AF_INET, .v4.s_addr = htonl(DAEMON_GROUP_DEFAULT)};
	if (!whole.port)
		whole.port = DAEMON_PORT_DEFAULT;
	if (!whole.ttl)
		whole.ttl = DAEMON_TTL_DEFAULT;
	return whole;
}

bool daemon_equal(const struct sync_daemon *a, const struct sync_daemon *b)
{
	struct sync_daemon first = with_defaults(a), second = with_defaults(b);
	/* The length that the kernel chooses depends on the interface, which is not known here. */
	bool same_length = !first.max_length || !second.max_length || first.max_length == second.max_length;
	return first.role == second.role && !strcmp(first.interface, second.interface) &&
	       first.sync_id == second.sync_id && same_length && !address_compare(&first.group, &second.group) &&
	       first.port == second.port && first.ttl == second.ttl;
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return COMPARE(a->family, b->family);
	return memcmp(&a->v6, &b->v6, a->family == AF_INET6 ? sizeof a->v6 : sizeof a->v4);
}

bool address_parse(struct address *address, const char *text)
{
	/* The unused bytes have to be zeros: an initialiser of the shorter member would not promise that. */
	struct address parsed;
	memset(&parsed, 0, sizeof parsed);
	parsed.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(parsed.family, text, &parsed.v6) != 1)
		return false;
	*address = parsed;
	return true;
}

bool table_name_is_valid(const char *name)
{
	size_t length = strcspn(name, " \t\n\v\f\r/");
	if (!length || length >= TABLE_NAME_ROOM || name[length])
		return false;
	json_t *string = json_string(name); /* NULL: it is not UTF-8 */
	json_decref(string);
	return string != NULL;
}

bool address_is_multicast(const struct address *address)
{
	return address->family == AF_INET6 ? IN6_IS_ADDR_MULTICAST(&address->v6)
					   : IN_MULTICAST(ntohl(address->v4.s_addr));
}

const char *address_format(const struct address *address, char text[ADDRESS_TEXT_ROOM])
{
	if (!inet_ntop(address->family, &address->v6, text, ADDRESS_TEXT_ROOM))
		text[0] = '\0'; /* of no family: the address of nothing */
	return text;
}

const char *forwarding_method_name(enum forwarding_method forward)
{
	switch (forward) {
	case FORWARD_MASQUERADE:
		return "masquerade";
	case FORWARD_LOCAL:
		return "local";
	case FORWARD_TUNNEL:
		return "tunnel";
	case FORWARD_ROUTE:
		return "route";
	case FORWARD_BYPASS:
		return "bypass";
	}
	return NULL;
}

const char *tunnel_type_name(enum tunnel_type type)
{
	switch (type) {
	case TUNNEL_IPIP:
		return "ipip";
	case TUNNEL_GUE:
		return "gue";
	case TUNNEL_GRE:
		return "gre";
	}
	return NULL;
}

const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return NULL;
	}
}

const char *daemon_role_name(enum daemon_role role)
{
	switch (role) {
	case DAEMON_MASTER:
		return "master";
	case DAEMON_BACKUP:
		return "backup";
	}
	return NULL;
}
