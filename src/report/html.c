/* SPDX-License-Identifier: MIT */
/*
 * One page that needs nothing from outside and runs no script. It is well-formed XML as well, so that a test can hold
 * it against a strict parser. The timeline is for the eye; all that it shows is in a table below it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "report/html_style.h"
#include "report/markup.h"
#include "report/report.h"
#include "report/summary.h"

/* So much of an output is shown, its end: a page of many megabytes helps nobody. All that was kept is in the JSON. */
#define OUTPUT_MAX ((size_t)64 * 1024)

/* How many marks there may be on the timeline's axis. */
#define TICKS_MAX 8

static void put_text(FILE *stream, const char *text)
{
	characters_write_text(stream, text, markup_put);
}

/* What has to stay on a line: names, rules. */
static void put_on_line(FILE *stream, uint32_t character)
{
	markup_put(stream, character < 0x20 ? 0x2400 + character : character);
}

static void put_line(FILE *stream, const char *text)
{
	characters_write_text(stream, text, put_on_line);
}

static double seconds(int64_t milliseconds)
{
	return (double)milliseconds / 1000;
}

static enum verdict verdict_of(const struct unit_result *unit)
{
	return unit_verdict(unit, RESIDUE_SET_ALL);
}

static bool is_flaky(const struct unit_result *unit)
{
	return unit_is_flaky(unit, RESIDUE_SET_ALL);
}

/* What html_style[] knows a unit by. */
static const char *class_of(const struct unit_result *unit)
{
	return is_flaky(unit) ? "flaky" : verdict_name(verdict_of(unit));
}

/* ---- the head ---- */

static void put_head(FILE *stream, const char *summary)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
	      "<meta charset=\"utf-8\"/>\n<title>ipvs-iso: ",
	      stream);
	put_text(stream, summary);
	fputs("</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	      "'unsafe-inline'\"/>\n"
	      "<style>\n",
	      stream);
	fputs(html_style, stream);
	fputs("</style>\n</head>\n", stream);
}

static void put_fact(FILE *stream, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(stream, "<dt>%s</dt><dd>", name);
	put_line(stream, text);
	fputs("</dd>\n", stream);
}

static void put_header(FILE *stream, const struct run_result *result, const char *summary)
{
	CLEANUP_FREE char *started = summary_time(result->started_ms);
	CLEANUP_FREE char *when = memory_printf("%s UTC", started);
	CLEANUP_FREE char *duration = memory_printf("%.1f s, of which %.1f s until the first unit could begin",
						    seconds(result->duration_ms), seconds(result->waited_ms));
	CLEANUP_FREE char *isolation = result->isolation ? memory_printf("%s, %u unit%s at once", result->isolation,
									 result->jobs, result->jobs == 1 ? "" : "s")
							 : NULL;
	CLEANUP_FREE char *order = summary_order(result);
	CLEANUP_FREE char *shard = summary_shard(result);
	when[strcspn(when, "T")] = ' ';
	fputs("<body>\n<a class=\"skip\" href=\"#units\">To the units</a>\n<header>\n<p "
	      "class=\"product\">ipvs-iso</p>\n<h1>",
	      stream);
	put_text(stream, summary);
	fputs("</h1>\n<dl class=\"facts\">\n", stream);
	put_fact(stream, "Command", result->command);
	put_fact(stream, "Kernel", result->kernel);
	put_fact(stream, "Isolation", isolation);
	put_fact(stream, "Order", order);
	put_fact(stream, "Shard", shard);
	put_fact(stream, "Started", when);
	put_fact(stream, "Took", duration);
	fputs("</dl>\n", stream);
	CLEANUP_FREE char *trouble = summary_run_trouble(result);
	if (trouble) {
		fputs("<p class=\"alarm\"><strong>Trouble:</strong> ", stream);
		put_line(stream, trouble);
		if (result->trouble.remedy) {
			fputs("<br/>", stream);
			put_line(stream, result->trouble.remedy);
		}
		fputs("</p>\n", stream);
	}
	fputs("</header>\n<main>\n", stream);
}

/* ---- the timeline ---- */

static int64_t end_of(const struct unit_times *times)
{
	return times->started + times->preparing + times->running + times->cleaning;
}

/* How long the timeline is; never 0. */
static int64_t find_span(const struct run_result *result)
{
	int64_t span = result->duration_ms > 1 ? result->duration_ms : 1;
	for (size_t i = 0; i < result->units.count; i++) {
		int64_t end = end_of(&result->units.items[i].times);
		if (end > span)
			span = end;
	}
	return span;
}

