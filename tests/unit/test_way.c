/* SPDX-License-Identifier: MIT */
/* The way to what is written: whose links, pipes and files are used, and what a path may lead to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/target.h"
#include "base/way.h"

#define STRANGER 61234

/* Each test works in a directory of its own, which everybody can reach. */
static int enter_directory(void **state)
{
	char *directory = memory_copy_string("/tmp/ipvs-iso-way.XXXXXX");
	*state = directory;
	return mkdtemp(directory) && chdir(directory) == 0 && chmod(directory, 0755) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
	CLEANUP_FREE char *command = memory_printf("rm -rf %s", (char *)*state);
	free(*state);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void check_content(const char *path, const char *expected)
{
	struct error error = ERROR_INIT;
	size_t length;
	CLEANUP_FREE char *bytes = file_read(path, &length, &error);
	assert_non_null(bytes);
	assert_string_equal(bytes, expected);
}

static void check_written(const char *path, const char *text)
{
	struct error error = ERROR_INIT;
	if (file_write(path, text, strlen(text), 0666, &error) < 0)
		fail_msg("%s", error.message);
}

static void check_appended(const char *path, const char *text)
{
	struct error error = ERROR_INIT;
	if (target_append(path, text, strlen(text), &error) < 0)
		fail_msg("%s", error.message);
}

static void check_error(const struct error *error, const char *path, const char *why)
{
	if (!strstr(error->message, path) || !strstr(error->message, why))
		fail_msg("%s, where %s was wanted", error->message, why);
}

/* Neither written nor appended to. */
static void check_refused(const char *path, const char *why)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	assert_int_equal(file_write(path, "x", 1, 0666, &error), -1);
	check_error(&error, path, why);
	assert_int_equal(target_append(path, "x", 1, &error), -1);
	check_error(&error, path, why);
}

static void give(const char *path)
{
	assert_int_equal(lchown(path, STRANGER, STRANGER), 0);
}

static void make_directory(const char *path, mode_t mode)
{
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Only root can be somebody else. */
static void nothing_of_a_strangers_is_followed_in_or_below_a_sticky_directory(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	static const char by_link[] = "is a link that another user made";
	make_directory("precious", 0755);
	check_written("precious/file", "precious");
	make_directory("sticky", 01777);
	make_directory("group", 01770);
	make_directory("sticky/theirs", 0755);
	make_directory("sticky/theirs/sticky", 01777);
	static const char *const links[][2] = {
		{"../precious", "sticky/way"},           {"../precious/file", "sticky/file"},
		{"../precious/new", "sticky/new"},       {"../precious", "group/way"},
		{"../../precious", "sticky/theirs/way"}, {"../../../precious", "sticky/theirs/sticky/way"},
	};
	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		assert_int_equal(symlink(links[i][0], links[i][1]), 0);
		give(links[i][1]);
	}
	give("sticky/theirs");
	give("sticky/theirs/sticky");
	assert_int_equal(symlink("sticky/way", "ours"), 0);
	check_refused("sticky/way/new", by_link);
	check_refused("sticky/file", by_link);
	check_refused("sticky/new", by_link);
	check_refused("group/way/new", by_link);
	check_refused("sticky/theirs/way/new", by_link);
	check_refused("sticky/theirs/sticky/way/new", by_link);
	check_refused("ours/new", by_link);
	assert_int_equal(access("precious/new", F_OK), -1);
	check_content("precious/file", "precious");

	CLEANUP_ERROR struct error error = ERROR_INIT;
	assert_int_equal(way_open_directory("sticky/way/directory", true, "cannot open", &error), -1);
	check_error(&error, "sticky/way", by_link);
	assert_int_equal(access("precious/directory", F_OK), -1);

	/* Nor from there, where the path that we are given says nothing of what is around it. */
	assert_int_equal(chdir("sticky/theirs"), 0);
	check_refused("way/new", by_link);
	check_refused("./way/new", by_link);
	error_clear(&error);
	assert_int_equal(way_open_directory("way/directory", true, "cannot open", &error), -1);
	check_error(&error, "way", by_link);
	assert_int_equal(access("../../precious/new", F_OK), -1);
	assert_int_equal(access("../../precious/directory", F_OK), -1);
}

