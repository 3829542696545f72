/* SPDX-License-Identifier: MIT */
/* What is mounted for a unit alone. For a process in a mount namespace of its own; all of it ends with that. */
#ifndef IPVS_ISO_UNIT_MOUNTS_H
#define IPVS_ISO_UNIT_MOUNTS_H

#include "base/error.h"

/* What is mounted from now on is seen nowhere else; what is mounted elsewhere may still be seen here. */
int mounts_keep_apart(struct error *error);

/* /proc and /sys of the namespaces that this process is in. What was mounted below /sys stays there. */
int mounts_renew_kernel_views(struct error *error);

/*
 * A /run of its own (and /var/run, where that is no link to it): empty but for
 * - what is mounted below the old one, without the network namespaces of `ip netns` and the directory of locks;
 * - the sockets and directories of the system's own daemons, which are those of the old one (mounts.c has the list);
 * - its symbolic links, and an empty /run/lock for all users;
 * - the working directory, `program` (a path, or a name without slashes) and what HOME, PATH, TMPDIR, XDG_RUNTIME_DIR
 *   and IPVS_ISO_REPORT_DIR name, where they lie there;
 * - the directory that the state directory lies in, empty.
 */
int mounts_renew_run(const char *program, struct error *error);

/* An empty place for the names of `ip netns`: the mounts of those would end with the unit, but the names would stay. */
int mounts_renew_netns(struct error *error);

#endif
