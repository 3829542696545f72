/* SPDX-License-Identifier: MIT */
#include "session/lock_proof.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/mountinfo.h"
#include "base/proc.h"
#include "process/descendants.h"

/* The caller frees. /proc may be that of another PID namespace, where we have another number. */
static char *process_folder(pid_t pid, const char *name)
{
	return pid == getpid() ? memory_printf("/proc/self/%s", name) : memory_printf("/proc/%d/%s", (int)pid, name);
}

/* As lock_held_through(); a shared lock counts, too, unless `alone`. */
static bool is_held_through(pid_t pid, int descriptor, bool alone)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *folder = process_folder(pid, "fdinfo");
	CLEANUP_FREE char *path = memory_printf("%s/%d", folder, descriptor);
	size_t length;
	CLEANUP_FREE char *text = file_read(path, &length, &ignored);

	char *rest = NULL;
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "lock:", 5) == 0 && strstr(line, " FLOCK ") && (!alone || strstr(line, " WRITE ")))
			return true;
	}
	return false;
}

bool lock_held_through(pid_t pid, int descriptor)
{
	return is_held_through(pid, descriptor, true);
}

static struct flock whole_file(void)
{
	return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

void lock_mark(int descriptor)
{
	struct flock mark = whole_file();
	fcntl(descriptor, F_OFD_SETLK, &mark);
}

bool lock_is_marked(int descriptor)
{
	struct flock mark = whole_file();
	return fcntl(descriptor, F_OFD_GETLK, &mark) == 0 && mark.l_type != F_UNLCK;
}

/* Of one line of /proc/locks: who locked the file so, 0 where it is about another, or about one who waits. */
static pid_t parse_lock(const char *line, const struct stat *lock, bool *shared)
{
	char mode[8];
	int pid;
	unsigned major_number, minor_number;
	uintmax_t inode;
	if (sscanf(line, "%*u: FLOCK %*s %7s %d %x:%x:%ju", mode, &pid, &major_number, &minor_number, &inode) != 5)
		return 0;
	*shared = strcmp(mode, "READ") == 0;
	return major_number == major(lock->st_dev) && minor_number == minor(lock->st_dev) && inode == lock->st_ino ? pid
														   : 0;
}

/* What the kernel's list calls the file system of an open file: overlayfs and btrfs tell stat(2) another number. */
static dev_t device_in_list(int descriptor, dev_t told)
{
	CLEANUP_FREE char *line = mountinfo_line(descriptor);
	unsigned major_number = 0, minor_number = 0;
	bool listed = line && sscanf(line, "%*d %*d %u:%u ", &major_number, &minor_number) == 2;
	return listed ? makedev(major_number, minor_number) : told;
}

/* That process, or with 0 the first, that has locked the file, alone where `alone` says so; 0 where there is none. */
static pid_t find_listed(int descriptor, pid_t wanted, bool alone)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	struct stat lock;
	size_t length;
	if (fstat(descriptor, &lock) < 0)
		return 0;
	lock.st_dev = device_in_list(descriptor, lock.st_dev);
	CLEANUP_FREE char *text = file_read("/proc/locks", &length, &ignored);
	char *rest = NULL;
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		bool shared;
		pid_t pid = parse_lock(line, &lock, &shared);
		if (pid != 0 && (wanted == 0 || pid == wanted) && !(alone && shared))
			return pid;
	}
	return 0;
}

pid_t lock_find_taker(int descriptor)
{
	return find_listed(descriptor, 0, false);
}

/* As is_held_by(), by what may be looked at; `hidden` where something may not. */
static bool is_seen_to_hold(DIR *descriptors, pid_t pid, const struct stat *lock, bool alone, bool *hidden)
{
	for (const struct dirent *entry; (entry = readdir(descriptors));) {
		struct stat file;
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (fstatat(dirfd(descriptors), entry->d_name, &file, 0) < 0)
			*hidden |= errno == EACCES;
		else if (file.st_dev == lock->st_dev && file.st_ino == lock->st_ino &&
			 is_held_through(pid, (int)strtol(entry->d_name, NULL, 10), alone))
			return true;
	}
	return false;
}

/* As lock_held_by(); a shared lock counts, too, unless `alone`. */
static bool is_held_by(pid_t pid, int descriptor, bool alone)
{
	struct stat lock;
	if (fstat(descriptor, &lock) < 0)
		return false;
	CLEANUP_FREE char *path = process_folder(pid, "fd");
	DIR *descriptors = opendir(path);
	bool hidden = !descriptors && errno == EACCES;
	bool holds = descriptors && is_seen_to_hold(descriptors, pid, &lock, alone, &hidden);
	if (descriptors)
		closedir(descriptors);
	/* Of who has more capabilities than we the folder may be listed, and nothing in it looked at. */
	return holds || (hidden && find_listed(descriptor, pid, alone) == pid);
}

bool lock_held_by(pid_t pid, int descriptor)
{
	return is_held_by(pid, descriptor, true);
}

bool lock_held_above(int descriptor)
{
	struct process process = {.parent = getppid()};
	bool held = is_held_by(getpid(), descriptor, false);
	if (held || !proc_is_ours())
		return held;
	for (pid_t pid = process.parent; pid > 0 && !held; pid = process.parent) {
		held = is_held_by(pid, descriptor, false);
		if (process_find(pid, &process) <= 0)
			break;
	}
	return held;
}
