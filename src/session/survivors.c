/* SPDX-License-Identifier: MIT */
#include "session/survivors.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/patience.h"
#include "base/proc.h"
#include "process/descendants.h"
#include "session/lock.h"
#include "session/lock_proof.h"

/* Who is killed and forks faster is looked for again, so often. */
#define ROUNDS 20
#define KILLED_MS 1000

/* How far apart it is looked whether one has ended: from moments, as most obey at once, to so long. */
#define LOOK_MIN_MS 5
#define LOOK_MAX_MS 200

void survivors_clear(struct survivors *survivors)
{
	array_free(&survivors->pids);
}

/* Only to tell which file it is: it is not opened. -1 with errno. */
static int find_lock(int directory, unsigned depth)
{
	CLEANUP_FREE char *name = lock_name(depth);
	return openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int survivors_find(int directory, unsigned depth, struct survivors *survivors, struct error *error)
{
	if (proc_check(error) < 0)
		return -1;
	CLEANUP_CLOSE int lock = find_lock(directory, depth);
	if (lock < 0)
		return errno == ENOENT ? 0 : error_set_errno(error, errno, "cannot look at the lock file");
	DIR *processes = opendir("/proc");
	if (!processes)
		return error_set_errno(error, errno, "cannot read /proc");
	for (struct dirent *entry; (entry = readdir(processes));) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid != getpid() && lock_held_by(pid, lock))
			*array_append(&survivors->pids) = pid;
	}
	closedir(processes);
	return 0;
}

/* 1 and who has that number, if it holds the lock; else 0. */
static int find_survivor(int directory, unsigned depth, pid_t pid, struct process *process)
{
	CLEANUP_CLOSE int lock = find_lock(directory, depth);
	/* In this order: who is signalled later, as it has not ended, had the number when the lock was asked for. */
	return lock >= 0 && process_find(pid, process) > 0 && lock_held_by(pid, lock);
}

/* Looked at again and again: a descriptor of it, to wait with, is not to be had before Linux 5.3, nor always after. */
static int wait_for_end(int directory, unsigned depth, pid_t pid, int64_t deadline, struct error *error)
{
	struct process process;
	for (int pause = LOOK_MIN_MS; find_survivor(directory, depth, pid, &process); pause *= 2) {
		int64_t left = deadline - duration_now();
		if (left <= 0)
			return 0;
		if (pause > LOOK_MAX_MS)
			pause = LOOK_MAX_MS;
		if (patience_wait(-1, 0, pause < left ? pause : (int)left,
				  "cannot wait for the end of what holds the lock", error) < 0)
			return -1;
	}
	return 0;
}

/* One round: the signal to all, and at most so long for each to end. Returns how many there were, -1 on failure. */
static ssize_t signal_all(int directory, unsigned depth, int signal, int64_t wait_ms, struct error *error)
{
	CLEANUP_SURVIVORS struct survivors survivors = {0};
	if (survivors_find(directory, depth, &survivors, error) < 0)
		return -1;
	for (size_t i = 0; i < survivors.pids.count; i++) {
		struct process process;
		if (!find_survivor(directory, depth, survivors.pids.items[i], &process))
			continue;
		if (process_signal(&process, signal) < 0)
			return error_set_errno(error, errno, "cannot end process %d, which holds the lock",
					       (int)process.pid);
		process_signal(&process, SIGCONT); /* who is stopped would not notice */
	}
	int64_t deadline = duration_now() + wait_ms;
	for (size_t i = 0; i < survivors.pids.count; i++) {
		if (wait_for_end(directory, depth, survivors.pids.items[i], deadline, error) < 0)
			return -1;
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
