/* SPDX-License-Identifier: MIT */
/*
 * The sysctls of IPVS: /proc/sys/net/ipv4/vs of the network namespace in which `ipvs` was opened. Internal to
 * src/kernel/.
 */
#ifndef IPVS_ISO_KERNEL_SYSCTLS_H
#define IPVS_ISO_KERNEL_SYSCTLS_H

#include <stdbool.h>

#include "base/error.h"
#include "kernel/ipvs.h"
#include "table/table.h"

/*
 * Opens the way to them once, so that it stays when /proc is unmounted meanwhile. A kernel that has no such folder is
 * no error, and has no sysctls from then on.
 */
int sysctls_open(struct ipvs *ipvs, struct error *error);
void sysctls_close(struct ipvs *ipvs);

/* Appends every readable sysctl to table->sysctls. */
int sysctls_read(const struct ipvs *ipvs, struct table *table, struct error *error);

/* Whether this kernel has one of that name, readable or not. */
bool sysctl_exists(const struct ipvs *ipvs, const char *name);

/* What one has, as the kernel prints it; the caller frees. NULL with an error. `name` must be a plain file name. */
char *sysctl_read(const struct ipvs *ipvs, const char *name, struct error *error);

/* Sets one. A name that is not a plain file name of that folder is refused. */
int sysctl_write(const struct ipvs *ipvs, const struct sysctl *sysctl, struct error *error);

#endif
