/* SPDX-License-Identifier: MIT */
/* The result of a run as a file, and several of them as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "results.h"

static void a_result_comes_back_from_its_file_as_it_was(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_RUN_RESULT struct run_result run = {0};
	CLEANUP_RUN_RESULT struct run_result back = {0};
	make_result(&run);
	error_set(&run.trouble, ERROR_RIVAL, "somebody else is changing the table");
	set_output(&run.units.items[1], "\0\xff\n", 3, 0);
	add_attempt(&run.units.items[0], NASTY);
	add_attempt(&run.units.items[0], "second")->timed_out = true;
	size_t length;
	CLEANUP_FREE char *text = run_result_to_json(&run, &length);
	assert_int_equal(strlen(text), length);
	assert_int_equal(run_result_from_json(&back, text, length, "run.json", &error), 0);

	assert_string_equal(back.command, run.command);
	assert_string_equal(back.kernel, run.kernel);
	assert_int_equal(back.started_ms, run.started_ms);
	assert_true(back.shuffled);
	assert_int_equal(back.seed, UINT32_MAX);
	assert_int_equal(back.shard, 2);
	assert_int_equal(back.shards, 3);
	assert_int_equal(back.units.items[0].attempts, 3);
	assert_int_equal(back.units.items[1].attempts, 1);
	assert_int_equal(back.units.items[3].attempts, 3);
	assert_int_equal(back.units.items[0].earlier.count, 2);
	const struct unit_result *earlier = back.units.items[0].earlier.items;
	assert_int_equal(earlier[0].attempts, 1);
	assert_int_equal(earlier[0].status, 4);
	assert_memory_equal(earlier[0].output.bytes, NASTY, strlen(NASTY));
	assert_string_equal(earlier[0].residue.entries.items[0].text, "-A -f 8 -s rr");
	assert_true(earlier[1].timed_out);
	assert_int_equal(back.units.count, run.units.count);
	assert_string_equal(back.units.items[5].name, "name " NASTY);
	assert_int_equal(back.units.items[7].attempts, 0);
	assert_int_equal(back.units.items[8].place, 8);
	assert_string_equal(back.units.items[8].skipped, "signal 2 (Interrupt) ended the run");
	assert_string_equal(back.parts.items[0].id, run.parts.items[0].id);
	assert_string_equal(back.parts.items[0].file, "run.json");
	assert_int_equal(back.parts.items[0].shard, 2);
	assert_int_equal(back.parts.items[0].shards, 3);
	assert_int_equal(back.parts.items[0].plan.count, 10);
	assert_int_equal(back.trouble.kind, ERROR_RIVAL);
	/* The rest: what is the same as text is the same. */
	size_t length_again;
	CLEANUP_FREE char *again = run_result_to_json(&back, &length_again);
	assert_string_equal(again, text);
	assert_non_null(strstr(text, "\"status\": 125"));
	assert_non_null(strstr(text, "\"verdict\": \"timed-out\""));
}

static void a_run_that_reached_nothing_has_a_result(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_RUN_RESULT struct run_result run = {.planned = 2};
	CLEANUP_RUN_RESULT struct run_result back = {.command = memory_copy_string("is freed")};
	error_set(&run.trouble, ERROR_BUSY, "the lock is held");
	size_t length;
	CLEANUP_FREE char *text = run_result_to_json(&run, &length);
	assert_int_equal(run_result_from_json(&back, text, length, "run.json", &error), 0);
	assert_null(back.command);
	assert_null(back.kernel);
	assert_int_equal(back.planned, 2);
	assert_false(back.shuffled);
	assert_int_equal(back.shards, 0);
	assert_null(strstr(text, "\"seed\""));
	assert_null(strstr(text, "\"shard\""));
	assert_int_equal(back.units.count, 0);
	/* It is an older one: the file itself tells one run from another. */
	assert_int_equal(back.parts.count, 1);
	assert_int_equal(back.parts.items[0].plan.count, 0);
	CLEANUP_RUN_RESULT struct run_result again = {0};
	assert_int_equal(run_result_from_json(&again, text, length, "again.json", &error), 0);
	assert_string_equal(again.parts.items[0].id, back.parts.items[0].id);
	text[length - 1] = ' ';
	assert_int_equal(run_result_from_json(&again, text, length, "other.json", &error), 0);
	assert_string_not_equal(again.parts.items[0].id, back.parts.items[0].id);
}

