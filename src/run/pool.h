/* SPDX-License-Identifier: MIT */
/* Several units at once, each in a process of its own: in sandboxes on this kernel, or in guests. */
#ifndef IPVS_ISO_RUN_POOL_H
#define IPVS_ISO_RUN_POOL_H

#include "guest/kernel.h"
#include "run/schedule.h"

/* A new sandbox for each unit, `jobs` of the options at once. */
void pool_run_sandboxes(struct schedule *schedule);

/* `jobs` guests at most, each of which takes one unit after another. */
void pool_run_guests(struct schedule *schedule, const struct guest_kernel *kernel);

#endif
