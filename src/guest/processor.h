/* SPDX-License-Identifier: MIT */
/*
 * Where a guest's kernel runs. One whose processes take turns, as User-mode Linux and the programs in it do at every system
 * call, is several times as fast on a single processor: on two idle ones, each turn has to wake the other.
 */
#ifndef IPVS_ISO_GUEST_PROCESSOR_H
#define IPVS_ISO_GUEST_PROCESSOR_H

/* None in particular: the scheduler decides. */
#define PROCESSOR_ANY (-1)

/*
 * Takes the processor that this process runs on, or the next one that it may use, which no other guest has taken. The
 * answer is a descriptor: closed, it gives the processor back. -1, and PROCESSOR_ANY, where none is free, or that cannot be
 * told. Guests of other users count, too, but not those in other network namespaces.
 */
int processor_take(int *processor);

/* Keeps this process, and those that it will start, on it. Where that is not allowed, nothing happens. */
void processor_keep(int processor);

#endif
