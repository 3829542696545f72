/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "command.h"
#include "live.h"
#include "process/supervise.h"
#include "table/diff.h"
#include "table/merge.h"
#include "table/rules.h"

enum option { OPTION_PLAN, OPTION_MERGE };

static const struct option_row options[] = {
	[OPTION_PLAN] = {0, "plan", NULL, "print what would be changed, and change nothing"},
	[OPTION_MERGE] = {0, "merge", NULL, "add and change, but remove nothing"},
	{0},
};

static const struct option_hint hints[] = {{"n dry-run simulate", "plan"}, {0}};

static struct {
	bool plan, merge;
} settings;

static int set_option(int index, const char *value, struct error *error)
{
	(void)value;
	(void)error;
	if (index == OPTION_PLAN)
		settings.plan = true;
	else
		settings.merge = true;
	return 0;
}

/* Makes what the file says what the live table has to become where nothing is removed. */
static void add_live(struct table *wanted, const struct table *live)
{
	CLEANUP_TABLE struct table merged;
	table_init(&merged);
	table_merge(&merged, live, wanted);
	table_copy(wanted, &merged);
}

/* A line: "3 to add, 1 to change, 2 to remove". A destination that only changes its place is said apart. */
static void print_summary(const struct changes *changes)
{
	size_t counts[] = {[CHANGE_ADD] = 0, [CHANGE_EDIT] = 0, [CHANGE_REMOVE] = 0};
	size_t moved = 0;
	for (size_t i = 0; i < changes->list.count; i++) {
		const struct change *change = &changes->list.items[i];
		if (!change->reorders)
			counts[change->action]++;
		else if (change->action == CHANGE_ADD) /* its removal stands before it */
			moved++;
	}
	if (changes->list.count == 0) {
		puts("nothing to change");
		return;
	}
	printf("%zu to add, %zu to change, %zu to remove", counts[CHANGE_ADD], counts[CHANGE_EDIT],
	       counts[CHANGE_REMOVE]);
	if (moved)
		printf(", %zu to put in another place", moved);
	putchar('\n');
}

/* What both readers of files refuse, where the file says nothing about daemons or is merged with the live table. */
static int check_families(const struct table *wanted, const struct table *live, struct error *error)
{
	size_t daemons = wanted->any_daemons ? live->daemons.count : wanted->daemons.count;
	size_t service, destination;
	if (!daemons || !table_mixes_families(wanted, &service, &destination))
		return 0;
	const struct service *owner = &wanted->services.items[service];
	CLEANUP_FREE char *rule = destination_name_rule(owner, &owner->destinations.items[destination]);
	error_set(error, ERROR_INPUT,
		  "the destination '%s' would be of another address family than its service, which the kernel does not "
		  "allow beside sync daemons",
		  rule);
	return error_remedy(error, "leave the destination out, or stop the sync daemon first");
}

static int print_plan(struct ipvs *ipvs, struct table *wanted, struct error *error)
{
	CLEANUP_TABLE struct table live;
	table_init(&live);
	if (ipvs_read(ipvs, &live, error) < 0)
		return -1;
	if (settings.merge)
		add_live(wanted, &live);
	if (check_families(wanted, &live, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, &live, wanted);
	print_changes(&changes);
	print_summary(&changes);
	return 0;
}

static int change_in_session(struct ipvs *ipvs, struct table *wanted, struct error *error)
{
	struct session session;
	if (open_session(&session, ipvs, "ipvs-iso restore", error) < 0)
		return -1;
	if (settings.merge)
		add_live(wanted, &session.host);
	if (check_families(wanted, &session.host, error) < 0) {
		CLEANUP_ERROR struct error leaving = ERROR_INIT;
		return session_keep(&session, &leaving) < 0 ? error_context(error, "%s", leaving.message) : -1;
	}
	return restore_or_close(&session, wanted, error) < 0 ? -1 : session_keep(&session, error);
}

static int restore(const char *name, struct error *error)
{
	CLEANUP_TABLE struct table wanted;
	table_init(&wanted);
	/* A merge leaves the timeouts alone that the file does not name. */
	if (settings.merge)
		wanted.timeouts = (struct timeouts){0};
	if (table_load(&wanted, name, error) < 0)
		return -1;
	/* From here on a Ctrl-C waits until the work is done, but for the wait for the lock. */
	if (supervise_prepare(error) < 0)
		return -1;
	CLEANUP_IPVS struct ipvs *ipvs = live_open(error);
	if (!ipvs || ipvs_can_hold(ipvs, &wanted, error) < 0 || ipvs_suits_interfaces(ipvs, &wanted, error) < 0)
		return -1;
	return settings.plan ? print_plan(ipvs, &wanted, error) : change_in_session(ipvs, &wanted, error);
}

static int run(int count, char **operands)
{
	if (count > 1)
		return print_usage_error(&command_restore, "unexpected argument '%s'", operands[1]);
	if (count < 1)
		return print_usage_error(&command_restore, isatty(STDIN_FILENO)
								   ? "no file given"
								   : "no file given; '-' stands for standard input");
	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (restore(operands[0], &error) < 0)
		return print_error(&error);
	int signal = supervise_pending_signal();
	return signal ? 128 + signal : 0;
}

const struct subcommand command_restore = {
	.name = "restore",
	.also = "load import apply",
	.operands = "FILE|-",
	.summary = "Make the live table equal a snapshot, changing only what differs",
	.details = "A file with a mistake in it changes nothing. Sysctls that it does not name stay\n"
		   "as they are. Lines of a plan begin with + for what is added, ~ for what is\n"
		   "changed, - for what is removed.\n"
		   "The exit status is 0 when all is done, or planned, and 125 in trouble.\n",
	.options = options,
	.hints = hints,
	.set_option = set_option,
	.takes_lock = true,
	.run = run,
};
