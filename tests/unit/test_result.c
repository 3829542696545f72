/* SPDX-License-Identifier: MIT */
/* What the units' results make of a run, and how a result travels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "result/result.h"

/* Units to make runs from. */
enum sample { PASSED, RESIDUE, CONNECTIONS, TIMED_OUT, EXIT_1, EXIT_125, SIGNALLED, NOT_FOUND, NOT_RUNNABLE, TROUBLE };

static struct unit_result sample(enum sample which)
{
	struct unit_result result = {.name = memory_copy_string("unit")};
	switch (which) {
	case PASSED:
		break;
	case RESIDUE:
		residue_add(&result.residue, RESIDUE_SERVICES, RESIDUE_LEFT, memory_copy_string("-A -f 1"));
		break;
	case CONNECTIONS:
		residue_add(&result.residue, RESIDUE_CONNECTIONS, RESIDUE_LEFT, memory_copy_string("1 connection"));
		break;
	case TIMED_OUT:
		result.timed_out = true;
		result.signal = 15;
		result.status = 128 + 15;
		break;
	case EXIT_1:
		result.status = 1;
		break;
	case EXIT_125:
		result.status = 125;
		break;
	case SIGNALLED:
		result.signal = 11;
		result.status = 128 + 11;
		break;
	case NOT_FOUND:
		error_set(&result.trouble, ERROR_NOT_FOUND, "cannot run it");
		break;
	case NOT_RUNNABLE:
		error_set(&result.trouble, ERROR_NOT_RUNNABLE, "cannot run it");
		break;
	case TROUBLE:
		error_set(&result.trouble, ERROR_PERMISSION, "cannot read the table");
		break;
	}
	return result;
}

static void check_verdict(enum sample which, unsigned fail_on, enum verdict expected)
{
	struct unit_result result = sample(which);
	assert_int_equal(unit_verdict(&result, fail_on), expected);
	unit_result_clear(&result);
}

static void the_verdict_is_the_worst_that_applies(void **state)
{
	(void)state;
	check_verdict(PASSED, RESIDUE_SET_ALL, VERDICT_PASSED);
	check_verdict(RESIDUE, RESIDUE_SET_DEFAULT, VERDICT_RESIDUE);
	check_verdict(RESIDUE, RESIDUE_SET(RESIDUE_DAEMONS), VERDICT_PASSED);
	check_verdict(CONNECTIONS, RESIDUE_SET_DEFAULT, VERDICT_PASSED);
	check_verdict(CONNECTIONS, RESIDUE_SET_ALL, VERDICT_RESIDUE);
	check_verdict(TIMED_OUT, 0, VERDICT_TIMED_OUT);
	check_verdict(EXIT_1, 0, VERDICT_FAILED);
	check_verdict(SIGNALLED, 0, VERDICT_FAILED);
	check_verdict(NOT_FOUND, 0, VERDICT_TROUBLE);
	check_verdict(TROUBLE, 0, VERDICT_TROUBLE);

	struct unit_result failed_and_left = sample(RESIDUE);
	failed_and_left.status = 1;
	assert_int_equal(unit_verdict(&failed_and_left, RESIDUE_SET_ALL), VERDICT_FAILED);
	error_set(&failed_and_left.trouble, ERROR_FAILED, "and more");
	assert_int_equal(unit_verdict(&failed_and_left, RESIDUE_SET_ALL), VERDICT_TROUBLE);
	unit_result_clear(&failed_and_left);
}

/* The status of a run of these units, in this order and in the opposite one. */
#define CHECK_STATUS(expected, ...)                                \
	check_status(expected, (const enum sample[]){__VA_ARGS__}, \
		     sizeof(const enum sample[]){__VA_ARGS__} / sizeof(enum sample))
static void check_status(int expected, const enum sample *samples, size_t count)
{
	for (int backwards = 0; backwards < 2; backwards++) {
		CLEANUP_RUN_RESULT struct run_result result = {0};
		for (size_t i = 0; i < count; i++)
			*array_append(&result.units) = sample(samples[backwards ? count - 1 - i : i]);
		assert_int_equal(run_status(&result, RESIDUE_SET_DEFAULT), expected);
	}
}

