/* SPDX-License-Identifier: MIT */
/* Runs one unit here, on a clean table, and finds what it left behind. */
#ifndef IPVS_ISO_UNIT_UNIT_H
#define IPVS_ISO_UNIT_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kernel/ipvs.h"
#include "process/output.h"
#include "result/result.h"
#include "session/session.h"
#include "table/table.h"

/* One of the packages, files or tests that a test command is made of. Both are borrowed. */
struct unit {
	const char *name;
	char *const *arguments; /* NULL at the end */
};

struct unit_options {
	bool keep;      /* do not flush first: the unit runs on the table as it is */
	bool untouched; /* the table is new, and only this unit can reach it: it is empty, and nobody else writes */
	const struct table *clean; /* the state each unit starts from; borrowed. Its sysctls are put back too */
	struct session *session;   /* the one that it is a part of; borrowed */
	int64_t timeout_ms;        /* 0: none */
	int64_t kill_after_ms;     /* 0: supervise.h's default */
	struct output *output;     /* takes what the command prints; or NULL: it has our stdout and stderr */
	bool gives_memory_first;   /* as in supervise.h */
	bool cannot_peek;          /* as in supervise.h */
	const char *user;          /* who the command runs as (process/identity.h); or NULL: who this process is */
};

/*
 * Makes the table clean, runs the command, which inherits the session's locks unless it is another user's, ends all
 * that it started, and notes in `result` (zeros at first) what the table, the processes and the connections have
 * more, less or different than before. The table is left as the unit left it, and the session knows how.
 * supervise_prepare() must have been called. What goes wrong stands in result->trouble, as it is part of the
 * result: that something else is in the table than the session knows of (ERROR_RIVAL), for one; then nothing has
 * been changed.
 */
void unit_run(const struct unit *unit, const struct unit_options *options, struct unit_result *result);

/*
 * After the last one: flushes what units have left, so that no connection meets the host's services. ERROR_RIVAL as
 * above, but all is flushed that is known.
 */
int unit_sweep(struct session *session, struct error *error);

/* "Not found" is said of the command alone (run_status() makes 127 of it): takes it back where it is not the
   command's. */
void unit_blame_ourselves(struct error *trouble);

#endif
