/* SPDX-License-Identifier: MIT */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/memory.h"
#include "kernel/connections.h"
#include "kernel/rivals.h"
#include "process/identity.h"
#include "process/supervise.h"
#include "table/diff.h"
#include "unit/environment.h"

/* How long, and at what distance, the table is looked at after a unit that left something in it. */
#define WATCH_MS 250
#define WATCH_PAUSE_MS 25

/* What a unit may change, at one moment. */
struct state {
	struct table table;
	size_t connections;
};

#define CLEANUP_STATE __attribute__((cleanup(state_clear)))

static void state_clear(struct state *state)
{
	table_clear(&state->table);
}

static int state_read(struct ipvs *ipvs, struct state *state, struct error *error)
{
	if (ipvs_read(ipvs, &state->table, error) < 0)
		return -1;
	return connections_count(ipvs, &state->connections, error);
}

/* Fails when the table that was read `now` is not `expected` any more; `when` is said. */
static int compare(const struct table *expected, const struct table *now, const char *when, struct error *error)
{
	CLEANUP_CHANGES struct changes changed = {0};
	table_diff(&changed, expected, now);
	return changed.list.count > 0 ? rivals_blame(error, when, &changed) : 0;
}

static int check_steady(struct ipvs *ipvs, const struct table *expected, const char *when, struct error *error)
{
	CLEANUP_TABLE struct table now;
	table_init(&now);
	if (ipvs_read(ipvs, &now, error) < 0)
		return -1;
	return compare(expected, &now, when, error);
}

/*
 * Nothing of the unit lives any more, so nothing may change now. Where the unit left nothing that is looked at once.
 * What it left might be somebody else's doing, so then the table is watched for a while before the unit is blamed.
 */
static int check_nobody_else_writes(struct ipvs *ipvs, const struct state *dirty, bool suspicious, struct error *error)
{
	const struct timespec pause = {.tv_nsec = WATCH_PAUSE_MS * 1000000L};
	int64_t until = duration_now() + (suspicious ? WATCH_MS : 0);
	for (;;) {
		if (check_steady(ipvs, &dirty->table, "when the unit and all that it started had ended", error) < 0)
			return -1;
		if (duration_now() >= until)
			return 0;
		nanosleep(&pause, NULL);
	}
}

/* Makes the table clean, unless it is to be kept, and reads it. */
static int start_clean(struct ipvs *ipvs, const struct unit_options *options, struct state *clean, struct error *error)
{
	if (options->keep)
		return state_read(ipvs, clean, error);
	if ((!options->untouched && ipvs_flush(ipvs, error) < 0) || ipvs_restore(ipvs, options->clean, error) < 0)
		return error_context(error, "cannot make the table clean");
	if (state_read(ipvs, clean, error) < 0)
		return -1;
	return compare(options->clean, &clean->table, "when the unit had not begun", error);
}

static int execute(const struct unit *unit, const struct unit_options *options, struct outcome *outcome,
		   struct error *error)
{
	CLEANUP_IDENTITY struct identity identity = {0};
	if (options->user && identity_find(&identity, options->user, error) < 0)
		return -1;
	/* Another user could keep the lock for ever, and cannot change the table anyway. */
	bool passes_locks = options->locks && (!options->user || identity.user == geteuid());
	/* Only this process's own environment changes; it has one thread. */
	if (passes_locks)
		locks_export(options->locks);
	else
		unsetenv(LOCK_ENVIRONMENT);
	if ((options->user ? identity.user : geteuid()) == 0)
		environment_add_root_path();
	const struct command command = {
		.arguments = unit->arguments,
		.identity = options->user ? &identity : NULL,
		.gives_memory_first = options->gives_memory_first,
		.cannot_peek = options->cannot_peek,
		.inherited = passes_locks ? options->locks->descriptors.items : NULL,
		.inherited_count = passes_locks ? options->locks->descriptors.count : 0,
		.output = options->output,
		.timeout_ms = options->timeout_ms,
		.kill_after_ms = options->kill_after_ms,
	};
	return supervise_run(&command, outcome, error);
}

static void note_outcome(struct unit_result *result, const struct outcome *outcome, int64_t timeout_ms)
{
	result->status = outcome->status;
	result->signal = outcome->signal;
	result->timed_out = outcome->timed_out;
	result->time_limit_ms = outcome->timed_out ? timeout_ms : 0;
	result->interrupted = outcome->interrupted;
	result->times.running = outcome->duration_ms;
}

static void note_residue(struct residue_list *residue, const struct changes *changes, const struct state *clean,
			 const struct state *dirty, const struct outcome *outcome)
{
	residue_add_changes(residue, changes);

	for (size_t i = 0; i < outcome->leftovers.count; i++) {
		const struct leftover *leftover = &outcome->leftovers.items[i];
		CLEANUP_FREE char *survived = leftover->why ? memory_printf(" (could not be ended: %s)", leftover->why)
							    : memory_copy_string(" (could not be ended)");
		residue_add(residue, RESIDUE_PROCESSES, RESIDUE_LEFT,
			    memory_printf("process %d: %s%s", (int)leftover->pid, leftover->command_line,
					  leftover->survived ? survived : ""));
	}
	if (dirty->connections > clean->connections) {
		size_t more = dirty->connections - clean->connections;
		residue_add(residue, RESIDUE_CONNECTIONS, RESIDUE_LEFT,
			    memory_printf("%zu connection%s", more, more == 1 ? "" : "s"));
	}
}

void unit_blame_ourselves(struct error *trouble)
{
	if (trouble->kind == ERROR_NOT_FOUND || trouble->kind == ERROR_NOT_RUNNABLE)
		trouble->kind = ERROR_FAILED;
}

void unit_run(struct ipvs *ipvs, const struct unit *unit, const struct unit_options *options,
	      struct unit_result *result)
{
	struct error *trouble = &result->trouble;
	CLEANUP_STATE struct state clean = {0};
	CLEANUP_STATE struct state dirty = {0};
	CLEANUP_OUTCOME struct outcome outcome = {0};
	table_init(&clean.table);
	table_init(&dirty.table);

	int64_t begun = duration_now();
	result->name = memory_copy_string(unit->name);
	if (start_clean(ipvs, options, &clean, trouble) < 0) {
		unit_blame_ourselves(trouble);
		return;
	}
	result->times.preparing = duration_now() - begun;
	if (execute(unit, options, &outcome, trouble) < 0)
		return;
	note_outcome(result, &outcome, options->timeout_ms);
	CLEANUP_CHANGES struct changes changes = {0};
	int failed = state_read(ipvs, &dirty, trouble);
	if (failed == 0) {
		table_diff(&changes, &clean.table, &dirty.table);
		if (!options->untouched)
			failed = check_nobody_else_writes(ipvs, &dirty, changes.list.count > 0, trouble);
	}
	if (failed < 0) {
		unit_blame_ourselves(trouble);
		return;
	}
	note_residue(&result->residue, &changes, &clean, &dirty, &outcome);
	result->times.cleaning = duration_now() - begun - result->times.preparing - result->times.running;
}
