/* SPDX-License-Identifier: MIT */
/* What a command is called. */
#ifndef IPVS_ISO_RUN_UNIT_NAME_H
#define IPVS_ISO_RUN_UNIT_NAME_H

/* The words of a command with spaces between them, as one would type it. The caller frees. */
char *command_text(char *const *command);

/*
 * The name of a command that is a unit as it is. Where a test runner calls us to run what it has built, that says more
 * than the path of a temporary file: the import path of the package for a test binary of Go, which runs in the
 * package's folder, and the package and the target for one of Cargo ("netlink/proptests"), with the test where it is to
 * run one alone, as cargo-nextest has it. Everything else is called as one would type it. The caller frees.
 */
char *unit_name(char *const *command);

#endif
