/* SPDX-License-Identifier: MIT */
/* Whether /proc shows the processes that we mean by their numbers. */
#ifndef IPVS_ISO_BASE_PROC_H
#define IPVS_ISO_BASE_PROC_H

#include <stdbool.h>

#include "base/error.h"

/* Whether what is mounted there is of this process's own PID namespace. False, too, where nothing is. */
bool proc_is_ours(void);

/* Fails, with the remedy, where it is not. */
int proc_check(struct error *error);

/*
 * Opens (O_PATH) the /proc of this process's PID namespace: the one that is mounted, or where that is the one of the
 * namespace around this one, as in a new namespace that nothing was mounted in, one that is mounted nowhere, for which
 * the kernel wants CAP_SYS_ADMIN and Linux 5.2. -1 on failure.
 */
int proc_open(struct error *error);

/* Adds to an error the remedy for a /proc that is missing, or not ours. Returns -1. */
int proc_propose_mount(struct error *error);

#endif
