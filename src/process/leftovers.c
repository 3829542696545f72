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
#define MOMENT_MS 250
/* After that long even SIGKILL will not help any more. */
#define KILLING_MS 30000
/* After that long without any change nothing wakes who sleeps in the kernel. */
#define BLOCKED_MS 5000
/* How long what was killed without having been seen is waited for. */
#define UNSEEN_MS 1000
/* How often stopping everything is tried, or in vain, before killing what there is. A round takes at most so many
   milliseconds, twice as many after one in vain. */
#define STOPPING_ROUNDS 50
#define STOPPING_ROUNDS_IN_VAIN 5
#define STOPPING_ROUND_MS 10
/* How often it is tried to name somebody who is alive, before it is said that they come and go too fast. */
#define NAMING_ROUNDS 20
#define CHILDREN_AT_ONCE 1000

/* What look() found out. */
enum presence {
	GONE,  /* nothing is alive; an empty list alone does not prove it */
	ALIVE, /* there is something, whether it was seen or not */
	UNSEEN /* it could not be looked, and there are children: somebody may be alive */
};

struct cleanup {
	const struct origin *origin;
	struct output *output;
	struct interruption *interruption;
	bool stops_groups;         /* look() stops every process group that is all ours */
	struct process_list alive; /* as of the last look() */
	enum presence presence;    /* as of then */
	struct error *error;       /* why it could not be looked */
};

/*
 * Buries dead children, but not for ever: some make them faster. Returns how many, -1 when there is no child at all, so
 * no descendant either.
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
 * Stops all of a group at one instant, so that not even those get away who fork and end faster than they can be looked
 * at. A group of which only dead members were seen may have others. Its number is not somebody else's by now: dead
 * children of ours keep it until reap(), and the kernel gives out all other numbers before it comes back to one.
 */
static void stop_groups(const struct cleanup *cleanup)
{
	for (size_t i = 0; cleanup->stops_groups && i < cleanup->alive.groups.count; i++)
		kill(-cleanup->alive.groups.items[i], SIGSTOP);
}

/*
 * Finds out who is alive. descendants_list() overlooks a process only where it finds another, or a child of ours dies
 * at that time; that one stays a zombie until it is buried here, and tells.
 */
static void look(struct cleanup *cleanup)
{
	process_list_clear(&cleanup->alive);
	cleanup->presence = GONE;
	if (reap() < 0)
		return;
	bool seen = descendants_list(getpid(), cleanup->origin->except, &cleanup->alive, cleanup->error) == 0;
	if (seen)
		stop_groups(cleanup);
	int dead = reap();
	if (dead < 0)
		return;
	if (!seen)
		cleanup->presence = UNSEEN;
	else if (dead > 0 || cleanup->alive.processes.count > 0)
		cleanup->presence = ALIVE;
}

static bool is_hurried(const struct cleanup *cleanup)
{
	return cleanup->interruption->count > 1;
}

/* Until a child has died or stopped, or a signal hurries us. False when the deadline came first. */
static bool wait_for_child(struct cleanup *cleanup, int64_t deadline)
{
	int signal;
	while ((signal = signals_next(deadline, cleanup->output)) != 0) {
		if (signal == SIGCHLD || (interruption_note(cleanup->interruption, signal) && is_hurried(cleanup)))
			return true;
	}
	return false;
}

