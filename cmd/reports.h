/* SPDX-License-Identifier: MIT */
/* The reports that a run makes: --report and IPVS_ISO_REPORT_DIR. */
#ifndef IPVS_ISO_REPORTS_H
#define IPVS_ISO_REPORTS_H

#include "base/array.h"
#include "base/error.h"
#include "report/report.h"
#include "report/target.h"

struct planned_report {
	const struct report_format *format;
	struct target target; /* without a path: standard error */
};

struct planned_reports {
	ARRAY(struct planned_report) list;
};

#define CLEANUP_PLANNED_REPORTS __attribute__((cleanup(planned_reports_clear)))
void planned_reports_clear(struct planned_reports *reports);

/*
 * Adds what --report says: a file, whose ending names the format, FORMAT:FILE, or the word "github". Sees that it can
 * be written.
 */
int planned_reports_add(struct planned_reports *reports, const char *what, struct error *error);

/* Adds a result in the folder that IPVS_ISO_REPORT_DIR names, where that is set. */
int planned_reports_add_folder(struct planned_reports *reports, struct error *error);

/*
 * Writes all of them. One that cannot be written does not keep the others from it; each prints an error. The exit
 * status for what was not written: 0 when all are, 128 + n where nothing but a request to end cut short the wait for a
 * reader, else STATUS_TROUBLE.
 */
int planned_reports_write(const struct planned_reports *reports, const struct run_result *result);

#endif
