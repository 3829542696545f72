/* SPDX-License-Identifier: MIT */
#include "run/runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/trust.h"
#include "base/walk.h"

/* It becomes an argument of sh(1), of which Linux takes 128 KiB. */
#define RUNNER_LENGTH_MAX 65536

/* In the working directory. */
#define FOLDER_OF_TREE ".ipvs-iso/runners"

void runner_clear(struct runner *runner)
{
	for (size_t i = 0; i < runner->passed_over.count; i++)
		free(runner->passed_over.items[i]);
	array_free(&runner->passed_over);
	free(runner->path);
	free(runner->text);
	*runner = (struct runner){0};
}

/* One of the directories that runners are looked for in. */
struct folder {
	int from;         /* where its path is relative: a directory; else AT_FDCWD */
	const char *path; /* from there */
	const char *name; /* for messages */
};

/* What cannot be reached counts as absent: 0, and where that deserves a word it is noted. -1: any other trouble. */
static int pass_over(struct runner *runner, int failure, const char *name, struct error *error)
{
	switch (failure) {
	case EACCES:
	case ELOOP:
	case ENAMETOOLONG:
		*array_append(&runner->passed_over) = memory_printf("%s: %s", name, strerror(failure));
		__attribute__((fallthrough));
	case ENOENT:
	case ENOTDIR:
		error_clear(error);
		return 0;
	default:
		return -1;
	}
}

static int refuse(const struct error *refusal, const char *path, struct error *error)
{
	error_set(error, refusal->kind, "the runner %s is not used: %s", path, refusal->message);
	return error_remedy(error, "make it, and the directories that it is in, yours (chown, chmod go-w), or run the "
				   "command whole: --no-split");
}

