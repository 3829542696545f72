/* SPDX-License-Identifier: MIT */
#include "report/gather.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"

struct results {
	ARRAY(struct run_result) list;
};

#define CLEANUP_RESULTS __attribute__((cleanup(results_clear)))

static void results_clear(struct results *results)
{
	for (size_t i = 0; i < results->list.count; i++)
		run_result_clear(&results->list.items[i]);
	array_free(&results->list);
}

typedef char *file_reader(const char *path, size_t *length, struct error *error);

static int add(struct results *results, const char *name, file_reader *read_file, struct error *error)
{
	size_t length;
	CLEANUP_FREE char *bytes = read_file(name, &length, error);
	if (!bytes)
		return -1;
	return run_result_from_json(array_append(&results->list), bytes, length,
				    strcmp(name, "-") == 0 ? "standard input" : name, error);
}

/* One that was named: it may be a pipe. */
static int add_file(struct results *results, const char *name, struct error *error)
{
	return add(results, name, file_read, error);
}

/* What is being written has a name that begins with a dot. */
static int is_result(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');
	return entry->d_name[0] != '.' && dot && strcmp(dot, ".json") == 0;
}

static int add_folder(struct results *results, const char *folder, struct error *error)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_result, alphasort);
	if (count < 0)
		return error_set_errno(error, errno, "cannot read the folder %s", folder);
	int failed =
		count ? 0 : error_set(error, ERROR_INPUT, "there is no result in the folder %s: no *.json", folder);
	for (int i = 0; i < count; i++) {
		CLEANUP_FREE char *path = memory_printf("%s/%s", folder, entries[i]->d_name);
		free(entries[i]);
		if (!failed)
			failed = add(results, path, file_read_regular, error);
	}
	free(entries);
	return failed;
}

int report_gather(struct run_result *result, char *const *names, size_t count, struct error *error)
{
	CLEANUP_RESULTS struct results results = {0};
	for (size_t i = 0; i < count; i++) {
		struct stat file;
		bool is_folder = strcmp(names[i], "-") != 0 && stat(names[i], &file) == 0 && S_ISDIR(file.st_mode);
		if ((is_folder ? add_folder : add_file)(&results, names[i], error) < 0)
			return -1;
	}
	run_results_merge(result, results.list.items, results.list.count);
	return 0;
}
