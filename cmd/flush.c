/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "live.h"
#include "process/supervise.h"

static int flush(struct error *error)
{
	CLEANUP_IPVS struct ipvs *ipvs = live_open(error);
	struct session session;
	if (!ipvs || open_session(&session, ipvs, "ipvs-iso flush", error) < 0)
		return -1;
	if (ipvs_flush(ipvs, error) == 0)
		return session_keep(&session, error);

	CLEANUP_ERROR struct error undo = ERROR_INIT;
	if (session_close(&session, &undo) < 0)
		return error_context(error, "%s; and before that", undo.message);
	return error_context(error, "the table is as it was");
}

static int run(int count, char **operands)
{
	if (count > 0)
		return print_usage_error(&command_flush, "unexpected argument '%s'", operands[0]);
	CLEANUP_ERROR struct error error = ERROR_INIT;
	/* So that a Ctrl-C waits until the work is done; while the lock is waited for it acts as usual. */
	if (supervise_prepare(&error) < 0 || flush(&error) < 0)
		return print_error(&error);
	int signal = supervise_pending_signal();
	return signal ? 128 + signal : 0;
}

const struct subcommand command_flush = {
	.name = "flush",
	.also = "clear clean reset",
	.operands = "",
	.summary = "Empty the table: services, sync daemons, timeouts, connections",
	.details = "Sysctls stay as they are. The lock is taken for as long as it lasts.\n",
	.takes_lock = true,
	.run = run,
};
