/* SPDX-License-Identifier: MIT */
/* Waiting for the live table to become something. */
#ifndef IPVS_ISO_KERNEL_AWAIT_H
#define IPVS_ISO_KERNEL_AWAIT_H

#include <stdint.h>

#include "base/error.h"
#include "kernel/ipvs.h"
#include "table/condition.h"

/*
 * Waits until `condition` holds and has held for `stable_ms`, whenever it was looked at: 1. 0 when it is not so
 * `timeout_ms` after the call (0: it is looked at once), -1 on failure. `table` (initialised) gets the table as it was
 * last, and `held_ms`, how long the condition has held by then, or -1 where it does not. Takes no lock and changes
 * nothing. Signals have their usual effect.
 *
 * The kernel tells nobody when the table changes, so it is read again and again: every 20 ms, and where reading takes
 * longer than 5 ms, so seldom that it takes a fifth of the time.
 */
int ipvs_await(struct ipvs *ipvs, const struct condition *condition, int64_t stable_ms, int64_t timeout_ms,
	       struct table *table, int64_t *held_ms, struct error *error);

#endif
