/* SPDX-License-Identifier: MIT */
/* How many descriptors this process may have open at once (RLIMIT_NOFILE). */
#ifndef IPVS_ISO_PROCESS_DESCRIPTORS_H
#define IPVS_ISO_PROCESS_DESCRIPTORS_H

#include <stddef.h>

#include "base/error.h"

/*
 * Sees that this process can open `count` more than it has now, raising its soft limit where need be. What that was is
 * remembered the first time, for descriptors_restore(). -1 with an error where the hard limit is lower.
 */
int descriptors_reserve(size_t count, struct error *error);

/* Gives back the limit from before descriptors_reserve(): for a child that is about to exec. */
void descriptors_restore(void);

#endif
