/* SPDX-License-Identifier: MIT */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "kernel/connections.h"
#include "kernel/rivals.h"
#include "process/identity.h"
#include "process/supervise.h"
#include "session/lock.h"
#include "table/diff.h"

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
	return connections_count(&state->connections, error);
}

/* Reads it twice: where nothing of the unit lives any more, nothing may change from the one time to the other. */
static int state_read_steady(struct ipvs *ipvs, struct state *state, struct error *error)
{
	CLEANUP_TABLE struct table again;
	table_init(&again);
	if (state_read(ipvs, state, error) < 0 || ipvs_read(ipvs, &again, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes changed = {0};
	table_diff(&changed, &state->table, &again);
	if (changed.list.count > 0)
		return rivals_blame(error, "when the unit and all that it started had ended", &changed);
	return 0;
}

/* Makes the table clean, unless it is to be kept, and reads it. */
static int start_clean(struct ipvs *ipvs, const struct unit_options *options, struct state *clean, struct error *error)
{
	if (options->keep)
		return state_read(ipvs, clean, error);
	if (ipvs_flush(ipvs, error) < 0 || ipvs_restore(ipvs, options->clean, error) < 0)
		return error_context(error, "cannot make the table clean");
	if (state_read(ipvs, clean, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes changed = {0};
	table_diff(&changed, options->clean, &clean->table);
	if (changed.list.count > 0)
		return rivals_blame(error, "when the unit had not begun", &changed);
	return 0;
}

static int execute(const struct unit *unit, const struct unit_options *options, struct outcome *outcome,
		   struct error *error)
{
	CLEANUP_IDENTITY struct identity identity = {0};
	if (options->user && identity_find(&identity, options->user, error) < 0)
		return -1;
	/* Another user could keep the lock for ever, and cannot change the table anyway. */
	bool passes_lock = options->lock >= 0 && (!options->user || identity.user == geteuid());
	CLEANUP_FREE char *lock = memory_printf("%d", options->lock);
	/* Only this process's own environment changes; it has one thread. */
	if (passes_lock)
		setenv(LOCK_ENVIRONMENT, lock, 1);
	else
		unsetenv(LOCK_ENVIRONMENT);
	const struct command command = {
		.arguments = unit->arguments,
		.identity = options->user ? &identity : NULL,
		.inherited = passes_lock ? options->lock : -1,
		.timeout_ms = options->timeout_ms,
		.kill_after_ms = options->kill_after_ms,
	};
	return supervise_run(&command, outcome, error);
}

static void note_outcome(struct unit_result *result, const struct outcome *outcome)
{
	result->status = outcome->status;
	result->signal = outcome->signal;
	result->timed_out = outcome->timed_out;
	result->interrupted = outcome->interrupted;
	result->duration_ms = outcome->duration_ms;
}

static void note_residue(struct residue_list *residue, const struct state *clean, const struct state *dirty,
			 const struct outcome *outcome)
{
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &clean->table, &dirty->table);
	residue_add_changes(residue, &changes);

	for (size_t i = 0; i < outcome->leftovers.count; i++) {
		const struct leftover *leftover = &outcome->leftovers.items[i];
		residue_add(residue, RESIDUE_PROCESSES, RESIDUE_LEFT,
			    memory_printf("process %d: %s%s", (int)leftover->pid, leftover->command_line,
					  leftover->survived ? " (could not be ended)" : ""));
	}
	if (dirty->connections > clean->connections) {
		size_t more = dirty->connections - clean->connections;
		residue_add(residue, RESIDUE_CONNECTIONS, RESIDUE_LEFT,
			    memory_printf("%zu connection%s", more, more == 1 ? "" : "s"));
	}
}

/* "Not found" is said of the command alone: run_status() makes 127 of it. */
static void blame_ourselves(struct error *trouble)
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

	result->name = memory_copy_string(unit->name);
	if (start_clean(ipvs, options, &clean, trouble) < 0) {
		blame_ourselves(trouble);
		return;
	}
	if (execute(unit, options, &outcome, trouble) < 0)
		return;
	note_outcome(result, &outcome);
	if (state_read_steady(ipvs, &dirty, trouble) < 0) {
		blame_ourselves(trouble);
		return;
	}
	note_residue(&result->residue, &clean, &dirty, &outcome);
}