/* A round distance between marks of which few enough fit into the span: 1, 2 or 5 and zeros. */
static int64_t find_step(int64_t span)
{
	static const int factors[] = {1, 2, 5};
	for (int64_t power = 1;; power *= 10) {
		for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
			if (span / (power * factors[i]) < TICKS_MAX)
				return power * factors[i];
		}
	}
}

static void put_ticks(FILE *stream, int64_t span, bool labelled)
{
	int64_t step = find_step(span);
	for (int64_t at = 0; at <= span; at += step) {
		fprintf(stream, "<span class=\"tick\" style=\"left:%.3f%%\">", 100.0 * (double)at / (double)span);
		/* One too close to the right edge would hang over it. */
		if (labelled && at <= span - span / 12)
			fprintf(stream, "%g s", seconds(at));
		fputs("</span>", stream);
	}
}

static void put_bar(FILE *stream, const char *phase, int64_t from, int64_t length, int64_t span)
{
	if (length > 0)
		fprintf(stream, "<span class=\"bar %s\" style=\"left:%.3f%%;width:%.3f%%\"></span>", phase,
			100.0 * (double)from / (double)span, 100.0 * (double)length / (double)span);
}

static const char *sign_of(const struct unit_result *unit)
{
	static const char *const signs[] = {
		[VERDICT_PASSED] = "\u2713", [VERDICT_RESIDUE] = "\u25b3", [VERDICT_TIMED_OUT] = "\u25f7",
		[VERDICT_FAILED] = "\u2717", [VERDICT_TROUBLE] = "!",      [VERDICT_SKIPPED] = "\u2013",
	};
	return is_flaky(unit) ? "\u21bb" : signs[verdict_of(unit)];
}

static void begin_row(FILE *stream, const char *class, const char *sign, const char *name, int64_t span)
{
	fprintf(stream, "<div class=\"row %s\"><span class=\"label\"><span class=\"sign\">%s</span>", class, sign);
	put_line(stream, name);
	fputs("</span><div class=\"track\">", stream);
	put_ticks(stream, span, false);
}

static void put_unit_row(FILE *stream, const struct unit_result *unit, int64_t span)
{
	const struct unit_times *times = &unit->times;
	begin_row(stream, class_of(unit), sign_of(unit), unit->name, span);
	int64_t at = times->started;
	/* That of the first attempt, and when that was is not known. */
	if (unit->attempts <= 1)
		put_bar(stream, "waiting", at - times->waited, times->waited, span);
	put_bar(stream, "preparing", at, times->preparing, span);
	at += times->preparing;
	put_bar(stream, "running", at, times->running, span);
	at += times->running;
	put_bar(stream, "restoring", at, times->cleaning, span);
	fputs("</div></div>\n", stream);
}

/* What belongs to no unit: until the first could begin, and after the last. */
static void put_run_row(FILE *stream, const struct run_result *result, int64_t span)
{
	int64_t last = result->waited_ms;
	for (size_t i = 0; i < result->units.count; i++) {
		int64_t end = end_of(&result->units.items[i].times);
		if (end > last)
			last = end;
	}
	begin_row(stream, "run", "", "the run itself", span);
	put_bar(stream, "waiting", 0, result->waited_ms, span);
	put_bar(stream, "restoring", last, result->duration_ms - last, span);
	fputs("</div></div>\n", stream);
}

static void put_times_table(FILE *stream, const struct run_result *result)
{
	fputs("<details>\n<summary>The timeline as a table</summary>\n<div class=\"scroll\" role=\"region\" "
	      "tabindex=\"0\" "
	      "aria-label=\"The timeline as a table\">\n<table>\n<caption>Seconds</caption>\n<thead><tr>"
	      "<th scope=\"col\">Unit</th><th scope=\"col\">Result</th>"
	      "<th scope=\"col\" class=\"number\">Waited</th><th scope=\"col\" class=\"number\">Prepared</th>"
	      "<th scope=\"col\" class=\"number\">Ran</th><th scope=\"col\" class=\"number\">Restored</th>"
	      "</tr></thead>\n<tbody>\n",
	      stream);
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		const struct unit_times *times = &unit->times;
		fputs("<tr><th scope=\"row\">", stream);
		put_line(stream, unit->name);
		fprintf(stream, "</th><td>%s</td>", summary_word(unit, RESIDUE_SET_ALL));
		const int64_t phases[] = {times->waited, times->preparing, times->running, times->cleaning};
		for (size_t phase = 0; phase < sizeof phases / sizeof *phases; phase++)
			fprintf(stream, "<td class=\"number\">%.3f</td>", seconds(phases[phase]));
		fputs("</tr>\n", stream);
	}
	fputs("</tbody>\n</table>\n</div>\n</details>\n", stream);
}

