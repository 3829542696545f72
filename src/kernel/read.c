/* SPDX-License-Identifier: MIT */
/* ipvs_read(): the live table. */
#include "kernel/read.h"

#include <linux/ip_vs.h>

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

/* As netlink_ask(), for requests without attributes. */
static int ask(struct ipvs *ipvs, uint8_t command, bool dump, netlink_answer *answer, struct table *table,
	       struct error *error)
{
	CLEANUP_REQUEST struct nl_msg *request = netlink_request(ipvs, command);
	return netlink_ask(ipvs, request, dump, answer, table, NULL, error);
}

static int read_services_once(struct ipvs *ipvs, struct table *table, struct error *error)
{
	return ask(ipvs, IPVS_CMD_GET_SERVICE, true, take_service, table, error);
}

static int read_destinations(struct ipvs *ipvs, struct service *service, netlink_answer *answer, struct error *error)
{
	CLEANUP_REQUEST struct nl_msg *request = encode_service_name(ipvs, IPVS_CMD_GET_DEST, service);
	return netlink_ask(ipvs, request, true, answer, service, NULL, error);
}

/* 0, -1 with an error, or 1 when the table changed meanwhile; so do the functions that it calls. */
static int read_with(struct ipvs *ipvs, struct table *table, netlink_answer *service, netlink_answer *destination,
		     struct error *error)
{
	int result = ask(ipvs, IPVS_CMD_GET_SERVICE, true, service, table, error);
	for (size_t i = 0; result == 0 && i < table->services.count; i++)
		result = read_destinations(ipvs, &table->services.items[i], destination, error);
	if (result == 0)
		result = ask(ipvs, IPVS_CMD_GET_DAEMON, true, take_daemon, table, error);
	if (result == 0)
		result = ask(ipvs, IPVS_CMD_GET_CONFIG, false, take_timeouts, table, error);
	if (result == 0)
		result = sysctls_read(ipvs, table, error);
	return result;
}

static int read_once(struct ipvs *ipvs, struct table *table, struct error *error)
{
	return read_with(ipvs, table, take_service, take_destination, error);
}

static int read_counted_once(struct ipvs *ipvs, struct table *table, struct error *error)
{
	return read_with(ipvs, table, take_counted_service, take_counted_destination, error);
}

/* Reads until nobody interferes. */
static int read_whole(struct ipvs *ipvs, struct table *table,
		      int (*once)(struct ipvs *ipvs, struct table *table, struct error *error), struct error *error)
{
	int result = 1;
	for (int attempt = 0; result > 0 && attempt < ATTEMPTS; attempt++) {
		table_clear(table);
		result = once(ipvs, table, error);
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

int ipvs_read(struct ipvs *ipvs, struct table *table, struct error *error)
{
	int result = read_whole(ipvs, table, read_once, error);
	if (result < 0 && family_find_again(ipvs, error))
		result = read_whole(ipvs, table, read_once, error);
	return result;
}

int ipvs_read_counted(struct ipvs *ipvs, struct table *table, struct error *error)
{
	return read_whole(ipvs, table, read_counted_once, error);
}

int read_services(struct ipvs *ipvs, struct table *table, struct error *error)
{
	return read_whole(ipvs, table, read_services_once, error);
}
