/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "command.h"
#include "live.h"
#include "table/diff.h"
#include "table/rules.h"

enum format { FORMAT_TEXT, FORMAT_JSON };

static enum format format;

static const struct option_row options[] = {
	{'f', "format", "text|json", "how to print the differences; default: text"},
	{0},
};

static int set_option(int index, const char *value, struct error *error)
{
	(void)index;
	if (strcmp(value, "text") == 0)
		format = FORMAT_TEXT;
	else if (strcmp(value, "json") == 0)
		format = FORMAT_JSON;
	else
		return error_set(error, ERROR_INPUT, "there is no format '%s'; the formats are text and json", value);
	return 0;
}

static const char *const action_names[] = {
	[CHANGE_ADD] = "add",
	[CHANGE_EDIT] = "change",
	[CHANGE_REMOVE] = "remove",
};

static const char *const subject_names[] = {
	[SUBJECT_SERVICE] = "service", [SUBJECT_DESTINATION] = "destination", [SUBJECT_TIMEOUTS] = "timeouts",
	[SUBJECT_DAEMON] = "daemon",   [SUBJECT_SYSCTL] = "sysctl",
};

static void print_json(const struct changes *changes)
{
	json_t *list = json_array();
	for (size_t i = 0; i < changes->list.count; i++) {
		const struct change *change = &changes->list.items[i];
		CLEANUP_FREE char *text = change_text(change);
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:o}", "action", action_names[change->action], "subject",
						subject_names[change->subject], "text", bytes_to_json(text)));
	}
	json_t *json = json_pack("{s:s, s:i, s:o}", "format", "ipvs-iso.diff", "version", 1, "changes", list);
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

static int load_both(struct table *from, struct table *to, char **operands, int count, struct error *error)
{
	const char *other = count > 1 ? operands[1] : "live";
	bool from_live = strcmp(operands[0], "live") == 0;
	bool to_live = strcmp(other, "live") == 0;
	if (to_live && !from_live)
		return table_load_beside_live(from, operands[0], to, error);
	if (from_live && !to_live)
		return table_load_beside_live(to, other, from, error);
	return table_load(from, operands[0], error) < 0 ? -1 : table_load(to, other, error);
}

static int run(int count, char **operands)
{
	if (count < 1 || count > 2)
		return print_usage_error(&command_diff, count ? "unexpected argument '%s'" : "nothing to compare",
					 count ? operands[2] : "");
	if (count == 2 && strcmp(operands[0], "-") == 0 && strcmp(operands[1], "-") == 0)
		return print_usage_error(&command_diff, "standard input can be read only once");

	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table from;
	CLEANUP_TABLE struct table to;
	table_init(&from);
	table_init(&to);
	if (load_both(&from, &to, operands, count, &error) < 0)
		return print_error(&error);

	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &from, &to);
	if (format == FORMAT_JSON)
		print_json(&changes);
	else if (!manners.quiet)
		print_changes(&changes);
	return changes.list.count > 0;
}

const struct subcommand command_diff = {
	.name = "diff",
	.also = "compare",
	.operands = "A [B]",
	.summary = "Show what would make table A equal to table B",
	.details = "A and B are files, '-' for standard input, or 'live' for the kernel's table,\n"
		   "which is B's default. Lines begin with + for what only B has, - for what only A\n"
		   "has, ~ for what differs.\n"
		   "The exit status is 0 when they are equal, 1 when they differ, 125 in trouble.\n",
	.options = options,
	.set_option = set_option,
	.run = run,
};
