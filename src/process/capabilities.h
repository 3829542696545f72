/* SPDX-License-Identifier: MIT */
/* What a command may not do, though it is root: look into the processes that run it. */
#ifndef IPVS_ISO_PROCESS_CAPABILITIES_H
#define IPVS_ISO_PROCESS_CAPABILITIES_H

/*
 * Takes from this process, and from all that it starts, the capabilities with which root reads and changes any memory
 * (CAP_SYS_PTRACE, CAP_SYS_RAWIO). Processes that have them are closed to it then: their memory, their descriptors
 * below /proc. Of its own kind it may still trace those of the same user. -1 with errno.
 */
int capabilities_stop_peeking(void);

#endif
