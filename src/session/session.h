/* SPDX-License-Identifier: MIT */
/*
 * A session: the time between taking the lock and putting the table back.
 *
 *     session_open()    lock; a dead run's journal? put that table back; read the table; write the journal
 *     ...               change the table at will
 *     session_close()   restore, verify, drop the journal, unlock
 *
 * If the process dies between the two the journal stays, and whoever opens the next session restores it first.
 * Inside a unit of a session, a session is nested: it takes turns with others inside the same unit, and has a lock and
 * a journal of that depth (session/lock.h, session/journal.h). The unit's table as it is at that moment is what
 * session_close() puts back. When the unit ends its table does, too, and with it the journals of all that ran inside.
 */
#ifndef IPVS_ISO_SESSION_SESSION_H
#define IPVS_ISO_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kernel/ipvs.h"
#include "session/lock.h"
#include "table/table.h"

struct session {
	struct ipvs *ipvs; /* borrowed */
	int directory;     /* state_open()'s */
	char *path;        /* of the directory, owned */
	struct locks
		locks;    /* to be inherited by commands; the last is its own, the others those of the runs around it */
	unsigned depth;   /* how many runs this one is inside of: that of its lock */
	unsigned journal; /* the depth of its journal: the same, or that of a killed run around this one whose
			       table has been put back already, so that what this session starts from is that table */
	bool lost;        /* somebody took the lock or the journal away, and session_end_unit() has said so */
	bool recovered;   /* a dead run's table was put back on opening */
	char *replaced;   /* path of the file with the table that this replaced; owned; NULL where that was the same */
	struct table host; /* the table as it was, and shall be again: the host's, or where nested the unit's */
	struct table held; /* what is in the live table by our doing, or by what we run; kept up by who changes it */
	bool changed;      /* somebody has begun to: until then `held` is nothing, and there is nothing to put back */
	bool torn;         /* a change stopped half way: only some of `held` may be there */
};

struct session_options {
	const char *command; /* for lock_take() */
	int64_t wait_ms;
	lock_waiting_function *waiting; /* or NULL */
	void *context;
};

/*
 * Opens one. ERROR_BUSY, too, where the lock is free, but whoever wrote the journal lives: it was made to lose the
 * lock. On failure nothing was changed (but for what a dead run's journal puts back) and nothing is held.
 */
int session_open(struct session *session, struct ipvs *ipvs, const struct session_options *options,
		 struct error *error);

/*
 * Puts the host's table back where `changed`, verifies it, drops the journal and unlocks. On failure the journal
 * stays and the error tells where it is and how to finish; the lock is released all the same. What is in the live
 * table beyond `held` is somebody else's: it stays, and that is told (ERROR_RIVAL), but the journal is dropped.
 * Where somebody has taken away the lock or the journal meanwhile the table is put back, too, from memory, and that
 * is told (ERROR_RIVAL), unless session_end_unit() has: others may have been at the table. Frees what the session
 * holds.
 */
int session_close(struct session *session, struct error *error);

/* The same after a change to `wanted` that failed, and so may have been made in part. */
int session_undo(struct session *session, const struct table *wanted, struct error *error);

/*
 * For commands that change the table for good (restore, flush): as session_close(), but the table stays as it is now.
 */
int session_keep(struct session *session, struct error *error);

/*
 * Between two units of a session: forgets what the runs inside the first would have put back, and its savepoints
 * (session/savepoint.h), as its table has ended. Opening and closing do it, too. ERROR_RIVAL where the session has lost
 * its lock or its journal.
 */
int session_end_unit(struct session *session, struct error *error);

/*
 * The depth of the run whose table session_recover() puts back here, if it was killed. Outside of any run: 0, the
 * host's. Inside a unit: that of the runs inside this same unit; or, where the run of the unit was killed itself, that
 * one's, and so on outwards. The journal of one that lives is in use. `directory` is state_open()'s.
 */
unsigned session_depth_to_recover(int directory);

/*
 * Puts back the table of a run that was killed, if there is a journal: 1 when it did, 0 when there was nothing to do.
 * Takes the lock as session_open() does. `replaced` gets the path of the file with the table that was replaced (the
 * caller frees), NULL where there is none; it is set on failure, too, when the file was written.
 */
int session_recover(struct ipvs *ipvs, const struct session_options *options, char **replaced, struct error *error);

#endif
