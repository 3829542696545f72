/* SPDX-License-Identifier: MIT */
/*
 * Tries the decoder of the kernel's answers: an input is a datagram, and what the messages in it make is gathered as
 * src/kernel/read.c does it.
 */
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernel/decode.h"
#include "property.h"
#include "table/json.h"
#include "table/rules_write.h"

static int take_service(struct table *table, const struct nlmsghdr *message, struct error *error)
{
	struct service *service = array_append(&table->services);
	if (decode_service(message, service, error) < 0)
		return -1;
	return decode_service_counters(message, array_append(&service->counters), error);
}

/* Of the last service. */
static int take_destination(struct table *table, const struct nlmsghdr *message, struct error *error)
{
	if (!table->services.count)
		return 0;
	struct service *service = &table->services.items[table->services.count - 1];
	if (decode_destination(message, service->family, array_append(&service->destinations), error) < 0)
		return -1;
	return decode_destination_counters(message, array_append(&service->counters), error);
}

static int take(struct table *table, struct nlmsghdr *message, struct error *error)
{
	switch (genlmsg_valid_hdr(message, 0) ? genlmsg_hdr(message)->cmd : IPVS_CMD_UNSPEC) {
	case IPVS_CMD_NEW_DEST:
		return take_destination(table, message, error);
	case IPVS_CMD_NEW_DAEMON:
		return decode_daemon(message, array_append(&table->daemons), error);
	case IPVS_CMD_SET_CONFIG:
		return decode_timeouts(message, &table->timeouts, error);
	default: /* also what has no header */
		return take_service(table, message, error);
	}
}

/* What was decoded can be worked with, whatever it is. */
static void use(struct table *table)
{
	table_sort(table);
	CLEANUP_FREE char *json = table_to_json(table, NULL);
	CLEANUP_FREE char *unsaid = NULL;
	CLEANUP_FREE char *rules = table_to_rules(table, NULL, &unsaid);
	CLEANUP_TABLE struct table copy;
	table_init(&copy);
	table_copy(&copy, table);
	expect(*json && rules && unsaid && copy.services.count == table->services.count,
	       "a table is written and copied");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	CLEANUP_TABLE struct table table;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	table_init(&table);
	/* Where the kernel's answers are received there is room for nothing more. */
	CLEANUP_FREE char *datagram = memory_allocate(length, 1);
	if (length)
		memcpy(datagram, bytes, length);
	int left = (int)length;
	int result = 0;
	for (struct nlmsghdr *message = (struct nlmsghdr *)datagram; result == 0 && message && nlmsg_ok(message, left);
	     message = nlmsg_next(message, &left))
		result = take(&table, message, &error);
	expect((result < 0) == error_is_set(&error), "what fails says so");
	expect(!error_is_set(&error) || *error.message, "an error has a message");
	if (result == 0)
		use(&table);
	return 0;
}