/* The text of the file that was walked to; NULL with an error. The caller frees. */
static char *read_text(const struct walk_end *end, const char *path, struct error *error)
{
	struct stat walked, opened;
	CLEANUP_CLOSE int file = openat(end->directory, end->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (file < 0 || fstat(file, &opened) < 0 || fstat(end->file, &walked) < 0) {
		error_set_errno(error, errno, "cannot read the runner %s", path);
		return NULL;
	}
	if (opened.st_dev != walked.st_dev || opened.st_ino != walked.st_ino) {
		error_set(error, ERROR_FAILED, "cannot read the runner %s: it was exchanged meanwhile", path);
		return NULL;
	}
	if (opened.st_size > RUNNER_LENGTH_MAX) {
		error_set(error, ERROR_INPUT, "the runner %s is longer than %d bytes", path, RUNNER_LENGTH_MAX);
		return NULL;
	}
	size_t length;
	return file_read_descriptor(file, path, &length, error);
}

static bool is_file(const struct walk_end *end)
{
	struct stat status;
	return end->file >= 0 && fstat(end->file, &status) == 0 && S_ISREG(status.st_mode);
}

/* As runner_find(), of one file of the directory that was walked to; `way`: what was found on the way there. */
static int try_file(struct runner *runner, int directory, const struct trust *way, const char *path,
		    char *const *command, struct error *error)
{
	CLEANUP_TRUST struct trust trust = {0};
	CLEANUP_WALK_END struct walk_end end = WALK_END_INIT;
	CLEANUP_FREE char *failure = memory_printf("cannot read the runner %s", path);
	const struct walk_rules rules = {
		.from = directory, .failure = failure, .judge = trust_judge, .context = &trust};
	if (walk(&end, &rules, strrchr(path, '/') + 1, error) < 0)
		return pass_over(runner, end.failure, path, error);
	if (!is_file(&end))
		return 0;
	const struct error *refusal = error_is_set(&way->refusal) ? &way->refusal : &trust.refusal;
	if (way->made_up || trust.made_up)
		return refuse(refusal, path, error);
	CLEANUP_FREE char *text = read_text(&end, path, error);
	if (!text)
		return -1;
	if (runner_knows(text, command) == 0)
		return 0;
	if (error_is_set(refusal))
		return refuse(refusal, path, error);
	runner->path = memory_copy_string(path);
	runner->text = text;
	text = NULL;
	return 1;
}

static int is_runner(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return *entry->d_name != '.' && length > 3 && strcmp(entry->d_name + length - 3, ".sh") == 0;
}

/* As runner_find(), of the files in a directory that was walked to. */
static int try_files(struct runner *runner, int directory, const struct trust *way, const char *name,
		     char *const *command, struct error *error)
{
	struct dirent **entries;
	int count = scandirat(directory, ".", &entries, is_runner, alphasort);
	if (count < 0) {
		int number = errno;
		error_set_errno(error, number, "cannot read the folder of runners %s", name);
		return pass_over(runner, number, name, error);
	}
	int found = 0;
	for (int i = 0; i < count; i++) {
		CLEANUP_FREE char *path = memory_printf("%s/%s", name, entries[i]->d_name);
		if (found == 0)
			found = try_file(runner, directory, way, path, command, error);
		free(entries[i]);
	}
	free(entries);
	return found;
}

/* As runner_find(), of one folder, which need not be there. */
static int try_folder(struct runner *runner, const struct folder *folder, char *const *command, struct error *error)
{
	CLEANUP_TRUST struct trust way = {0};
	CLEANUP_WALK_END struct walk_end end = WALK_END_INIT;
	CLEANUP_FREE char *failure = memory_printf("cannot read the folder of runners %s", folder->name);
	const struct walk_rules rules = {
		.from = folder->from, .failure = failure, .judge = trust_judge, .context = &way};
	if (walk(&end, &rules, folder->path, error) < 0)
		return pass_over(runner, end.failure, folder->name, error);
	return end.file < 0 ? 0 : try_files(runner, end.file, &way, folder->name, command, error);
}

static int try_tree(struct runner *runner, char *const *command, struct error *error)
{
	/* From the root on: the directories that the working directory is in are looked at as well. */
	CLEANUP_FREE char *here = getcwd(NULL, 0);
	if (!here || *here != '/') {
		/* It was removed, or is out of our sight. */
		*array_append(&runner->passed_over) =
			memory_printf(FOLDER_OF_TREE ": the working directory has no path");
		return 0;
	}
	CLEANUP_FREE char *path = memory_printf("%s/" FOLDER_OF_TREE, here);
	return try_folder(runner, &(struct folder){AT_FDCWD, path, FOLDER_OF_TREE}, command, error);
}

static int try_user(struct runner *runner, char *const *command, struct error *error)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	CLEANUP_FREE char *path = NULL;
	if (config && *config == '/')
		path = memory_printf("%s/ipvs-iso/runners", config);
	else if (home && *home == '/')
		path = memory_printf("%s/.config/ipvs-iso/runners", home);
	return path ? try_folder(runner, &(struct folder){AT_FDCWD, path, path}, command, error) : 0;
}

/* A program that was built and not installed has its own, beside the folder that it was built in. The caller frees. */
static char *folder_of_program(void)
{
	CLEANUP_FREE char *program = realpath("/proc/self/exe", NULL);
	CLEANUP_FREE char *beside = program ? memory_printf("%s/../share", dirname(program)) : NULL;
	CLEANUP_FREE char *runners = beside ? memory_printf("%s/runners", beside) : NULL;
	return runners && access(runners, F_OK) == 0 ? realpath(beside, NULL) : memory_copy_string(IPVS_ISO_DATADIR);
}

static int try_program(struct runner *runner, char *const *command, struct error *error)
{
	CLEANUP_FREE char *folder = folder_of_program();
	/* What it is in is as safe as the program itself, so that is not judged. */
	CLEANUP_CLOSE int from = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (from < 0)
		return 0;
	CLEANUP_FREE char *name = memory_printf("%s/runners", folder);
	return try_folder(runner, &(struct folder){from, "runners", name}, command, error);
}

int runner_find(struct runner *runner, char *const *command, struct error *error)
{
	int found = try_tree(runner, command, error);
	if (found == 0)
		found = try_user(runner, command, error);
	return found == 0 ? try_program(runner, command, error) : found;
}
