/* SPDX-License-Identifier: MIT */
/* Savepoints on disk: whose they are, their order, and what is no savepoint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "session/savepoint.h"
#include "session/state_file.h"

static int directory;

static int enter_folder(void **state)
{
	char *folder = memory_copy_string("/tmp/ipvs-iso-savepoint.XXXXXX");
	*state = folder;
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return directory < 0 ? -1 : 0;
}

static int leave_folder(void **state)
{
	CLEANUP_FREE char *command = memory_printf("rm -rf %s", (char *)*state);
	free(*state);
	close(directory);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* Its table is told by the timeout. */
static void write_one(unsigned depth, const char *name, uint32_t timeout)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	table_init(&table);
	table.timeouts.tcp = timeout;
	if (savepoint_write(directory, depth, name, &table, &error) < 0)
		fail_msg("%s", error.message);
}

static uint64_t find(unsigned depth, const char *name, uint32_t timeout)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	uint64_t number = 0;
	table_init(&table);
	if (savepoint_find(directory, "/the/path", depth, name, &number, &table, &error) < 0)
		fail_msg("%s", error.message);
	assert_int_equal(table.timeouts.tcp, timeout);
	return number;
}

static void assert_list(unsigned depth, const char *expected)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_FREE char *list = savepoint_list(directory, "/the/path", depth, &error);
	if (!list)
		fail_msg("%s", error.message);
	assert_string_equal(list, expected);
}

static void later_ones_are_newer_beyond_nine(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	for (uint32_t i = 1; i <= 11; i++)
		write_one(1, i % 2 ? "odd" : "even", i);
	assert_int_equal(find(1, "odd", 11), 11);
	assert_int_equal(find(1, "even", 10), 10);
	assert_list(1, "'odd', 'even', 'odd', 'even', 'odd', 'even', 'odd', 'even', 'odd', 'even', 'odd'");
	assert_int_equal(savepoint_drop_from(directory, 1, 3, &error), 0);
	assert_list(1, "'odd', 'even'");
	write_one(1, "third", 12);
	assert_int_equal(find(1, "third", 12), 3);
}

static void each_depth_has_its_own(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	write_one(1, "one", 1);
	write_one(2, "two", 2);
	write_one(12, "twelve", 3);
	assert_list(1, "'one'");
	assert_list(2, "'two'");
	uint64_t number;
	assert_int_equal(savepoint_find(directory, "/the/path", 1, "two", &number, NULL, &error), -1);
	assert_int_equal(error.kind, ERROR_INPUT);

	assert_int_equal(file_write("savepoint-3-1.json.unfinished", "x", 1, 0600, &error), 0);
	assert_int_equal(file_write("journal.json", "x", 1, 0600, &error), 0);
	assert_int_equal(savepoint_drop_deeper(directory, 1, &error), 0);
	assert_list(1, "'one'");
	assert_list(2, "");
	assert_list(12, "");
	assert_int_equal(access("savepoint-3-1.json.unfinished", F_OK), -1);
	assert_int_equal(access("journal.json", F_OK), 0);
	assert_int_equal(savepoint_drop_deeper(directory, 0, &error), 0);
	assert_list(1, "");
}

static void names_that_are_no_savepoints_are_passed_over(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	static const char *const others[] = {"savepoint-1-1.json.unfinished", "savepoint-1-02.json",
					     "savepoint-1-x.json", "savepoint-1.json", "savepoint-"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_int_equal(file_write(others[i], "x", 1, 0600, &error), 0);
	assert_list(1, "");
	write_one(1, "first", 5);
	assert_int_equal(find(1, "first", 5), 1);
}

/* Refused, with the whole path in the message. */
static void assert_broken(const char *what)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	uint64_t number;
	table_init(&table);
	assert_int_equal(savepoint_find(directory, "/the/path", 1, "x", &number, &table, &error), -1);
	assert_non_null(strstr(error.message, "/the/path/savepoint-1-1.json"));
	assert_non_null(strstr(error.message, what));
}

/* A file_text. */
static void write_text(FILE *out, const void *text)
{
	fputs(text, out);
}

/* One with a checksum and all. */
static void write_broken(const char *text)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	assert_int_equal(state_file_write(directory, "savepoint-1-1.json", write_text, text, &error), 0);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	assert_int_equal(file_write("savepoint-1-1.json", "", 0, 0600, &error), 0);
	assert_broken("does not end with the checksum");
	write_broken("{");
	assert_broken("does not begin with the name");
	write_broken("{}\n{");
	assert_broken("does not begin with the name");
	write_broken("\"x\"\n{\"format\": 5");
	assert_broken("format: must be");
	assert_int_equal(unlink("savepoint-1-1.json"), 0);
	assert_int_equal(symlink("elsewhere", "savepoint-1-1.json"), 0);
	assert_broken("cannot open");
}

/* That of the name, too: a rollback must not go to another state than was asked for. */
static void one_with_another_byte_is_refused(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	write_one(1, "x", 5);
	size_t length;
	CLEANUP_FREE char *text = file_read("savepoint-1-1.json", &length, &error);
	assert_non_null(text);
	for (size_t i = 0; i < length; i++) {
		text[i] ^= 1;
		assert_int_equal(file_write("savepoint-1-1.json", text, length, 0600, &error), 0);
		assert_broken("does not end with the checksum");
		text[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(later_ones_are_newer_beyond_nine, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(each_depth_has_its_own, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(names_that_are_no_savepoints_are_passed_over, enter_folder,
						leave_folder),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_an_error, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(one_with_another_byte_is_refused, enter_folder, leave_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
