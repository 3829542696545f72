/* SPDX-License-Identifier: MIT */
#include "result/result.h"

#include <stdlib.h>

void unit_result_clear(struct unit_result *result)
{
	free(result->name);
	free(result->output.bytes);
	residue_clear(&result->residue);
	error_clear(&result->trouble);
	*result = (struct unit_result){0};
}

void run_result_clear(struct run_result *result)
{
	for (size_t i = 0; i < result->units.count; i++)
		unit_result_clear(&result->units.items[i]);
	array_free(&result->units);
	free(result->command);
	free(result->kernel);
	error_clear(&result->trouble);
	*result = (struct run_result){0};
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_PASSED] = "passed", [VERDICT_RESIDUE] = "residue", [VERDICT_TIMED_OUT] = "timed-out",
		[VERDICT_FAILED] = "failed", [VERDICT_TROUBLE] = "trouble",
	};
	return names[verdict];
}

enum verdict unit_verdict(const struct unit_result *result, unsigned fail_on)
{
	if (error_is_set(&result->trouble))
		return VERDICT_TROUBLE;
	if (result->timed_out)
		return VERDICT_TIMED_OUT;
	if (result->status != 0)
		return VERDICT_FAILED;
	return residue_any(&result->residue, fail_on) ? VERDICT_RESIDUE : VERDICT_PASSED;
}

bool unit_is_flaky(const struct unit_result *result, unsigned fail_on)
{
	return result->attempts > 1 && unit_verdict(result, fail_on) == VERDICT_PASSED;
}

static int unit_status(const struct unit_result *result, unsigned fail_on)
{
	switch (unit_verdict(result, fail_on)) {
	case VERDICT_TROUBLE:
		if (result->trouble.kind == ERROR_NOT_FOUND)
			return STATUS_NOT_FOUND;
		if (result->trouble.kind == ERROR_NOT_RUNNABLE)
			return STATUS_NOT_RUNNABLE;
		return STATUS_TROUBLE;
	case VERDICT_TIMED_OUT:
		return STATUS_TIMED_OUT;
	case VERDICT_FAILED:
		return result->status;
	case VERDICT_RESIDUE:
		return STATUS_RESIDUE;
	case VERDICT_PASSED:
		break;
	}
	return 0;
}

/* Higher is worse. By verdict, for a command may itself exit with 123 or 125. */
static int badness(const struct unit_result *result, unsigned fail_on)
{
	switch (unit_verdict(result, fail_on)) {
	case VERDICT_TROUBLE:
		return unit_status(result, fail_on) == STATUS_TROUBLE ? 5 : 4;
	case VERDICT_FAILED:
		return 3;
	case VERDICT_TIMED_OUT:
		return 2;
	case VERDICT_RESIDUE:
		return 1;
	case VERDICT_PASSED:
		break;
	}
	return 0;
}

int run_status(const struct run_result *result, unsigned fail_on)
{
	if (error_is_set(&result->trouble))
		return STATUS_TROUBLE;

	int worst = 0;
	int status = 0;
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		int how_bad = badness(unit, fail_on);
		if (how_bad > worst) {
			worst = how_bad;
			status = unit_status(unit, fail_on);
		}
	}
	if (result->interrupted && status != STATUS_TROUBLE)
		return 128 + result->interrupted;
	return status;
}
