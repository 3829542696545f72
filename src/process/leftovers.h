/* SPDX-License-Identifier: MIT */
/* Ends what a command left running. */
#ifndef IPVS_ISO_PROCESS_LEFTOVERS_H
#define IPVS_ISO_PROCESS_LEFTOVERS_H

#include <stdint.h>

#include "process/cgroup.h"
#include "process/descendants.h"
#include "process/signals.h"
#include "process/supervise.h"

/*
 * Gives the living descendants of this process, `except` and what is below it left out, a moment to end; notes
 * those that do not in outcome->leftovers; ends them with SIGTERM and, `grace_ms` later, with SIGKILL. Returns when
 * none is left, or when those that are cannot be ended; `cgroup`, which the command was started in, helps. What they
 * print meanwhile is moved on (NULL: it is not ours to move). Signals are counted in `interruption`; the second
 * hurries.
 */
void leftovers_end(struct outcome *outcome, const struct cgroup *cgroup, const struct process_list *except,
		   int64_t grace_ms, struct output *output, struct interruption *interruption);

#endif
