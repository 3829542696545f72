/* SPDX-License-Identifier: MIT */
/* What a table can be waited for to be. */
#ifndef IPVS_ISO_TABLE_CONDITION_H
#define IPVS_ISO_TABLE_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

#include "table/diff.h"
#include "table/table.h"

enum condition_kind {
	CONDITION_EQUALS,   /* table_diff() finds nothing */
	CONDITION_CONTAINS, /* table_diff_services_within() finds nothing */
	CONDITION_SERVICES  /* there are so many services */
};

struct condition {
	enum condition_kind kind;
	struct table wanted; /* of EQUALS and CONTAINS; initialised in any case */
	size_t services;     /* of SERVICES */
};

/*
 * Whether it holds for `table`. Where it does not, `differences` (zeros at first) gets the steps from what is wanted to
 * `table`, as `diff` shows them, which live as long as both; none for SERVICES.
 */
bool condition_holds(const struct condition *condition, const struct table *table, struct changes *differences);

#endif
