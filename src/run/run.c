/* SPDX-License-Identifier: MIT */
#include "run/run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/memory.h"
#include "process/supervise.h"
#include "table/json.h"
#include "unit/clean.h"
#include "unit/unit.h"

/* Where units run. */
struct place {
	void *context;
	/* Runs one. False when no other can be run there. */
	bool (*run_unit)(void *context, const struct planned_unit *unit, struct unit_result *result);
};

/* What the whole of a run knows. */
struct run {
	const struct plan *plan;
	const struct run_options *options;
	const struct run_observer *observer;
	struct run_result *result;
	int64_t begun; /* duration_now() */
};

/* The units can begin, on `kernel`. */
static void note_kernel(const struct run *run, const char *kernel)
{
	run->result->kernel = memory_copy_string(kernel);
	run->result->waited_ms = duration_now() - run->begun;
	if (run->observer->started)
		run->observer->started(run->observer->context, kernel, run->plan->units.count);
}

static void run_units(const struct run *run, const struct place *place)
{
	const struct plan *plan = run->plan;
	const struct run_observer *observer = run->observer;
	struct run_result *result = run->result;
	for (size_t i = 0; i < plan->units.count; i++) {
		const struct planned_unit *unit = &plan->units.items[i];
		if (observer->unit_started)
			observer->unit_started(observer->context, unit->name);
		struct unit_result *unit_result = array_append(&result->units);
		int64_t started = duration_now() - run->begun;
		bool more = place->run_unit(place->context, unit, unit_result);
		unit_result->times.started = started;
		if (observer->unit_ended)
			observer->unit_ended(observer->context, unit_result);
		result->interrupted = unit_result->interrupted;
		if (!result->interrupted)
			result->interrupted = supervise_pending_signal();
		/* With somebody else at the table, the units behind this one would only be reports of nonsense. */
		if (!more || result->interrupted || unit_result->trouble.kind == ERROR_RIVAL)
			return;
	}
}

/* On the host's kernel: the table is the session's. */
struct host_place {
	struct session *session;
	struct unit_options options;
};

static bool run_unit_on_host(void *context, const struct planned_unit *planned, struct unit_result *result)
{
	const struct host_place *host = context;
	const struct unit unit = {.name = planned->name, .arguments = planned->arguments};
	unit_run(host->session->ipvs, &unit, &host->options, result);
	return session_end_unit(host->session, &result->trouble) == 0;
}

static void run_in_session(const struct run *run, struct session *session)
{
	const struct run_options *options = run->options;
	CLEANUP_TABLE struct table clean;
	table_init(&clean);
	clean_table_make(&clean, options->fixture, &session->host);
	struct host_place host = {
		.session = session,
		.options =
			{
				.keep = options->keep,
				.clean = &clean,
				.timeout_ms = options->timeout_ms,
				.kill_after_ms = options->kill_after_ms,
				.locks = &session->locks,
				.user = options->user,
			},
	};
	const struct place place = {.context = &host, .run_unit = run_unit_on_host};
	note_kernel(run, "this host's kernel");
	run_units(run, &place);
	/* The last unit's connections must not meet the host's services. */
	if (!options->keep)
		ipvs_flush(session->ipvs, &run->result->trouble);
}

static void run_on_host(const struct run *run, struct ipvs *ipvs)
{
	const struct run_options *options = run->options;
	struct run_result *result = run->result;
	struct session session;
	const struct session_options session_options = {
		.command = options->command,
		.wait_ms = options->wait_ms,
		.waiting = options->waiting,
		.context = options->waiting_context,
	};
	/* While the lock is waited for signals act as usual; from then on none ends us half way. */
	if (supervise_prepare(&result->trouble) < 0)
		return;
	if (session_open(&session, ipvs, &session_options, &result->trouble) < 0)
		return;
	if (session.recovered && run->observer->recovered)
		run->observer->recovered(run->observer->context, session.replaced);
	result->interrupted = supervise_pending_signal();
	if (!result->interrupted)
		run_in_session(run, &session);

	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (session_close(&session, &error) < 0) {
		error_clear(&result->trouble);
		result->trouble = error;
		error = ERROR_INIT;
	}
}

/* In a guest: the table is its own. */
struct guest_place {
	struct guest *guest;
	const struct run_options *options;
	char *fixture; /* as JSON; or NULL */
};

static unsigned file_mask(void)
{
	mode_t mask = umask(0);
	umask(mask);
	return mask;
}

static bool run_unit_in_guest(void *context, const struct planned_unit *unit, struct unit_result *result)
{
	const struct guest_place *place = context;
	const struct guest_request request = {
		.name = unit->name,
		.arguments = unit->arguments,
		.environment = environ,
		.fixture = place->fixture,
		.user = (char *)place->options->user,
		.file_mask = file_mask(),
		.keep = place->options->keep,
		.timeout_ms = place->options->timeout_ms,
		.kill_after_ms = place->options->kill_after_ms,
	};
	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (guest_run(place->guest, &request, result, &error) < 0) {
		unit_result_clear(result);
		result->name = memory_copy_string(unit->name);
		result->trouble = error;
		error = ERROR_INIT;
		return false;
	}
	return guest_is_usable(place->guest);
}

static void run_in_guest(const struct run *run, const struct guest_kernel *kernel)
{
	const struct run_options *options = run->options;
	struct run_result *result = run->result;
	const struct guest_options guest_options = {
		.kernel = kernel,
		.memory = options->guest_memory,
		.patience_ms = options->guest_patience_ms,
	};
	if (supervise_prepare(&result->trouble) < 0)
		return;
	CLEANUP_GUEST struct guest *guest = guest_start(&guest_options, &result->interrupted, &result->trouble);
	if (!guest) {
		if (result->interrupted)
			error_clear(&result->trouble);
		return;
	}
	CLEANUP_FREE char *fixture = options->fixture ? table_to_json(options->fixture, NULL) : NULL;
	struct guest_place in_guest = {.guest = guest, .options = options, .fixture = fixture};
	const struct place place = {.context = &in_guest, .run_unit = run_unit_in_guest};
	note_kernel(run, guest_description(guest));
	run_units(run, &place);
}

void run_plan(const struct plan *plan, const struct choice *choice, const struct run_options *options,
	      const struct run_observer *observer, struct run_result *result)
{
	const struct run run = {
		.plan = plan,
		.options = options,
		.observer = observer,
		.result = result,
		.begun = duration_now(),
	};
	result->command = memory_copy_string(options->command);
	result->started = time(NULL);
	result->planned = plan->units.count;
	if (choice->guest)
		run_in_guest(&run, choice->guest);
	else
		run_on_host(&run, choice->ipvs);
	/* One that came while the table was put back did not cut that short; it is answered now. */
	if (!result->interrupted)
		result->interrupted = supervise_pending_signal();
	result->duration_ms = duration_now() - run.begun;
}
