/* SPDX-License-Identifier: MIT */
/* ipvs_read(): the live table. */
#include "kernel/read.h"

#include <linux/ip_vs.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernel/decode.h"
#include "kernel/encode.h"
#include "kernel/family.h"
#include "kernel/netlink.h"
#include "kernel/sysctls.h"

/* How often the table is read again before somebody who changes it all the time is blamed. */
#define ATTEMPTS 10

/* So many destinations come in one piece: the kernel needs less than 160 bytes for one, and takes 16 KiB and more. */
#define DESTINATIONS_AT_ONCE 100

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

static int ask_for_destinations(struct ipvs *ipvs, struct service *service, netlink_answer *answer, struct error *error)
{
	CLEANUP_REQUEST struct nl_msg *request = encode_service_name(ipvs, IPVS_CMD_GET_DEST, service);
	return netlink_ask(ipvs, request, true, answer, service, NULL, error);
}

/*
 * The kernel goes on with a list at the number that it had come to, without a word (NLM_F_DUMP_INTR) when something was
 * added or removed before that: what comes in several pieces may lack one, or have one twice. So it is read twice.
 */
static int confirm_destinations(struct ipvs *ipvs, const struct service *service, struct error *error)
{
	__attribute__((cleanup(service_clear))) struct service again = *service;
	memset(&again.destinations, 0, sizeof again.destinations);
	memset(&again.counters, 0, sizeof again.counters);
	int result = ask_for_destinations(ipvs, &again, take_destination, error);
	if (result != 0)
		return result;
	bool same = again.destinations.count == service->destinations.count;
	for (size_t i = 0; same && i < again.destinations.count; i++)
		same = destination_compare(&again.destinations.items[i], &service->destinations.items[i]) == 0;
	return same ? 0 : 1;
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
	int result = ask_for_destinations(ipvs, service, reading->destination, error);
	if (result == 0 && service->destinations.count > DESTINATIONS_AT_ONCE)
		result = confirm_destinations(ipvs, service, error);
	return result;
}

/* The same for services; and those that came while destinations were read are seen. */
static int confirm_services(struct ipvs *ipvs, const struct table *table, struct error *error)
{
	CLEANUP_TABLE struct table again;
	table_init(&again);
	int result = ask(ipvs, IPVS_CMD_GET_SERVICE, true, take_service, &again, error);
	if (result != 0)
		return result;
	table_sort(&again);
	bool same = again.services.count == table->services.count;
	for (size_t i = 0; same && i < again.services.count; i++) {
		const struct service *service = &table->services.items[i];
		same = service_compare(service, &again.services.items[i]) == 0 &&
		       (i == 0 || service_compare(service - 1, service) != 0);
	}
	return same ? 0 : 1;
}

/* 0, -1 with an error, or 1 when the table changed meanwhile; so do the functions that it calls. */
static int read_once(struct ipvs *ipvs, struct table *table, const struct reading *reading, struct error *error)
{
	int result = ask(ipvs, IPVS_CMD_GET_SERVICE, true, reading->service, table, error);
	for (size_t i = 0; result == 0 && i < table->services.count; i++)
		result = read_destinations(ipvs, &table->services.items[i], reading, error);
	if (result == 0)
		result = ask(ipvs, IPVS_CMD_GET_DAEMON, true, take_daemon, table, error);
	if (result == 0)
		result = ask(ipvs, IPVS_CMD_GET_CONFIG, false, take_timeouts, table, error);
	if (result == 0)
		result = sysctls_read(ipvs, table, error);
	table_sort(table);
	return result == 0 ? confirm_services(ipvs, table, error) : result;
}

/* Reads until nobody has interfered. */
static int read_whole(struct ipvs *ipvs, struct table *table, const struct reading *reading, struct error *error)
{
	int result = 1;
	for (int attempt = 0; result > 0 && attempt < ATTEMPTS; attempt++) {
		table_clear(table);
		result = read_once(ipvs, table, reading, error);
	}
	if (result > 0)
		error_set(error, ERROR_RIVAL, "somebody else changes it all the time");
	if (result != 0) {
		table_clear(table);
		return error_context(error, "cannot read the IPVS table");
	}
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
