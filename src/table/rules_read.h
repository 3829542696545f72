/* SPDX-License-Identifier: MIT */
/* Files for `ipvsadm -R`, as `ipvsadm -S` and rules_write.h write them, and as people do. */
#ifndef IPVS_ISO_TABLE_RULES_READ_H
#define IPVS_ISO_TABLE_RULES_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "table/rules_values.h"
#include "table/table.h"

/* Whether the text is rules and not a snapshot: its first word is an option, "ipvsadm", or a comment. */
bool rules_are_meant(const char *bytes, size_t length);

/*
 * Makes `table` (initialised) what an empty one is after `ipvsadm -R` of the text, the order of destinations included.
 * `name` is the file's, for messages: NAME:LINE:COLUMN: what is wrong. Names of hosts are not looked up.
 *
 * What no line sets is of no concern: timeouts without --set, daemons without --start-daemon and --stop-daemon,
 * sysctls.
 *
 * What ipvsadm -R would refuse is refused, and what it does half is not done: on failure `table` is unchanged. Lines
 * that begin with '#' are skipped, where ipvsadm would end.
 */
int table_from_rules(struct table *table, const char *bytes, size_t length, const char *name,
		     rule_port_lookup *find_port, struct error *error);

#endif
