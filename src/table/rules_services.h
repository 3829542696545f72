/* SPDX-License-Identifier: MIT */
/* The rules about services and destinations: carried out on a table that grows line by line. */
#ifndef IPVS_ISO_TABLE_RULES_SERVICES_H
#define IPVS_ISO_TABLE_RULES_SERVICES_H

#include "table/rules_line.h"
#include "table/rules_values.h"
#include "table/table.h"

/* Starts with `services` NULL; rules_services_clear() at the end. */
struct rules_reader {
	rule_port_lookup *find_port;
	const struct rule_line *line; /* the rule that is being carried out */
	void *services;               /* a tree of what there is so far */
};

/* Frees all services, which is also what -C does. */
void rules_services_clear(struct rules_reader *reader);

/* Carries out the line where it is one of -A, -E, -D, -a, -e, -d. -1 with the line's error. */
int rules_services_change(struct rules_reader *reader);

/*
 * Adds what there is to a table. Returns the number of a line with a destination of another family than its
 * service's; 0 when there is none.
 */
size_t rules_services_take(const struct rules_reader *reader, struct table *table);

#endif