static void the_worst_unit_decides_the_exit_status(void **state)
{
	(void)state;
	CHECK_STATUS(0, PASSED);
	CHECK_STATUS(0, PASSED, CONNECTIONS);
	CHECK_STATUS(123, PASSED, RESIDUE);
	CHECK_STATUS(124, RESIDUE, TIMED_OUT, PASSED);
	CHECK_STATUS(1, RESIDUE, EXIT_1, TIMED_OUT);
	CHECK_STATUS(139, RESIDUE, SIGNALLED, TIMED_OUT);
	CHECK_STATUS(127, EXIT_1, NOT_FOUND, TIMED_OUT);
	CHECK_STATUS(126, EXIT_1, NOT_RUNNABLE, RESIDUE);
	CHECK_STATUS(125, NOT_FOUND, TROUBLE, EXIT_1);
	/* A command that itself ends with 125 is a command that failed, no trouble of ours. */
	CHECK_STATUS(127, EXIT_125, NOT_FOUND);
	CHECK_STATUS(125, EXIT_125, TIMED_OUT);
}

static void of_two_failures_the_first_decides(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result result = {0};
	*array_append(&result.units) = sample(RESIDUE);
	*array_append(&result.units) = sample(SIGNALLED);
	*array_append(&result.units) = sample(EXIT_1);
	assert_int_equal(run_status(&result, RESIDUE_SET_DEFAULT), 139);
}

static void a_signal_ends_the_run_with_its_number(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result result = {.interrupted = 2};
	assert_int_equal(run_status(&result, RESIDUE_SET_DEFAULT), 130);
	*array_append(&result.units) = sample(EXIT_1);
	assert_int_equal(run_status(&result, RESIDUE_SET_DEFAULT), 130);
	*array_append(&result.units) = sample(TROUBLE);
	assert_int_equal(run_status(&result, RESIDUE_SET_DEFAULT), 125);
}

static void a_table_that_could_not_be_put_back_is_the_worst(void **state)
{
	(void)state;
	CLEANUP_RUN_RESULT struct run_result result = {.interrupted = 15};
	*array_append(&result.units) = sample(NOT_FOUND);
	error_set(&result.trouble, ERROR_FAILED, "cannot put the table back");
	assert_int_equal(run_status(&result, RESIDUE_SET_DEFAULT), 125);
}

static void check_round_trip(const struct unit_result *result)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_FREE char *text = unit_result_to_json(result);
	assert_null(strchr(text, '\n'));
	struct unit_result back = {0};
	assert_int_equal(unit_result_from_json(&back, text, strlen(text), &error), 0);

	assert_non_null(back.name);
	assert_string_equal(back.name, result->name);
	assert_int_equal(back.status, result->status);
	assert_int_equal(back.signal, result->signal);
	assert_int_equal(back.timed_out, result->timed_out);
	assert_int_equal(back.time_limit_ms, result->time_limit_ms);
	assert_int_equal(back.memory_ran_out, result->memory_ran_out);
	assert_int_equal(back.interrupted, result->interrupted);
	assert_int_equal(back.attempts, result->attempts ? result->attempts : 1);
	assert_memory_equal(&back.times, &result->times, sizeof back.times);
	assert_int_equal(back.residue.entries.count, result->residue.entries.count);
	for (size_t i = 0; result->residue.entries.items && i < result->residue.entries.count; i++) {
		assert_int_equal(back.residue.entries.items[i].class, result->residue.entries.items[i].class);
		assert_int_equal(back.residue.entries.items[i].action, result->residue.entries.items[i].action);
		assert_string_equal(back.residue.entries.items[i].text, result->residue.entries.items[i].text);
		assert_int_equal(back.residue.entries.items[i].tolerated, result->residue.entries.items[i].tolerated);
	}
	assert_int_equal(back.trouble.kind, result->trouble.kind);
	if (error_is_set(&result->trouble))
		assert_string_equal(back.trouble.message, result->trouble.message);
	if (result->trouble.remedy)
		assert_string_equal(back.trouble.remedy, result->trouble.remedy);
	else
		assert_null(back.trouble.remedy);
	unit_result_clear(&back);
}

