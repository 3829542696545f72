/* SPDX-License-Identifier: MIT */
/* A guest as a place where the units of a run are run one after another. */
#ifndef IPVS_ISO_RUN_GUEST_PLACE_H
#define IPVS_ISO_RUN_GUEST_PLACE_H

#include "guest/guest.h"
#include "run/run.h"

struct guest_place {
	struct guest *guest;
	const struct run_options *options;
	char *fixture; /* as JSON; or NULL */
};

#define CLEANUP_GUEST_PLACE __attribute__((cleanup(guest_place_close)))

/*
 * Boots it, with the working directory shared for writing. -1, and `interrupted` where a signal ended that; see
 * guest_start().
 */
int guest_place_open(struct guest_place *place, const struct guest_kernel *kernel, const struct run_options *options,
		     int *interrupted, struct error *error);
void guest_place_close(struct guest_place *place);

/* Runs a unit there. False when no other can be run there. */
bool guest_place_run(const struct guest_place *place, const struct planned_unit *unit, struct output *output,
		     struct unit_result *result);

#endif
