/* SPDX-License-Identifier: MIT */
/* The options of `ipvs-iso run`, and what they set. */
#ifndef IPVS_ISO_RUN_SETTINGS_H
#define IPVS_ISO_RUN_SETTINGS_H

#include <stdbool.h>

#include "base/array.h"
#include "base/error.h"
#include "command.h"
#include "run/plan_order.h"
#include "run/run.h"

/* Strings are the command line's own. */
struct run_settings {
	bool output_chosen;    /* by an option */
	bool isolation_chosen; /* by an option */
	const char *kernel;    /* or NULL: not said */
	ARRAY(const char *) units;
	ARRAY(const char *) units_from; /* shell commands that print names */
	bool no_split;
	bool list; /* the units, and run none */
	struct plan_order order;
	const char *fixture; /* a file; or NULL */
	bool no_stdin;       /* what is run finds its standard input empty */
	unsigned fail_on;    /* a set of residue classes */
	ARRAY(const char *) reports;
	struct run_options run;
};
extern struct run_settings run_settings;

/* For command_run: see struct subcommand. */
extern const struct option_row run_option_rows[];
int run_set_option(int index, const char *value, struct error *error);

/* What the environment says where no option does: IPVS_ISO_ISOLATION. */
int run_take_environment(struct error *error);

#endif
