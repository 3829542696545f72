/* SPDX-License-Identifier: MIT */
#include "process/capabilities.h"

#include <linux/capability.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const unsigned peeking[] = {CAP_SYS_PTRACE, CAP_SYS_RAWIO};

int capabilities_stop_peeking(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	if (syscall(SYS_capget, &header, sets) < 0)
		return -1;
	for (size_t i = 0; i < sizeof peeking / sizeof *peeking; i++) {
		struct __user_cap_data_struct *set = &sets[CAP_TO_INDEX(peeking[i])];
		/* Without this, executing any program as root would bring it back. */
		if (prctl(PR_CAPBSET_DROP, peeking[i], 0, 0, 0) < 0)
			return -1;
		set->effective &= ~CAP_TO_MASK(peeking[i]);
		set->permitted &= ~CAP_TO_MASK(peeking[i]);
		set->inheritable &= ~CAP_TO_MASK(peeking[i]);
	}
	return (int)syscall(SYS_capset, &header, sets);
}
