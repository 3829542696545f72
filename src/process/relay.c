/* SPDX-License-Identifier: MIT */
#include "process/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "process/signals.h"
#include "process/terminal.h"

#define SOME_BYTES 4096

/* What the child asks. Each is answered with one byte: 1 for yes. */
enum request { REQUEST_TAKE = 't', REQUEST_RETURN = 'r', REQUEST_FOREGROUND = 'f' };

/* A process has one controlling terminal, and so one of this. In the child: where it asks. */
static int requests = -1;

/* What has been read on one side and not been written on the other. */
struct passage {
	char bytes[SOME_BYTES];
	size_t begin, end;
};

/* The parent. */
struct relay {
	struct terminal terminal; /* that we were started at */
	bool gone;                /* it has hung up */
	int master;               /* of the child's terminal */
	int requests, signals;
	sigset_t ending;
	pid_t child;
	bool ended;
	int status;
	bool taken;      /* a command has the child's terminal */
	bool suspending; /* we were told to stop, and so is our job */
	int stop_by;     /* the signal that our job shall stop by when the child does */
	bool has_shell;  /* as far as we know: one that continues us, without which nothing stops us either */
	struct passage shown, typed;
};

static bool is_empty(const struct passage *passage)
{
	return passage->begin == passage->end;
}

static void fill(struct passage *passage, ssize_t got)
{
	passage->begin = 0;
	passage->end = got > 0 ? (size_t)got : 0;
}

/* False when the rest has to wait; it is dropped where nobody is there to take it. */
static bool pass(struct passage *passage, int to, size_t length)
{
	ssize_t written = TEMP_FAILURE_RETRY(write(to, passage->bytes + passage->begin, length));
	if (written < 0 && errno == EAGAIN)
		return false;
	if (written < 0)
		passage->begin = passage->end;
	else
		passage->begin += (size_t)written;
	return true;
}

/* Where both terminals put a "\r" before each "\n", one of the two is left out. */
static void show(struct relay *relay)
{
	struct passage *shown = &relay->shown;
	bool completes = !is_empty(shown) && terminal_completes_lines(relay->terminal.descriptor);
	while (!is_empty(shown)) {
		const char *begin = shown->bytes + shown->begin;
		size_t length = shown->end - shown->begin;
		const char *line_end = completes ? memmem(begin, length, "\r\n", 2) : NULL;
		if (relay->gone)
			shown->begin = shown->end;
		else if (line_end == begin)
			shown->begin++;
		else if (!pass(shown, relay->terminal.descriptor, line_end ? (size_t)(line_end - begin) : length))
			return;
	}
}

static void take_shown(struct relay *relay)
{
	if (is_empty(&relay->shown))
		fill(&relay->shown, TEMP_FAILURE_RETRY(read(relay->master, relay->shown.bytes, SOME_BYTES)));
}

static void type(struct relay *relay)
{
	while (!is_empty(&relay->typed) && pass(&relay->typed, relay->master, relay->typed.end - relay->typed.begin))
		;
}

static void take_typed(struct relay *relay)
{
	ssize_t got = TEMP_FAILURE_RETRY(terminal_read(&relay->terminal, relay->typed.bytes, SOME_BYTES));
	fill(&relay->typed, got);
	/* Somebody has put us into the background meanwhile. */
	if (got == 0 || (got < 0 && errno != EAGAIN))
		terminal_restore(&relay->terminal);
}

static void on_request(struct relay *relay)
{
	char request;
	if (recv(relay->requests, &request, 1, 0) != 1) {
		file_cleanup_close(&relay->requests); /* the child is about to end */
		return;
	}
	bool in_foreground = terminal_in_foreground(relay->terminal.descriptor);
	char answer = in_foreground;
	if (request == REQUEST_TAKE) {
		relay->taken = in_foreground;
		relay->stop_by = in_foreground ? SIGTSTP : SIGTTIN;
		terminal_copy_size(relay->terminal.descriptor, relay->master);
		terminal_make_raw(&relay->terminal);
		/* Rather than ask for ever, it waits for keys that never come. */
		answer = in_foreground || !relay->has_shell;
	} else if (request == REQUEST_RETURN) {
		relay->taken = false;
		terminal_restore(&relay->terminal);
	}
	send(relay->requests, &answer, 1, MSG_NOSIGNAL);
}

