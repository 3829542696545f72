/* SPDX-License-Identifier: MIT */
#include "session/savepoint.h"

#include "savepoints.h"

static int save(struct session *session, const char *name, struct error *error)
{
	int failed = savepoint_write(session->directory, session->depth, name, &session->host, error);
	if (failed < 0)
		error_context(error, "cannot keep the savepoint in %s", session->path);
	return close_keeping(session, failed, error);
}

static int run(int count, char **operands)
{
	return run_on_savepoint(&command_savepoint, count, operands, save);
}

const struct subcommand command_savepoint = {
	.name = "savepoint",
	.operands = "NAME",
	.summary = "Inside a run, give the table as it is now a name to roll back to",
	.details = "For tests within a unit: savepoint, change the table, rollback. They nest as in\n"
		   "SQL: a name that is used again means the newer one until that is dropped. All of\n"
		   "them end with the unit.\n",
	.takes_lock = true,
	.run = run,
};
