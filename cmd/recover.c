/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "command.h"
#include "live.h"
#include "process/supervise.h"
#include "session/state.h"
#include "session/survivors.h"

/* How long what a killed run left may take to obey SIGTERM. */
#define KILL_AFTER_MS 5000

static bool kills;

static const struct option_row options[] = {
	{0, "kill", NULL, "first end the processes that a killed run left running and\nthat hold the lock"},
	{0},
};

static int set_option(int index, const char *value, struct error *error)
{
	(void)index;
	(void)value;
	(void)error;
	kills = true;
	return 0;
}

/* Only where the run that took the lock is dead itself: a run that lives puts its table back without us. */
static int end_survivors(struct error *error)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int directory = state_open(&path, error);
	if (directory < 0)
		return -1;
	unsigned depth = session_depth_to_recover(directory);
	if (depth < lock_depth(directory)) {
		error_set(error, ERROR_INPUT, "this is one of the processes that hold the lock, and would end itself");
		return error_remedy(error, "recover from here without --kill, or from another terminal with it");
	}
	struct lock_holder holder = {0};
	int held = lock_query(directory, depth, &holder, error);
	pid_t pid = holder.pid;
	bool dead = holder.dead;
	lock_holder_clear(&holder);
	if (held <= 0)
		return held;
	if (pid) {
		error_set(error, ERROR_BUSY,
			  "the run that holds the lock, process %d, is alive and will put the table back", (int)pid);
		return error_remedy(error, "end it by itself: kill %d", (int)pid);
	}
	if (!dead) {
		error_set(error, ERROR_BUSY, "whether the run that holds the lock lives cannot be seen from here");
		return error_remedy(error, "it may be in another container or PID namespace: look there");
	}
	return survivors_end(directory, depth, KILL_AFTER_MS, error);
}

static int recover(struct error *error)
{
	if (kills && end_survivors(error) < 0)
		return -1;
	CLEANUP_IPVS struct ipvs *ipvs = ipvs_open(error);
	/* So that a Ctrl-C waits until the work is done; while the lock is waited for it acts as usual. */
	if (!ipvs || supervise_prepare(error) < 0)
		return -1;
	const struct session_options session_options = {
		.command = "ipvs-iso recover",
		.wait_ms = manners.wait_ms,
		.waiting = tell_waiting,
	};
	CLEANUP_FREE char *replaced = NULL;
	int done = session_recover(ipvs, &session_options, &replaced, error);
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
	if (recover(&error) < 0)
		return print_error(&error);
	int signal = supervise_pending_signal();
	return signal ? 128 + signal : 0;
}

const struct subcommand command_recover = {
	.name = "recover",
	.operands = "",
	.options = options,
	.set_option = set_option,
	.summary = "Put back the table of a run that was killed",
	.details = "Whoever takes the lock next does that too, before anything else. What is in the\n"
		   "table at that moment is kept in a file beside the journal, whose name is\n"
		   "printed. Inside a unit it is about the runs inside that unit, or, where the\n"
		   "unit's own run was killed, about that one.\n",
	.takes_lock = true,
	.run = run,
};
