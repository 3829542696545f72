/* SPDX-License-Identifier: MIT */
#include "live.h"
#include "savepoints.h"
#include "session/savepoint.h"

static int roll_back(struct session *session, const char *name, struct error *error)
{
	uint64_t number;
	CLEANUP_TABLE struct table wanted;
	table_init(&wanted);
	if (savepoint_find(session->directory, session->path, session->depth, name, &number, &wanted, error) < 0)
		return close_keeping(session, -1, error);
	if (restore_or_close(session, &wanted, error) < 0)
		return -1;
	int failed = savepoint_drop_from(session->directory, session->depth, number + 1, error);
	if (failed < 0)
		error_context(error, "the table is rolled back, but later savepoints stay in %s", session->path);
	return close_keeping(session, failed, error);
}

static int run(int count, char **operands)
{
	return run_on_savepoint(&command_rollback, count, operands, roll_back);
}

const struct subcommand command_rollback = {
	.name = "rollback",
	.operands = "NAME",
	.summary = "Inside a run, make the table again what it was at a savepoint",
	.details = "Only what differs is changed. The savepoint stays; those that were made after it\n"
		   "are dropped.\n",
	.takes_lock = true,
	.run = run,
};
