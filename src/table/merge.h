/* SPDX-License-Identifier: MIT */
/* Two tables made one. */
#ifndef IPVS_ISO_TABLE_MERGE_H
#define IPVS_ISO_TABLE_MERGE_H

#include "table/table.h"

/*
 * Makes `merged` (initialised or zeros) what `table` becomes when everything in `addition` is added to it, or
 * changed where it is there already, and nothing is removed. Both are sorted by table_sort(), and so is the result.
 * Destinations that are in both keep their place; new ones stand before them in the order that they have in
 * `addition`, as the kernel would put them.
 */
void table_merge(struct table *merged, const struct table *table, const struct table *addition);

/*
 * Makes `beyond` (initialised or zeros) what `table` has and `known` has not, so that table_merge() adds it to
 * `known` and changes nothing else there: services; of a service that both have, its further destinations, with the
 * options that it has in `known`; daemons of a role that none in `known` has. No timeouts and no sysctls. Both are
 * sorted, and so is the result.
 */
void table_beyond(struct table *beyond, const struct table *table, const struct table *known);

#endif
