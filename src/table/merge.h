/* SPDX-License-Identifier: MIT */
/* Two tables made one. */
#ifndef IPVS_ISO_TABLE_MERGE_H
#define IPVS_ISO_TABLE_MERGE_H

#include "table/table.h"

/*
 * Makes `merged` (initialised or zeros) what `table` becomes when everything in `addition` is added to it, or
 * changed where it is there already, and nothing is removed. Both are sorted by table_sort(), and so is the result.
 * Destinations that are in both keep their place; new ones stand before them in the order that they have in
 * `addition`, as the kernel would put them. Of the sysctls the result has those of `addition`.
 */
void table_merge(struct table *merged, const struct table *table, const struct table *addition);

#endif
