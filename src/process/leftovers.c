/* SPDX-License-Identifier: MIT */
#include "process/leftovers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/memory.h"

/* How long after its command a process may end by itself and be no leftover. */
#define MOMENT_MS 100
/* After that long even SIGKILL will not help any more. */
#define KILLING_MS 30000
/* How often stopping everything is tried, at most so many milliseconds apart, before killing what there is. */
#define STOPPING_ROUNDS 50
#define STOPPING_ROUND_MS 10

#define CHILDREN_AT_ONCE 1000

struct cleanup {
	const struct process_list *except;
	struct interruption *interruption;
	struct process_list alive; /* as of the last look() */
	struct error *error;       /* why it could not be looked; set once, then nothing more is done */
};

/*
 * Buries dead children, but not for ever: some make them faster. Returns how many, -1 when there is no child at all, so no
 * descendant either.
 */
static int reap(void)
{
	for (int count = 0; count < CHILDREN_AT_ONCE; count++) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);
		if (pid <= 0)
			return pid < 0 ? -1 : count;
	}
	return CHILDREN_AT_ONCE;
}

/*
 * Fills `alive`. An empty list is the truth: descendants_list() can overlook a process only when a child of ours dies
 * at that time, and that child cannot vanish before it is buried here.
 */
static void look(struct cleanup *cleanup)
{
	int dead = reap();
	do {
		cleanup->alive.processes.count = 0;
		if (dead < 0 || descendants_list(getpid(), cleanup->except, &cleanup->alive, cleanup->error) < 0)
			return;
		dead = reap();
	} while (cleanup->alive.processes.count == 0 && dead != 0);
}

static bool is_hurried(const struct cleanup *cleanup)
{
	return cleanup->interruption->count > 1;
}

/* Until a child has died or stopped, or a signal hurries us. False when the deadline came first. */
static bool wait_for_child(struct cleanup *cleanup, int64_t deadline)
{
	int signal;
	while ((signal = signals_next(deadline)) != 0) {
		if (signal == SIGCHLD || (interruption_note(cleanup->interruption, signal) && is_hurried(cleanup)))
			return true;
	}
	return false;
}

/* The last descendant of ours to end is always our own child, so that SIGCHLD tells of it. */
static void wait_until_gone(struct cleanup *cleanup, int64_t milliseconds, bool can_be_hurried)
{
	int64_t deadline = duration_now() + milliseconds;
	for (look(cleanup); cleanup->alive.processes.count > 0; look(cleanup)) {
		if ((can_be_hurried && is_hurried(cleanup)) || !wait_for_child(cleanup, deadline))
			return;
	}
}

/* Returns how many it could be sent to. */
static size_t signal_all(const struct cleanup *cleanup, int signal)
{
	size_t sent = 0;
	for (size_t i = 0; i < cleanup->alive.processes.count; i++)
		sent += process_signal(&cleanup->alive.processes.items[i], signal) == 0;
	return sent;
}

/*
 * The same for those that move, group by group where it can be done: the kernel signals a group at one instant, so that
 * not even a process gets away that forks and ends faster than it can be looked at. (The number of a group that has
 * ended since the look is not in use again: the kernel gives out all others before it comes back to one.)
 */
static size_t stop_all(const struct cleanup *cleanup)
{
	size_t sent = 0;
	pid_t group = 0;
	for (size_t i = 0; i < cleanup->alive.processes.count; i++) {
		const struct process *process = &cleanup->alive.processes.items[i];
		if (process->stopped)
			continue;
		if (process->group_is_below && process->group != group)
			kill(-process->group, SIGSTOP);
		group = process->group;
		sent += process_signal(process, SIGSTOP) == 0;
	}
	return sent;
}

/*
 * Those who fork faster than they are killed get away for ever, so all are stopped first, again and again until nobody
 * moves, and killed then. Who cannot be stopped (it sleeps in the kernel) is killed too, after some rounds.
 */
static void kill_all(struct cleanup *cleanup)
{
	int64_t deadline = duration_now() + KILLING_MS;
	unsigned round = 0;
	for (look(cleanup); cleanup->alive.processes.count > 0 && duration_now() < deadline; look(cleanup)) {
		if (round++ < STOPPING_ROUNDS && stop_all(cleanup) > 0) {
			wait_for_child(cleanup, duration_now() + STOPPING_ROUND_MS);
			continue;
		}
		round = 0;
		if (signal_all(cleanup, SIGKILL) == 0)
			return; /* we may not */
		wait_until_gone(cleanup, MOMENT_MS, false);
	}
}

static void note(struct outcome *outcome, pid_t pid, char *command_line, bool survived)
{
	struct leftover *leftover = array_append(&outcome->leftovers);
	*leftover = (struct leftover){.pid = pid, .command_line = command_line, .survived = survived};
}

static void note_survivors(struct outcome *outcome, const struct process_list *alive)
{
	size_t noted = outcome->leftovers.count;
	for (size_t i = 0; i < alive->processes.count; i++) {
		pid_t pid = alive->processes.items[i].pid;
		size_t at = 0;
		while (at < noted && outcome->leftovers.items[at].pid != pid)
			at++;
		if (at < noted)
			outcome->leftovers.items[at].survived = true;
		else
			note(outcome, pid, descendants_command_line(pid), true);
	}
}

void leftovers_end(struct outcome *outcome, const struct process_list *except, int64_t grace_ms,
		   struct interruption *interruption)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct cleanup cleanup = {.except = except, .interruption = interruption, .error = &error};

	wait_until_gone(&cleanup, MOMENT_MS, false);
	for (size_t i = 0; i < cleanup.alive.processes.count; i++) {
		pid_t pid = cleanup.alive.processes.items[i].pid;
		note(outcome, pid, descendants_command_line(pid), false);
	}
	signal_all(&cleanup, SIGTERM);
	signal_all(&cleanup, SIGCONT);
	wait_until_gone(&cleanup, grace_ms, true);
	kill_all(&cleanup);
	note_survivors(outcome, &cleanup.alive);

	if (error_is_set(&error))
		note(outcome, 0, memory_printf("unknown: %s", error.message), true);
	array_free(&cleanup.alive.processes);
}
