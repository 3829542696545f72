/* SPDX-License-Identifier: MIT */
/*
 * The host-wide lock, and the turns inside of a unit: flock(2) on files in the state directory, whose content says who
 * holds them.
 *
 * Each has a depth: 0 is the lock of the host's table, N that of the runs that are inside of N runs. Those inside the
 * same unit share its table and take turns on it; a run never waits for the one that it is in. What a run starts
 * inherits its lock and those of the runs around it, so how many a process holds is how many runs it is inside of.
 */
#ifndef IPVS_ISO_SESSION_LOCK_H
#define IPVS_ISO_SESSION_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/array.h"
#include "base/error.h"

/* The host's lock in the state directory. */
#define LOCK_NAME "lock"

/* The file of any depth's. The caller frees. */
char *lock_name(unsigned depth);

#define LOCK_WAIT_FOR_EVER INT64_C(-1)

/*
 * Environment variable in which a command gets the numbers of its locks' descriptors, outermost first, with commas
 * between. Only a hint: see locks_inherited().
 */
#define LOCK_ENVIRONMENT "IPVS_ISO_LOCK_FD"

/* The locks that a process holds: that at index N has the depth N. */
struct locks {
	ARRAY(int) descriptors; /* they stay open when this is cleared */
};

#define CLEANUP_LOCKS __attribute__((cleanup(locks_clear)))
void locks_clear(struct locks *locks);

/* Who holds it, as they wrote it down. */
struct lock_holder {
	pid_t pid;     /* 0 where it is not known, or that process has ended and what it started holds the lock on */
	char *command; /* owned; any bytes; NULL where it is not known */
	time_t since;  /* 0 where it is not known */
	bool stranger; /* it is no run: it has locked the file with flock(2) itself, shared or not */
	bool dead;     /* it certainly has ended; pid is then 0, as it is where nothing is known */
};
void lock_holder_clear(struct lock_holder *holder);

/*
 * Called once when the lock turns out to be held, before waiting for it. `holder` has pid 0 where it is not known.
 */
typedef void lock_waiting_function(const struct lock_holder *holder, void *context);

/*
 * Takes the lock of that depth. `directory` is state_open()'s descriptor. Waits at most `wait_ms` (0: not at all,
 * LOCK_WAIT_FOR_EVER), without polling; ERROR_BUSY, naming the holder, when that is over, or at once where this process
 * runs below the holder without locks_inherited() (something between closed the descriptor or removed the variable), as
 * that wait would never end; also where that cannot be told, since the holder is out of sight, and LOCK_ENVIRONMENT
 * names a descriptor that was closed. `command` is written down for others to read; with NULL what is written there
 * stays (lock_holder.h).
 *
 * While it waits, all signals but SIGCHLD have their usual effect, blocked or not: nothing has been changed yet, and a
 * wait must be possible to end. So supervise_prepare() may come before or after. SIGURG is used.
 *
 * Returns the lock's descriptor, O_CLOEXEC, -1 on failure. Closing every copy of it releases it, so that the
 * lock lives as long as any process that inherited it.
 */
int lock_take(int directory, unsigned depth, const char *command, int64_t wait_ms, lock_waiting_function *waiting,
	      void *context, struct error *error);

/*
 * Whether what lock_take() returned still is that lock: everybody who inherited the descriptor can release it, and who
 * may write to the folder can remove the file.
 */
bool lock_is_kept(int directory, unsigned depth, int descriptor);

/*
 * The locks of `directory` that this process has from the runs that it is inside of; none where it is inside of none.
 * `locks` is zeros at first. Each is a descriptor named by LOCK_ENVIRONMENT that is the file of its depth and through
 * which the kernel says that the lock is held (/proc/self/fdinfo, or flock(2) where that is not to be seen); the first
 * that is not ends the list. A forged variable cannot pass, nor can another open descriptor of the file. They are made
 * O_CLOEXEC and are not the caller's to close.
 */
void locks_inherited(int directory, struct locks *locks);

/*
 * Fails where LOCK_ENVIRONMENT names the lock of a run in this network namespace, held, that is not in `directory`:
 * with another /run or state directory, a process inside of a run would share its table without taking turns. Also
 * where it names an open descriptor of which nobody can tell.
 */
int lock_check_place(int directory, struct error *error);

/* Fails where this process is, or may be, inside of a run whose lock, of that depth, it has not: as lock_take(). */
int lock_check_lost(int directory, unsigned depth, struct error *error);

/* Sets LOCK_ENVIRONMENT for commands that are to inherit them. */
void locks_export(const struct locks *locks);

/* How many this process has inherited. */
unsigned lock_depth(int directory);

/*
 * Who holds that depth's now: 1 and the holder (to be cleared), 0 when nobody does, -1 on failure. Does not take
 * it, not even for an instant: whoever is stopped meanwhile holds up nobody. The lock of a stranger in another PID
 * namespace is not seen.
 */
int lock_query(int directory, unsigned depth, struct lock_holder *holder, struct error *error);

#endif
