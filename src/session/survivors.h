/* SPDX-License-Identifier: MIT */
/*
 * Processes that hold a lock because they inherited it: what a run started, and what lives on when ipvs-iso itself was
 * killed. While one of them lives it may change the table, so nobody else gets the lock.
 */
#ifndef IPVS_ISO_SESSION_SURVIVORS_H
#define IPVS_ISO_SESSION_SURVIVORS_H

#include <sys/types.h>

#include "base/array.h"
#include "base/error.h"

struct survivors {
	ARRAY(pid_t) pids;
};

#define CLEANUP_SURVIVORS __attribute__((cleanup(survivors_clear)))
void survivors_clear(struct survivors *survivors);

/* Finds every process that holds the lock of that depth in `directory` (state_open()'s), this one excepted. In no
   order. */
int survivors_find(int directory, unsigned depth, struct survivors *survivors, struct error *error);

/*
 * Ends them: SIGTERM, and SIGKILL for those that are still there after `grace_ms`; those that they started meanwhile as
 * well. 0 when none is left.
 */
int survivors_end(int directory, unsigned depth, int64_t grace_ms, struct error *error);

#endif
