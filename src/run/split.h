/* SPDX-License-Identifier: MIT */
/* Makes the units of a command line of a known test runner. */
#ifndef IPVS_ISO_RUN_SPLIT_H
#define IPVS_ISO_RUN_SPLIT_H

#include <stdbool.h>

#include "base/error.h"
#include "run/plan.h"
#include "run/runner.h"
#include "run/scratch.h"
#include "run/verdict_line.h"

/* Starts as SPLIT_INIT. */
struct split {
	struct runner runner; /* its path is NULL where none knows the command */
	char *declined;       /* why the runner leaves this command line whole, in words; or NULL. Owned */
	char *blamed;         /* the option that is to blame for that; or NULL. Owned */
	int status;           /* with which finding the units failed; or 0 */
	bool hides_passing;   /* it wants the output of units that pass not to be shown */
	/* What the runner says of a unit that has ended; none where the command is left whole. */
	struct verdict_lines lines;
	struct scratch scratch; /* what the runner built for the units; it has to be there until they have run */
};

#define SPLIT_INIT ((struct split){.scratch = SCRATCH_INIT})
#define CLEANUP_SPLIT __attribute__((cleanup(split_clear)))
void split_clear(struct split *split);

/*
 * Has the runner that knows `command` list the units, which may compile them, and adds these to the plan. Its standard
 * error is ours, its standard input empty. No unit is added where no runner knows the command, where it declines, or
 * finds none: the command is to be run whole then. -1 where the units could not be found; `status` is set where that is
 * the command's own failure, such as a test that does not compile, about which all has been said.
 */
int split_command(struct split *split, struct plan *plan, char *const *command, struct error *error);

#endif
