/* SPDX-License-Identifier: MIT */
#include "session/session.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "session/journal.h"
#include "session/state.h"
#include "table/diff.h"

#define RESTORES_AGAINST_RIVALS 3

/* Frees all that the session holds; the lock, too, unless it is an outer session's. */
static void release(struct session *session)
{
	table_clear(&session->host);
	free(session->path);
	free(session->replaced);
	file_cleanup_close(&session->directory);
	file_cleanup_close(&session->turn);
	if (!session->nested)
		file_cleanup_close(&session->lock);
	*session = (struct session){.directory = -1, .lock = -1, .turn = -1};
	table_init(&session->host);
}

/* Inside a unit: those at the same depth share its table, so they take turns. */
static int take_turn(struct session *session, const struct session_options *options, struct error *error)
{
	session->depth = lock_depth();
	session->turn = lock_take_nested(session->directory, session->depth, options->command, options->wait_ms,
					 options->waiting, options->context, error);
	return session->turn < 0 ? -1 : 0;
}

/* Opens the state directory and takes the lock, or finds that an outer session has it. */
static int enter(struct session *session, struct ipvs *ipvs, const struct session_options *options, struct error *error)
{
	*session = (struct session){.ipvs = ipvs, .directory = -1, .lock = -1, .turn = -1};
	table_init(&session->host);

	session->directory = state_open(&session->path, error);
	if (session->directory < 0)
		return -1;
	session->lock = lock_inherited(session->directory);
	session->nested = session->lock >= 0;
	if (session->nested)
		return take_turn(session, options, error);
	session->lock = lock_take(session->directory, options->command, options->wait_ms, options->waiting,
				  options->context, error);
	if (session->lock < 0)
		return error->kind == ERROR_BUSY ? -1 : error_context(error, "%s", session->path);
	return 0;
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
static int say_journal_stays(const struct session *session, struct error *error)
{
	error_context(error,
		      "the table could not be put back whole; what it shall be stays in the journal %s/" JOURNAL_NAME,
		      session->path);
	CLEANUP_FREE char *first = memory_copy_string(error->remedy ? error->remedy : "put right what is named above");
	return error_remedy(error, "%s; then: ipvs-iso recover", first);
}

static int drop_journal(const struct session *session, struct error *error)
{
	if (journal_drop(session->directory, error) < 0)
		return error_context(error, "the table is as it should be, but in %s", session->path);
	return 0;
}

/* A dead run's journal? 1 when its table was put back, 0 when there is none. */
static int recover(struct session *session, struct error *error)
{
	int present = journal_present(session->directory, error);
	if (present < 0)
		return error_context(error, "%s", session->path);
	if (!present)
		return 0;

	CLEANUP_TABLE struct table wanted;
	table_init(&wanted);
	if (journal_read(session->directory, session->path, &wanted, error) < 0) {
		error_context(error, "a run was killed, and its journal cannot be read");
		return error_remedy(error,
				    "repair it; or, if the table is right as it is now, move %s/" JOURNAL_NAME " away",
				    session->path);
	}
	if (save_replaced(session, &wanted, error) < 0)
		return error_context(error, "cannot put back the table of a run that was killed");
	if (ipvs_restore(session->ipvs, &wanted, error) < 0)
		return say_journal_stays(session, error);
	if (drop_journal(session, error) < 0)
		return -1;
	session->recovered = true;
	return 1;
}

/* Reads the table that shall be put back, and sees that it will be even if we die. */
static int keep_host(struct session *session, struct error *error)
{
	if (ipvs_read(session->ipvs, &session->host, error) < 0)
		return -1;
	if (!session->nested && journal_write(session->directory, &session->host, error) < 0)
		return error_context(error, "cannot write the journal in %s", session->path);
	return 0;
}

int session_open(struct session *session, struct ipvs *ipvs, const struct session_options *options, struct error *error)
{
	int failed = enter(session, ipvs, options, error);
	/* Inside an outer session the journal is that one's, which is not dead. */
	if (failed == 0 && !session->nested && recover(session, error) < 0)
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
	if (failed < 0 && session->nested)
		error_context(error, "the table could not be put back as it was before this nested run");
	else if (failed < 0)
		say_journal_stays(session, error);
	else if (!session->nested)
		failed = drop_journal(session, error);
	release(session);
	return failed;
}

int session_keep(struct session *session, struct error *error)
{
	int failed = session->nested ? 0 : drop_journal(session, error);
	release(session);
	return failed;
}

/* Whether the run that this process is inside of has ended without putting the table back. */
static bool outer_run_is_dead(const struct session *session)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	struct lock_holder holder = {0};
	bool dead = lock_query(session->directory, &holder, &ignored) > 0 && holder.dead;
	lock_holder_clear(&holder);
	return dead;
}

int session_recover(struct ipvs *ipvs, const struct session_options *options, char **replaced, struct error *error)
{
	struct session session;
	*replaced = NULL;
	int done = enter(&session, ipvs, options, error);
	if (done == 0 && session.nested && !outer_run_is_dead(&session)) {
		done = error_set(error, ERROR_INPUT, "nothing can be recovered inside a run: its journal is in use");
	} else if (done == 0) {
		done = recover(&session, error);
		*replaced = session.replaced;
		session.replaced = NULL;
	}
	release(&session);
	return done;
}
