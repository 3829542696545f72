/* SPDX-License-Identifier: MIT */
#include "base/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

/* As the kernel has it. */
#define LINKS_MAX 40

#define LOOK (O_PATH | O_NOFOLLOW | O_CLOEXEC)

void walk_end_clear(struct walk_end *end)
{
	file_cleanup_close(&end->directory);
	file_cleanup_close(&end->file);
	free(end->name);
	*end = WALK_END_INIT;
}

struct walker {
	const struct walk_rules *rules;
	int directory;  /* where it has come to */
	char *rest;     /* what is still to be walked */
	unsigned links; /* how many were followed */
	int failure;
};

static int walk_fail(struct walker *walker, int number, struct error *error)
{
	walker->failure = number;
	return error_set_errno(error, number, "%s", walker->rules->failure);
}

/* Opens `name`, here, and has it judged. */
static int look(struct walker *walker, struct walk_step *step, const char *name, int flags, struct error *error)
{
	*step = (struct walk_step){.directory = walker->directory, .name = name};
	step->file = openat(walker->directory, name, flags);
	if (step->file >= 0 && fstat(step->file, &step->status) == 0) {
		if (walker->rules->judge(walker->rules->context, step, error) == 0)
			return 0;
	} else {
		walk_fail(walker, errno, error);
	}
	file_cleanup_close(&step->file);
	return -1;
}

static void enter(struct walker *walker, int descriptor)
{
	file_cleanup_close(&walker->directory);
	walker->directory = descriptor;
}

/* Walks from here on by `way`. */
static int walk_by(struct walker *walker, char *way, struct error *error)
{
	struct walk_step root;
	free(walker->rest);
	walker->rest = way;
	if (*way != '/')
		return 0;
	if (look(walker, &root, "/", LOOK, error) < 0)
		return -1;
	enter(walker, root.file);
	return 0;
}

/* proc(5) has links that lead where no path does. The kernel made them, and follows them for us. */
static bool is_of_kernel(int directory)
{
	struct statfs system;
	return fstatfs(directory, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

/* Looks at what is behind a link of the kernel's, instead of the link. */
static int look_behind(struct walker *walker, struct walk_step *step, const char *name, struct error *error)
{
	close(step->file);
	return look(walker, step, name, O_PATH | O_CLOEXEC, error);
}

static int follow(struct walker *walker, int link, const char *behind, struct error *error)
{
	char to[PATH_MAX];
	if (++walker->links > LINKS_MAX)
		return walk_fail(walker, ELOOP, error);
	ssize_t length = readlinkat(link, "", to, sizeof to);
	if (length < 0)
		return walk_fail(walker, errno, error);
	return walk_by(walker, memory_printf("%.*s%s", (int)length, to, behind), error);
}

/* A step into a directory, or along a link. */
static int step_on(struct walker *walker, const char *name, const char *behind, struct error *error)
{
	struct walk_step step;
	/* O_DIRECTORY first: so that what is mounted on demand is mounted. */
	int failed = look(walker, &step, name, LOOK | O_DIRECTORY, error);
	if (failed < 0 && walker->failure == ENOTDIR) {
		error_clear(error);
		walker->failure = 0;
		failed = look(walker, &step, name, LOOK, error);
	}
	if (failed < 0)
		return -1;
	bool of_kernel = S_ISLNK(step.status.st_mode) && is_of_kernel(walker->directory);
	if (of_kernel && look_behind(walker, &step, name, error) < 0)
		return -1;
	if (S_ISLNK(step.status.st_mode)) {
		failed = follow(walker, step.file, behind, error);
		close(step.file);
		return failed;
	}
	enter(walker, step.file);
	return walk_by(walker, memory_copy_string(behind + strspn(behind, "/")), error);
}

/* The last step. 1: the name is a link, and there is more to walk. */
static int step_last(struct walker *walker, struct walk_end *end, const char *name, struct error *error)
{
	struct walk_step step;
	if (look(walker, &step, name, LOOK, error) < 0) {
		if (walker->failure != ENOENT)
			return -1;
		error_clear(error);
		walker->failure = 0;
	} else if (S_ISLNK(step.status.st_mode) && is_of_kernel(walker->directory)) {
		if (look_behind(walker, &step, name, error) < 0)
			return -1;
		end->unnamed = true;
	} else if (S_ISLNK(step.status.st_mode)) {
		int failed = follow(walker, step.file, "", error);
		close(step.file);
		return failed < 0 ? -1 : 1;
	}
	end->file = step.file;
	end->name = memory_copy_string(name);
	return 0;
}

static int walk_on(struct walker *walker, struct walk_end *end, struct error *error)
{
	for (;;) {
		const char *start = walker->rest + strspn(walker->rest, "/");
		size_t length = strcspn(start, "/");
		CLEANUP_FREE char *name = memory_copy_bytes(start, length);
		CLEANUP_FREE char *behind = memory_copy_string(start + length);
		int more = *behind ? step_on(walker, name, behind, error)
				   : step_last(walker, end, *name ? name : ".", error);
		if (more < 0 || (more == 0 && !*behind))
			return more;
	}
}

int walk(struct walk_end *end, const struct walk_rules *rules, const char *path, struct error *error)
{
	struct walker walker = {.rules = rules, .directory = -1};
	*end = WALK_END_INIT;
	int failed = 0;
	/* Where the path is absolute, it does not matter whether we may search the working directory. */
	if (*path != '/')
		walker.directory = openat(rules->from, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*path != '/' && walker.directory < 0)
		failed = walk_fail(&walker, errno, error);
	if (!failed)
		failed = walk_by(&walker, memory_copy_string(path), error);
	if (!failed)
		failed = walk_on(&walker, end, error);
	free(walker.rest);
	end->directory = walker.directory;
	end->failure = walker.failure;
	return failed;
}
