/* SPDX-License-Identifier: MIT */
#include "process/signals.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/duration.h"

#define SAME_SIGNAL_MS 100

static const int interrupting[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define INTERRUPTING_COUNT (sizeof interrupting / sizeof *interrupting)

/* Signals belong to the process as a whole, and so does this. */
static struct {
	bool prepared;
	int descriptor;
	sigset_t taken;
	sigset_t mask_before;
	struct sigaction pipe_before;
	struct sigaction child_before;
} signals = {.descriptor = -1};

static bool is_ignored(int number)
{
	struct sigaction action;
	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static int take(const sigset_t *set, struct error *error)
{
	int descriptor = signalfd(signals.descriptor, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (descriptor < 0)
		return error_set_errno(error, errno, "cannot make a descriptor for signals");
	signals.descriptor = descriptor;
	signals.taken = *set;
	return 0;
}

int signals_prepare(struct error *error)
{
	if (signals.prepared)
		return 0; /* and in a process forked since: mask, dispositions and the descriptor are inherited */

	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < INTERRUPTING_COUNT; i++) {
		/* A blocked signal is never discarded, ignored or not, so those must not be blocked. */
		if (!is_ignored(interrupting[i]))
			sigaddset(&set, interrupting[i]);
	}
	if (take(&set, error) < 0)
		return -1;

	/* With valid arguments none of these can fail. An ignored SIGCHLD would make exit statuses vanish. */
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, &signals.pipe_before);
	sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &signals.child_before);
	sigprocmask(SIG_BLOCK, &set, &signals.mask_before);
	signals.prepared = true;
	return 0;
}

void signals_restore(void)
{
	sigaction(SIGPIPE, &signals.pipe_before, NULL);
	sigaction(SIGCHLD, &signals.child_before, NULL);
	sigprocmask(SIG_SETMASK, &signals.mask_before, NULL);
}

int signals_take_job_control(bool wanted, struct error *error)
{
	sigset_t job_control;
	sigemptyset(&job_control);
	sigaddset(&job_control, SIGCONT);
	if (!is_ignored(SIGTSTP))
		sigaddset(&job_control, SIGTSTP);

	sigset_t set = signals.taken;
	if (wanted) {
		sigorset(&set, &signals.taken, &job_control);
	} else {
		sigdelset(&set, SIGCONT);
		sigdelset(&set, SIGTSTP);
	}
	if (take(&set, error) < 0)
		return -1;

	if (wanted) {
		sigprocmask(SIG_BLOCK, &job_control, NULL);
	} else {
		/* What is pending by now takes effect here, so that a Ctrl-Z is only put off. */
		sigorset(&set, &signals.taken, &signals.mask_before);
		sigprocmask(SIG_SETMASK, &set, NULL);
	}
	return 0;
}

static int milliseconds_until(int64_t deadline)
{
	if (deadline == SIGNALS_FOR_EVER)
		return -1;
	int64_t left = deadline - duration_now();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

/* Its failures are EINTR, after SIGSTOP, and a shortage of memory that passes. */
static void wait_for_something(int milliseconds, struct output *output)
{
	struct pollfd polls[1 + OUTPUT_POLLS] = {{.fd = signals.descriptor, .events = POLLIN}};
	if (!output) {
		poll(polls, 1, milliseconds);
		return;
	}
	output_poll(output, polls + 1);
	if (poll(polls, 1 + OUTPUT_POLLS, output_wait_ms(output, milliseconds)) > 0)
		output_move(output, polls + 1);
}

int signals_next(int64_t deadline, struct output *output)
{
	for (;;) {
		struct signalfd_siginfo information;
		if (read(signals.descriptor, &information, sizeof information) == sizeof information)
			return (int)information.ssi_signo;

		int milliseconds = milliseconds_until(deadline);
		if (milliseconds > 0 || milliseconds == -1 || output)
			wait_for_something(milliseconds, output);
		if (milliseconds == 0)
			return 0;
	}
}

int signals_descriptor(void)
{
	return signals.descriptor;
}

bool interruption_note(struct interruption *interruption, int signal)
{
	bool interrupts = false;
	for (size_t i = 0; i < INTERRUPTING_COUNT; i++)
		interrupts = interrupts || interrupting[i] == signal;
	if (!interrupts)
		return false;

	int64_t now = duration_now();
	bool same = signal == interruption->last && now - interruption->last_at < SAME_SIGNAL_MS;
	interruption->last = signal;
	if (same)
		return false;
	interruption->last_at = now;
	interruption->count++;
	if (!interruption->first)
		interruption->first = signal;
	return true;
}
