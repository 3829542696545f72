/* SPDX-License-Identifier: MIT */
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/duration.h"
#include "base/memory.h"
#include "command.h"
#include "live.h"
#include "process/identity.h"
#include "report/text.h"
#include "run/plan.h"

enum option {
	OPTION_KERNEL,
	OPTION_WAIT,
	OPTION_UNIT,
	OPTION_UNITS_FROM,
	OPTION_NO_SPLIT,
	OPTION_FIXTURE,
	OPTION_TIMEOUT,
	OPTION_KILL_AFTER,
	OPTION_FAIL_ON,
	OPTION_KEEP,
	OPTION_USER,
	OPTION_MEMORY,
	OPTION_GUEST_TIMEOUT,
};

static const struct option_row options[] = {
	[OPTION_KERNEL] = {'k', "kernel", "auto|host|uml",
			   "whose IPVS to use: this host's, or that of a kernel\n"
			   "started for the run; default: auto, the host's where\n"
			   "it is there and permitted, else uml"},
	[OPTION_WAIT] = {'w', "wait", "SECONDS",
			 "how long to wait for the lock (30, 1.5m); 0: fail at\n"
			 "once; default: for ever"},
	[OPTION_UNIT] = {0, "unit", "NAME",
			 "run COMMAND for this unit; NAME goes where {} is in\n"
			 "it, or behind it; may be given several times"},
	[OPTION_UNITS_FROM] = {0, "units-from", "SHELL-COMMAND", "a unit for each line that this prints"},
	[OPTION_NO_SPLIT] = {0, "no-split", NULL, "run COMMAND whole, as one unit"},
	[OPTION_FIXTURE] = {0, "fixture", "FILE",
			    "a snapshot that is loaded before each unit and is then\n"
			    "the clean state"},
	[OPTION_TIMEOUT] = {0, "timeout", "DURATION", "end a unit that runs longer (30, 1.5m, 2h)"},
	[OPTION_KILL_AFTER] = {0, "kill-after", "DURATION",
			       "how long a unit may take to obey SIGTERM before it\n"
			       "gets SIGKILL; default: 5s, and 2s for processes that\n"
			       "it left running"},
	[OPTION_FAIL_ON] = {0, "fail-on", "CLASS[,CLASS...]",
			    "which residue fails the run: services, destinations,\n"
			    "timeouts, daemons, sysctl, processes, connections,\n"
			    "all, none; default: all but connections"},
	[OPTION_KEEP] = {0, "keep", NULL, "do not flush first: units run on the table as it is"},
	[OPTION_USER] = {0, "user", "NAME",
			 "run COMMAND as that user, without root's rights;\n"
			 "ipvs-iso itself keeps them"},
	[OPTION_MEMORY] = {0, "memory", "SIZE", "of the embedded kernel (512M, 2G); default: 1G"},
	[OPTION_GUEST_TIMEOUT] = {0, "guest-timeout", "DURATION",
				  "an embedded kernel that is silent for so long counts\n"
				  "as hung; default: 60s"},
	{0},
};

static struct {
	const char *kernel;
	ARRAY(const char *) units;
	ARRAY(const char *) units_from;
	bool no_split;
	const char *fixture;
	unsigned fail_on;
	struct run_options run;
} settings = {
	.fail_on = RESIDUE_SET_DEFAULT,
	.run =
		{
			.wait_ms = LOCK_WAIT_FOR_EVER,
			.guest_memory = GUEST_MEMORY_DEFAULT,
			.guest_patience_ms = GUEST_PATIENCE_DEFAULT_MS,
		},
};

static int set_duration(int64_t *duration, const char *value, bool zero_allowed, struct error *error)
{
	if (duration_parse(duration, value) && (*duration > 0 || zero_allowed))
		return 0;
	return error_set(error, ERROR_INPUT,
			 "'%s' is no length of time; write a number and s, m, h or d, such as 30s or 1.5m", value);
}

