/* SPDX-License-Identifier: MIT */
/* How far a run has come, on a line that fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/memory.h"
#include "report/progress.h"

#define WIDE "\u6771\u4eac" /* two characters, four columns */

static void check_line(const struct progress *progress, int64_t now, size_t columns, const char *expected)
{
	CLEANUP_FREE char *line = progress_line(progress, now, columns);
	assert_string_equal(line, expected);
}

static void end_unit(struct progress *progress, const char *name, int status, size_t residue)
{
	struct unit_result result = {.name = memory_copy_string(name), .status = status, .attempts = 1};
	for (size_t i = 0; i < residue; i++)
		residue_add(&result.residue, RESIDUE_SERVICES, RESIDUE_LEFT, memory_copy_string("-A -f 1 -s rr"));
	progress_unit_ended(progress, &result);
	unit_result_clear(&result);
}

static void it_counts_units_and_what_they_left(void **state)
{
	(void)state;
	struct progress progress = {.planned = 4, .fail_on = RESIDUE_SET_ALL, .begun = 1000};
	progress_unit_started(&progress, "a", 3000);
	check_line(&progress, 5999, 80, " RUNNING [       4s] 1 of 4: a 2s");
	end_unit(&progress, "a", 0, 0);
	check_line(&progress, 5999, 80, " RUNNING [       4s] 1 of 4 done");
	progress_unit_started(&progress, "b", 6000);
	progress_unit_started(&progress, "c", 7000);
	end_unit(&progress, "b", 0, 3);
	progress_unit_started(&progress, "d", 7000);
	check_line(&progress, 8000, 90,
		   " RUNNING [       7s] 2 of 4 done, 2 running, 1 left residue, 3 left behind: c 1s, d 1s");
	/* One that will be run again has not ended. */
	progress_unit_stopped(&progress, "c");
	progress_unit_stopped(&progress, "nobody");
	check_line(&progress, 8000, 90, " RUNNING [       7s] 3 of 4, 1 left residue, 3 left behind: d 1s");
	progress_unit_started(&progress, "c", 9000);
	end_unit(&progress, "d", 1, 0);
	check_line(&progress, 9000, 80, " RUNNING [       8s] 4 of 4, 1 left residue, 1 failed, 3 left behind: c 0s");
	progress_clear(&progress);
}

static void residue_that_is_no_failure_is_counted_all_the_same(void **state)
{
	(void)state;
	struct progress progress = {.planned = 1};
	end_unit(&progress, "a", 0, 2);
	check_line(&progress, 0, 80, " RUNNING [       0s] 1 of 1 done, 2 left behind");
	progress_clear(&progress);
}

static void it_is_cut_where_the_terminal_ends(void **state)
{
	(void)state;
	struct progress progress = {.planned = 1};
	progress_unit_started(&progress, WIDE WIDE, 0);
	/* 29 columns, four characters of two, and three */
	check_line(&progress, 0, 40, " RUNNING [       0s] 1 of 1: " WIDE WIDE " 0s");
	check_line(&progress, 0, 39, " RUNNING [       0s] 1 of 1: " WIDE "\u6771...");
	check_line(&progress, 0, 38, " RUNNING [       0s] 1 of 1: " WIDE "\u6771...");
	check_line(&progress, 0, 37, " RUNNING [       0s] 1 of 1: " WIDE "...");
	check_line(&progress, 0, 4, " ...");
	check_line(&progress, 0, 3, "");
	check_line(&progress, 0, 0, "");
	progress_clear(&progress);
}

static void a_name_is_no_command_to_the_terminal(void **state)
{
	(void)state;
	struct progress progress = {.planned = 1};
	progress_unit_started(&progress, "a\033[2J\r\n\x9b\xff", 0);
	check_line(&progress, 0, 80, " RUNNING [       0s] 1 of 1: a\u241b[2J\u240a\ufffd\ufffd 0s");
	progress_clear(&progress);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_counts_units_and_what_they_left),
		cmocka_unit_test(residue_that_is_no_failure_is_counted_all_the_same),
		cmocka_unit_test(it_is_cut_where_the_terminal_ends),
		cmocka_unit_test(a_name_is_no_command_to_the_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
