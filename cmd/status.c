/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "command.h"
#include "guest/guest.h"
#include "kernel/ipvs.h"
#include "process/descendants.h"
#include "process/supervise.h"
#include "run/trial.h"
#include "say.h"
#include "session/journal.h"
#include "session/lock.h"
#include "session/lock_holder.h"
#include "session/savepoint.h"
#include "session/session.h"
#include "session/state.h"
#include "session/survivors.h"

#define LABEL "%-14s "

/* "no: WHY" and the remedy below. */
static void say_no(const char *label, const struct error *error)
{
	CLEANUP_FREE char *before = memory_printf(LABEL "no: ", label);
	say_message(stdout, before, error->message);
	if (error->remedy)
		say(stdout, LABEL "%s", "", error->remedy);
}

/* Below a kernel that works: whether units can be isolated so. `failed` with an error, or how long it took (-1: not
   tried). */
static void say_isolation(const char *name, int failed, int64_t ready_ms, const struct error *error)
{
	CLEANUP_FREE char *label = memory_printf("  %s", name);
	if (failed)
		say_no(label, error);
	else if (ready_ms < 0)
		say(stdout, LABEL "works", label);
	else
		say(stdout, LABEL "works: ready in %.3f s", label, (double)ready_ms / 1000);
}

/* To try it would be to touch the table; but what it needs besides that can be opened. */
static void say_host_lock(void)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int directory = state_look(&path, &error);
	/* Where it is not there it will be made. */
	say_isolation("lock", directory < 0 && error.kind != ERROR_NOT_FOUND, -1, &error);
}

static void say_host_netns(void)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	int64_t ready_ms = 0;
	bool there = state_base_is_there();
	int failed = trial_in_sandbox(&ready_ms, &error);
	if (!there)
		state_forget_base(); /* a sandbox needs it as a place to mount on */
	say_isolation("netns", failed, ready_ms, &error);
}

/* How much there is in a table, and the end of the line. */
static void say_size(const struct table *table)
{
	size_t destinations = 0;
	for (size_t i = 0; i < table->services.count; i++)
		destinations += table->services.items[i].destinations.count;
	printf("%zu service%s, %zu destination%s, %zu sync daemon%s\n", table->services.count,
	       table->services.count == 1 ? "" : "s", destinations, destinations == 1 ? "" : "s", table->daemons.count,
	       table->daemons.count == 1 ? "" : "s");
}

static void say_host_kernel(void)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_IPVS struct ipvs *ipvs = ipvs_open(&error);
	CLEANUP_TABLE struct table table;
	table_init(&table);
	if (!ipvs || ipvs_read(ipvs, &table, &error) < 0) {
		say_no("kernel host", &error);
		return;
	}
	printf(LABEL "works: ", "kernel host");
	say_size(&table);
	say_host_lock();
	say_host_netns();
}

static void say_guest_isolation(struct guest *guest, enum isolation isolation, const char *name)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	int64_t ready_ms = 0;
	int failed = trial_in_guest(guest, isolation, &ready_ms, &error);
	say_isolation(name, failed, ready_ms, &error);
}

/* Tried, not guessed: it is booted, and runs a unit in either way. */
static void say_guest_kernel(const struct guest_kernel *kernel, const char *directory)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_FREE char *label = memory_printf("kernel %s", kernel->name);
	const struct guest_options options = {
		.kernel = kernel,
		.directory = directory,
		.memory = GUEST_MEMORY_DEFAULT,
		.patience_ms = GUEST_PATIENCE_DEFAULT_MS,
	};
	int interrupted;
	int64_t start = duration_now();
	CLEANUP_FREE char *program = NULL;
	if (kernel->find(&program, &error) < 0) {
		say_no(label, &error);
		return;
	}
	CLEANUP_GUEST struct guest *guest = guest_start(&options, &interrupted, &error);
	if (!guest) {
		say_no(label, &error);
		return;
	}
	say(stdout, LABEL "works: %s, booted in %.1f s", label, guest_description(guest),
	    (double)(duration_now() - start) / 1000);
	say_guest_isolation(guest, ISOLATION_LOCK, "lock");
	say_guest_isolation(guest, ISOLATION_NETNS, "netns");
}

/* A directory that cannot be shared is no fault of a kernel. */
static void say_guest_kernels(void)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_FREE char *directory = guest_directory(&error);
	for (const struct guest_kernel *const *kernel = guest_kernels; *kernel; kernel++)
		say_guest_kernel(*kernel, directory ? directory : GUEST_DIRECTORY_NONE);
	if (!directory)
		say_no("directory", &error);
}

