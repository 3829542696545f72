/* SPDX-License-Identifier: MIT */
#include "session/session.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "session/journal.h"
#include "session/savepoint.h"
#include "session/state.h"
#include "table/diff.h"

#define RESTORES_AGAINST_RIVALS 3

static void init(struct session *session, struct ipvs *ipvs)
{
	*session = (struct session){.ipvs = ipvs, .directory = -1};
	table_init(&session->host);
}

/* Frees all that the session holds, and its lock; those of the runs around it are not its own. */
static void release(struct session *session)
{
	table_clear(&session->host);
	free(session->path);
	free(session->replaced);
	file_cleanup_close(&session->directory);
	if (session->locks.descriptors.count > session->depth)
		close(session->locks.descriptors.items[session->depth]);
	locks_clear(&session->locks);
	init(session, NULL);
}

static int find_journal_depth(struct session *session, struct error *error)
{
	session->journal = session->depth;
	while (session->journal > 0) {
		int present = journal_present(session->directory, session->journal - 1, error);
		if (present != 0)
			return present < 0 ? error_context(error, "%s", session->path) : 0;
		session->journal--;
	}
	return 0;
}

/* Savepoints of units that have ended; those of the unit that this session is in stay. */
static int forget_savepoints(const struct session *session, struct error *error)
{
	if (savepoint_drop_deeper(session->directory, session->depth, error) < 0)
		return error_context(error, "%s", session->path);
	return 0;
}

/* Opens the state directory and takes the lock: the host's, or a turn inside the unit that this is a part of. */
static int enter(struct session *session, struct ipvs *ipvs, const struct session_options *options, struct error *error)
{
	init(session, ipvs);
	session->directory = state_open(&session->path, error);
	if (session->directory < 0)
		return -1;
	locks_inherited(session->directory, &session->locks);
	session->depth = (unsigned)session->locks.descriptors.count;
	int lock = lock_take(session->directory, session->depth, options->command, options->wait_ms, options->waiting,
			     options->context, error);
	if (lock < 0)
		return error->kind == ERROR_BUSY ? -1 : error_context(error, "%s", session->path);
	*array_append(&session->locks.descriptors) = lock;
	/* Those of a killed run. */
	if (forget_savepoints(session, error) < 0)
		return -1;
	return find_journal_depth(session, error);
}

