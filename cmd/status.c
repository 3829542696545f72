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
#include "session/journal.h"
#include "session/lock.h"
#include "session/lock_holder.h"
#include "session/state.h"
#include "session/survivors.h"

#define LABEL "%-14s "

/* "no: WHY" and the remedy below. */
static void say_no(const char *label, const struct error *error)
{
	printf(LABEL "no: %s\n", label, error->message);
	if (error->remedy)
		printf(LABEL "%s\n", "", error->remedy);
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
	size_t destinations = 0;
	for (size_t i = 0; i < table.services.count; i++)
		destinations += table.services.items[i].destinations.count;
	printf(LABEL "works: %zu service%s, %zu destination%s, %zu sync daemon%s\n", "kernel host",
	       table.services.count, table.services.count == 1 ? "" : "s", destinations, destinations == 1 ? "" : "s",
	       table.daemons.count, table.daemons.count == 1 ? "" : "s");
}

/* Tried, not guessed: it is booted. */
static void say_guest_kernel(const struct guest_kernel *kernel)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_FREE char *label = memory_printf("kernel %s", kernel->name);
	const struct guest_options options = {
		.kernel = kernel,
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
	printf(LABEL "works: %s, booted in %.1f s\n", label, guest_description(guest),
	       (double)(duration_now() - start) / 1000);
}

/* The run that took the lock is not there any more; what it started still has it. */
static void say_survivors(int directory)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_SURVIVORS struct survivors survivors = {0};
	if (survivors_find(directory, &survivors, &error) < 0) {
		say_no("lock", &error);
		return;
	}
	if (survivors.pids.count == 0) {
		printf(LABEL "held, by processes that cannot be seen from here (another PID namespace?)\n", "lock");
		return;
	}
	printf(LABEL "the run that took it was killed, but processes that it started live on and hold it:\n", "lock");
	for (size_t i = 0; i < survivors.pids.count; i++) {
		CLEANUP_FREE char *command_line = descendants_command_line(survivors.pids.items[i]);
		printf(LABEL "  process %d: %s\n", "", (int)survivors.pids.items[i], command_line);
	}
	printf(LABEL "end them and put the table back: ipvs-iso recover --kill\n", "");
}

static void say_lock(int directory)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct lock_holder holder = {0};
	int held = lock_query(directory, &holder, &error);
	if (held < 0) {
		say_no("lock", &error);
	} else if (held == 0) {
		printf(LABEL "free\n", "lock");
	} else if (holder.dead) {
		say_survivors(directory);
	} else {
		CLEANUP_FREE char *who = lock_holder_text(&holder);
		printf(LABEL "held by %s\n", "lock", who);
	}
	lock_holder_clear(&holder);
}

static void say_journal(int directory, const char *path)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	int present = journal_present(directory, &error);
	if (present < 0)
		say_no("journal", &error);
	else if (present && lock_inherited(directory) >= 0)
		printf(LABEL "there is one, in %s: that of the run that this is a part of\n", "journal", path);
	else if (present)
		printf(LABEL "there is one, in %s: a run is under way, or was killed\n" LABEL
			     "if nobody holds the lock, put the table back: ipvs-iso recover\n",
		       "journal", path, "");
	else
		printf(LABEL "none: no run owes this host its table\n", "journal");
}

static void say_session(void)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int directory = state_open(&path, &error);
	if (directory < 0) {
		say_no("lock", &error);
		return;
	}
	say_lock(directory);
	say_journal(directory, path);
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
	for (const struct guest_kernel *const *kernel = guest_kernels; *kernel; kernel++)
		say_guest_kernel(*kernel);
	return 0;
}

const struct subcommand command_status = {
	.name = "status",
	.operands = "",
	.summary = "Show the lock, the journal, and which kernels work here",
	.details = "Kernels are tried, not guessed: the embedded one is booted, which takes a second or two.\n",
	.run = run,
};
