/* SPDX-License-Identifier: MIT */
/* Which process really has the lock: asked of the kernel (/proc/PID/fdinfo), whatever anybody has written down. */
#ifndef IPVS_ISO_SESSION_LOCK_PROOF_H
#define IPVS_ISO_SESSION_LOCK_PROOF_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * Whether that descriptor of a process is the one through which a lock was taken with flock(2), or a copy of it. Who
 * only has the file open, such as who waits for the lock, has it not.
 */
bool lock_held_through(pid_t pid, int descriptor);

/* Whether a process has the lock on the file that `lock` describes. False, too, where it may not be looked into. */
bool lock_held_by(pid_t pid, const struct stat *lock);

#endif
