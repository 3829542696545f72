/* SPDX-License-Identifier: MIT */
#include "run/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/memory.h"

void plan_clear(struct plan *plan)
{
	for (size_t i = 0; i < plan->units.count; i++) {
		struct planned_unit *unit = &plan->units.items[i];
		for (char **argument = unit->arguments; *argument; argument++)
			free(*argument);
		free(unit->arguments);
		free(unit->name);
	}
	array_free(&plan->units);
}

static size_t list_length(char *const *list)
{
	size_t length = 0;
	while (list[length])
		length++;
	return length;
}

void plan_add_whole(struct plan *plan, char *const *command)
{
	size_t count = list_length(command);
	char **arguments = memory_allocate(count + 1, sizeof *arguments);
	char *name;
	size_t name_length;
	FILE *stream = memory_stream(&name, &name_length);
	for (size_t i = 0; i < count; i++) {
		arguments[i] = memory_copy_string(command[i]);
		fprintf(stream, "%s%s", i ? " " : "", command[i]);
	}
	fclose(stream);
	*array_append(&plan->units) = (struct planned_unit){.name = name, .arguments = arguments};
}

/* `argument` with `name` for every {}. */
static char *fill_in(const char *argument, const char *name)
{
	char *text;
	size_t length;
	FILE *stream = memory_stream(&text, &length);
	for (const char *mark; (mark = strstr(argument, "{}")); argument = mark + 2)
		fprintf(stream, "%.*s%s", (int)(mark - argument), argument, name);
	fputs(argument, stream);
	fclose(stream);
	return text;
}

static char **fill_in_command(char *const *command, const char *name)
{
	size_t count = list_length(command);
	char **arguments = memory_allocate(count + 2, sizeof *arguments);
	bool marked = false;
	for (size_t i = 0; i < count; i++) {
		marked |= strstr(command[i], "{}") != NULL;
		arguments[i] = fill_in(command[i], name);
	}
	if (!marked)
		arguments[count] = memory_copy_string(name);
	return arguments;
}

int plan_add_unit(struct plan *plan, const char *name, char *const *command, struct error *error)
{
	if (!*name)
		return error_set(error, ERROR_INPUT, "a unit's name is empty");
	for (size_t i = 0; i < plan->units.count; i++) {
		if (strcmp(plan->units.items[i].name, name) == 0)
			return error_set(error, ERROR_INPUT, "the unit '%s' is named twice", name);
	}
	*array_append(&plan->units) = (struct planned_unit){
		.name = memory_copy_string(name),
		.arguments = fill_in_command(command, name),
	};
	return 0;
}

static char *output_of(const char *source, size_t *length, struct error *error)
{
	FILE *stream = popen(source, "re");
	if (!stream) {
		error_set_errno(error, errno, "cannot run '%s'", source);
		return NULL;
	}
	char *output = file_read_descriptor(fileno(stream), source, length, error);
	int status = pclose(stream);
	if (output && status != 0) {
		free(output);
		error_set(error, ERROR_INPUT, "'%s' ended with %s %d, so the units are not known", source,
			  WIFSIGNALED(status) ? "signal" : "exit status",
			  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		return NULL;
	}
	return output;
}

int plan_add_units_from(struct plan *plan, const char *source, char *const *command, struct error *error)
{
	size_t length;
	CLEANUP_FREE char *output = output_of(source, &length, error);
	if (!output)
		return -1;
	if (strlen(output) != length)
		return error_set(error, ERROR_INPUT, "'%s' printed a NUL byte where names of units were expected",
				 source);
	size_t before = plan->units.count;
	char *rest = output;
	for (char *line; (line = strsep(&rest, "\n"));) {
		if (*line && plan_add_unit(plan, line, command, error) < 0)
			return error_context(error, "'%s'", source);
	}
	if (plan->units.count == before)
		return error_set(error, ERROR_INPUT, "'%s' printed no names of units", source);
	return 0;
}
