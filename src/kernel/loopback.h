/* SPDX-License-Identifier: MIT */
/* The loopback link of a new network namespace. */
#ifndef IPVS_ISO_KERNEL_LOOPBACK_H
#define IPVS_ISO_KERNEL_LOOPBACK_H

#include "base/error.h"

/* Brings it up, in the current network namespace: it is down in a new one, and IPVS then takes no destination. */
int loopback_up(struct error *error);

#endif
