/* SPDX-License-Identifier: MIT */
/* Whether results are those of whole runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "result/result.h"

void result_faults_clear(struct result_faults *faults)
{
	for (size_t i = 0; i < faults->list.count; i++)
		free(faults->list.items[i]);
	array_free(&faults->list);
}

/* Takes over `text`. */
static void add_fault(struct result_faults *faults, char *text)
{
	*array_append(&faults->list) = text;
}

static const char *file_of(const struct run_part *part)
{
	return part->file ? part->file : "a result";
}

/* ---- sets of names ---- */

/* Sorted, each once; borrowed. */
struct names {
	ARRAY(const char *) list;
};

#define CLEANUP_NAMES __attribute__((cleanup(names_clear)))

static void names_clear(struct names *names)
{
	array_free(&names->list);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void names_sort(struct names *names)
{
	size_t kept = 0;
	const char **items = names->list.items;
	if (names->list.count)
		qsort(items, names->list.count, sizeof *items, compare_names);
	for (size_t i = 0; i < names->list.count; i++) {
		if (kept == 0 || strcmp(items[kept - 1], items[i]) != 0)
			items[kept++] = items[i];
	}
	names->list.count = kept;
}

static void names_add_plan(struct names *names, const struct run_part *part)
{
	for (size_t i = 0; i < part->plan.count; i++)
		*array_append(&names->list) = part->plan.items[i];
}

static bool names_have(const struct names *names, const char *name)
{
	return names->list.count &&
	       bsearch(&name, names->list.items, names->list.count, sizeof *names->list.items, compare_names);
}

static bool names_are_same(const struct names *names, const struct names *others)
{
	bool same = names->list.count == others->list.count;
	for (size_t i = 0; i < names->list.count && same; i++)
		same = strcmp(names->list.items[i], others->list.items[i]) == 0;
	return same;
}

/* "a, b, c": those of the one that are not in the other. NULL where there are none. The caller frees. */
static char *names_beyond(const struct names *names, const struct names *others, size_t *count)
{
	char *text = NULL;
	size_t length;
	FILE *out = memory_stream(&text, &length);
	*count = 0;
	for (size_t i = 0; i < names->list.count; i++) {
		const char *name = names->list.items[i];
		if (!names_have(others, name))
			fprintf(out, "%s%s", (*count)++ ? ", " : "", name);
	}
	fclose(out);
	if (*count)
		return text;
	free(text);
	return NULL;
}

/* ---- what can be wrong ---- */

static void find_repeated(const struct run_result *result, struct result_faults *faults)
{
	for (size_t i = 0; i < result->parts.count; i++) {
		const struct run_part *part = &result->parts.items[i];
		for (size_t k = 0; part->again && k < i; k++) {
			const struct run_part *earlier = &result->parts.items[k];
			if (strcmp(earlier->id, part->id) != 0)
				continue;
			add_fault(faults, memory_printf("the result of one run is there twice: %s, %s",
							file_of(earlier), file_of(part)));
			break;
		}
	}
}

static char *describe_plan(const struct run_part *part)
{
	CLEANUP_FREE char *shard = part->shards ? memory_printf("shard %u of %u", part->shard, part->shards)
						: memory_copy_string("a whole run");
	return memory_printf("%s is %s", file_of(part), shard);
}

static void add_units_of_one(struct result_faults *faults, const struct run_part *part, const struct names *names,
			     const struct names *others)
{
	size_t count;
	CLEANUP_FREE char *text = names_beyond(names, others, &count);
	if (text)
		add_fault(faults, memory_printf("only planned in %s: %s", file_of(part), text));
}

/* Of the names of their units only where both have them. */
static bool is_same_plan(const struct run_part *first, const struct run_part *part, struct result_faults *faults)
{
	CLEANUP_NAMES struct names ours = {0}, theirs = {0};
	if (first->plan.count && part->plan.count) {
		names_add_plan(&ours, first);
		names_add_plan(&theirs, part);
		names_sort(&ours);
		names_sort(&theirs);
	}
	if (first->shards == part->shards && names_are_same(&ours, &theirs))
		return true;
	CLEANUP_FREE char *one = describe_plan(first);
	CLEANUP_FREE char *other = describe_plan(part);
	add_fault(faults, memory_printf("these are results of different plans: %s, %s", one, other));
	add_units_of_one(faults, first, &ours, &theirs);
	add_units_of_one(faults, part, &theirs, &ours);
	return false;
}

static int compare_shards(const void *a, const void *b)
{
	const struct run_part *first = *(const struct run_part *const *)a;
	const struct run_part *second = *(const struct run_part *const *)b;
	if (first->shard != second->shard)
		return first->shard < second->shard ? -1 : 1;
	return (first > second) - (first < second);
}

/* Those from `first` to before `next`. */
static void add_missing_shards(struct result_faults *faults, uint64_t first, uint64_t next, unsigned shards)
{
	if (first + 1 == next)
		add_fault(faults, memory_printf("shard %" PRIu64 " of %u is missing", first, shards));
	else if (first < next)
		add_fault(faults, memory_printf("shards %" PRIu64 " to %" PRIu64 " of %u are missing", first, next - 1,
						shards));
}

/* Each has to be there once. A result may say that there are millions, so they are not gone through one by one. */
static void count_shards(const struct run_result *result, unsigned shards, struct result_faults *faults)
{
	ARRAY(const struct run_part *) found = {0};
	for (size_t i = 0; i < result->parts.count; i++) {
		if (!result->parts.items[i].again)
			*array_append(&found) = &result->parts.items[i];
	}
	if (found.count)
		qsort(found.items, found.count, sizeof *found.items, compare_shards);
	uint64_t next = 1;
	for (size_t i = 0; i < found.count; i++) {
		const struct run_part *part = found.items[i];
		add_missing_shards(faults, next, part->shard, shards);
		if (i > 0 && found.items[i - 1]->shard == part->shard)
			add_fault(faults, memory_printf("shard %u of %u is there twice: %s, %s", part->shard, shards,
							file_of(found.items[i - 1]), file_of(part)));
		next = (uint64_t)part->shard + 1;
	}
	add_missing_shards(faults, next, (uint64_t)shards + 1, shards);
	array_free(&found);
}

static void find_shard_faults(const struct run_result *result, struct result_faults *faults)
{
	const struct run_part *first = NULL;
	for (size_t i = 0; i < result->parts.count && !first; i++) {
		if (result->parts.items[i].shards)
			first = &result->parts.items[i];
	}
	/* Whole runs have nothing to do with each other. */
	if (!first)
		return;
	bool same = true;
	for (size_t i = 0; i < result->parts.count; i++) {
		const struct run_part *part = &result->parts.items[i];
		if (part != first && !part->again)
			same = is_same_plan(first, part, faults) && same;
	}
	if (same)
		count_shards(result, first->shards, faults);
}

static void find_missing_units(const struct run_result *result, struct result_faults *faults)
{
	CLEANUP_NAMES struct names planned = {0}, there = {0};
	for (size_t i = 0; i < result->parts.count; i++)
		names_add_plan(&planned, &result->parts.items[i]);
	for (size_t i = 0; i < result->units.count; i++)
		*array_append(&there.list) = result->units.items[i].name;
	names_sort(&planned);
	names_sort(&there);
	size_t count;
	CLEANUP_FREE char *text = names_beyond(&planned, &there, &count);
	if (text)
		add_fault(faults,
			  memory_printf("%zu unit%s that %s planned %s in no result: %s", count, count == 1 ? "" : "s",
					count == 1 ? "was" : "were", count == 1 ? "is" : "are", text));
	/* An older result counts what it did not reach and has no names for it. */
	else if (result->planned > result->units.count)
		add_fault(faults,
			  memory_printf("of %zu units that were planned %zu are in no result, which does not say "
					"their names",
					result->planned, result->planned - result->units.count));
}

void run_result_find_faults(const struct run_result *result, struct result_faults *faults)
{
	find_repeated(result, faults);
	find_shard_faults(result, faults);
	find_missing_units(result, faults);
}
