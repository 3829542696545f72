/* SPDX-License-Identifier: MIT */
#include "property.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table/diff.h"

void expect(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

void expect_error(const struct error *error, const char *name)
{
	expect(error->kind == ERROR_INPUT, "a wrong input is an error of the input");
	expect(error->message && is_plain(error->message), "a message is one plain line");
	expect(!error->remedy || (*error->remedy && is_plain(error->remedy)), "a remedy is one plain line");
	unsigned long line, column;
	int behind = 0;
	size_t length = strlen(name);
	expect(strncmp(error->message, name, length) == 0 &&
		       sscanf(error->message + length, ":%lu:%lu: %n", &line, &column, &behind) == 2 && behind &&
		       line && column && error->message[length + (size_t)behind],
	       "a message says where");
}

void expect_same(const struct table *a, const struct table *b)
{
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, a, b);
	expect(changes.list.count == 0, "two tables are the same");
}

void table_before(struct table *table)
{
	table_init(table);
	struct service *service = array_append(&table->services);
	service_init(service, AF_INET);
	service->fwmark = 7;
	struct destination *destination = array_append(&service->destinations);
	destination_init(destination);
}

void expect_table_before(const struct table *table)
{
	CLEANUP_TABLE struct table before;
	table_before(&before);
	expect_same(&before, table);
}
