/* SPDX-License-Identifier: MIT */
/* How far a run has come, and that on one line of a terminal. */
#ifndef IPVS_ISO_REPORT_PROGRESS_H
#define IPVS_ISO_REPORT_PROGRESS_H

#include <stdint.h>

#include "base/array.h"
#include "report/summary.h"

struct progress_unit {
	char *name; /* owned */
	int64_t started;
};

/* Times are those of duration_now(). Starts with what the first three say and zeros. */
struct progress {
	size_t planned;   /* how many units there are */
	unsigned fail_on; /* a set of residue classes */
	int64_t begun;
	struct summary summary; /* of the units that have ended */
	size_t ended;
	size_t residue;                      /* how many things they left */
	ARRAY(struct progress_unit) running; /* in the order in which they were started */
};

void progress_clear(struct progress *progress);

void progress_unit_started(struct progress *progress, const char *name, int64_t now);

/* It does not run any more, and will be run again. */
void progress_unit_stopped(struct progress *progress, const char *name);

void progress_unit_ended(struct progress *progress, const struct unit_result *result);

/*
 * " RUNNING [      12s] 2 of 3, 1 left residue, 4 left behind: NAME 3s", or, of several at once,
 * " RUNNING [      12s] 2 of 9 done, 3 running, 1 failed: NAME 12s, NAME 3s, NAME 1s".
 * Cut off with "..." where it would be wider than `columns`; without a newline or any control character. The caller
 * frees.
 */
char *progress_line(const struct progress *progress, int64_t now, size_t columns);

#endif