/* The result with one text in it replaced. */
static void check_refused(const char *old, const char *new, const char *message)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_RUN_RESULT struct run_result run = {0};
	CLEANUP_RUN_RESULT struct run_result back = {.planned = 77};
	make_result(&run);
	size_t length;
	CLEANUP_FREE char *text = run_result_to_json(&run, &length);
	const char *at = strstr(text, old);
	assert_non_null(at);
	CLEANUP_FREE char *wrong = memory_printf("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	assert_int_equal(run_result_from_json(&back, wrong, strlen(wrong), "run.json", &error), -1);
	assert_int_equal(error.kind, ERROR_INPUT);
	assert_string_equal(error.message, message);
	assert_int_equal(back.planned, 77);
}

static void mistakes_are_found_by_their_place(void **state)
{
	(void)state;
	check_refused("\"name\": \"clean\"", "\"earlier\": [{\"earlier\": []}], \"name\": \"clean\"",
		      "run.json:47:16: units[0].earlier[0]: an attempt has no 'earlier' of its own");
	check_refused("ipvs-iso.result", "ipvs-iso.snapshot",
		      "run.json:2:12: format: must be \"ipvs-iso.result\", not \"ipvs-iso.snapshot\"");
	check_refused("\"format\"", "\"fromat\"",
		      "run.json:1:1: the key \"format\" is missing: this is no result of ipvs-iso");
	check_refused("\"version\": 1", "\"version\": 2, \"news\": 1",
		      "run.json:3:13: version: is 2, and this program reads only version 1");
	check_refused("\"planned\"", "\"planed\"", "run.json:11:2: unknown key \"planed\"; did you mean \"planned\"?");
	check_refused("\"planned\": 9", "\"planned\": 6",
		      "run.json:45:11: units: there are more of them than were planned");
	check_refused("\"netns\"", "\"none\"", "run.json:6:15: isolation: must be one of lock, netns, not \"none\"");
	check_refused("\"name\": \"clean\"", "\"name\": 7",
		      "run.json:47:12: units[0].name: must be text, or {\"hex\": ...}, not 7");
	check_refused("\"duration_ms\": 9000", "\"duration_ms\": 9223372036854775807",
		      "run.json:10:17: duration_ms: must be a whole number from 0 to 2^53, not 9223372036854775807");
	check_refused("4294967295", "4294967296",
		      "run.json:12:10: seed: must be a whole number from 0 to 4294967295, not 4294967296");
	check_refused("\"number\": 2", "\"number\": 4", "run.json:13:11: shard: there is no shard 4 of 3");
	check_refused("\"number\": 2", "\"number\": 0",
		      "run.json:14:13: shard.number: must be a whole number from 1 to 4294967295, not 0");
	check_refused("\"attempts\": 1", "\"attempts\": 0",
		      "run.json:53:16: units[0].attempts: must be a whole number from 1 to 4294967295, not 0");
	check_refused("}\n ],\n \"status\"", "} {}\n ],\n \"status\"",
		      "run.json:40:5: not JSON: ']' expected near '{'");
}

static void what_is_cut_off_is_refused(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result run = {0};
	make_result(&run);
	size_t length;
	CLEANUP_FREE char *text = run_result_to_json(&run, &length);
	/* But for the newline at its end. */
	for (size_t cut = 0; cut < length - 1; cut += 7) {
		CLEANUP_ERROR struct error error = ERROR_INIT;
		CLEANUP_RUN_RESULT struct run_result back = {0};
		assert_int_equal(run_result_from_json(&back, text, cut, "run.json", &error), -1);
		assert_int_equal(error.kind, ERROR_INPUT);
		assert_null(back.command);
	}
}

/* Results of before there were retries have none. */
static void a_unit_without_attempts_ran_once(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_RUN_RESULT struct run_result run = {.planned = 1};
	CLEANUP_RUN_RESULT struct run_result back = {0};
	add_unit(&run, "unit", 0, 1)->attempts = 0;
	size_t length;
	CLEANUP_FREE char *text = run_result_to_json(&run, &length);
	assert_null(strstr(text, "attempts"));
	assert_int_equal(run_result_from_json(&back, text, length, "run.json", &error), 0);
	assert_int_equal(back.units.items[0].attempts, 1);
}

