/* SPDX-License-Identifier: MIT */
#include "run/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "command.h"
#include "live.h"
#include "process/identity.h"
#include "process/output.h"
#include "process/relay.h"
#include "report/text.h"
#include "reports.h"
#include "run/plan.h"
#include "run/plan_order.h"
#include "run/split.h"
#include "run/unit_name.h"
#include "run/verdict_line.h"
#include "run_settings.h"
#include "say.h"
#include "status_line.h"

/* That the tests of a known runner share one table after all is no small thing. */
static void tell_whole(const struct split *split)
{
	CLEANUP_FREE char *leave = split->blamed ? memory_printf("leave %s out, or ", split->blamed) : NULL;
	say(stderr, "ipvs-iso: not split, so that all tests share one table: %s; %ssay that this is meant (--no-split)",
	    split->declined, leave ? leave : "");
}

static void tell_split(const struct split *split)
{
	for (size_t i = 0; i < split->runner.passed_over.count && manners.verbose; i++)
		say(stderr, "ipvs-iso: no runners from %s", split->runner.passed_over.items[i]);
	if (split->runner.path && manners.verbose)
		say(stderr, "ipvs-iso: the runner is %s", split->runner.path);
	if (split->declined && !manners.quiet)
		tell_whole(split);
}

static int make_plan(struct plan *plan, struct split *split, char *const *command, struct error *error)
{
	for (size_t i = 0; i < run_settings.units.count; i++) {
		if (plan_add_unit(plan, run_settings.units.items[i], command, error) < 0)
			return -1;
	}
	for (size_t i = 0; i < run_settings.units_from.count; i++) {
		const char *source = run_settings.units_from.items[i];
		if (plan_add_units_from(plan, source, command, &split->status, error) < 0)
			return -1;
	}
	if (plan->units.count == 0 && !run_settings.no_split && split_command(split, plan, command, error) < 0)
		return -1;
	tell_split(split);
	if (split->hides_passing && !run_settings.output_chosen)
		run_settings.run.output = OUTPUT_ON_FAILURE;
	if (plan->units.count == 0)
		plan_add_whole(plan, command);
	plan_arrange(plan, &run_settings.order);
	return 0;
}

/* What the observer needs; one run a process. */
struct teller {
	struct text_style style;
	size_t units;
	const struct verdict_lines *lines;
	struct progress progress;
	bool memory_ran_out; /* and units failed for it, or perhaps for it */
};

static void tell_order(void)
{
	if (run_settings.order.shuffled)
		say(stderr, "ipvs-iso: in the order shuffle:%" PRIu32, run_settings.order.seed);
}

static void tell_started(void *context, const char *kernel, size_t units)
{
	(void)context;
	if (manners.verbose || units > 1)
		say(stderr, "ipvs-iso: %zu unit%s on %s", units, units == 1 ? "" : "s", kernel);
	tell_order();
}

static void tell_unit_started(void *context, const char *name)
{
	struct teller *teller = context;
	progress_unit_started(&teller->progress, name, duration_now());
	if (manners.verbose) {
		status_line_hide();
		say(stderr, "%8s %s", "START", name);
	}
	status_line_show();
}

static void note_memory(struct teller *teller, const struct unit_result *result)
{
	if (result->memory_ran_out && unit_verdict(result, teller->style.fail_on) != VERDICT_PASSED)
		teller->memory_ran_out = true;
}

/* Beside what the unit printed, so on the way that this takes: no reader that goes away or takes nothing is a fault. */
static int tell_unit_printed(void *context, const struct unit_result *result, const struct output *output,
			     struct error *error)
{
	const struct teller *teller = context;
	bool passed = unit_verdict(result, teller->style.fail_on) == VERDICT_PASSED;
	bool shown = run_settings.run.output == OUTPUT_ALWAYS || !passed;
	if (run_settings.output_chosen && !shown)
		return 0;
	CLEANUP_FREE char *line = verdict_line_make(teller->lines, result, output, shown, error);
	if (!line)
		return error_is_set(error) ? -1 : 0;
	CLEANUP_FREE char *text = NULL;
	size_t length;
	FILE *stream = memory_stream(&text, &length);
	say_message(stream, "", line);
	fclose(stream);
	status_line_hide();
	if (output_write(STDOUT_FILENO, text, length) == WRITTEN_FAILED)
		return error_set_errno(error, errno, "cannot write standard output");
	status_line_show();
	return 0;
}

