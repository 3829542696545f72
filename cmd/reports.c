/* SPDX-License-Identifier: MIT */
#include "reports.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "command.h"
#include "process/supervise.h"

void planned_reports_clear(struct planned_reports *reports)
{
	for (size_t i = 0; i < reports->list.count; i++)
		target_clear(&reports->list.items[i].target);
	array_free(&reports->list);
}

int planned_reports_add(struct planned_reports *reports, const char *what, struct error *error)
{
	struct planned_report report = {.target = TARGET_INIT};
	const char *file = what;
	bool to_file = strcmp(what, "github") != 0;
	report.format = to_file ? report_format_for(what, &file, error) : report_format_named(what, error);
	if (!report.format || (to_file && report_target_open(&report.target, file, error) < 0))
		return -1;
	*array_append(&reports->list) = report;
	return 0;
}

int planned_reports_add_folder(struct planned_reports *reports, struct error *error)
{
	const char *folder = getenv("IPVS_ISO_REPORT_DIR");
	if (!folder || !*folder)
		return 0;
	struct planned_report report = {.format = report_format_named("json", error)};
	if (report_target_open_in(&report.target, folder, error) < 0)
		return error_context(error, "IPVS_ISO_REPORT_DIR");
	*array_append(&reports->list) = report;
	return 0;
}

static int write_report(const struct planned_report *report, const struct run_result *result, struct error *error)
{
	size_t length;
	CLEANUP_FREE char *text = report_render(report->format, result, &length);
	if (report->target.path) {
		if (report_target_write(&report->target, text, length, error) < 0)
			return -1;
	} else {
		/* Standard output is the tests' own. */
		fwrite(text, 1, length, stderr);
	}
	return report->format->publish ? report->format->publish(result, error) : 0;
}

int planned_reports_write(const struct planned_reports *reports, const struct run_result *result)
{
	int status = 0;
	for (size_t i = 0; i < reports->list.count; i++) {
		CLEANUP_ERROR struct error error = ERROR_INIT;
		if (write_report(&reports->list.items[i], result, &error) == 0)
			continue;
		int trouble = print_error(&error);
		int signal = error.kind == ERROR_INTERRUPTED ? supervise_pending_signal() : 0;
		if (!signal)
			status = trouble;
		else if (!status)
			status = 128 + signal;
	}
	return status;
}
