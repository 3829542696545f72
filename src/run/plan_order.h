/* SPDX-License-Identifier: MIT */
/* Which of the planned units run, how often, and in what order. */
#ifndef IPVS_ISO_RUN_PLAN_ORDER_H
#define IPVS_ISO_RUN_PLAN_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "run/plan.h"

/* Zeros: all units, once, as listed. */
struct plan_order {
	unsigned shard, shards; /* the units of shard 1 to `shards` only; 0, 0: all */
	unsigned rounds;        /* how often all of them run, one round after another; 0 is once */
	bool shuffled;          /* each round in another order */
	uint32_t seed;          /* of that order: the same units and the same seed make the same order anywhere */
};

/*
 * Makes the plan so. A unit's shard depends on its name and the number of shards alone, so that units that come and go
 * move no other. A shard may get no unit at all. Of several rounds each unit's name says the round: "web #2".
 */
void plan_arrange(struct plan *plan, const struct plan_order *order);

#endif
