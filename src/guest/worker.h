/* SPDX-License-Identifier: MIT */
/* The process in a guest that runs one unit, as the host would. */
#ifndef IPVS_ISO_GUEST_WORKER_H
#define IPVS_ISO_GUEST_WORKER_H

#include "base/error.h"
#include "guest/request.h"
#include "process/output.h"
#include "unit/worker.h"

/*
 * Starts one. `input` becomes the unit's standard input and stays ours as well; what it prints comes out of the pipes
 * that `output` is given.
 */
int guest_worker_start(struct worker *worker, const struct guest_request *request, const char *directory, int input,
		       struct output *output, struct error *error);

#endif
