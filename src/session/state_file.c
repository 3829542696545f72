/* SPDX-License-Identifier: MIT */
#include "session/state_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"
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

/* ---- the checksum ---- */

/* A file's end, from the line with the checksum on. It comes last, so that a file is summed while it is written. */
#define ENDING_BEFORE "  \"checksum\": \"" CHECKSUM_PREFIX
#define ENDING_BEHIND "\"\n}\n"
#define ENDING ENDING_BEFORE "%0*" PRIx32 ENDING_BEHIND
#define ENDING_LENGTH (strlen(ENDING_BEFORE) + CHECKSUM_DIGITS + strlen(ENDING_BEHIND))

/* What is written before the checksum. */
struct summed {
	file_text *text;
	const void *context;
};

/* Of the bytes that a stream sends on to another. */
struct sum {
	FILE *out;
	uint32_t value;
};

static ssize_t add_to_sum(void *cookie, const char *bytes, size_t length)
{
	struct sum *sum = cookie;
	sum->value = checksum_add(sum->value, bytes, length);
	return (ssize_t)fwrite(bytes, 1, length, sum->out);
}

/* A file_text. */
static void write_summed(FILE *out, const void *context)
{
	const struct summed *summed = context;
	struct sum sum = {.out = out};
	FILE *stream = fopencookie(&sum, "w", (cookie_io_functions_t){.write = add_to_sum});
	if (!stream)
		abort(); /* there is no memory */
	summed->text(stream, summed->context);
	fputs(",\n", stream);
	fclose(stream);
	fprintf(out, ENDING, CHECKSUM_DIGITS, sum.value);
}

static int check_sum(const char *bytes, size_t length, const char *path, struct error *error)
{
	size_t summed = length < ENDING_LENGTH ? 0 : length - ENDING_LENGTH;
	CLEANUP_FREE char *expected = memory_printf(ENDING, CHECKSUM_DIGITS, checksum_add(0, bytes, summed));
	if (length - summed == ENDING_LENGTH && memcmp(bytes + summed, expected, ENDING_LENGTH) == 0)
		return 0;
	return error_set(error, ERROR_FAILED,
			 "%s does not end with the checksum of what is before it: "
			 "it was changed or cut short, or another version wrote it",
			 path);
}

/* ---- files ---- */

int state_file_write(int directory, const char *name, file_text *text, const void *context, struct error *error)
{
	CLEANUP_FREE char *unfinished = memory_printf("%s" STATE_FILE_UNFINISHED, name);
	if (unlinkat(directory, unfinished, 0) < 0 && errno != ENOENT)
		return error_set_errno(error, errno, "cannot remove %s", unfinished);
	const struct replacement replacement = {.path = name, .beside = unfinished, .mode = 0600};
	const struct summed summed = {.text = text, .context = context};
	int failed = target_replace(directory, name, &replacement, write_summed, &summed, error);
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
	char *text = file_read_descriptor(descriptor, path, length, error);
	if (text && check_sum(text, *length, path, error) < 0) {
		free(text);
		return NULL;
	}
	return text;
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
