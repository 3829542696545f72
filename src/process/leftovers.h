/* SPDX-License-Identifier: MIT */
/* Ends what a command left running. */
#ifndef IPVS_ISO_PROCESS_LEFTOVERS_H
#define IPVS_ISO_PROCESS_LEFTOVERS_H

#include <stdint.h>

#include "process/cgroup.h"
#include "process/descendants.h"
#include "process/signals.h"
#include "process/supervise.h"

/* What the command was started in, and beside. All of it is borrowed. */
struct origin {
	pid_t group;
	const struct cgroup *cgroup;
	const struct process_list *except; /* these, and what is below them, are none of the command's */
};

/*
 * Gives the living descendants of this process a moment to end; notes those that do not in outcome->leftovers; ends
 * them with SIGTERM and, `grace_ms` later, with SIGKILL. Returns when none is left, or when those that are cannot be
 * ended. Where /proc cannot be read, the command's group and cgroup are killed at once, and while a child of ours is
 * left something is noted as surviving. What they print meanwhile is moved on (NULL: it is not ours to move). Signals
 * are counted in `interruption`; the second hurries.
 */
void leftovers_end(struct outcome *outcome, const struct origin *origin, int64_t grace_ms, struct output *output,
		   struct interruption *interruption);

#endif