static void nothing_else_of_a_strangers_is_written_to(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	struct stat file;
	make_directory("sticky", 01777);
	assert_int_equal(mkfifo("sticky/pipe", 0666), 0);
	give("sticky/pipe");
	CLEANUP_CLOSE int reader = open("sticky/pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	check_refused("sticky/pipe", "is a pipe that another user made");
	char byte;
	assert_int_equal(read(reader, &byte, 1), 0);

	/* A file is replaced, and its mode is not what the new one shall have; but nothing is appended to it. */
	CLEANUP_ERROR struct error error = ERROR_INIT;
	check_written("sticky/file", "theirs");
	assert_int_equal(chmod("sticky/file", 0666), 0);
	give("sticky/file");
	assert_int_equal(target_append("sticky/file", "x", 1, &error), -1);
	check_error(&error, "sticky/file", "another user may have put into a sticky directory");
	mode_t before = umask(027);
	check_written("sticky/file", "ours");
	umask(before);
	assert_int_equal(stat("sticky/file", &file), 0);
	assert_int_equal(file.st_mode & 07777, 0640);
	assert_int_equal(file.st_uid, 0);

	/* Where fs.protected_hardlinks is 0, others can give a file of ours a name there. */
	check_written("ours", "ours");
	assert_int_equal(link("ours", "sticky/name"), 0);
	assert_int_equal(target_append("sticky/name", "x", 1, &error), -1);
	check_error(&error, "sticky/name", "another user may have put into a sticky directory");
	check_written("sticky/name", "new");
	check_content("ours", "ours");
}

static void what_is_ours_is_followed_written_and_appended_to(void **state)
{
	const char *here = *state;
	CLEANUP_FREE char *absolute = memory_printf("%s/sticky/there", here);
	make_directory("sticky", 01777);
	make_directory("sticky/there", 0755);
	assert_int_equal(symlink(absolute, "sticky/way"), 0);
	assert_int_equal(symlink("../sticky//way/./real", "sticky/link"), 0);
	check_written("sticky/link", "one");
	check_appended("sticky/link", ", two");
	check_content("sticky/there/real", "one, two");
	check_appended("sticky/way/new", "three");
	check_content("sticky/there/new", "three");
	struct stat file;
	assert_int_equal(lstat("sticky/link", &file), 0);
	assert_true(S_ISLNK(file.st_mode));
}

static void what_is_no_file_is_written_to_as_it_is(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	CLEANUP_CLOSE int reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char bytes[100] = {0};
	check_written("pipe", "one");
	check_appended("pipe", ", two");
	assert_int_equal(read(reader, bytes, sizeof bytes), 8);
	assert_string_equal(bytes, "one, two");
	check_written("/dev/null", "gone");
}

/* As /dev/stdout is: where it stands in the file, and also where that has no name any more. */
static void a_descriptor_of_our_own_is_written_to_where_it_stands(void **state)
{
	(void)state;
	check_written("file", "1234567");
	CLEANUP_CLOSE int descriptor = open("file", O_RDWR); /* not O_CLOEXEC: as one that a shell gave us */
	assert_int_equal(lseek(descriptor, 3, SEEK_SET), 3);
	CLEANUP_FREE char *name = memory_printf("/dev/fd/%d", descriptor);
	check_written(name, "one");
	check_appended(name, ", two");
	check_content("file", "123one, two");
	assert_int_equal(unlink("file"), 0);
	check_written(name, "three");
	assert_int_equal(lseek(descriptor, 0, SEEK_CUR), 16);
	/* Also by a link. */
	check_written("file", "");
	CLEANUP_CLOSE int other = open("file", O_WRONLY);
	CLEANUP_FREE char *other_name = memory_printf("/dev/fd/%d", other);
	assert_int_equal(symlink(other_name, "link"), 0);
	check_written("link", "four");
	check_content("file", "four");
	check_refused("/dev/fd/-1", "No such file or directory");
	check_refused("/dev/fd/12345", "Bad file descriptor");
}

static void what_leads_nowhere_is_said(void **state)
{
	(void)state;
	make_directory("directory", 0755);
	check_written("file", "");
	assert_int_equal(symlink("loop", "loop"), 0);
	check_refused("", "the file to write has no name");
	check_refused("missing/file", "No such file or directory");
	check_refused("file/file", "Not a directory");
	check_refused("directory", "Is a directory");
	check_refused("directory/", "Is a directory");
	check_refused("/", "Is a directory");
	check_refused("loop", "Too many levels of symbolic links");
	check_refused("loop/file", "Too many levels of symbolic links");
}

static void directories_are_made_where_they_are_missing(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	assert_int_equal(symlink("new", "link"), 0);
	static const char *const paths[] = {"new", "new", "new/", "link", "link/inner//", ".", "/", "new/.."};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		CLEANUP_CLOSE int directory = way_open_directory(paths[i], true, "cannot open", &error);
		if (directory < 0)
			fail_msg("%s", error.message);
		struct stat opened, named;
		assert_int_equal(fstat(directory, &opened), 0);
		assert_int_equal(stat(paths[i], &named), 0);
		assert_int_equal(opened.st_ino, named.st_ino);
	}
	assert_int_equal(way_open_directory("other/inner", true, "cannot open", &error), -1);
	check_error(&error, "cannot open other/inner", "No such file or directory");
	error_clear(&error);
	assert_int_equal(way_open_directory("other", false, "cannot open", &error), -1);
	assert_int_equal(error.kind, ERROR_NOT_FOUND);
	error_clear(&error);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter_directory, leave_directory)
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(nothing_of_a_strangers_is_followed_in_or_below_a_sticky_directory),
		IN_DIRECTORY(nothing_else_of_a_strangers_is_written_to),
		IN_DIRECTORY(what_is_ours_is_followed_written_and_appended_to),
		IN_DIRECTORY(what_is_no_file_is_written_to_as_it_is),
		IN_DIRECTORY(a_descriptor_of_our_own_is_written_to_where_it_stands),
		IN_DIRECTORY(what_leads_nowhere_is_said),
		IN_DIRECTORY(directories_are_made_where_they_are_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
