/* SPDX-License-Identifier: MIT */
#include "session/survivors.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "session/lock.h"
#include "session/lock_proof.h"

/* Who is killed and forks faster is looked for again, so often. */
#define ROUNDS 20
#define KILLED_MS 1000

void survivors_clear(struct survivors *survivors)
{
	array_free(&survivors->pids);
}

static int look_at_lock(int directory, unsigned depth, struct stat *lock)
{
	CLEANUP_FREE char *name = lock_name(depth);
	return fstatat(directory, name, lock, AT_SYMLINK_NOFOLLOW);
}

int survivors_find(int directory, unsigned depth, struct survivors *survivors, struct error *error)
{
	struct stat lock;
	if (look_at_lock(directory, depth, &lock) < 0)
		return errno == ENOENT ? 0 : error_set_errno(error, errno, "cannot look at the lock file");
	DIR *processes = opendir("/proc");
	if (!processes)
		return error_set_errno(error, errno, "cannot read /proc");
	for (struct dirent *entry; (entry = readdir(processes));) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid != getpid() && lock_held_by(pid, &lock))
			*array_append(&survivors->pids) = pid;
	}
	closedir(processes);
	return 0;
}

/* Signals one through a descriptor of it, got before it is looked at again: so its number cannot mean another. */
static int open_survivor(int directory, unsigned depth, pid_t pid)
{
	struct stat lock;
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	if (process >= 0 && (look_at_lock(directory, depth, &lock) < 0 || !lock_held_by(pid, &lock))) {
		close(process);
		return -1;
	}
	return process;
}

static void wait_for_end(int process, int64_t deadline)
{
	struct pollfd end = {.fd = process, .events = POLLIN};
	int64_t left = deadline - duration_now();
	while (left > 0 && poll(&end, 1, (int)left) < 0 && errno == EINTR)
		left = deadline - duration_now();
}

/* One round: the signal to all, and at most so long for each to end. Returns how many there were, -1 on failure. */
static ssize_t signal_all(int directory, unsigned depth, int signal, int64_t wait_ms, struct error *error)
{
	CLEANUP_SURVIVORS struct survivors survivors = {0};
	if (survivors_find(directory, depth, &survivors, error) < 0)
		return -1;
	int64_t deadline = duration_now() + wait_ms;
	for (size_t i = 0; i < survivors.pids.count; i++) {
		CLEANUP_CLOSE int process = open_survivor(directory, depth, survivors.pids.items[i]);
		if (process < 0)
			continue;
		if (syscall(SYS_pidfd_send_signal, process, signal, NULL, 0) < 0 && errno != ESRCH)
			return error_set_errno(error, errno, "cannot end process %d, which holds the lock",
					       (int)survivors.pids.items[i]);
		syscall(SYS_pidfd_send_signal, process, SIGCONT, NULL, 0); /* who is stopped would not notice */
	}
	for (size_t i = 0; i < survivors.pids.count; i++) {
		CLEANUP_CLOSE int process = open_survivor(directory, depth, survivors.pids.items[i]);
		if (process >= 0)
			wait_for_end(process, deadline);
	}
	return (ssize_t)survivors.pids.count;
}

int survivors_end(int directory, unsigned depth, int64_t grace_ms, struct error *error)
{
	ssize_t count = signal_all(directory, depth, SIGTERM, grace_ms, error);
	for (int round = 0; count > 0 && round < ROUNDS; round++)
		count = signal_all(directory, depth, SIGKILL, KILLED_MS, error);
	if (count > 0)
		return error_set(error, ERROR_FAILED, "%zd processes that hold the lock could not be ended", count);
	return count < 0 ? -1 : 0;
}
