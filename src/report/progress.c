/* SPDX-License-Identifier: MIT */
#include "report/progress.h"

#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/memory.h"
#include "report/characters.h"

/* What stands for the part of a line that has no room. */
static const char ellipsis[] = "...";
#define ELLIPSIS_COLUMNS (sizeof ellipsis - 1)

void progress_clear(struct progress *progress)
{
	for (size_t i = 0; i < progress->running.count; i++)
		free(progress->running.items[i].name);
	array_free(&progress->running);
}

void progress_unit_started(struct progress *progress, const char *name, int64_t now)
{
	struct progress_unit *unit = array_append(&progress->running);
	*unit = (struct progress_unit){.name = memory_copy_string(name), .started = now};
}

void progress_unit_stopped(struct progress *progress, const char *name)
{
	struct progress_unit *units = progress->running.items;
	size_t at = 0;
	while (at < progress->running.count && strcmp(units[at].name, name) != 0)
		at++;
	if (at == progress->running.count)
		return;
	free(units[at].name);
	progress->running.count--;
	memmove(units + at, units + at + 1, (progress->running.count - at) * sizeof *units);
}

void progress_unit_ended(struct progress *progress, const struct unit_result *result)
{
	progress_unit_stopped(progress, result->name);
	progress->ended++;
	progress->summary.of[unit_verdict(result, progress->fail_on)]++;
	progress->summary.flaky += unit_is_flaky(result, progress->fail_on);
	progress->residue += result->residue.entries.count;
}

/* The whole of it, whatever the names hold. */
static char *whole_line(const struct progress *progress, int64_t now)
{
	char *text = NULL;
	size_t length;
	FILE *out = memory_stream(&text, &length);
	size_t running = progress->running.count;
	/* Those that passed are no news. */
	struct summary news = progress->summary;
	news.of[VERDICT_PASSED] = news.flaky;

	fprintf(out, "%8s [%8" PRId64 "s] ", "RUNNING", (now - progress->begun) / 1000);
	if (running == 1)
		fprintf(out, "%zu of %zu", progress->ended + 1, progress->planned);
	else if (running > 1)
		fprintf(out, "%zu of %zu done, %zu running", progress->ended, progress->planned, running);
	else
		fprintf(out, "%zu of %zu done", progress->ended, progress->planned);
	summary_write_counts(out, &news, ", ");
	if (progress->residue)
		fprintf(out, ", %zu left behind", progress->residue);
	for (size_t i = 0; i < running; i++) {
		const struct progress_unit *unit = &progress->running.items[i];
		fprintf(out, "%s%s %" PRId64 "s", i == 0 ? ": " : ", ", unit->name, (now - unit->started) / 1000);
	}
	fclose(out);
	return text;
}

/* How many columns a terminal gives to a character. One that is not known may take two. */
static size_t columns_of(uint32_t character)
{
	if (character < 0x80)
		return 1;
	int columns = wcwidth((wchar_t)character);
	return columns < 0 ? 2 : (size_t)columns;
}

/* Writes as many characters from the start as have room; nothing where `out` is NULL. True when that was all. */
static bool put_within(FILE *out, const char *text, size_t columns)
{
	const char *end = text + strlen(text);
	while (text < end) {
		uint32_t character = character_next(&text, end);
		size_t wanted = columns_of(character);
		if (wanted > columns)
			return false;
		columns -= wanted;
		if (out)
			character_put_on_line(out, character);
	}
	return true;
}

char *progress_line(const struct progress *progress, int64_t now, size_t columns)
{
	CLEANUP_FREE char *whole = whole_line(progress, now);
	char *line = NULL;
	size_t length;
	FILE *out = memory_stream(&line, &length);
	/* wcwidth(3) goes by the locale, and we write UTF-8 in any. Without this one all but ASCII counts as wide. */
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = uselocale(utf8);
	if (put_within(NULL, whole, columns)) {
		put_within(out, whole, columns);
	} else if (columns > ELLIPSIS_COLUMNS) {
		put_within(out, whole, columns - ELLIPSIS_COLUMNS);
		fputs(ellipsis, out);
	}
	uselocale(before);
	if (utf8)
		freelocale(utf8);
	fclose(out);
	return line;
}