static void tell_unit_retried(void *context, const struct unit_result *result)
{
	struct teller *teller = context;
	note_memory(teller, result);
	progress_unit_stopped(&teller->progress, result->name);
	status_line_hide();
	text_retry(stderr, result, &teller->style);
	status_line_show();
}

static void tell_unit_ended(void *context, const struct unit_result *result)
{
	struct teller *teller = context;
	enum verdict verdict = unit_verdict(result, teller->style.fail_on);
	/* What failed of ours is said in any case. A command that runs alone and leaves nothing needs no words. */
	bool wanted = verdict == VERDICT_TROUBLE ||
		      (!manners.quiet && (teller->units > 1 || manners.verbose || verdict != VERDICT_PASSED ||
					  result->attempts > 1 || result->residue.entries.count > 0));
	note_memory(teller, result);
	progress_unit_ended(&teller->progress, result);
	if (wanted || manners.verbose)
		status_line_hide();
	if (wanted)
		text_unit(stderr, result, &teller->style);
	if (manners.verbose)
		say(stderr, "%21sready after %.3f s", "", (double)result->times.preparing / 1000);
	status_line_show();
}

static void tolerate_residue(struct unit_result *unit)
{
	residue_tolerate(&unit->residue, run_settings.fail_on);
	for (size_t i = 0; i < unit->earlier.count; i++)
		tolerate_residue(&unit->earlier.items[i]);
}

/* The exit status: the run's, unless a report cannot be written. */
static int report_result(const struct planned_reports *reports, struct run_result *result)
{
	int status = run_status(result, run_settings.fail_on);
	for (size_t i = 0; i < result->units.count; i++)
		tolerate_residue(&result->units.items[i]);
	int unwritten = planned_reports_write(reports, result);
	/* Of several signals the first counts, and trouble more than any. */
	bool counts = unwritten == STATUS_TROUBLE || (unwritten && !result->interrupted && status != STATUS_TROUBLE);
	return counts ? unwritten : status;
}

/* What is known of the run before it begins. */
static void begin_result(struct run_result *result, const struct plan *plan)
{
	const struct plan_order *order = &run_settings.order;
	*result = (struct run_result){
		.shuffled = order->shuffled, .seed = order->seed, .shard = order->shard, .shards = order->shards};
	struct run_part *part = run_result_add_part(result);
	part->shard = order->shard;
	part->shards = order->shards;
	for (size_t i = 0; i < plan->names.count; i++)
		*array_append(&part->plan) = memory_copy_string(plan->names.items[i]);
}

static bool has_verdict_lines(const struct verdict_lines *lines)
{
	return (lines->passed || lines->failed) && run_settings.run.output != OUTPUT_NEVER;
}

static int run_choice(const struct plan *plan, const struct verdict_lines *lines, const struct choice *choice,
		      const struct planned_reports *reports)
{
	struct teller teller = {
		.style = {.color = manners.color, .fail_on = run_settings.fail_on},
		.units = plan->units.count,
		.lines = lines,
		.progress = {.planned = plan->units.count, .fail_on = run_settings.fail_on, .begun = duration_now()},
	};
	if (!manners.quiet)
		status_line_open(&teller.progress);
	const struct run_observer observer = {
		.context = &teller,
		.started = manners.quiet ? NULL : tell_started,
		.recovered = tell_recovered,
		.unit_started = manners.quiet ? NULL : tell_unit_started,
		.unit_printed = has_verdict_lines(lines) ? tell_unit_printed : NULL,
		.unit_retried = manners.quiet ? NULL : tell_unit_retried,
		.unit_ended = tell_unit_ended,
		.bystander = status_line_bystander(),
	};
	CLEANUP_RUN_RESULT struct run_result result;
	begin_result(&result, plan);
	if (choice->why && !manners.quiet)
		say(stderr, "ipvs-iso: using a kernel of our own (%s): %s", choice->guest->name, choice->why);
	run_plan(plan, choice, &run_settings.run, &observer, &result);
	status_line_close();

	if (!manners.quiet && teller.units > 1) {
		text_failures(stderr, &result, &teller.style);
		text_summary(stderr, &result, &teller.style);
	}
	if (teller.memory_ran_out && !manners.quiet)
		say(stderr, "ipvs-iso: a guest ran out of memory; --memory gives it more");
	if (error_is_set(&result.trouble))
		print_error(&result.trouble);
	progress_clear(&teller.progress);
	return report_result(reports, &result);
}

