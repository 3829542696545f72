/* SPDX-License-Identifier: MIT */
#include "session/lock_proof.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/memory.h"

bool lock_held_through(pid_t pid, int descriptor)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *path = memory_printf("/proc/%d/fdinfo/%d", (int)pid, descriptor);
	size_t length;
	CLEANUP_FREE char *text = file_read(path, &length, &ignored);

	char *rest = NULL;
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "lock:", 5) == 0 && strstr(line, " FLOCK ") && strstr(line, " WRITE "))
			return true;
	}
	return false;
}

/* The same by the kernel's list of locks, where a process's descriptors may not be looked at: who has taken it. */
static bool has_taken(pid_t pid, const struct stat *lock)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	size_t length;
	CLEANUP_FREE char *text = file_read("/proc/locks", &length, &ignored);
	CLEANUP_FREE char *wanted = memory_printf(" FLOCK  ADVISORY  WRITE %d %02x:%02x:%ju ", (int)pid,
						  major(lock->st_dev), minor(lock->st_dev), (uintmax_t)lock->st_ino);
	return text && strstr(text, wanted);
}

bool lock_held_by(pid_t pid, const struct stat *lock)
{
	CLEANUP_FREE char *path = memory_printf("/proc/%d/fd", (int)pid);
	DIR *descriptors = opendir(path);
	if (!descriptors && errno == EACCES)
		return has_taken(pid, lock);
	bool holds = false;
	for (const struct dirent *entry; descriptors && !holds && (entry = readdir(descriptors));) {
		struct stat file;
		holds = isdigit((unsigned char)entry->d_name[0]) &&
			fstatat(dirfd(descriptors), entry->d_name, &file, 0) == 0 && file.st_dev == lock->st_dev &&
			file.st_ino == lock->st_ino && lock_held_through(pid, (int)strtol(entry->d_name, NULL, 10));
	}
	if (descriptors)
		closedir(descriptors);
	return holds;
}
