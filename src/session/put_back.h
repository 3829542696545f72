/* SPDX-License-Identifier: MIT */
/*
 * Putting a table back where somebody else may be writing to it, too: what they added stays, and is said.
 */
#ifndef IPVS_ISO_SESSION_PUT_BACK_H
#define IPVS_ISO_SESSION_PUT_BACK_H

#include <stdbool.h>

#include "base/error.h"
#include "kernel/ipvs.h"
#include "table/table.h"

/* What the live table holds of ours. */
struct held {
	const struct table *table;
	bool exact; /* it held that and nothing else; or else some of it, as a change may have stopped half way */
};

/*
 * Makes the live table `wanted` again, and verifies it. What it holds that is neither in `held` nor in `wanted` is
 * somebody else's and stays. 0, 1 where the table is back but somebody else was seen to write (ERROR_RIVAL: what
 * and who; `error` is set), or -1 where it could not be put back whole.
 */
int put_back(struct ipvs *ipvs, const struct held *held, const struct table *wanted, struct error *error);

#endif
