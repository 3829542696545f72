/* SPDX-License-Identifier: MIT */
/* The sysctls of IPVS: /proc/sys/net/ipv4/vs of the current network namespace. */
#ifndef IPVS_ISO_KERNEL_SYSCTLS_H
#define IPVS_ISO_KERNEL_SYSCTLS_H

#include <stdbool.h>

#include "base/error.h"
#include "table/table.h"

/* Appends every readable sysctl to table->sysctls. */
int sysctls_read(struct table *table, struct error *error);

/* Whether this kernel has one of that name, readable or not. */
bool sysctl_exists(const char *name);

/* Sets one. A name that is not a plain file name of that folder is refused. */
int sysctl_write(const struct sysctl *sysctl, struct error *error);

#endif
