/* SPDX-License-Identifier: MIT */
/* What a runner has said of units that have ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "run/verdict_line.h"

static const char text[] = "# SPDX-License-Identifier: MIT\n"
			   "# passed: ok\\t$unit, $unit $time $\n"
			   "# failed: bad $unit\n"
			   "# note: (empty) = nothing to do\n"
			   "# note: (slow) = that took long\n"
			   "# note: without a line\n"
			   "list() { :; }\n"
			   "# failed: later\n";

/* `expected` NULL: there is no line. Of what was printed 'length' bytes are taken. */
static void check(const struct unit_result *result, const char *printed, size_t length, bool shown,
		  const char *expected)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_OUTPUT struct output output;
	output_init(&output, false, true);
	output_take(&output, STDOUT_FILENO, printed, length);
	struct verdict_lines lines = {0};
	verdict_lines_read(&lines, text);
	CLEANUP_FREE char *line = verdict_line_make(&lines, result, &output, shown, &error);
	assert_false(error_is_set(&error));
	if (expected)
		assert_string_equal(line, expected);
	else
		assert_null(line);
	verdict_lines_clear(&lines);
}

static char name[] = "u";

static struct unit_result result_of(int status)
{
	return (struct unit_result){.name = name, .status = status, .times = {.running = 1205}};
}

static void words_are_those_of_the_runner(void **state)
{
	(void)state;
	struct unit_result result = result_of(0);
	check(&result, "", 0, true, "ok\tu, u 1.205s $");
	result.timed_out = true;
	check(&result, "", 0, true, "bad u");
	result = result_of(3);
	check(&result, "PASS\n", 5, true, "bad u");
	struct verdict_lines none = {0};
	verdict_lines_read(&none, "# command: x\nlist() { :; }\n");
	assert_null(none.passed);
	assert_null(none.failed);
	assert_int_equal(none.notes.count, 0);
}

static void notes_are_for_whole_lines_of_units_that_pass(void **state)
{
	(void)state;
	struct unit_result result = result_of(0);
	static const char both[] = "nothing to do\nx\nthat took long";
	check(&result, both, strlen(both), false, "ok\tu, u 1.205s $ (empty) (slow)");
	static const char parts[] = "x nothing to do\nnothing to do!\n\nnothing\n";
	check(&result, parts, strlen(parts), false, "ok\tu, u 1.205s $");
	static const char nul[] = "\0\nnothing to do\n";
	check(&result, nul, sizeof nul - 1, false, "ok\tu, u 1.205s $ (empty)");
	result = result_of(1);
	check(&result, both, strlen(both), false, "bad u");
}

static void a_line_begins_behind_a_line_feed(void **state)
{
	(void)state;
	struct unit_result result = result_of(1);
	check(&result, "x", 1, true, "\nbad u");
	check(&result, "x\n", 2, true, "bad u");
	check(&result, "x", 1, false, "bad u");
	check(&result, "\n", 1, true, "bad u");
}

static void a_unit_that_said_it_itself_is_not_repeated(void **state)
{
	(void)state;
	struct unit_result result = result_of(1);
	static const char said[] = "errors\nbad u [build failed]\n";
	check(&result, said, strlen(said), true, NULL);
	static const char before[] = "bad u\nmore\n";
	check(&result, before, strlen(before), true, "bad u");
	error_set(&result.trouble, ERROR_FAILED, "it could not be run");
	check(&result, "", 0, true, NULL);
	error_clear(&result.trouble);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_those_of_the_runner),
		cmocka_unit_test(notes_are_for_whole_lines_of_units_that_pass),
		cmocka_unit_test(a_line_begins_behind_a_line_feed),
		cmocka_unit_test(a_unit_that_said_it_itself_is_not_repeated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
