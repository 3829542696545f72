/* SPDX-License-Identifier: MIT */
/*
 * JUnit's XML, as Jenkins' junit plugin describes it and GitLab and others read it: tests/fixtures/junit.xsd. A unit is
 * a test case with at most one failure or error, since readers differ in which of several they show.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/markup.h"
#include "report/report.h"
#include "report/summary.h"

static void put_attribute(FILE *stream, const char *name, const char *value)
{
	fprintf(stream, " %s=\"", name);
	characters_write_text(stream, value, markup_put_in_attribute);
	fputc('"', stream);
}

static void put_text(FILE *stream, const char *text)
{
	markup_put_lines(stream, text, strlen(text));
}

static void put_seconds(FILE *stream, int64_t milliseconds)
{
	fprintf(stream, " time=\"%" PRId64 ".%03d\"", milliseconds / 1000, (int)(milliseconds % 1000));
}

/* Of those that fail the unit, or of the others: "services left: -A -f 1", a line each. NULL where there is none. */
static char *residue_lines(const struct residue_list *list, bool tolerated)
{
	char *lines = NULL;
	size_t length;
	FILE *out = memory_stream(&lines, &length);
	for (size_t i = 0; i < list->entries.count; i++) {
		const struct residue *residue = &list->entries.items[i];
		if (residue->tolerated == tolerated)
			fprintf(out, "%s%s %s: %s", ftell(out) ? "\n" : "", residue_class_name(residue->class),
				residue_action_name(residue->action), residue->text);
	}
	fclose(out);
	if (!length) {
		free(lines);
		return NULL;
	}
	return lines;
}

/* A failure, or an error where it is ours; with the rules that are left in the message, which is shown first. */
static void put_failure(FILE *stream, const struct unit_result *unit, enum verdict verdict)
{
	const char *element = verdict == VERDICT_TROUBLE ? "error" : "failure";
	CLEANUP_FREE char *reason = summary_reason(unit, RESIDUE_SET_ALL);
	CLEANUP_FREE char *residue = residue_lines(&unit->residue, false);
	const char *link = verdict == VERDICT_RESIDUE ? ":\n" : "; left residue:\n";
	CLEANUP_FREE char *message = memory_printf("%s%s%s", reason, residue ? link : "", residue ? residue : "");
	fprintf(stream, "      <%s", element);
	put_attribute(stream, "type", verdict_name(verdict));
	put_attribute(stream, "message", message);
	fputc('>', stream);
	put_text(stream, message);
	if (unit->trouble.remedy) {
		fputc('\n', stream);
		put_text(stream, unit->trouble.remedy);
	}
	fprintf(stream, "</%s>\n", element);
}

static void put_skipped(FILE *stream, const struct unit_result *unit)
{
	CLEANUP_FREE char *reason = summary_reason(unit, RESIDUE_SET_ALL);
	fputs("      <skipped", stream);
	put_attribute(stream, "message", reason);
	fputs("/>\n", stream);
}

static void put_output(FILE *stream, const struct unit_output *output)
{
	if (output->dropped)
		fprintf(stream, "(%zu bytes before this were not kept)\n", output->dropped);
	markup_put_lines(stream, output->bytes, output->length);
}

/* How an earlier attempt went, what it left and what it printed. */
static void put_attempt(FILE *stream, const struct unit_result *attempt)
{
	CLEANUP_FREE char *heading = summary_earlier(attempt);
	CLEANUP_FREE char *left = residue_lines(&attempt->residue, false);
	CLEANUP_FREE char *tolerated = residue_lines(&attempt->residue, true);
	const char *const parts[] = {heading, left, tolerated};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!parts[i])
			continue;
		fputc('\n', stream);
		put_text(stream, parts[i]);
	}
	if (attempt->output.length || attempt->output.dropped)
		fputc('\n', stream);
	put_output(stream, &attempt->output);
}

/* What the schema has no place for, and does not fail the unit. Readers show one such element of a case at most. */
static void put_remarks(FILE *stream, const struct unit_result *unit)
{
	CLEANUP_FREE char *attempts = summary_attempts(unit, RESIDUE_SET_ALL);
	CLEANUP_FREE char *tolerated = residue_lines(&unit->residue, true);
	if (!attempts && !tolerated && !unit->earlier.count)
		return;
	fputs("      <system-err>", stream);
	if (attempts)
		fprintf(stream, "%s%s", unit_is_flaky(unit, RESIDUE_SET_ALL) ? "flaky: passed at " : "", attempts);
	if (tolerated) {
		fprintf(stream, "%sresidue that does not fail the run:\n", attempts ? "\n" : "");
		put_text(stream, tolerated);
	}
	for (size_t i = 0; i < unit->earlier.count; i++)
		put_attempt(stream, &unit->earlier.items[i]);
	fputs("</system-err>\n", stream);
}

static void put_streams(FILE *stream, const struct unit_result *unit)
{
	const struct unit_output *output = &unit->output;
	if (output->length || output->dropped) {
		fputs("      <system-out>", stream);
		put_output(stream, output);
		fputs("</system-out>\n", stream);
	}
	put_remarks(stream, unit);
}

