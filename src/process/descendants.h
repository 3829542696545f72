/* SPDX-License-Identifier: MIT */
/* The processes below this one, from /proc. */
#ifndef IPVS_ISO_PROCESS_DESCENDANTS_H
#define IPVS_ISO_PROCESS_DESCENDANTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/array.h"
#include "base/error.h"

/* One process, as /proc/PID/stat had it. Number and time of start together name it: numbers are used again. */
struct process {
	pid_t pid;
	pid_t parent;
	uint64_t started; /* clock ticks since the machine's start */
	bool stopped;     /* by a signal or a tracer */
	bool blocked;     /* sleeps in the kernel where most signals do not wake it */
};

struct process_list {
	ARRAY(struct process) processes;
	ARRAY(pid_t) groups; /* process groups that have members, dead ones too, below the ancestor and nowhere else */
};

#define CLEANUP_PROCESS_LIST __attribute__((cleanup(process_list_clear)))
void process_list_clear(struct process_list *list);

/*
 * Keeps the way to the /proc of now (proc_open()) for all functions below, so that it stays when something else is
 * mounted there meanwhile; each looks for /proc by itself otherwise. Replaces what was kept before: a process in a new
 * PID namespace needs another one.
 */
int descendants_prepare(struct error *error);

/* Gives that way up again: for who is about to close all descriptors. */
void descendants_forget(void);

/*
 * Fills `list` (zeros, or a list from before, which is replaced) with every living (not zombie) descendant of
 * `ancestor`, ordered by number. Processes in `except` (NULL: none) and what is below them are left out.
 *
 * /proc cannot be read in one instant. Where `ancestor` is a child subreaper, a process can be missed (its parents die
 * while it is read; it is born meanwhile), but only when at that time a child of `ancestor` dies, too, or another
 * descendant is found.
 */
int descendants_list(pid_t ancestor, const struct process_list *except, struct process_list *list, struct error *error);

/* Who has that number now: 1 and the process, 0 where nobody has or it has ended, -1 with errno. */
int process_find(pid_t pid, struct process *process);

/*
 * Sends a signal to that very process, never to another one that got its number meanwhile. 0 also where it has ended;
 * -1 with errno where it may not be signalled.
 */
int process_signal(const struct process *process, int signal);

/*
 * Ends every descendant of this process, which is a child subreaper, with SIGKILL, and buries it. Returns when there is
 * none left. Where /proc shows none of them, those are meant that are in the group of one that has ended.
 */
void descendants_kill(void);

/*
 * The command line of a process, as `ps` shows it: arguments with spaces between, "[name]" where there are none.
 * Control characters become '?'; other bytes are as they are, UTF-8 or not. NULL when it has ended. The caller frees.
 */
char *descendants_command_line(pid_t pid);

#endif
