/* SPDX-License-Identifier: MIT */
/* Whether several results are the whole of a plan, and what the whole run would have ended with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "results.h"

/* A run of the units `ran` of a plan. */
static void make_run(struct run_result *run, const char *file, unsigned shard, unsigned shards, const char *plan,
		     const char *ran)
{
	*run = (struct run_result){.shard = shard, .shards = shards};
	struct run_part *part = add_part(run, file, shard, shards);
	part->file = memory_copy_string(file);
	add_plan(part, plan);
	CLEANUP_FREE char *copy = memory_copy_string(ran);
	char *rest = copy;
	for (char *name; *ran && (name = strsep(&rest, " "));) {
		struct unit_result *unit = add_unit(run, name, 0, 1);
		for (size_t i = 0; i < part->plan.count; i++) {
			if (strcmp(part->plan.items[i], name) == 0)
				unit->place = i;
		}
	}
	run->planned = run->units.count;
}

/* Joins the runs, which it takes over, and compares what is wrong with lines. */
static void check_faults(struct run_result *runs, size_t count, const char *expected)
{
	CLEANUP_RUN_RESULT struct run_result merged;
	run_results_merge(&merged, runs, count);
	for (size_t i = 0; i < count; i++)
		run_result_clear(&runs[i]);
	CLEANUP_RESULT_FAULTS struct result_faults faults = {0};
	run_result_find_faults(&merged, &faults);
	CLEANUP_FREE char *lines = memory_copy_string("");
	for (size_t i = 0; i < faults.list.count; i++) {
		char *longer = memory_printf("%s%s\n", lines, faults.list.items[i]);
		free(lines);
		lines = longer;
	}
	assert_string_equal(lines, expected);
}

static void whole_runs_of_anything_are_whole(void **state)
{
	(void)state;
	struct run_result runs[3];
	make_run(&runs[0], "1.json", 0, 0, "a b", "a b");
	make_run(&runs[1], "2.json", 0, 0, "a b", "a b");
	make_run(&runs[2], "3.json", 0, 0, "c", "c");
	check_faults(runs, 3, "");
}

static void all_shards_of_a_plan_are_whole(void **state)
{
	(void)state;
	struct run_result runs[3];
	make_run(&runs[0], "2.json", 2, 3, "a b c", "c");
	make_run(&runs[1], "3.json", 3, 3, "a b c", "");
	make_run(&runs[2], "1.json", 1, 3, "a b c", "b a");
	check_faults(runs, 3, "");
}

static void a_shard_that_is_missing_or_there_twice_is_named(void **state)
{
	(void)state;
	struct run_result runs[3];
	make_run(&runs[0], "1.json", 1, 3, "a b c", "a");
	make_run(&runs[1], "3.json", 3, 3, "a b c", "c");
	check_faults(runs, 2, "shard 2 of 3 is missing\n1 unit that was planned is in no result: b\n");
	make_run(&runs[0], "5.json", 5, 9, "a b", "a");
	check_faults(runs, 1,
		     "shards 1 to 4 of 9 are missing\nshards 6 to 9 of 9 are missing\n"
		     "1 unit that was planned is in no result: b\n");
	make_run(&runs[0], "1.json", 1, 2, "a b", "a");
	make_run(&runs[1], "again.json", 1, 2, "a b", "a");
	make_run(&runs[2], "2.json", 2, 2, "a b", "b");
	check_faults(runs, 3, "shard 1 of 2 is there twice: 1.json, again.json\n");
	/* What a file says nobody counts through. */
	make_run(&runs[0], "many.json", 4294967295, 4294967295, "a", "a");
	check_faults(runs, 1, "shards 1 to 4294967294 of 4294967295 are missing\n");
	make_run(&runs[0], "many.json", 1, 4294967295, "a", "a");
	check_faults(runs, 1, "shards 2 to 4294967295 of 4294967295 are missing\n");
}

static void results_of_different_plans_are_not_one(void **state)
{
	(void)state;
	struct run_result runs[3];
	make_run(&runs[0], "1.json", 1, 2, "a b c", "a c");
	make_run(&runs[1], "2.json", 2, 2, "d b a", "b d");
	check_faults(runs, 2,
		     "these are results of different plans: 1.json is shard 1 of 2, 2.json is shard 2 of 2\n"
		     "only planned in 1.json: c\nonly planned in 2.json: d\n");
	make_run(&runs[0], "1.json", 1, 2, "a b", "a");
	make_run(&runs[1], "3.json", 2, 3, "a b", "b");
	check_faults(runs, 2, "these are results of different plans: 1.json is shard 1 of 2, 3.json is shard 2 of 3\n");
	make_run(&runs[0], "all.json", 0, 0, "a b", "a b");
	make_run(&runs[1], "1.json", 1, 2, "a b", "a");
	make_run(&runs[2], "2.json", 2, 2, "a b", "b");
	check_faults(runs, 3,
		     "these are results of different plans: 1.json is shard 1 of 2, all.json is a whole run\n");
}

