/* SPDX-License-Identifier: MIT */
#include "result/result.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

void unit_result_clear(struct unit_result *result)
{
	free(result->name);
	free(result->skipped);
	free(result->output.bytes);
	residue_clear(&result->residue);
	error_clear(&result->trouble);
	for (size_t i = 0; i < result->earlier.count; i++)
		unit_result_clear(&result->earlier.items[i]);
	array_free(&result->earlier);
	*result = (struct unit_result){0};
}

static void run_part_clear(struct run_part *part)
{
	for (size_t i = 0; i < part->plan.count; i++)
		free(part->plan.items[i]);
	array_free(&part->plan);
	free(part->id);
	free(part->file);
}

void run_result_clear(struct run_result *result)
{
	for (size_t i = 0; i < result->parts.count; i++)
		run_part_clear(&result->parts.items[i]);
	array_free(&result->parts);
	for (size_t i = 0; i < result->units.count; i++)
		unit_result_clear(&result->units.items[i]);
	array_free(&result->units);
	free(result->command);
	free(result->kernel);
	error_clear(&result->trouble);
	*result = (struct run_result){0};
}

void run_result_skip(struct run_result *result, const char *name, size_t place, const char *reason)
{
	*array_append(&result->units) = (struct unit_result){
		.name = memory_copy_string(name),
		.place = place,
		.skipped = memory_copy_string(reason),
	};
}

struct run_part *run_result_add_part(struct run_result *result)
{
	uint64_t numbers[2] = {0};
	/* So few bytes come whole. Without them: no other process of this name lives at this moment. */
	if (getrandom(numbers, sizeof numbers, 0) < 0) {
		struct timespec now = {0};
		clock_gettime(CLOCK_REALTIME, &now);
		numbers[0] = (uint64_t)now.tv_sec << 30 | (uint64_t)now.tv_nsec;
		numbers[1] = (uint64_t)getpid();
	}
	struct run_part *part = array_append(&result->parts);
	part->id = memory_printf("%016" PRIx64 "%016" PRIx64, numbers[0], numbers[1]);
	return part;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_PASSED] = "passed", [VERDICT_RESIDUE] = "residue", [VERDICT_TIMED_OUT] = "timed-out",
		[VERDICT_FAILED] = "failed", [VERDICT_TROUBLE] = "trouble", [VERDICT_SKIPPED] = "skipped",
	};
	return names[verdict];
}

enum verdict unit_verdict(const struct unit_result *result, unsigned fail_on)
{
	if (result->skipped)
		return VERDICT_SKIPPED;
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
	default:
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
	default:
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
	size_t place = 0;
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		int how_bad = badness(unit, fail_on);
		if (how_bad > worst || (how_bad > 0 && how_bad == worst && unit->place < place)) {
			worst = how_bad;
			status = unit_status(unit, fail_on);
			place = unit->place;
		}
	}
	if (result->interrupted && status != STATUS_TROUBLE)
		return 128 + result->interrupted;
	return status;
}
