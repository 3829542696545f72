/* SPDX-License-Identifier: MIT */
/* What can be told before anything is changed: ipvs_can_hold() and its like. */
#include "kernel/ipvs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <string.h>

#include "base/memory.h"
#include "kernel/encode.h"
#include "kernel/interface.h"
#include "kernel/module.h"
#include "kernel/netlink.h"
#include "kernel/own_addresses.h"
#include "kernel/sysctls.h"
#include "table/rules.h"

/* A mark that nobody uses; if somebody does, the question is put to libkmod instead. */
#define PROBE_MARK UINT32_MAX

enum presence { PRESENT, ABSENT, UNKNOWN };

/*
 * Asks the kernel itself, which loads a module as it would for a real service. The request cannot succeed: the
 * scheduler and the persistence engine are looked up first (ENOENT), and then the prefix length of an IPv6 service is
 * checked (EINVAL), which is 0 here. See ip_vs_add_service() in ip_vs_ctl.c.
 */
static int ask_kernel(struct ipvs *ipvs, const char *scheduler, const char *engine, enum presence *presence,
		      struct error *error)
{
	struct service probe;
	service_init(&probe, AF_INET6);
	probe.fwmark = PROBE_MARK;
	probe.netmask = 0;
	memcpy(probe.scheduler, scheduler, sizeof probe.scheduler);
	memcpy(probe.persistence_engine, engine, sizeof probe.persistence_engine);

	CLEANUP_REQUEST struct nl_msg *request = encode_service(ipvs, IPVS_CMD_NEW_SERVICE, &probe);
	CLEANUP_ERROR struct error answer = ERROR_INIT;
	int number;
	int result = netlink_ask(ipvs, request, false, NULL, NULL, &number, &answer);
	if (result < 0 && number == 0)
		return error_set(error, answer.kind, "%s", answer.message);
	if (result == 0) {
		/* A kernel that has no objection to a prefix length of 0. */
		CLEANUP_REQUEST struct nl_msg *undo = encode_service_name(ipvs, IPVS_CMD_DEL_SERVICE, &probe);
		*presence = PRESENT;
		return netlink_ask(ipvs, undo, false, NULL, NULL, NULL, error);
	}
	*presence = number == ENOENT ? ABSENT : number == EINVAL ? PRESENT : UNKNOWN;
	return 0;
}

/* Where IPv6 is off the kernel cannot be asked so. A module that we may not load ourselves, the kernel will. */
static enum presence ask_modules(const char *prefix, const char *name)
{
	CLEANUP_FREE char *module = memory_printf("%s%s", prefix, name);
	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (module_load(NULL, module, &error) == 0 || error.kind == ERROR_PERMISSION)
		return PRESENT;
	return error.kind == ERROR_UNAVAILABLE && module_list_exists(NULL) ? ABSENT : UNKNOWN;
}

/* The names that were found so far. */
struct name {
	char text[TABLE_NAME_ROOM];
};

struct names {
	ARRAY(struct name) list;
};

static void names_clear(struct names *names)
{
	array_free(&names->list);
}

/* Whether it is new; then it is added. */
static bool names_add(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->list.count; i++) {
		if (strcmp(names->list.items[i].text, name) == 0)
			return false;
	}
	memcpy(array_append(&names->list)->text, name, TABLE_NAME_ROOM);
	return true;
}

static int missing(struct error *error, const char *what, const char *prefix, const char *name,
		   const struct service *service)
{
	CLEANUP_FREE char *rule = service_name_rule(service);
	error_set(error, ERROR_UNAVAILABLE, "this kernel has no %s '%s', which the service %s wants", what, name, rule);
	return error_remedy(error, "load its module (modprobe %s%s), or use a kernel that has it", prefix, name);
}

int ipvs_has_sysctls(struct ipvs *ipvs, const struct table *table, struct error *error)
{
	for (size_t i = 0; i < table->sysctls.count; i++) {
		const char *name = table->sysctls.items[i].name;
		if (sysctl_exists(ipvs, name))
			continue;
		error_set(error, ERROR_UNAVAILABLE, "this kernel has no sysctl net.ipv4.vs.%s", name);
		return error_remedy(error,
				    "correct its name or leave it out of the snapshot, or use a kernel that has it");
	}
	return 0;
}

/*
 * Whether any kernel takes the address: ip_vs_add_dest() asks for a unicast one. What depends on the addresses of the
 * interfaces, own_addresses_refusal() tells.
 */
static bool may_be_unicast(const struct address *address)
{
	if (address_is_multicast(address))
		return false;
	if (address->family == AF_INET6)
		return !IN6_IS_ADDR_UNSPECIFIED(&address->v6) && !IN6_IS_ADDR_V4MAPPED(&address->v6);
	return address->v4.s_addr != htonl(INADDR_ANY) && address->v4.s_addr != htonl(INADDR_BROADCAST);
}

static int fail_destination(const struct service *service, const struct destination *destination, const char *why,
			    struct error *error)
{
	CLEANUP_FREE char *rule = destination_name_rule(service, destination);
	error_set(error, ERROR_INPUT, "the kernel does not take the destination '%s': %s", rule, why);
	return error_remedy(error, "correct the address, or leave the destination out");
}

