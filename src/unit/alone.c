/* SPDX-License-Identifier: MIT */
#include "unit/alone.h"

#include <stdlib.h>

#include "base/duration.h"
#include "base/memory.h"
#include "process/supervise.h"
#include "session/session.h"
#include "session/state.h"
#include "unit/clean.h"
#include "unit/sandbox.h"

static void run_in_session(struct session *session, const struct unit *unit, const struct unit_options *options,
			   const struct table *fixture, struct unit_result *result)
{
	/* Asked here, where the table is: a sysctl that is not there would be passed over in silence. */
	if (fixture && (ipvs_can_hold(session->ipvs, fixture, &result->trouble) < 0 ||
			ipvs_suits_interfaces(session->ipvs, fixture, &result->trouble) < 0)) {
		result->name = memory_copy_string(unit->name);
		return;
	}
	CLEANUP_TABLE struct table clean;
	table_init(&clean);
	clean_table_make(&clean, fixture, &session->host);
	struct unit_options in_session = *options;
	in_session.clean = &clean;
	in_session.session = session;
	unit_run(unit, &in_session, result);
}

static int open_session(struct session *session, struct ipvs **ipvs, const struct unit *unit,
			const struct unit_place *place, struct error *error)
{
	const struct session_options options = {.command = unit->name, .wait_ms = LOCK_WAIT_FOR_EVER};
	if (place->sandbox && sandbox_furnish(unit->arguments[0], error) < 0)
		return -1;
	if (supervise_prepare(error) < 0)
		return -1;
	*ipvs = ipvs_open(error);
	return *ipvs ? session_open(session, *ipvs, &options, error) : -1;
}

/*
 * The same while the environment names the place's state directory. Where the user chose another one, the unit, too,
 * gets the place's: its lock is there, and a run inside of the unit would refuse the host's.
 */
static int open_session_there(struct session *session, struct ipvs **ipvs, const struct unit *unit,
			      const struct unit_place *place, struct error *error)
{
	if (!place->state)
		return open_session(session, ipvs, unit, place, error);
	bool chosen = getenv(STATE_ENVIRONMENT);
	setenv(STATE_ENVIRONMENT, place->state, 1);
	int failed = open_session(session, ipvs, unit, place, error);
	if (!chosen)
		unsetenv(STATE_ENVIRONMENT);
	return failed;
}

void unit_run_alone(const struct unit *unit, const struct unit_options *options, const struct table *fixture,
		    const struct unit_place *place, struct unit_result *result)
{
	struct error *trouble = &result->trouble;
	CLEANUP_IPVS struct ipvs *ipvs = NULL;
	struct session session;
	if (open_session_there(&session, &ipvs, unit, place, trouble) < 0) {
		unit_blame_ourselves(trouble);
		result->name = memory_copy_string(unit->name);
		return;
	}
	int64_t opening = duration_now() - place->begun;
	struct unit_options in_session = *options;
	in_session.untouched = place->sandbox;
	run_in_session(&session, unit, &in_session, fixture, result);
	result->times.preparing += opening;

	bool keeps = place->sandbox || options->keep;
	/* So that no connection meets the next unit. */
	if (!keeps && !error_is_set(trouble))
		unit_sweep(&session, trouble);
	CLEANUP_ERROR struct error error = ERROR_INIT;
	int failed = keeps ? session_keep(&session, &error) : session_close(&session, &error);
	if (failed < 0 && !error_is_set(trouble)) {
		*trouble = error;
		error = ERROR_INIT;
		unit_blame_ourselves(trouble);
	}
}
