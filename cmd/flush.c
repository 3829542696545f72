/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "kernel/rivals.h"
#include "live.h"
#include "process/supervise.h"

/* What is there all the same is somebody else's. */
static int check_flushed(const struct session *session, const struct table *flushed, struct error *error)
{
	CLEANUP_TABLE struct table live;
	table_init(&live);
	if (ipvs_read(session->ipvs, &live, error) < 0)
		return -1;
	CLEANUP_CHANGES struct changes changes = {0};
	table_diff(&changes, flushed, &live);
	return changes.list.count > 0 ? rivals_blame(error, "when it had been flushed", &changes) : 0;
}

static int flush(struct error *error)
{
	CLEANUP_IPVS struct ipvs *ipvs = live_open(error);
	struct session session;
	if (!ipvs || open_session(&session, ipvs, "ipvs-iso flush", error) < 0)
		return -1;
	CLEANUP_TABLE struct table flushed = {0};
	table_copy(&flushed, &session.host);
	table_flush(&flushed);
	if (ipvs_flush(ipvs, &session.host, error) < 0 || check_flushed(&session, &flushed, error) < 0)
		return undo(&session, &flushed, error);
	return session_keep(&session, error);
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
