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

/* It becomes an argument of sh(1), of which Linux takes 128 KiB. */
#define RUNNER_LENGTH_MAX 65536

void runner_clear(struct runner *runner)
{
	free(runner->path);
	free(runner->text);
	*runner = (struct runner){0};
}

/* Whether a variable of sudo(8)'s names the user, or the group, who called it. */
static bool is_before_sudo(const char *variable, unsigned id)
{
	const char *before_sudo = geteuid() == 0 ? getenv(variable) : NULL;
	return before_sudo && strtoul(before_sudo, NULL, 10) == id;
}

/* Whether somebody else could have put it there, for us to run. */
static int check_trusted(const char *path, const struct stat *status, struct error *error)
{
	if (status->st_mode & S_IWOTH)
		error_set(error, ERROR_PERMISSION, "the runner %s is not used: everybody may write to it", path);
	else if (status->st_mode & S_IWGRP && status->st_gid != getegid() && status->st_gid != 0 &&
		 !is_before_sudo("SUDO_GID", status->st_gid))
		error_set(error, ERROR_PERMISSION, "the runner %s is not used: group %u may write to it", path,
			  (unsigned)status->st_gid);
	else if (status->st_uid != geteuid() && status->st_uid != 0 && !is_before_sudo("SUDO_UID", status->st_uid))
		error_set(error, ERROR_PERMISSION, "the runner %s is not used: it belongs to somebody else (user %u)",
			  path, (unsigned)status->st_uid);
	else
		return 0;
	return error_remedy(error, "make it yours (chown, chmod go-w), or run the command whole: --no-split");
}

/* As runner_find(), of one file. */
static int try_file(struct runner *runner, const char *path, char *const *command, struct error *error)
{
	CLEANUP_CLOSE int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	/* A link to nothing, or one that has just been removed. */
	if (file < 0 && errno == ENOENT)
		return 0;
	if (file < 0 || fstat(file, &status) < 0)
		return error_set_errno(error, errno, "cannot read the runner %s", path);
	if (!S_ISREG(status.st_mode))
		return 0;
	if (status.st_size > RUNNER_LENGTH_MAX)
		return error_set(error, ERROR_INPUT, "the runner %s is longer than %d bytes", path, RUNNER_LENGTH_MAX);
	size_t length;
	CLEANUP_FREE char *text = file_read_descriptor(file, path, &length, error);
	if (!text)
		return -1;
	if (runner_knows(text, command) == 0)
		return 0;
	if (check_trusted(path, &status, error) < 0)
		return -1;
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

/* As runner_find(), of one folder, which need not be there. */
static int try_folder(struct runner *runner, const char *folder, char *const *command, struct error *error)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_runner, alphasort);
	if (count < 0 && errno != ENOENT && errno != ENOTDIR)
		return error_set_errno(error, errno, "cannot read the folder of runners %s", folder);
	int found = 0;
	for (int i = 0; i < count; i++) {
		CLEANUP_FREE char *path = memory_printf("%s/%s", folder, entries[i]->d_name);
		if (found == 0)
			found = try_file(runner, path, command, error);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return found;
}

static char *folder_of_user(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	if (config && *config == '/')
		return memory_printf("%s/ipvs-iso/runners", config);
	const char *home = getenv("HOME");
	return home && *home == '/' ? memory_printf("%s/.config/ipvs-iso/runners", home) : NULL;
}

/* A program that was built and not installed has its own, beside the folder that it was built in. */
static char *folder_of_program(void)
{
	CLEANUP_FREE char *program = realpath("/proc/self/exe", NULL);
	if (program) {
		CLEANUP_FREE char *beside = memory_printf("%s/../share/runners", dirname(program));
		char *folder = realpath(beside, NULL);
		if (folder)
			return folder;
	}
	return memory_copy_string(IPVS_ISO_DATADIR "/runners");
}

int runner_find(struct runner *runner, char *const *command, struct error *error)
{
	CLEANUP_FREE char *user = folder_of_user();
	CLEANUP_FREE char *program = folder_of_program();
	const char *const folders[] = {".ipvs-iso/runners", user, program};
	int found = 0;
	for (size_t i = 0; i < sizeof folders / sizeof *folders && found == 0; i++) {
		if (folders[i])
			found = try_folder(runner, folders[i], command, error);
	}
	return found;
}
