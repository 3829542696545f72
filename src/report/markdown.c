/* SPDX-License-Identifier: MIT */
#include "report/markdown.h"

#include <string.h>

#include "base/memory.h"
#include "report/characters.h"
#include "report/report.h"
#include "report/summary.h"

/* Of an output the end is shown, which is where a test says how it went; the whole is in the other formats. */
#define OUTPUT_MAX 8192

/* Characters that mean something in a line. A | ends a table's cell even behind a backslash that is escaped. */
static void put_inline(FILE *stream, uint32_t character)
{
	if (character == '|')
		fputs("&#124;", stream);
	else if (character < 0x80 && strchr("\\`*_[]<>&~#!$@", (int)character))
		fprintf(stream, "\\%c", (char)character);
	else
		character_put_on_line(stream, character);
}

static void put_text(FILE *stream, const char *text)
{
	characters_write_text(stream, text, put_inline);
}

/* What begins a line. */
static void put_paragraph(FILE *stream, const char *text)
{
	characters_write_lines(stream, text, strlen(text), put_inline, "\\:");
	fputs("\n\n", stream);
}

/* How many backticks there are in a row at most. */
static size_t longest_fence(const char *bytes, size_t length)
{
	size_t longest = 0;
	size_t run = 0;
	for (size_t i = 0; i < length; i++) {
		run = bytes[i] == '`' ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	return longest;
}

/* A block of code, fenced by more backticks than are in it. `bytes` end with a line feed, or are made to. */
static void put_block(FILE *stream, const char *language, const char *bytes, size_t length)
{
	size_t fence = longest_fence(bytes, length) + 1;
	if (fence < 3)
		fence = 3;
	CLEANUP_FREE char *backticks = memory_allocate(fence + 1, 1);
	memset(backticks, '`', fence);
	fprintf(stream, "%s%s\n", backticks, language);
	characters_write_lines(stream, bytes, length, character_put, CHARACTERS_COLON);
	fprintf(stream, "%s%s\n", length && bytes[length - 1] == '\n' ? "" : "\n", backticks);
}

/* As a difference: what begins with + - ! # has its colour in that. */
static void put_residue(FILE *stream, const struct residue_list *list)
{
	static const char markers[] = {[RESIDUE_LEFT] = '+', [RESIDUE_CHANGED] = '!', [RESIDUE_REMOVED] = '-'};
	if (!list->entries.count)
		return;
	char *lines = NULL;
	size_t length;
	FILE *out = memory_stream(&lines, &length);
	for (size_t i = 0; i < list->entries.count; i++) {
		const struct residue *residue = &list->entries.items[i];
		fprintf(out, "%c ", residue->tolerated ? '#' : markers[residue->action]);
		characters_write_text(out, residue->text, character_put_on_line);
		fputs(residue->tolerated ? " (does not fail the run)\n" : "\n", out);
	}
	fclose(out);
	put_block(stream, "diff", lines, length);
	fputc('\n', stream);
	free(lines);
}

/* `of`: whose, or "" where it is the unit's last. */
static void put_output(FILE *stream, const char *of, const struct unit_output *output)
{
	if (!output->length)
		return;
	size_t shown = output->length < OUTPUT_MAX ? output->length : OUTPUT_MAX;
	size_t before = output->length - shown;
	fputs("<details><summary>Output", stream);
	put_text(stream, of);
	if (before || output->dropped)
		fprintf(stream, ", without %zu bytes", before + output->dropped);
	fputs("</summary>\n\n", stream);
	put_block(stream, "text", output->bytes + before, shown);
	fputs("\n</details>\n\n", stream);
}

static void put_earlier(FILE *stream, const struct unit_result *unit, bool outputs)
{
	for (size_t i = 0; i < unit->earlier.count; i++) {
		const struct unit_result *attempt = &unit->earlier.items[i];
		CLEANUP_FREE char *heading = summary_earlier(attempt);
		CLEANUP_FREE char *of = memory_printf(" of attempt %u", attempt->attempts);
		put_paragraph(stream, heading);
		put_residue(stream, &attempt->residue);
		if (outputs)
			put_output(stream, of, &attempt->output);
	}
}

static void put_unit(FILE *stream, const struct unit_result *unit, bool outputs)
{
	enum verdict verdict = unit_verdict(unit, RESIDUE_SET_ALL);
	/* The table says all of it. */
	if (verdict == VERDICT_SKIPPED ||
	    (verdict == VERDICT_PASSED && !unit->residue.entries.count && !unit->earlier.count))
		return;
	CLEANUP_FREE char *reason = summary_reason(unit, RESIDUE_SET_ALL);
	fprintf(stream, "#### %s: ", summary_word(unit, RESIDUE_SET_ALL));
	put_text(stream, unit->name);
	fputs("\n\n", stream);
	if (reason && verdict != VERDICT_RESIDUE)
		put_paragraph(stream, reason);
	if (unit->trouble.remedy)
		put_paragraph(stream, unit->trouble.remedy);
	put_residue(stream, &unit->residue);
	if (outputs && verdict != VERDICT_PASSED)
		put_output(stream, "", &unit->output);
	put_earlier(stream, unit, outputs);
}

/* "passed", "flaky, attempt 2", "exit status 3, 2 attempts" */
static void put_outcome(FILE *stream, const struct unit_result *unit)
{
	CLEANUP_FREE char *reason = summary_reason(unit, RESIDUE_SET_ALL);
	CLEANUP_FREE char *attempts = summary_attempts(unit, RESIDUE_SET_ALL);
	const char *passed = unit_is_flaky(unit, RESIDUE_SET_ALL) ? "flaky" : "passed";
	put_text(stream, reason ? reason : passed);
	if (attempts)
		fprintf(stream, ", %s", attempts);
}

static const char *sign_of(const struct unit_result *unit)
{
	enum verdict verdict = unit_verdict(unit, RESIDUE_SET_ALL);
	if (verdict == VERDICT_SKIPPED)
		return "\u23ed\ufe0f";
	if (verdict != VERDICT_PASSED)
		return "\u274c";
	return unit_is_flaky(unit, RESIDUE_SET_ALL) ? "\u26a0\ufe0f" : "\u2705";
}

static void put_table(FILE *stream, const struct run_result *result)
{
	fputs("| | Unit | Result | Time |\n|---|---|---|---:|\n", stream);
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		fprintf(stream, "| %s | ", sign_of(unit));
		put_text(stream, unit->name);
		fputs(" | ", stream);
		put_outcome(stream, unit);
		fprintf(stream, " | %.3f s |\n", (double)unit->times.running / 1000);
	}
	fputc('\n', stream);
}

