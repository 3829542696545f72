/* SPDX-License-Identifier: MIT */
#include "run_settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/duration.h"
#include "base/memory.h"
#include "result/residue.h"

/* The most of anything that is counted: rounds, shards, retries. */
#define NUMBER_MAX 1000000u

enum option {
	OPTION_KERNEL,
	OPTION_ISOLATION,
	OPTION_JOBS,
	OPTION_UNIT,
	OPTION_UNITS_FROM,
	OPTION_NO_SPLIT,
	OPTION_LIST,
	OPTION_ORDER,
	OPTION_REPEAT,
	OPTION_SHARD,
	OPTION_FAIL_FAST,
	OPTION_RETRIES,
	OPTION_FIXTURE,
	OPTION_TIMEOUT,
	OPTION_KILL_AFTER,
	OPTION_FAIL_ON,
	OPTION_STDIN,
	OPTION_OUTPUT,
	OPTION_KEEP,
	OPTION_REPORT,
	OPTION_USER,
	OPTION_MEMORY,
	OPTION_GUEST_TIMEOUT,
};

const struct option_row run_option_rows[] = {
	[OPTION_KERNEL] = {'k', "kernel", "auto|host|uml",
			   "whose IPVS to use: this host's, or that of a kernel\n"
			   "started for the run; default: auto, the host's where\n"
			   "it is there and permitted, else uml"},
	[OPTION_ISOLATION] = {'i', "isolation", "lock|netns",
			      "units take turns on one table, or each has a network\n"
			      "namespace, so a table, of its own; default: lock"},
	[OPTION_JOBS] = {'j', "jobs", "N",
			 "units at once, in as many namespaces (--isolation netns)\n"
			 "or guests (--kernel uml); default: 1"},
	[OPTION_UNIT] = {0, "unit", "NAME",
			 "run COMMAND for this unit; NAME goes where {} is in\n"
			 "it, or behind it; may be given several times"},
	[OPTION_UNITS_FROM] = {0, "units-from", "SHELL-COMMAND", "a unit for each line that this prints"},
	[OPTION_NO_SPLIT] = {0, "no-split", NULL,
			     "run COMMAND whole, as one unit, even where it is a\n"
			     "known test runner"},
	[OPTION_LIST] = {0, "list", NULL, "print the units, and run none"},
	[OPTION_ORDER] = {0, "order", "listed|shuffle[:SEED]",
			  "in what order the units run; default: listed. The\n"
			  "same seed shuffles them the same way"},
	[OPTION_REPEAT] = {0, "repeat", "N", "run all units N times, one round after another"},
	[OPTION_SHARD] = {0, "shard", "K/N", "run only shard K of N, from 1/N to N/N"},
	[OPTION_FAIL_FAST] = {0, "fail-fast", NULL, "end the run with the first unit that does not pass"},
	[OPTION_RETRIES] = {0, "retries", "N",
			    "run a unit that failed or ran past its time again, up\n"
			    "to N times; one that then passes is called flaky"},
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
	[OPTION_STDIN] = {0, "stdin", "inherit|none",
			  "whose standard input units have: that of ipvs-iso, or\n"
			  "one that is empty; default: inherit"},
	[OPTION_OUTPUT] = {0, "output", "always|on-failure|never",
			   "which units' output is shown: as it comes, or, with\n"
			   "several jobs, each unit's when it ends; default: always,\n"
			   "but of go test as that does"},
	[OPTION_KEEP] = {0, "keep", NULL, "do not flush first: units run on the table as it is"},
	[OPTION_REPORT] = {0, "report", "[FORMAT:]FILE",
			   "write the results to FILE, by its ending as .json, .xml\n"
			   "(JUnit), .tap, .md, .html or .txt, or as FORMAT:FILE\n"
			   "says; 'github': annotate the job of GitHub Actions; may\n"
			   "be given several times"},
	[OPTION_USER] = {0, "user", "NAME",
			 "run COMMAND as that user, without root's rights;\n"
			 "ipvs-iso itself keeps them"},
	[OPTION_MEMORY] = {0, "memory", "SIZE", "of the embedded kernel (512M, 2G); default: 1G"},
	[OPTION_GUEST_TIMEOUT] = {0, "guest-timeout", "DURATION",
				  "an embedded kernel that is silent for so long counts\n"
				  "as hung; default: 60s"},
	{0},
};

