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

#include "base/file.h"
#include "base/memory.h"

/* As the kernel has it. */
#define LINKS_MAX 40

void report_target_close(struct report_target *target)
{
	file_cleanup_close(&target->directory);
	free(target->path);
	free(target->name);
	*target = REPORT_TARGET_INIT;
}

/* ---- finding it ---- */

/* The way to a file, walked by steps. */
struct walk {
	const char *path; /* all of it, for messages */
	int directory;    /* where it has come to */
	char *rest;       /* what is still to be walked */
	unsigned links;   /* how many were followed */
};

static int walk_fail(const struct walk *walk, int number, struct error *error)
{
	return error_set_errno(error, number, "cannot write %s", walk->path);
}

static int walk_enter(struct walk *walk, int descriptor, struct error *error)
{
	if (descriptor < 0)
		return walk_fail(walk, errno, error);
	file_cleanup_close(&walk->directory);
	walk->directory = descriptor;
	return 0;
}

/* Walks from here on by `way`. */
static int walk_by(struct walk *walk, char *way, struct error *error)
{
	free(walk->rest);
	walk->rest = way;
	if (*way != '/')
		return 0;
	return walk_enter(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), error);
}

/* What the kernel allows where fs.protected_symlinks is 1. */
static int check_link(const struct walk *walk, const struct stat *link, const char *name, struct error *error)
{
	struct stat folder;
	if (fstat(walk->directory, &folder) < 0)
		return walk_fail(walk, errno, error);
	bool for_everybody = (folder.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH);
	if (!for_everybody || link->st_uid == geteuid() || link->st_uid == folder.st_uid)
		return 0;
	error_set(error, ERROR_PERMISSION,
		  "cannot write %s: %s is a link that another user made in a folder which everybody may write to",
		  walk->path, name);
	return error_remedy(error, "name the file that the report shall go to, or another folder");
}

static int walk_link(struct walk *walk, int link, const char *name, const char *behind, struct error *error)
{
	struct stat file;
	char to[PATH_MAX];
	if (fstat(link, &file) < 0)
		return walk_fail(walk, errno, error);
	if (check_link(walk, &file, name, error) < 0)
		return -1;
	if (++walk->links > LINKS_MAX)
		return walk_fail(walk, ELOOP, error);
	ssize_t length = readlinkat(link, "", to, sizeof to);
	if (length < 0)
		return walk_fail(walk, errno, error);
	return walk_by(walk, memory_printf("%.*s%s", (int)length, to, behind), error);
}

/* The last step. 1: the name is a link, and there is more to walk. */
static int walk_last(struct walk *walk, const char *name, struct error *error)
{
	struct stat file;
	CLEANUP_CLOSE int found = openat(walk->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (found < 0)
		return errno == ENOENT ? 0 : walk_fail(walk, errno, error);
	if (fstat(found, &file) < 0)
		return walk_fail(walk, errno, error);
	if (S_ISLNK(file.st_mode))
		return walk_link(walk, found, name, "", error) < 0 ? -1 : 1;
	if (S_ISDIR(file.st_mode))
		return walk_fail(walk, EISDIR, error);
	if (!S_ISREG(file.st_mode))
		return error_set(error, ERROR_INPUT, "cannot write %s: it is no regular file", walk->path);
	return 0;
}

/* A step into a folder, or along a link. */
static int walk_step(struct walk *walk, const char *name, const char *behind, struct error *error)
{
	struct stat file;
	int next = openat(walk->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return walk_fail(walk, errno, error);
	if (fstat(next, &file) == 0 && S_ISLNK(file.st_mode)) {
		int failed = walk_link(walk, next, name, behind, error);
		close(next);
		return failed;
	}
	if (walk_enter(walk, next, error) < 0)
		return -1;
	return walk_by(walk, memory_copy_string(behind + strspn(behind, "/")), error);
}

/* Walks to the end. The last name; NULL with an error. The caller frees. */
static char *walk_on(struct walk *walk, struct error *error)
{
	for (;;) {
		const char *start = walk->rest + strspn(walk->rest, "/");
		size_t length = strcspn(start, "/");
		CLEANUP_FREE char *name = memory_copy_bytes(start, length);
		CLEANUP_FREE char *behind = memory_copy_string(start + length);
		if (*behind) {
			if (walk_step(walk, name, behind, error) < 0)
				return NULL;
			continue;
		}
		if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
			walk_fail(walk, EISDIR, error);
			return NULL;
		}
		int more = walk_last(walk, name, error);
		if (more < 0)
			return NULL;
		if (more == 0)
			return memory_copy_string(name);
	}
}

/* ---- writing it ---- */

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

int report_target_open(struct report_target *target, const char *path, struct error *error)
{
	struct walk walk = {.path = path, .directory = AT_FDCWD};
	*target = REPORT_TARGET_INIT;
	target->path = memory_copy_string(path);
	if (walk_enter(&walk, open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), error) == 0 &&
	    walk_by(&walk, memory_copy_string(path), error) == 0)
		target->name = walk_on(&walk, error);
	free(walk.rest);
	target->directory = walk.directory;

	CLEANUP_FREE char *trial = NULL;
	CLEANUP_CLOSE int descriptor = target->name ? create_beside(target, &trial, error) : -1;
	if (descriptor < 0) {
		report_target_close(target);
		return -1;
	}
	unlinkat(target->directory, trial, 0);
	return 0;
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
