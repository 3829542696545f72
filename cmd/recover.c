/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/memory.h"
#include "command.h"
#include "live.h"

static int recover(struct error *error)
{
	CLEANUP_IPVS struct ipvs *ipvs = ipvs_open(error);
	if (!ipvs)
		return -1;
	const struct session_options options = {
		.command = "ipvs-iso recover",
		.wait_ms = LOCK_WAIT_FOR_EVER,
		.waiting = tell_waiting,
	};
	CLEANUP_FREE char *replaced = NULL;
	int done = session_recover(ipvs, &options, &replaced, error);
	if (done > 0)
		tell_recovered(NULL, replaced);
	else if (done == 0 && !manners.quiet)
		printf("There is nothing to recover: no run was killed before it could put the table back.\n");
	return done < 0 ? -1 : 0;
}

static int run(int count, char **operands)
{
	if (count > 0)
		return print_usage_error(&command_recover, "unexpected argument '%s'", operands[0]);
	CLEANUP_ERROR struct error error = ERROR_INIT;
	return recover(&error) < 0 ? print_error(&error) : 0;
}

const struct subcommand command_recover = {
	.name = "recover",
	.operands = "",
	.summary = "Put back the table of a run that was killed",
	.details = "Whoever takes the lock next does that too, before anything else. What is in the table at that "
		   "moment is\n"
		   "kept in a file beside the journal, whose name is printed.\n",
	.run = run,
};
