/* SPDX-License-Identifier: MIT */
/* Parts of ipvs_read() for those who need no more. Internal to src/kernel/. */
#ifndef IPVS_ISO_KERNEL_READ_H
#define IPVS_ISO_KERNEL_READ_H

#include "kernel/ipvs.h"
#include "table/diff.h"

/*
 * As ipvs_read(), after `changes` have made the table what `wanted` is (`changes` lead to that table): of services that
 * no change is about, the destinations are taken from there, for to read them is what takes the time.
 */
int read_changed(struct ipvs *ipvs, const struct table *wanted, const struct changes *changes, struct table *table,
		 struct error *error);

#endif
