/* SPDX-License-Identifier: MIT */
/* Whether units can be run in some way here, found out by running one that does nothing. */
#ifndef IPVS_ISO_RUN_TRIAL_H
#define IPVS_ISO_RUN_TRIAL_H

#include <stdint.h>

#include "base/error.h"
#include "guest/guest.h"
#include "run/choice.h"

/*
 * In a sandbox on this kernel, or in a guest that runs, which ends with a failure of it. 0, and in `ready_ms` how long
 * it took until the unit began, with an empty table before it; -1 with what is missing. supervise_prepare() must have
 * been called.
 */
int trial_in_sandbox(int64_t *ready_ms, struct error *error);
int trial_in_guest(struct guest *guest, enum isolation isolation, int64_t *ready_ms, struct error *error);

#endif
