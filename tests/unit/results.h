/* SPDX-License-Identifier: MIT */
/* Results made by hand, for the tests of what is done with results. */
#ifndef IPVS_ISO_TESTS_RESULTS_H
#define IPVS_ISO_TESTS_RESULTS_H

#include <string.h>

#include "base/memory.h"
#include "result/result.h"

/* What the formats give a meaning to, control characters, and what is no UTF-8. */
#define NASTY "<&]]>\"'\n::%,|`*_#@\\ \x1b[31m\x7f\xc2\x9b\xff\xed\xa0\x80\r\t\xe2\x82\xac"

static inline struct unit_result *add_unit(struct run_result *run, const char *name, int64_t started, int64_t running)
{
	struct unit_result *unit = array_append(&run->units);
	*unit = (struct unit_result){
		.name = memory_copy_string(name),
		.place = run->units.count - 1,
		.attempts = 1,
		.times = {.started = started, .waited = started, .preparing = 20, .running = running, .cleaning = 30},
	};
	return unit;
}

static inline void add_residue(struct unit_result *unit, enum residue_class class, enum residue_action action,
			       const char *text)
{
	residue_add(&unit->residue, class, action, memory_copy_string(text));
	residue_tolerate(&unit->residue, RESIDUE_SET_DEFAULT);
}

static inline void set_output(struct unit_result *unit, const char *bytes, size_t length, size_t dropped)
{
	unit->output =
		(struct unit_output){.bytes = memory_copy_bytes(bytes, length), .length = length, .dropped = dropped};
}

/* One that failed and left a service; of a unit of which all other attempts are known. */
static inline struct unit_result *add_attempt(struct unit_result *unit, const char *output)
{
	struct unit_result *attempt = array_append(&unit->earlier);
	*attempt = (struct unit_result){
		.name = memory_copy_string(unit->name),
		.status = 4,
		.attempts = (unsigned)unit->earlier.count,
	};
	unit->attempts = attempt->attempts + 1;
	set_output(attempt, output, strlen(output), 0);
	add_residue(attempt, RESIDUE_SERVICES, RESIDUE_LEFT, "-A -f 8 -s rr");
	return attempt;
}

static inline struct run_part *add_part(struct run_result *run, const char *id, unsigned shard, unsigned shards)
{
	struct run_part *part = array_append(&run->parts);
	*part = (struct run_part){.id = memory_copy_string(id), .shard = shard, .shards = shards};
	return part;
}

/* `names`: with spaces between */
static inline void add_plan(struct run_part *part, const char *names)
{
	CLEANUP_FREE char *copy = memory_copy_string(names);
	char *rest = copy;
	for (char *name; (name = strsep(&rest, " "));)
		*array_append(&part->plan) = memory_copy_string(name);
}

/* A shuffled shard in which a unit ended in every way there is, and two were not reached. */
static inline void make_result(struct run_result *run)
{
	*run = (struct run_result){
		.command = memory_copy_string("bats 'share/examples/{}'"),
		.kernel = memory_copy_string("uml 6.1.176"),
		.isolation = "netns",
		.jobs = 2,
		.started_ms = INT64_C(1795248000123), /* 2026-11-21T08:00:00.123Z */
		.waited_ms = 1400,
		.duration_ms = 9000,
		.planned = 9,
		.shuffled = true,
		.seed = UINT32_MAX,
		.shard = 2,
		.shards = 3,
		.interrupted = 2,
	};
	struct unit_result *unit = add_unit(run, "clean", 1400, 700);
	set_output(unit, "1..1\nok 1\n", 10, 0);

	unit = add_unit(run, "leaves/a_service", 2200, 900);
	add_residue(unit, RESIDUE_SERVICES, RESIDUE_LEFT, "-A -u 10.2.0.1:53 -s wrr");
	add_residue(unit, RESIDUE_DESTINATIONS, RESIDUE_REMOVED, "-a -t 10.0.0.1:80 -r 10.0.0.3:8080 -m -w 2");
	add_residue(unit, RESIDUE_TIMEOUTS, RESIDUE_CHANGED, "--set 60 10 30 (was: --set 900 120 300)");
	add_residue(unit, RESIDUE_CONNECTIONS, RESIDUE_LEFT, "3 connections");

	unit = add_unit(run, "only connections", 3200, 100);
	unit->attempts = 2;
	add_residue(unit, RESIDUE_CONNECTIONS, RESIDUE_LEFT, "1 connection");

	unit = add_unit(run, "fails", 3400, 1000);
	unit->status = 3;
	unit->attempts = 3;
	set_output(unit, "  not ok 1 of " NASTY "\n\nend", strlen("  not ok 1 of " NASTY "\n\nend"), 1048576);

	unit = add_unit(run, "hangs", 4500, 2000);
	unit->timed_out = true;
	unit->signal = 15;
	unit->status = 143;
	add_residue(unit, RESIDUE_PROCESSES, RESIDUE_LEFT, "process 857: sleep 600");

	unit = add_unit(run, "name " NASTY, 6600, 400);
	unit->signal = 11;
	unit->status = 139;
	add_residue(unit, RESIDUE_PROCESSES, RESIDUE_LEFT, "process 900: " NASTY);

	unit = add_unit(run, "cannot", 7100, 0);
	error_set(&unit->trouble, ERROR_NOT_FOUND, "cannot run 'nothing': No such file or directory");
	error_remedy(&unit->trouble, "is it in PATH?");

	run_result_skip(run, "last", 7, "signal 2 (Interrupt) ended the run");
	run_result_skip(run, "very last " NASTY, 8, "signal 2 (Interrupt) ended the run");

	struct run_part *part = add_part(run, "0123456789abcdef0123456789abcdef", 2, 3);
	for (size_t i = 0; i < run->units.count; i++)
		*array_append(&part->plan) = memory_copy_string(run->units.items[i].name);
	*array_append(&part->plan) = memory_copy_string("of another shard");
}

#endif
