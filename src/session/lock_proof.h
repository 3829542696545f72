/* SPDX-License-Identifier: MIT */
/* Who really has the lock: asked of the kernel, whatever anybody has written down, and without taking it. */
#ifndef IPVS_ISO_SESSION_LOCK_PROOF_H
#define IPVS_ISO_SESSION_LOCK_PROOF_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether that descriptor of a process is the one through which a lock was taken with flock(2), or a copy of it. Who
 * only has the file open, such as who waits for the lock, has it not.
 */
bool lock_held_through(pid_t pid, int descriptor);

/*
 * Marks the lock as that of a run, so that lock_is_marked() sees it in whatever PID namespace, and without taking
 * it. The mark is an open file description lock of fcntl(2): it lives as long as the lock does. Failing is no
 * error: then /proc/locks tells.
 */
void lock_mark(int descriptor);

/* Whether somebody who opened the file another time has marked it. Any descriptor of the file will do. */
bool lock_is_marked(int descriptor);

/*
 * A process that has locked the file, shared or not, as the kernel lists them (/proc/locks); it may have ended
 * since. 0 where there is none to be seen from here.
 */
pid_t lock_find_taker(int descriptor);

/*
 * Whether a process of this PID namespace has locked the file, alone. `descriptor` is any of the file, of O_PATH, too.
 * Of a process that may not be looked into, it is told whether it is the one that took the lock.
 */
bool lock_held_by(pid_t pid, int descriptor);

/*
 * Whether this process or one above it has locked the file, shared or not: then it is inside of what holds the lock,
 * and would wait for itself. Where /proc is not that of this PID namespace, only this process is looked at.
 */
bool lock_held_above(int descriptor);

#endif
