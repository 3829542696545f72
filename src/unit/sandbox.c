/* SPDX-License-Identifier: MIT */
#include "unit/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <mntent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/memory.h"
#include "kernel/loopback.h"
#include "session/lock.h"
#include "session/state.h"

#define SECURE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static pid_t fork_into(uint64_t namespaces, struct error *error)
{
	struct clone_args arguments = {.flags = namespaces, .exit_signal = SIGCHLD};
	pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
	if (pid >= 0)
		return pid;
	error_set_errno(error, errno, "cannot make namespaces for a unit");
	if (error->kind == ERROR_PERMISSION)
		return error_remedy(error, "run it as root with CAP_SYS_ADMIN");
	return -1;
}

/* The locks of the runs that this process is inside of. The folder that they are in is this network namespace's. */
static void find_locks(struct locks *locks)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int directory = getenv(LOCK_ENVIRONMENT) ? state_look(&path, &ignored) : -1;
	if (directory >= 0)
		locks_inherited(directory, locks);
}

pid_t sandbox_fork(uint64_t namespaces, struct error *error)
{
	CLEANUP_LOCKS struct locks locks = {0};
	find_locks(&locks);
	pid_t pid = fork_into(namespaces, error);
	if (pid != 0)
		return pid;
	/* A sandbox is no part of the session that it was started from: its table is another. */
	for (size_t i = 0; i < locks.descriptors.count; i++)
		close(locks.descriptors.items[i]);
	unsetenv(LOCK_ENVIRONMENT);
	return 0;
}

int sandbox_permitted(struct error *error)
{
	pid_t pid = fork_into(CLONE_NEWPID, error);
	if (pid < 0)
		return -1;
	if (pid == 0)
		_exit(0);
	TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
	return 0;
}

static int mount_on(const char *type, const char *target, unsigned long flags, struct error *error)
{
	if (mount(type, target, type, flags, NULL) < 0)
		return error_set_errno(error, errno, "cannot mount %s on %s", type, target);
	return 0;
}

/* A mount, with all that is mounted in it, taken out of its place. */
struct moved {
	char *path; /* owned */
	int tree;
};

struct moved_list {
	ARRAY(struct moved) mounts;
};

static void moved_clear(struct moved_list *list)
{
	for (size_t i = 0; i < list->mounts.count; i++) {
		free(list->mounts.items[i].path);
		file_cleanup_close(&list->mounts.items[i].tree);
	}
	array_free(&list->mounts);
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);
	return strncmp(path, folder, length) == 0 && path[length] == '/';
}

static bool is_taken(const struct moved_list *list, const char *path)
{
	for (size_t i = 0; i < list->mounts.count; i++) {
		const char *taken = list->mounts.items[i].path;
		if (strcmp(path, taken) == 0 || is_below(path, taken))
			return true;
	}
	return false;
}

/* Takes what is mounted below `folder`: control groups, debugfs. What cannot be taken is missing in the sandbox. */
static void take_mounts_below(const char *folder, struct moved_list *list)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	for (struct mntent *entry; mounts && (entry = getmntent(mounts));) {
		if (!is_below(entry->mnt_dir, folder) || is_taken(list, entry->mnt_dir))
			continue;
		int tree = open_tree(AT_FDCWD, entry->mnt_dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
		if (tree < 0)
			continue;
		*array_append(&list->mounts) = (struct moved){.path = memory_copy_string(entry->mnt_dir), .tree = tree};
	}
	if (mounts)
		endmntent(mounts);
}

/* A sysfs shows the network namespace in which it was mounted. */
static int renew_sys(struct error *error)
{
	__attribute__((cleanup(moved_clear))) struct moved_list below = {0};
	struct statvfs old;
	unsigned long flags = SECURE;
	if (statvfs("/sys", &old) == 0 && old.f_flag & ST_RDONLY)
		flags |= MS_RDONLY;
	take_mounts_below("/sys", &below);
	if (mount_on("sysfs", "/sys", flags, error) < 0)
		return -1;
	for (size_t i = 0; i < below.mounts.count; i++)
		move_mount(below.mounts.items[i].tree, "", AT_FDCWD, below.mounts.items[i].path,
			   MOVE_MOUNT_F_EMPTY_PATH);
	return 0;
}

/* So that a run inside of the unit finds a lock that nobody else wants, and leaves nothing on the host. */
static int renew_state(struct error *error)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int folder = state_open_base(&path, error);
	if (folder < 0)
		return -1;
	/* The very folder that was checked, whatever has its name by now. */
	CLEANUP_FREE char *checked = memory_printf("/proc/self/fd/%d", folder);
	if (mount("tmpfs", checked, "tmpfs", SECURE, "mode=0700") < 0)
		return error_set_errno(error, errno, "cannot mount tmpfs on %s", path);
	return 0;
}

int sandbox_furnish(struct error *error)
{
	/* What is mounted and unmounted on the host from now on is seen here, but not the other way. */
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return error_set_errno(error, errno, "cannot keep the sandbox's mounts from the host");
	if (mount_on("proc", "/proc", SECURE, error) < 0 || renew_sys(error) < 0 || renew_state(error) < 0)
		return -1;
	return loopback_up(error);
}
