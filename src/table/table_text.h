/* SPDX-License-Identifier: MIT */
/* A table from a text that is a snapshot or rules for ipvsadm -R: how it begins tells which. */
#ifndef IPVS_ISO_TABLE_TABLE_TEXT_H
#define IPVS_ISO_TABLE_TABLE_TEXT_H

#include <stddef.h>

#include "base/error.h"
#include "table/rules_values.h"
#include "table/table.h"

/*
 * As table_from_json() or table_from_rules(). A text with nothing in it, or nothing but comments, is refused: it is
 * also what a command that failed leaves, and would stand for an empty table.
 */
int table_from_text(struct table *table, const char *bytes, size_t length, const char *name,
		    rule_port_lookup *find_port, struct error *error);

#endif
