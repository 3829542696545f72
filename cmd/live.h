/* SPDX-License-Identifier: MIT */
/* What the commands on tables have in common. */
#ifndef IPVS_ISO_LIVE_H
#define IPVS_ISO_LIVE_H

#include "kernel/ipvs.h"
#include "session/session.h"
#include "table/table.h"

/*
 * Opens the kernel's IPVS for a command that has no --kernel of its own; where it cannot be had, the remedy says
 * how to give the command an embedded kernel. ipvs_close() closes it.
 */
struct ipvs *live_open(struct error *error);

/*
 * Reads "live" (the kernel's table), "-" or a file, which is a snapshot or rules for ipvsadm -R: its contents tell.
 * `table` must be initialised; see table_from_json() for its timeouts.
 */
int table_load(struct table *table, const char *name, struct error *error);

/*
 * Reads a file, as table_load() does, and the kernel's table into `live`, to compare them. A sysctl in the file that
 * this kernel does not have is an error, as it is where the file is restored.
 */
int table_load_beside_live(struct table *table, const char *name, struct table *live, struct error *error);

/* Opens a session for a command that changes the table for good; says so on stderr where it waits or recovers. */
int open_session(struct session *session, struct ipvs *ipvs, const char *command, struct error *error);

/*
 * Makes the live table equal `wanted` in an open session. On failure the table is put back as it was, the session is
 * closed, and the error says so.
 */
int restore_or_close(struct session *session, const struct table *wanted, struct error *error);

/*
 * Takes back a change to `wanted` that failed, as `error` tells, and closes the session. What became of the table
 * is added to `error`. Returns -1.
 */
int undo(struct session *session, const struct table *wanted, struct error *error);

/* Prints changes on stdout, one a line: + for what is added, - for what is removed, ~ for what is changed. */
void print_changes(const struct changes *changes);

/* Tells on stderr that the lock is waited for, and who holds it. A lock_waiting_function. */
void tell_waiting(const struct lock_holder *holder, void *context);

/* Tells on stderr that a killed run's table was put back, and where what was there instead is kept (NULL: it was
   equal). */
void tell_recovered(void *context, const char *replaced);

#endif
