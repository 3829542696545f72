/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
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

static void write_json(FILE *out, const void *table)
{
	table_write_json(out, table);
}

static int take_snapshot(struct error *error)
{
	CLEANUP_TABLE struct table table;
	table_init(&table);
	if (table_load(&table, "live", error) < 0)
		return -1;
	if (output[0] == '-' && !output[1])
		return file_stream(STDOUT_FILENO, "standard output", write_json, &table, error);
	return file_write_text(output, write_json, &table, 0666, error);
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
