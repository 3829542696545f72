/* SPDX-License-Identifier: MIT */
/* The loop: every unit of a plan in turn, on the host's kernel or in a guest, and the host's table put back. */
#ifndef IPVS_ISO_RUN_RUN_H
#define IPVS_ISO_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "guest/guest.h"
#include "result/result.h"
#include "run/choice.h"
#include "run/plan.h"
#include "session/session.h"
#include "table/table.h"

/* Called as the run goes on, so that somebody can be told; any of them may be NULL. */
struct run_observer {
	void *context;
	/* Before the first unit: the kernel in words ("this host's kernel", "uml 6.1.176"), and how many units. */
	void (*started)(void *context, const char *kernel, size_t units);
	/* A dead run's table was put back first; what was there instead has been saved in `replaced`, or was equal
	   (NULL). */
	void (*recovered)(void *context, const char *replaced);
	void (*unit_started)(void *context, const char *name);
	/* What an attempt at a unit printed has been shown, where the options say so, and is still there
	   (output_tail()): what it came to. Where this is not NULL no unit has our own stdout and stderr. */
	int (*unit_printed)(void *context, const struct unit_result *result, const struct output *output,
			    struct error *error);
	/* It failed and will be run again: what the attempt came to. */
	void (*unit_retried)(void *context, const struct unit_result *result);
	void (*unit_ended)(void *context, const struct unit_result *result);
	/* Called while units run, but for those that have our own stdout and stderr; or NULL. */
	const struct output_bystander *bystander;
};

/* When what units print is shown. */
enum output_when { OUTPUT_ALWAYS, OUTPUT_ON_FAILURE, OUTPUT_NEVER };

/* So much of what a unit printed is kept in its result, where that is wanted: the end of it. */
#define RUN_OUTPUT_KEPT ((size_t)1 << 20)

/* More units at once than that is a mistake. */
#define RUN_JOBS_MAX 4096

struct run_options {
	const char *command;         /* for whoever waits for the lock to read */
	const struct table *fixture; /* the clean state of each unit; or NULL */
	enum isolation isolation;
	unsigned jobs; /* units at once, where they do not share a table (run_can_be()) */
	enum output_when output;
	bool keep_output; /* in the results, too: RUN_OUTPUT_KEPT bytes of each unit's */
	unsigned fail_on; /* a set of residue classes: which residue makes a unit a failed one */
	bool keep;
	int64_t timeout_ms, kill_after_ms;
	const char *user; /* who the command runs as; or NULL */
	unsigned retries; /* how often a unit that failed, or ran past its time, is run again */
	bool fail_fast;   /* the first unit that does not pass is the last */
	int64_t wait_ms;  /* for the lock */
	lock_waiting_function *waiting;
	void *waiting_context;
	uint64_t guest_memory;
	int64_t guest_patience_ms;
};

/*
 * Whether the options can be had on the kernel that was chosen, from this working directory; -1 with the reason. To be
 * asked before run_plan().
 */
int run_can_be(const struct run_options *options, const struct choice *choice, struct error *error);

/*
 * Runs the plan. Everything that goes wrong stands in `result` (zeros at first), which is complete in any case. A
 * signal ends the run after the unit that it hit; units that were not reached are skipped there.
 */
void run_plan(const struct plan *plan, const struct choice *choice, const struct run_options *options,
	      const struct run_observer *observer, struct run_result *result);

/*
 * The result of a run that ends before its first unit, for the reports: by the error, which it takes over, or, where
 * none is set, since there is nothing to run.
 */
void run_nothing(const struct plan *plan, const struct run_options *options, struct error *error,
		 struct run_result *result);

#endif