/* Saves what is in the table now, unless it equals `wanted` and nothing is about to be lost. */
static int save_replaced(struct session *session, const struct table *wanted, struct error *error)
{
	CLEANUP_TABLE struct table now;
	table_init(&now);
	if (ipvs_read(session->ipvs, &now, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &now, wanted);
	if (changes.list.count == 0)
		return 0;

	CLEANUP_FREE char *name = journal_save_replaced(session->directory, &now, error);
	if (!name)
		return error_context(error, "cannot save in %s what is in the table now", session->path);
	session->replaced = memory_printf("%s/%s", session->path, name);
	return 0;
}

/* Says where the table is that could not be put back. */
static int say_journal_stays(const struct session *session, unsigned depth, struct error *error)
{
	CLEANUP_FREE char *name = journal_name(depth);
	error_context(error, "the table could not be put back whole; what it shall be stays in the journal %s/%s%s",
		      session->path, name, depth > 0 ? ", until the unit around this run ends" : "");
	CLEANUP_FREE char *first = memory_copy_string(error->remedy ? error->remedy : "put right what is named above");
	return error_remedy(error, "%s; then%s: ipvs-iso recover", first, depth > 0 ? ", inside that unit" : "");
}

static int drop_journal(const struct session *session, unsigned depth, struct error *error)
{
	if (journal_drop(session->directory, depth, error) < 0)
		return error_context(error, "the table is as it should be, but in %s", session->path);
	return 0;
}

/* A dead run's journal? 1 when its table was put back, 0 when there is none. */
static int recover(struct session *session, unsigned depth, struct error *error)
{
	int present = journal_present(session->directory, depth, error);
	if (present < 0)
		return error_context(error, "%s", session->path);
	if (!present)
		return 0;

	CLEANUP_TABLE struct table wanted;
	table_init(&wanted);
	if (journal_read(session->directory, depth, session->path, &wanted, error) < 0) {
		CLEANUP_FREE char *name = journal_name(depth);
		error_context(error, "a run was killed, and its journal cannot be read");
		return error_remedy(error, "repair it; or, if the table is right as it is now, move %s/%s away",
				    session->path, name);
	}
	if (save_replaced(session, &wanted, error) < 0)
		return error_context(error, "cannot put back the table of a run that was killed");
	if (ipvs_restore(session->ipvs, &wanted, error) < 0)
		return say_journal_stays(session, depth, error);
	if (drop_journal(session, depth, error) < 0)
		return -1;
	session->recovered = true;
	return 1;
}

/* Reads the table that shall be put back, and sees that it will be even if we die. */
static int keep_host(struct session *session, struct error *error)
{
	if (ipvs_read(session->ipvs, &session->host, error) < 0)
		return -1;
	if (journal_drop_deeper(session->directory, session->journal, error) < 0 ||
	    journal_write(session->directory, session->journal, &session->host, error) < 0)
		return error_context(error, "cannot write the journal in %s", session->path);
	return 0;
}

int session_open(struct session *session, struct ipvs *ipvs, const struct session_options *options, struct error *error)
{
	int failed = enter(session, ipvs, options, error);
	if (failed == 0 && recover(session, session->journal, error) < 0)
		failed = -1;
	if (failed == 0)
		failed = keep_host(session, error);
	if (failed < 0)
		release(session);
	return failed;
}

/* Somebody else may write at the very moment when we verify: more than once is more than chance. */
static int put_back(struct session *session, struct error *error)
{
	int failed = ipvs_restore(session->ipvs, &session->host, error);
	for (int again = 0; failed < 0 && error->kind == ERROR_RIVAL && again < RESTORES_AGAINST_RIVALS; again++) {
		error_clear(error);
		failed = ipvs_restore(session->ipvs, &session->host, error);
	}
	return failed;
}

int session_close(struct session *session, struct error *error)
{
	int failed = put_back(session, error);
	if (failed < 0)
		say_journal_stays(session, session->journal, error);
	else
		failed = drop_journal(session, session->journal, error);
	if (failed == 0)
		failed = forget_savepoints(session, error);
	release(session);
	return failed;
}

int session_keep(struct session *session, struct error *error)
{
	int failed = drop_journal(session, session->journal, error);
	if (failed == 0)
		failed = forget_savepoints(session, error);
	release(session);
	return failed;
}

int session_end_unit(const struct session *session, struct error *error)
{
	if (journal_drop_deeper(session->directory, session->journal, error) < 0)
		return error_context(error, "%s", session->path);
	return forget_savepoints(session, error);
}

/* Whether the run of that depth has ended without putting the table back; what it started holds its lock on. */
static bool is_dead(int directory, unsigned depth)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	struct lock_holder holder = {0};
	bool dead = lock_query(directory, depth, &holder, &ignored) > 0 && holder.dead;
	lock_holder_clear(&holder);
	return dead;
}

unsigned session_depth_to_recover(int directory)
{
	unsigned depth = lock_depth(directory);
	while (depth > 0 && is_dead(directory, depth - 1))
		depth--;
	return depth;
}

int session_recover(struct ipvs *ipvs, const struct session_options *options, char **replaced, struct error *error)
{
	struct session session;
	*replaced = NULL;
	int done = enter(&session, ipvs, options, error);
	if (done == 0) {
		done = recover(&session, session_depth_to_recover(session.directory), error);
		*replaced = session.replaced;
		session.replaced = NULL;
	}
	release(&session);
	return done;
}
