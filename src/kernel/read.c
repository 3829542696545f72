/* SPDX-License-Identifier: MIT */
/* ipvs_read(): the live table. */
#include "kernel/read.h"

#include <linux/ip_vs.h>
#include <stdlib.h>

#include "base/memory.h"
#include "kernel/decode.h"
#include "kernel/encode.h"
#include "kernel/family.h"
#include "kernel/netlink.h"
#include "kernel/sysctls.h"

/* How often an interrupted dump is tried again before somebody who changes the table all the time is blamed. */
#define ATTEMPTS 10

static int take_service(const struct nlmsghdr *message, void *context, struct error *error)
{
	struct table *table = context;
	return decode_service(message, array_append(&table->services), error);
}

static int take_destination(const struct nlmsghdr *message, void *context, struct error *error)
{
	struct service *service = context;
	return decode_destination(message, service->family, array_append(&service->destinations), error);
}

static int take_counted_service(const struct nlmsghdr *message, void *context, struct error *error)
{
	struct table *table = context;
	if (take_service(message, table, error) < 0)
		return -1;
	struct service *service = &table->services.items[table->services.count - 1];
	return decode_service_counters(message, array_append(&service->counters), error);
}

static int take_counted_destination(const struct nlmsghdr *message, void *context, struct error *error)
{
	struct service *service = context;
	if (take_destination(message, service, error) < 0)
		return -1;
	return decode_destination_counters(message, array_append(&service->counters), error);
}

static int take_daemon(const struct nlmsghdr *message, void *context, struct error *error)
{
	struct table *table = context;
	return decode_daemon(message, array_append(&table->daemons), error);
}

static int take_timeouts(const struct nlmsghdr *message, void *context, struct error *error)
{
	struct table *table = context;
	return decode_timeouts(message, &table->timeouts, error);
}

static int compare_services(const void *a, const void *b)
{
	return service_compare(a, b);
}

/* As netlink_ask(), for requests without attributes. */
static int ask(struct ipvs *ipvs, uint8_t command, bool dump, netlink_answer *answer, struct table *table,
	       struct error *error)
{
	CLEANUP_REQUEST struct nl_msg *request = netlink_request(ipvs, command);
	return netlink_ask(ipvs, request, dump, answer, table, NULL, error);
}

/* What is read, and how. */
struct reading {
	netlink_answer *service, *destination;
	bool services_only;
	const struct table *known; /* where the destinations of services that are not `doubtful` come from; or NULL */
	const bool *doubtful;      /* of each service of `known` */
};

/* The service of `known` whose destinations need not be read; NULL where they have to be. */
static const struct service *known_service(const struct reading *reading, const struct service *service)
{
	if (!reading->known || reading->known->services.count == 0)
		return NULL;
	const struct service *first = reading->known->services.items;
	const struct service *known =
		bsearch(service, first, reading->known->services.count, sizeof *first, compare_services);
	return known && !reading->doubtful[known - first] ? known : NULL;
}

static int read_destinations(struct ipvs *ipvs, struct service *service, const struct reading *reading,
			     struct error *error)
{
	const struct service *known = known_service(reading, service);
	if (known) {
		for (size_t i = 0; i < known->destinations.count; i++)
			*array_append(&service->destinations) = known->destinations.items[i];
		return 0;
	}
	CLEANUP_REQUEST struct nl_msg *request = encode_service_name(ipvs, IPVS_CMD_GET_DEST, service);
	return netlink_ask(ipvs, request, true, reading->destination, service, NULL, error);
}

/* 0, -1 with an error, or 1 when the table changed meanwhile; so do the functions that it calls. */
static int read_once(struct ipvs *ipvs, struct table *table, const struct reading *reading, struct error *error)
{
	int result = ask(ipvs, IPVS_CMD_GET_SERVICE, true, reading->service, table, error);
	if (result != 0 || reading->services_only)
		return result;
	for (size_t i = 0; result == 0 && i < table->services.count; i++)
		result = read_destinations(ipvs, &table->services.items[i], reading, error);
	if (result == 0)
		result = ask(ipvs, IPVS_CMD_GET_DAEMON, true, take_daemon, table, error);
	if (result == 0)
		result = ask(ipvs, IPVS_CMD_GET_CONFIG, false, take_timeouts, table, error);
	if (result == 0)
		result = sysctls_read(ipvs, table, error);
	return result;
}

/* Reads until nobody interferes. */
static int read_whole(struct ipvs *ipvs, struct table *table, const struct reading *reading, struct error *error)
{
	int result = 1;
	for (int attempt = 0; result > 0 && attempt < ATTEMPTS; attempt++) {
		table_clear(table);
		result = read_once(ipvs, table, reading, error);
	}
	if (result > 0)
		error_set(error, ERROR_FAILED, "somebody else changes it all the time");
	if (result != 0) {
		table_clear(table);
		return error_context(error, "cannot read the IPVS table");
	}
	table_sort(table);
	return 0;
}

static const struct reading everything = {.service = take_service, .destination = take_destination};

int ipvs_read(struct ipvs *ipvs, struct table *table, struct error *error)
{
	int result = read_whole(ipvs, table, &everything, error);
	if (result < 0 && family_find_again(ipvs, error))
		result = read_whole(ipvs, table, &everything, error);
	return result;
}

int ipvs_read_counted(struct ipvs *ipvs, struct table *table, struct error *error)
{
	const struct reading counted = {.service = take_counted_service, .destination = take_counted_destination};
	return read_whole(ipvs, table, &counted, error);
}

int read_services(struct ipvs *ipvs, struct table *table, struct error *error)
{
	const struct reading services = {.service = take_service, .services_only = true};
	return read_whole(ipvs, table, &services, error);
}

int read_changed(struct ipvs *ipvs, const struct table *wanted, const struct changes *changes, struct table *table,
		 struct error *error)
{
	CLEANUP_FREE bool *doubtful = memory_allocate(wanted->services.count + 1, sizeof *doubtful);
	for (size_t i = 0; i < changes->list.count; i++) {
		const struct change *change = &changes->list.items[i];
		bool is_of_service = change->subject == SUBJECT_SERVICE || change->subject == SUBJECT_DESTINATION;
		if (is_of_service && change->service_to)
			doubtful[change->service_to - wanted->services.items] = true;
	}
	const struct reading reading = {
		.service = take_service,
		.destination = take_destination,
		.known = wanted,
		.doubtful = doubtful,
	};
	return read_whole(ipvs, table, &reading, error);
}
