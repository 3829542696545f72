/* SPDX-License-Identifier: MIT */
#include "session/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "session/state_file.h"
#include "table/json.h"

#define NESTED_PREFIX "journal-"

static void write_json(FILE *out, const void *table)
{
	table_write_json_unclosed(out, table);
}

char *journal_name(unsigned depth)
{
	return depth == 0 ? memory_copy_string("journal.json") : memory_printf(NESTED_PREFIX "%u.json", depth);
}

int journal_write(int directory, unsigned depth, const struct table *table, struct error *error)
{
	CLEANUP_FREE char *name = journal_name(depth);
	int present = state_file_present(directory, name, error);
	if (present < 0)
		return -1;
	if (present)
		return error_set(error, ERROR_FAILED, "%s is there already", name);
	if (table_check_writable(table, error) < 0)
		return -1;
	return state_file_write(directory, name, write_json, table, error);
}

int journal_present(int directory, unsigned depth, struct error *error)
{
	CLEANUP_FREE char *name = journal_name(depth);
	return state_file_present(directory, name, error);
}

int journal_read(int directory, unsigned depth, const char *path, struct table *table, struct error *error)
{
	CLEANUP_FREE char *file_name = journal_name(depth);
	CLEANUP_FREE char *name = memory_printf("%s/%s", path, file_name);
	size_t length;
	CLEANUP_FREE char *text = state_file_read(directory, file_name, name, &length, error);
	return text ? table_from_json(table, text, length, name, error) : -1;
}

/* The depth of the journal whose file has this name, behind the prefix; 0 where it is none. */
static unsigned nested_depth(const char *name)
{
	unsigned depth = (unsigned)strtoul(name + strlen(NESTED_PREFIX), NULL, 10);
	CLEANUP_FREE char *expected = journal_name(depth);
	return strcmp(name, expected) == 0 ? depth : 0;
}

int journal_drop_deeper(int directory, unsigned depth, struct error *error)
{
	CLEANUP_STATE_FILE_NAMES struct state_file_names names = {0};
	if (state_file_find(directory, NESTED_PREFIX, &names, error) < 0)
		return -1;
	for (size_t i = 0; i < names.list.count; i++) {
		const char *name = names.list.items[i];
		if (nested_depth(name) > depth && state_file_drop(directory, name, error) < 0)
			return -1;
	}
	return 0;
}

int journal_drop(int directory, unsigned depth, struct error *error)
{
	CLEANUP_FREE char *name = journal_name(depth);
	if (journal_drop_deeper(directory, depth, error) < 0)
		return -1;
	return state_file_drop(directory, name, error);
}

/* A name that is free. NULL with an error; the caller frees. */
static char *name_replaced(int directory, struct error *error)
{
	time_t now = time(NULL);
	struct tm local = {0};
	char when[64];
	localtime_r(&now, &local);
	strftime(when, sizeof when, "%Y%m%d-%H%M%S", &local);

	char *name = memory_printf("replaced-%s.json", when);
	for (unsigned number = 2;; number++) {
		int present = state_file_present(directory, name, error);
		if (present == 0)
			return name;
		free(name);
		if (present < 0)
			return NULL;
		name = memory_printf("replaced-%s-%u.json", when, number);
	}
}

char *journal_save_replaced(int directory, const struct table *table, struct error *error)
{
	char *name = name_replaced(directory, error);
	if (name && state_file_write(directory, name, write_json, table, error) < 0) {
		free(name);
		return NULL;
	}
	return name;
}