/* The last descendant of ours to end is always our own child, so that SIGCHLD tells of it. */
static void wait_until_gone(struct cleanup *cleanup, int64_t milliseconds, bool can_be_hurried)
{
	int64_t deadline = duration_now() + milliseconds;
	for (look(cleanup); cleanup->presence != GONE; look(cleanup)) {
		bool waits = cleanup->presence == UNSEEN || cleanup->alive.processes.count > 0;
		if ((can_be_hurried && is_hurried(cleanup)) || duration_now() >= deadline ||
		    (waits && !wait_for_child(cleanup, deadline)))
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

/* The same for those that still move. */
static size_t stop_all(const struct cleanup *cleanup)
{
	size_t sent = 0;
	for (size_t i = 0; i < cleanup->alive.processes.count; i++) {
		const struct process *process = &cleanup->alive.processes.items[i];
		sent += !process->stopped && process_signal(process, SIGSTOP) == 0;
	}
	return sent;
}

/* Whether, and since when, what is done to those who are alive changes nothing. */
struct standstill {
	struct process_list seen;
	unsigned rounds; /* after the one that found them so */
	int64_t since;
};

static bool is_same(const struct process *a, const struct process *b)
{
	return a->pid == b->pid && a->started == b->started && a->stopped == b->stopped && a->blocked == b->blocked;
}

static bool are_same(const struct process_list *a, const struct process_list *b)
{
	size_t i = 0;
	while (i < a->processes.count && i < b->processes.count &&
	       is_same(&a->processes.items[i], &b->processes.items[i]))
		i++;
	return i == a->processes.count && i == b->processes.count;
}

static void note_round(struct standstill *standstill, const struct process_list *alive)
{
	if (are_same(&standstill->seen, alive)) {
		standstill->rounds++;
		return;
	}
	process_list_clear(&standstill->seen);
	for (size_t i = 0; i < alive->processes.count; i++)
		*array_append(&standstill->seen.processes) = alive->processes.items[i];
	standstill->rounds = 0;
	standstill->since = duration_now();
}

static bool is_hopeless(const struct standstill *standstill)
{
	/* Not before they were killed. */
	if (standstill->rounds <= STOPPING_ROUNDS_IN_VAIN || duration_now() - standstill->since < BLOCKED_MS)
		return false;
	size_t blocked = 0;
	while (blocked < standstill->seen.processes.count && standstill->seen.processes.items[blocked].blocked)
		blocked++;
	return blocked == standstill->seen.processes.count;
}

/*
 * Those who fork faster than they are killed get away for ever, so all are stopped first, again and again until nobody
 * moves, and killed then. Who cannot be stopped (it sleeps in the kernel) is killed too, after some rounds.
 */
static void kill_all_noting(struct cleanup *cleanup, struct standstill *standstill)
{
	int64_t deadline = duration_now() + KILLING_MS;
	unsigned round = 0;
	cleanup->stops_groups = true;
	for (look(cleanup); cleanup->presence == ALIVE && duration_now() < deadline; look(cleanup)) {
		if (cleanup->alive.processes.count == 0)
			continue;
		note_round(standstill, &cleanup->alive);
		if (is_hopeless(standstill))
			return;
		/* All that is in it at one instant; what has left it, and where there is none, the rest is for. */
		if (round == 0)
			cgroup_kill(cleanup->origin->cgroup);
		if (round++ < STOPPING_ROUNDS && standstill->rounds < STOPPING_ROUNDS_IN_VAIN &&
		    stop_all(cleanup) > 0) {
			wait_for_child(cleanup, duration_now() + (STOPPING_ROUND_MS << standstill->rounds));
			continue;
		}
		round = 0;
		if (signal_all(cleanup, SIGKILL) == 0)
			return; /* we may not */
		wait_until_gone(cleanup, MOMENT_MS, false);
	}
}

static void kill_all(struct cleanup *cleanup)
{
	struct standstill standstill = {.since = duration_now()};
	kill_all_noting(cleanup, &standstill);
	process_list_clear(&standstill.seen);
}

static void note(struct outcome *outcome, pid_t pid, char *command_line, bool survived)
{
	struct leftover *leftover = array_append(&outcome->leftovers);
	*leftover = (struct leftover){.pid = pid, .command_line = command_line, .survived = survived};
}

/* Names those that are alive. Who has ended meanwhile did so by itself, and left nothing but perhaps another. */
static void note_alive(struct outcome *outcome, struct cleanup *cleanup)
{
	for (int round = 0; cleanup->presence == ALIVE && outcome->leftovers.count == 0; round++) {
		if (round == NAMING_ROUNDS) {
			note(outcome, 0, memory_copy_string("[processes that come and go too fast to be seen]"), false);
			return;
		}
		for (size_t i = 0; i < cleanup->alive.processes.count; i++) {
			pid_t pid = cleanup->alive.processes.items[i].pid;
			char *command_line = descendants_command_line(pid);
			if (command_line)
				note(outcome, pid, command_line, false);
		}
		if (outcome->leftovers.count == 0)
			look(cleanup);
	}
}

/* Why it is still there; NULL where that cannot be told. */
static const char *find_why(const struct process *process)
{
	if (process->blocked)
		return "it sleeps in the kernel: frozen by a control group, or waiting for a device";
	return kill(process->pid, 0) < 0 && errno == EPERM ? "it may not be signalled" : NULL;
}

static void note_survivors(struct outcome *outcome, const struct process_list *alive)
{
	size_t noted = outcome->leftovers.count;
	size_t survivors = 0;
	for (size_t i = 0; i < alive->processes.count; i++) {
		pid_t pid = alive->processes.items[i].pid;
		CLEANUP_FREE char *command_line = descendants_command_line(pid);
		if (!command_line)
			continue;
		survivors++;
		size_t at = 0;
		while (at < noted && outcome->leftovers.items[at].pid != pid)
			at++;
		if (at == noted) {
			note(outcome, pid, memory_copy_string(command_line), true);
			at = outcome->leftovers.count - 1;
		}
		outcome->leftovers.items[at].survived = true;
		outcome->leftovers.items[at].why = find_why(&alive->processes.items[i]);
	}
	if (survivors == 0)
		note(outcome, 0, memory_copy_string("[processes that come and go too fast to be killed]"), true);
}

/*
 * Where nobody can be seen, nobody can be spared, and nobody named. The group's number is not somebody else's by now,
 * as in stop_groups().
 */
static void kill_unseen(struct cleanup *cleanup)
{
	cgroup_kill(cleanup->origin->cgroup);
	kill(-cleanup->origin->group, SIGKILL);
	wait_until_gone(cleanup, UNSEEN_MS, false);
}

void leftovers_end(struct outcome *outcome, const struct origin *origin, int64_t grace_ms, struct output *output,
		   struct interruption *interruption)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct cleanup cleanup = {
		.origin = origin,
		.output = output,
		.interruption = interruption,
		.error = &error,
	};

	wait_until_gone(&cleanup, MOMENT_MS, false);
	if (cleanup.presence == ALIVE)
		note_alive(outcome, &cleanup);
	if (cleanup.presence == ALIVE) {
		signal_all(&cleanup, SIGTERM);
		signal_all(&cleanup, SIGCONT);
		wait_until_gone(&cleanup, grace_ms, true);
	}
	if (cleanup.presence == ALIVE)
		kill_all(&cleanup);
	if (cleanup.presence == UNSEEN)
		kill_unseen(&cleanup);
	if (cleanup.presence == ALIVE)
		note_survivors(outcome, &cleanup.alive);
	if (cleanup.presence == UNSEEN)
		note(outcome, 0, memory_printf("[unknown: %s]", error.message), true);
	process_list_clear(&cleanup.alive);
}
