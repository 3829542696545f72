/* SPDX-License-Identifier: MIT */
/* The journal on disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "session/journal.h"
#include "session/state_file.h"
#include "table/diff.h"

#define JOURNAL_NAME "journal.json"

static int directory;

static int enter_folder(void **state)
{
	char *folder = memory_copy_string("/tmp/ipvs-iso-journal.XXXXXX");
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

static size_t count_files(void)
{
	size_t count = 0;
	DIR *opened = opendir(".");
	assert_non_null(opened);
	for (const struct dirent *file = readdir(opened); file; file = readdir(opened))
		count += file->d_name[0] != '.';
	closedir(opened);
	return count;
}

/* A table with a service and a destination in it. */
static void make_table(struct table *table, uint32_t timeout)
{
	table_init(table);
	table->timeouts.tcp = timeout;
	struct service *service = array_append(&table->services);
	service_init(service, AF_INET);
	service->protocol = IPPROTO_TCP;
	assert_true(address_parse(&service->address, "10.0.0.1"));
	service->port = 80;
	struct destination *destination = array_append(&service->destinations);
	destination_init(destination);
	assert_true(address_parse(&destination->address, "10.0.0.2"));
	destination->port = 8080;
}

static void assert_equal(const struct table *a, const struct table *b)
{
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, a, b);
	assert_int_equal(changes.list.count, 0);
}

