/* SPDX-License-Identifier: MIT */
/*
 * Where a report goes: found and tried before the run, so that no long one ends without its report; written after it,
 * whole or not at all. What is no file, a pipe, a terminal or a descriptor that we were given, is written to as it is.
 *
 * No link is followed that somebody else may have laid in a sticky folder which everybody may write to, such as /tmp,
 * however the kernel's fs.protected_symlinks is set; and what was found in the beginning is held on to, so that it
 * cannot be exchanged meanwhile.
 */
#ifndef IPVS_ISO_REPORT_TARGET_H
#define IPVS_ISO_REPORT_TARGET_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct report_target {
	char *path;    /* for messages */
	int directory; /* the folder that it will be in; -1: there is none */
	char *name;    /* its name there; may be there already */
	int stream;    /* what is written to as it is, open for that; -1: none, or a pipe that had no reader */
	dev_t device;  /* of a pipe or a device that was found by its name, what that was; else 0, 0 */
	ino_t inode;
};

#define REPORT_TARGET_INIT ((struct report_target){.directory = -1, .stream = -1})
#define CLEANUP_REPORT_TARGET __attribute__((cleanup(report_target_close)))
void report_target_close(struct report_target *target);

/*
 * Finds it and sees that a file can be written there. "-" and /dev/stdout, /dev/stderr and /dev/fd/N are descriptors of
 * ours. A pipe need have no reader yet. What `target` held is not released.
 */
int report_target_open(struct report_target *target, const char *path, struct error *error);

/* Finds a name that is free in `folder`, an absolute path, which is made where it is missing. */
int report_target_open_in(struct report_target *target, const char *folder, struct error *error);

/*
 * Writes a new file in the place of one that may be there. It has the mode that the umask gives. To a pipe without a reader
 * it waits some seconds for one, and for a slow one until a signal asks us to end.
 */
int report_target_write(const struct report_target *target, const char *bytes, size_t length, struct error *error);

#endif