/* The run that took the lock is not there any more; what it started still has it. */
static void say_survivors(int directory, unsigned depth, const char *label)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_SURVIVORS struct survivors survivors = {0};
	if (survivors_find(directory, depth, &survivors, &error) < 0) {
		say_no(label, &error);
		return;
	}
	if (survivors.pids.count == 0) {
		say(stdout, LABEL "held, by processes that cannot be seen from here (another PID namespace?)", label);
		return;
	}
	say(stdout, LABEL "the run that took it was killed, but processes that it started live on and hold it:", label);
	for (size_t i = 0; i < survivors.pids.count; i++) {
		CLEANUP_FREE char *command_line = descendants_command_line(survivors.pids.items[i]);
		if (command_line)
			say(stdout, LABEL "  process %d: %s", "", (int)survivors.pids.items[i], command_line);
	}
	/* To one of them it would be no advice. */
	if (depth >= lock_depth(directory))
		say(stdout, LABEL "end them and put the table back: ipvs-iso recover --kill", "");
}

static void say_lock(int directory, unsigned depth, const char *label)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct lock_holder holder = {0};
	int held = lock_query(directory, depth, &holder, &error);
	if (held < 0) {
		say_no(label, &error);
	} else if (held == 0) {
		say(stdout, LABEL "free", label);
	} else if (holder.dead) {
		say_survivors(directory, depth, label);
	} else {
		CLEANUP_FREE char *who = lock_holder_text(&holder);
		say(stdout, LABEL "held by %s", label, who);
	}
	lock_holder_clear(&holder);
}

/* What recover would put back; or that it could not, for whoever is about to rely on it. */
static void say_journal_content(int directory, unsigned depth, const char *path)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	table_init(&table);
	if (journal_read(directory, depth, path, &table, &error) < 0) {
		say(stdout, LABEL "it cannot be read, and until it can, nothing will change the table: %s", "",
		    error.message);
		return;
	}
	printf(LABEL "the table in it: ", "");
	say_size(&table);
}

static void say_unfinished(const char *path, const char *name, bool kill)
{
	say(stdout, LABEL "%s/%s: a run was killed before it could put the table back", "journal", path, name);
	say(stdout, LABEL "to put it back: ipvs-iso recover%s", "", kill ? " --kill" : "");
}

/* One journal, seen from inside of so many runs. False where there is none. */
static bool say_journal(int directory, unsigned depth, unsigned inside, const char *path)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_FREE char *name = journal_name(depth);
	struct lock_holder holder = {0};
	int present = journal_present(directory, depth, &error);
	int held = present > 0 ? lock_query(directory, depth, &holder, &error) : 0;
	if (present < 0 || held < 0)
		say_no("journal", &error);
	else if (present && (held == 0 || holder.dead))
		say_unfinished(path, name, held && inside <= depth);
	else if (present)
		say(stdout, LABEL "%s/%s: that of %s", "journal", path, name,
		    inside > depth ? "a run that this is a part of" : "the run that is under way");
	if (present > 0)
		say_journal_content(directory, depth, path);
	lock_holder_clear(&holder);
	return present != 0;
}

static void say_no_journal(void)
{
	say(stdout, LABEL "none: no run owes this host its table", "journal");
}

static void say_journals(int directory, const char *path)
{
	unsigned inside = lock_depth(directory);
	bool any = false;
	for (unsigned depth = 0; depth <= inside; depth++)
		any |= say_journal(directory, depth, inside, path);
	if (!any)
		say_no_journal();
}

/* Those of the unit that this is in. */
static void say_savepoints(int directory, const char *path, unsigned depth)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_FREE char *names = savepoint_list(directory, path, depth, &error);
	if (!names)
		say_no("savepoints", &error);
	else if (*names)
		say(stdout, LABEL "%s", "savepoints", names);
}

static void say_session(void)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int directory = state_look(&path, &error);
	if (directory < 0 && error.kind == ERROR_NOT_FOUND) {
		say(stdout, LABEL "free", "lock");
		say_no_journal();
		return;
	}
	if (directory < 0) {
		say_no("lock", &error);
		return;
	}
	say_lock(directory, 0, "lock");
	unsigned inside = lock_depth(directory);
	if (inside > 0)
		say_lock(directory, inside, "turn in unit");
	say_journals(directory, path);
	if (inside > 0)
		say_savepoints(directory, path, inside);
}

static int run(int count, char **operands)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (count > 0)
		return print_usage_error(&command_status, "unexpected argument '%s'", operands[0]);
	if (supervise_prepare(&error) < 0)
		return print_error(&error);
	say_session();
	say_host_kernel();
	say_guest_kernels();
	return 0;
}

const struct subcommand command_status = {
	.name = "status",
	.also = "info",
	.operands = "",
	.summary = "Show the lock, the journal, and which kernels and isolations work",
	.details = "They are tried, not guessed: the embedded kernel is booted, which takes a second\n"
		   "or two, and a unit that does nothing is run in a sandbox.\n",
	.run = run,
};
