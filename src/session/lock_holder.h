/* SPDX-License-Identifier: MIT */
/* What the holder of the lock writes into the lock file, for others to read. It is a note; the lock itself is
   flock(2). */
#ifndef IPVS_ISO_SESSION_LOCK_HOLDER_H
#define IPVS_ISO_SESSION_LOCK_HOLDER_H

#include <stdbool.h>

#include "session/lock.h"

/* Writes this process down as the holder. Failing is no error: then the holder is not known to others. */
void lock_holder_write(int descriptor, const char *command);

/* Whether whoever wrote themselves down was in that network namespace, by state_namespace(). */
bool lock_holder_is_in(int descriptor, const char *namespace);

/* Adds that it has ended its session, if it is this process that is written down: it counts as dead from then on. */
void lock_holder_end(int descriptor);

/*
 * Reads who is written down; zeros and NULL for what is not known. A file that is empty, half written or not ours says
 * nothing; a process that has ended, also where another has its number by now, or is in another PID namespace, has pid
 * 0.
 */
void lock_holder_read(int descriptor, struct lock_holder *holder);

/*
 * Who holds the lock now, as the kernel says and the note names: false, and zeros, where nobody seems to.
 * `descriptor` is not that of the lock's holder.
 */
bool lock_holder_find(int descriptor, struct lock_holder *holder);

/* For messages: "process 17 (make check), since 2026-01-31 14:05:09". The caller frees. */
char *lock_holder_text(const struct lock_holder *holder);

#endif
