/* SPDX-License-Identifier: MIT */
/* The state directory, and what is refused as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "session/state.h"

static char folder[] = "/tmp/ipvs-iso-state.XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	umask(022);
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	(void)state;
	CLEANUP_FREE char *command = memory_printf("rm -rf %s", folder);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void choose(const char *name)
{
	CLEANUP_FREE char *path = memory_printf("%s/%s", folder, name);
	setenv("IPVS_ISO_STATE_DIR", path, 1);
}

static char *open_state(void)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	char *path = NULL;
	CLEANUP_CLOSE int descriptor = state_open(&path, &error);
	if (descriptor < 0)
		fail_msg("%s", error.message);
	assert_int_equal(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
	struct stat opened, named;
	assert_int_equal(fstat(descriptor, &opened), 0);
	assert_int_equal(stat(path, &named), 0);
	assert_int_equal(opened.st_ino, named.st_ino);
	return path;
}

static void assert_refused(enum error_kind kind, const char *why)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	char *path = NULL;
	assert_int_equal(state_open(&path, &error), -1);
	assert_null(path);
	if (!strstr(error.message, why))
		fail_msg("\"%s\" is not in \"%s\"", why, error.message);
	assert_int_equal(error.kind, kind);
	assert_non_null(error.remedy);
}

static void assert_private(const char *path)
{
	struct stat file;
	assert_int_equal(lstat(path, &file), 0);
	assert_int_equal(file.st_mode, S_IFDIR | 0700);
}

static void looking_makes_nothing(void **state)
{
	(void)state;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	char *path = NULL;
	choose("state");
	assert_int_equal(state_look(&path, &error), -1);
	assert_int_equal(error.kind, ERROR_NOT_FOUND);
	assert_int_equal(access("state", F_OK), -1);
	assert_int_equal(mkdir("state", 0700), 0);
	assert_int_equal(state_look(&path, &error), -1);
	assert_int_equal(error.kind, ERROR_NOT_FOUND);
	assert_null(path);

	CLEANUP_FREE char *made = open_state();
	CLEANUP_CLOSE int descriptor = state_look(&path, &error);
	assert_true(descriptor >= 0);
	assert_string_equal(path, made);
	free(path);

	/* What is refused is no less so. */
	assert_int_equal(chmod("state", 0777), 0);
	assert_int_equal(state_look(&path, &error), -1);
	assert_int_equal(error.kind, ERROR_PERMISSION);
}

static void missing_folders_are_made(void **state)
{
	(void)state;
	choose("state");
	umask(0);
	CLEANUP_FREE char *path = open_state();
	assert_private("state");
	assert_private(path);
	assert_int_equal(strncmp(path, folder, strlen(folder)), 0);
	const char *name = strrchr(path, '/') + 1;
	assert_true(strncmp(name, "cookie-", 7) == 0 || strncmp(name, "inode-", 6) == 0);

	/* And found again; slashes at the end change nothing. */
	CLEANUP_FREE char *again = open_state();
	assert_string_equal(again, path);
	choose("state//");
	CLEANUP_FREE char *slashes = open_state();
	assert_string_equal(slashes, path);
}

static void each_network_namespace_has_its_own(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	choose("state");
	CLEANUP_FREE char *here = open_state();
	pid_t child = fork();
	if (child == 0) {
		struct error error = ERROR_INIT;
		char *there;
		if (unshare(CLONE_NEWNET) < 0)
			_exit(2);
		_exit(state_open(&there, &error) >= 0 && strcmp(here, there) != 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 2)
		skip(); /* a container that may not make namespaces */
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void without_proc_it_says_how_to_mount_it(void **state)
{
	(void)state;
	choose("state");
	pid_t child = fork();
	if (child == 0) {
		struct error error = ERROR_INIT;
		char *path;
		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0 ||
		    mount("none", "/proc", "tmpfs", 0, NULL) < 0)
			_exit(2);
		_exit(state_open(&path, &error) < 0 && error.remedy && strstr(error.remedy, "mount -t proc") ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 2)
		skip(); /* a container, or an ordinary user, that may not make namespaces */
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_relative_path_is_refused(void **state)
{
	(void)state;
	setenv("IPVS_ISO_STATE_DIR", "state", 1);
	assert_refused(ERROR_INPUT, "\"state\"");
	assert_int_equal(access("state", F_OK), -1);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
	(void)state;
	choose("missing/state");
	assert_refused(ERROR_NOT_FOUND, "/missing/state");
}

static void a_link_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkdir("real", 0700), 0);
	assert_int_equal(symlink("real", "link"), 0);
	choose("link");
	assert_refused(ERROR_FAILED, "/link is not a folder");
	choose("link/");
	assert_refused(ERROR_FAILED, "/link is not a folder");
}

static void a_link_inside_is_refused(void **state)
{
	(void)state;
	choose("state");
	CLEANUP_FREE char *path = open_state();
	assert_int_equal(mkdir("real", 0700), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("../real", path), 0);
	assert_refused(ERROR_FAILED, "is not a folder");
}

static void a_file_is_refused(void **state)
{
	(void)state;
	struct error error = ERROR_INIT;
	assert_int_equal(file_write("file", "", 0, 0600, &error), 0);
	choose("file");
	assert_refused(ERROR_FAILED, "/file is not a folder");
}

static void a_folder_that_others_may_write_to_is_refused(void **state)
{
	(void)state;
	choose("state");
	CLEANUP_FREE char *path = open_state();
	assert_int_equal(chmod("state", 0770), 0);
	assert_refused(ERROR_PERMISSION, "others may write to");
	assert_int_equal(chmod("state", 0703), 0);
	assert_refused(ERROR_PERMISSION, "others may write to");
	/* The one inside, too. */
	assert_int_equal(chmod("state", 0755), 0);
	assert_int_equal(chmod(path, 0720), 0);
	assert_refused(ERROR_PERMISSION, path);
	assert_int_equal(chmod(path, 0700), 0);
	free(open_state());
}

static void somebody_elses_folder_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		setenv("IPVS_ISO_STATE_DIR", "/root", 1);
		CLEANUP_ERROR struct error error = ERROR_INIT;
		char *path = NULL;
		assert_int_equal(state_open(&path, &error), -1);
		assert_int_equal(error.kind, ERROR_PERMISSION);
		assert_non_null(strstr(error.remedy, "IPVS_ISO_STATE_DIR"));
		return;
	}
	choose("state");
	free(open_state());
	assert_int_equal(chown("state", 65534, 65534), 0);
	assert_refused(ERROR_PERMISSION, "belongs to user 65534, not to user 0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(missing_folders_are_made),
		TEST(looking_makes_nothing),
		TEST(each_network_namespace_has_its_own),
		TEST(without_proc_it_says_how_to_mount_it),
		TEST(a_relative_path_is_refused),
		TEST(a_folder_that_cannot_be_made_is_named),
		TEST(a_link_is_refused),
		TEST(a_link_inside_is_refused),
		TEST(a_file_is_refused),
		TEST(a_folder_that_others_may_write_to_is_refused),
		TEST(somebody_elses_folder_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
