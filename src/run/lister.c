/* SPDX-License-Identifier: MIT */
#include "run/lister.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/queue.h"
#include "process/signals.h"
#include "process/supervise.h"

#define READ_LENGTH 65536

#define STATUS_NOT_FOUND 127

/* What the signal means otherwise must not keep us from it. No core: the command has left one where one is wanted. */
static void die_of(int number)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, number);
	prctl(PR_SET_DUMPABLE, 0);
	signal(number, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

/* The process between: our other children, and what signals mean to us, are no business of a supervisor. */
static _Noreturn void supervise(char *const *arguments, enum lister_input input, int output, pid_t parent)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_OUTCOME struct outcome outcome = {0};
	const struct command command = {.arguments = arguments};
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || (input == LISTER_INPUT_EMPTY && file_empty_input(&ignored) < 0) ||
	    dup2(output, STDOUT_FILENO) < 0 || supervise_run(&command, &outcome, &ignored) < 0)
		_exit(STATUS_NOT_FOUND);
	if (outcome.interrupted || outcome.signal)
		die_of(outcome.interrupted ? outcome.interrupted : outcome.signal);
	_exit(outcome.status);
}

/* Until the end; requests that we end go to `supervisor` meanwhile. */
static int read_output(struct queue *text, int reading, int signals, pid_t supervisor, struct error *error)
{
	for (;;) {
		struct pollfd polls[] = {{.fd = reading, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
		struct signalfd_siginfo information;
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return error_set_errno(error, errno, "cannot wait for the names of units");
		if (polls[1].revents && read(signals, &information, sizeof information) == sizeof information)
			kill(supervisor, (int)information.ssi_signo);
		if (!polls[0].revents)
			continue;
		queue_reserve(text, READ_LENGTH);
		ssize_t got = read(reading, text->bytes + text->end, READ_LENGTH);
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return error_set_errno(error, errno, "cannot read the names of units");
		text->end += got > 0 ? (size_t)got : 0;
	}
}

/* Starts the process between; our end of its output. */
static int start(pid_t *supervisor, char *const *arguments, enum lister_input input, const sigset_t *before,
		 struct error *error)
{
	int ends[2];
	pid_t parent = getpid();
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(error, errno, "cannot make a pipe");
	CLEANUP_CLOSE int writing = ends[1];
	*supervisor = fork();
	if (*supervisor == 0) {
		sigprocmask(SIG_SETMASK, before, NULL);
		supervise(arguments, input, writing, parent);
	}
	if (*supervisor > 0)
		return ends[0];
	error_set_errno(error, errno, "cannot make a process");
	close(ends[0]);
	return -1;
}

static int run(struct queue *text, char *const *arguments, enum lister_input input, int *ended, const sigset_t *taken,
	       const sigset_t *before, struct error *error)
{
	pid_t supervisor = -1;
	CLEANUP_CLOSE int signals = signalfd(-1, taken, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return error_set_errno(error, errno, "cannot make a descriptor for signals");
	CLEANUP_CLOSE int reading = start(&supervisor, arguments, input, before, error);
	if (reading < 0)
		return -1;
	int failed = read_output(text, reading, signals, supervisor, error);
	if (failed < 0)
		kill(supervisor, SIGTERM);
	TEMP_FAILURE_RETRY(waitpid(supervisor, ended, 0));
	return failed;
}

char *lister_run(char *const *arguments, enum lister_input input, size_t *length, int *ended, struct error *error)
{
	struct queue text = {0};
	sigset_t taken, before;
	signals_ending(&taken);
	sigprocmask(SIG_BLOCK, &taken, &before);
	int failed = run(&text, arguments, input, ended, &taken, &before, error);
	sigprocmask(SIG_SETMASK, &before, NULL);
	*length = queue_length(&text);
	char *output = failed < 0 ? NULL : memory_copy_bytes(*length ? text.bytes : "", *length);
	queue_clear(&text);
	return output;
}
