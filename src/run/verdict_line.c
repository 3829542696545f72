/* SPDX-License-Identifier: MIT */
#include "run/verdict_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/runner.h"

/* Lines further from the end are not looked at. */
#define LOOKED_AT ((size_t)1 << 20)

#define NOTE_SIGN " = "

void verdict_lines_clear(struct verdict_lines *lines)
{
	free(lines->passed);
	free(lines->failed);
	for (size_t i = 0; i < lines->notes.count; i++)
		free(lines->notes.items[i]);
	array_free(&lines->notes);
	*lines = (struct verdict_lines){0};
}

static void read_last(char **words, const char *text, const char *key)
{
	const char *line = text;
	for (char *next; runner_next_line(&line, key, &next); *words = next)
		free(*words);
}

void verdict_lines_read(struct verdict_lines *lines, const char *text)
{
	read_last(&lines->passed, text, "passed");
	read_last(&lines->failed, text, "failed");
	const char *line = text;
	for (char *note; runner_next_line(&line, "note", &note);)
		*array_append(&lines->notes) = note;
}

static const char *last_line(const char *printed)
{
	const char *end = printed + strlen(printed);
	if (end > printed && end[-1] == '\n')
		end--;
	while (end > printed && end[-1] != '\n')
		end--;
	return end;
}

static bool has_line(const char *printed, const char *line)
{
	size_t length = strlen(line);
	for (const char *at = printed; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, line, length) == 0 && (at[length] == '\n' || !at[length]))
			return true;
	}
	return false;
}

/* The end of what was printed, as a string. The caller frees. */
static char *printed_text(const struct output *output, struct error *error)
{
	size_t length;
	char *text = output_tail(output, LOOKED_AT, &length, error);
	if (!text)
		return NULL;
	for (size_t i = 0; i < length; i++)
		text[i] = text[i] ? text[i] : ' ';
	text[length] = '\0';
	return text;
}

static void write_words(FILE *stream, const char *words, const struct unit_result *result)
{
	static const char unit[] = "$unit", time[] = "$time", tab[] = "\\t";
	while (*words) {
		if (strncmp(words, unit, strlen(unit)) == 0) {
			fputs(result->name, stream);
			words += strlen(unit);
		} else if (strncmp(words, time, strlen(time)) == 0) {
			fprintf(stream, "%.3fs", (double)result->times.running / 1000);
			words += strlen(time);
		} else if (strncmp(words, tab, strlen(tab)) == 0) {
			putc('\t', stream);
			words += strlen(tab);
		} else {
			putc(*words++, stream);
		}
	}
}

/* Whether the unit's own last line begins with what is before the name of the unit. */
static bool is_there(const char *line, const char *printed, const char *name)
{
	const char *unit = strstr(line, name);
	return unit && unit > line && strncmp(last_line(printed), line, (size_t)(unit - line)) == 0;
}

char *verdict_line_make(const struct verdict_lines *lines, const struct unit_result *result,
			const struct output *output, bool shown, struct error *error)
{
	bool passed = result->status == 0 && !result->timed_out;
	const char *words = passed ? lines->passed : lines->failed;
	if (!words || error_is_set(&result->trouble))
		return NULL;
	CLEANUP_FREE char *printed = printed_text(output, error);
	if (!printed)
		return NULL;
	char *line = NULL;
	size_t length;
	FILE *stream = memory_stream(&line, &length);
	if (shown && *last_line(printed) && printed[strlen(printed) - 1] != '\n')
		putc('\n', stream);
	write_words(stream, words, result);
	for (size_t i = 0; i < lines->notes.count && passed; i++) {
		const char *note = lines->notes.items[i];
		const char *sign = strstr(note, NOTE_SIGN);
		if (sign && has_line(printed, sign + strlen(NOTE_SIGN)))
			fprintf(stream, " %.*s", (int)(sign - note), note);
	}
	fclose(stream);
	if (is_there(line, printed, result->name)) {
		free(line);
		line = NULL;
	}
	return line;
}
