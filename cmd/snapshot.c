/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "command.h"
#include "live.h"
#include "say.h"
#include "table/json.h"
#include "table/rules_write.h"

enum option { OPTION_OUTPUT, OPTION_FORMAT, OPTION_STATS };

enum format { FORMAT_JSON, FORMAT_IPVSADM };

static const struct option_row options[] = {
	[OPTION_OUTPUT] = {'o', "output", "FILE",
			   "write to FILE instead of standard output;\na file is replaced whole or not at all"},
	[OPTION_FORMAT] = {'f', "format", "json|ipvsadm",
			   "json, which holds everything, or rules for\n'ipvsadm -R'; default: json"},
	[OPTION_STATS] =
		{0, "stats", NULL,
		 "add what the kernel has counted: connections, packets,\nbytes; restore and diff pass over it"},
	{0},
};

static const char *output = "-";
static enum format format;
static bool stats;

static int set_option(int index, const char *value, struct error *error)
{
	if (index == OPTION_OUTPUT)
		output = value;
	else if (index == OPTION_STATS)
		stats = true;
	else if (strcmp(value, "json") == 0)
		format = FORMAT_JSON;
	else if (strcmp(value, "ipvsadm") == 0)
		format = FORMAT_IPVSADM;
	else
		return error_set(error, ERROR_INPUT, "there is no format '%s'; the formats are json and ipvsadm",
				 value);
	return 0;
}

static void write_json(FILE *out, const void *table)
{
	table_write_json(out, table);
}

static void write_rules(FILE *out, const void *table)
{
	size_t length;
	CLEANUP_FREE char *unsaid = NULL;
	CLEANUP_FREE char *text = table_to_rules(table, &length, &unsaid);
	fwrite(text, 1, length, out);
	char *rest = unsaid;
	for (char *line; !manners.quiet && (line = strsep(&rest, "\n")) && *line;)
		say(stderr, "ipvs-iso: ipvsadm has no words for %s", line);
}

/* A snapshot is read on other machines, too. */
static void leave_out_derived(struct table *table)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (ipvs_leave_out_derived(table, &error) == 0 || manners.quiet)
		return;
	say(stderr,
	    "ipvs-iso: sysctls that depend on the machine's size, such as sync_qlen_max, are left out, as whether "
	    "somebody set them cannot be seen: %s",
	    error.message);
}

static int take_snapshot(struct error *error)
{
	CLEANUP_TABLE struct table table;
	table_init(&table);
	CLEANUP_IPVS struct ipvs *ipvs = live_open(error);
	if (!ipvs || (stats ? ipvs_read_counted : ipvs_read)(ipvs, &table, error) < 0 ||
	    (format == FORMAT_JSON && table_check_writable(&table, error) < 0))
		return -1;
	if (format == FORMAT_JSON)
		leave_out_derived(&table);
	file_text *write = format == FORMAT_JSON ? write_json : write_rules;
	if (output[0] == '-' && !output[1])
		return file_stream(STDOUT_FILENO, "standard output", write, &table, error);
	return file_write_text(output, write, &table, 0666, error);
}

static int run(int count, char **operands)
{
	if (count > 0)
		return print_usage_error(&command_snapshot, "unexpected argument '%s'", operands[0]);
	if (stats && format == FORMAT_IPVSADM)
		return print_usage_error(&command_snapshot, "rules of ipvsadm hold no counters: --stats wants JSON");
	CLEANUP_ERROR struct error error = ERROR_INIT;
	return take_snapshot(&error) < 0 ? print_error(&error) : 0;
}

const struct subcommand command_snapshot = {
	.name = "snapshot",
	.also = "save dump export list show",
	.operands = "",
	.summary = "Write the live table to a file",
	.details = "'ipvs-iso restore' reads both formats again. The JSON holds all that the kernel\n"
		   "lets one set, in a stable order. What ipvsadm has no words for is named on\n"
		   "standard error, as its files hold no comments: sysctls among others.\n",
	.options = options,
	.set_option = set_option,
	.run = run,
};
