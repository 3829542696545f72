/* SPDX-License-Identifier: MIT */
#include "report/text.h"

#include <string.h>

#include "base/memory.h"
#include "report/characters.h"
#include "report/report.h"
#include "report/summary.h"

/* Where messages go on, of a unit and of the run. */
#define MESSAGE_INDENT 11
#define FACT_INDENT 9

static const char *const colors[] = {
	[VERDICT_PASSED] = "\033[32m", [VERDICT_RESIDUE] = "\033[33m", [VERDICT_TIMED_OUT] = "\033[31m",
	[VERDICT_FAILED] = "\033[31m", [VERDICT_TROUBLE] = "\033[31m", [VERDICT_SKIPPED] = "\033[33m",
};

static void print_word(FILE *stream, const char *word, const char *color, const struct text_style *style)
{
	fprintf(stream, "%s%8s%s", style->color ? color : "", word, style->color ? "\033[0m" : "");
}

/* A name may hold anything; a terminal must not obey it. */
static void print_plain(FILE *stream, const char *text)
{
	characters_write_text(stream, text, character_put_on_line);
}

/* Begins a line that is taken for none of ours, nor for a workflow command. */
static void begin_more(FILE *stream, int indent)
{
	fprintf(stream, "\n%*s| ", indent, "");
}

/* The lines of a message, those behind the first one so far from the margin. */
static void print_message(FILE *stream, const char *text, int indent)
{
	for (;;) {
		size_t length = strcspn(text, "\n");
		characters_write(stream, text, length, character_put_on_line);
		if (!text[length])
			return;
		text += length + 1;
		begin_more(stream, indent);
	}
}

static void print_line(FILE *stream, const struct unit_result *result, enum verdict verdict,
		       const struct text_style *style)
{
	CLEANUP_FREE char *reason = verdict == VERDICT_RESIDUE ? NULL : summary_reason(result, style->fail_on);
	CLEANUP_FREE char *attempts = summary_attempts(result, style->fail_on);
	fprintf(stream, " [%8.3fs] ", (double)result->times.running / 1000);
	print_plain(stream, result->name);
	if (reason) {
		fputs(": ", stream);
		print_message(stream, reason, MESSAGE_INDENT);
	}
	if (attempts)
		fprintf(stream, " (%s)", attempts);
	if (result->trouble.remedy) {
		begin_more(stream, MESSAGE_INDENT);
		print_message(stream, result->trouble.remedy, MESSAGE_INDENT);
	}
	fputc('\n', stream);
}

static void print_residue(FILE *stream, const struct residue_list *list)
{
	for (size_t i = 0; i < list->entries.count; i++) {
		const struct residue *residue = &list->entries.items[i];
		fprintf(stream, "%21s%-12s %-8s ", "", residue_class_name(residue->class),
			residue_action_name(residue->action));
		print_plain(stream, residue->text);
		fputc('\n', stream);
	}
}

void text_retry(FILE *stream, const struct unit_result *result, const struct text_style *style)
{
	print_word(stream, "RETRY", colors[VERDICT_RESIDUE], style);
	print_line(stream, result, unit_verdict(result, style->fail_on), style);
	print_residue(stream, &result->residue);
}

void text_unit(FILE *stream, const struct unit_result *result, const struct text_style *style)
{
	enum verdict verdict = unit_verdict(result, style->fail_on);
	bool flaky = unit_is_flaky(result, style->fail_on);
	print_word(stream, summary_word(result, style->fail_on), colors[flaky ? VERDICT_RESIDUE : verdict], style);
	print_line(stream, result, verdict, style);
	print_residue(stream, &result->residue);
}

/* Who waits for the end of a run wants to see what failed, and not hundreds of names above that. */
#define SKIPPED_SHOWN 10