/* By the name; those of one name as they stand. */
static int compare_names(const void *a, const void *b)
{
	const struct unit_result *first = *(const struct unit_result *const *)a;
	const struct unit_result *second = *(const struct unit_result *const *)b;
	int order = strcmp(first->name, second->name);
	return order ? order : (first > second) - (first < second);
}

static int compare_with_name(const void *name, const void *unit)
{
	return strcmp(name, (*(const struct unit_result *const *)unit)->name);
}

/*
 * Readers tell cases apart by their names, and some show but one of each; units of several runs may have the same
 * name. The second "web" is "web (2)", unless a unit is called so. As many as there are units; see free_names().
 */
static char **make_names(const struct run_result *result)
{
	size_t count = result->units.count;
	const struct unit_result *units = result->units.items;
	CLEANUP_FREE const struct unit_result **sorted = memory_allocate(count, sizeof *sorted);
	char **names = memory_allocate(count, sizeof *names);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &units[i];
	if (count)
		qsort(sorted, count, sizeof *sorted, compare_names);
	size_t number = 1;
	for (size_t i = 0; i < count; i++) {
		const char *name = sorted[i]->name;
		char *unique = memory_copy_string(name);
		if (i == 0 || strcmp(name, sorted[i - 1]->name) != 0) {
			number = 1;
		} else {
			do {
				free(unique);
				unique = memory_printf("%s (%zu)", name, ++number);
			} while (bsearch(unique, sorted, count, sizeof *sorted, compare_with_name));
		}
		names[sorted[i] - units] = unique;
	}
	return names;
}

static void free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static void put_unit(FILE *stream, const struct unit_result *unit, const char *name)
{
	enum verdict verdict = unit_verdict(unit, RESIDUE_SET_ALL);
	fputs("    <testcase classname=\"ipvs-iso\"", stream);
	put_attribute(stream, "name", name);
	put_seconds(stream, unit->times.running);
	fputs(">\n", stream);
	if (verdict == VERDICT_SKIPPED)
		put_skipped(stream, unit);
	else if (verdict != VERDICT_PASSED)
		put_failure(stream, unit, verdict);
	put_streams(stream, unit);
	fputs("    </testcase>\n", stream);
}

/* Readers know but test cases: a run that could not put the table back must not look well for all its units passed. */
static void put_run_trouble(FILE *stream, const char *trouble)
{
	fputs("    <testcase classname=\"ipvs-iso\" name=\"the run itself\" time=\"0.000\">\n"
	      "      <error type=\"trouble\"",
	      stream);
	put_attribute(stream, "message", trouble);
	fputs("/>\n    </testcase>\n", stream);
}

static void put_property(FILE *stream, const char *name, const char *value)
{
	if (!value)
		return;
	fputs("      <property", stream);
	put_attribute(stream, "name", name);
	put_attribute(stream, "value", value);
	fputs("/>\n", stream);
}

/* A case can have no properties. */
static void put_attempts(FILE *stream, const struct run_result *result, char *const *names)
{
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		if (unit->attempts <= 1)
			continue;
		CLEANUP_FREE char *name = memory_printf("attempts of %s", names[i]);
		CLEANUP_FREE char *value = memory_printf("%u", unit->attempts);
		put_property(stream, name, value);
	}
}

static void put_counts(FILE *stream, const struct run_result *result, const char *trouble, bool of_suite)
{
	struct summary summary = summary_make(result, RESIDUE_SET_ALL);
	size_t failures = summary.of[VERDICT_RESIDUE] + summary.of[VERDICT_FAILED] + summary.of[VERDICT_TIMED_OUT];
	size_t errors = summary.of[VERDICT_TROUBLE] + (trouble ? 1 : 0);
	fprintf(stream, " name=\"ipvs-iso\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"",
		result->units.count + (trouble ? 1 : 0), failures, errors);
	if (of_suite)
		fprintf(stream, " skipped=\"%zu\"", summary.of[VERDICT_SKIPPED]);
	put_seconds(stream, result->duration_ms);
}

void report_junit(FILE *stream, const struct run_result *result, const struct report_style *style)
{
	(void)style;
	CLEANUP_FREE char *trouble = summary_run_trouble(result);
	CLEANUP_FREE char *started = summary_time(result->started_ms);
	CLEANUP_FREE char *summary = summary_text(result, RESIDUE_SET_ALL);
	CLEANUP_FREE char *order = summary_order(result);
	CLEANUP_FREE char *shard = summary_shard(result);
	char **names = make_names(result);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", stream);
	put_counts(stream, result, trouble, false);
	fputs(">\n  <testsuite", stream);
	put_counts(stream, result, trouble, true);
	put_attribute(stream, "timestamp", started);
	fputs(">\n    <properties>\n", stream);
	put_property(stream, "command", result->command);
	put_property(stream, "kernel", result->kernel);
	put_property(stream, "isolation", result->isolation);
	put_property(stream, "order", order);
	put_property(stream, "shard", shard);
	put_property(stream, "summary", summary);
	put_attempts(stream, result, names);
	fputs("    </properties>\n", stream);
	for (size_t i = 0; i < result->units.count; i++)
		put_unit(stream, &result->units.items[i], names[i]);
	if (trouble)
		put_run_trouble(stream, trouble);
	fputs("  </testsuite>\n</testsuites>\n", stream);
	free_names(names, result->units.count);
}
