/* SPDX-License-Identifier: MIT */
/*
 * JUnit's XML, as Jenkins' junit plugin describes it and GitLab and others read it: tests/fixtures/junit.xsd. A unit is
 * a test case with at most one failure or error, since readers differ in which of several they show.
 */
#include <inttypes.h>

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
	characters_write_text(stream, text, markup_put);
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

static void put_streams(FILE *stream, const struct unit_result *unit)
{
	const struct unit_output *output = &unit->output;
	if (output->length || output->dropped) {
		fputs("      <system-out>", stream);
		if (output->dropped)
			fprintf(stream, "(%zu bytes before this were not kept)\n", output->dropped);
		characters_write(stream, output->bytes, output->length, markup_put);
		fputs("</system-out>\n", stream);
	}
	CLEANUP_FREE char *tolerated = residue_lines(&unit->residue, true);
	if (tolerated) {
		fputs("      <system-err>residue that does not fail the run:\n", stream);
		put_text(stream, tolerated);
		fputs("</system-err>\n", stream);
	}
}

static void put_unit(FILE *stream, const struct unit_result *unit)
{
	enum verdict verdict = unit_verdict(unit, RESIDUE_SET_ALL);
	fputs("    <testcase classname=\"ipvs-iso\"", stream);
	put_attribute(stream, "name", unit->name);
	put_seconds(stream, unit->times.running);
	fputs(">\n", stream);
	if (verdict != VERDICT_PASSED)
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
	fprintf(stream, "      <property name=\"%s\"", name);
	put_attribute(stream, "value", value);
	fputs("/>\n", stream);
}

static void put_counts(FILE *stream, const struct run_result *result, const char *trouble)
{
	struct summary summary = summary_make(result, RESIDUE_SET_ALL);
	size_t failures = summary.of[VERDICT_RESIDUE] + summary.of[VERDICT_FAILED] + summary.of[VERDICT_TIMED_OUT];
	size_t errors = summary.of[VERDICT_TROUBLE] + (trouble ? 1 : 0);
	fprintf(stream, " name=\"ipvs-iso\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"",
		result->units.count + (trouble ? 1 : 0), failures, errors);
	put_seconds(stream, result->duration_ms);
}

void report_junit(FILE *stream, const struct run_result *result, const struct report_style *style)
{
	(void)style;
	CLEANUP_FREE char *trouble = summary_run_trouble(result);
	CLEANUP_FREE char *started = summary_time(result->started_ms);
	CLEANUP_FREE char *summary = summary_text(result, RESIDUE_SET_ALL);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", stream);
	put_counts(stream, result, trouble);
	fputs(">\n  <testsuite", stream);
	put_counts(stream, result, trouble);
	put_attribute(stream, "timestamp", started);
	fputs(">\n    <properties>\n", stream);
	put_property(stream, "command", result->command);
	put_property(stream, "kernel", result->kernel);
	put_property(stream, "isolation", result->isolation);
	put_property(stream, "summary", summary);
	fputs("    </properties>\n", stream);
	for (size_t i = 0; i < result->units.count; i++)
		put_unit(stream, &result->units.items[i]);
	if (trouble)
		put_run_trouble(stream, trouble);
	fputs("  </testsuite>\n</testsuites>\n", stream);
}
