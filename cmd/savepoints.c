/* SPDX-License-Identifier: MIT */
#include "savepoints.h"

#include "base/file.h"
#include "base/memory.h"
#include "kernel/ipvs.h"
#include "live.h"
#include "process/supervise.h"
#include "session/lock.h"
#include "session/state.h"

int close_keeping(struct session *session, int failed, struct error *error)
{
	CLEANUP_ERROR struct error second = ERROR_INIT;
	int kept = session_keep(session, failed < 0 ? &second : error);
	return failed < 0 ? failed : kept;
}

static int check_inside_run(struct error *error)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int directory = state_open(&path, error);
	if (directory < 0)
		return -1;
	if (lock_check_place(directory, error) < 0)
		return error_context(error, "%s", path);
	if (lock_depth(directory) > 0)
		return 0;
	if (lock_check_lost(directory, 0, error) < 0)
		return -1;
	error_set(error, ERROR_INPUT, "this is not inside a run, and a savepoint is part of a unit of one");
	return error_remedy(error, "run what uses savepoints with: ipvs-iso run -- COMMAND");
}

static int work_in_unit(const struct subcommand *command, const char *name, savepoint_work *work, struct error *error)
{
	/* Before the kernel is asked for anything: where there is no run, that is what is wrong. */
	if (check_inside_run(error) < 0)
		return -1;
	CLEANUP_IPVS struct ipvs *ipvs = ipvs_open(error);
	if (!ipvs)
		return -1;
	struct session session;
	CLEANUP_FREE char *holder = memory_printf("ipvs-iso %s", command->name);
	if (open_session(&session, ipvs, holder, error) < 0)
		return -1;
	return work(&session, name, error);
}

int run_on_savepoint(const struct subcommand *command, int count, char **operands, savepoint_work *work)
{
	if (count == 0)
		return print_usage_error(command, "no name given");
	if (count > 1)
		return print_usage_error(command, "unexpected argument '%s'", operands[1]);
	if (!*operands[0])
		return print_usage_error(command, "the name of the savepoint is empty");

	CLEANUP_ERROR struct error error = ERROR_INIT;
	/* So that a Ctrl-C waits until the work is done; while the lock is waited for it acts as usual. */
	if (supervise_prepare(&error) < 0 || work_in_unit(command, operands[0], work, &error) < 0)
		return print_error(&error);
	int signal = supervise_pending_signal();
	return signal ? 128 + signal : 0;
}
