/* SPDX-License-Identifier: MIT */
/* The result itself, as `ipvs-iso report` reads it again: src/result/json_write.c. */
#include "base/memory.h"
#include "report/characters.h"
#include "report/report.h"

void report_json(FILE *stream, const struct run_result *result, const struct report_style *style)
{
	(void)style;
	size_t length;
	CLEANUP_FREE char *text = run_result_to_json(result, &length);
	/* A # is in strings only, where it can be written so that no line is a workflow command, and all is exact. */
	const char *end = text + length;
	for (const char *at = text; at < end; at++) {
		if (characters_begin_command(at, end))
			fputs("\\u0023", stream);
		else
			putc(*at, stream);
	}
}