static void put_fact(FILE *stream, const char *what, const char *text)
{
	if (!text)
		return;
	fprintf(stream, "%s: ", what);
	put_text(stream, text);
	fputs("  \n", stream);
}

void markdown_write(FILE *stream, const struct run_result *result, bool outputs)
{
	CLEANUP_FREE char *summary = summary_text(result, RESIDUE_SET_ALL);
	CLEANUP_FREE char *trouble = summary_run_trouble(result);
	CLEANUP_FREE char *order = summary_order(result);
	CLEANUP_FREE char *shard = summary_shard(result);
	fprintf(stream, "### ipvs-iso: %s\n\n", summary);
	if (trouble) {
		fputs("**", stream);
		put_text(stream, trouble);
		fputs("**\n\n", stream);
	}
	put_fact(stream, "Command", result->command);
	put_fact(stream, "Kernel", result->kernel);
	put_fact(stream, "Order", order);
	put_fact(stream, "Shard", shard);
	fprintf(stream, "Time: %.1f s\n\n", (double)result->duration_ms / 1000);
	put_table(stream, result);
	for (size_t i = 0; i < result->units.count; i++)
		put_unit(stream, &result->units.items[i], outputs);
}

void report_markdown(FILE *stream, const struct run_result *result, const struct report_style *style)
{
	(void)style;
	markdown_write(stream, result, true);
}