/* Those that were not reached, as far as the lines go. Which they all were is in the reports. */
static void print_skipped(FILE *stream, const struct run_result *result, const struct text_style *style)
{
	size_t count = 0;
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		if (unit->skipped && ++count <= SKIPPED_SHOWN)
			text_unit(stream, unit, style);
	}
	if (count > SKIPPED_SHOWN)
		fprintf(stream, "%21sand %zu more that were not reached\n", "", count - SKIPPED_SHOWN);
}

static bool is_worth_repeating(const struct unit_result *result, unsigned fail_on)
{
	enum verdict verdict = unit_verdict(result, fail_on);
	return (verdict != VERDICT_PASSED && verdict != VERDICT_SKIPPED) || unit_is_flaky(result, fail_on) ||
	       result->residue.entries.count > 0;
}

void text_failures(FILE *stream, const struct run_result *result, const struct text_style *style)
{
	char *lines = NULL;
	size_t length;
	FILE *out = memory_stream(&lines, &length);
	print_skipped(out, result, style);
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		if (is_worth_repeating(unit, style->fail_on))
			text_unit(out, unit, style);
	}
	fclose(out);
	if (length)
		fprintf(stream, "--------\n%s", lines);
	free(lines);
}

/* "services 1, destinations 2", or nothing. */
static void print_residue_totals(FILE *stream, const struct run_result *result)
{
	size_t totals[RESIDUE_CLASSES] = {0};
	for (size_t i = 0; i < result->units.count; i++) {
		const struct residue_list *residue = &result->units.items[i].residue;
		for (size_t k = 0; k < residue->entries.count; k++)
			totals[residue->entries.items[k].class]++;
	}
	const char *separator = "         residue: ";
	for (size_t i = 0; i < RESIDUE_CLASSES; i++) {
		if (!totals[i])
			continue;
		fprintf(stream, "%s%s %zu", separator, residue_class_name((enum residue_class)i), totals[i]);
		separator = ", ";
	}
	if (*separator == ',')
		fputc('\n', stream);
}

void text_summary(FILE *stream, const struct run_result *result, const struct text_style *style)
{
	CLEANUP_FREE char *text = summary_text(result, style->fail_on);
	fprintf(stream, "%8s %s; %.3f s\n", "SUMMARY", text, (double)result->duration_ms / 1000);
	print_residue_totals(stream, result);
}

/* Each line of it begins so that it is taken for none of ours. */
static void print_output(FILE *stream, const struct unit_output *output)
{
	const char *at = output->bytes;
	const char *end = at + output->length;
	bool at_start = true;
	if (output->dropped)
		fprintf(stream, "         | (%zu bytes before this were not kept)\n", output->dropped);
	while (at < end) {
		uint32_t character = character_next(&at, end);
		if (at_start)
			fputs("         | ", stream);
		at_start = character == '\n';
		character_put(stream, character);
	}
	if (!at_start)
		fputc('\n', stream);
}

static void print_fact(FILE *stream, const char *word, const char *text)
{
	if (!text)
		return;
	fprintf(stream, "%8s ", word);
	print_message(stream, text, FACT_INDENT);
	fputc('\n', stream);
}

void report_text(FILE *stream, const struct run_result *result, const struct report_style *style)
{
	const struct text_style text_style = {.color = style->color, .fail_on = RESIDUE_SET_ALL};
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		for (size_t k = 0; k < unit->earlier.count; k++) {
			text_retry(stream, &unit->earlier.items[k], &text_style);
			print_output(stream, &unit->earlier.items[k].output);
		}
		text_unit(stream, unit, &text_style);
		if (unit_verdict(unit, RESIDUE_SET_ALL) != VERDICT_PASSED && unit->output.length)
			print_output(stream, &unit->output);
	}
	text_summary(stream, result, &text_style);
	CLEANUP_FREE char *order = summary_order(result);
	CLEANUP_FREE char *shard = summary_shard(result);
	CLEANUP_FREE char *trouble = summary_run_trouble(result);
	print_fact(stream, "ORDER", order);
	print_fact(stream, "SHARD", shard);
	print_fact(stream, "TROUBLE", trouble);
}