static void put_timeline(FILE *stream, const struct run_result *result)
{
	int64_t span = find_span(result);
	fputs("<section aria-labelledby=\"timeline\">\n<h2 id=\"timeline\">Timeline</h2>\n<div aria-hidden=\"true\">\n"
	      "<ul class=\"legend\">"
	      "<li><span class=\"bar waiting\"></span>waits for its turn</li>"
	      "<li><span class=\"bar preparing\"></span>the table is made clean</li>"
	      "<li><span class=\"bar running\"></span>runs</li>"
	      "<li><span class=\"bar restoring\"></span>what it left is ended and put back</li></ul>\n"
	      "<div class=\"row axis\"><span></span><div class=\"track\">",
	      stream);
	put_ticks(stream, span, true);
	fputs("</div></div>\n", stream);
	put_run_row(stream, result, span);
	for (size_t i = 0; i < result->units.count; i++) {
		if (!result->units.items[i].skipped)
			put_unit_row(stream, &result->units.items[i], span);
	}
	fputs("</div>\n", stream);
	put_times_table(stream, result);
	fputs("</section>\n", stream);
}

/* ---- units ---- */

/* A part of a rule. Lines may be broken between its words, and not behind the hyphens of its options. */
static void put_words(FILE *stream, const char *element, const char *text, size_t length)
{
	const char *end = text + length;
	fprintf(stream, "<%s>", element);
	while (text < end) {
		const char *space = memchr(text, ' ', (size_t)(end - text));
		const char *word_end = space ? space : end;
		fputs("<span>", stream);
		characters_write(stream, text, (size_t)(word_end - text), put_on_line);
		fputs(space ? "</span> " : "</span>", stream);
		text = space ? space + 1 : end;
	}
	fprintf(stream, "</%s>", element);
}

/* What it was before is in brackets at its end. */
static void put_rule(FILE *stream, const struct residue *residue)
{
	static const char was[] = " (was: ";
	const char *before = residue->action == RESIDUE_CHANGED ? strstr(residue->text, was) : NULL;
	const char *element = residue->action == RESIDUE_REMOVED ? "del" : "ins";
	size_t length = before ? (size_t)(before - residue->text) : strlen(residue->text);
	fputs("<code>", stream);
	put_words(stream, element, residue->text, length);
	if (before) {
		fputc(' ', stream);
		put_words(stream, "del", before + 1, strlen(before + 1));
	}
	fputs("</code>", stream);
}

static void put_residue(FILE *stream, const struct residue_list *list)
{
	static const char *const markers[] = {
		[RESIDUE_LEFT] = "+", [RESIDUE_CHANGED] = "~", [RESIDUE_REMOVED] = "\u2212"};
	if (!list->entries.count)
		return;
	fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"What it left\">\n"
	      "<table class=\"rules\">\n<caption>What it left</caption>\n<thead><tr><th scope=\"col\">Class</th>"
	      "<th scope=\"col\">What happened</th><th scope=\"col\">Rule</th></tr></thead>\n<tbody>\n",
	      stream);
	for (size_t i = 0; i < list->entries.count; i++) {
		const struct residue *residue = &list->entries.items[i];
		const char *action = residue_action_name(residue->action);
		fprintf(stream,
			"<tr class=\"%s%s\"><td>%s</td><td><span class=\"marker\" "
			"aria-hidden=\"true\">%s</span>%s</td><td>",
			action, residue->tolerated ? " tolerated" : "", residue_class_name(residue->class),
			markers[residue->action], action);
		put_rule(stream, residue);
		fputs(residue->tolerated ? " (does not fail the run)</td></tr>\n" : "</td></tr>\n", stream);
	}
	fputs("</tbody>\n</table>\n</div>\n", stream);
}

