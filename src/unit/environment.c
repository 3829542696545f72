/* SPDX-License-Identifier: MIT */
#include "unit/environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* What execvp(3) searches where there is no PATH. */
#define DEFAULT_PATH "/bin:/usr/bin"

static const char *const root_path[] = {"/usr/local/sbin", "/usr/sbin", "/sbin"};

static bool has_folder(const char *path, const char *folder)
{
	size_t length = strlen(folder);
	for (const char *at = path;; at++) {
		size_t here = strcspn(at, ":");
		if (here == length && strncmp(at, folder, length) == 0)
			return true;
		at += here;
		if (!*at)
			return false;
	}
}

void environment_add_root_path(void)
{
	const char *before = getenv("PATH");
	char *path = memory_copy_string(before ? before : DEFAULT_PATH);
	for (size_t i = 0; i < sizeof root_path / sizeof *root_path; i++) {
		if (has_folder(path, root_path[i]))
			continue;
		char *longer = memory_printf("%s:%s", path, root_path[i]);
		free(path);
		path = longer;
	}
	setenv("PATH", path, 1);
	free(path);
}

void environment_trust_repositories(void)
{
	const char *before = getenv("GIT_CONFIG_COUNT");
	char *end = NULL;
	unsigned long count = before ? strtoul(before, &end, 10) : 0;
	/* What is no number git itself refuses, with the reason. */
	if (end && *end)
		return;
	CLEANUP_FREE char *key = memory_printf("GIT_CONFIG_KEY_%lu", count);
	CLEANUP_FREE char *value = memory_printf("GIT_CONFIG_VALUE_%lu", count);
	CLEANUP_FREE char *more = memory_printf("%lu", count + 1);
	setenv(key, "safe.directory", 1);
	setenv(value, "*", 1);
	setenv("GIT_CONFIG_COUNT", more, 1);
}
