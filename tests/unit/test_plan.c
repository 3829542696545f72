/* SPDX-License-Identifier: MIT */
/* Which units a run has, and the command of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/plan.h"

#define COMMAND(...) ((char *const[]){__VA_ARGS__, NULL})

/* The arguments of a unit, each in brackets. */
static void check_arguments(const struct plan *plan, size_t index, const char *expected)
{
	assert_true(index < plan->units.count);
	CLEANUP_FREE char *text = memory_copy_string("");
	for (char **argument = plan->units.items[index].arguments; *argument; argument++) {
		char *longer = memory_printf("%s[%s]", text, *argument);
		free(text);
		text = longer;
	}
	assert_string_equal(text, expected);
}

static void check_added(struct plan *plan, const char *name, char *const *command, const char *expected)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	assert_int_equal(plan_add_unit(plan, name, command, &error), 0);
	assert_string_equal(plan->units.items[plan->units.count - 1].name, name);
	check_arguments(plan, plan->units.count - 1, expected);
}

static void a_name_goes_where_the_braces_are(void **state)
{
	(void)state;
	CLEANUP_PLAN struct plan plan = {0};
	check_added(&plan, "a", COMMAND("run", "{}"), "[run][a]");
	check_added(&plan, "b", COMMAND("run", "{}", "after"), "[run][b][after]");
	check_added(&plan, "c", COMMAND("{}", "--file={}.log", "{}{}"), "[c][--file=c.log][cc]");
	check_added(&plan, "{}", COMMAND("run", "<{}>"), "[run][<{}>]");
	check_added(&plan, "%s %n", COMMAND("run", "%d{}", "", "{"), "[run][%d%s %n][][{]");
}

static void a_name_goes_behind_a_command_without_braces(void **state)
{
	(void)state;
	CLEANUP_PLAN struct plan plan = {0};
	check_added(&plan, "a b", COMMAND("run", "-v"), "[run][-v][a b]");
	check_added(&plan, "c", COMMAND("run"), "[run][c]");
	check_added(&plan, "d", COMMAND("run", "{ }", "}{"), "[run][{ }][}{][d]");
}

static void the_whole_command_is_a_unit_as_it_is(void **state)
{
	(void)state;
	CLEANUP_PLAN struct plan plan = {0};
	plan_add_whole(&plan, COMMAND("make", "check", "{}", ""));
	assert_int_equal(plan.units.count, 1);
	assert_string_equal(plan.units.items[0].name, "make check {} ");
	check_arguments(&plan, 0, "[make][check][{}][]");
}

static void check_refused(struct plan *plan, const char *name, const char *expected)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	size_t before = plan->units.count;
	assert_int_equal(plan_add_unit(plan, name, COMMAND("run"), &error), -1);
	assert_int_equal(error.kind, ERROR_INPUT);
	assert_non_null(strstr(error.message, expected));
	assert_int_equal(plan->units.count, before);
}

static void names_are_neither_empty_nor_given_twice(void **state)
{
	(void)state;
	CLEANUP_PLAN struct plan plan = {0};
	check_refused(&plan, "", "empty");
	check_added(&plan, "a", COMMAND("run"), "[run][a]");
	check_added(&plan, "A", COMMAND("run"), "[run][A]");
	check_refused(&plan, "a", "'a' is named twice");
}

static void units_come_from_the_lines_that_a_command_prints(void **state)
{
	(void)state;
	CLEANUP_PLAN struct plan plan = {0};
	CLEANUP_ERROR struct error error = ERROR_INIT;
	int status = 0;
	static const char source[] = "printf 'one\\n\\n two words \\nlast without newline'; exit 0";
	assert_int_equal(plan_add_units_from(&plan, source, COMMAND("run", "{}"), &status, &error), 0);
	assert_int_equal(plan.units.count, 3);
	check_arguments(&plan, 0, "[run][one]");
	check_arguments(&plan, 1, "[run][ two words ]");
	check_arguments(&plan, 2, "[run][last without newline]");

	assert_int_equal(plan_add_units_from(&plan, "seq 1 3000", COMMAND("run"), &status, &error), 0);
	assert_int_equal(plan.units.count, 3003);
	check_arguments(&plan, 3002, "[run][3000]");
}

static void check_source_refused(const char *source, const char *expected, int expected_status)
{
	int status = 0;
	CLEANUP_PLAN struct plan plan = {0};
	CLEANUP_ERROR struct error error = ERROR_INIT;
	assert_int_equal(plan_add_units_from(&plan, source, COMMAND("run"), &status, &error), -1);
	assert_int_equal(status, expected_status);
	assert_int_equal(error.kind, ERROR_INPUT);
	/* Which of several it was has to be said in any case. */
	assert_non_null(strstr(error.message, source));
	assert_non_null(strstr(error.message, expected));
}

static void a_source_of_units_that_fails_is_an_error(void **state)
{
	(void)state;
	check_source_refused("true", "printed no names", 0);
	check_source_refused("echo; echo", "printed no names", 0);
	check_source_refused("echo a; exit 3", "exit status 3", 0);
	check_source_refused("echo a; kill -9 $$", "signal 9", 128 + 9);
	check_source_refused("echo a; echo a", "'a' is named twice", 0);
	check_source_refused("printf 'a\\0b\\n'", "NUL", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_goes_where_the_braces_are),
		cmocka_unit_test(a_name_goes_behind_a_command_without_braces),
		cmocka_unit_test(the_whole_command_is_a_unit_as_it_is),
		cmocka_unit_test(names_are_neither_empty_nor_given_twice),
		cmocka_unit_test(units_come_from_the_lines_that_a_command_prints),
		cmocka_unit_test(a_source_of_units_that_fails_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
