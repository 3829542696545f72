/* SPDX-License-Identifier: MIT */
/* Which directory of the host a guest shares for writing. */
#ifndef IPVS_ISO_GUEST_DIRECTORY_H
#define IPVS_ISO_GUEST_DIRECTORY_H

#include "base/error.h"

/* The root is never shared, for that would be to share everything. */
#define GUEST_DIRECTORY_NONE "/"

/*
 * The absolute path of this process's working directory, without symbolic links: an absolute one on the way would lead
 * out of the guest's root. A guest finds the directory by that path, so NULL, with the reason and a remedy, where it
 * does not lead there, or leads to what a guest has of its own. The caller frees.
 */
char *guest_directory(struct error *error);

#endif