static void check_merged_plan(const struct run_result *first, const struct run_result *second,
			      const struct run_result *expected)
{
	struct run_result runs[] = {*first, *second};
	CLEANUP_RUN_RESULT struct run_result merged;
	run_results_merge(&merged, runs, 2);
	assert_int_equal(merged.shuffled, expected->shuffled);
	assert_int_equal(merged.seed, expected->seed);
	assert_int_equal(merged.shard, expected->shard);
	assert_int_equal(merged.shards, expected->shards);
}

static void of_order_and_shard_the_common_stays(void **state)
{
	(void)state;
	const struct run_result listed = {0};
	const struct run_result first = {.shuffled = true, .seed = 7, .shard = 1, .shards = 2};
	const struct run_result second = {.shuffled = true, .seed = 7, .shard = 2, .shards = 2};
	const struct run_result of_three = {.shuffled = true, .seed = 8, .shard = 1, .shards = 3};
	check_merged_plan(&first, &first, &first);
	check_merged_plan(&first, &second, &(struct run_result){.shuffled = true, .seed = 7});
	check_merged_plan(&first, &of_three, &listed);
	check_merged_plan(&first, &listed, &listed);
	check_merged_plan(&listed, &first, &listed);
	/* That 0 is a seed makes nobody shuffled. */
	const struct run_result zero = {.shuffled = true};
	check_merged_plan(&zero, &zero, &zero);
	check_merged_plan(&listed, &zero, &listed);
	check_merged_plan(&zero, &listed, &listed);
}

static void runs_become_one_in_the_order_of_their_units(void **state)
{
	(void)state;
	struct run_result runs[3] = {
		{.command = memory_copy_string("b.test"),
		 .kernel = memory_copy_string("uml"),
		 .started_ms = 5000,
		 .waited_ms = 100,
		 .duration_ms = 900,
		 .planned = 1},
		{.command = memory_copy_string("a.test"),
		 .kernel = memory_copy_string("uml"),
		 .started_ms = 4000,
		 .waited_ms = 2000,
		 .duration_ms = 2500,
		 .planned = 2,
		 .interrupted = 15},
		{.kernel = memory_copy_string("uml"), .started_ms = 5500, .planned = 1},
	};
	add_unit(&runs[0], "b", 100, 500);
	add_unit(&runs[1], "a", 2000, 300);
	add_unit(&runs[1], "at the same time", 2000, 300);
	error_set(&runs[2].trouble, ERROR_BUSY, "the lock is held");
	error_set(&runs[0].trouble, ERROR_FAILED, "the disk is full");

	CLEANUP_RUN_RESULT struct run_result merged;
	run_results_merge(&merged, runs, 3);
	assert_null(merged.command);
	assert_string_equal(merged.kernel, "uml");
	assert_int_equal(merged.started_ms, 4000);
	assert_int_equal(merged.waited_ms, 1100);   /* until b could begin */
	assert_int_equal(merged.duration_ms, 2500); /* until a had ended */
	assert_int_equal(merged.planned, 4);
	assert_int_equal(merged.interrupted, 15);
	assert_string_equal(merged.trouble.message, "the disk is full; and in another run: the lock is held");

	assert_int_equal(merged.units.count, 3);
	assert_string_equal(merged.units.items[0].name, "b");
	assert_int_equal(merged.units.items[0].times.started, 1100);
	assert_int_equal(merged.units.items[0].times.waited, 100);
	assert_string_equal(merged.units.items[1].name, "a");
	assert_int_equal(merged.units.items[1].times.started, 2000);
	assert_string_equal(merged.units.items[2].name, "at the same time");
	for (size_t i = 0; i < 3; i++)
		run_result_clear(&runs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_comes_back_from_its_file_as_it_was),
		cmocka_unit_test(a_run_that_reached_nothing_has_a_result),
		cmocka_unit_test(mistakes_are_found_by_their_place),
		cmocka_unit_test(what_is_cut_off_is_refused),
		cmocka_unit_test(a_unit_without_attempts_ran_once),
		cmocka_unit_test(of_order_and_shard_the_common_stays),
		cmocka_unit_test(runs_become_one_in_the_order_of_their_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
