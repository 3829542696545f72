/* SPDX-License-Identifier: MIT */
/* The state from which a unit starts. */
#ifndef IPVS_ISO_UNIT_CLEAN_H
#define IPVS_ISO_UNIT_CLEAN_H

#include "table/table.h"

/*
 * Makes `clean` (initialised) a table with what `fixture` holds, or nothing where it is NULL, and with the sysctls of
 * `host` but for those that the fixture names: so that one that a unit changed is put back.
 */
void clean_table_make(struct table *clean, const struct table *fixture, const struct table *host);

#endif
