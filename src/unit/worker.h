/* SPDX-License-Identifier: MIT */
/* A process of our own that runs units apart from this one, and answers with their results. */
#ifndef IPVS_ISO_UNIT_WORKER_H
#define IPVS_ISO_UNIT_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "result/result.h"

struct worker {
	pid_t pid;   /* 0: there is none */
	int answers; /* our end of a pipe, non-blocking: what worker_answer() said, then the end */
};

/* What it does; the process ends when this returns. `answers` is the other end, O_CLOEXEC. */
typedef void worker_function(void *context, int answers);

struct worker_options {
	uint64_t namespaces; /* new ones that it gets (SANDBOX_NAMESPACES), to be furnished by it; 0: none */
	bool apart; /* in a process group of its own: the terminal's signals do not reach it, only those that we send */
	int stdin, stdout, stderr; /* what these shall be; -1: ours */
};

/*
 * Starts one. It dies with this process, whatever this process dies of, and what it started as well where it is in a
 * sandbox. The caller waits for its end (waitpid(2)) and closes `answers`.
 */
int worker_start(struct worker *worker, const struct worker_options *options, worker_function *work, void *context,
		 struct error *error);

/* In the worker: answers with a line of JSON. */
void worker_answer(int answers, const struct unit_result *result);

#endif
