/* SPDX-License-Identifier: MIT */
#include "run/trial.h"

#include "run/guest_place.h"
#include "run/run.h"

#define COMMAND "true"

static int take_verdict(struct unit_result *result, int64_t *ready_ms, struct error *error)
{
	*ready_ms = result->times.preparing;
	if (error_is_set(&result->trouble)) {
		*error = result->trouble;
		result->trouble = ERROR_INIT;
		return -1;
	}
	if (unit_verdict(result, RESIDUE_SET_ALL) != VERDICT_PASSED)
		return error_set(error, ERROR_FAILED, "the command " COMMAND " did not pass");
	return 0;
}

int trial_in_sandbox(int64_t *ready_ms, struct error *error)
{
	CLEANUP_PLAN struct plan plan = {0};
	CLEANUP_RUN_RESULT struct run_result result = {0};
	char *const command[] = {COMMAND, NULL};
	const struct choice here = {0};
	const struct run_observer nobody = {0};
	const struct run_options options = {
		.command = COMMAND, .isolation = ISOLATION_NETNS, .jobs = 1, .output = OUTPUT_NEVER};
	plan_add_whole(&plan, command);
	run_plan(&plan, &here, &options, &nobody, &result);
	if (result.units.count == 0)
		return error_set(error, ERROR_FAILED, "interrupted");
	return take_verdict(&result.units.items[0], ready_ms, error);
}

int trial_in_guest(struct guest *guest, enum isolation isolation, int64_t *ready_ms, struct error *error)
{
	char *arguments[] = {COMMAND, NULL};
	const struct planned_unit unit = {.name = COMMAND, .arguments = arguments};
	const struct run_options options = {.isolation = isolation};
	const struct guest_place place = {.guest = guest, .options = &options};
	CLEANUP_OUTPUT struct output output;
	struct unit_result result = {.name = NULL};
	output_init(&output, false, false);
	guest_place_run(&place, &unit, &output, &result);
	int failed = take_verdict(&result, ready_ms, error);
	unit_result_clear(&result);
	return failed;
}
