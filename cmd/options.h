/* SPDX-License-Identifier: MIT */
/* Command lines: parsed and explained from one table. */
#ifndef IPVS_ISO_OPTIONS_H
#define IPVS_ISO_OPTIONS_H

#include "command.h"

/*
 * Parses the options of `command` in arguments[1..]. 1: go on, with the first operand's index in `operand`; 0: all is
 * done (--help, --version), exit with 0; -1: the command line is wrong, and that has been said.
 */
int options_parse(const struct subcommand *command, int count, char **arguments, int *operand);

/* What `ipvs-iso --help` and `ipvs-iso COMMAND --help` print. */
void print_program_help(void);
void print_command_help(const struct subcommand *command);
void print_version(void);

#endif
