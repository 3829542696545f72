/* SPDX-License-Identifier: MIT */
/*
 * The Test Anything Protocol: a line for each unit, and what else is known of it as YAML below that. Version 14, and 13
 * for readers that refuse a newer one, as prove(1) does: nothing that only 14 has is used.
 */
#include <inttypes.h>
#include <stdbool.h>

#include "base/memory.h"
#include "report/characters.h"
#include "report/report.h"
#include "report/summary.h"

/* In a description: a # would begin a directive. */
static void put_description(FILE *stream, uint32_t character)
{
	if (character == '#' || character == '\\')
		fputc('\\', stream);
	character_put_on_line(stream, character);
}

/* Within double quotes of YAML. The characters beyond ASCII are line breaks to some readers, or a byte order mark. */
static void put_quoted(FILE *stream, uint32_t character)
{
	if (character == '"' || character == '\\')
		fprintf(stream, "\\%c", (char)character);
	else if (character == '\n')
		fputs("\\n", stream);
	else if (character == '\t')
		fputs("\\t", stream);
	else if (character == 0x2028 || character == 0x2029 || character == 0xfeff)
		fprintf(stream, "\\u%04X", (unsigned)character);
	else
		character_put(stream, character);
}

static void put_string(FILE *stream, const char *key, const char *value)
{
	fprintf(stream, "  %s: \"", key);
	characters_write_text(stream, value, put_quoted);
	fputs("\"\n", stream);
}

static void put_times(FILE *stream, const struct unit_times *times)
{
	fprintf(stream,
		"  duration_ms: %" PRId64 "\n  waited_ms: %" PRId64 "\n  preparing_ms: %" PRId64
		"\n  cleaning_ms: %" PRId64 "\n",
		times->running, times->waited, times->preparing, times->cleaning);
}

static void put_residue(FILE *stream, const struct residue_list *list)
{
	if (!list->entries.count)
		return;
	fputs("  residue:\n", stream);
	for (size_t i = 0; i < list->entries.count; i++) {
		const struct residue *residue = &list->entries.items[i];
		fprintf(stream, "    - class: %s\n      action: %s\n      fails: %s\n    ",
			residue_class_name(residue->class), residue_action_name(residue->action),
			residue->tolerated ? "false" : "true");
		put_string(stream, "text", residue->text);
	}
}

static void put_output(FILE *stream, const struct unit_output *output)
{
	if (!output->length && !output->dropped)
		return;
	fputs("  output: \"", stream);
	characters_write(stream, output->bytes, output->length, put_quoted);
	fprintf(stream, "\"\n  output_dropped: %zu\n", output->dropped);
}

static void put_earlier(FILE *stream, const struct unit_result *unit)
{
	if (!unit->earlier.count)
		return;
	fputs("  earlier:\n", stream);
	for (size_t i = 0; i < unit->earlier.count; i++) {
		const struct unit_result *attempt = &unit->earlier.items[i];
		CLEANUP_FREE char *heading = summary_earlier(attempt);
		fputs("    - message: \"", stream);
		characters_write_text(stream, heading, put_quoted);
		fputs("\"\n      output: \"", stream);
		characters_write(stream, attempt->output.bytes, attempt->output.length, put_quoted);
		fprintf(stream, "\"\n      output_dropped: %zu\n", attempt->output.dropped);
	}
}

static void put_unit(FILE *stream, const struct unit_result *unit, size_t number)
{
	enum verdict verdict = unit_verdict(unit, RESIDUE_SET_ALL);
	CLEANUP_FREE char *reason = summary_reason(unit, RESIDUE_SET_ALL);
	bool fails = verdict != VERDICT_PASSED && verdict != VERDICT_SKIPPED;
	fprintf(stream, "%sok %zu - ", fails ? "not " : "", number);
	characters_write_text(stream, unit->name, put_description);
	if (verdict == VERDICT_SKIPPED) {
		fputs(" # SKIP ", stream);
		characters_write_text(stream, reason, put_description);
		fputc('\n', stream);
		return;
	}
	fputs("\n  ---\n", stream);
	fprintf(stream, "  verdict: %s\n", verdict_name(verdict));
	if (reason)
		put_string(stream, "message", reason);
	if (unit->trouble.remedy)
		put_string(stream, "remedy", unit->trouble.remedy);
	if (unit->attempts > 1)
		fprintf(stream, "  attempts: %u\n  flaky: %s\n", unit->attempts,
			unit_is_flaky(unit, RESIDUE_SET_ALL) ? "true" : "false");
	fprintf(stream, "  exitcode: %d\n", unit->status);
	put_times(stream, &unit->times);
	put_residue(stream, &unit->residue);
	if (verdict != VERDICT_PASSED)
		put_output(stream, &unit->output);
	put_earlier(stream, unit);
	fputs("  ...\n", stream);
}

static void put_comment(FILE *stream, const char *what, const char *text)
{
	if (!text)
		return;
	fprintf(stream, "# %s: ", what);
	characters_write_text(stream, text, character_put_on_line);
	fputc('\n', stream);
}

static void put_report(FILE *stream, const struct run_result *result, int version)
{
	fprintf(stream, "TAP version %d\n1..%zu\n", version, result->planned);
	put_comment(stream, "command", result->command);
	put_comment(stream, "kernel", result->kernel);
	CLEANUP_FREE char *order = summary_order(result);
	CLEANUP_FREE char *shard = summary_shard(result);
	put_comment(stream, "order", order);
	put_comment(stream, "shard", shard);
	for (size_t i = 0; i < result->units.count; i++)
		put_unit(stream, &result->units.items[i], i + 1);
	CLEANUP_FREE char *summary = summary_text(result, RESIDUE_SET_ALL);
	put_comment(stream, "summary", summary);
	CLEANUP_FREE char *trouble = summary_run_trouble(result);
	if (trouble) {
		fputs("Bail out! ", stream);
		characters_write_text(stream, trouble, character_put_on_line);
		fputc('\n', stream);
	}
}

void report_tap(FILE *stream, const struct run_result *result, const struct report_style *style)
{
	(void)style;
	put_report(stream, result, 14);
}

void report_tap13(FILE *stream, const struct run_result *result, const struct report_style *style)
{
	(void)style;
	put_report(stream, result, 13);
}
