/* SPDX-License-Identifier: MIT */
#include "guest/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);
	return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Whether the guest has something of its own there, which the host's files would hide. */
static bool is_kernels_own(const char *path)
{
	return is_below(path, "/proc") || is_below(path, "/sys") ||
	       (is_below(path, "/dev") && !is_below(path, "/dev/shm"));
}

/* Not so where something has been mounted over it since it was entered. */
static bool leads_here(const char *path)
{
	struct stat there, here;
	return stat(path, &there) == 0 && stat(".", &here) == 0 && there.st_dev == here.st_dev &&
	       there.st_ino == here.st_ino;
}

static int can_be_shared(const char *path, struct error *error)
{
	if (is_kernels_own(path)) {
		error_set(error, ERROR_FAILED,
			  "the working directory %s cannot be shared with a guest, which has /proc, /sys and /dev of "
			  "its own",
			  path);
		return error_remedy(error, "change to another directory");
	}
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0) {
		error_set_errno(error, errno, "the working directory %s is out of reach", path);
		return error_remedy(error, "change to a directory that you may enter");
	}
	if (!leads_here(path)) {
		error_set(error, ERROR_FAILED, "the working directory %s is hidden by another directory", path);
		return error_remedy(error, "change to the one that is there now");
	}
	return 0;
}

char *guest_directory(struct error *error)
{
	char *path = getcwd(NULL, 0);
	if (!path) {
		if (errno != ENOENT) {
			error_set_errno(error, errno, "cannot tell the working directory");
			return NULL;
		}
		error_set(error, ERROR_FAILED, "the working directory does not exist any more");
		error_remedy(error, "change to a directory that exists");
		return NULL;
	}
	if (can_be_shared(path, error) == 0)
		return path;
	free(path);
	return NULL;
}
