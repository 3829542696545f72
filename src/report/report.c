/* SPDX-License-Identifier: MIT */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const struct report_format report_formats[] = {
	{"text", ".txt", report_text, NULL},
	{"json", ".json", report_json, NULL},
	{"junit", ".xml", report_junit, NULL},
	{"tap", ".tap", report_tap, NULL},
	{"markdown", ".md", report_markdown, NULL},
	{"html", ".html", report_html, NULL},
	{"github", NULL, report_github, report_github_publish},
	{0},
};

/* "text, json, junit", or the endings. The caller frees. */
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

const struct report_format *report_format_named(const char *name, struct error *error)
{
	for (const struct report_format *format = report_formats; format->name; format++) {
		if (strcmp(format->name, name) == 0)
			return format;
	}
	CLEANUP_FREE char *names = list_formats(false);
	error_set(error, ERROR_INPUT, "there is no format '%s'; the formats are %s", name, names);
	return NULL;
}

const struct report_format *report_format_of_file(const char *path, struct error *error)
{
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash : path, '.');
	for (const struct report_format *format = report_formats; dot && format->name; format++) {
		if (format->ending && strcmp(format->ending, dot) == 0)
			return format;
	}
	CLEANUP_FREE char *endings = list_formats(true);
	error_set(error, ERROR_INPUT, "the ending of '%s' is of no format of reports; the endings are %s", path,
		  endings);
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
