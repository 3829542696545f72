/* SPDX-License-Identifier: MIT */
/* The result itself, as `ipvs-iso report` reads it again: src/result/json_write.c. */
#include "base/memory.h"
#include "report/report.h"

void report_json(FILE *stream, const struct run_result *result, const struct report_style *style)
{
	(void)style;
	size_t length;
	CLEANUP_FREE char *text = run_result_to_json(result, &length);
	fwrite(text, 1, length, stream);
}
