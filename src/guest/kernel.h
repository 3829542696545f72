/* SPDX-License-Identifier: MIT */
/* The kinds of guest kernel: a row in a table and a file for each. */
#ifndef IPVS_ISO_GUEST_KERNEL_H
#define IPVS_ISO_GUEST_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct guest_kernel {
	const char *name;    /* as --kernel takes it */
	const char *summary; /* one line, for people */
	bool takes_turns;    /* its process and those of its programs: see guest/processor.h */

	/*
	 * Whether it can be started here: 0, and the path of its program in `program` (the caller frees); -1 and an
	 * ERROR_UNAVAILABLE that says the one thing that is missing.
	 */
	int (*find)(char **program, struct error *error);

	/*
	 * The arguments that boot it with `memory` bytes, the host's file system read-only as its root, and `init` (a
	 * path on it, with the argument "guest-init") as its first program; the line is MACHINE_LINE_DESCRIPTOR and
	 * appears in the guest as GUEST_LINE. A list that ends with NULL; the caller frees it and its strings.
	 */
	char **(*arguments)(const char *program, const char *init, uint64_t memory);

	/* The environment that it wants, likewise; NULL with an error where there is no room for so much memory. */
	char **(*environment)(uint64_t memory, struct error *error);
};

/* The device of the line in a guest. */
#define GUEST_LINE "/dev/ttyS0"

extern const struct guest_kernel guest_kernel_uml;

/* All kinds, best first; NULL at the end. */
extern const struct guest_kernel *const guest_kernels[];

/* The kind of that name, or NULL. */
const struct guest_kernel *guest_kernel_named(const char *name);

#endif
