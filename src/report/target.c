/* SPDX-License-Identifier: MIT */
#include "report/target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/walk.h"
#include "process/output.h"
#include "process/supervise.h"

/* How long a pipe may have no reader when the report is there, and how often that is looked at. */
#define READER_WAIT_MS 10000
#define READER_LOOK_MS 20

void report_target_close(struct report_target *target)
{
	file_cleanup_close(&target->directory);
	file_cleanup_close(&target->stream);
	free(target->path);
	free(target->name);
	*target = REPORT_TARGET_INIT;
}

/* ---- finding it ---- */

/* What the kernel allows where fs.protected_symlinks and fs.protected_fifos are 1. */
static int judge_step(void *context, const struct walk_step *step, struct error *error)
{
	const char *path = context;
	struct stat folder;
	if (!S_ISLNK(step->status.st_mode) && !S_ISFIFO(step->status.st_mode))
		return 0;
	if (fstat(step->directory, &folder) < 0)
		return error_set_errno(error, errno, "cannot write %s", path);
	bool for_everybody = (folder.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH);
	if (!for_everybody || step->status.st_uid == geteuid() || step->status.st_uid == folder.st_uid)
		return 0;
	error_set(error, ERROR_PERMISSION,
		  "cannot write %s: %s is a %s that another user made in a folder which everybody may write to", path,
		  step->name, S_ISLNK(step->status.st_mode) ? "link" : "pipe");
	return error_remedy(error, "name the file that the report shall go to, or another folder");
}

/* What is there already, in `file`: it may be replaced where it is a file. Zeros: nothing is. */
static int check_end(const struct walk_end *end, const char *path, struct stat *file, struct error *error)
{
	*file = (struct stat){0};
	if (end->file < 0)
		return 0;
	if (fstat(end->file, file) < 0)
		return error_set_errno(error, errno, "cannot write %s", path);
	if (S_ISDIR(file->st_mode))
		return error_set_errno(error, EISDIR, "cannot write %s", path);
	if (!S_ISREG(file->st_mode) && !S_ISFIFO(file->st_mode) && !S_ISCHR(file->st_mode))
		return error_set(error, ERROR_INPUT, "cannot write %s: it is no regular file, no pipe and no terminal",
				 path);
	return 0;
}

static int find(struct report_target *target, struct stat *file, struct error *error)
{
	CLEANUP_WALK_END struct walk_end end = WALK_END_INIT;
	const struct walk_rules rules = {
		.from = AT_FDCWD, .purpose = "cannot write", .judge = judge_step, .context = target->path};
	if (walk(&end, &rules, target->path, error) < 0 || check_end(&end, target->path, file, error) < 0)
		return -1;
	target->directory = end.directory;
	target->name = end.name;
	end.directory = -1;
	end.name = NULL;
	return 0;
}

/* ---- what is written to as it is ---- */

/* Which descriptor a path stands for; -1: none. */
static int descriptor_named(const char *path)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
	if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0)
		return STDOUT_FILENO;
	if (strcmp(path, "/dev/stderr") == 0)
		return STDERR_FILENO;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		const char *number = path + strlen(folders[i]);
		if (strncmp(path, folders[i], strlen(folders[i])) != 0 || !*number ||
		    number[strspn(number, "0123456789")])
			continue;
		errno = 0;
		long descriptor = strtol(number, NULL, 10);
		return errno || descriptor > INT_MAX ? INT_MAX : (int)descriptor;
	}
	return -1;
}

/* It must be one that we were given: our own are closed for programs that we start. */
static int take_descriptor(struct report_target *target, int descriptor, struct error *error)
{
	int flags = fcntl(descriptor, F_GETFD);
	int access = fcntl(descriptor, F_GETFL);
	if (flags < 0 || access < 0 || flags & FD_CLOEXEC || (access & O_ACCMODE) == O_RDONLY)
		return error_set_errno(error, EBADF, "cannot write %s", target->path);
	target->stream = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return target->stream < 0 ? error_set_errno(error, errno, "cannot write %s", target->path) : 0;
}

