/* SPDX-License-Identifier: MIT */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const struct report_format report_formats[] = {
	{"text", ".txt", report_text, NULL}, /* the first: what our standard streams get */
	{"json", ".json", report_json, NULL},
	{"junit", ".xml", report_junit, NULL},
	{"tap", ".tap", report_tap, NULL},
	{"tap13", NULL, report_tap13, NULL},
	{"markdown", ".md", report_markdown, NULL},
	{"html", ".html", report_html, NULL},
	{"github", NULL, report_github, report_github_publish},
	{0},
};

/* "text, json, junit", or ".txt, .json, .xml". The caller frees. */
static char *list_formats(bool endings)
{
	char *list = NULL;
	size_t length;
	FILE *out = memory_stream(&list, &length);
	const char *separator = "";
	for (const struct report_format *format = report_formats; format->name; format++) {
		const char *word = endings ? format->ending : format->name;
		if (!word)
			continue;
		fprintf(out, "%s%s", separator, word);
		separator = ", ";
	}
	fclose(out);
	return list;
}

static const struct report_format *find_format(const char *name, size_t length)
{
	for (const struct report_format *format = report_formats; format->name; format++) {
		if (strlen(format->name) == length && memcmp(format->name, name, length) == 0)
			return format;
	}
	return NULL;
}

const struct report_format *report_format_named(const char *name, struct error *error)
{
	const struct report_format *format = find_format(name, strlen(name));
	if (format)
		return format;
	CLEANUP_FREE char *names = list_formats(false);
	error_set(error, ERROR_INPUT, "there is no format '%s'; the formats are %s", name, names);
	return NULL;
}

static const struct report_format *find_format_by_ending(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash : path, '.');
	for (const struct report_format *format = report_formats; dot && format->name; format++) {
		if (format->ending && strcmp(format->ending, dot) == 0)
			return format;
	}
	return NULL;
}

static bool is_standard_stream(const char *path)
{
	return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0;
}

const struct report_format *report_format_for(const char *what, const char **file, struct error *error)
{
	size_t length = strcspn(what, ":");
	const struct report_format *format = what[length] ? find_format(what, length) : NULL;
	*file = format ? what + length + 1 : what;
	if (!format)
		format = is_standard_stream(what) ? report_formats : find_format_by_ending(what);
	if (format)
		return format;
	CLEANUP_FREE char *endings = list_formats(true);
	CLEANUP_FREE char *names = list_formats(false);
	error_set(error, ERROR_INPUT,
		  "the ending of '%s' is of no format of reports; the endings are %s; with any other, name the format, "
		  "as "
		  "in text:FILE: %s",
		  what, endings, names);
	return NULL;
}

char *report_render(const struct report_format *format, const struct run_result *result, size_t *length)
{
	const struct report_style style = {.color = false};
	char *text = NULL;
	FILE *out = memory_stream(&text, length);
	format->write(out, result, &style);
	bool failed = ferror(out);
	if (fclose(out) || failed)
		abort();
	return text;
}
