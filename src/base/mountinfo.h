/* SPDX-License-Identifier: MIT */
/* What the kernel tells of mounts: /proc/self/mountinfo, see proc(5). */
#ifndef IPVS_ISO_BASE_MOUNTINFO_H
#define IPVS_ISO_BASE_MOUNTINFO_H

/*
 * The line about the mount that an open file is in; `file` may be of O_PATH. NULL where that cannot be told. The caller
 * frees.
 */
char *mountinfo_line(int file);

#endif
