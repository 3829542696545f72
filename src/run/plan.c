/* SPDX-License-Identifier: MIT */
#include "run/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/memory.h"
#include "run/lister.h"
#include "run/unit_name.h"

void planned_unit_clear(struct planned_unit *unit)
{
	for (char **argument = unit->arguments; *argument; argument++)
		free(*argument);
	free(unit->arguments);
	free(unit->name);
}

void plan_clear(struct plan *plan)
{
	for (size_t i = 0; i < plan->units.count; i++)
		planned_unit_clear(&plan->units.items[i]);
	for (size_t i = 0; i < plan->names.count; i++)
		free(plan->names.items[i]);
	array_free(&plan->units);
	array_free(&plan->names);
}

static size_t list_length(char *const *list)
{
	size_t length = 0;
	while (list[length])
		length++;
	return length;
}

static char **arguments_copy(char *const *arguments)
{
	size_t count = list_length(arguments);
	char **copy = memory_allocate(count + 1, sizeof *copy);
	for (size_t i = 0; i < count; i++)
		copy[i] = memory_copy_string(arguments[i]);
	return copy;
}

void plan_add_whole(struct plan *plan, char *const *command)
{
	*array_append(&plan->units) = (struct planned_unit){
		.name = unit_name(command),
		.arguments = arguments_copy(command),
	};
}

void plan_add_copy(struct plan *plan, size_t index, char *name)
{
	char **arguments = arguments_copy(plan->units.items[index].arguments);
	size_t place = plan->units.items[index].place;
	*array_append(&plan->units) = (struct planned_unit){.name = name, .arguments = arguments, .place = place};
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

/* A unit's name; its arguments follow. */
static struct planned_unit *add_named(struct plan *plan, const char *name, struct error *error)
{
	if (!*name) {
		error_set(error, ERROR_INPUT, "a unit's name is empty");
		return NULL;
	}
	for (size_t i = 0; i < plan->units.count; i++) {
		if (strcmp(plan->units.items[i].name, name) == 0) {
			error_set(error, ERROR_INPUT, "the unit '%s' is named twice", name);
			return NULL;
		}
	}
	struct planned_unit *unit = array_append(&plan->units);
	unit->name = memory_copy_string(name);
	return unit;
}

int plan_add_unit(struct plan *plan, const char *name, char *const *command, struct error *error)
{
	struct planned_unit *unit = add_named(plan, name, error);
	if (!unit)
		return -1;
	unit->arguments = fill_in_command(command, name);
	return 0;
}

int plan_add_made(struct plan *plan, const char *name, char *const *arguments, struct error *error)
{
	struct planned_unit *unit = add_named(plan, name, error);
	if (!unit)
		return -1;
	unit->arguments = arguments_copy(arguments);
	return 0;
}

static char *output_of(const char *source, size_t *length, int *status, struct error *error)
{
	char *const arguments[] = {"/bin/sh", "-c", "--", (char *)source, NULL};
	int ended;
	char *output = lister_run(arguments, LISTER_INPUT_OURS, length, &ended, error);
	if (!output || ended == 0)
		return output;
	free(output);
	*status = WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : 0;
	error_set(error, ERROR_INPUT, "'%s' ended with %s %d, so the units are not known", source,
		  WIFSIGNALED(ended) ? "signal" : "exit status",
		  WIFSIGNALED(ended) ? WTERMSIG(ended) : WEXITSTATUS(ended));
	return NULL;
}

int plan_add_units_from(struct plan *plan, const char *source, char *const *command, int *status, struct error *error)
{
	size_t length;
	CLEANUP_FREE char *output = output_of(source, &length, status, error);
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
