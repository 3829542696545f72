/* SPDX-License-Identifier: MIT */
/*
 * Where a report goes: found and tried before the run, so that no long one ends without its report; written after it,
 * see base/target.h.
 */
#ifndef IPVS_ISO_REPORT_TARGET_H
#define IPVS_ISO_REPORT_TARGET_H

#include <stddef.h>

#include "base/error.h"
#include "base/target.h"

/* Finds it and sees that a file can be written there; "-" is standard output. `target` is empty before, and on error.
 */
int report_target_open(struct target *target, const char *path, struct error *error);

/* Finds a name that is free in `folder`, an absolute path, which is made where it is missing. */
int report_target_open_in(struct target *target, const char *folder, struct error *error);

/*
 * Writes a new file in the place of one that may be there. It has the mode that the umask gives. To a pipe without a
 * reader it waits some seconds for one, and for a slow one until a signal asks us to end.
 */
int report_target_write(const struct target *target, const char *bytes, size_t length, struct error *error);

#endif
