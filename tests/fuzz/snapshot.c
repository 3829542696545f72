/* SPDX-License-Identifier: MIT */
/* Tries the parser of snapshots. */
#include <string.h>

#include "base/memory.h"
#include "property.h"
#include "table/json.h"
#include "table/json_syntax.h"

static void expect_written_and_read_again(const struct table *table)
{
	CLEANUP_TABLE struct table again;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	table_init(&again);
	size_t length;
	CLEANUP_FREE char *text = table_to_json(table, &length);
	expect(table_from_json(&again, text, length, "written", &error) == 0, "what is written can be read");
	expect_same(table, &again);
	CLEANUP_FREE char *text_again = table_to_json(&again, NULL);
	expect(strcmp(text, text_again) == 0, "the same table is written as the same text");
}

/* It is parsed part by part, so it could miss what is wrong between the parts. */
static void expect_json(const char *text, size_t length)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	const struct json_source source = {
		.bytes = text, .length = length, .name = "whole", .subject = "snapshot", .error = &error};
	expect(json_check_syntax(&source) == 0, "what is taken is JSON as a whole");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	CLEANUP_TABLE struct table table;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	table_before(&table);
	const char *text = (const char *)bytes;
	if (table_from_json(&table, text, length, "f.json", &error) < 0) {
		expect_error(&error, "f.json");
		expect_table_before(&table);
		return 0;
	}
	expect(!error_is_set(&error), "success is no error");
	expect_json(text, length);
	expect_written_and_read_again(&table);
	return 0;
}