static int plan_reports(struct planned_reports *reports, struct error *error)
{
	for (size_t i = 0; i < run_settings.reports.count; i++) {
		if (planned_reports_add(reports, run_settings.reports.items[i], error) < 0)
			return error_context(error, "run: --report");
	}
	return planned_reports_add_folder(reports, error);
}

static int check_settings(int count, struct error *error)
{
	if (count == 0) {
		error_set(error, ERROR_INPUT, "run: no command given");
		return error_remedy(error, "such as: ipvs-iso run -- make check");
	}
	if (run_settings.no_split && (run_settings.units.count || run_settings.units_from.count))
		return error_set(error, ERROR_INPUT,
				 "run: --no-split runs the command whole, --unit does not: take one");
	if (run_settings.run.keep && run_settings.fixture)
		return error_set(error, ERROR_INPUT,
				 "run: --keep starts from the host's table, --fixture does not: take one");
	return 0;
}

static int list_units(const struct plan *plan)
{
	if (!manners.quiet)
		tell_order();
	for (size_t i = 0; i < plan->units.count; i++)
		say_name(stdout, plan->units.items[i].name);
	return 0;
}

/* `error` may be none. */
static int report_nothing(const struct planned_reports *reports, const struct plan *plan, struct error *error)
{
	CLEANUP_RUN_RESULT struct run_result result;
	begin_result(&result, plan);
	run_nothing(plan, &run_settings.run, error, &result);
	return report_result(reports, &result);
}

static int nothing_to_run(const struct planned_reports *reports, const struct plan *plan)
{
	CLEANUP_ERROR struct error none = ERROR_INIT;
	if (!manners.quiet)
		say(stderr, "ipvs-iso: shard %u of %u has no units", run_settings.order.shard,
		    run_settings.order.shards);
	return report_nothing(reports, plan, &none);
}

/* What ends a run before its first unit is in its reports, too. */
static int fail_early(const struct planned_reports *reports, const struct plan *plan, struct error *error)
{
	print_error(error);
	return run_settings.list ? STATUS_TROUBLE : report_nothing(reports, plan, error);
}

/* The units could not be found: their runner failed, and the command with it, which is the only unit that is known. */
static int fail_to_plan(const struct planned_reports *reports, const struct plan *plan, int status, struct error *error)
{
	if (!status || run_settings.list) {
		int trouble = fail_early(reports, plan, error);
		return status ? status : trouble;
	}
	print_error(error);
	CLEANUP_PLAN struct plan none = {0};
	CLEANUP_ERROR struct error no_error = ERROR_INIT;
	CLEANUP_RUN_RESULT struct run_result result;
	begin_result(&result, &none);
	run_nothing(&none, &run_settings.run, &no_error, &result);
	result.planned = 1;
	*array_append(&result.units) = (struct unit_result){
		.name = memory_copy_string(run_settings.run.command),
		.status = status,
		.attempts = 1,
		.output = {.bytes = memory_copy_string(error->message), .length = strlen(error->message)},
	};
	return report_result(reports, &result);
}

/* What belongs to a network namespace is left to src/unit/alone.c where each unit has one of its own. */
static int check_fixture(struct ipvs *ipvs, const struct table *fixture, struct error *error)
{
	if (ipvs_can_hold(ipvs, fixture, error) < 0)
		return -1;
	return run_settings.run.isolation == ISOLATION_NETNS ? 0 : ipvs_suits_interfaces(ipvs, fixture, error);
}

/* Which kernel the units run on, and whether it is here. */
static int choose(struct choice *choice, struct error *error)
{
	static const char variable[] = "IPVS_ISO_KERNEL";
	const char *name = getenv(variable);
	bool from_environment = !run_settings.kernel && name && *name;
	if (!from_environment)
		name = run_settings.kernel ? run_settings.kernel : "auto";
	if (choice_make(choice, name, run_settings.run.isolation, error) == 0)
		return 0;
	if (strcmp(name, "host") == 0 && error->remedy)
		error_remedy(error, "%s, or bring a kernel of your own: --kernel uml", error->remedy);
	return from_environment ? error_context(error, "%s=%s", variable, name) : -1;
}

