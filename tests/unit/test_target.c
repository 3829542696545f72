/* SPDX-License-Identifier: MIT */
/* Where a report goes: which links are followed, and that it is there whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "report/target.h"

/* Each test works in a folder of its own. */
static int enter_folder(void **state)
{
	char *folder = memory_copy_string("/tmp/ipvs-iso-target.XXXXXX");
	*state = folder;
	return mkdtemp(folder) && chdir(folder) == 0 && chmod(folder, 0755) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	CLEANUP_FREE char *command = memory_printf("rm -rf %s", (char *)*state);
	free(*state);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* Files of any name, also those that begin with a dot. */
static size_t count_files(const char *path)
{
	size_t count = 0;
	DIR *folder = opendir(path);
	assert_non_null(folder);
	for (const struct dirent *file = readdir(folder); file; file = readdir(folder))
		count++;
	closedir(folder);
	return count - 2;
}

static void check_content(const char *path, const char *expected)
{
	struct error error = ERROR_INIT;
	size_t length;
	CLEANUP_FREE char *bytes = file_read(path, &length, &error);
	assert_non_null(bytes);
	assert_string_equal(bytes, expected);
}

static void write_to(const char *path, const char *text)
{
	struct error error = ERROR_INIT;
	CLEANUP_TARGET struct target target;
	if (report_target_open(&target, path, &error) < 0)
		fail_msg("%s", error.message);
	assert_int_equal(report_target_write(&target, text, strlen(text), &error), 0);
}

static void check_refused(const char *path, const char *message)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TARGET struct target target;
	assert_int_equal(report_target_open(&target, path, &error), -1);
	assert_string_equal(error.message, message);
}

static void a_report_has_the_mode_that_the_umask_gives(void **state)
{
	(void)state;
	struct stat file;
	mode_t before = umask(027);
	write_to("new.json", "1");
	/* Also in the place of one that others may read. */
	assert_int_equal(mknod("old.json", S_IFREG | 0600, 0), 0);
	assert_int_equal(chmod("old.json", 0666), 0);
	write_to("./old.json", "2");
	umask(before);
	check_content("new.json", "1");
	check_content("old.json", "2");
	assert_int_equal(stat("new.json", &file), 0);
	assert_int_equal(file.st_mode & 07777, 0640);
	assert_int_equal(stat("old.json", &file), 0);
	assert_int_equal(file.st_mode & 07777, 0640);
	assert_int_equal(count_files("."), 2);
}

static void trying_leaves_nothing(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	CLEANUP_TARGET struct target target;
	assert_int_equal(report_target_open(&target, "never.json", &error), 0);
	assert_int_equal(count_files("."), 0);
}

static void what_cannot_be_written_is_said_before(void **state)
{
	(void)state;
	assert_int_equal(mkdir("folder.json", 0755), 0);
	assert_int_equal(mkfifo("fifo.json", 0600), 0);
	assert_int_equal(symlink("loop.json", "loop.json"), 0);
	check_refused("missing/a.json", "cannot write missing/a.json: No such file or directory");
	check_refused("fifo.json/a.json", "cannot write fifo.json/a.json: Not a directory");
	check_refused("folder.json", "cannot write folder.json: Is a directory");
	check_refused("a.json/", "cannot write a.json/: No such file or directory");
	check_refused("", "the file to write has no name");
	check_refused("folder.json/..", "cannot write folder.json/..: Is a directory");
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket.json"};
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
	close(listener);
	check_refused("socket.json", "cannot write socket.json: it is no regular file, no pipe and no terminal");
	int closed = dup(STDERR_FILENO);
	close(closed);
	CLEANUP_FREE char *nothing = memory_printf("/dev/fd/%d", closed);
	CLEANUP_FREE char *message = memory_printf("cannot write %s: Bad file descriptor", nothing);
	check_refused(nothing, message);
	check_refused("loop.json", "cannot write loop.json: Too many levels of symbolic links");
	check_refused("/proc/a.json",
		      "cannot write /proc/a.json: cannot create a file in its directory: No such file or directory");
}

static void our_own_links_are_followed(void **state)
{
	const char *here = *state;
	CLEANUP_FREE char *absolute = memory_printf("%s/there", here);
	assert_int_equal(mkdir("there", 0755), 0);
	assert_int_equal(mkdir("other", 0755), 0);
	assert_int_equal(symlink(absolute, "way"), 0);
	assert_int_equal(symlink("../way/real.json", "other/link.json"), 0);
	write_to("other//../other/link.json", "followed");
	check_content("there/real.json", "followed");
	struct stat file;
	assert_int_equal(lstat("other/link.json", &file), 0);
	assert_true(S_ISLNK(file.st_mode));
}

