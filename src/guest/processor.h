/* SPDX-License-Identifier: MIT */
/*
 * Where a guest's kernel runs. One whose processes take turns, as User-mode Linux and the programs in it do at every
 * system call, is several times as fast on a single processor: on two idle ones, each turn has to wake the other.
 */
#ifndef IPVS_ISO_GUEST_PROCESSOR_H
#define IPVS_ISO_GUEST_PROCESSOR_H

/* None in particular: the scheduler decides. */
#define PROCESSOR_ANY (-1)

/*
 * Takes the processor that this process runs on, or the next one that it may use, which no other guest has taken. The
 * answer is a descriptor: closed, it gives the processor back. -1, and PROCESSOR_ANY, where none is free, or that
 * cannot be told.
 *
 * Which are taken is known by locks on the file `processors` of a directory that is this user's alone, the first that
 * can be had: for root /run/ipvs-iso; then ipvs-iso in XDG_RUNTIME_DIR, in XDG_CACHE_HOME, or in .cache of HOME. So
 * nobody else can take them; and guests of other users, and those that see another directory there, do not count.
 */
int processor_take(int *processor);

/* Keeps this process, and those that it will start, on it. Where that is not allowed, nothing happens. */
void processor_keep(int processor);

#endif