static int set_memory(const char *value, struct error *error)
{
	uint64_t bytes;
	if (!size_parse(&bytes, value))
		return error_set(error, ERROR_INPUT, "'%s' is no size; write a number and K, M, G or T, such as 512M",
				 value);
	if (bytes < GUEST_MEMORY_MIN || bytes > UINT64_C(1) << 40)
		return error_set(error, ERROR_INPUT, "a kernel wants from 64M to 1024G, not %s", value);
	settings.run.guest_memory = bytes;
	return 0;
}

static int no_such_class(const char *name, struct error *error)
{
	error_set(error, ERROR_INPUT, "there is no class of residue '%s'", name);
	return error_remedy(error, "the classes are services, destinations, timeouts, daemons, sysctl, processes, "
				   "connections; or all, or none");
}

static int set_fail_on(const char *value, struct error *error)
{
	CLEANUP_FREE char *copy = memory_copy_string(value);
	unsigned set = 0;
	char *rest = copy;
	for (char *name; (name = strsep(&rest, ","));) {
		enum residue_class class;
		if (strcmp(name, "all") == 0)
			set |= RESIDUE_SET_ALL;
		else if (residue_class_parse(&class, name))
			set |= RESIDUE_SET(class);
		else if (strcmp(name, "none") != 0)
			return no_such_class(name, error);
	}
	settings.fail_on = set;
	return 0;
}

static int set_option(int index, const char *value, struct error *error)
{
	switch ((enum option)index) {
	case OPTION_KERNEL:
		settings.kernel = value;
		return 0;
	case OPTION_WAIT:
		return set_duration(&settings.run.wait_ms, value, true, error);
	case OPTION_UNIT:
		*array_append(&settings.units) = value;
		return 0;
	case OPTION_UNITS_FROM:
		*array_append(&settings.units_from) = value;
		return 0;
	case OPTION_NO_SPLIT:
		settings.no_split = true;
		return 0;
	case OPTION_FIXTURE:
		settings.fixture = value;
		return 0;
	case OPTION_TIMEOUT:
		return set_duration(&settings.run.timeout_ms, value, true, error);
	case OPTION_KILL_AFTER:
		return set_duration(&settings.run.kill_after_ms, value, false, error);
	case OPTION_FAIL_ON:
		return set_fail_on(value, error);
	case OPTION_KEEP:
		settings.run.keep = true;
		return 0;
	case OPTION_USER:
		settings.run.user = value;
		return 0;
	case OPTION_MEMORY:
		return set_memory(value, error);
	case OPTION_GUEST_TIMEOUT:
		return set_duration(&settings.run.guest_patience_ms, value, false, error);
	}
	return 0;
}

static int make_plan(struct plan *plan, char *const *command, struct error *error)
{
	for (size_t i = 0; i < settings.units.count; i++) {
		if (plan_add_unit(plan, settings.units.items[i], command, error) < 0)
			return -1;
	}
	for (size_t i = 0; i < settings.units_from.count; i++) {
		if (plan_add_units_from(plan, settings.units_from.items[i], command, error) < 0)
			return -1;
	}
	if (plan->units.count == 0)
		plan_add_whole(plan, command);
	return 0;
}

/* What the observer needs; one run a process. */
struct teller {
	struct text_style style;
	size_t units;
};

static void tell_started(void *context, const char *kernel, size_t units)
{
	(void)context;
	if (manners.verbose || units > 1)
		fprintf(stderr, "ipvs-iso: %zu unit%s on %s\n", units, units == 1 ? "" : "s", kernel);
}

static void tell_unit_started(void *context, const char *name)
{
	(void)context;
	if (manners.verbose)
		fprintf(stderr, "%8s %s\n", "START", name);
}

static void tell_unit_ended(void *context, const struct unit_result *result)
{
	const struct teller *teller = context;
	enum verdict verdict = unit_verdict(result, teller->style.fail_on);
	/* What failed of ours is said in any case. A command that runs alone and leaves nothing needs no words. */
	bool wanted = verdict == VERDICT_TROUBLE ||
		      (!manners.quiet && (teller->units > 1 || manners.verbose || verdict != VERDICT_PASSED ||
					  result->residue.entries.count > 0));
	if (wanted)
		text_unit(stderr, result, &teller->style);
}

