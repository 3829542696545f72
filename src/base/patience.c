/* SPDX-License-Identifier: MIT */
#include "base/patience.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/file.h"

/*
 * One that nobody reads from: it only tells whether something is pending. What is blocked is what somebody takes later,
 * and what is not blocked cannot be pending; but these ask nobody to end.
 */
static int watch_signals(void)
{
	static const int others[] = {SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH};
	sigset_t set;
	sigprocmask(SIG_BLOCK, NULL, &set);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		sigdelset(&set, others[i]);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int patience_wait(int descriptor, short events, int milliseconds, const char *doing, struct error *error)
{
	CLEANUP_CLOSE int signals = watch_signals();
	struct pollfd polls[] = {{.fd = descriptor, .events = events}, {.fd = signals, .events = POLLIN}};
	int ready = TEMP_FAILURE_RETRY(poll(polls, 2, milliseconds));
	if (ready < 0)
		return error_set_errno(error, errno, "%s", doing);
	if (ready == 0 || polls[0].revents)
		return ready > 0;
	return error_set(error, ERROR_INTERRUPTED, "%s: a signal ended the wait", doing);
}
