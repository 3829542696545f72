/* SPDX-License-Identifier: MIT */
#include "report/text.h"

#include <string.h>

#include "base/memory.h"

struct look {
	const char *word, *color;
};

static const struct look looks[] = {
	[VERDICT_PASSED] = {"PASS", "\033[32m"},       [VERDICT_RESIDUE] = {"RESIDUE", "\033[33m"},
	[VERDICT_TIMED_OUT] = {"TIMEOUT", "\033[31m"}, [VERDICT_FAILED] = {"FAIL", "\033[31m"},
	[VERDICT_TROUBLE] = {"TROUBLE", "\033[31m"},
};

static void print_word(FILE *stream, enum verdict verdict, const struct text_style *style)
{
	const struct look *look = &looks[verdict];
	fprintf(stream, "%s%8s%s", style->color ? look->color : "", look->word, style->color ? "\033[0m" : "");
}

/* A name may hold anything; what a terminal would obey is shown as ?. */
static void print_plain(FILE *stream, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 127 ? '?' : *text, stream);
}

static void print_end(FILE *stream, const struct unit_result *result, enum verdict verdict)
{
	if (verdict == VERDICT_TROUBLE) {
		fprintf(stream, ": %s", result->trouble.message);
		if (result->trouble.remedy)
			fprintf(stream, "\n           %s", result->trouble.remedy);
	} else if (verdict == VERDICT_TIMED_OUT) {
		fputs(": ran past its time", stream);
	} else if (result->signal) {
		fprintf(stream, ": ended by signal %d (%s)", result->signal, strsignal(result->signal));
	} else if (result->status) {
		fprintf(stream, ": exit status %d", result->status);
	}
}

void text_unit(FILE *stream, const struct unit_result *result, const struct text_style *style)
{
	enum verdict verdict = unit_verdict(result, style->fail_on);
	print_word(stream, verdict, style);
	fprintf(stream, " [%8.3fs] ", (double)result->times.running / 1000);
	print_plain(stream, result->name);
	print_end(stream, result, verdict);
	fputc('\n', stream);

	for (size_t i = 0; i < result->residue.entries.count; i++) {
		const struct residue *residue = &result->residue.entries.items[i];
		fprintf(stream, "%21s%-12s %-8s ", "", residue_class_name(residue->class),
			residue_action_name(residue->action));
		print_plain(stream, residue->text);
		fputc('\n', stream);
	}
}

static void print_count(FILE *stream, size_t count, const char *what, const char **separator)
{
	if (!count)
		return;
	fprintf(stream, "%s%zu %s", *separator, count, what);
	*separator = ", ";
}

void text_summary(FILE *stream, const struct run_result *result, const struct text_style *style)
{
	size_t counts[VERDICT_TROUBLE + 1] = {0};
	for (size_t i = 0; i < result->units.count; i++)
		counts[unit_verdict(&result->units.items[i], style->fail_on)]++;

	size_t planned = result->planned;
	const char *separator = "";
	fprintf(stream, "%8s %zu unit%s: ", "SUMMARY", planned, planned == 1 ? "" : "s");
	print_count(stream, counts[VERDICT_PASSED], "passed", &separator);
	print_count(stream, counts[VERDICT_RESIDUE], "left residue", &separator);
	print_count(stream, counts[VERDICT_FAILED], "failed", &separator);
	print_count(stream, counts[VERDICT_TIMED_OUT], "timed out", &separator);
	print_count(stream, counts[VERDICT_TROUBLE], "could not be run", &separator);
	print_count(stream, planned - result->units.count, "not reached", &separator);
	fputc('\n', stream);
}