static void on_continued(struct relay *relay)
{
	terminal_copy_size(relay->terminal.descriptor, relay->master);
	if (relay->taken)
		terminal_make_raw(&relay->terminal);
	kill(relay->child, SIGCONT);
}

/* The child has stopped: so does our job, until the shell continues it. */
static void stop(struct relay *relay)
{
	static const struct timespec at_once = {0};
	sigset_t set;

	show(relay);
	terminal_restore(&relay->terminal);
	/* Who stopped us has told the others of our job. */
	kill(relay->suspending ? getpid() : 0, relay->stop_by);
	relay->suspending = false;
	relay->stop_by = SIGTSTP;
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGTTIN);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* here we stand still, unless there is no shell above us */
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	relay->has_shell = sigtimedwait(&set, NULL, &at_once) == SIGCONT;
	on_continued(relay);
}

static void look_at_child(struct relay *relay)
{
	siginfo_t child = {0};
	while (!relay->ended && waitid(P_PID, (id_t)relay->child, &child, WEXITED | WSTOPPED | WNOHANG) == 0 &&
	       child.si_pid != 0) {
		if (child.si_code == CLD_STOPPED) {
			stop(relay);
		} else if (child.si_code != CLD_TRAPPED) {
			relay->ended = true;
			relay->status = child.si_code == CLD_EXITED ? child.si_status : 128 + child.si_status;
		}
		child = (siginfo_t){0};
	}
}

static void on_signal(struct relay *relay)
{
	struct signalfd_siginfo information;
	if (read(relay->signals, &information, sizeof information) != sizeof information)
		return;
	int signal = (int)information.ssi_signo;
	if (relay->ended) {
		/* There is only what it showed, and somebody does not want to wait for who takes that. */
		relay->gone |= sigismember(&relay->ending, signal) == 1;
	} else if (signal == SIGCHLD) {
		look_at_child(relay);
	} else if (signal == SIGWINCH) {
		terminal_copy_size(relay->terminal.descriptor, relay->master);
	} else if (signal == SIGCONT) {
		on_continued(relay);
	} else if (signal == SIGTSTP) {
		relay->suspending = true;
		kill(relay->child, SIGTSTP);
	} else if (sigismember(&relay->ending, signal) == 1) {
		kill(relay->child, signal);
	}
}

static void relay_once(struct relay *relay)
{
	bool wants_typed = relay->terminal.raw && is_empty(&relay->typed);
	struct pollfd polls[] = {
		{.fd = relay->signals, .events = POLLIN},
		{.fd = relay->requests, .events = POLLIN},
		{.fd = relay->master,
		 .events = (short)((is_empty(&relay->shown) ? POLLIN : 0) | (is_empty(&relay->typed) ? 0 : POLLOUT))},
		{.fd = relay->gone ? -1 : relay->terminal.descriptor,
		 .events = (short)((is_empty(&relay->shown) ? 0 : POLLOUT) | (wants_typed ? POLLIN : 0))},
	};
	if (poll(polls, sizeof polls / sizeof *polls, -1) < 0)
		return;
	if (polls[3].revents & (POLLHUP | POLLERR))
		relay->gone = true;
	if (polls[0].revents)
		on_signal(relay);
	if (polls[1].revents)
		on_request(relay);
	if (polls[2].revents & POLLIN)
		take_shown(relay);
	if (polls[3].revents & POLLIN && relay->terminal.raw && !relay->gone)
		take_typed(relay);
	show(relay);
	type(relay);
}

