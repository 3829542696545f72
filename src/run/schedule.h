/* SPDX-License-Identifier: MIT */
/* Which unit is next, when to stop, and what becomes of each that has ended; wherever units run. */
#ifndef IPVS_ISO_RUN_SCHEDULE_H
#define IPVS_ISO_RUN_SCHEDULE_H

#include "process/output.h"
#include "run/run.h"

struct schedule {
	const struct plan *plan;
	const struct run_options *options;
	const struct run_observer *observer;
	struct run_result *result;
	int64_t begun;               /* the run; duration_now() */
	size_t next;                 /* index in the plan */
	ARRAY(size_t) again;         /* indexes of units that failed and come before the next one */
	bool stopped;                /* no further unit is begun */
	struct unit_result *results; /* of each unit of the plan; without a name where it has none */
};

/* Everything is borrowed, and used until schedule_end(). */
void schedule_begin(struct schedule *schedule, const struct plan *plan, const struct run_options *options,
		    const struct run_observer *observer, struct run_result *result);

/* The first unit can begin: `kernel` is what the units run on, in words. */
void schedule_reached(struct schedule *schedule, const char *kernel);

/* A unit that shall run now. `output` is for what it prints, and the unit has our own stdout and stderr where
   `inherits`. */
struct turn {
	size_t index; /* in the plan */
	const struct planned_unit *unit;
	int64_t started; /* since the run began */
	bool inherits;
	struct output output;
};

#define CLEANUP_TURN __attribute__((cleanup(turn_clear)))
void turn_clear(struct turn *turn);

/* Takes the next unit; false where none shall begin any more. */
bool schedule_next(struct schedule *schedule, struct turn *turn);

/*
 * A unit has ended: `result` is taken over. What it printed is shown, and kept, as the options say; the observer is
 * told; and whether another one begins is decided.
 */
void schedule_ended(struct schedule *schedule, struct turn *turn, struct unit_result *result);

/* Something around the units failed: none begins any more. The error is taken over; the first counts. */
void schedule_failed(struct schedule *schedule, struct error *error);

/* The results, in the plan's order, go where they belong. */
void schedule_end(struct schedule *schedule);

#endif
