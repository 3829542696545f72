/* SPDX-License-Identifier: MIT */
/* The subcommands: each is a file that defines one of these, and a row in main.c. */
#ifndef IPVS_ISO_COMMAND_H
#define IPVS_ISO_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* An option of a command, as getopt_long(3) parses it and --help shows it. */
struct option_row {
	int short_name;       /* a letter; or 0 for none */
	const char *name;     /* without the dashes */
	const char *argument; /* what it takes, for --help; or NULL */
	const char *help;     /* words: --help breaks the lines */
};

/* What other tools call an option: words with spaces between, for a hint. */
struct option_hint {
	const char *words;
	const char *name; /* ours, without the dashes */
};

struct subcommand {
	const char *name;
	const char *also;                 /* what other tools call it, for a hint: words with spaces between; or NULL */
	const char *operands;             /* for the usage line */
	const char *summary;              /* one line */
	const char *details;              /* lines below the options of --help, each within 80 columns; or NULL */
	const struct option_row *options; /* ends with a row without a name; or NULL for none of its own */
	const struct option_hint *hints;  /* ends with a row without words; or NULL */
	bool operands_are_a_command;      /* options end at the first operand */
	bool takes_lock;                  /* has --wait, whose value is in `manners` */

	/*
	 * Called for each option of its own, by its index in `options`. -1 with an error that says what is wrong with
	 * `value`.
	 */
	int (*set_option)(int index, const char *value, struct error *error);

	/* Does the work; `operands` ends with NULL. Returns the exit status. */
	int (*run)(int count, char **operands);
};

/* Set before run() is called, by the options that every command has, or all that take the lock. */
struct manners {
	bool quiet;      /* -q: nothing but errors and what was asked for */
	bool verbose;    /* -v */
	bool color;      /* on stderr */
	int64_t wait_ms; /* --wait: for the lock; without it LOCK_WAIT_FOR_EVER */
};
extern struct manners manners;

extern const struct subcommand command_run, command_snapshot, command_restore, command_diff, command_flush,
	command_check, command_wait, command_savepoint, command_rollback, command_release, command_status,
	command_recover, command_report, command_guest_init;

/* All of them that people may call, in the order of --help; NULL at the end. */
extern const struct subcommand *const commands[];

/* Writes an error and its remedy to stderr as "ipvs-iso: ...". Returns the exit status for it, STATUS_TROUBLE. */
int print_error(const struct error *error);

/* The same for a wrong command line; the remedy points to --help of `command`. */
int print_usage_error(const struct subcommand *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
