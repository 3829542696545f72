/* SPDX-License-Identifier: MIT */
/* The signals that reach this process, taken one by one from a signalfd when it suits us. */
#ifndef IPVS_ISO_PROCESS_SIGNALS_H
#define IPVS_ISO_PROCESS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "process/output.h"

/*
 * For the start of a program. SIGXFSZ is ignored: a write beyond the limit on the size of files (ulimit -f) is an error
 * then, as on a full disk. Process 1 of a PID namespace ends on every request to end, with 128 + its number: the kernel
 * keeps from it what would end another process.
 */
void signals_begin(void);

/*
 * The requests to end: signals whose usual effect is to end a process, from SIGHUP to the real-time ones, as long as
 * they have that effect (nohup(1) and `&` in scripts ignore some). Not SIGKILL, which nobody can take, nor SIGPIPE and
 * SIGXFSZ, which are ignored so that a write fails, nor the two that the C library keeps for itself.
 */
void signals_ending(sigset_t *set);

/*
 * Blocks the requests to end and SIGCHLD for signals_next(), and ignores SIGPIPE. What was before is remembered the
 * first time, for signals_restore(); a process that was forked from one that had done this inherits that memory.
 */
int signals_prepare(struct error *error);

/* Gives back the mask and the dispositions from before signals_begin() and signals_prepare(): for a child that is about
   to exec. */
void signals_restore(void);

/*
 * Whether SIGTSTP (unless ignored) and SIGCONT are taken too. Where they are not, they have their usual effect. -1 with
 * an error leaves everything as it was.
 */
int signals_take_job_control(bool wanted, struct error *error);

/* For a deadline that never comes. */
#define SIGNALS_FOR_EVER INT64_MAX

/*
 * Waits for the next signal, until `deadline` (of duration_now()) at most; then 0. One that has arrived already is
 * returned whatever the deadline. What a unit prints meanwhile is moved on (NULL: there is nothing of that kind).
 */
int signals_next(int64_t deadline, struct output *output);

/* To be looked at with poll(2): readable when signals_next() would return one. */
int signals_descriptor(void);

/* How often somebody has asked us to end. Starts as zeros. */
struct interruption {
	int first; /* the first signal that did; or 0 */
	unsigned count;
	int last;
	int64_t last_at; /* by duration_now() */
};

/*
 * Counts requests to end; every other signal is ignored. True when it is a new request: the same signal
 * within a tenth of a second is the same one, as timeout(1) signals its child and then the child's group, and a
 * terminal that goes away sends one SIGHUP while the shell sends another.
 */
bool interruption_note(struct interruption *interruption, int signal);

#endif