static int relay_to_the_end(struct relay *relay)
{
	while (!relay->ended)
		relay_once(relay);
	for (take_shown(relay); !is_empty(&relay->shown) && !relay->gone; take_shown(relay)) {
		show(relay);
		if (!is_empty(&relay->shown))
			relay_once(relay);
	}
	terminal_restore(&relay->terminal);
	return relay->status;
}

/* In a session of one process the kernel stops nobody by the signals of a terminal: there is no shell in it. */
static void stop_for_the_relay(int signal)
{
	int saved = errno;
	(void)signal;
	raise(SIGSTOP);
	errno = saved;
}

static void stop_as_a_job_would(void)
{
	static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
		struct sigaction action;
		if (sigaction(stops[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL)
			sigaction(stops[i],
				  &(struct sigaction){.sa_handler = stop_for_the_relay, .sa_flags = SA_RESTART}, NULL);
	}
}

static int become_inside(int inside, const bool *is_own, int where_to_ask, struct error *error)
{
	requests = where_to_ask;
	if (setsid() < 0 || ioctl(inside, TIOCSCTTY, 0) < 0)
		return error_set_errno(error, errno, "cannot take a terminal of our own");
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
		if (is_own[descriptor])
			dup2(inside, descriptor);
	}
	stop_as_a_job_would();
	return 0;
}

/* Forks with the end for each of the two to ask and to answer at. */
static int start(struct relay *relay, int inside, const bool *is_own, struct error *error)
{
	int ends[2];
	sigset_t all, before;
	struct sigaction child_before;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set_errno(error, errno, "cannot make a socket");
	CLEANUP_CLOSE int answering = ends[0];
	CLEANUP_CLOSE int asking = ends[1];

	sigfillset(&all);
	CLEANUP_CLOSE int taking = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (taking < 0)
		return error_set_errno(error, errno, "cannot make a descriptor for signals");

	/* The parent takes each when it suits it, so that none can end it and leave the terminal raw. */
	sigprocmask(SIG_BLOCK, &all, &before);
	/* Were it ignored, the child's status would vanish. */
	sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &child_before);
	signals_ending(&relay->ending);
	relay->requests = answering;
	relay->signals = taking;
	fflush(NULL);
	relay->child = fork();
	if (relay->child > 0) {
		file_cleanup_close(&asking);
		_exit(relay_to_the_end(relay));
	}
	int failed = relay->child < 0 ? error_set_errno(error, errno, "cannot make a process")
				      : become_inside(inside, is_own, asking, error);
	sigaction(SIGCHLD, &child_before, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (relay->child == 0)
		asking = -1; /* from now on it is `requests` */
	return failed;
}

int relay_start(struct error *error)
{
	CLEANUP_CLOSE int terminal = terminal_open_own();
	CLEANUP_CLOSE int master = -1;
	CLEANUP_CLOSE int inside = -1;
	bool is_own[STDERR_FILENO + 1];
	bool any = terminal >= 0;
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
		is_own[descriptor] = terminal_is_own(descriptor);
		any |= is_own[descriptor];
	}
	if (!any)
		return 0;
	if (terminal < 0)
		return error_set_errno(error, errno, "cannot open /dev/tty");
	if (terminal_make_pair(terminal, &master, &inside, error) < 0)
		return -1;
	struct relay relay = {.terminal.descriptor = terminal, .master = master, .stop_by = SIGTSTP, .has_shell = true};
	return start(&relay, inside, is_own, error);
}

/* No answer: the parent has been killed, and SIGHUP is on its way. */
static bool ask(enum request request)
{
	char byte = (char)request;
	return TEMP_FAILURE_RETRY(send(requests, &byte, 1, MSG_NOSIGNAL)) == 1 &&
	       TEMP_FAILURE_RETRY(recv(requests, &byte, 1, 0)) == 1 && byte;
}

bool relay_take_terminal(void)
{
	return requests < 0 || ask(REQUEST_TAKE);
}

void relay_return_terminal(void)
{
	if (requests >= 0)
		ask(REQUEST_RETURN);
}

bool relay_in_foreground(void)
{
	return requests < 0 || ask(REQUEST_FOREGROUND);
}
