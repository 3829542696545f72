/* SPDX-License-Identifier: MIT */
#include "status_line.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/memory.h"
#include "process/relay.h"

/* To the line's first column, and nothing from there on. */
static const char clear_line[] = "\r\033[K";
#define CLEAR_LENGTH (sizeof clear_line - 1)

#define COLUMNS_DEFAULT 80 /* where the terminal does not say */

/* Who is done so soon needs no such line. */
#define FIRST_AFTER_MS 500

/* How long a unit must have printed nothing before the line comes back below what it printed. */
#define SILENCE_MS 1000

/* The terminal belongs to the process as a whole, and so does this. */
static struct {
	const struct progress *progress; /* NULL: there is no line */
	pid_t owner;                     /* the process that opened it; not one that was forked from that */
	volatile sig_atomic_t is_there;  /* on the screen */
	bool was_there;                  /* before status_line_hide() */
	bool behind_text;                /* the cursor stands behind what a unit printed, so there is no room */
	int64_t due;                     /* when it is to be drawn next; duration_now() */
	struct sigaction stop_before;
} line;

/* Also called by on_stop(). */
static void take_away(void)
{
	if (!line.is_there)
		return;
	line.is_there = 0;
	ssize_t ignored = write(STDERR_FILENO, clear_line, CLEAR_LENGTH);
	(void)ignored; /* a terminal that is gone shows no line */
}

/* Ctrl-Z. The shell's prompt shall not stand behind the line; the next drawing is after fg. */
static void on_stop(int signal)
{
	int saved = errno;
	struct sigaction ours;
	sigset_t stop;
	if (getpid() == line.owner)
		take_away();
	sigaction(signal, &line.stop_before, &ours);
	raise(signal);
	sigemptyset(&stop);
	sigaddset(&stop, signal);
	sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here we stand still */
	sigprocmask(SIG_BLOCK, &stop, NULL);
	sigaction(signal, &ours, NULL);
	errno = saved;
}

void status_line_open(const struct progress *progress)
{
	const char *type = getenv("TERM");
	if (!isatty(STDERR_FILENO) || !type || !*type || strcmp(type, "dumb") == 0)
		return;
	line.progress = progress;
	line.owner = getpid();
	line.due = duration_now() + FIRST_AFTER_MS;
	sigaction(SIGTSTP, NULL, &line.stop_before);
	if (line.stop_before.sa_handler != SIG_IGN)
		sigaction(SIGTSTP, &(struct sigaction){.sa_handler = on_stop, .sa_flags = SA_RESTART}, NULL);
}

void status_line_hide(void)
{
	line.was_there = line.is_there;
	take_away();
	if (line.behind_text)
		fputc('\n', stderr);
	line.behind_text = false;
}

void status_line_close(void)
{
	if (!line.progress)
		return;
	take_away();
	line.progress = NULL;
	sigaction(SIGTSTP, &line.stop_before, NULL);
}

/* Not where a shell, or the unit itself, has the terminal; nor where it is stopped (Ctrl-S) and writing would wait. */
static bool may_draw(void)
{
	pid_t foreground = tcgetpgrp(STDERR_FILENO);
	struct pollfd terminal = {.fd = STDERR_FILENO, .events = POLLOUT};
	return (foreground < 0 || foreground == getpgrp()) && relay_in_foreground() && poll(&terminal, 1, 0) > 0 &&
	       terminal.revents == POLLOUT;
}

static void draw(int64_t now)
{
	struct winsize size = {0};
	int64_t passed = now - line.progress->begun;
	line.due = now + 1000 - passed % 1000;
	if (!may_draw())
		return;
	ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
	/* A character in the last column would leave some terminals in the next line. */
	size_t columns = (size.ws_col ? size.ws_col : COLUMNS_DEFAULT) - 1;
	CLEANUP_FREE char *text = progress_line(line.progress, now, columns);
	CLEANUP_FREE char *drawing = memory_printf("%s%s", clear_line, text);
	line.is_there = 1;
	ssize_t ignored = write(STDERR_FILENO, drawing, strlen(drawing));
	(void)ignored;
}

void status_line_show(void)
{
	if (line.progress && (line.is_there || line.was_there))
		draw(duration_now());
	line.was_there = false;
}

static int idle(void *context)
{
	(void)context;
	int64_t now = duration_now();
	if (line.behind_text)
		return -1;
	if (now >= line.due)
		draw(now);
	return (int)(line.due - now);
}

static void showing(void *context, int stream, char last)
{
	(void)context;
	if (!isatty(stream))
		return;
	take_away();
	line.behind_text = last != '\n';
	line.due = duration_now() + SILENCE_MS;
}

const struct output_bystander *status_line_bystander(void)
{
	static const struct output_bystander bystander = {.idle = idle, .showing = showing};
	return line.progress ? &bystander : NULL;
}
