/* SPDX-License-Identifier: MIT */
/* A part of ipvs_read() for those who need no more. Internal to src/kernel/. */
#ifndef IPVS_ISO_KERNEL_READ_H
#define IPVS_ISO_KERNEL_READ_H

#include "kernel/ipvs.h"

/* Reads the services without their destinations, sorted, and nothing else. `table` must be initialised. */
int read_services(struct ipvs *ipvs, struct table *table, struct error *error);

#endif
