/* SPDX-License-Identifier: MIT */
#include "report/report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "command.h"
#include "report/gather.h"
#include "report/summary.h"
#include "report/target.h"

enum option { OPTION_FORMAT, OPTION_OUTPUT, OPTION_VERDICT };

static const struct report_format *format; /* NULL: not said */
static const char *output = "-";
static bool verdict;

static const struct option_row options[] = {
	[OPTION_FORMAT] = {'f', "format", "text|json|junit|tap|tap13|markdown|html|github",
			   "what to write; default: by the ending of the file that\n--output names, else text"},
	[OPTION_OUTPUT] = {'o', "output", "[FORMAT:]FILE",
			   "write to FILE instead of standard output;\na file is replaced whole or not at all"},
	[OPTION_VERDICT] = {0, "verdict", NULL,
			    "end with the exit status that one run of it all would\nhave had; 125 where something is "
			    "missing, or there "
			    "twice"},
	{0},
};

static int set_option(int index, const char *value, struct error *error)
{
	switch ((enum option)index) {
	case OPTION_FORMAT:
		format = report_format_named(value, error);
		return format ? 0 : -1;
	case OPTION_OUTPUT:
		output = value;
		return 0;
	case OPTION_VERDICT:
		verdict = true;
		return 0;
	}
	return 0;
}

/* With --format a file may have any name. */
static int choose_format(struct error *error)
{
	if (!format)
		format = report_format_for(output, &output, error);
	return format ? 0 : -1;
}

static int write_to_file(const struct run_result *result, struct error *error)
{
	CLEANUP_TARGET struct target target = TARGET_INIT;
	if (report_target_open(&target, output, error) < 0)
		return -1;
	size_t length;
	CLEANUP_FREE char *text = report_render(format, result, &length);
	return report_target_write(&target, text, length, error);
}

static int make_report(const struct run_result *result, struct error *error)
{
	if (strcmp(output, "-") != 0) {
		if (write_to_file(result, error) < 0)
			return -1;
	} else {
		const struct report_style style = {.color = manners.color && isatty(STDOUT_FILENO)};
		format->write(stdout, result, &style);
	}
	return format->publish ? format->publish(result, error) : 0;
}

/* What is wrong with the results as a whole. How many there are. */
static size_t tell_faults(const struct run_result *result)
{
	CLEANUP_RESULT_FAULTS struct result_faults faults = {0};
	run_result_find_faults(result, &faults);
	for (size_t i = 0; i < faults.list.count && (verdict || !manners.quiet); i++) {
		CLEANUP_ERROR struct error error = ERROR_INIT;
		error_set(&error, ERROR_FAILED, "%s", faults.list.items[i]);
		print_error(&error);
	}
	return faults.list.count;
}

/* Nobody who reads but the last line shall take a report of failures for success. */
static void tell_status(const struct run_result *result, int status)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_FREE char *summary = summary_text(result, RESIDUE_SET_ALL);
	CLEANUP_FREE char *trouble = summary_run_trouble(result);
	error_set(&error, ERROR_FAILED, "%s%s%s", summary, trouble ? "; " : "", trouble ? trouble : "");
	if (!verdict)
		error_remedy(&error, "one run of them would have ended with %d, as 'report --verdict' does", status);
	print_error(&error);
}

/* The exit status that the results deserve. */
static int judge(const struct run_result *result)
{
	size_t faults = tell_faults(result);
	int status = faults ? STATUS_TROUBLE : run_status(result, RESIDUE_SET_ALL);
	if (status && !manners.quiet)
		tell_status(result, status);
	return verdict ? status : 0;
}

static int run(int count, char **operands)
{
	if (count < 1)
		return print_usage_error(&command_report, "no result given");
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_RUN_RESULT struct run_result result = {0};
	if (choose_format(&error) < 0 || report_gather(&result, operands, (size_t)count, &error) < 0 ||
	    make_report(&result, &error) < 0)
		return print_error(&error);
	return judge(&result);
}

const struct subcommand command_report = {
	.name = "report",
	.operands = "RESULT...",
	.summary = "Render the results of runs; several become one report",
	.details = "RESULT is a file that 'ipvs-iso run --report FILE.json' wrote, a folder of such\n"
		   "files, as IPVS_ISO_REPORT_DIR makes one, or '-' for standard input.\n"
		   "The exit status is 0 when the report was written, whatever it says, unless\n"
		   "--verdict is given; 125 in trouble.\n"
		   "\n"
		   "Examples:\n"
		   "  ipvs-iso report run.json\n"
		   "  ipvs-iso report -o report.html results/\n"
		   "  ipvs-iso report --verdict shard-1.json shard-2.json shard-3.json\n",
	.options = options,
	.set_option = set_option,
	.run = run,
};
