/* SPDX-License-Identifier: MIT */
/* Tables made by chance, for tests of what has to hold for every table. */
#ifndef IPVS_ISO_TESTS_RANDOM_TABLE_H
#define IPVS_ISO_TESTS_RANDOM_TABLE_H

#include "table/table.h"

/* The state of a generator: any number to begin with, and the same tables follow from the same. */
struct chance {
	uint64_t state;
};

/* From 0 to `count` - 1. */
uint32_t chance_below(struct chance *chance, uint32_t count);

enum random_kind {
	RANDOM_ANYTHING, /* all that a snapshot can hold */
	RANDOM_LIVE,     /* what a kernel takes, by netlink */
	RANDOM_SAYABLE   /* what ipvsadm has words for, too, but for sysctls */
};

/* Puts a table, sorted, into `table`, which is initialised. Names are from few, so that tables have some in common. */
void random_table(struct table *table, struct chance *chance, enum random_kind kind);

/* The number in the environment variable `name`; `otherwise` where there is none. */
uint64_t random_setting(const char *name, uint64_t otherwise);

/* What a test of chance begins with: IPVS_ISO_SEED, or the clock. It is written to stderr, to be used again. */
struct chance random_seed(void);

#endif