static void assert_journal(const struct table *expected)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	table_init(&table);
	if (journal_read(directory, 0, "/the/path", &table, &error) < 0)
		fail_msg("%s", error.message);
	assert_equal(&table, expected);
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	make_table(&table, 77);

	assert_int_equal(journal_present(directory, 0, &error), 0);
	assert_int_equal(journal_write(directory, 0, &table, &error), 0);
	assert_int_equal(journal_present(directory, 0, &error), 1);
	assert_journal(&table);
	struct stat file;
	assert_int_equal(stat(JOURNAL_NAME, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
	assert_int_equal(count_files(), 1);

	assert_int_equal(journal_drop(directory, 0, &error), 0);
	assert_int_equal(journal_present(directory, 0, &error), 0);
	assert_int_equal(journal_drop(directory, 0, &error), 0);
	assert_int_equal(count_files(), 0);
}

static void a_present_journal_is_not_overwritten(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table first, second;
	make_table(&first, 1);
	make_table(&second, 2);
	assert_int_equal(journal_write(directory, 0, &first, &error), 0);
	assert_int_equal(journal_write(directory, 0, &second, &error), -1);
	assert_journal(&first);
	table_clear(&second);
}

static void what_a_killed_run_was_writing_is_no_hindrance(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	make_table(&table, 3);
	assert_int_equal(file_write(JOURNAL_NAME STATE_FILE_UNFINISHED, "{\"format\":", 10, 0644, &error), 0);
	assert_int_equal(journal_present(directory, 0, &error), 0);
	assert_int_equal(journal_write(directory, 0, &table, &error), 0);
	assert_journal(&table);
	assert_int_equal(count_files(), 1);
}

static void links_are_not_followed(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	make_table(&table, 4);

	assert_int_equal(file_write("elsewhere", "precious", 8, 0600, &error), 0);
	assert_int_equal(symlink("elsewhere", JOURNAL_NAME STATE_FILE_UNFINISHED), 0);
	assert_int_equal(journal_write(directory, 0, &table, &error), 0);
	struct stat file;
	assert_int_equal(stat("elsewhere", &file), 0);
	assert_int_equal(file.st_size, 8);

	assert_int_equal(rename(JOURNAL_NAME, "elsewhere"), 0);
	assert_int_equal(symlink("elsewhere", JOURNAL_NAME), 0);
	assert_int_equal(journal_present(directory, 0, &error), 1);
	assert_int_equal(journal_read(directory, 0, "/the/path", &table, &error), -1);
	assert_non_null(strstr(error.message, "/the/path/journal.json"));
}

static void what_is_no_file_of_ours_is_not_read(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	make_table(&table, 5);
	assert_int_equal(mkfifo(JOURNAL_NAME, 0600), 0);
	assert_int_equal(journal_read(directory, 0, "/the/path", &table, &error), -1);
	assert_int_equal(error.kind, ERROR_PERMISSION);
	assert_int_equal(unlink(JOURNAL_NAME), 0);
	if (geteuid() != 0)
		return;
	assert_int_equal(journal_write(directory, 0, &table, &error), 0);
	assert_int_equal(chown(JOURNAL_NAME, 65534, 65534), 0);
	assert_int_equal(journal_read(directory, 0, "/the/path", &table, &error), -1);
	assert_int_equal(error.kind, ERROR_PERMISSION);
}

static void a_damaged_journal_is_an_error_that_says_where(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table, before;
	make_table(&table, 6);
	make_table(&before, 6);
	assert_int_equal(file_write(JOURNAL_NAME, "{\n  \"format\"", 12, 0600, &error), 0);
	assert_int_equal(journal_read(directory, 0, "/the/path", &table, &error), -1);
	assert_non_null(strstr(error.message, "/the/path/journal.json:2:"));
	assert_equal(&table, &before);
}

/* The disk is full for a process that may write no more than so many bytes. */
static void a_full_disk_leaves_no_journal(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	make_table(&table, 7);
	pid_t child = fork();
	if (child == 0) {
		struct error error = ERROR_INIT;
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 10, .rlim_max = 10});
		int written = journal_write(directory, 0, &table, &error);
		_exit(written == -1 && strcmp(error.message, "cannot write journal.json: File too large") == 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(count_files(), 0);
}

static void replaced_tables_are_all_kept(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	make_table(&table, 8);
	char *names[3];
	/* Within a second or two: their names differ all the same. */
	for (size_t i = 0; i < 3; i++) {
		names[i] = journal_save_replaced(directory, &table, &error);
		assert_non_null(names[i]);
		assert_int_equal(strncmp(names[i], "replaced-2", 10), 0);
	}
	assert_int_equal(count_files(), 3);
	assert_int_equal(journal_present(directory, 0, &error), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(rename(names[i], JOURNAL_NAME), 0);
		assert_journal(&table);
		free(names[i]);
	}
}

/* Journals outermost first, as their runs write them. */
static void write_nested(unsigned deepest)
{
	struct error error = ERROR_INIT;
	for (unsigned depth = 0; depth <= deepest; depth++) {
		CLEANUP_TABLE struct table table;
		make_table(&table, 60 + depth);
		assert_int_equal(journal_write(directory, depth, &table, &error), 0);
	}
}

static void each_level_of_nesting_has_a_journal_of_its_own(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	write_nested(12);
	for (unsigned depth = 0; depth <= 12; depth++) {
		CLEANUP_TABLE struct table table;
		table_init(&table);
		assert_int_equal(journal_read(directory, depth, "/the/path", &table, &error), 0);
		assert_int_equal(table.timeouts.tcp, 60 + depth);
	}
}

static void no_journal_outlives_the_one_around_it(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	write_nested(12);
	/* Named nearly so, and none. */
	static const char *const others[] = {"journal-", "journal-3.jso", "journal-03.json", "journal--1.json",
					     "journal-4294967299.json"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_int_equal(file_write(others[i], "", 0, 0600, &error), 0);
	size_t left = sizeof others / sizeof *others;

	assert_int_equal(journal_drop_deeper(directory, 10, &error), 0);
	assert_int_equal(count_files(), left + 11);
	assert_int_equal(journal_present(directory, 10, &error), 1);
	assert_int_equal(journal_drop(directory, 2, &error), 0);
	assert_int_equal(count_files(), left + 2);
	assert_int_equal(journal_present(directory, 1, &error), 1);
	assert_int_equal(journal_drop(directory, 0, &error), 0);
	assert_int_equal(count_files(), left);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
		TEST(a_present_journal_is_not_overwritten),
		TEST(what_a_killed_run_was_writing_is_no_hindrance),
		TEST(links_are_not_followed),
		TEST(what_is_no_file_of_ours_is_not_read),
		TEST(a_damaged_journal_is_an_error_that_says_where),
		TEST(a_full_disk_leaves_no_journal),
		TEST(replaced_tables_are_all_kept),
		TEST(each_level_of_nesting_has_a_journal_of_its_own),
		TEST(no_journal_outlives_the_one_around_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
