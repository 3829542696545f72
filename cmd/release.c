/* SPDX-License-Identifier: MIT */
#include "savepoints.h"
#include "session/savepoint.h"

static int let_go(struct session *session, const char *name, struct error *error)
{
	uint64_t number;
	int failed = savepoint_find(session->directory, session->path, session->depth, name, &number, NULL, error);
	if (failed == 0)
		failed = savepoint_drop_from(session->directory, session->depth, number, error);
	return close_keeping(session, failed, error);
}

static int run(int count, char **operands)
{
	return run_on_savepoint(&command_release, count, operands, let_go);
}

const struct subcommand command_release = {
	.name = "release",
	.operands = "NAME",
	.summary = "Inside a run, drop a savepoint and keep the table as it is",
	.details = "Those that were made after it are dropped, too.\n",
	.takes_lock = true,
	.run = run,
};
