/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "result/result.h"

static int compare_starts(const void *a, const void *b)
{
	const struct unit_result *first = *(struct unit_result *const *)a, *second = *(struct unit_result *const *)b;
	/* Those that never did stand behind the others. */
	if (!first->skipped != !second->skipped)
		return first->skipped ? 1 : -1;
	if (first->times.started != second->times.started)
		return first->times.started < second->times.started ? -1 : 1;
	/* At the same moment: as they stood. */
	return (first > second) - (first < second);
}

static void sort_units(struct run_result *result)
{
	size_t count = result->units.count;
	CLEANUP_FREE struct unit_result **order = memory_allocate(count, sizeof *order);
	struct unit_result *sorted = memory_allocate(count, sizeof *sorted);
	for (size_t i = 0; i < count; i++)
		order[i] = &result->units.items[i];
	if (count)
		qsort(order, count, sizeof *order, compare_starts);
	for (size_t i = 0; i < count; i++)
		sorted[i] = *order[i];
	free(result->units.items);
	result->units.items = sorted;
	result->units.room = count;
}

/* The one that began first. */
static const struct run_result *find_first(const struct run_result *results, size_t count)
{
	const struct run_result *first = results;
	for (size_t i = 1; i < count; i++) {
		if (results[i].started_ms < first->started_ms)
			first = &results[i];
	}
	return first;
}

/* Drops what is not the same in all. */
static void keep_common(char **common, const char *text)
{
	if (*common && (!text || strcmp(*common, text) != 0)) {
		free(*common);
		*common = NULL;
	}
}

static void add_trouble(struct error *all, struct error *one)
{
	if (!error_is_set(one))
		return;
	if (error_is_set(all)) {
		error_context(one, "%s; and in another run", all->message);
		error_clear(all);
	}
	*all = *one;
	*one = ERROR_INIT;
}

static void add_units(struct run_result *merged, struct run_result *run, int64_t later_ms)
{
	for (size_t i = 0; i < run->units.count; i++) {
		struct unit_result *unit = array_append(&merged->units);
		*unit = run->units.items[i];
		unit->times.started += later_ms;
	}
	array_free(&run->units);
}

static bool has_part(const struct run_result *merged, const char *id)
{
	for (size_t i = 0; i < merged->parts.count; i++) {
		if (strcmp(merged->parts.items[i].id, id) == 0)
			return true;
	}
	return false;
}

/* Whether a result was given before: all its parts are there already. */
static bool add_parts(struct run_result *merged, struct run_result *run)
{
	bool again = run->parts.count > 0;
	for (size_t i = 0; i < run->parts.count; i++) {
		struct run_part *part = &run->parts.items[i];
		part->again = part->again || has_part(merged, part->id);
		again = again && part->again;
	}
	for (size_t i = 0; i < run->parts.count; i++)
		*array_append(&merged->parts) = run->parts.items[i];
	array_free(&run->parts);
	return again;
}

/* Of shards of one plan the places are its own. Those of several whole runs stand one behind the other. */
static void place_units(struct run_result *merged)
{
	for (size_t i = 0; i < merged->parts.count; i++) {
		if (merged->parts.items[i].shards)
			return;
	}
	for (size_t i = 0; i < merged->units.count; i++)
		merged->units.items[i].place = i;
}

/* The order and the part of the plan; shards of one run make no shard together. */
static void keep_common_plan(struct run_result *common, const struct run_result *run)
{
	if (!run->shuffled || run->seed != common->seed) {
		common->shuffled = false;
		common->seed = 0;
	}
	if (run->shard != common->shard || run->shards != common->shards) {
		common->shard = 0;
		common->shards = 0;
	}
}

void run_results_merge(struct run_result *merged, struct run_result *results, size_t count)
{
	const struct run_result *first = find_first(results, count);
	*merged = (struct run_result){
		.command = memory_copy_string(first->command),
		.kernel = memory_copy_string(first->kernel),
		.isolation = first->isolation,
		.started_ms = first->started_ms,
		.waited_ms = first->waited_ms,
		.shuffled = first->shuffled,
		.seed = first->seed,
		.shard = first->shard,
		.shards = first->shards,
	};
	for (size_t i = 0; i < count; i++) {
		struct run_result *run = &results[i];
		int64_t later_ms = run->started_ms - merged->started_ms;
		if (add_parts(merged, run))
			continue;
		keep_common(&merged->command, run->command);
		keep_common(&merged->kernel, run->kernel);
		keep_common_plan(merged, run);
		if (merged->isolation && (!run->isolation || strcmp(merged->isolation, run->isolation) != 0))
			merged->isolation = NULL;
		if (run->jobs > merged->jobs)
			merged->jobs = run->jobs;
		if (later_ms + run->waited_ms < merged->waited_ms)
			merged->waited_ms = later_ms + run->waited_ms;
		if (later_ms + run->duration_ms > merged->duration_ms)
			merged->duration_ms = later_ms + run->duration_ms;
		merged->planned += run->planned;
		if (!merged->interrupted)
			merged->interrupted = run->interrupted;
		add_trouble(&merged->trouble, &run->trouble);
		add_units(merged, run, later_ms);
	}
	/* Of one they stay in the order of its plan. */
	if (count > 1) {
		sort_units(merged);
		place_units(merged);
	}
}
