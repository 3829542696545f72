/* SPDX-License-Identifier: MIT */
#include "session/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "table/json.h"

/* What is being written. One that a killed run left is of no use to anybody. */
#define UNFINISHED_NAME "unfinished.json"

#define NESTED_PREFIX "journal-"

/* 1, 0, or -1 with an error. */
static int is_present(int directory, const char *name, struct error *error)
{
	struct stat file;
	if (fstatat(directory, name, &file, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : error_set_errno(error, errno, "cannot look for %s", name);
}

static int sync_directory(int directory, const char *name, struct error *error)
{
	/* EINVAL: a file system whose folders need no sync. */
	if (fsync(directory) < 0 && errno != EINVAL)
		return error_set_errno(error, errno, "cannot sync the folder of %s", name);
	return 0;
}

static void write_json(FILE *out, const void *table)
{
	table_write_json(out, table);
}

static int write_unfinished(int directory, const struct table *table, const char *name, struct error *error)
{
	if (unlinkat(directory, UNFINISHED_NAME, 0) < 0 && errno != ENOENT)
		return error_set_errno(error, errno, "cannot remove the unfinished %s", UNFINISHED_NAME);
	CLEANUP_CLOSE int descriptor =
		openat(directory, UNFINISHED_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (descriptor < 0)
		return error_set_errno(error, errno, "cannot create %s", name);

	if (file_stream(descriptor, name, write_json, table, error) < 0)
		return -1;
	if (fsync(descriptor) < 0)
		return error_set_errno(error, errno, "cannot sync %s", name);
	return 0;
}

/* Whoever holds the lock is the only one who writes here, so that what is not there now will not be in a moment. */
static int write_durably(int directory, const char *name, const struct table *table, struct error *error)
{
	const char *written = UNFINISHED_NAME;
	int failed = write_unfinished(directory, table, name, error);
	if (failed == 0 && renameat(directory, UNFINISHED_NAME, directory, name) < 0)
		failed = error_set_errno(error, errno, "cannot put %s in its place", name);
	else if (failed == 0)
		written = name;
	if (failed == 0)
		failed = sync_directory(directory, name, error);
	if (failed < 0)
		unlinkat(directory, written, 0);
	return failed;
}

char *journal_name(unsigned depth)
{
	return depth == 0 ? memory_copy_string("journal.json") : memory_printf(NESTED_PREFIX "%u.json", depth);
}

int journal_write(int directory, unsigned depth, const struct table *table, struct error *error)
{
	CLEANUP_FREE char *name = journal_name(depth);
	int present = is_present(directory, name, error);
	if (present < 0)
		return -1;
	if (present)
		return error_set(error, ERROR_FAILED, "%s is there already", name);
	return write_durably(directory, name, table, error);
}

int journal_present(int directory, unsigned depth, struct error *error)
{
	CLEANUP_FREE char *name = journal_name(depth);
	return is_present(directory, name, error);
}

int journal_read(int directory, unsigned depth, const char *path, struct table *table, struct error *error)
{
	CLEANUP_FREE char *file_name = journal_name(depth);
	CLEANUP_FREE char *name = memory_printf("%s/%s", path, file_name);
	/* O_NONBLOCK: a FIFO must not hang us before it is refused. */
	CLEANUP_CLOSE int descriptor =
		openat(directory, file_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (descriptor < 0)
		return error_set_errno(error, errno, "cannot open %s", name);
	struct stat file;
	if (fstat(descriptor, &file) < 0)
		return error_set_errno(error, errno, "cannot look at %s", name);
	if (!S_ISREG(file.st_mode) || file.st_uid != geteuid())
		return error_set(error, ERROR_PERMISSION, "%s is not a regular file of ours", name);

	size_t length;
	CLEANUP_FREE char *text = file_read_descriptor(descriptor, name, &length, error);
	return text ? table_from_json(table, text, length, name, error) : -1;
}

/* The depth of the journal that has this name; 0 where it is no nested run's. */
static unsigned nested_depth(const char *name)
{
	if (strncmp(name, NESTED_PREFIX, strlen(NESTED_PREFIX)) != 0)
		return 0;
	unsigned depth = (unsigned)strtoul(name + strlen(NESTED_PREFIX), NULL, 10);
	CLEANUP_FREE char *expected = journal_name(depth);
	return strcmp(name, expected) == 0 ? depth : 0;
}

static int remove_journal(int directory, const char *name, struct error *error)
{
	if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
		return error_set_errno(error, errno, "cannot remove %s", name);
	return sync_directory(directory, name, error);
}

int journal_drop_deeper(int directory, unsigned depth, struct error *error)
{
	int descriptor = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *files = descriptor < 0 ? NULL : fdopendir(descriptor);
	if (!files) {
		error_set_errno(error, errno, "cannot look for journals");
		file_cleanup_close(&descriptor);
		return -1;
	}
	int failed = 0;
	for (const struct dirent *file; failed == 0 && (file = readdir(files));) {
		if (nested_depth(file->d_name) > depth)
			failed = remove_journal(directory, file->d_name, error);
	}
	closedir(files);
	return failed;
}

int journal_drop(int directory, unsigned depth, struct error *error)
{
	CLEANUP_FREE char *name = journal_name(depth);
	if (journal_drop_deeper(directory, depth, error) < 0)
		return -1;
	return remove_journal(directory, name, error);
}

/* A name that is free. NULL with an error; the caller frees. */
static char *name_replaced(int directory, struct error *error)
{
	time_t now = time(NULL);
	struct tm local = {0};
	char when[64];
	localtime_r(&now, &local);
	strftime(when, sizeof when, "%Y%m%d-%H%M%S", &local);

	char *name = memory_printf("replaced-%s.json", when);
	for (unsigned number = 2;; number++) {
		int present = is_present(directory, name, error);
		if (present == 0)
			return name;
		free(name);
		if (present < 0)
			return NULL;
		name = memory_printf("replaced-%s-%u.json", when, number);
	}
}

char *journal_save_replaced(int directory, const struct table *table, struct error *error)
{
	char *name = name_replaced(directory, error);
	if (name && write_durably(directory, name, table, error) < 0) {
		free(name);
		return NULL;
	}
	return name;
}
