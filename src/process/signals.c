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

/* Signals belong to the process as a whole, and so does this. */
static struct {
	bool begun, prepared;
	int descriptor;
	sigset_t taken;
	sigset_t mask_before;
	struct sigaction pipe_before;
	struct sigaction child_before;
	struct sigaction size_before;
} signals = {.descriptor = -1};

/* Whether such a signal is a request to end, unless it is ignored. */
static bool is_ending(int number)
{
	switch (number) {
	case SIGKILL:
	case SIGSTOP: /* cannot be taken */
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU: /* stop */
	case SIGCHLD:
	case SIGCONT:
	case SIGURG:
	case SIGWINCH: /* do nothing */
	case SIGPIPE:
	case SIGXFSZ: /* tell of a write, which fails */
		return false;
	default:
		return number > 0 && number <= SIGRTMAX && (number < __SIGRTMIN || number >= SIGRTMIN);
	}
}

static bool is_ignored(int number)
{
	struct sigaction action;
	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void end_process_1(int number)
{
	_exit(128 + number);
}

/* Somebody else may handle one: a sanitizer does, and debuggers have it done. */
static bool has_usual_effect(int number)
{
	struct sigaction action;
	return sigaction(number, NULL, &action) == 0 &&
	       (action.sa_handler == SIG_DFL || action.sa_handler == end_process_1);
}

void signals_ending(sigset_t *set)
{
	sigemptyset(set);
	for (int number = 1; number <= SIGRTMAX; number++) {
		if (is_ending(number) && has_usual_effect(number))
			sigaddset(set, number);
	}
}

void signals_begin(void)
{
	sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, &signals.size_before);
	signals.begun = true;
	if (getpid() != 1)
		return;
	sigset_t ending;
	signals_ending(&ending);
	for (int number = 1; number <= SIGRTMAX; number++) {
		if (sigismember(&ending, number) == 1)
			sigaction(number, &(struct sigaction){.sa_handler = end_process_1}, NULL);
	}
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

	/* A blocked signal is never discarded, so those that are ignored must not be blocked. A fault of our own ends
	   us all the same. */
	sigset_t set;
	signals_ending(&set);
	sigaddset(&set, SIGCHLD);
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
	if (signals.begun)
		sigaction(SIGXFSZ, &signals.size_before, NULL);
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
	if (!is_ending(signal))
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
