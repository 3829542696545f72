/* SPDX-License-Identifier: MIT */
#include "report/target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#include "base/walk.h"

void report_target_close(struct report_target *target)
{
	file_cleanup_close(&target->directory);
	free(target->path);
	free(target->name);
	*target = REPORT_TARGET_INIT;
}

/* ---- finding it ---- */

/* What the kernel allows where fs.protected_symlinks is 1. */
static int judge_step(void *context, const struct walk_step *step, struct error *error)
{
	const char *path = context;
	struct stat folder;
	if (!S_ISLNK(step->status.st_mode))
		return 0;
	if (fstat(step->directory, &folder) < 0)
		return error_set_errno(error, errno, "cannot write %s", path);
	bool for_everybody = (folder.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH);
	if (!for_everybody || step->status.st_uid == geteuid() || step->status.st_uid == folder.st_uid)
		return 0;
	error_set(error, ERROR_PERMISSION,
		  "cannot write %s: %s is a link that another user made in a folder which everybody may write to", path,
		  step->name);
	return error_remedy(error, "name the file that the report shall go to, or another folder");
}

/* What is there already may be replaced where it is a file. */
static int check_end(const struct walk_end *end, const char *path, struct error *error)
{
	struct stat file;
	if (end->file < 0)
		return 0;
	if (fstat(end->file, &file) < 0)
		return error_set_errno(error, errno, "cannot write %s", path);
	if (S_ISDIR(file.st_mode))
		return error_set_errno(error, EISDIR, "cannot write %s", path);
	if (!S_ISREG(file.st_mode))
		return error_set(error, ERROR_INPUT, "cannot write %s: it is no regular file", path);
	return 0;
}

static int find(struct report_target *target, struct error *error)
{
	CLEANUP_WALK_END struct walk_end end = WALK_END_INIT;
	const struct walk_rules rules = {
		.from = AT_FDCWD, .purpose = "cannot write", .judge = judge_step, .context = target->path};
	if (walk(&end, &rules, target->path, error) < 0 || check_end(&end, target->path, error) < 0)
		return -1;
	target->directory = end.directory;
	target->name = end.name;
	end.directory = -1;
	end.name = NULL;
	return 0;
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
	*target = REPORT_TARGET_INIT;
	target->path = memory_copy_string(path);
	CLEANUP_FREE char *trial = NULL;
	CLEANUP_CLOSE int descriptor = find(target, error) == 0 ? create_beside(target, &trial, error) : -1;
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
