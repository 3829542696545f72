/* SPDX-License-Identifier: MIT */
#include "base/target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/memory.h"
#include "base/patience.h"

/* How long a pipe may have no reader when it is written to, and how often that is looked at. */
#define READER_WAIT_MS 10000
#define READER_LOOK_MS 20

void target_clear(struct target *target)
{
	way_clear(&target->way);
	file_cleanup_close(&target->stream);
	free(target->path);
	*target = TARGET_INIT;
}

static int fail(const struct target *target, int number, struct error *error)
{
	error_set_errno(error, number, "cannot write %s", target->path);
	return -1;
}

/* ---- what is written to as it is ---- */

bool target_is_stream(const struct target *target)
{
	mode_t mode = target->way.there.st_mode;
	return target->stream >= 0 || (mode && !S_ISREG(mode));
}

/* Takes a copy. It must be one that we were given: our own are closed for programs that we start. */
static int take_descriptor(struct target *target, int descriptor, struct error *error)
{
	int flags = fcntl(descriptor, F_GETFD);
	int access = fcntl(descriptor, F_GETFL);
	if (flags < 0 || access < 0 || flags & FD_CLOEXEC || (access & O_ACCMODE) == O_RDONLY)
		return fail(target, EBADF, error);
	target->stream = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return target->stream < 0 ? fail(target, errno, error) : 0;
}

int target_take(struct target *target, int descriptor, const char *path, struct error *error)
{
	*target = TARGET_INIT;
	target->path = memory_copy_string(path);
	if (take_descriptor(target, descriptor, error) == 0)
		return 0;
	target_clear(target);
	return -1;
}

/* -1: it is no number of a descriptor. */
static int read_number(const char *text)
{
	errno = 0;
	long number = *text && !text[strspn(text, "0123456789")] ? strtol(text, NULL, 10) : -1;
	return errno || number > INT_MAX ? INT_MAX : (int)number;
}

/* Which descriptor a path is a name of; -1: of none. To walk there would take descriptors, perhaps that very one. */
static int descriptor_named(const char *path)
{
	static const char *const directories[] = {"/dev/fd/", "/proc/self/fd/"};
	if (strcmp(path, "/dev/stdout") == 0)
		return STDOUT_FILENO;
	if (strcmp(path, "/dev/stderr") == 0)
		return STDERR_FILENO;
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		size_t length = strlen(directories[i]);
		if (strncmp(path, directories[i], length) == 0)
			return read_number(path + length);
	}
	return -1;
}

/* The same of what a walk led to, by a link. */
static int descriptor_found(const struct way *way)
{
	struct stat here, own;
	bool is_own = way->unnamed && fstat(way->directory, &here) == 0 && stat("/proc/self/fd", &own) == 0 &&
		      here.st_dev == own.st_dev && here.st_ino == own.st_ino;
	return is_own ? read_number(way->name) : -1;
}

/* Opens what was found, and nothing that has come in its place. -1 with errno; ENXIO: a pipe that nobody reads. */
static int open_found(const struct target *target, int flags)
{
	const struct way *way = &target->way;
	struct stat now;
	/* Only proc(5) knows a way to what is unnamed. */
	flags |= O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (way->unnamed ? O_TRUNC : O_NOFOLLOW);
	int found = openat(way->directory, way->name, flags);
	if (found >= 0 &&
	    (fstat(found, &now) < 0 || now.st_dev != way->there.st_dev || now.st_ino != way->there.st_ino)) {
		close(found);
		errno = ESTALE;
		return -1;
	}
	return found;
}

static int find_stream(struct target *target, struct error *error)
{
	int own = descriptor_found(&target->way);
	if (own >= 0)
		return take_descriptor(target, own, error);
	if (!target->way.unnamed && !target_is_stream(target))
		return 0;
	mode_t mode = target->way.there.st_mode;
	if (S_ISSOCK(mode) || S_ISBLK(mode))
		return error_set(error, ERROR_INPUT, "cannot write %s: it is no regular file, no pipe and no terminal",
				 target->path);
	target->stream = open_found(target, 0);
	/* A reader may come later. */
	bool later = target->stream < 0 && errno == ENXIO && S_ISFIFO(mode);
	return target->stream >= 0 || later ? 0 : fail(target, errno, error);
}

int target_find(struct target *target, const char *path, struct error *error)
{
	int own = descriptor_named(path);
	if (own >= 0)
		return target_take(target, own, path, error);
	*target = TARGET_INIT;
	if (way_walk(&target->way, path, error) < 0)
		return -1;
	target->path = memory_copy_string(path);
	if (find_stream(target, error) == 0)
		return 0;
	target_clear(target);
	return -1;
}

static int wait_for_reader(const struct target *target, struct error *error)
{
	CLEANUP_FREE char *failure = memory_printf("cannot write %s: nobody reads this pipe", target->path);
	int64_t end = duration_now() + READER_WAIT_MS;
	for (;;) {
		int stream = open_found(target, 0);
		if (stream >= 0)
			return stream;
		if (errno != ENXIO)
			return fail(target, errno, error);
		if (duration_now() > end)
			return error_set(error, ERROR_FAILED, "%s", failure);
		if (patience_wait(-1, 0, READER_LOOK_MS, failure, error) < 0)
			return -1;
	}
}