static int run_choice(const struct plan *plan, const struct choice *choice)
{
	struct teller teller = {
		.style = {.color = manners.color, .fail_on = settings.fail_on},
		.units = plan->units.count,
	};
	const struct run_observer observer = {
		.context = &teller,
		.started = manners.quiet ? NULL : tell_started,
		.recovered = tell_recovered,
		.unit_started = manners.quiet ? NULL : tell_unit_started,
		.unit_ended = tell_unit_ended,
	};
	CLEANUP_RUN_RESULT struct run_result result = {0};
	if (choice->why && !manners.quiet)
		fprintf(stderr, "ipvs-iso: using a kernel of our own (%s): %s\n", choice->guest->name, choice->why);
	run_plan(plan, choice, &settings.run, &observer, &result);

	if (!manners.quiet && teller.units > 1)
		text_summary(stderr, &result, plan->units.count, &teller.style);
	if (error_is_set(&result.trouble))
		print_error(&result.trouble);
	return run_status(&result, settings.fail_on);
}

static int check_settings(int count, struct error *error)
{
	if (count == 0) {
		error_set(error, ERROR_INPUT, "run: no command given");
		return error_remedy(error, "such as: ipvs-iso run -- make check");
	}
	if (settings.no_split && (settings.units.count || settings.units_from.count))
		return error_set(error, ERROR_INPUT,
				 "run: --no-split runs the command whole, --unit does not: take one");
	if (settings.run.keep && settings.fixture)
		return error_set(error, ERROR_INPUT,
				 "run: --keep starts from the host's table, --fixture does not: take one");
	return 0;
}

static int run(int count, char **operands)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_PLAN struct plan plan = {0};
	CLEANUP_CHOICE struct choice choice = {0};
	CLEANUP_TABLE struct table fixture;
	table_init(&fixture);

	const char *kernel = settings.kernel ? settings.kernel : getenv("IPVS_ISO_KERNEL");
	if (check_settings(count, &error) < 0)
		return print_error(&error);
	if (settings.fixture) {
		if (table_load(&fixture, settings.fixture, &error) < 0)
			return print_error(&error);
		settings.run.fixture = &fixture;
	}
	if (make_plan(&plan, operands, &error) < 0 ||
	    choice_make(&choice, kernel && *kernel ? kernel : "auto", &error) < 0)
		return print_error(&error);
	/* Before anything is changed; a guest has a table of its own, which nobody misses. */
	if (settings.fixture && choice.ipvs && ipvs_can_hold(choice.ipvs, &fixture, &error) < 0)
		return print_error(&error);
	CLEANUP_IDENTITY struct identity identity = {0};
	if (settings.run.user && choice.ipvs && identity_find(&identity, settings.run.user, &error) < 0)
		return print_error(&error);
	CLEANUP_PLAN struct plan whole = {0};
	plan_add_whole(&whole, operands);
	settings.run.command = whole.units.items[0].name;
	settings.run.waiting = tell_waiting;
	return run_choice(&plan, &choice);
}

const struct subcommand command_run = {
	.name = "run",
	.operands = "[--] COMMAND [ARGUMENT...]",
	.summary = "Run a test command on a clean table, unit by unit, and report what each left",
	.details = "The host's table is put back afterwards, whatever happens. The exit status is\n"
		   "  0         every unit passed and left nothing behind\n"
		   "  123       the command passed but left residue\n"
		   "  124       a unit ran past its time\n"
		   "  125       ipvs-iso itself failed, or could not put the table back\n"
		   "  126, 127  the command cannot be run, is not found\n"
		   "  else      the command's own, or 128 + the signal that ended it (the first unit that failed)\n\n"
		   "Examples:\n"
		   "  ipvs-iso run -- make check\n"
		   "  ipvs-iso run --units-from 'ls tests/*.bats' -- bats\n"
		   "  ipvs-iso run --kernel uml -- ./controller.test -test.v\n",
	.options = options,
	.operands_are_a_command = true,
	.set_option = set_option,
	.run = run,
};
