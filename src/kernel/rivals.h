/* SPDX-License-Identifier: MIT */
/* Other programs on this host that may be changing the IPVS table, which knows no owner. */
#ifndef IPVS_ISO_KERNEL_RIVALS_H
#define IPVS_ISO_KERNEL_RIVALS_H

#include "base/error.h"
#include "table/diff.h"

/*
 * Fills `error` (ERROR_RIVAL) for a table that changed though nothing of ours was changing it: `when` it was seen, what
 * changed, and who may have done it: programs known to write IPVS rules, and processes with a generic netlink socket.
 * Returns -1.
 */
int rivals_blame(struct error *error, const char *when, const struct changes *changes);

/* The changes for a message, a line for each, the first few of many. The caller frees. */
char *rivals_list(const struct changes *changes);

#endif