static int check_destinations(const struct service *service, struct error *error)
{
	for (size_t i = 0; i < service->destinations.count; i++) {
		const struct destination *destination = &service->destinations.items[i];
		if (!may_be_unicast(&destination->address))
			return fail_destination(service, destination, "its address is not unicast", error);
	}
	return 0;
}

/* What is there already needs no interface and no address any more. Read at most once, when it is asked for. */
struct present {
	struct ipvs *ipvs;
	struct table live;
	bool is_read;
};

static void present_clear(struct present *present)
{
	table_clear(&present->live);
}

static int present_read(struct present *present, struct error *error)
{
	if (present->is_read)
		return 0;
	present->is_read = true;
	return ipvs_read(present->ipvs, &present->live, error);
}

/* 1, 0, or -1 with an error. */
static int daemon_runs(struct present *present, const struct sync_daemon *daemon, struct error *error)
{
	if (present_read(present, error) < 0)
		return -1;
	for (size_t i = 0; i < present->live.daemons.count; i++) {
		if (daemon_equal(&present->live.daemons.items[i], daemon))
			return 1;
	}
	return 0;
}

/* 1, 0, or -1 with an error. */
static int has_destination(struct present *present, const struct service *service,
			   const struct destination *destination, struct error *error)
{
	if (present_read(present, error) < 0)
		return -1;
	for (size_t i = 0; i < present->live.services.count; i++) {
		const struct service *there = &present->live.services.items[i];
		if (service_compare(there, service) != 0)
			continue;
		for (size_t j = 0; j < there->destinations.count; j++) {
			if (destination_compare(&there->destinations.items[j], destination) == 0)
				return 1;
		}
	}
	return 0;
}

static int check_daemon(struct present *present, const struct sync_daemon *daemon, struct error *error)
{
	enum interface_state state = interface_state(daemon->interface);
	/* A master connects its socket, which takes a route; a backup only listens: ip_vs_sync.c. */
	bool will_do = state != INTERFACE_ABSENT && (state != INTERFACE_DOWN || daemon->role != DAEMON_MASTER);
	int runs = will_do ? 1 : daemon_runs(present, daemon, error);
	if (runs)
		return runs < 0 ? -1 : 0;
	const char *name = daemon->interface;
	const char *role = daemon_role_name(daemon->role);
	if (state == INTERFACE_DOWN) {
		error_set(error, ERROR_UNAVAILABLE,
			  "the network interface '%s', which the %s sync daemon wants, is down", name, role);
		return error_remedy(error, "ip link set %s up", name);
	}
	error_set(error, ERROR_UNAVAILABLE, "there is no network interface '%s', which the %s sync daemon wants", name,
		  role);
	return error_remedy(error, "add it, and ip link set %s up", name);
}

static int check_addresses(struct present *present, const struct own_addresses *own, const struct service *service,
			   struct error *error)
{
	for (size_t i = 0; i < service->destinations.count; i++) {
		const struct destination *destination = &service->destinations.items[i];
		CLEANUP_FREE char *why = own_addresses_refusal(own, &destination->address);
		int there = why ? has_destination(present, service, destination, error) : 1;
		if (there <= 0)
			return there < 0 ? -1 : fail_destination(service, destination, why, error);
	}
	return 0;
}

int ipvs_suits_interfaces(struct ipvs *ipvs, const struct table *table, struct error *error)
{
	__attribute__((cleanup(present_clear))) struct present present = {.ipvs = ipvs};
	CLEANUP_OWN_ADDRESSES struct own_addresses own = {0};
	table_init(&present.live);
	own_addresses_read(&own);
	for (size_t i = 0; i < table->daemons.count; i++) {
		if (check_daemon(&present, &table->daemons.items[i], error) < 0)
			return -1;
	}
	for (size_t i = 0; i < table->services.count; i++) {
		if (check_addresses(&present, &own, &table->services.items[i], error) < 0)
			return -1;
	}
	return 0;
}

int ipvs_can_hold(struct ipvs *ipvs, const struct table *table, struct error *error)
{
	static const char none[TABLE_NAME_ROOM] = "none";
	static const char empty[TABLE_NAME_ROOM] = "";
	__attribute__((cleanup(names_clear))) struct names schedulers = {0};
	__attribute__((cleanup(names_clear))) struct names engines = {0};
	names_add(&schedulers, none);
	names_add(&schedulers, empty);
	names_add(&engines, empty);

	for (size_t i = 0; i < table->services.count; i++) {
		const struct service *service = &table->services.items[i];
		if (check_destinations(service, error) < 0)
			return -1;
		enum presence presence = PRESENT;
		if (names_add(&schedulers, service->scheduler) &&
		    ask_kernel(ipvs, service->scheduler, empty, &presence, error) < 0)
			return -1;
		if (presence == UNKNOWN)
			presence = ask_modules("ip_vs_", service->scheduler);
		if (presence == ABSENT)
			return missing(error, "scheduler", "ip_vs_", service->scheduler, service);

		presence = PRESENT;
		if (names_add(&engines, service->persistence_engine) &&
		    ask_kernel(ipvs, none, service->persistence_engine, &presence, error) < 0)
			return -1;
		if (presence == UNKNOWN)
			presence = ask_modules("ip_vs_pe_", service->persistence_engine);
		if (presence == ABSENT)
			return missing(error, "persistence engine", "ip_vs_pe_", service->persistence_engine, service);
	}
	return ipvs_has_sysctls(ipvs, table, error);
}
