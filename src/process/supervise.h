/* SPDX-License-Identifier: MIT */
/* Runs one command to its end, and everything that it started. */
#ifndef IPVS_ISO_PROCESS_SUPERVISE_H
#define IPVS_ISO_PROCESS_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/array.h"
#include "base/error.h"
#include "process/identity.h"
#include "process/output.h"
#include "process/signals.h"

/* What to run. Everything is borrowed. */
struct command {
	char *const *arguments;   /* NULL at the end; arguments[0] is looked up in PATH, as execvp(3) does */
	char *const *environment; /* NULL at the end, its PATH is the one that counts; or NULL: this process's own */
	const char *directory;    /* or NULL: this process's own */
	const struct identity *identity; /* who it runs as, with no descriptor from 3 on but those below; or NULL: who
					    this process is */
	bool gives_memory_first; /* where memory is out it is ended before those who run it, who are protected */
	bool cannot_peek;        /* into the processes that run it, though it is root; capabilities.h */
	const int *inherited;    /* descriptors that the command keeps (the locks') though they are O_CLOEXEC */
	size_t inherited_count;
	struct output *output; /* takes what it prints; or NULL: it has our stdout and stderr */
	int64_t timeout_ms;    /* 0: none. Past it the command, and all that it started, gets SIGTERM */
	int64_t kill_after_ms; /* from a SIGTERM (of ours) to SIGKILL; 0: SUPERVISE_KILL_AFTER_MS, and for what is
				      left over SUPERVISE_LEFTOVER_GRACE_MS */
};

#define SUPERVISE_KILL_AFTER_MS 5000
#define SUPERVISE_LEFTOVER_GRACE_MS 2000

/* A process that the command left behind. */
struct leftover {
	pid_t pid;          /* 0: which there are could not be found out, and the command line says why */
	char *command_line; /* owned; of descendants_command_line() */
	bool survived;      /* it could not be ended: another user's, or stuck in the kernel */
	const char *why;    /* it survived; a constant; or NULL where that is not known */
};

/* How it ended. */
struct outcome {
	int status; /* 0 to 255; 128 + n where signal n ended it */
	int signal; /* that ended it; or 0 */
	bool timed_out;
	int interrupted; /* the request to end (signals.h) that reached us meanwhile, or with which the terminal ended
			      a command that was using it; or 0 */
	int64_t duration_ms;              /* of the command itself */
	ARRAY(struct leftover) leftovers; /* what it left running; all of it is gone by now, but for what survived */
};

#define CLEANUP_OUTCOME __attribute__((cleanup(outcome_clear)))
void outcome_clear(struct outcome *outcome);

/*
 * Prepares this process, once, before the first command (a process that was forked from a prepared one prepares
 * itself again): it becomes a child subreaper, so that no descendant of a command can get away, and SIGCHLD and the
 * requests to end (signals.h) are blocked and from then on taken from a signalfd, at any moment, so that none of them
 * can end us half way. Those that are ignored (nohup(1)) stay so. SIGPIPE is ignored. Commands start with the signal
 * mask and the dispositions that this process had before.
 *
 * Processes that are below this one already (a shell may have started them before it became us) are remembered and left
 * alone, with what they start. Only what they start and abandon later cannot be told from what a command abandons.
 */
int supervise_prepare(struct error *error);

/*
 * Runs a command. It gets a process group of its own; while it runs this process must have no other children of its own
 * making. Signals that reach us are passed to the group (the first as it is; from the second on SIGKILL, to all that it
 * started). When it has ended, what is still alive of its descendants after a moment's grace is noted as left over,
 * ended with SIGTERM and, after the grace, with SIGKILL, until none is left.
 *
 * The terminal stays ours, so that Ctrl-C and Ctrl-Z reach us and are passed on, until the command wants to read it or
 * to change its settings; from then on, where we are in the foreground ourselves, it is the command's.
 *
 * With an output, what it and all that it started have printed until then has been taken when this returns, and written
 * where it is shown live; a reader that takes nothing is waited for until a signal arrives.
 *
 * -1 only where it could not be started: ERROR_NOT_FOUND and ERROR_NOT_RUNNABLE tell 127 from 126. `outcome` must be
 * zeros.
 */
int supervise_run(const struct command *command, struct outcome *outcome, struct error *error);

/*
 * The first of those signals that arrived outside supervise_run() since supervise_prepare(), as far as they have been
 * asked for here (what has not is passed to the next command); or 0. Does not block.
 */
int supervise_pending_signal(void);

/* The same with how often that was, and what came last. */
const struct interruption *supervise_interruption(void);

#endif
