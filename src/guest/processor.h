/* SPDX-License-Identifier: MIT */
/*
 * Where a guest's kernel shall run. One whose processes take turns, as User-mode Linux and the programs in it do at every
 * system call, is three times as fast on a single processor: on two, each turn has to wake the other, idle one.
 */
#ifndef IPVS_ISO_GUEST_PROCESSOR_H
#define IPVS_ISO_GUEST_PROCESSOR_H

#include <stddef.h>

/* Any: the scheduler decides. */
#define PROCESSOR_ANY (-1)

/* The processor that this process runs on at the moment, or PROCESSOR_ANY where that cannot be told. */
int processor_here(void);

/*
 * One for each of several guests: the `turn`th of those that this process may use, counted from `first` on, and again from
 * the beginning where there are fewer. PROCESSOR_ANY where that cannot be told.
 */
int processor_after(int first, size_t turn);

/* Keeps this process, and those that it will start, on it. Where that is not allowed, nothing happens. */
void processor_keep(int processor);

#endif
