/* SPDX-License-Identifier: MIT */
/* The units of a run, and the command of each. */
#ifndef IPVS_ISO_RUN_PLAN_H
#define IPVS_ISO_RUN_PLAN_H

#include "base/array.h"
#include "base/error.h"

/* All of it is owned; `arguments` ends with NULL. */
struct planned_unit {
	char *name;
	char **arguments;
	size_t place; /* in the plan's names, once that is arranged */
};

struct plan {
	ARRAY(struct planned_unit) units;
	ARRAY(char *) names; /* of all units, in their given order, also those that plan_arrange() left out; owned */
};

#define CLEANUP_PLAN __attribute__((cleanup(plan_clear)))
void plan_clear(struct plan *plan);
void planned_unit_clear(struct planned_unit *unit);

/* Adds the whole command as one unit, with the name that unit_name() finds. */
void plan_add_whole(struct plan *plan, char *const *command);

/*
 * Adds a unit: the command with `name` for every {} in its arguments, or behind them where there is none.
 * A name that is empty, or there already, is an error.
 */
int plan_add_unit(struct plan *plan, const char *name, char *const *command, struct error *error);

/* The same with arguments that are complete, of which a copy is made. */
int plan_add_made(struct plan *plan, const char *name, char *const *arguments, struct error *error);

/* Adds a copy of a unit of the plan, with a name of its own that it takes over. */
void plan_add_copy(struct plan *plan, size_t index, char *name);

/*
 * Adds a unit for each line that `source` prints, run by sh(1) with our standard input. Its failing, or its printing
 * nothing, is an error; where a signal n ended it, or asked us to end meanwhile, `status` is 128 + n then, else as it
 * was. Nothing that it started is left.
 */
int plan_add_units_from(struct plan *plan, const char *source, char *const *command, int *status, struct error *error);

#endif
