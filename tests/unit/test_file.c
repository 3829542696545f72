/* SPDX-License-Identifier: MIT */
/* What everything stands on: files, memory, arrays, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

/* Each test works in a folder of its own. */
static int enter_folder(void **state)
{
	char *folder = memory_copy_string("/tmp/ipvs-iso-file.XXXXXX");
	*state = folder;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	CLEANUP_FREE char *command = memory_printf("rm -rf %s", (char *)*state);
	free(*state);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static size_t count_files(void)
{
	size_t count = 0;
	DIR *folder = opendir(".");
	assert_non_null(folder);
	for (const struct dirent *file = readdir(folder); file; file = readdir(folder))
		count += file->d_name[0] != '.';
	closedir(folder);
	return count;
}

static void check_content(const char *path, const char *expected, size_t expected_length)
{
	struct error error = ERROR_INIT;
	size_t length = 0;
	CLEANUP_FREE char *bytes = file_read(path, &length, &error);
	assert_non_null(bytes);
	assert_int_equal(length, expected_length);
	assert_memory_equal(bytes, expected, length);
	assert_int_equal(bytes[length], '\0');
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	static const char bytes[] = "one\0two\xff\n";
	assert_int_equal(file_write("file", bytes, sizeof bytes, 0600, &error), 0);
	check_content("file", bytes, sizeof bytes);
	assert_int_equal(file_write("file", "", 0, 0600, &error), 0);
	check_content("file", "", 0);
}

static void files_of_any_length_are_read_whole(void **state)
{
	(void)state;
	/* Around the room that reading starts with and doubles. */
	static const size_t lengths[] = {16382, 16383, 16384, 16385, 32767, 32768, 1000003};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct error error = ERROR_INIT;
		CLEANUP_FREE char *bytes = memory_allocate(lengths[i], 1);
		for (size_t at = 0; at < lengths[i]; at++)
			bytes[at] = (char)(at * 7);
		assert_int_equal(file_write("long", bytes, lengths[i], 0644, &error), 0);
		check_content("long", bytes, lengths[i]);
	}
}

static void a_missing_file_is_named(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	size_t length;
	assert_null(file_read("missing", &length, &error));
	assert_int_equal(error.kind, ERROR_NOT_FOUND);
	assert_string_equal(error.message, "cannot open missing: No such file or directory");
	assert_int_equal(file_write("missing/file", "x", 1, 0600, &error), -1);
	assert_non_null(strstr(error.message, "missing/file"));
}

static void a_new_file_gets_its_mode_less_the_umask(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	struct stat file;
	mode_t before = umask(027);
	assert_int_equal(file_write("file", "x", 1, 0666, &error), 0);
	assert_int_equal(umask(before), 027);
	assert_int_equal(stat("file", &file), 0);
	assert_int_equal(file.st_mode & 07777, 0640);
}

static void a_file_that_is_there_keeps_its_mode_and_a_link_to_it(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	struct stat file;
	assert_int_equal(file_write("file", "old", 3, 0600, &error), 0);
	assert_int_equal(chmod("file", 0604), 0);
	assert_int_equal(symlink("file", "link"), 0);
	assert_int_equal(file_write("link", "new", 3, 0666, &error), 0);
	assert_int_equal(lstat("link", &file), 0);
	assert_true(S_ISLNK(file.st_mode));
	assert_int_equal(stat("file", &file), 0);
	assert_int_equal(file.st_mode & 07777, 0604);
	check_content("file", "new", 3);
}

/* The disk is full for a process that may write no more than so many bytes. */
static void a_failed_write_leaves_the_old_file(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	assert_int_equal(file_write("file", "old", 3, 0600, &error), 0);

	pid_t child = fork();
	if (child == 0) {
		static const char new[100] = "new";
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 10, .rlim_max = 10});
		int written = file_write("file", new, sizeof new, 0600, &error);
		_exit(written == -1 && strcmp(error.message, "cannot write file: File too large") == 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	check_content("file", "old", 3);
	assert_int_equal(count_files(), 1);
}

static void a_pipe_is_written_to_as_it_is(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	char bytes[8] = "";
	assert_int_equal(mkfifo("pipe", 0600), 0);
	CLEANUP_CLOSE int reader = open("pipe", O_RDONLY | O_NONBLOCK);
	assert_int_equal(file_write("pipe", "text", 4, 0600, &error), 0);
	assert_int_equal(read(reader, bytes, sizeof bytes), 4);
	assert_string_equal(bytes, "text");
	assert_int_equal(file_write("/dev/null", "text", 4, 0600, &error), 0);
	assert_int_equal(count_files(), 1);
}

