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

static const char before_unit[] = "when the unit had not begun";
static const char after_unit[] = "when the unit and all that it started had ended";

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
static int check_nobody_else_writes(struct session *session, bool suspicious, struct error *error)
{
	const struct timespec pause = {.tv_nsec = WATCH_PAUSE_MS * 1000000L};
	int64_t until = duration_now() + (suspicious ? WATCH_MS : 0);
	for (;;) {
		if (check_steady(session->ipvs, &session->held, after_unit, error) < 0)
			return -1;
		if (duration_now() >= until)
			return 0;
		nanosleep(&pause, NULL);
	}
}

static int check_held(struct session *session, const char *when, struct error *error)
{
	/* What is there of a change that stopped half way tells nothing of others. */
	return session->torn ? 0 : check_steady(session->ipvs, &session->held, when, error);
}

static int flush_held(struct session *session, struct error *error)
{
	session->changed = true;
	session->torn = ipvs_flush(session->ipvs, &session->held, error) < 0;
	if (session->torn)
		return -1;
	table_flush(&session->held);
	return 0;
}

int unit_sweep(struct session *session, struct error *error)
{
	CLEANUP_ERROR struct error second = ERROR_INIT;
	int steady = check_held(session, "after the last unit", error);
	return flush_held(session, steady < 0 ? &second : error) < 0 ? -1 : steady;
}

/* From the flushed table to the clean one. */
static int load_clean(struct session *session, const struct table *wanted, struct error *error)
{
	CLEANUP_TABLE struct table live;
	table_init(&live);
	if (ipvs_read(session->ipvs, &live, error) < 0 || compare(&session->held, &live, before_unit, error) < 0)
		return -1;
	int failed = ipvs_restore_all(session->ipvs, &live, wanted, error);
	table_copy(&session->held, wanted);
	/* Where the kernel took every change, it is all there, whatever somebody else has made of it. */
	session->torn = failed < 0 && error->kind != ERROR_RIVAL;
	return failed;
}

static int make_clean(const struct unit_options *options, struct error *error)
{
	struct session *session = options->session;
	/* Nobody else can write to a table that is a sandbox's own. */
	if (!options->untouched && (check_held(session, before_unit, error) < 0 || flush_held(session, error) < 0))
		return -1;
	return load_clean(session, options->clean, error);
}

/* Makes the table clean, unless it is to be kept, and reads it. */
static int start_clean(const struct unit_options *options, struct state *clean, struct error *error)
{
	struct session *session = options->session;
	if (!session->changed)
		table_copy(&session->held, &session->host);
	if (!options->keep && make_clean(options, error) < 0)
		return error_context(error, "cannot make the table clean");
	if (state_read(session->ipvs, clean, error) < 0 ||
	    compare(&session->held, &clean->table, before_unit, error) < 0)
		return -1;
	session->changed = true;
	return 0;
}

static int execute(const struct unit *unit, const struct unit_options *options, struct outcome *outcome,
		   struct error *error)
{
	CLEANUP_IDENTITY struct identity identity = {0};
	if (options->user && identity_find(&identity, options->user, error) < 0)
		return -1;
	/* Another user could keep the lock for ever, and cannot change the table anyway. */
	const struct locks *locks = &options->session->locks;
	bool passes_locks = !options->user || identity.user == geteuid();
	/* Only this process's own environment changes; it has one thread. */
	if (passes_locks)
		locks_export(locks);
	else
		unsetenv(LOCK_ENVIRONMENT);
	if ((options->user ? identity.user : geteuid()) == 0)
		environment_add_root_path();
	const struct command command = {
		.arguments = unit->arguments,
		.identity = options->user ? &identity : NULL,
		.gives_memory_first = options->gives_memory_first,
		.cannot_peek = options->cannot_peek,
		.inherited = passes_locks ? locks->descriptors.items : NULL,
		.inherited_count = passes_locks ? locks->descriptors.count : 0,
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
			 size_t connections, const struct outcome *outcome)
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
	if (connections > clean->connections) {
		size_t more = connections - clean->connections;
		residue_add(residue, RESIDUE_CONNECTIONS, RESIDUE_LEFT,
			    memory_printf("%zu connection%s", more, more == 1 ? "" : "s"));
	}
}

void unit_blame_ourselves(struct error *trouble)
{
	if (trouble->kind == ERROR_NOT_FOUND || trouble->kind == ERROR_NOT_RUNNABLE)
		trouble->kind = ERROR_FAILED;
}

/*
 * Reads into `dirty` what the unit has left, and lets the session know. Where that fails, the table is read once more
 * for the session: what the unit left would else be taken for somebody else's, and stay.
 */
static int read_dirty(struct session *session, const struct state *clean, struct state *dirty, struct error *error)
{
	int failed = state_read(session->ipvs, dirty, error);
	if (failed < 0) {
		CLEANUP_ERROR struct error second = ERROR_INIT;
		dirty->connections = clean->connections;
		if (ipvs_read(session->ipvs, &dirty->table, &second) < 0)
			table_copy(&dirty->table, &clean->table);
	}
	table_copy(&session->held, &dirty->table);
	return failed;
}

/* It is noted also where this fails: it will be removed as the unit's, and some of it may be somebody else's. */
static int find_residue(const struct unit_options *options, const struct state *clean, const struct outcome *outcome,
			struct residue_list *residue, struct error *error)
{
	CLEANUP_CHANGES struct changes changes = {0};
	CLEANUP_STATE struct state dirty = {0};
	table_init(&dirty.table);
	int failed = read_dirty(options->session, clean, &dirty, error);
	table_diff(&changes, &clean->table, &dirty.table);
	if (failed == 0 && !options->untouched)
		failed = check_nobody_else_writes(options->session, changes.list.count > 0, error);
	note_residue(residue, &changes, clean, dirty.connections, outcome);
	return failed;
}

void unit_run(const struct unit *unit, const struct unit_options *options, struct unit_result *result)
{
	struct error *trouble = &result->trouble;
	CLEANUP_STATE struct state clean = {0};
	CLEANUP_OUTCOME struct outcome outcome = {0};
	table_init(&clean.table);

	int64_t begun = duration_now();
	result->name = memory_copy_string(unit->name);
	if (start_clean(options, &clean, trouble) < 0) {
		unit_blame_ourselves(trouble);
		return;
	}
	result->times.preparing = duration_now() - begun;
	if (execute(unit, options, &outcome, trouble) < 0)
		return;
	note_outcome(result, &outcome, options->timeout_ms);
	if (find_residue(options, &clean, &outcome, &result->residue, trouble) < 0) {
		unit_blame_ourselves(trouble);
		return;
	}
	result->times.cleaning = duration_now() - begun - result->times.preparing - result->times.running;
}
