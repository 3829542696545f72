/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/target.h"

/* More is a device, or a mistake. It is also how much memory a file can take. */
#define FILE_LENGTH_MAX ((size_t)1 << 30)

/* A stream writes in pieces of this. Calls of the system are dear in the embedded kernel. */
#define STREAM_BUFFER (64u * 1024)

void file_cleanup_close(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
}

static char *fail_too_long(const char *name, struct error *error)
{
	error_set(error, ERROR_INPUT, "%s is longer than 1 GiB", name);
	return NULL;
}

char *file_read_descriptor(int descriptor, const char *name, size_t *length, struct error *error)
{
	/* What is seen to be too long, such as a file with holes, need not be read for that. */
	struct stat status;
	if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > (off_t)FILE_LENGTH_MAX)
		return fail_too_long(name, error);

	size_t room = 16384;
	size_t used = 0;
	CLEANUP_FREE char *bytes = memory_allocate(room, 1);
	for (;;) {
		ssize_t got = read(descriptor, bytes + used, room - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_set_errno(error, errno, "cannot read %s", name);
			return NULL;
		}
		if (got == 0)
			break;
		used += (size_t)got;
		if (used > FILE_LENGTH_MAX)
			return fail_too_long(name, error);
		if (used + 1 == room) {
			/* Doubling cannot overflow before the file is too long. */
			room = room < FILE_LENGTH_MAX ? room * 2 : FILE_LENGTH_MAX + 2;
			bytes = memory_resize(bytes, room, 1);
		}
	}
	bytes[used] = '\0';
	*length = used;
	char *whole = bytes;
	bytes = NULL;
	return whole;
}

char *file_read(const char *path, size_t *length, struct error *error)
{
	if (strcmp(path, "-") == 0)
		return file_read_descriptor(STDIN_FILENO, "standard input", length, error);
	CLEANUP_CLOSE int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0) {
		error_set_errno(error, errno, "cannot open %s", path);
		return NULL;
	}
	return file_read_descriptor(descriptor, path, length, error);
}

int file_write_all(int descriptor, const char *name, const char *bytes, size_t length, struct error *error)
{
	while (length > 0) {
		ssize_t put = write(descriptor, bytes, length);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_set_errno(error, errno, "cannot write %s", name);
		bytes += put;
		length -= (size_t)put;
	}
	return 0;
}

/* Where a stream's bytes go. */
struct sink {
	int descriptor;
	const char *name;
	struct error *error; /* of the first write that failed */
	bool failed;
};

static ssize_t sink_write(void *cookie, const char *bytes, size_t length)
{
	struct sink *sink = cookie;
	sink->failed = sink->failed || file_write_all(sink->descriptor, sink->name, bytes, length, sink->error) < 0;
	return sink->failed ? 0 : (ssize_t)length;
}

int file_stream(int descriptor, const char *name, file_text *text, const void *context, struct error *error)
{
	struct sink sink = {.descriptor = descriptor, .name = name, .error = error};
	FILE *out = fopencookie(&sink, "w", (cookie_io_functions_t){.write = sink_write});
	if (!out)
		return error_set_errno(error, errno, "cannot write %s", name);
	setvbuf(out, NULL, _IOFBF, STREAM_BUFFER);
	text(out, context);
	fclose(out);
	return sink.failed ? -1 : 0;
}

int file_write_text(const char *path, file_text *text, const void *context, mode_t mode, struct error *error)
{
	CLEANUP_TARGET struct target target = TARGET_INIT;
	return target_find(&target, path, error) < 0 ? -1 : target_write(&target, mode, true, text, context, error);
}

int file_write(const char *path, const char *bytes, size_t length, mode_t mode, struct error *error)
{
	CLEANUP_TARGET struct target target = TARGET_INIT;
	return target_find(&target, path, error) < 0 ? -1
						     : target_write_bytes(&target, mode, true, bytes, length, error);
}