/* Signals that somebody holds back, to take them later, end a wait all the same. */
static void whoever_waits_for_a_pipe_hears_a_signal(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	size_t length;
	sigset_t set, before;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	sigprocmask(SIG_BLOCK, &set, &before);
	raise(SIGCHLD);
	raise(SIGTERM);
	assert_null(file_read("pipe", &length, &error));
	assert_int_equal(error.kind, ERROR_INTERRUPTED);
	assert_string_equal(error.message, "cannot read pipe: a signal ended the wait");
	error_clear(&error);

	/* Its reader takes nothing. */
	CLEANUP_CLOSE int reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CLEANUP_CLOSE int writer = open("pipe", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0 && writer >= 0);
	CLEANUP_FREE char *many = memory_allocate(1 << 20, 1);
	assert_int_equal(file_write_all(writer, "pipe", many, 1 << 20, &error), -1);
	assert_string_equal(error.message, "cannot write pipe: a signal ended the wait");
	/* It is still there for whoever takes it. */
	sigset_t pending;
	sigpending(&pending);
	assert_true(sigismember(&pending, SIGTERM));
	struct timespec at_once = {0};
	sigtimedwait(&set, NULL, &at_once);
	sigtimedwait(&set, NULL, &at_once);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void only_what_has_an_end_is_read(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	size_t length;
	assert_null(file_read("/dev/zero", &length, &error));
	assert_string_equal(error.message, "cannot read /dev/zero: it is a device, and neither a file nor a pipe");
	assert_null(file_read(".", &length, &error));
	assert_string_equal(error.message, "cannot read .: Is a directory");
	CLEANUP_FREE char *nothing = file_read("/dev/null", &length, &error);
	assert_string_equal(nothing, "");
	assert_int_equal(length, 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_null(file_read_regular("pipe", &length, &error));
	assert_string_equal(error.message, "cannot read pipe: it is no regular file");
}

static void arrays_grow_and_start_as_zeros(void **state)
{
	(void)state;
	ARRAY(struct {
		int number;
		char rest[40];
	}) array = {0};
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(array_append(&array)->number, 0);
		memset(&array.items[i], 0xff, sizeof *array.items);
		array.items[i].number = i;
	}
	assert_int_equal(array.count, 10000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(array.items[i].number, i);
	/* What was used before is zeroed again. */
	array.count = 0;
	assert_int_equal(array_append(&array)->rest[39], 0);
	array_free(&array);
	assert_null(array.items);
	assert_int_equal(array.count, 0);
}

static void errors_gather_context_on_their_way(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	assert_false(error_is_set(&error));
	assert_int_equal(error_set_errno(&error, EACCES, "cannot open %s", "door"), -1);
	assert_int_equal(error.kind, ERROR_PERMISSION);
	assert_int_equal(error_context(&error, "house %d", 7), -1);
	assert_string_equal(error.message, "house 7: cannot open door: Permission denied");
	assert_int_equal(error_remedy(&error, "use the %s", "window"), -1);
	assert_int_equal(error_remedy(&error, "ring"), -1);
	assert_string_equal(error.remedy, "ring");

	/* No name breaks a line; only what is added as lines does. */
	error_set(&error, ERROR_FAILED, "no %s", "\nname");
	error_context(&error, "in %s", "\nthere");
	error_add_lines(&error, ":\n  a line");
	error_remedy(&error, "call %s", "\nhim");
	assert_string_equal(error.message, "in \u240athere: no \u240aname:\n  a line");
	assert_string_equal(error.remedy, "call \u240ahim");

	/* A new one replaces all of the old one. */
	assert_int_equal(error_set(&error, ERROR_BUSY, "later"), -1);
	assert_string_equal(error.message, "later");
	assert_null(error.remedy);
	error_clear(&error);
	assert_false(error_is_set(&error));
	assert_null(error.message);
}

static void memory_copies_are_whole(void **state)
{
	(void)state;
	assert_null(memory_copy_string(NULL));
	CLEANUP_FREE char *part = memory_copy_bytes("a\0bcd", 4);
	assert_memory_equal(part, "a\0bc", 5);
	CLEANUP_FREE char *text = memory_printf("%s-%d", "n", 5);
	assert_string_equal(text, "n-5");
}

static void memory_that_is_not_there_ends_the_process(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		close(STDERR_FILENO);
		setrlimit(RLIMIT_CORE, &(struct rlimit){0});
		/* The product overflows; volatile, so that the compiler does not see it. */
		volatile size_t count = SIZE_MAX / 2;
		free(memory_resize(NULL, count, 4));
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	/* By SIGABRT, or as a sanitizer likes that comes first. */
	assert_int_not_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(files_of_any_length_are_read_whole, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(a_missing_file_is_named, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(a_new_file_gets_its_mode_less_the_umask, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(a_file_that_is_there_keeps_its_mode_and_a_link_to_it, enter_folder,
						leave_folder),
		cmocka_unit_test_setup_teardown(a_failed_write_leaves_the_old_file, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(a_pipe_is_written_to_as_it_is, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(whoever_waits_for_a_pipe_hears_a_signal, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(only_what_has_an_end_is_read, enter_folder, leave_folder),
		cmocka_unit_test(arrays_grow_and_start_as_zeros),
		cmocka_unit_test(errors_gather_context_on_their_way),
		cmocka_unit_test(memory_copies_are_whole),
		cmocka_unit_test(memory_that_is_not_there_ends_the_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