/* The pipe or device that was found. -1 with ENXIO: nobody reads it yet. */
static int open_stream(const struct report_target *target)
{
	struct stat now;
	int stream = openat(target->directory, target->name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (stream >= 0 && (fstat(stream, &now) < 0 || now.st_dev != target->device || now.st_ino != target->inode)) {
		close(stream);
		errno = ESTALE;
		stream = -1;
	}
	return stream;
}

static int try_stream(struct report_target *target, const struct stat *found, struct error *error)
{
	target->device = found->st_dev;
	target->inode = found->st_ino;
	target->stream = open_stream(target);
	/* A reader may come later. */
	if (target->stream >= 0 || (errno == ENXIO && S_ISFIFO(found->st_mode)))
		return 0;
	return error_set_errno(error, errno, "cannot write %s", target->path);
}

static int wait_for_reader(const struct report_target *target, struct error *error)
{
	int64_t end = duration_now() + READER_WAIT_MS;
	for (;;) {
		int stream = open_stream(target);
		if (stream >= 0)
			return stream;
		if (errno != ENXIO)
			return error_set_errno(error, errno, "cannot write %s", target->path);
		if (duration_now() > end || supervise_pending_signal())
			return error_set(error, ERROR_FAILED, "cannot write %s: nobody reads this pipe", target->path);
		nanosleep(&(struct timespec){.tv_nsec = READER_LOOK_MS * 1000000}, NULL);
	}
}

static int write_stream(const struct report_target *target, const char *bytes, size_t length, struct error *error)
{
	CLEANUP_CLOSE int late = -1;
	if (target->stream < 0 && (late = wait_for_reader(target, error)) < 0)
		return -1;
	int taken = output_write(late >= 0 ? late : target->stream, bytes, length);
	if (taken > 0)
		return error_set(error, ERROR_FAILED, "cannot write all of %s: nobody reads it any more", target->path);
	return taken < 0 ? error_set_errno(error, errno, "cannot write %s", target->path) : 0;
}

/* ---- files ---- */

static uint64_t random_number(void)
{
	uint64_t number = 0;
	/* So few bytes come whole; and a name that is there already does no harm. */
	if (getrandom(&number, sizeof number, 0) < 0)
		number = (uint64_t)getpid();
	return number;
}

/* A new file beside the target, whose name, in `name`, the caller frees. */
static int create_beside(const struct report_target *target, char **name, struct error *error)
{
	*name = memory_printf(".ipvs-iso-%016" PRIx64, random_number());
	int descriptor = openat(target->directory, *name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (descriptor < 0)
		error_set_errno(error, errno, "cannot write %s: cannot create a file in its folder", target->path);
	return descriptor;
}

/* Sees that a file can be made there. */
static int try_file(const struct report_target *target, struct error *error)
{
	CLEANUP_FREE char *trial = NULL;
	CLEANUP_CLOSE int descriptor = create_beside(target, &trial, error);
	if (descriptor < 0)
		return -1;
	unlinkat(target->directory, trial, 0);
	return 0;
}

static int find_target(struct report_target *target, struct error *error)
{
	struct stat file;
	if (find(target, &file, error) < 0)
		return -1;
	bool replaced = !file.st_mode || S_ISREG(file.st_mode);
	return replaced ? try_file(target, error) : try_stream(target, &file, error);
}

int report_target_open(struct report_target *target, const char *path, struct error *error)
{
	int descriptor = descriptor_named(path);
	*target = REPORT_TARGET_INIT;
	target->path = memory_copy_string(strcmp(path, "-") == 0 ? "standard output" : path);
	int failed = descriptor >= 0 ? take_descriptor(target, descriptor, error) : find_target(target, error);
	if (failed)
		report_target_close(target);
	return failed;
}

int report_target_open_in(struct report_target *target, const char *folder, struct error *error)
{
	*target = REPORT_TARGET_INIT;
	if (*folder != '/')
		return error_set(error, ERROR_INPUT, "'%s' is not an absolute path", folder);
	/* Another run may make it at the same time. */
	if (mkdir(folder, 0777) < 0 && errno != EEXIST)
		return error_set_errno(error, errno, "cannot make the folder %s", folder);
	/* The time in front, so that a list of them reads well. */
	time_t now = time(NULL);
	struct tm calendar = {0};
	char when[64];
	gmtime_r(&now, &calendar);
	strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &calendar);
	CLEANUP_FREE char *path = memory_printf("%s/%s-%016" PRIx64 ".json", folder, when, random_number());
	return report_target_open(target, path, error);
}

static int write_beside(const struct report_target *target, int descriptor, const char *bytes, size_t length,
			struct error *error)
{
	if (file_write_all(descriptor, target->path, bytes, length, error) < 0)
		return -1;
	/* A disk may notice only now that it is full. */
	if (fsync(descriptor) < 0 && errno != EINVAL)
		return error_set_errno(error, errno, "cannot write %s", target->path);
	return 0;
}

int report_target_write(const struct report_target *target, const char *bytes, size_t length, struct error *error)
{
	if (target->stream >= 0 || target->inode)
		return write_stream(target, bytes, length, error);
	CLEANUP_FREE char *beside = NULL;
	CLEANUP_CLOSE int descriptor = create_beside(target, &beside, error);
	if (descriptor < 0)
		return -1;
	int failed = write_beside(target, descriptor, bytes, length, error);
	/* What is there is replaced, a link as well: nothing is followed any more. */
	if (!failed && renameat(target->directory, beside, target->directory, target->name) < 0)
		failed = error_set_errno(error, errno, "cannot put %s in its place", target->path);
	if (failed)
		unlinkat(target->directory, beside, 0);
	return failed;
}
