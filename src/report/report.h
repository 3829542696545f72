/* SPDX-License-Identifier: MIT */
/* The formats that results are rendered in: each is a file, and a row in report.c. */
#ifndef IPVS_ISO_REPORT_REPORT_H
#define IPVS_ISO_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "result/result.h"

struct report_style {
	bool color; /* where the format has any use for it */
};

/* Writes a result whose residue has been judged, see residue_tolerate(). A failed write shows in ferror(3). */
typedef void report_writer(FILE *stream, const struct run_result *result, const struct report_style *style);

struct report_format {
	const char *name;   /* as `report --format` takes it */
	const char *ending; /* of the files that have it, with the dot; or NULL: by its name only */
	report_writer *write;
	/* What has to be done beside; or NULL. -1 with an error. */
	int (*publish)(const struct run_result *result, struct error *error);
};

report_writer report_text, report_json, report_junit, report_tap, report_tap13, report_markdown, report_github,
	report_html;

/* Appends the result as Markdown to the file that $GITHUB_STEP_SUMMARY names, where that is set. */
int report_github_publish(const struct run_result *result, struct error *error);

/* All of them; the last has no name. */
extern const struct report_format report_formats[];

/* The format of that name; NULL with an error that lists them. */
const struct report_format *report_format_named(const char *name, struct error *error);

/*
 * The format that `what` names, as FORMAT:FILE, by the ending of a file, or, for our standard streams, text; and the
 * file in `file`, within `what`. NULL with an error that lists the endings and the formats.
 */
const struct report_format *report_format_for(const char *what, const char **file, struct error *error);

/* The whole report in memory. The caller frees. */
char *report_render(const struct report_format *format, const struct run_result *result, size_t *length);

#endif
