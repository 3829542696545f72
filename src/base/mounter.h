/* SPDX-License-Identifier: MIT */
/* Who answers for a file system that a program keeps (FUSE): its files belong to whom that program says. */
#ifndef IPVS_ISO_BASE_MOUNTER_H
#define IPVS_ISO_BASE_MOUNTER_H

#include <sys/types.h>

/*
 * Finds the user who mounted the file system of `file`: 1 and his number; 0 where it tells
 * of none, as then root has; -1 where it cannot be asked.
 */
int mounter_find(int file, uid_t *user);

#endif
