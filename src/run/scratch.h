/* SPDX-License-Identifier: MIT */
/* A temporary folder that is gone when this process is, however it ends. */
#ifndef IPVS_ISO_RUN_SCRATCH_H
#define IPVS_ISO_RUN_SCRATCH_H

#include <sys/types.h>

#include "base/error.h"

/* Starts as SCRATCH_INIT. */
struct scratch {
	char *path; /* absolute; owned */
	pid_t keeper;
	int alive; /* the keeper removes the folder when this descriptor is closed, by us or by our death */
};

#define SCRATCH_INIT ((struct scratch){.alive = -1})
#define CLEANUP_SCRATCH __attribute__((cleanup(scratch_clear)))

/* Removes the folder and all that is in it, and waits until that is done. */
void scratch_clear(struct scratch *scratch);

/*
 * Makes it, in TMPDIR, or in /tmp where that is not set or no place that guests see. Everybody may read it, as units
 * may run as another user.
 */
int scratch_make(struct scratch *scratch, struct error *error);

#endif
