/* SPDX-License-Identifier: MIT */
/*
 * What a test runner says of a unit that has ended, in its own words: the "passed:", "failed:" and "note:" lines in the
 * file of the runner. ipvs-iso(8) says under RUNNERS what is in them.
 */
#ifndef IPVS_ISO_RUN_VERDICT_LINE_H
#define IPVS_ISO_RUN_VERDICT_LINE_H

#include <stdbool.h>

#include "base/array.h"
#include "base/error.h"
#include "process/output.h"
#include "result/result.h"

/* All of it is owned; starts as zeros. */
struct verdict_lines {
	char *passed, *failed; /* with $unit, $time and \t in them; or NULL */
	ARRAY(char *) notes;   /* "WORDS = LINE": said behind `passed` where the unit printed that line */
};

void verdict_lines_clear(struct verdict_lines *lines);

/* Reads the lines in the text of a runner; a key that is there twice counts the last time, but for notes. */
void verdict_lines_read(struct verdict_lines *lines, const char *text);

/*
 * Makes the line, without a line feed, for an attempt at a unit whose `output` has been kept. Where that was `shown`,
 * and ended within a line, a line feed comes first. NULL without an error where there is no line: the runner has none,
 * the unit could not be run, or it printed one itself, as its last. The caller frees.
 */
char *verdict_line_make(const struct verdict_lines *lines, const struct unit_result *result,
			const struct output *output, bool shown, struct error *error);

#endif
