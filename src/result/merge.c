/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "result/result.h"

static int compare_starts(const void *a, const void *b)
{
	const struct unit_result *first = *(struct unit_result *const *)a, *second = *(struct unit_result *const *)b;
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
	if (count > 1)
		sort_units(merged);
}
