/* SPDX-License-Identifier: MIT */
#include "run/run.h"

#include <time.h>

#include "base/memory.h"
#include "process/supervise.h"
#include "run/guest_place.h"
#include "run/pool.h"
#include "run/schedule.h"
#include "unit/clean.h"
#include "unit/unit.h"

/* Where units run one after another. */
struct place {
	void *context;
	/* Runs one; `output` takes what it prints. False when no other can be run there. */
	bool (*run_unit)(void *context, const struct planned_unit *unit, struct output *output, bool inherits,
			 struct unit_result *result);
};

static void run_in_turn(struct schedule *schedule, const struct place *place)
{
	struct turn turn;
	bool more = true;
	while (more && schedule_next(schedule, &turn)) {
		struct unit_result result = {.name = NULL};
		more = place->run_unit(place->context, turn.unit, &turn.output, turn.inherits, &result);
		schedule_ended(schedule, &turn, &result);
	}
}

/* On the host's kernel: the table is the session's. */
struct host_place {
	struct session *session;
	struct unit_options options;
};

static bool run_unit_on_host(void *context, const struct planned_unit *planned, struct output *output, bool inherits,
			     struct unit_result *result)
{
	const struct host_place *host = context;
	const struct unit unit = {.name = planned->name, .arguments = planned->arguments};
	struct unit_options options = host->options;
	options.output = inherits ? NULL : output;
	unit_run(&unit, &options, result);
	if (session_end_unit(host->session, &result->trouble) == 0)
		return true;
	/* With somebody else at the table it may be theirs. */
	if (result->trouble.kind == ERROR_RIVAL)
		residue_clear(&result->residue);
	return false;
}

static void run_in_session(struct schedule *schedule, struct session *session)
{
	const struct run_options *options = schedule->options;
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
				.session = session,
				.user = options->user,
			},
	};
	const struct place place = {.context = &host, .run_unit = run_unit_on_host};
	schedule_reached(schedule, "this host's kernel");
	run_in_turn(schedule, &place);
	/* The last unit's connections must not meet the host's services. */
	if (!options->keep && session->changed)
		unit_sweep(session, &schedule->result->trouble);
}

static void run_on_host(struct schedule *schedule, struct ipvs *ipvs)
{
	const struct run_options *options = schedule->options;
	struct run_result *result = schedule->result;
	struct session session;
	const struct session_options session_options = {
		.command = options->command,
		.wait_ms = options->wait_ms,
		.waiting = options->waiting,
		.context = options->waiting_context,
	};
	if (session_open(&session, ipvs, &session_options, &result->trouble) < 0)
		return;
	if (session.recovered && schedule->observer->recovered)
		schedule->observer->recovered(schedule->observer->context, session.replaced);
	result->interrupted = supervise_pending_signal();
	if (!result->interrupted)
		run_in_session(schedule, &session);

	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (session_close(&session, &error) < 0) {
		error_clear(&result->trouble);
		result->trouble = error;
		error = ERROR_INIT;
	}
}

static bool run_unit_in_guest(void *context, const struct planned_unit *unit, struct output *output, bool inherits,
			      struct unit_result *result)
{
	(void)inherits; /* it cannot: what it prints comes over a line */
	return guest_place_run(context, unit, output, result);
}

static void run_in_guest(struct schedule *schedule, const struct guest_kernel *kernel)
{
	struct run_result *result = schedule->result;
	CLEANUP_GUEST_PLACE struct guest_place guest = {.guest = NULL};
	if (guest_place_open(&guest, kernel, schedule->options, &result->interrupted, &result->trouble) < 0) {
		if (result->interrupted)
			error_clear(&result->trouble);
		return;
	}
	const struct place place = {.context = &guest, .run_unit = run_unit_in_guest};
	schedule_reached(schedule, guest_description(guest.guest));
	run_in_turn(schedule, &place);
}

int run_can_be(const struct run_options *options, const struct choice *choice, struct error *error)
{
	if (options->isolation == ISOLATION_NETNS && options->keep)
		return error_set(
			error, ERROR_INPUT,
			"run: --keep starts from the host's table, --isolation netns has none of it: take one");
	CLEANUP_FREE char *directory = choice->guest ? guest_directory(error) : NULL;
	if (choice->guest && !directory)
		return -1;
	if (options->jobs <= 1 || options->isolation == ISOLATION_NETNS || choice->guest)
		return 0;
	error_set(error, ERROR_INPUT,
		  "run: with --isolation lock the units share one table, so they take turns: %u jobs "
		  "cannot be had",
		  options->jobs);
	return error_remedy(error, "a table for each unit: --isolation netns, or guests of their own: --kernel uml");
}

static void run_where_chosen(struct schedule *schedule, const struct choice *choice)
{
	/* While a lock is waited for signals act as usual; from then on none ends us half way. */
	if (supervise_prepare(&schedule->result->trouble) < 0)
		return;
	if (choice->guest && schedule->options->jobs > 1)
		pool_run_guests(schedule, choice->guest);
	else if (choice->guest)
		run_in_guest(schedule, choice->guest);
	else if (schedule->options->isolation == ISOLATION_NETNS)
		pool_run_sandboxes(schedule);
	else
		run_on_host(schedule, choice->ipvs);
}

static int64_t wall_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void begin_result(struct run_result *result, const struct plan *plan, const struct run_options *options)
{
	result->command = memory_copy_string(options->command);
	result->isolation = options->isolation == ISOLATION_NETNS ? "netns" : "lock";
	result->jobs = options->jobs;
	result->started_ms = wall_clock();
	result->planned = plan->units.count;
}

void run_plan(const struct plan *plan, const struct choice *choice, const struct run_options *options,
	      const struct run_observer *observer, struct run_result *result)
{
	struct schedule schedule;
	begin_result(result, plan, options);
	schedule_begin(&schedule, plan, options, observer, result);
	run_where_chosen(&schedule, choice);
	schedule_end(&schedule);
	/* One that came while the table was put back did not cut that short; it is answered now. */
	if (!result->interrupted)
		result->interrupted = supervise_pending_signal();
}

void run_nothing(const struct plan *plan, const struct run_options *options, struct error *error,
		 struct run_result *result)
{
	static const struct run_observer nobody;
	struct schedule schedule;
	begin_result(result, plan, options);
	schedule_begin(&schedule, plan, options, &nobody, result);
	if (error_is_set(error))
		schedule_failed(&schedule, error);
	schedule_end(&schedule);
}
