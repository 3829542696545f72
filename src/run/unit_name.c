/* SPDX-License-Identifier: MIT */
#include "run/unit_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

char *command_text(char *const *command)
{
	char *text;
	size_t length;
	FILE *stream = memory_stream(&text, &length);
	for (char *const *word = command; *word; word++)
		fprintf(stream, "%s%s", word == command ? "" : " ", *word);
	fclose(stream);
	return text;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);
	size_t end_length = strlen(end);
	return length > end_length && strcmp(text + length - end_length, end) == 0;
}

/* What the module line of a go.mod names; or NULL. */
static char *module_in(char *text)
{
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		static const char separators[] = " \t\r\"`";
		char *position;
		const char *word = strtok_r(line, separators, &position);
		if (word && strcmp(word, "module") == 0) {
			const char *module = strtok_r(NULL, separators, &position);
			return module && strncmp(module, "//", 2) != 0 ? memory_copy_string(module) : NULL;
		}
	}
	return NULL;
}

/* The import path of the package in `directory`, by the go.mod in it or above it; or NULL. */
static char *path_in_module(const char *directory)
{
	CLEANUP_FREE char *folder = memory_copy_string(directory);
	for (;;) {
		CLEANUP_FREE char *file = memory_printf("%s/go.mod", folder);
		CLEANUP_ERROR struct error error = ERROR_INIT;
		size_t length;
		CLEANUP_FREE char *text = file_read_regular(file, &length, &error);
		if (text) {
			CLEANUP_FREE char *module = module_in(text);
			return module ? memory_printf("%s%s", module, directory + strlen(folder)) : NULL;
		}
		char *slash = strrchr(folder, '/');
		if (!slash)
			return NULL;
		*slash = '\0';
	}
}

/* The same in a GOPATH, where there need be no modules; or NULL. */
static char *path_in_workspace(const char *directory)
{
	const char *source = NULL;
	for (const char *next = directory; (next = strstr(next, "/src/")); next++)
		source = next;
	return source ? memory_copy_string(source + strlen("/src/")) : NULL;
}

static char *name_of_go(char *const *command)
{
	if (!ends_with(command[0], ".test") || !command[1] || strncmp(command[1], "-test.", strlen("-test.")) != 0)
		return NULL;
	CLEANUP_FREE char *directory = getcwd(NULL, 0);
	if (!directory)
		return NULL;
	char *path = path_in_module(directory);
	if (!path)
		path = path_in_workspace(directory);
	const char *file = last_part(command[0]);
	return path ? path : memory_copy_bytes(file, strlen(file) - strlen(".test"));
}

/* What tells one build of a target from another: "-" and 16 hexadecimal digits. */
#define CARGO_HASH_LENGTH 17

static char *name_of_cargo(char *const *command)
{
	const char *package = getenv("CARGO_PKG_NAME");
	const char *file = last_part(command[0]);
	size_t length = strlen(file);
	if (!package || length <= CARGO_HASH_LENGTH)
		return NULL;
	const char *hash = file + length - CARGO_HASH_LENGTH;
	if (*hash != '-' || strspn(hash + 1, "0123456789abcdef") != CARGO_HASH_LENGTH - 1)
		return NULL;
	const char *test = NULL;
	if (command[1] && strcmp(command[1], "--exact") == 0)
		test = command[2];
	return memory_printf("%s/%.*s%s%s", package, (int)(hash - file), file, test ? " " : "", test ? test : "");
}

char *unit_name(char *const *command)
{
	char *name = name_of_go(command);
	if (!name)
		name = name_of_cargo(command);
	return name ? name : command_text(command);
}