struct run_settings run_settings = {
	.fail_on = RESIDUE_SET_DEFAULT,
	.run =
		{
			.jobs = 1,
			.guest_memory = GUEST_MEMORY_DEFAULT,
			.guest_patience_ms = GUEST_PATIENCE_DEFAULT_MS,
		},
};

static int set_positive_duration(int64_t *duration, const char *value, struct error *error)
{
	if (duration_read(duration, value, error) < 0)
		return -1;
	return *duration > 0 ? 0 : error_set(error, ERROR_INPUT, "it must be more than 0");
}

static int set_memory(const char *value, struct error *error)
{
	uint64_t bytes;
	if (!size_parse(&bytes, value))
		return error_set(error, ERROR_INPUT, "'%s' is no size; write a number and K, M, G or T, such as 512M",
				 value);
	if (bytes < GUEST_MEMORY_MIN || bytes > UINT64_C(1) << 40)
		return error_set(error, ERROR_INPUT, "a kernel wants from 64M to 1024G, not %s", value);
	run_settings.run.guest_memory = bytes;
	return 0;
}

static int set_isolation(const char *value, struct error *error)
{
	if (strcmp(value, "lock") == 0)
		run_settings.run.isolation = ISOLATION_LOCK;
	else if (strcmp(value, "netns") == 0)
		run_settings.run.isolation = ISOLATION_NETNS;
	else
		return error_set(error, ERROR_INPUT, "there is no isolation '%s'; there are lock and netns", value);
	return 0;
}

int run_take_environment(struct error *error)
{
	const char *isolation = getenv("IPVS_ISO_ISOLATION");
	if (run_settings.isolation_chosen || !isolation || !*isolation || set_isolation(isolation, error) == 0)
		return 0;
	return error_context(error, "IPVS_ISO_ISOLATION");
}

static int set_jobs(const char *value, struct error *error)
{
	char *end;
	errno = 0;
	unsigned long jobs = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || errno || jobs < 1 || jobs > RUN_JOBS_MAX)
		return error_set(error, ERROR_INPUT, "'%s' is no number of jobs; write one from 1 to %d", value,
				 RUN_JOBS_MAX);
	run_settings.run.jobs = (unsigned)jobs;
	return 0;
}

static int set_stdin(const char *value, struct error *error)
{
	run_settings.no_stdin = strcmp(value, "none") == 0;
	if (run_settings.no_stdin || strcmp(value, "inherit") == 0)
		return 0;
	return error_set(error, ERROR_INPUT, "standard input is inherit or none, not '%s'", value);
}

static int set_output(const char *value, struct error *error)
{
	if (strcmp(value, "always") == 0)
		run_settings.run.output = OUTPUT_ALWAYS;
	else if (strcmp(value, "on-failure") == 0)
		run_settings.run.output = OUTPUT_ON_FAILURE;
	else if (strcmp(value, "never") == 0)
		run_settings.run.output = OUTPUT_NEVER;
	else
		return error_set(error, ERROR_INPUT, "output is shown always, on-failure or never, not '%s'", value);
	return 0;
}

/* A whole number from 1 on. What stands behind it goes to `rest`; where that is NULL nothing may. */
static int set_number(unsigned *number, const char *value, const char **rest, struct error *error)
{
	char *end = NULL;
	errno = 0;
	unsigned long parsed = *value >= '0' && *value <= '9' ? strtoul(value, &end, 10) : 0;
	if (!end || errno || parsed == 0 || parsed > NUMBER_MAX || (*end && !rest))
		return error_set(error, ERROR_INPUT, "'%s' is no whole number from 1 to %u", value, NUMBER_MAX);
	*number = (unsigned)parsed;
	if (rest)
		*rest = end;
	return 0;
}

