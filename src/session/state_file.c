/* SPDX-License-Identifier: MIT */
#include "session/state_file.h"

#include <dirent.h>
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

static int sync_directory(int directory, const char *name, struct error *error)
{
	/* EINVAL: a file system whose folders need no sync. */
	if (fsync(directory) < 0 && errno != EINVAL)
		return error_set_errno(error, errno, "cannot sync the folder of %s", name);
	return 0;
}

int state_file_write(int directory, const char *name, file_text *text, const void *context, struct error *error)
{
	CLEANUP_FREE char *unfinished = memory_printf("%s" STATE_FILE_UNFINISHED, name);
	if (unlinkat(directory, unfinished, 0) < 0 && errno != ENOENT)
		return error_set_errno(error, errno, "cannot remove %s", unfinished);
	const struct replacement replacement = {.path = name, .beside = unfinished, .mode = 0600};
	int failed = target_replace(directory, name, &replacement, text, context, error);
	if (failed < 0)
		unlinkat(directory, name, 0);
	return failed;
}

int state_file_present(int directory, const char *name, struct error *error)
{
	struct stat file;
	if (fstatat(directory, name, &file, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : error_set_errno(error, errno, "cannot look for %s", name);
}

char *state_file_read(int directory, const char *name, const char *path, size_t *length, struct error *error)
{
	/* O_NONBLOCK: a FIFO must not hang us before it is refused. */
	CLEANUP_CLOSE int descriptor =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat file;
	if (descriptor < 0) {
		error_set_errno(error, errno, "cannot open %s", path);
		return NULL;
	}
	if (fstat(descriptor, &file) < 0) {
		error_set_errno(error, errno, "cannot look at %s", path);
		return NULL;
	}
	if (!S_ISREG(file.st_mode) || file.st_uid != geteuid()) {
		error_set(error, ERROR_PERMISSION, "%s is not a regular file of ours", path);
		return NULL;
	}
	return file_read_descriptor(descriptor, path, length, error);
}

void state_file_names_clear(struct state_file_names *names)
{
	for (size_t i = 0; i < names->list.count; i++)
		free(names->list.items[i]);
	array_free(&names->list);
}

int state_file_find(int directory, const char *prefix, struct state_file_names *names, struct error *error)
{
	/* Not a copy of the descriptor, which would share its place in the list with others. */
	int descriptor = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = descriptor < 0 ? NULL : fdopendir(descriptor);
	if (!folder) {
		error_set_errno(error, errno, "cannot list the state directory");
		file_cleanup_close(&descriptor);
		return -1;
	}
	const struct dirent *file;
	while ((errno = 0, file = readdir(folder))) {
		if (strncmp(file->d_name, prefix, strlen(prefix)) == 0)
			*array_append(&names->list) = memory_copy_string(file->d_name);
	}
	int failed = errno ? error_set_errno(error, errno, "cannot list the state directory") : 0;
	closedir(folder);
	return failed;
}

int state_file_drop(int directory, const char *name, struct error *error)
{
	if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
		return error_set_errno(error, errno, "cannot remove %s", name);
	return sync_directory(directory, name, error);
}