/* From here on we are the child, where there is a terminal that another user's command must not type into. */
static int start_relay(struct error *error)
{
	if (relay_start(error) == 0)
		return 0;
	error_context(error, "run: --user");
	return error_remedy(error, "'setsid --wait ipvs-iso run ...' runs it without a terminal");
}

static int run(int count, char **operands)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_PLAN struct plan plan = {0};
	CLEANUP_SPLIT struct split split = SPLIT_INIT;
	CLEANUP_CHOICE struct choice choice = {0};
	CLEANUP_PLANNED_REPORTS struct planned_reports reports = {0};
	CLEANUP_TABLE struct table fixture;
	table_init(&fixture);

	if (check_settings(count, &error) < 0 || run_take_environment(&error) < 0 || plan_reports(&reports, &error) < 0)
		return print_error(&error);
	CLEANUP_FREE char *command = command_text(operands);
	run_settings.run.command = command;
	if (run_settings.fixture) {
		if (table_load(&fixture, run_settings.fixture, &error) < 0)
			return fail_early(&reports, &plan, &error);
		table_fill_defaults(&fixture);
		run_settings.run.fixture = &fixture;
	}
	/* Behind the fixture, which may come from there; before all that is run and would read the rest. */
	if (run_settings.no_stdin && file_empty_input(&error) < 0)
		return fail_early(&reports, &plan, &error);
	if (!run_settings.list && (choose(&choice, &error) < 0 || run_can_be(&run_settings.run, &choice, &error) < 0))
		return fail_early(&reports, &plan, &error);
	/* Here, so that but for the kernel nothing has been opened and nobody has been started. */
	if (run_settings.run.user && choice.ipvs && start_relay(&error) < 0)
		return fail_early(&reports, &plan, &error);
	/* Without the lock: units may be compiled here. */
	if (make_plan(&plan, &split, operands, &error) < 0)
		return fail_to_plan(&reports, &plan, split.status, &error);
	if (run_settings.list)
		return list_units(&plan);
	if (plan.units.count == 0)
		return nothing_to_run(&reports, &plan);
	/* Before anything is changed; a guest has a table of its own, which nobody misses. */
	if (run_settings.fixture && choice.ipvs && check_fixture(choice.ipvs, &fixture, &error) < 0)
		return fail_early(&reports, &plan, &error);
	CLEANUP_IDENTITY struct identity identity = {0};
	if (run_settings.run.user && choice.ipvs && identity_find(&identity, run_settings.run.user, &error) < 0)
		return fail_early(&reports, &plan, &error);
	run_settings.run.wait_ms = manners.wait_ms;
	run_settings.run.waiting = tell_waiting;
	run_settings.run.fail_on = run_settings.fail_on;
	run_settings.run.keep_output = reports.list.count > 0;
	return run_choice(&plan, &split.lines, &choice, &reports);
}

const struct subcommand command_run = {
	.name = "run",
	.also = "exec test",
	.operands = "[--] COMMAND [ARGUMENT...]",
	.summary = "Run tests on a clean table, unit by unit, and report what each left",
	.details = "The host's table is put back afterwards, whatever happens. The exit status is\n"
		   "  0         every unit passed and left nothing behind\n"
		   "  123       the command passed but left residue\n"
		   "  124       a unit ran past its time\n"
		   "  125       ipvs-iso itself failed, or could not put the table back\n"
		   "  126, 127  the command cannot be run, is not found\n"
		   "  else      the command's own, or 128 + the signal that ended it; of several\n"
		   "            units, that of the first in the given order which failed\n\n"
		   "Examples:\n"
		   "  ipvs-iso run -- make check\n"
		   "  ipvs-iso run --units-from 'ls tests/*.bats' -- bats\n"
		   "  ipvs-iso run --kernel uml -- ./controller.test -test.v\n",
	.options = run_option_rows,
	.operands_are_a_command = true,
	.takes_lock = true,
	.set_option = run_set_option,
	.run = run,
};
