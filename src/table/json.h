/* SPDX-License-Identifier: MIT */
/* The snapshot format: a table as JSON, "format": "ipvs-iso.snapshot", "version": 1 (share/schema/). */
#ifndef IPVS_ISO_TABLE_JSON_H
#define IPVS_ISO_TABLE_JSON_H

#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "table/table.h"

/*
 * Writes a table as a snapshot: a line for each service, destination, daemon and sysctl, in the table's order, a
 * newline at the end. Timeouts, scheduler, forwarding method and weight are always written; other values that are the
 * kernel's defaults are left out. Counters are written where the table has them. A number of the kernel's that has no
 * word here is written as "0x5". The caller frees.
 * `length` may be NULL.
 */
char *table_to_json(const struct table *table, size_t *length);

/* The same into a stream, which for a large table takes less memory. Whether all was written, the stream knows. */
void table_write_json(FILE *out, const struct table *table);

/* The same up to its last value, so that one more key can be written behind it: without the newline, } and newline. */
void table_write_json_unclosed(FILE *out, const struct table *table);

/*
 * Whether a snapshot of a live table could be read again: -1 with an error where not. The kernel takes interfaces for
 * daemons whose names are not UTF-8 text, which JSON cannot say.
 */
int table_check_writable(const struct table *table, struct error *error);

/*
 * Parses a snapshot. `name` is the file's, for messages: NAME:LINE:COLUMN: PATH: what is wrong. Everything is checked
 * that can be checked without a kernel: types, ranges, unknown and duplicate keys, services or destinations that are
 * named twice. Of a checksum only the form is, since the text may have been edited. On failure `table` is unchanged.
 * `table` must have been initialised; what it held is freed, and timeouts that the text does not name stay what they
 * were in it: the kernel's defaults after table_init(), or of no concern.
 */
int table_from_json(struct table *table, const char *bytes, size_t length, const char *name, struct error *error);

#endif
