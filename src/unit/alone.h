/* SPDX-License-Identifier: MIT */
/* Runs one unit in a session of its own, where nobody else shares the table: in a guest, or in a sandbox. */
#ifndef IPVS_ISO_UNIT_ALONE_H
#define IPVS_ISO_UNIT_ALONE_H

#include <stdbool.h>

#include "result/result.h"
#include "table/table.h"
#include "unit/unit.h"

struct unit_place {
	bool sandbox;  /* this process is one: it is furnished first, and nothing is put back, as all of it goes away */
	int64_t begun; /* when it began to be made; duration_now() */
	const char *state; /* the session's state directory, whatever the environment names; or NULL */
};

/*
 * As unit_run(), with a session around it. `options` comes without what the session gives (clean, locks); `fixture`
 * may be NULL.
 */
void unit_run_alone(const struct unit *unit, const struct unit_options *options, const struct table *fixture,
		    const struct unit_place *place, struct unit_result *result);

#endif