/* Older results have no names of what they planned. */
static void units_that_are_in_no_result_are_named(void **state)
{
	(void)state;
	struct run_result runs[2];
	make_run(&runs[0], "run.json", 0, 0, "a b c", "b");
	check_faults(runs, 1, "2 units that were planned are in no result: a, c\n");
	runs[0] = (struct run_result){.planned = 3};
	add_unit(&runs[0], "a", 0, 1);
	check_faults(runs, 1, "of 3 units that were planned 2 are in no result, which does not say their names\n");
	/* One that was skipped is there. */
	make_run(&runs[0], "run.json", 0, 0, "a b", "a");
	run_result_skip(&runs[0], "b", 1, "the run failed");
	runs[0].planned = 2;
	check_faults(runs, 1, "");
}

static void a_result_that_is_given_twice_counts_once(void **state)
{
	(void)state;
	struct run_result runs[3];
	make_run(&runs[0], "1.json", 0, 0, "a", "a");
	make_run(&runs[1], "2.json", 0, 0, "b", "b");
	CLEANUP_RUN_RESULT struct run_result joined;
	run_results_merge(&joined, runs, 2);
	joined.parts.items[0].file[0] = 'j';
	make_run(&runs[0], "1.json", 0, 0, "a", "a");
	make_run(&runs[1], "1.json", 0, 0, "a", "a");
	struct run_result all[] = {joined, runs[0], runs[1]};
	joined = (struct run_result){0};
	CLEANUP_RUN_RESULT struct run_result merged;
	run_results_merge(&merged, all, 3);
	assert_int_equal(merged.units.count, 2);
	assert_int_equal(merged.planned, 2);
	CLEANUP_RESULT_FAULTS struct result_faults faults = {0};
	run_result_find_faults(&merged, &faults);
	assert_int_equal(faults.list.count, 2);
	assert_string_equal(faults.list.items[0], "the result of one run is there twice: j.json, 1.json");
	/* Nor does a joined result of that say it for ever. */
	size_t length;
	struct error error = ERROR_INIT;
	CLEANUP_FREE char *text = run_result_to_json(&merged, &length);
	CLEANUP_RUN_RESULT struct run_result back = {0};
	assert_int_equal(run_result_from_json(&back, text, length, "back.json", &error), 0);
	assert_int_equal(back.parts.count, 2);
	for (size_t i = 0; i < 3; i++)
		run_result_clear(&all[i]);
}

/* However they were shuffled, and whichever shard came first. */
static void the_first_failure_in_the_given_order_gives_the_status(void **state)
{
	(void)state;
	struct run_result runs[2];
	make_run(&runs[0], "1.json", 1, 2, "a b c d", "d b");
	make_run(&runs[1], "2.json", 2, 2, "a b c d", "c a");
	runs[0].units.items[0].status = 4;
	runs[0].units.items[1].status = 2;
	runs[1].units.items[0].status = 3;
	runs[1].started_ms = 1;
	assert_int_equal(run_status(&runs[0], RESIDUE_SET_ALL), 2);
	CLEANUP_RUN_RESULT struct run_result merged;
	run_results_merge(&merged, runs, 2);
	assert_string_equal(merged.units.items[0].name, "d");
	assert_int_equal(run_status(&merged, RESIDUE_SET_ALL), 2);
	run_result_clear(&runs[0]);
	run_result_clear(&runs[1]);
	/* Whole runs come one after another. */
	make_run(&runs[0], "1.json", 0, 0, "a b", "a b");
	make_run(&runs[1], "2.json", 0, 0, "c d", "c d");
	runs[0].units.items[1].status = 5;
	runs[1].units.items[0].status = 6;
	runs[0].started_ms = 7;
	CLEANUP_RUN_RESULT struct run_result both;
	run_results_merge(&both, runs, 2);
	assert_int_equal(run_status(&both, RESIDUE_SET_ALL), 6);
	run_result_clear(&runs[0]);
	run_result_clear(&runs[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_runs_of_anything_are_whole),
		cmocka_unit_test(all_shards_of_a_plan_are_whole),
		cmocka_unit_test(a_shard_that_is_missing_or_there_twice_is_named),
		cmocka_unit_test(results_of_different_plans_are_not_one),
		cmocka_unit_test(units_that_are_in_no_result_are_named),
		cmocka_unit_test(a_result_that_is_given_twice_counts_once),
		cmocka_unit_test(the_first_failure_in_the_given_order_gives_the_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
