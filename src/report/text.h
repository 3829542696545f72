/* SPDX-License-Identifier: MIT */
/* Results as lines for people. */
#ifndef IPVS_ISO_REPORT_TEXT_H
#define IPVS_ISO_REPORT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "result/result.h"

struct text_style {
	bool color;
	unsigned fail_on; /* a set of residue classes; the others are shown, but are no failure */
};

/* A line for a unit that has ended, and one for each thing that it left. */
void text_unit(FILE *stream, const struct unit_result *result, const struct text_style *style);

/* The same for an attempt that failed, and after which the unit is run again. */
void text_retry(FILE *stream, const struct unit_result *result, const struct text_style *style);

/*
 * Below a rule, where there is anything: the first of those units that were not reached; and the same once more for
 * those that did not pass, were flaky or left something.
 */
void text_failures(FILE *stream, const struct run_result *result, const struct text_style *style);

/* The totals: a line, and one of what was left by class, where something was. */
void text_summary(FILE *stream, const struct run_result *result, const struct text_style *style);

#endif
