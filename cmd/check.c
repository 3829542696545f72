/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "command.h"
#include "live.h"
#include "result/residue.h"
#include "say.h"
#include "table/diff.h"

static int run(int count, char **operands)
{
	if (count > 1)
		return print_usage_error(&command_check, "unexpected argument '%s'", operands[1]);

	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table wanted;
	CLEANUP_TABLE struct table live;
	table_init(&wanted);
	table_init(&live);
	int failed = count > 0 ? table_load_beside_live(&wanted, operands[0], &live, &error)
			       : table_load(&live, "live", &error);
	if (failed < 0)
		return print_error(&error);

	CLEANUP_CHANGES struct changes changes = {0};
	struct residue_list residue = {0};
	table_diff(&changes, &wanted, &live);
	residue_add_changes(&residue, &changes);
	for (size_t i = 0; !manners.quiet && i < residue.entries.count; i++) {
		const struct residue *entry = &residue.entries.items[i];
		say(stdout, "%-12s %-8s %s", residue_class_name(entry->class), residue_action_name(entry->action),
		    entry->text);
	}
	int status = residue.entries.count > 0;
	residue_clear(&residue);
	return status;
}

const struct subcommand command_check = {
	.name = "check",
	.operands = "[FILE]",
	.summary = "Tell whether the live table is clean, or equals FILE",
	.details = "A clean table has no services, no sync daemons and the kernel's default\n"
		   "timeouts. What is there beyond that, or other than in FILE, is listed in the\n"
		   "words of ipvsadm.\n"
		   "The exit status is 0 when there is nothing, 1 when there is, 125 in trouble.\n",
	.run = run,
};
