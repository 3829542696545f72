/* SPDX-License-Identifier: MIT */
/* The connections that IPVS tracks in the current network namespace, which outlive their services. */
#ifndef IPVS_ISO_KERNEL_CONNECTIONS_H
#define IPVS_ISO_KERNEL_CONNECTIONS_H

#include <stddef.h>

#include "base/error.h"
#include "kernel/ipvs.h"

/*
 * Opens the way to them once, as sysctls_open() does, so that it stays when something else is mounted on /proc
 * meanwhile. Where that fails, who counts them is told.
 */
void connections_open(struct ipvs *ipvs);
void connections_close(struct ipvs *ipvs);

/* How many there are, from /proc/net/ip_vs_conn; templates of persistence count. */
int connections_count(const struct ipvs *ipvs, size_t *count, struct error *error);

/*
 * Waits, at most `limit_ms`, until there are none, and says in `left` how many there are then. It is the kernel that
 * drops them, if it has a reason to: ipvs_flush() gives it one.
 */
int connections_drain(const struct ipvs *ipvs, unsigned limit_ms, size_t *left, struct error *error);

/* Sets expire_nodest_conn to 1 and returns the old value in `old`; connections_expire_end() puts it back. */
int connections_expire_begin(const struct ipvs *ipvs, int *old, struct error *error);
int connections_expire_end(const struct ipvs *ipvs, int old, struct error *error);

#endif
