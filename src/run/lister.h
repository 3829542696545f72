/* SPDX-License-Identifier: MIT */
/* Runs a command for what it prints: the names of units. */
#ifndef IPVS_ISO_RUN_LISTER_H
#define IPVS_ISO_RUN_LISTER_H

#include <stddef.h>

#include "base/error.h"

/* What the command reads. */
enum lister_input { LISTER_INPUT_EMPTY, LISTER_INPUT_OURS };

/*
 * What the command prints on its standard output, for the caller to free, with a NUL behind it, and how it ended, as
 * wait(2) has it. Its standard error is ours. NULL with an error where it could not be begun.
 *
 * Nothing that it started is left when this returns, nor a moment after this process died, whatever of. A signal that
 * asks us to end meanwhile ends the command; that signal is how it ended then. `arguments[0]` is looked up in PATH.
 */
char *lister_run(char *const *arguments, enum lister_input input, size_t *length, int *ended, struct error *error);

#endif
