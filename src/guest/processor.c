/* SPDX-License-Identifier: MIT */
#include "guest/processor.h"

#include <sched.h>

int processor_here(void)
{
	int processor = sched_getcpu();
	return processor >= 0 && processor < CPU_SETSIZE ? processor : PROCESSOR_ANY;
}

int processor_after(int first, size_t turn)
{
	cpu_set_t allowed;
	/* Fails where there are more than CPU_SETSIZE of them. */
	if (first < 0 || sched_getaffinity(0, sizeof allowed, &allowed) < 0)
		return PROCESSOR_ANY;
	size_t left = turn % (size_t)CPU_COUNT(&allowed);
	int processor = first;
	while (!CPU_ISSET(processor, &allowed) || left-- > 0)
		processor = (processor + 1) % CPU_SETSIZE;
	return processor;
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
