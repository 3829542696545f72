/* SPDX-License-Identifier: MIT */
/* What the processes of a pool do: one runs a unit in the sandbox that it is, or boots a guest and runs units there. */
#ifndef IPVS_ISO_RUN_POOL_WORKER_H
#define IPVS_ISO_RUN_POOL_WORKER_H

#include <stdint.h>

#include "base/array.h"
#include "guest/kernel.h"
#include "run/plan.h"
#include "run/run.h"

/* Borrowed by the process that is forked. */
struct pool_task {
	const struct plan *plan;
	const struct run_options *options;
	ARRAY(int) foreign; /* descriptors that are not its business, to be closed there first */

	/* Of a sandbox */
	const struct planned_unit *unit;
	int64_t begun; /* when the sandbox began to be made; duration_now() */

	/* Of a guest */
	const struct guest_kernel *kernel;
	int requests; /* where indexes of units (size_t) are read until the end */
};

/* Lines that are no result (struct worker's answers): the guest is there, with its description behind the word; it is
   gone. */
#define POOL_READY "ready "
#define POOL_GONE "gone"

/* worker_function's, with a struct pool_task. */
void pool_work_sandbox(void *context, int answers);
void pool_work_guest(void *context, int answers);

#endif
