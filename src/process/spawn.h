/* SPDX-License-Identifier: MIT */
/* Starts a command. */
#ifndef IPVS_ISO_PROCESS_SPAWN_H
#define IPVS_ISO_PROCESS_SPAWN_H

#include <sys/types.h>

#include "base/error.h"
#include "process/cgroup.h"
#include "process/supervise.h"

/* What a command's stdout and stderr shall be; -1: ours. */
struct spawn_ends {
	int stdout;
	int stderr;
};

/*
 * Starts it in `cgroup` and in a process group of its own, which has the number of the process. Returns the number once
 * the command itself runs, that is after the exec; -1 where it could not be run, and then nothing is left of it:
 * ERROR_NOT_FOUND and ERROR_NOT_RUNNABLE are about the command, any other kind about us.
 */
pid_t spawn(const struct command *command, const struct cgroup *cgroup, const struct spawn_ends *ends,
	    struct error *error);

#endif
