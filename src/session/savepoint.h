/* SPDX-License-Identifier: MIT */
/*
 * Savepoints: states of a unit's table that have a name, to which it can be put back.
 *
 * A unit has a stack of them, which ends with it. As in SQL a name can be used again: it then means the newest of that
 * name, until that is dropped. Each is a file in the state directory, mode 0600, with the name in it, which may be of
 * any bytes and any length.
 */
#ifndef IPVS_ISO_SESSION_SAVEPOINT_H
#define IPVS_ISO_SESSION_SAVEPOINT_H

#include <stdint.h>

#include "base/error.h"
#include "table/table.h"

/*
 * In all of these `directory` is state_open()'s descriptor and `depth` says whose: how many runs the unit is inside
 * of. Who writes or drops holds the lock of that depth. Messages name the file; where `path`, the directory's, is not
 * asked for, the caller adds it.
 */

/* Puts one on top, durably. */
int savepoint_write(int directory, unsigned depth, const char *name, const struct table *table, struct error *error);

/*
 * Finds the newest of that name: its number, and its table where `table` (initialised) is not NULL. ERROR_INPUT,
 * with the names that there are, where there is none.
 */
int savepoint_find(int directory, const char *path, unsigned depth, const char *name, uint64_t *number,
		   struct table *table, struct error *error);

/* Drops, newest first, all with that number or a higher one: those that were made later. */
int savepoint_drop_from(int directory, unsigned depth, uint64_t number, struct error *error);

/* Drops all that are deeper than `depth`: those of units that have ended. */
int savepoint_drop_deeper(int directory, unsigned depth, struct error *error);

/*
 * Their names in a line, oldest first, each in quotes; what a terminal would obey is shown as ?. Empty where there is
 * none. The caller frees. NULL on failure. May be asked without the lock.
 */
char *savepoint_list(int directory, const char *path, unsigned depth, struct error *error);

#endif
