/* SPDX-License-Identifier: MIT */
#include "unit/sandbox.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "kernel/loopback.h"
#include "session/lock.h"
#include "session/state.h"
#include "unit/mounts.h"

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

int sandbox_furnish(const char *program, struct error *error)
{
	if (mounts_keep_apart(error) < 0 || mounts_renew_kernel_views(error) < 0 ||
	    mounts_renew_run(program, error) < 0 || renew_state(error) < 0)
		return -1;
	return loopback_up(error);
}
