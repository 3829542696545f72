/* SPDX-License-Identifier: MIT */
/* The host-wide lock: flock(2) on the file "lock" in the state directory. Its content says who holds it. */
#ifndef IPVS_ISO_SESSION_LOCK_H
#define IPVS_ISO_SESSION_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"

/* The file in the state directory. */
#define LOCK_NAME "lock"

#define LOCK_WAIT_FOR_EVER INT64_C(-1)

/* Environment variable in which a command gets the number of the lock's descriptor. Only a hint: see lock_inherited(). */
#define LOCK_ENVIRONMENT "IPVS_ISO_LOCK_FD"

/* How deep inside runs a command is: 1 in the unit of an outermost run. A forged one only confuses its own session. */
#define LOCK_DEPTH_ENVIRONMENT "IPVS_ISO_DEPTH"
#define LOCK_DEPTH_MAX 1000

/* Who holds it, as they wrote it down. */
struct lock_holder {
	pid_t pid;     /* 0 where it is not known, or that process has ended and what it started holds the lock on */
	char *command; /* owned; any bytes; NULL where it is not known */
	time_t since;  /* 0 where it is not known */
	bool dead;     /* it certainly has ended; pid is then 0, as it is where nothing is known */
};
void lock_holder_clear(struct lock_holder *holder);

/*
 * Called once when the lock turns out to be held, before waiting for it. `holder` has pid 0 where it is not known.
 */
typedef void lock_waiting_function(const struct lock_holder *holder, void *context);

/*
 * Takes the lock. `directory` is state_open()'s descriptor. Waits at most `wait_ms` (0: not at all, LOCK_WAIT_FOR_EVER),
 * without polling; ERROR_BUSY, naming the holder, when that is over, or at once where this process runs below the holder
 * without lock_inherited() (something between closed the descriptor), as that wait would never end. `command` is
 * written down for others to read.
 *
 * While it waits, SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGTSTP have their usual effect, blocked or not: nothing has been
 * changed yet, and a wait must be possible to end. So supervise_prepare() may come before or after. SIGALRM is used.
 *
 * Returns the lock's descriptor, O_CLOEXEC, -1 on failure. Closing every copy of it releases it, so that the
 * lock lives as long as any process that inherited it.
 */
int lock_take(int directory, const char *command, int64_t wait_ms, lock_waiting_function *waiting, void *context,
	      struct error *error);

/*
 * The lock of runs inside one unit, which share its table and take turns on it: as lock_take(), for the runs at `depth`.
 * Each depth has a lock of its own, so that a run never waits for the one that it is in.
 */
int lock_take_nested(int directory, unsigned depth, const char *command, int64_t wait_ms,
		     lock_waiting_function *waiting, void *context, struct error *error);

/* What LOCK_DEPTH_ENVIRONMENT says; 1 where it says nothing. */
unsigned lock_depth(void);

/*
 * Whether this process already is inside a session on `directory`: a descriptor named by LOCK_ENVIRONMENT that is that
 * lock file and that holds the lock, according to the kernel (/proc/self/fdinfo). Returns it, made O_CLOEXEC, or -1.
 * It is not the caller's to close. A forged variable cannot pass, nor can another open descriptor of the file.
 */
int lock_inherited(int directory);

/* Who holds it now: 1 and the holder (to be cleared), 0 when nobody does, -1 on failure. Does not take it. */
int lock_query(int directory, struct lock_holder *holder, struct error *error);

#endif
