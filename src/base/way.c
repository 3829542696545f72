/* SPDX-License-Identifier: MIT */
#include "base/way.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/walk.h"

void way_clear(struct way *way)
{
	file_cleanup_close(&way->directory);
	free(way->name);
	*way = WAY_INIT;
}

static bool is_strange(const struct way *way, uid_t owner)
{
	return way->shared && owner != geteuid() && owner != way->keeper;
}

bool way_is_strange(const struct way *way)
{
	return is_strange(way, way->there.st_uid);
}

/* What the judge of the steps has in mind. */
struct journey {
	const char *failure; /* what messages begin with */
	struct way *way;
};

/* Notes who else may put something into the directory that a step is taken from. */
static int look_round(struct way *way, const struct walk_step *step, const char *failure, struct error *error)
{
	struct stat directory;
	if (fstat(step->directory, &directory) < 0)
		return error_set_errno(error, errno, "%s", failure);
	bool sticky = directory.st_mode & S_ISVTX && directory.st_mode & (S_IWGRP | S_IWOTH);
	/* One that somebody made in another is no better for being his. */
	if (sticky && !way->shared) {
		way->shared = true;
		way->keeper = directory.st_uid;
	}
	return 0;
}

static int judge(void *context, const struct walk_step *step, struct error *error)
{
	struct journey *journey = context;
	if (strcmp(step->name, "/") == 0) {
		journey->way->shared = false;
		return 0;
	}
	if (look_round(journey->way, step, journey->failure, error) < 0)
		return -1;
	mode_t type = step->status.st_mode & S_IFMT;
	if (type == S_IFDIR || type == S_IFREG || !is_strange(journey->way, step->status.st_uid))
		return 0;
	error_set(error, ERROR_PERMISSION, "%s: %s is a %s that another user made in a sticky directory, or below one",
		  journey->failure, step->name,
		  type == S_IFLNK   ? "link"
		  : type == S_IFIFO ? "pipe"
				    : "device");
	return error_remedy(error, "name the very place that is meant, or one where others may not write");
}

/* A path that is not absolute begins amid a way that nobody has looked at. */
static void look_back(struct way *way)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_WALK_END struct walk_end end = WALK_END_INIT;
	CLEANUP_FREE char *here = getcwd(NULL, 0);
	struct journey journey = {.failure = "", .way = way};
	const struct walk_rules rules = {.from = AT_FDCWD, .failure = "", .judge = judge, .context = &journey};
	/* To the very end, as "." is a step from there. */
	CLEANUP_FREE char *inside = here && *here == '/' ? memory_printf("%s/.", here) : NULL;
	if (inside && walk(&end, &rules, inside, &ignored) == 0)
		return;
	/* Out of our sight: who knows. */
	way->shared = true;
	way->keeper = 0;
}

static int walk_way(struct way *way, struct walk_end *end, const char *path, const char *failure, struct error *error)
{
	struct journey journey = {.failure = failure, .way = way};
	if (*path != '/')
		look_back(way);
	const struct walk_rules rules = {.from = AT_FDCWD, .failure = failure, .judge = judge, .context = &journey};
	return walk(end, &rules, path, error);
}

static void take(struct way *way, struct walk_end *end, const char *name)
{
	way->directory = end->directory;
	end->directory = -1;
	way->name = memory_copy_string(name);
}

int way_walk(struct way *way, const char *path, struct error *error)
{
	CLEANUP_WALK_END struct walk_end end = WALK_END_INIT;
	CLEANUP_FREE char *failure = memory_printf("cannot write %s", path);
	*way = WAY_INIT;
	if (!*path)
		return error_set(error, ERROR_INPUT, "the file to write has no name");
	if (walk_way(way, &end, path, failure, error) < 0)
		return -1;
	if (end.file >= 0 && fstat(end.file, &way->there) < 0)
		return error_set_errno(error, errno, "%s", failure);
	if (S_ISDIR(way->there.st_mode))
		return error_set_errno(error, EISDIR, "%s", failure);
	take(way, &end, end.name);
	way->unnamed = end.unnamed;
	return 0;
}

int way_walk_to_name(struct way *way, const char *path, const char *purpose, struct error *error)
{
	CLEANUP_WALK_END struct walk_end end = WALK_END_INIT;
	CLEANUP_FREE char *failure = memory_printf("%s %s", purpose, path);
	*way = WAY_INIT;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		error_set_errno(error, EISDIR, "%s", failure);
		return -1;
	}
	CLEANUP_FREE char *parent = memory_copy_bytes(path, (size_t)(name - path));
	if (walk_way(way, &end, parent, failure, error) < 0)
		return -1;
	take(way, &end, name);
	return 0;
}

static int open_directory(const char *path, const char *purpose, struct error *error)
{
	CLEANUP_WALK_END struct walk_end end = WALK_END_INIT;
	CLEANUP_FREE char *failure = memory_printf("%s %s", purpose, path);
	struct way way = WAY_INIT;
	/* So that a link is followed, and what it leads to is entered. */
	CLEANUP_FREE char *inside = memory_printf("%s/", path);
	if (walk_way(&way, &end, inside, failure, error) < 0)
		return -1;
	int directory = end.directory;
	end.directory = -1;
	return directory;
}

static int make_directory(const char *path, const char *purpose, struct error *error)
{
	CLEANUP_FREE char *bare = memory_copy_string(path);
	for (size_t length = strlen(bare); length > 1 && bare[length - 1] == '/'; length--)
		bare[length - 1] = '\0';
	CLEANUP_WAY struct way way = WAY_INIT;
	if (way_walk_to_name(&way, bare, purpose, error) < 0)
		return -1;
	/* Another run may make it at the same time. */
	if (mkdirat(way.directory, way.name, 0777) < 0 && errno != EEXIST)
		return error_set_errno(error, errno, "%s %s", purpose, path);
	return 0;
}

int way_open_directory(const char *path, bool make, const char *purpose, struct error *error)
{
	int directory = open_directory(path, purpose, error);
	if (directory >= 0 || !make || error->kind != ERROR_NOT_FOUND)
		return directory;
	error_clear(error);
	return make_directory(path, purpose, error) < 0 ? -1 : open_directory(path, purpose, error);
}