static int set_shard(const char *value, struct error *error)
{
	struct plan_order *order = &run_settings.order;
	const char *rest = "";
	if (set_number(&order->shard, value, &rest, error) < 0 || *rest != '/' ||
	    set_number(&order->shards, rest + 1, NULL, error) < 0 || order->shard > order->shards)
		return error_set(error, ERROR_INPUT, "'%s' is no shard; write which of how many, such as 1/3", value);
	return 0;
}

static int set_order(const char *value, struct error *error)
{
	struct plan_order *order = &run_settings.order;
	static const char shuffle[] = "shuffle";
	const char *behind = strncmp(value, shuffle, strlen(shuffle)) == 0 ? value + strlen(shuffle) : NULL;
	order->shuffled = behind != NULL;
	if (strcmp(value, "listed") == 0)
		return 0;
	if (behind && !*behind) {
		if (getrandom(&order->seed, sizeof order->seed, 0) == sizeof order->seed)
			return 0;
		return error_set_errno(error, errno, "cannot choose a seed");
	}
	char *end = NULL;
	errno = 0;
	unsigned long long seed = 0;
	if (behind && *behind == ':' && behind[1] >= '0' && behind[1] <= '9')
		seed = strtoull(behind + 1, &end, 10);
	if (!end || *end || errno || seed > UINT32_MAX)
		return error_set(error, ERROR_INPUT,
				 "'%s' is no order; the orders are listed, shuffle and shuffle:SEED, where the seed "
				 "is a number up to %u",
				 value, UINT32_MAX);
	order->seed = (uint32_t)seed;
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
	run_settings.fail_on = set;
	return 0;
}

int run_set_option(int index, const char *value, struct error *error)
{
	switch ((enum option)index) {
	case OPTION_KERNEL:
		run_settings.kernel = value;
		return 0;
	case OPTION_ISOLATION:
		run_settings.isolation_chosen = true;
		return set_isolation(value, error);
	case OPTION_JOBS:
		return set_jobs(value, error);
	case OPTION_STDIN:
		return set_stdin(value, error);
	case OPTION_OUTPUT:
		run_settings.output_chosen = true;
		return set_output(value, error);
	case OPTION_UNIT:
		*array_append(&run_settings.units) = value;
		return 0;
	case OPTION_UNITS_FROM:
		*array_append(&run_settings.units_from) = value;
		return 0;
	case OPTION_NO_SPLIT:
		run_settings.no_split = true;
		return 0;
	case OPTION_LIST:
		run_settings.list = true;
		return 0;
	case OPTION_ORDER:
		return set_order(value, error);
	case OPTION_REPEAT:
		return set_number(&run_settings.order.rounds, value, NULL, error);
	case OPTION_SHARD:
		return set_shard(value, error);
	case OPTION_FAIL_FAST:
		run_settings.run.fail_fast = true;
		return 0;
	case OPTION_RETRIES:
		return set_number(&run_settings.run.retries, value, NULL, error);
	case OPTION_FIXTURE:
		run_settings.fixture = value;
		return 0;
	case OPTION_TIMEOUT:
		return duration_read(&run_settings.run.timeout_ms, value, error);
	case OPTION_KILL_AFTER:
		return set_positive_duration(&run_settings.run.kill_after_ms, value, error);
	case OPTION_FAIL_ON:
		return set_fail_on(value, error);
	case OPTION_KEEP:
		run_settings.run.keep = true;
		return 0;
	case OPTION_REPORT:
		*array_append(&run_settings.reports) = value;
		return 0;
	case OPTION_USER:
		run_settings.run.user = value;
		return 0;
	case OPTION_MEMORY:
		return set_memory(value, error);
	case OPTION_GUEST_TIMEOUT:
		return set_positive_duration(&run_settings.run.guest_patience_ms, value, error);
	}
	return 0;
}