/* `of`: whose, or "" where it is the unit's last. */
static void put_output(FILE *stream, const char *of, const struct unit_output *output)
{
	if (!output->length && !output->dropped)
		return;
	size_t shown = output->length < OUTPUT_MAX ? output->length : OUTPUT_MAX;
	size_t before = output->length - shown;
	fprintf(stream, "<details>\n<summary>Output%s: %zu bytes", of, shown);
	if (before || output->dropped)
		fprintf(stream, ", the last ones; without %zu before them", before + output->dropped);
	/* A line feed right behind <pre> would be dropped. */
	fputs("</summary>\n<pre tabindex=\"0\">\n", stream);
	markup_put_lines(stream, shown ? output->bytes + before : NULL, shown);
	fputs("</pre>\n</details>\n", stream);
}

static void put_earlier(FILE *stream, const struct unit_result *unit)
{
	for (size_t i = 0; i < unit->earlier.count; i++) {
		const struct unit_result *attempt = &unit->earlier.items[i];
		CLEANUP_FREE char *heading = summary_earlier(attempt);
		CLEANUP_FREE char *of = memory_printf(" of attempt %u", attempt->attempts);
		fputs("<p>", stream);
		put_line(stream, heading);
		fputs("</p>\n", stream);
		put_residue(stream, &attempt->residue);
		put_output(stream, of, &attempt->output);
	}
}

static void put_unit(FILE *stream, const struct unit_result *unit, size_t number)
{
	enum verdict verdict = verdict_of(unit);
	const struct unit_times *times = &unit->times;
	CLEANUP_FREE char *attempts = summary_attempts(unit, RESIDUE_SET_ALL);
	CLEANUP_FREE char *reason = verdict == VERDICT_RESIDUE ? NULL : summary_reason(unit, RESIDUE_SET_ALL);
	fprintf(stream,
		"<article class=\"unit %s\" aria-labelledby=\"unit-%zu\">\n<h3 id=\"unit-%zu\"><span "
		"class=\"badge\">%s</span> ",
		class_of(unit), number, number, summary_word(unit, RESIDUE_SET_ALL));
	put_line(stream, unit->name);
	fputs("</h3>\n", stream);
	if (reason) {
		fputs("<p>", stream);
		put_line(stream, reason);
		if (unit->trouble.remedy) {
			fputs("<br/>", stream);
			put_line(stream, unit->trouble.remedy);
		}
		fputs("</p>\n", stream);
	}
	if (verdict != VERDICT_SKIPPED)
		fprintf(stream, "<p class=\"times\">waited %.3f s, ran %.3f s%s%s</p>\n", seconds(times->waited),
			seconds(times->running), attempts ? ", " : "", attempts ? attempts : "");
	put_residue(stream, &unit->residue);
	put_output(stream, "", &unit->output);
	put_earlier(stream, unit);
	fputs("</article>\n", stream);
}

/* Which units stand together: those that want attention come first. */
enum part { PART_NOT_PASSED, PART_FLAKY, PART_SKIPPED, PART_PASSED };

static enum part part_of(const struct unit_result *unit)
{
	if (unit->skipped)
		return PART_SKIPPED;
	if (verdict_of(unit) != VERDICT_PASSED)
		return PART_NOT_PASSED;
	return is_flaky(unit) ? PART_FLAKY : PART_PASSED;
}

static void put_part(FILE *stream, const struct run_result *result, enum part part, const char *id, const char *heading)
{
	bool begun = false;
	for (size_t i = 0; i < result->units.count; i++) {
		const struct unit_result *unit = &result->units.items[i];
		if (part_of(unit) != part)
			continue;
		if (!begun)
			fprintf(stream, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id, heading);
		begun = true;
		put_unit(stream, unit, i + 1);
	}
	if (begun)
		fputs("</section>\n", stream);
}

void report_html(FILE *stream, const struct run_result *result, const struct report_style *style)
{
	(void)style;
	CLEANUP_FREE char *summary = summary_text(result, RESIDUE_SET_ALL);
	put_head(stream, summary);
	put_header(stream, result, summary);
	put_timeline(stream, result);
	fputs("<div id=\"units\">\n", stream);
	put_part(stream, result, PART_NOT_PASSED, "attention", "Units that did not pass");
	put_part(stream, result, PART_FLAKY, "flaky", "Units that passed, but not the first time");
	put_part(stream, result, PART_SKIPPED, "skipped", "Units that were not reached");
	put_part(stream, result, PART_PASSED, "passed", "Units that passed");
	fputs("</div>\n</main>\n<footer>Made by ipvs-iso " IPVS_ISO_VERSION "</footer>\n</body>\n</html>\n", stream);
}
