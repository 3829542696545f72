/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/patience.h"
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

/* What is read takes up to ten times its length in memory once it is understood. */
static size_t length_limit(void)
{
	struct sysinfo machine;
	if (sysinfo(&machine) < 0)
		return FILE_LENGTH_MAX;
	uint64_t tenth = (uint64_t)machine.totalram * machine.mem_unit / 10;
	return tenth < FILE_LENGTH_MAX ? (size_t)tenth : FILE_LENGTH_MAX;
}

static char *fail_too_long(const char *name, size_t limit, struct error *error)
{
	if (limit == FILE_LENGTH_MAX)
		error_set(error, ERROR_INPUT, "%s is longer than 1 GiB", name);
	else
		error_set(error, ERROR_INPUT, "%s is longer than %zu MiB, a tenth of this machine's memory", name,
			  limit >> 20);
	return NULL;
}

/* /dev/null is the name of nothing. */
static bool is_null(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

/* Other devices have no end, or are a disk. */
static int check_kind(int descriptor, const struct stat *status, const char *name, struct error *error)
{
	if (S_ISDIR(status->st_mode))
		return error_set_errno(error, EISDIR, "cannot read %s", name);
	if (S_ISREG(status->st_mode) || S_ISFIFO(status->st_mode) || S_ISSOCK(status->st_mode) || is_null(status) ||
	    isatty(descriptor))
		return 0;
	return error_set(error, ERROR_INPUT, "cannot read %s: it is a device, and neither a file nor a pipe", name);
}

/* As read(2). What is no file may keep us waiting, which must not make us deaf to signals. */
static ssize_t read_some(int descriptor, bool is_file, char *bytes, size_t room, const char *name, struct error *error)
{
	CLEANUP_FREE char *failure = is_file ? NULL : memory_printf("cannot read %s", name);
	for (;;) {
		if (!is_file && patience_wait(descriptor, POLLIN, PATIENCE_FOR_EVER, failure, error) < 0)
			return -1;
		ssize_t got = read(descriptor, bytes, room);
		bool again = got < 0 && (errno == EINTR || (errno == EAGAIN && !is_file));
		if (got < 0 && !again)
			return error_set_errno(error, errno, "cannot read %s", name);
		if (!again)
			return got;
	}
}

char *file_read_descriptor(int descriptor, const char *name, size_t *length, struct error *error)
{
	struct stat status;
	if (fstat(descriptor, &status) < 0) {
		error_set_errno(error, errno, "cannot read %s", name);
		return NULL;
	}
	if (check_kind(descriptor, &status, name, error) < 0)
		return NULL;
	/* What is seen to be too long, such as a file with holes, need not be read for that. */
	const size_t limit = length_limit();
	const bool is_file = S_ISREG(status.st_mode);
	if (is_file && status.st_size > (off_t)limit)
		return fail_too_long(name, limit, error);

	size_t room = 16384;
	size_t used = 0;
	CLEANUP_FREE char *bytes = memory_allocate(room, 1);
	for (;;) {
		ssize_t got = read_some(descriptor, is_file, bytes + used, room - used - 1, name, error);
		if (got < 0)
			return NULL;
		if (got == 0)
			break;
		used += (size_t)got;
		if (used > limit)
			return fail_too_long(name, limit, error);
		if (used + 1 == room) {
			/* Doubling cannot overflow before the file is too long. */
			room = room < limit ? room * 2 : limit + 2;
			bytes = memory_resize(bytes, room, 1);
		}
	}
	bytes[used] = '\0';
	*length = used;
	char *whole = bytes;
	bytes = NULL;
	return whole;
}

/* O_NONBLOCK: a pipe that nobody writes to shall not hold us before we have seen that it is one. */
static int open_to_read(const char *path, struct error *error)
{
	int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return descriptor < 0 ? error_set_errno(error, errno, "cannot open %s", path) : descriptor;
}

char *file_read(const char *path, size_t *length, struct error *error)
{
	if (strcmp(path, "-") == 0)
		return file_read_descriptor(STDIN_FILENO, "standard input", length, error);
	CLEANUP_CLOSE int descriptor = open_to_read(path, error);
	return descriptor < 0 ? NULL : file_read_descriptor(descriptor, path, length, error);
}

char *file_read_regular(const char *path, size_t *length, struct error *error)
{
	CLEANUP_CLOSE int descriptor = open_to_read(path, error);
	struct stat status;
	if (descriptor < 0)
		return NULL;
	if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
		return file_read_descriptor(descriptor, path, length, error);
	error_set(error, ERROR_INPUT, "cannot read %s: it is no regular file", path);
	return NULL;
}

int file_write_all(int descriptor, const char *name, const char *bytes, size_t length, struct error *error)
{
	CLEANUP_FREE char *failure = memory_printf("cannot write %s", name);
	while (length > 0) {
		ssize_t put = write(descriptor, bytes, length);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN) {
			if (patience_wait(descriptor, POLLOUT, PATIENCE_FOR_EVER, failure, error) < 0)
				return -1;
			continue;
		}
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

int file_empty_input(struct error *error)
{
	CLEANUP_CLOSE int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (nothing >= 0 && dup2(nothing, STDIN_FILENO) == STDIN_FILENO)
		return 0;
	return error_set_errno(error, errno, "cannot make standard input empty with /dev/null");
}

int file_write(const char *path, const char *bytes, size_t length, mode_t mode, struct error *error)
{
	CLEANUP_TARGET struct target target = TARGET_INIT;
	return target_find(&target, path, error) < 0 ? -1
						     : target_write_bytes(&target, mode, true, bytes, length, error);
}
