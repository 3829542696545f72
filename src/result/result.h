/* SPDX-License-Identifier: MIT */
/* What a unit did and what it left; and what that makes of the whole run. */
#ifndef IPVS_ISO_RESULT_RESULT_H
#define IPVS_ISO_RESULT_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "base/error.h"
#include "result/residue.h"

/* Exit statuses of `ipvs-iso run`; they follow env(1) and timeout(1). */
#define STATUS_RESIDUE 123
#define STATUS_TIMED_OUT 124
#define STATUS_TROUBLE 125 /* ipvs-iso itself failed */
#define STATUS_NOT_RUNNABLE 126
#define STATUS_NOT_FOUND 127

/* Where a unit's time went; milliseconds. */
struct unit_times {
	int64_t started;   /* when its turn came, since the run began (of several runs in one: the first of them) */
	int64_t waited;    /* from when its own run began until the first attempt did */
	int64_t preparing; /* until the table was clean and its command began */
	int64_t running;   /* the command */
	int64_t cleaning;  /* ending what it left running, finding its residue */
};

/* What a unit wrote to stdout and stderr, in the order in which it came, where that was kept; else zeros. */
struct unit_output {
	char *bytes; /* owned; not ended with a NUL */
	size_t length;
	size_t dropped; /* how many bytes more there were before these, which were not kept */
};

/* Of one attempt; where a unit is run again, of the last one. */
struct unit_result {
	char *name;    /* owned */
	size_t place;  /* in the plan's given order, that of the whole plan where this is a shard of it */
	char *skipped; /* why it was not run, of which there is nothing else to tell then; owned, or NULL */
	int status;    /* the command's own, or 128 + n where signal n ended it */
	int signal;    /* or 0 */
	bool timed_out;
	int64_t time_limit_ms; /* where it timed out: its time; 0 where that is not known */
	bool memory_ran_out;   /* meanwhile its guest's kernel ended processes for want of memory */
	unsigned attempts;     /* how often it was run, 0 where it was skipped; all else is about the last time */
	int interrupted;       /* the signal that somebody sent to end the run meanwhile, or 0 */
	struct unit_times times;
	struct unit_output output; /* in a guest's answer it is not: it comes on a way of its own */
	struct residue_list residue;
	struct error trouble;              /* set where the unit could not be run, or not be cleaned up after */
	ARRAY(struct unit_result) earlier; /* the attempts before, in their order, as far as they are known; owned */
};

/*
 * One run that a result comes from, and what it was to run: so that it can be told of several results whether they are
 * the whole of a plan.
 */
struct run_part {
	char *id;               /* which no other run has; owned */
	char *file;             /* that it was read from, for messages; owned, or NULL */
	unsigned shard, shards; /* it ran the units of shard 1 to `shards` only; 0, 0: all */
	ARRAY(char *) plan;     /* names of all units, other shards' too, in the given order; owned; empty: not known */
	bool again;             /* a part of that id was there before, and this one's units were left out */
};

struct run_result {
	char *command; /* as one would type it; owned, or NULL */
	char *kernel;  /* in words: "this host's kernel", "uml 6.1.176"; owned, or NULL where none was reached */
	const char *isolation; /* "lock" or "netns"; static, or NULL where none was reached */
	unsigned jobs;         /* how many units at once */
	int64_t started_ms;    /* by the clock on the wall, since 1970 */
	int64_t waited_ms;     /* for the lock, or for the guest to boot */
	int64_t duration_ms;   /* of all, until the table was back */
	size_t planned;        /* how many units there were to run */
	bool shuffled;         /* their order came from `seed` */
	uint32_t seed;
	unsigned shard, shards; /* the units of shard 1 to `shards` only; 0, 0: all */
	ARRAY(struct unit_result) units;
	ARRAY(struct run_part) parts; /* one; or those of all results that were joined */
	int interrupted;              /* the signal that ended the run early, or 0 */
	struct error trouble;         /* what failed around the units: the table could not be put back */
};

#define CLEANUP_RUN_RESULT __attribute__((cleanup(run_result_clear)))
void unit_result_clear(struct unit_result *result);
void run_result_clear(struct run_result *result);

/* How one unit went; the worst that applies. */
enum verdict {
	VERDICT_PASSED,
	VERDICT_RESIDUE,
	VERDICT_TIMED_OUT,
	VERDICT_FAILED,
	VERDICT_TROUBLE,
	VERDICT_SKIPPED, /* the run ended before its turn; no failure of its own */
	VERDICTS         /* how many there are */
};

/* `fail_on` is a set of residue classes; residue of other classes is no failure. */
enum verdict unit_verdict(const struct unit_result *result, unsigned fail_on);

/* It passed, but not the first time. */
bool unit_is_flaky(const struct unit_result *result, unsigned fail_on);

/* The exit status of a run: the worst wins: 125, then 126 and 127, then the command's own, 124, 123; of the same, that
   of the first unit in the given order. A run that a signal ended is 128 + that signal, 125 excepted. */
int run_status(const struct run_result *result, unsigned fail_on);

/* passed, residue, timed-out, failed, trouble, skipped */
const char *verdict_name(enum verdict verdict);

/* Adds a unit that was not run. `reason` says why, in words; it is copied, as is the name. */
void run_result_skip(struct run_result *result, const char *name, size_t place, const char *reason);

/* A part with an id of its own. */
struct run_part *run_result_add_part(struct run_result *result);

/*
 * Makes one result of several (of at least one), whose units and parts it takes over: those of several stand in the
 * order in which they started, by the clock on the wall. What is not the same in all of them is NULL (command, kernel,
 * isolation), or as if it had not been asked for (order, shard). A result of which all parts are there already is one
 * that was given twice: its units are left out.
 */
void run_results_merge(struct run_result *merged, struct run_result *results, size_t count);

/* Texts, one a line; owned. */
struct result_faults {
	ARRAY(char *) list;
};

#define CLEANUP_RESULT_FAULTS __attribute__((cleanup(result_faults_clear)))
void result_faults_clear(struct result_faults *faults);

/*
 * Why a result is not that of one whole run, or of several whole runs: a run that is there twice, a shard that is
 * missing or there twice, shards of different plans, units that were planned and are in no result. None: it is.
 */
void run_result_find_faults(const struct run_result *result, struct result_faults *faults);

/* A unit's result as JSON on one line without a newline (how a guest answers), and back. The caller frees. */
char *unit_result_to_json(const struct unit_result *result);
int unit_result_from_json(struct unit_result *result, const char *bytes, size_t length, struct error *error);

/*
 * A run's result as a file, "format": "ipvs-iso.result", "version": 1 (share/schema/), and back. The caller frees.
 * Residue must have been judged before, see residue_tolerate(). `name` is the file's, for messages:
 * NAME:LINE:COLUMN: PATH: what is wrong. On failure `result` is unchanged.
 */
char *run_result_to_json(const struct run_result *result, size_t *length);
int run_result_from_json(struct run_result *result, const char *bytes, size_t length, const char *name,
			 struct error *error);

#endif