int target_open_stream(const struct target *target, struct error *error)
{
	if (target->stream < 0)
		return wait_for_reader(target, error);
	int stream = fcntl(target->stream, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return stream < 0 ? fail(target, errno, error) : stream;
}

/* ---- files ---- */

/* A name that is free. The caller frees. */
static char *name_beside(void)
{
	uint64_t number = 0;
	/* So few bytes come whole; and a name that is there already does no harm. */
	if (getrandom(&number, sizeof number, 0) < 0)
		number = (uint64_t)getpid();
	return memory_printf(".ipvs-iso-%016" PRIx64, number);
}

static int create(int directory, const char *name, mode_t mode, const char *path, struct error *error)
{
	int descriptor = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (descriptor < 0)
		error_set_errno(error, errno, "cannot write %s: cannot create a file in its directory", path);
	return descriptor;
}

int target_try(const struct target *target, struct error *error)
{
	if (target_is_stream(target))
		return 0;
	CLEANUP_FREE char *trial = name_beside();
	CLEANUP_CLOSE int descriptor = create(target->way.directory, trial, 0600, target->path, error);
	if (descriptor < 0)
		return -1;
	unlinkat(target->way.directory, trial, 0);
	return 0;
}

static int sync_directory(int directory, const char *path, struct error *error)
{
	CLEANUP_CLOSE int descriptor = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* EACCES: who may write there and not list it cannot sync it. EINVAL: some file systems have no need of it. */
	if (descriptor < 0 && errno == EACCES)
		return 0;
	if (descriptor < 0 || (fsync(descriptor) < 0 && errno != EINVAL))
		return error_set_errno(error, errno, "cannot sync the directory of %s", path);
	return 0;
}

static int write_beside(int directory, const struct replacement *replacement, file_text *text, const void *context,
			struct error *error)
{
	const char *path = replacement->path;
	mode_t mode = replacement->mode ? replacement->mode : 0600;
	CLEANUP_CLOSE int descriptor = create(directory, replacement->beside, mode, path, error);
	if (descriptor < 0)
		return -1;
	int failed = file_stream(descriptor, path, text, context, error);
	if (failed == 0 && !replacement->mode && fchmod(descriptor, replacement->exact_mode) < 0)
		failed = error_set_errno(error, errno, "cannot set the mode of %s", path);
	/* A disk may notice only now that it is full. */
	if (failed == 0 && fsync(descriptor) < 0 && errno != EINVAL)
		failed = error_set_errno(error, errno, "cannot write %s", path);
	if (failed < 0)
		unlinkat(directory, replacement->beside, 0);
	return failed;
}

int target_replace(int directory, const char *name, const struct replacement *replacement, file_text *text,
		   const void *context, struct error *error)
{
	if (write_beside(directory, replacement, text, context, error) < 0)
		return -1;
	/* What is there is replaced, a link as well: nothing is followed any more. */
	if (renameat(directory, replacement->beside, directory, name) < 0) {
		error_set_errno(error, errno, "cannot put %s in its place", replacement->path);
		unlinkat(directory, replacement->beside, 0);
		return -1;
	}
	return sync_directory(directory, replacement->path, error);
}

int target_write(const struct target *target, mode_t mode, bool keep, file_text *text, const void *context,
		 struct error *error)
{
	if (target_is_stream(target)) {
		CLEANUP_CLOSE int stream = target_open_stream(target, error);
		return stream < 0 ? -1 : file_stream(stream, target->path, text, context, error);
	}
	CLEANUP_FREE char *beside = name_beside();
	bool keeps = keep && target->way.there.st_mode && !way_is_strange(&target->way);
	const struct replacement replacement = {
		.path = target->path,
		.beside = beside,
		.mode = keeps ? 0 : mode,
		.exact_mode = target->way.there.st_mode & 0777,
	};
	return target_replace(target->way.directory, target->way.name, &replacement, text, context, error);
}

/* A text that is there. */
struct bytes {
	const char *bytes;
	size_t length;
};

static void write_bytes(FILE *out, const void *context)
{
	const struct bytes *bytes = context;
	fwrite(bytes->bytes, 1, bytes->length, out);
}

int target_write_bytes(const struct target *target, mode_t mode, bool keep, const char *bytes, size_t length,
		       struct error *error)
{
	const struct bytes text = {.bytes = bytes, .length = length};
	return target_write(target, mode, keep, write_bytes, &text, error);
}

/* ---- appending ---- */

/* What another user put there, or another name of a file that is elsewhere, is not what was meant. */
static int refuse_trap(const struct target *target, struct error *error)
{
	const struct way *way = &target->way;
	if (!way_is_strange(way) && !(way->shared && way->there.st_nlink > 1))
		return 0;
	error_set(error, ERROR_PERMISSION,
		  "cannot write %s: it is a file that another user may have put into a sticky directory", target->path);
	return error_remedy(error, "name a file in a directory that others may not write to");
}

static int open_to_append(const struct target *target, struct error *error)
{
	const struct way *way = &target->way;
	if (target_is_stream(target))
		return target_open_stream(target, error);
	if (way->there.st_mode && refuse_trap(target, error) < 0)
		return -1;
	int descriptor = way->there.st_mode
				 ? open_found(target, O_APPEND)
				 : openat(way->directory, way->name,
					  O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	return descriptor < 0 ? fail(target, errno, error) : descriptor;
}

int target_append(const char *path, const char *bytes, size_t length, struct error *error)
{
	CLEANUP_TARGET struct target target = TARGET_INIT;
	if (target_find(&target, path, error) < 0)
		return -1;
	CLEANUP_CLOSE int descriptor = open_to_append(&target, error);
	return descriptor < 0 ? -1 : file_write_all(descriptor, path, bytes, length, error);
}
