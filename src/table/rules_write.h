/* SPDX-License-Identifier: MIT */
/* A table as a file for `ipvsadm -R`. */
#ifndef IPVS_ISO_TABLE_RULES_WRITE_H
#define IPVS_ISO_TABLE_RULES_WRITE_H

#include <stddef.h>

#include "table/table.h"

/*
 * Writes rules, a line each, that make an empty table this one: services, the destinations of each with the oldest
 * first, so that the kernel gets them in the same order, then timeouts and daemons. The caller frees. `length` may
 * be NULL.
 *
 * ipvsadm 1.31 takes no comments in such a file: it ends at the first one, and at the first rule that it does not
 * understand. So what it has no words for is left out or replaced by what comes nearest, and told in `unsaid`
 * instead: a line for each, "" when there is nothing; the caller frees.
 */
char *table_to_rules(const struct table *table, size_t *length, char **unsaid);

#endif