/* As /tmp is. What somebody else laid there only root can try. */
static void links_of_others_in_a_sticky_folder_are_not(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_TARGET struct target target;
	assert_int_equal(mkdir("sticky", 0755), 0);
	assert_int_equal(chmod("sticky", 01777), 0);
	assert_int_equal(mkdir("precious", 0755), 0);
	assert_int_equal(symlink("../precious/file.json", "sticky/file.json"), 0);
	assert_int_equal(symlink("../precious", "sticky/folder"), 0);
	assert_int_equal(symlink("sticky/folder", "ours"), 0);
	assert_int_equal(mkfifo("sticky/pipe.json", 0666), 0);
	/* Our own are. */
	write_to("sticky/file.json", "ours");
	check_content("precious/file.json", "ours");

	assert_int_equal(lchown("sticky/file.json", 61234, 61234), 0);
	assert_int_equal(lchown("sticky/folder", 61234, 61234), 0);
	check_refused("sticky/file.json", "cannot write sticky/file.json: file.json is a link that another user made "
					  "in a sticky directory, or below one");
	check_refused("sticky/folder/a.json", "cannot write sticky/folder/a.json: folder is a link that another user "
					      "made in a sticky directory, or below one");
	check_refused("ours/a.json", "cannot write ours/a.json: folder is a link that another user made in a sticky "
				     "directory, or below one");
	assert_int_equal(chown("sticky/pipe.json", 61234, 61234), 0);
	check_refused("sticky/pipe.json", "cannot write sticky/pipe.json: pipe.json is a pipe that another user made "
					  "in a sticky directory, or below one");
	/* Nor is one that is laid behind our back: it is replaced. */
	assert_int_equal(report_target_open(&target, "sticky/later.json", &error), 0);
	assert_int_equal(symlink("../precious/file.json", "sticky/later.json"), 0);
	assert_int_equal(lchown("sticky/later.json", 61234, 61234), 0);
	assert_int_equal(report_target_write(&target, "new", 3, &error), 0);
	check_content("precious/file.json", "ours");
	check_content("sticky/later.json", "new");
	assert_int_equal(count_files("precious"), 1);
}

static void check_read(int reader, const char *expected)
{
	char bytes[100] = {0};
	assert_int_equal(read(reader, bytes, sizeof bytes), (int)strlen(expected));
	assert_string_equal(bytes, expected);
	assert_int_equal(read(reader, bytes, sizeof bytes), 0);
}

/* Nobody need read it yet when it is found. */
static void a_pipe_is_written_to_as_it_is(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	assert_int_equal(mkfifo("pipe.json", 0600), 0);
	struct target target;
	assert_int_equal(report_target_open(&target, "pipe.json", &error), 0);
	CLEANUP_CLOSE int late = open("pipe.json", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(report_target_write(&target, "late", 4, &error), 0);
	target_clear(&target);
	check_read(late, "late");

	CLEANUP_CLOSE int early = open("pipe.json", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(report_target_open(&target, "pipe.json", &error), 0);
	assert_int_equal(report_target_write(&target, "early", 5, &error), 0);
	target_clear(&target);
	check_read(early, "early");
	file_cleanup_close(&early);
	file_cleanup_close(&late);
	/* What has its name by then gets nothing. */
	assert_int_equal(report_target_open(&target, "pipe.json", &error), 0);
	assert_int_equal(mkfifo("other.json", 0600), 0);
	assert_int_equal(rename("other.json", "pipe.json"), 0);
	early = open("pipe.json", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(report_target_write(&target, "early", 5, &error), -1);
	assert_string_equal(error.message, "cannot write pipe.json: Stale file handle");
	error_clear(&error);
	target_clear(&target);
	assert_int_equal(count_files("."), 1);
}

static void a_descriptor_is_written_to_where_it_stands(void **state)
{
	(void)state;
	write_to("file.json", "12345");
	int descriptor = open("file.json", O_RDWR); /* not O_CLOEXEC: as one that a shell gave us */
	assert_int_equal(lseek(descriptor, 3, SEEK_SET), 3);
	CLEANUP_FREE char *name = memory_printf("/dev/fd/%d", descriptor);
	write_to(name, "report");
	check_content("file.json", "123report");
	fcntl(descriptor, F_SETFD, FD_CLOEXEC);
	CLEANUP_FREE char *message = memory_printf("cannot write %s: Bad file descriptor", name);
	check_refused(name, message);
	close(descriptor);
	write_to("/dev/null", "gone");
}

/* The disk is full for a process that may write no more than so many bytes. */
static void a_report_that_does_not_fit_leaves_the_old_one(void **state)
{
	(void)state;
	write_to("report.json", "old");
	pid_t child = fork();
	if (child == 0) {
		static const char new[100] = "new";
		struct error error = ERROR_INIT;
		struct target target;
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 10, .rlim_max = 10});
		int failed = report_target_open(&target, "report.json", &error) < 0 ||
			     report_target_write(&target, new, sizeof new, &error) == 0 ||
			     strcmp(error.message, "cannot write report.json: File too large") != 0;
		_exit(failed);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	check_content("report.json", "old");
	assert_int_equal(count_files("."), 1);
}

static void a_folder_of_results_is_made_and_names_never_meet(void **state)
{
	const char *here = *state;
	struct error error = ERROR_INIT;
	CLEANUP_FREE char *folder = memory_printf("%s/results", here);
	for (size_t i = 0; i < 20; i++) {
		CLEANUP_TARGET struct target target;
		assert_int_equal(report_target_open_in(&target, folder, &error), 0);
		assert_int_equal(report_target_write(&target, "{}", 2, &error), 0);
	}
	assert_int_equal(count_files("results"), 20);

	CLEANUP_TARGET struct target target;
	assert_int_equal(report_target_open_in(&target, "results", &error), -1);
	assert_string_equal(error.message, "'results' is not an absolute path");
	error_clear(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_report_has_the_mode_that_the_umask_gives, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(trying_leaves_nothing, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(what_cannot_be_written_is_said_before, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(our_own_links_are_followed, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(links_of_others_in_a_sticky_folder_are_not, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(a_pipe_is_written_to_as_it_is, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(a_descriptor_is_written_to_where_it_stands, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(a_report_that_does_not_fit_leaves_the_old_one, enter_folder,
						leave_folder),
		cmocka_unit_test_setup_teardown(a_folder_of_results_is_made_and_names_never_meet, enter_folder,
						leave_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
