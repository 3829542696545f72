/* SPDX-License-Identifier: MIT */
/*
 * Workflow commands of GitHub Actions, which make an annotation of each unit that did not pass, or not the first time;
 * and the job's summary.
 * The runner looks for commands in standard output and standard error alike.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/target.h"
#include "report/characters.h"
#include "report/markdown.h"
#include "report/report.h"
#include "report/summary.h"

/* GitHub takes no more of one step. */
#define SUMMARY_MAX (1024 * 1024)

static void put_message(FILE *stream, uint32_t character)
{
	if (character == '%' || character == '\n')
		fprintf(stream, "%%%02X", (unsigned)character);
	else
		character_put(stream, character);
}

/* In a property : and , have a meaning, too. */
static void put_property(FILE *stream, uint32_t character)
{
	if (character == ':' || character == ',')
		fprintf(stream, "%%%02X", (unsigned)character);
	else
		put_message(stream, character);
}

/* `command`: error, warning or notice */
static void put_annotation(FILE *stream, const char *command, const char *title, const char *message)
{
	fprintf(stream, "::%s title=", command);
	characters_write_text(stream, title, put_property);
	fputs("::", stream);
	characters_write_text(stream, message, put_message);
	fputc('\n', stream);
}

/* The reason, and below it the rules. The caller frees. */
static char *describe(const struct unit_result *unit)
{
	CLEANUP_FREE char *reason = summary_reason(unit, RESIDUE_SET_ALL);
	CLEANUP_FREE char *attempts = summary_attempts(unit, RESIDUE_SET_ALL);
	char *text = NULL;
	size_t length;
	FILE *out = memory_stream(&text, &length);
	fputs(reason ? reason : "passed, but not the first time", out);
	if (attempts)
		fprintf(out, " (%s)", attempts);
	if (unit->trouble.remedy)
		fprintf(out, "\n%s", unit->trouble.remedy);
	for (size_t i = 0; i < unit->earlier.count; i++) {
		CLEANUP_FREE char *earlier = summary_earlier(&unit->earlier.items[i]);
		fprintf(out, "\n%s", earlier);
	}
	for (size_t i = 0; i < unit->residue.entries.count; i++) {
		const struct residue *residue = &unit->residue.entries.items[i];
		if (!residue->tolerated)
			fprintf(out, "\n%s %s: %s", residue_class_name(residue->class),
				residue_action_name(residue->action), residue->text);
	}
	fclose(out);
	return text;
}

/* One for all: of one step GitHub shows ten of a kind. */
static void put_skipped(FILE *stream, const struct run_result *result)
{
	char *text = NULL;
	size_t length, count = 0;
	FILE *out = memory_stream(&text, &length);
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		if (!unit->skipped)
			continue;
		CLEANUP_FREE char *reason = summary_reason(unit, RESIDUE_SET_ALL);
		fprintf(out, "\n%s: %s", unit->name, reason);
		count++;
	}
	fclose(out);
	CLEANUP_FREE char *message =
		memory_printf("%zu unit%s not reached:%s", count, count == 1 ? " was" : "s were", text);
	if (count)
		put_annotation(stream, "warning", "ipvs-iso", message);
	free(text);
}

void report_github(FILE *stream, const struct run_result *result, const struct report_style *style)
{
	(void)style;
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		bool flaky = unit_is_flaky(unit, RESIDUE_SET_ALL);
		if (unit->skipped || (!flaky && unit_verdict(unit, RESIDUE_SET_ALL) == VERDICT_PASSED))
			continue;
		CLEANUP_FREE char *title = memory_printf("%s %s", summary_word(unit, RESIDUE_SET_ALL), unit->name);
		CLEANUP_FREE char *message = describe(unit);
		put_annotation(stream, flaky ? "warning" : "error", title, message);
	}
	put_skipped(stream, result);
	CLEANUP_FREE char *order = summary_order(result);
	if (order) {
		CLEANUP_FREE char *message = memory_printf("the units ran in the order %s", order);
		put_annotation(stream, "notice", "ipvs-iso", message);
	}
	CLEANUP_FREE char *trouble = summary_run_trouble(result);
	if (trouble)
		put_annotation(stream, "error", "ipvs-iso", trouble);
}

/* As much as GitHub takes. The caller frees. */
static char *render_summary(const struct run_result *result, size_t *length)
{
	for (int outputs = 1; outputs >= 0; outputs--) {
		char *text = NULL;
		FILE *out = memory_stream(&text, length);
		markdown_write(out, result, outputs);
		if (!outputs)
			fputs("\nThe outputs are left out: with them this would be longer than GitHub takes.\n", out);
		fclose(out);
		if (*length <= SUMMARY_MAX)
			return text;
		free(text);
	}
	CLEANUP_FREE char *summary = summary_text(result, RESIDUE_SET_ALL);
	char *text = memory_printf("### ipvs-iso: %s\n\nThe whole report is longer than GitHub takes.\n", summary);
	*length = strlen(text);
	return text;
}

int report_github_publish(const struct run_result *result, struct error *error)
{
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	if (!path || !*path)
		return 0;
	size_t length;
	CLEANUP_FREE char *text = render_summary(result, &length);
	if (target_append(path, text, length, error) < 0)
		return error_context(error, "GITHUB_STEP_SUMMARY");
	return 0;
}
