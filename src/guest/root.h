/* SPDX-License-Identifier: MIT */
/* The file system and the surroundings that a unit sees in a guest. */
#ifndef IPVS_ISO_GUEST_ROOT_H
#define IPVS_ISO_GUEST_ROOT_H

#include "base/error.h"
#include "guest/request.h"

/*
 * Makes the host's files, which are this process's read-only root, into the root of a machine to work on: a throw-away
 * overlay over them, one directory shared for writing, fresh /proc, /sys, /dev, /run; kernel modules where modprobe
 * looks for them; loopback up, IPVS loaded, the host's name. To be called once, by process 1.
 */
int guest_root_make(const struct guest_setup *setup, struct error *error);

/*
 * After a unit: its mount namespace keeps what it mounts from others, but not what it does to a file system that all
 * share (mount -o remount). `directory` is the shared one. What cannot be mended stays, and is no error.
 */
void guest_root_mend(const char *directory);

#endif
