/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "command.h"
#include "live.h"
#include "table/json.h"

static const char *output = "-";

static const struct option_row options[] = {
	{'o', "output", "FILE", "write to FILE instead of standard output;\na file is replaced whole or not at all"},
	{0},
};

static int set_option(int index, const char *value, struct error *error)
{
	(void)index;
	(void)error;
	output = value;
	return 0;
}

static int take_snapshot(struct error *error)
{
	CLEANUP_TABLE struct table table;
	table_init(&table);
	if (table_load(&table, "live", error) < 0)
		return -1;
	size_t length;
	CLEANUP_FREE char *text = table_to_json(&table, &length);
	if (output[0] == '-' && !output[1]) {
		fwrite(text, 1, length, stdout);
		return 0;
	}
	return file_write(output, text, length, 0666, error);
}

static int run(int count, char **operands)
{
	if (count > 0)
		return print_usage_error(&command_snapshot, "unexpected argument '%s'", operands[0]);
	CLEANUP_ERROR struct error error = ERROR_INIT;
	return take_snapshot(&error) < 0 ? print_error(&error) : 0;
}

const struct subcommand command_snapshot = {
	.name = "snapshot",
	.operands = "",
	.summary = "Write the live table as JSON",
	.details = "'ipvs-iso restore' reads it again. It holds all that the kernel lets one set, in a stable order.\n",
	.options = options,
	.set_option = set_option,
	.run = run,
};
