/* SPDX-License-Identifier: MIT */
/* The guest's end of the line: a terminal to its kernel, which no unit shall get hold of. */
#ifndef IPVS_ISO_GUEST_LINE_H
#define IPVS_ISO_GUEST_LINE_H

#include "base/error.h"

/* Opens it, without what being a terminal means; non-blocking. -1 on failure. */
int guest_line_open(struct error *error);

/*
 * Takes it out of reach of what this process starts from now on: its node is removed, and where the kernel has the
 * device cgroup, a new node cannot be made nor opened. A unit must be started in a cgroup namespace of its own, or it
 * could leave that cgroup. To be called when /dev is the one that units see.
 */
void guest_line_hide(int line);

#endif
