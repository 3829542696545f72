/* SPDX-License-Identifier: MIT */
#include "session/savepoint.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "session/state_file.h"
#include "table/json.h"

#define PREFIX "savepoint-"

/* The numbers of one depth's savepoints, oldest first. */
struct stack {
	ARRAY(uint64_t) numbers;
};

#define CLEANUP_STACK __attribute__((cleanup(stack_clear)))

static void stack_clear(struct stack *stack)
{
	array_free(&stack->numbers);
}

/* The caller frees. */
static char *file_name(unsigned depth, uint64_t number)
{
	return memory_printf(PREFIX "%u-%" PRIu64 ".json", depth, number);
}

/* Whose a file is, and its number. False where it is no savepoint's. */
static bool parse_file_name(const char *name, unsigned *depth, uint64_t *number)
{
	char *end;
	*depth = (unsigned)strtoul(name + strlen(PREFIX), &end, 10);
	*number = *end == '-' ? strtoull(end + 1, NULL, 10) : 0;
	CLEANUP_FREE char *expected = file_name(*depth, *number);
	return strcmp(name, expected) == 0;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static int read_stack(int directory, unsigned depth, struct stack *stack, struct error *error)
{
	CLEANUP_STATE_FILE_NAMES struct state_file_names names = {0};
	if (state_file_find(directory, PREFIX, &names, error) < 0)
		return -1;
	for (size_t i = 0; i < names.list.count; i++) {
		unsigned whose;
		uint64_t number;
		if (parse_file_name(names.list.items[i], &whose, &number) && whose == depth)
			*array_append(&stack->numbers) = number;
	}
	if (stack->numbers.count > 1)
		qsort(stack->numbers.items, stack->numbers.count, sizeof *stack->numbers.items, compare_numbers);
	return 0;
}

/* What goes into a file. */
struct content {
	const char *name;
	const struct table *table;
};

/* The name as JSON in the first line, then the table as a snapshot, unclosed. A file_text. */
static void write_content(FILE *out, const void *context)
{
	const struct content *content = context;
	json_t *name = bytes_to_json(content->name);
	json_dumpf(name, out, JSON_ENCODE_ANY | JSON_COMPACT);
	json_decref(name);
	fputc('\n', out);
	table_write_json_unclosed(out, content->table);
}

int savepoint_write(int directory, unsigned depth, const char *name, const struct table *table, struct error *error)
{
	CLEANUP_STACK struct stack stack = {0};
	if (read_stack(directory, depth, &stack, error) < 0)
		return -1;
	size_t count = stack.numbers.count;
	CLEANUP_FREE char *file = file_name(depth, count > 0 ? stack.numbers.items[count - 1] + 1 : 1);
	if (table_check_writable(table, error) < 0)
		return -1;
	const struct content content = {.name = name, .table = table};
	return state_file_write(directory, file, write_content, &content, error);
}

/* One that has been read. */
struct savepoint {
	char *path; /* of the file */
	char *text; /* all that is in it */
	char *name;
	const char *table; /* the snapshot, within the text */
	size_t table_length;
};

#define CLEANUP_SAVEPOINT __attribute__((cleanup(savepoint_clear)))

static void savepoint_clear(struct savepoint *savepoint)
{
	free(savepoint->path);
	free(savepoint->text);
	free(savepoint->name);
}

static int say_unreadable(const char *path, struct error *error)
{
	error_context(error, "a savepoint cannot be read");
	error_remedy(error, "remove %s: nothing can be rolled back to it", path);
	return -1;
}

static int read_one(int directory, const char *path, unsigned depth, uint64_t number, struct savepoint *savepoint,
		    struct error *error)
{
	CLEANUP_FREE char *file = file_name(depth, number);
	savepoint->path = memory_printf("%s/%s", path, file);
	size_t length;
	savepoint->text = state_file_read(directory, file, savepoint->path, &length, error);
	if (!savepoint->text)
		return say_unreadable(savepoint->path, error);
	const char *line_end = memchr(savepoint->text, '\n', length);
	size_t line_length = line_end ? (size_t)(line_end - savepoint->text) : length;
	json_t *json = json_loadb(savepoint->text, line_length, JSON_DECODE_ANY, NULL);
	savepoint->name = bytes_from_json(json);
	json_decref(json);
	if (!savepoint->name) {
		error_set(error, ERROR_FAILED, "%s does not begin with the name of a savepoint", savepoint->path);
		return say_unreadable(savepoint->path, error);
	}
	savepoint->table = savepoint->text + line_length;
	savepoint->table_length = length - line_length;
	return 0;
}

static int say_none(int directory, const char *path, unsigned depth, const char *name, struct error *error)
{
	CLEANUP_FREE char *names = savepoint_list(directory, path, depth, error);
	if (!names)
		return -1;
	error_set(error, ERROR_INPUT, "there is no savepoint '%s' in this unit", name);
	return *names ? error_remedy(error, "those that there are, oldest first: %s", names)
		      : error_remedy(error, "make it first: ipvs-iso savepoint NAME");
}

int savepoint_find(int directory, const char *path, unsigned depth, const char *name, uint64_t *number,
		   struct table *table, struct error *error)
{
	CLEANUP_STACK struct stack stack = {0};
	if (read_stack(directory, depth, &stack, error) < 0)
		return -1;
	for (size_t i = stack.numbers.count; i-- > 0;) {
		CLEANUP_SAVEPOINT struct savepoint savepoint = {0};
		if (read_one(directory, path, depth, stack.numbers.items[i], &savepoint, error) < 0)
			return -1;
		if (strcmp(savepoint.name, name) != 0)
			continue;
		*number = stack.numbers.items[i];
		if (table && table_from_json(table, savepoint.table, savepoint.table_length, savepoint.path, error) < 0)
			return say_unreadable(savepoint.path, error);
		return 0;
	}
	return say_none(directory, path, depth, name, error);
}

int savepoint_drop_from(int directory, unsigned depth, uint64_t number, struct error *error)
{
	CLEANUP_STACK struct stack stack = {0};
	if (read_stack(directory, depth, &stack, error) < 0)
		return -1;
	/* Newest first: whenever we are killed, what is left is a stack. */
	for (size_t i = stack.numbers.count; i-- > 0 && stack.numbers.items[i] >= number;) {
		CLEANUP_FREE char *file = file_name(depth, stack.numbers.items[i]);
		if (state_file_drop(directory, file, error) < 0)
			return -1;
	}
	return 0;
}

int savepoint_drop_deeper(int directory, unsigned depth, struct error *error)
{
	CLEANUP_STATE_FILE_NAMES struct state_file_names names = {0};
	if (state_file_find(directory, PREFIX, &names, error) < 0)
		return -1;
	for (size_t i = 0; i < names.list.count; i++) {
		/* Also those that were never finished. */
		unsigned long whose = strtoul(names.list.items[i] + strlen(PREFIX), NULL, 10);
		if (whose > depth && state_file_drop(directory, names.list.items[i], error) < 0)
			return -1;
	}
	return 0;
}

/* 0, also where the savepoint was dropped since the stack was read. */
static int put_name(FILE *stream, int directory, const char *path, unsigned depth, uint64_t number, struct error *error)
{
	CLEANUP_SAVEPOINT struct savepoint savepoint = {0};
	int failed = read_one(directory, path, depth, number, &savepoint, error);
	if (failed < 0 && error->kind == ERROR_NOT_FOUND) {
		error_clear(error);
		return 0;
	}
	if (failed == 0)
		fprintf(stream, "%s'%s'", ftell(stream) > 0 ? ", " : "", savepoint.name);
	return failed;
}

char *savepoint_list(int directory, const char *path, unsigned depth, struct error *error)
{
	CLEANUP_STACK struct stack stack = {0};
	if (read_stack(directory, depth, &stack, error) < 0)
		return NULL;
	char *text;
	size_t length;
	int failed = 0;
	FILE *stream = memory_stream(&text, &length);
	for (size_t i = 0; failed == 0 && i < stack.numbers.count; i++)
		failed = put_name(stream, directory, path, depth, stack.numbers.items[i], error);
	fclose(stream);
	if (failed == 0)
		return text;
	free(text);
	return NULL;
}