static void a_result_comes_back_from_json_as_it_was(void **state)
{
	(void)state;
	for (int which = PASSED; which <= TROUBLE; which++) {
		struct unit_result result = sample((enum sample)which);
		check_round_trip(&result);
		unit_result_clear(&result);
	}
	struct unit_result result = {
		.name = memory_copy_string("a \"name\"\nof any \xff bytes"),
		.status = 255,
		.signal = 64,
		.timed_out = true,
		.time_limit_ms = 1500,
		.memory_ran_out = true,
		.interrupted = 2,
		.attempts = 4,
		.times = {.started = 1, .waited = 5, .preparing = 2, .running = INT64_C(1) << 40, .cleaning = 4},
	};
	residue_add(&result.residue, RESIDUE_SYSCTL, RESIDUE_CHANGED, memory_copy_string("\xfe = \"1\""));
	residue_add(&result.residue, RESIDUE_CONNECTIONS, RESIDUE_REMOVED, memory_copy_string(""));
	residue_tolerate(&result.residue, RESIDUE_SET(RESIDUE_SYSCTL));
	error_set(&result.trouble, ERROR_UNAVAILABLE, "no\n\xff");
	error_remedy(&result.trouble, "install %s", "it");
	check_round_trip(&result);
	unit_result_clear(&result);
}

static void check_refused(const char *text, size_t length)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct unit_result result = {0};
	assert_int_equal(unit_result_from_json(&result, text, length, &error), -1);
	assert_int_equal(error.kind, ERROR_FAILED);
	assert_null(result.name);
	assert_int_equal(result.residue.entries.count, 0);
	unit_result_clear(&result);
}

#define HEAD                                                                                                           \
	"{\"name\":\"n\",\"status\":0,\"signal\":0,\"timed_out\":false,\"interrupted\":0,\"times_ms\":{\"started\":0," \
	"\"waited\":0,\"preparing\":0,\"running\":1,\"cleaning\":0},"

static void what_is_no_result_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"no JSON",
		"[]",
		"{}",
		HEAD "\"residue\":[]}",
		HEAD "\"residue\":[{}],\"trouble\":null}",
		HEAD "\"residue\":[{\"class\":\"cakes\",\"action\":\"left\",\"text\":\"\",\"fails\":true}],\"trouble\":"
		     "null}",
		HEAD "\"residue\":[{\"class\":\"sysctl\",\"action\":\"eaten\",\"text\":\"\",\"fails\":true}],"
		     "\"trouble\":null}",
		HEAD
		"\"residue\":[{\"class\":\"sysctl\",\"action\":\"left\",\"text\":1,\"fails\":true}],\"trouble\":null}",
		HEAD "\"residue\":[{\"class\":\"sysctl\",\"action\":\"left\",\"text\":\"\",\"fails\":true},1],"
		     "\"trouble\":null}",
		HEAD "\"residue\":[],\"trouble\":1}",
		HEAD "\"residue\":[],\"trouble\":{\"kind\":\"failed\",\"remedy\":null}}",
		HEAD "\"residue\":[],\"trouble\":{\"kind\":1,\"message\":\"m\",\"remedy\":\"r\"}}",
		HEAD "\"residue\":[],\"trouble\":{\"kind\":\"odd\",\"message\":\"m\",\"remedy\":\"r\"}}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_refused(texts[i], strlen(texts[i]));

	/* It is those mistakes that are refused, not the rest. */
	static const char right[] = HEAD "\"residue\":[],\"trouble\":null}";
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct unit_result result = {0};
	assert_int_equal(unit_result_from_json(&result, right, strlen(right), &error), 0);
	unit_result_clear(&result);

	/* Cut off anywhere. */
	struct unit_result whole = sample(RESIDUE);
	CLEANUP_FREE char *text = unit_result_to_json(&whole);
	for (size_t length = 0; length < strlen(text); length++)
		check_refused(text, length);
	unit_result_clear(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_verdict_is_the_worst_that_applies),
		cmocka_unit_test(the_worst_unit_decides_the_exit_status),
		cmocka_unit_test(of_two_failures_the_first_decides),
		cmocka_unit_test(a_signal_ends_the_run_with_its_number),
		cmocka_unit_test(a_table_that_could_not_be_put_back_is_the_worst),
		cmocka_unit_test(a_result_comes_back_from_json_as_it_was),
		cmocka_unit_test(what_is_no_result_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
