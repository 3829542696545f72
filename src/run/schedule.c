/* SPDX-License-Identifier: MIT */
#include "run/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/memory.h"
#include "process/supervise.h"

void schedule_begin(struct schedule *schedule, const struct plan *plan, const struct run_options *options,
		    const struct run_observer *observer, struct run_result *result)
{
	*schedule = (struct schedule){
		.plan = plan,
		.options = options,
		.observer = observer,
		.result = result,
		.begun = duration_now(),
		.results = memory_allocate(plan->units.count, sizeof(struct unit_result)),
	};
}

void schedule_reached(struct schedule *schedule, const char *kernel)
{
	struct run_result *result = schedule->result;
	result->kernel = memory_copy_string(kernel);
	result->waited_ms = duration_now() - schedule->begun;
	if (schedule->observer->started)
		schedule->observer->started(schedule->observer->context, kernel, schedule->plan->units.count);
}

void turn_clear(struct turn *turn)
{
	output_clear(&turn->output);
}

/* By whoever reads the result, or is told. */
static bool is_looked_at(const struct schedule *schedule)
{
	return schedule->options->keep_output || schedule->observer->unit_printed;
}

bool schedule_next(struct schedule *schedule, struct turn *turn)
{
	const struct plan *plan = schedule->plan;
	const struct run_options *options = schedule->options;
	if (!schedule->result->interrupted)
		schedule->result->interrupted = supervise_pending_signal();
	bool any = schedule->again.count > 0 || schedule->next < plan->units.count;
	if (schedule->stopped || schedule->result->interrupted || !any)
		return false;

	size_t index = schedule->again.count > 0 ? schedule->again.items[--schedule->again.count] : schedule->next++;
	bool shown = options->output == OUTPUT_ALWAYS;
	bool live = shown && options->jobs <= 1;
	*turn = (struct turn){
		.index = index,
		.unit = &plan->units.items[index],
		.started = duration_now() - schedule->begun,
		.inherits = live && !is_looked_at(schedule),
	};
	output_init(&turn->output, live,
		    is_looked_at(schedule) || options->output == OUTPUT_ON_FAILURE || (shown && !live));
	turn->output.bystander = schedule->observer->bystander;
	if (schedule->observer->unit_started)
		schedule->observer->unit_started(schedule->observer->context, turn->unit->name);
	return true;
}

static bool is_shown_now(const struct run_options *options, const struct turn *turn, const struct unit_result *result)
{
	if (options->output == OUTPUT_ON_FAILURE)
		return unit_verdict(result, options->fail_on) != VERDICT_PASSED;
	return options->output == OUTPUT_ALWAYS && !turn->output.live;
}

static int deal_with_output(const struct schedule *schedule, const struct turn *turn, struct unit_result *result,
			    struct error *error)
{
	const struct run_options *options = schedule->options;
	const struct run_observer *observer = schedule->observer;
	const struct output *output = &turn->output;
	if (output_failure(output, error) < 0)
		return -1;
	if (is_shown_now(options, turn, result) && output_show(output, error) < 0)
		return -1;
	if (observer->unit_printed && observer->unit_printed(observer->context, result, output, error) < 0)
		return -1;
	if (!options->keep_output)
		return 0;
	result->output.bytes = output_tail(output, RUN_OUTPUT_KEPT, &result->output.length, error);
	result->output.dropped = output->length - result->output.length;
	return result->output.bytes ? 0 : -1;
}

/* Residue is no reason: what a unit leaves it leaves, and has to be told. */
static bool is_run_again(const struct schedule *schedule, const struct unit_result *result)
{
	const struct run_options *options = schedule->options;
	enum verdict verdict = unit_verdict(result, options->fail_on);
	return (verdict == VERDICT_FAILED || verdict == VERDICT_TIMED_OUT) && result->attempts <= options->retries &&
	       !schedule->stopped && !schedule->result->interrupted;
}

/* Behind those before. Where the run ends before the unit has been run again, this stays its result. */
static void keep_result(struct schedule *schedule, size_t index, struct unit_result *result)
{
	struct unit_result *kept = &schedule->results[index];
	struct unit_result before = *kept;
	*kept = *result;
	kept->earlier = before.earlier;
	memset(&before.earlier, 0, sizeof before.earlier);
	if (before.attempts > 0)
		*array_append(&kept->earlier) = before;
	*result = (struct unit_result){0};
}

void schedule_ended(struct schedule *schedule, struct turn *turn, struct unit_result *result)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	const struct run_observer *observer = schedule->observer;
	result->times.started = turn->started;
	result->place = turn->unit->place;
	const struct unit_result *earlier = &schedule->results[turn->index];
	result->times.waited = earlier->attempts > 0 ? earlier->times.waited : turn->started;
	result->attempts = earlier->attempts + 1;
	if (!result->name)
		result->name = memory_copy_string(turn->unit->name);
	if (deal_with_output(schedule, turn, result, &error) < 0 && !error_is_set(&result->trouble)) {
		result->trouble = error;
		error = ERROR_INIT;
	}
	turn_clear(turn);
	if (!schedule->result->interrupted)
		schedule->result->interrupted = result->interrupted;
	if (is_run_again(schedule, result)) {
		if (observer->unit_retried)
			observer->unit_retried(observer->context, result);
		*array_append(&schedule->again) = turn->index;
		keep_result(schedule, turn->index, result);
		return;
	}
	if (observer->unit_ended)
		observer->unit_ended(observer->context, result);

	if (schedule->options->fail_fast && unit_verdict(result, schedule->options->fail_on) != VERDICT_PASSED)
		schedule->stopped = true;
	/* With somebody else at the table, the units behind this one would only be reports of nonsense. */
	if (result->trouble.kind == ERROR_RIVAL)
		schedule->stopped = true;
	keep_result(schedule, turn->index, result);
}

void schedule_failed(struct schedule *schedule, struct error *error)
{
	schedule->stopped = true;
	if (error_is_set(&schedule->result->trouble))
		return;
	schedule->result->trouble = *error;
	*error = ERROR_INIT;
}

/* In words, of the units whose turn never came. The caller frees. */
static char *why_it_ended(const struct schedule *schedule)
{
	const struct run_result *result = schedule->result;
	if (result->interrupted)
		return memory_printf("signal %d (%s) ended the run", result->interrupted,
				     strsignal(result->interrupted));
	if (error_is_set(&result->trouble))
		return memory_printf("the run failed: %s", result->trouble.message);
	for (size_t i = 0; i < schedule->plan->units.count; i++) {
		const struct unit_result *unit = &schedule->results[i];
		if (unit->trouble.kind == ERROR_RIVAL)
			return memory_printf("the run failed: %s", unit->trouble.message);
	}
	return memory_copy_string("a unit did not pass, with which the run was to end");
}

void schedule_end(struct schedule *schedule)
{
	const struct planned_unit *planned = schedule->plan->units.items;
	CLEANUP_FREE char *reason = why_it_ended(schedule);
	for (size_t i = 0; i < schedule->plan->units.count; i++) {
		if (schedule->results[i].name)
			*array_append(&schedule->result->units) = schedule->results[i];
		else
			run_result_skip(schedule->result, planned[i].name, planned[i].place, reason);
	}
	free(schedule->results);
	array_free(&schedule->again);
	schedule->result->duration_ms = duration_now() - schedule->begun;
}
