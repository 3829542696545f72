/* SPDX-License-Identifier: MIT */
#include "session/session.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "session/journal.h"
#include "session/lock_holder.h"
#include "session/put_back.h"
#include "session/savepoint.h"
#include "session/state.h"
#include "table/diff.h"

static void init(struct session *session, struct ipvs *ipvs)
{
	*session = (struct session){.ipvs = ipvs, .directory = -1};
	table_init(&session->host);
	table_init(&session->held);
}

/* The session's own lock; -1 where it has none. */
static int own_lock(const struct session *session)
{
	return session->locks.descriptors.count > session->depth ? session->locks.descriptors.items[session->depth]
								 : -1;
}

static bool has_lock(const struct session *session)
{
	int lock = own_lock(session);
	return lock >= 0 && lock_is_kept(session->directory, session->depth, lock);
}

/* Whether the folder is where others look for the lock. */
static bool is_in_place(const struct session *session)
{
	struct stat folder, named;
	return fstat(session->directory, &folder) == 0 && lstat(session->path, &named) == 0 &&
	       folder.st_dev == named.st_dev && folder.st_ino == named.st_ino;
}

/* Frees all that the session holds, and its lock; those of the runs around it are not its own. */
static void release(struct session *session)
{
	/* Where a journal stays, it waits for somebody else from now on. */
	if (has_lock(session))
		lock_holder_end(own_lock(session));
	if (own_lock(session) >= 0)
		close(own_lock(session));
	table_clear(&session->host);
	table_clear(&session->held);
	free(session->path);
	free(session->replaced);
	file_cleanup_close(&session->directory);
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

/* A free lock and a journal are what a killed run leaves; one that lives and was made to lose its lock does, too. */
static int check_writer_is_dead(const struct session *session, struct error *error)
{
	int present =
		session->journal == session->depth ? journal_present(session->directory, session->journal, error) : 0;
	if (present <= 0)
		return present < 0 ? error_context(error, "%s", session->path) : 0;
	struct lock_holder holder;
	lock_holder_read(own_lock(session), &holder);
	if (holder.pid != 0 && holder.pid != getpid()) {
		CLEANUP_FREE char *who = lock_holder_text(&holder);
		error_set(error, ERROR_BUSY,
			  "%s: the journal is that of %s, which lives, but something has released its lock",
			  session->path, who);
		error_remedy(error, "try again when it has ended, or end it");
	}
	lock_holder_clear(&holder);
	return error_is_set(error) ? -1 : 0;
}

/* Opens the state directory and takes the lock: the host's, or a turn inside the unit that this is a part of. */
static int enter(struct session *session, struct ipvs *ipvs, const struct session_options *options, struct error *error)
{
	init(session, ipvs);
	session->directory = state_open(&session->path, error);
	if (session->directory < 0)
		return -1;
	if (lock_check_place(session->directory, error) < 0)
		return error_context(error, "%s", session->path);
	locks_inherited(session->directory, &session->locks);
	session->depth = (unsigned)session->locks.descriptors.count;
	int lock = lock_take(session->directory, session->depth, NULL, options->wait_ms, options->waiting,
			     options->context, error);
	if (lock < 0)
		return error->kind == ERROR_BUSY ? -1 : error_context(error, "%s", session->path);
	*array_append(&session->locks.descriptors) = lock;
	if (find_journal_depth(session, error) < 0 || check_writer_is_dead(session, error) < 0)
		return -1;
	lock_holder_write(lock, options->command);
	return forget_savepoints(session, error); /* those of a killed run */
}

/* Reads what is in the table now, and saves it, unless it equals `wanted` and nothing is about to be lost. */
static int save_replaced(struct session *session, const struct table *wanted, struct table *now, struct error *error)
{
	if (ipvs_read(session->ipvs, now, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, now, wanted);
	if (changes.list.count == 0)
		return 0;

	CLEANUP_FREE char *name = journal_save_replaced(session->directory, now, error);
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

	CLEANUP_TABLE struct table wanted, now;
	table_init(&wanted);
	table_init(&now);
	if (journal_read(session->directory, depth, session->path, &wanted, error) < 0) {
		CLEANUP_FREE char *name = journal_name(depth);
		error_context(error, "a run was killed, and its journal cannot be read");
		return error_remedy(error,
				    "move %s/%s away; if the table is not right as it is now, correct what is wrong in "
				    "the file and put it back: ipvs-iso restore FILE",
				    session->path, name);
	}
	if (save_replaced(session, &wanted, &now, error) < 0)
		return error_context(error, "cannot put back the table of a run that was killed");
	int back = put_back(session->ipvs, &(struct held){.table = &now, .exact = true}, &wanted, error);
	if (back < 0)
		return say_journal_stays(session, depth, error);
	if (back > 0)
		error_context(error, "a run was killed");
	if (drop_journal(session, depth, error) < 0 || back > 0)
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

/* Fails where the lock or the journal is not what session_open() made: others may have been at the table. */
static int check_kept(const struct session *session, struct error *error)
{
	bool locked = is_in_place(session) && has_lock(session);
	int present = locked ? journal_present(session->directory, session->journal, error) : 0;
	if (present != 0)
		return present < 0 ? error_context(error, "%s", session->path) : 0;
	error_set(error, ERROR_RIVAL, "%s before the run had ended: %s",
		  locked ? "the journal was removed" : "the lock was removed or released", session->path);
	return error_remedy(error,
			    "have units leave that folder alone, and the descriptors that " LOCK_ENVIRONMENT " names");
}

/* Takes back what was lost, if nobody else has the lock: what is in the folder is this session's again. */
static bool regain(struct session *session)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	if (!has_lock(session)) {
		int lock = lock_take(session->directory, session->depth, NULL, 0, NULL, NULL, &ignored);
		if (lock < 0)
			return false;
		close(own_lock(session));
		session->locks.descriptors.items[session->depth] = lock;
	}
	if (journal_present(session->directory, session->journal, &ignored) == 0)
		journal_write(session->directory, session->journal, &session->host, &ignored);
	return true;
}

/* The journal and the savepoints go, as the table is back. */
static int end_owned(struct session *session, struct error *error)
{
	return drop_journal(session, session->journal, error) < 0 ? -1 : forget_savepoints(session, error);
}

/* With `held` NULL there is nothing to put back. */
static int close_session(struct session *session, const struct held *held, struct error *error)
{
	CLEANUP_ERROR struct error loss = ERROR_INIT, second = ERROR_INIT;
	bool lost = check_kept(session, &loss) < 0;
	bool owner = !lost || regain(session);
	int back = held ? put_back(session->ipvs, held, &session->host, error) : 0;
	if (back < 0 && owner)
		say_journal_stays(session, session->journal, error);
	int failed = back == 0 ? 0 : -1;
	if (back >= 0 && owner && end_owned(session, failed < 0 ? &second : error) < 0)
		failed = -1;
	if (failed == 0 && lost && !session->lost) {
		*error = loss;
		loss = ERROR_INIT;
		failed = -1;
	}
	release(session);
	return failed;
}

int session_close(struct session *session, struct error *error)
{
	const struct held held = {.table = &session->held, .exact = !session->torn};
	return close_session(session, session->changed ? &held : NULL, error);
}

int session_undo(struct session *session, const struct table *wanted, struct error *error)
{
	return close_session(session, &(struct held){.table = wanted}, error);
}

int session_keep(struct session *session, struct error *error)
{
	int failed = drop_journal(session, session->journal, error);
	if (failed == 0)
		failed = forget_savepoints(session, error);
	release(session);
	return failed;
}

int session_end_unit(struct session *session, struct error *error)
{
	if (check_kept(session, error) < 0) {
		session->lost = true;
		return -1;
	}
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
