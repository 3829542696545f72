/* SPDX-License-Identifier: MIT */
/*
 * Runners: how to split the command line of a test runner into units.
 *
 * A runner is a small file of shell functions, NAME.sh, in ./.ipvs-iso/runners, ~/.config/ipvs-iso/runners or with the
 * program's data; the first that knows a command line is taken. ipvs-iso(8) says under RUNNERS what is in it.
 */
#ifndef IPVS_ISO_RUN_RUNNER_H
#define IPVS_ISO_RUN_RUNNER_H

#include <stdbool.h>

#include "base/array.h"
#include "base/error.h"

/* All of it is owned; starts as zeros. */
struct runner {
	char *path;
	char *text;                /* the file */
	ARRAY(char *) passed_over; /* directories that could not be looked into, each with the reason */
};

#define CLEANUP_RUNNER __attribute__((cleanup(runner_clear)))
void runner_clear(struct runner *runner);

/*
 * Finds the runner that knows `command`. 1 where there is one, 0 where there is none. -1 where there is one and it must
 * not be used, as somebody else could have put it there: base/trust.h.
 */
int runner_find(struct runner *runner, char *const *command, struct error *error);

/*
 * What stands behind "# KEY: " in the comments that a file begins with; owned by the caller. `line` is where in the
 * text to go on from, and is moved to the next line; false when there is none.
 */
bool runner_next_line(const char **line, const char *key, char **words);

/* How many of the leading words of `command` the runner knows it by (its "command:" lines); 0: it does not know it. */
size_t runner_knows(const char *text, char *const *command);

/* A command, sorted by the runner's "options:" lines. The words are borrowed; a NULL stands behind them. */
struct runner_words {
	ARRAY(char *) words; /* the command, its options with their values, its operands */
	size_t operands;     /* the index of the first operand */
};

/*
 * Sorts the words behind the first `known`. A runner without such lines leaves them as they are, and none is an
 * operand. NULL where it went well; else the option that the runner does not know, or whose value is missing.
 */
const char *runner_sort(struct runner_words *sorted, const char *text, char *const *command, size_t known);

#endif
