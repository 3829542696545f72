/* SPDX-License-Identifier: MIT */
#include "report/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

struct summary summary_make(const struct run_result *result, unsigned fail_on)
{
	struct summary summary = {.not_reached = result->planned - result->units.count};
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		summary.of[unit_verdict(unit, fail_on)]++;
		summary.flaky += unit_is_flaky(unit, fail_on);
	}
	summary.not_reached += summary.of[VERDICT_SKIPPED];
	return summary;
}

static void put_count(FILE *stream, size_t count, const char *what, const char **separator)
{
	if (!count)
		return;
	fprintf(stream, "%s%zu %s", *separator, count, what);
	*separator = ", ";
}

void summary_write_counts(FILE *stream, const struct summary *summary, const char *separator)
{
	put_count(stream, summary->of[VERDICT_PASSED] - summary->flaky, "passed", &separator);
	put_count(stream, summary->flaky, "flaky", &separator);
	put_count(stream, summary->of[VERDICT_RESIDUE], "left residue", &separator);
	put_count(stream, summary->of[VERDICT_FAILED], "failed", &separator);
	put_count(stream, summary->of[VERDICT_TIMED_OUT], "timed out", &separator);
	put_count(stream, summary->of[VERDICT_TROUBLE], "could not be run", &separator);
	put_count(stream, summary->not_reached, "not reached", &separator);
}

char *summary_text(const struct run_result *result, unsigned fail_on)
{
	struct summary summary = summary_make(result, fail_on);
	char *text = NULL;
	size_t length;
	FILE *out = memory_stream(&text, &length);
	fprintf(out, "%zu unit%s: ", result->planned, result->planned == 1 ? "" : "s");
	summary_write_counts(out, &summary, "");
	fclose(out);
	return text;
}

const char *summary_word(const struct unit_result *unit, unsigned fail_on)
{
	static const char *const words[] = {
		[VERDICT_PASSED] = "PASS", [VERDICT_RESIDUE] = "RESIDUE", [VERDICT_TIMED_OUT] = "TIMEOUT",
		[VERDICT_FAILED] = "FAIL", [VERDICT_TROUBLE] = "TROUBLE", [VERDICT_SKIPPED] = "SKIP",
	};
	return unit_is_flaky(unit, fail_on) ? "FLAKY" : words[unit_verdict(unit, fail_on)];
}

char *summary_attempts(const struct unit_result *unit, unsigned fail_on)
{
	if (unit->attempts <= 1)
		return NULL;
	return memory_printf(unit_is_flaky(unit, fail_on) ? "attempt %u" : "%u attempts", unit->attempts);
}

char *summary_earlier(const struct unit_result *attempt)
{
	CLEANUP_FREE char *reason = summary_reason(attempt, RESIDUE_SET_ALL);
	return memory_printf("attempt %u: %s", attempt->attempts, reason ? reason : "passed");
}

char *summary_order(const struct run_result *result)
{
	return result->shuffled ? memory_printf("shuffle:%" PRIu32, result->seed) : NULL;
}

char *summary_shard(const struct run_result *result)
{
	return result->shards ? memory_printf("%u/%u", result->shard, result->shards) : NULL;
}

static char *reason_of_verdict(const struct unit_result *unit, unsigned fail_on)
{
	switch (unit_verdict(unit, fail_on)) {
	case VERDICT_TROUBLE:
		return memory_copy_string(unit->trouble.message);
	case VERDICT_TIMED_OUT:
		if (!unit->time_limit_ms)
			return memory_copy_string("ran past its time");
		return memory_printf("ran past its time of %.15g s", (double)unit->time_limit_ms / 1000);
	case VERDICT_FAILED:
		if (unit->signal)
			return memory_printf("ended by signal %d (%s)", unit->signal, strsignal(unit->signal));
		return memory_printf("exit status %d", unit->status);
	case VERDICT_RESIDUE:
		return memory_copy_string("left residue");
	case VERDICT_SKIPPED:
		return memory_printf("not reached: %s", unit->skipped);
	case VERDICT_PASSED:
	case VERDICTS:
		break;
	}
	return NULL;
}

char *summary_reason(const struct unit_result *unit, unsigned fail_on)
{
	char *reason = reason_of_verdict(unit, fail_on);
	if (!reason || !unit->memory_ran_out)
		return reason;
	char *whole = memory_printf("%s; the guest ran out of memory", reason);
	free(reason);
	return whole;
}

char *summary_run_trouble(const struct run_result *result)
{
	if (error_is_set(&result->trouble))
		return memory_copy_string(result->trouble.message);
	if (result->interrupted)
		return memory_printf("ended early by signal %d (%s)", result->interrupted,
				     strsignal(result->interrupted));
	return NULL;
}

char *summary_time(int64_t since_1970_ms)
{
	time_t seconds = since_1970_ms / 1000;
	struct tm calendar = {0};
	char text[64];
	gmtime_r(&seconds, &calendar);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &calendar);
	return memory_copy_string(text);
}
