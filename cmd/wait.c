/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "command.h"
#include "kernel/await.h"
#include "live.h"
#include "result/result.h"
#include "say.h"

#define TIMEOUT_DEFAULT_MS 10000

enum option { OPTION_UNTIL, OPTION_STABLE, OPTION_TIMEOUT };

static const struct option_row options[] = {
	[OPTION_UNTIL] = {'u', "until", "EXPR", "what to wait for (below); must be given"},
	[OPTION_STABLE] = {'s', "stable", "DURATION",
			   "how long it must have been so (500ms, 2s); default: 0,\nonce is enough"},
	[OPTION_TIMEOUT] = {'t', "timeout", "DURATION", "how long to wait; 0: look once; default: 10s"},
	{0},
};

static struct {
	const char *until;
	int64_t stable_ms, timeout_ms;
} settings = {.timeout_ms = TIMEOUT_DEFAULT_MS};

static int set_option(int index, const char *value, struct error *error)
{
	switch ((enum option)index) {
	case OPTION_UNTIL:
		settings.until = value;
		return 0;
	case OPTION_STABLE:
		return duration_read(&settings.stable_ms, value, error);
	case OPTION_TIMEOUT:
		return duration_read(&settings.timeout_ms, value, error);
	}
	return 0;
}

/* What is behind `word` in `expression`; NULL where that begins otherwise. */
static const char *behind(const char *expression, const char *word)
{
	size_t length = strlen(word);
	return strncmp(expression, word, length) == 0 ? expression + length : NULL;
}

static int say_bad_expression(const char *expression, struct error *error)
{
	error_set(error, ERROR_INPUT, "wait: --until: '%s' is nothing that can be waited for", expression);
	return error_remedy(error, "write equals=FILE, contains=FILE or services=NUMBER");
}

static int parse_count(size_t *count, const char *text, const char *expression, struct error *error)
{
	if (!*text || text[strspn(text, "0123456789")])
		return say_bad_expression(expression, error);
	errno = 0;
	*count = strtoul(text, NULL, 10);
	return errno ? say_bad_expression(expression, error) : 0;
}

static int parse_condition(struct condition *condition, const char *expression, struct error *error)
{
	const char *value;
	if ((value = behind(expression, "services="))) {
		condition->kind = CONDITION_SERVICES;
		return parse_count(&condition->services, value, expression, error);
	}
	if ((value = behind(expression, "equals=")))
		condition->kind = CONDITION_EQUALS;
	else if ((value = behind(expression, "contains=")))
		condition->kind = CONDITION_CONTAINS;
	if (!value || !*value)
		return say_bad_expression(expression, error);
	if (strcmp(value, "live") == 0)
		return error_set(error, ERROR_INPUT, "wait: --until: the live table always equals itself; name a file");
	return table_load(&condition->wanted, value, error);
}

/* What is still in the way on stdout, and that it was waited for on stderr. Returns the exit status. */
static int tell_timeout(const struct condition *condition, const struct table *table, int64_t held_ms)
{
	if (manners.quiet)
		return STATUS_TIMED_OUT;
	CLEANUP_CHANGES struct changes differences = {0};
	if (condition_holds(condition, table, &differences))
		say(stderr,
		    "ipvs-iso: %s: it is so, but after %.1f s of waiting it has been for %.3f s, not for %.3f s",
		    settings.until, (double)settings.timeout_ms / 1000, (double)held_ms / 1000,
		    (double)settings.stable_ms / 1000);
	else
		say(stderr, "ipvs-iso: %s: after %.1f s of waiting there is still a difference", settings.until,
		    (double)settings.timeout_ms / 1000);
	if (condition->kind == CONDITION_SERVICES && table->services.count != condition->services)
		printf("%zu virtual service%s, not %zu\n", table->services.count, table->services.count == 1 ? "" : "s",
		       condition->services);
	print_changes(&differences);
	return STATUS_TIMED_OUT;
}

static int wait_for(const struct condition *condition, struct error *error)
{
	int64_t held_ms;
	CLEANUP_TABLE struct table table;
	table_init(&table);
	CLEANUP_IPVS struct ipvs *ipvs = live_open(error);
	if (!ipvs)
		return -1;
	int reached = ipvs_await(ipvs, condition, settings.stable_ms, settings.timeout_ms, &table, &held_ms, error);
	if (reached < 0)
		return -1;
	return reached ? 0 : tell_timeout(condition, &table, held_ms);
}

static int run(int count, char **operands)
{
	if (count > 0)
		return print_usage_error(&command_wait, "unexpected argument '%s'", operands[0]);
	if (!settings.until)
		return print_usage_error(&command_wait, "nothing to wait for: --until is missing");
	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (settings.stable_ms > settings.timeout_ms) {
		error_set(&error, ERROR_INPUT, "wait: --stable is longer than --timeout, so that can never be");
		error_remedy(&error, "give it more time with --timeout");
		return print_error(&error);
	}
	struct condition condition = {.kind = CONDITION_EQUALS};
	table_init(&condition.wanted);
	int status = parse_condition(&condition, settings.until, &error);
	if (status == 0)
		status = wait_for(&condition, &error);
	table_clear(&condition.wanted);
	return status < 0 ? print_error(&error) : status;
}

const struct subcommand command_wait = {
	.name = "wait",
	.operands = "",
	.summary = "Wait until the live table is what a test expects",
	.details = "EXPR is one of\n"
		   "  equals=FILE    the table equals the snapshot in FILE, as check FILE sees it\n"
		   "  contains=FILE  it has every service of FILE with the same options, and the\n"
		   "                 service's destinations in FILE with theirs; more services and\n"
		   "                 destinations, their order, and what is no service make no\n"
		   "                 difference\n"
		   "  services=N     it has N virtual services\n"
		   "The exit status is 0 when it is so, 124 and the difference that remains when it\n"
		   "is not in time, 125 in trouble. No lock is taken.\n",
	.options = options,
	.set_option = set_option,
	.run = run,
};
