/* SPDX-License-Identifier: MIT */
/* The journal: the host's table, on disk from before the first change until it has been put back. */
#ifndef IPVS_ISO_SESSION_JOURNAL_H
#define IPVS_ISO_SESSION_JOURNAL_H

#include <stdbool.h>

#include "base/error.h"
#include "table/table.h"

/*
 * In all of these `directory` is state_open()'s descriptor, and the lock is held by the caller where something is
 * written or removed. Messages name the file; the caller adds the directory's path.
 */

#define JOURNAL_NAME "journal.json"

/* Writes JOURNAL_NAME whole and durably (fsync of file and directory), mode 0600. A present one is an error. On failure
   there is none. */
int journal_write(int directory, const struct table *table, struct error *error);

/* Whether there is one. 1, 0, or -1 on failure. */
int journal_present(int directory, struct error *error);

/* Reads it. `path` is the directory's, for messages. A link, or somebody else's file, is refused. */
int journal_read(int directory, const char *path, struct table *table, struct error *error);

/* Removes it, durably. That there is none is no error. */
int journal_drop(int directory, struct error *error);

/*
 * Writes a table beside the journal, as durably, for people to look at: the one that a recovery is about to replace.
 * Returns the file's name, "replaced-YYYYMMDD-HHMMSS.json" in local time, a number behind it where that is taken. The
 * caller frees. NULL on failure.
 */
char *journal_save_replaced(int directory, const struct table *table, struct error *error);

#endif
