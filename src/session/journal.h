/* SPDX-License-Identifier: MIT */
/*
 * Journals: the table that a run shall put back, on disk from before its first change until it has been put back.
 *
 * Each has the depth of its run's lock (session/lock.h): 0 is the host's table, N that of the unit which the runs
 * inside of N runs share. One is worth something only as long as those around it are there: the table of a unit ends
 * with the unit.
 */
#ifndef IPVS_ISO_SESSION_JOURNAL_H
#define IPVS_ISO_SESSION_JOURNAL_H

#include <stdbool.h>

#include "base/error.h"
#include "table/table.h"

/*
 * In all of these `directory` is state_open()'s descriptor, and the lock of that depth is held by the caller where
 * something is written or removed. Messages name the file; the caller adds the directory's path.
 */

/* Its file: "journal.json", or "journal-N.json" inside of N runs. The caller frees. */
char *journal_name(unsigned depth);

/* Writes it whole and durably (fsync of file and directory), mode 0600. A present one is an error. On failure
   there is none. */
int journal_write(int directory, unsigned depth, const struct table *table, struct error *error);

/* Whether there is one. 1, 0, or -1 on failure. */
int journal_present(int directory, unsigned depth, struct error *error);

/* Reads it. `path` is the directory's, for messages. A link, or somebody else's file, is refused. */
int journal_read(int directory, unsigned depth, const char *path, struct table *table, struct error *error);

/* Removes it, durably, and before it all that are deeper: none may outlive it. That there is none is no error. */
int journal_drop(int directory, unsigned depth, struct error *error);

/* Removes only the deeper ones: those of the runs inside a unit that has ended. */
int journal_drop_deeper(int directory, unsigned depth, struct error *error);

/*
 * Writes a table beside the journal, as durably, for people to look at: the one that a recovery is about to replace.
 * Returns the file's name, "replaced-YYYYMMDD-HHMMSS.json" in local time, a number behind it where that is taken. The
 * caller frees. NULL on failure.
 */
char *journal_save_replaced(int directory, const struct table *table, struct error *error);

#endif
