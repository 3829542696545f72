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
#include "table/json.h"

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

/* A table with a sysctl, a service and a destination in it. */
static void make_table(struct table *table, uint32_t timeout)
{
	table_init(table);
	table->timeouts.tcp = timeout;
	*array_append(&table->sysctls) =
		(struct sysctl){.name = memory_copy_string("sloppy_tcp"), .value = memory_copy_string("1")};
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

/* Refused, with its path in the message, and the table that it was to be read into is what it was. */
static void assert_refused(const char *what)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table, before;
	make_table(&table, 6);
	make_table(&before, 6);
	if (journal_read(directory, 0, "/the/path", &table, &error) == 0)
		fail_msg("a journal was read that %s", what);
	assert_non_null(strstr(error.message, "/the/path/journal.json"));
	if (!strstr(error.message, what))
		fail_msg("%s", error.message);
	assert_equal(&table, &before);
}

/* Writes a journal, and opens it for somebody who spoils it. Its length. */
static size_t open_journal(int *descriptor)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	make_table(&table, 7);
	struct stat file;
	assert_int_equal(journal_write(directory, 0, &table, &error), 0);
	*descriptor = open(JOURNAL_NAME, O_RDWR | O_CLOEXEC);
	assert_true(*descriptor >= 0);
	assert_int_equal(fstat(*descriptor, &file), 0);
	return (size_t)file.st_size;
}

static void a_journal_with_one_other_byte_is_refused(void **state)
{
	(void)state;
	CLEANUP_CLOSE int descriptor = -1;
	size_t length = open_journal(&descriptor);
	for (off_t at = 0; at < (off_t)length; at++) {
		char byte, other;
		assert_int_equal(pread(descriptor, &byte, 1, at), 1);
		/* Each bit of it, and what JSON passes over. */
		for (unsigned change = 0; change < 9; change++) {
			other = change < 8 ? (char)(byte ^ 1 << change) : ' ';
			if (other == byte)
				continue;
			assert_int_equal(pwrite(descriptor, &other, 1, at), 1);
			assert_refused("does not end with the checksum");
		}
		assert_int_equal(pwrite(descriptor, &byte, 1, at), 1);
	}
	CLEANUP_TABLE struct table table;
	make_table(&table, 7);
	assert_journal(&table);
}

static void a_journal_that_is_longer_or_shorter_is_refused(void **state)
{
	(void)state;
	CLEANUP_CLOSE int descriptor = -1;
	size_t length = open_journal(&descriptor);
	assert_int_equal(pwrite(descriptor, "\n", 1, (off_t)length), 1);
	assert_refused("does not end with the checksum");
	while (length-- > 0) {
		assert_int_equal(ftruncate(descriptor, (off_t)length), 0);
		assert_refused("does not end with the checksum");
	}
}

/* As a version without checksums wrote it. */
static void a_journal_without_a_checksum_is_refused(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table;
	make_table(&table, 8);
	size_t length;
	CLEANUP_FREE char *text = table_to_json(&table, &length);
	assert_int_equal(file_write(JOURNAL_NAME, text, length, 0600, &error), 0);
	assert_refused("does not end with the checksum");
}

static void write_nonsense(FILE *out, const void *context)
{
	(void)context;
	fputs("{\n  \"formats\": 1", out);
}

/* With a checksum and all: something that no version of ours wrote. */
static void what_is_no_snapshot_is_an_error_that_says_where(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	assert_int_equal(state_file_write(directory, JOURNAL_NAME, write_nonsense, NULL, &error), 0);
	assert_refused("journal.json:2:3: unknown key \"formats\"");
}

/* By hand it can be put back, as what it is: a snapshot. */
static void a_journal_is_a_snapshot(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TABLE struct table table, read;
	make_table(&table, 9);
	table_init(&read);
	assert_int_equal(journal_write(directory, 0, &table, &error), 0);
	size_t length;
	CLEANUP_FREE char *text = file_read(JOURNAL_NAME, &length, &error);
	assert_non_null(text);
	assert_int_equal(table_from_json(&read, text, length, JOURNAL_NAME, &error), 0);
	assert_equal(&read, &table);
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
		TEST(a_journal_with_one_other_byte_is_refused),
		TEST(a_journal_that_is_longer_or_shorter_is_refused),
		TEST(a_journal_without_a_checksum_is_refused),
		TEST(what_is_no_snapshot_is_an_error_that_says_where),
		TEST(a_journal_is_a_snapshot),
		TEST(a_full_disk_leaves_no_journal),
		TEST(replaced_tables_are_all_kept),
		TEST(each_level_of_nesting_has_a_journal_of_its_own),
		TEST(no_journal_outlives_the_one_around_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
