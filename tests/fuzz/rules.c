/* SPDX-License-Identifier: MIT */
/* Tries the reader of files for ipvsadm -R. */
#include <string.h>

#include "base/memory.h"
#include "property.h"
#include "table/rules_read.h"
#include "table/rules_write.h"

static int find_port(const char *name, const char *protocol)
{
	if (strcmp(name, "http") == 0)
		return 80;
	return strcmp(name, "syslog") == 0 && strcmp(protocol, "udp") == 0 ? 514 : -1;
}

static void expect_written_and_read_again(const struct table *table)
{
	CLEANUP_TABLE struct table again;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	table_init(&again);
	size_t length;
	CLEANUP_FREE char *unsaid = NULL;
	CLEANUP_FREE char *text = table_to_rules(table, &length, &unsaid);
	expect(!*unsaid, "what rules made, rules can say");
	expect(table_from_rules(&again, text, length, "written", find_port, &error) == 0,
	       "what is written can be read");
	expect_same(table, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	CLEANUP_TABLE struct table table;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	table_before(&table);
	const char *text = (const char *)bytes;
	(void)rules_are_meant(text, length);
	if (table_from_rules(&table, text, length, "f.rules", find_port, &error) < 0) {
		expect_error(&error, "f.rules");
		expect_table_before(&table);
		return 0;
	}
	expect(!error_is_set(&error), "success is no error");
	expect_written_and_read_again(&table);
	return 0;
}
