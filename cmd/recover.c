/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "command.h"
#include "live.h"

static int recover(struct error *error)
{
	CLEANUP_IPVS struct ipvs *ipvs = ipvs_open(error);
	struct session session;
	if (!ipvs || open_session(&session, ipvs, "ipvs-iso recover", error) < 0)
		return -1;
	/* Opening a session is what recovers. */
	if (!session.recovered && !manners.quiet)
		printf("There is nothing to recover: no run was killed before it could put the table back.\n");
	return session_keep(&session, error);
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
