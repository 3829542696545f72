/* SPDX-License-Identifier: MIT */
#include "guest/processor.h"

#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"

/* An abstract address can be bound by one socket only, and is free again when that is closed, whatever its owner dies of. */
static int take(int processor)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "ipvs-iso/processor/%d", processor);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
	int taken = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (taken >= 0 && bind(taken, (const struct sockaddr *)&address, size) < 0)
		file_cleanup_close(&taken);
	return taken;
}

int processor_take(int *processor)
{
	cpu_set_t allowed;
	int here = sched_getcpu();
	*processor = PROCESSOR_ANY;
	/* The second fails where there are more than CPU_SETSIZE. */
	if (here < 0 || sched_getaffinity(0, sizeof allowed, &allowed) < 0)
		return -1;
	for (int i = 0; i < CPU_SETSIZE; i++) {
		int candidate = (here + i) % CPU_SETSIZE;
		int taken = CPU_ISSET(candidate, &allowed) ? take(candidate) : -1;
		if (taken >= 0) {
			*processor = candidate;
			return taken;
		}
	}
	return -1;
}

void processor_keep(int processor)
{
	cpu_set_t only;
	if (processor < 0)
		return;
	CPU_ZERO(&only);
	CPU_SET(processor, &only);
	sched_setaffinity(0, sizeof only, &only);
}
