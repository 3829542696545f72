/* SPDX-License-Identifier: MIT */
/* The process in a guest that runs one unit, as the host would. */
#ifndef IPVS_ISO_GUEST_WORKER_H
#define IPVS_ISO_GUEST_WORKER_H

#include <sys/types.h>

#include "base/error.h"
#include "guest/request.h"

/* A worker and our ends of its pipes, all non-blocking. */
struct worker {
	pid_t pid;  /* 0: none runs */
	int stdout; /* what the unit writes */
	int stderr;
	int result; /* unit_result_to_json(), then the end */
};

/* Starts a worker. `input` becomes the unit's standard input and stays ours as well. */
int worker_start(struct worker *worker, const struct guest_request *request, const char *directory, int input,
		 struct error *error);

#endif
