/* SPDX-License-Identifier: MIT */
#include "base/memory.h"
#include "command.h"
#include "live.h"
#include "process/supervise.h"

static int restore_in_session(struct ipvs *ipvs, const struct table *wanted, struct error *error)
{
	struct session session;
	if (open_session(&session, ipvs, "ipvs-iso restore", error) < 0)
		return -1;
	return restore_or_close(&session, wanted, error) < 0 ? -1 : session_keep(&session, error);
}

static int restore(const char *name, struct error *error)
{
	CLEANUP_TABLE struct table wanted;
	table_init(&wanted);
	if (table_load(&wanted, name, error) < 0)
		return -1;
	CLEANUP_IPVS struct ipvs *ipvs = ipvs_open(error);
	if (!ipvs || ipvs_can_hold(ipvs, &wanted, error) < 0)
		return -1;
	return restore_in_session(ipvs, &wanted, error);
}

static int run(int count, char **operands)
{
	if (count != 1)
		return print_usage_error(&command_restore, count ? "unexpected argument '%s'" : "no file given",
					 count ? operands[1] : "");
	CLEANUP_ERROR struct error error = ERROR_INIT;
	/* So that a Ctrl-C waits until the work is done; while the lock is waited for it acts as usual. */
	if (supervise_prepare(&error) < 0 || restore(operands[0], &error) < 0)
		return print_error(&error);
	int signal = supervise_pending_signal();
	return signal ? 128 + signal : 0;
}

const struct subcommand command_restore = {
	.name = "restore",
	.operands = "FILE|-",
	.summary = "Make the live table equal a snapshot, changing only what differs",
	.details = "A file with a mistake in it changes nothing. Sysctls that it does not name stay as they are.\n",
	.run = run,
};
