/* SPDX-License-Identifier: MIT */
/*
 * A guest kernel as a process on this host, and nothing of it left when it ends or when we do.
 *
 * Between us and the kernel's process stands a keeper, a small process of our own in a session of its own (so that the
 * terminal's Ctrl-C does not reach the kernel). It ends everything when the kernel ends, when machine_stop() is called
 * and when we die, whatever we die of: it reads a pipe whose other end only we hold. It is a child subreaper, and does
 * not end before all its descendants have, wherever the kernel has put itself. For root, the kernel is in a PID
 * namespace as well, so that even a killed keeper takes all with it.
 */
#ifndef IPVS_ISO_GUEST_MACHINE_H
#define IPVS_ISO_GUEST_MACHINE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* In the kernel's process the line is this descriptor; 0 is /dev/null, 1 and 2 are the console. */
#define MACHINE_LINE_DESCRIPTOR 3

struct machine {
	pid_t keeper;
	int line;      /* our end; non-blocking */
	int console;   /* what the kernel and its program print; non-blocking, to be read */
	int lifeline;  /* closed, it ends the machine */
	int processor; /* holds the one that the kernel is kept on (processor_take()); or -1 */
};

/* None. */
#define MACHINE_NONE                                                                     \
	{                                                                                \
		.keeper = -1, .line = -1, .console = -1, .lifeline = -1, .processor = -1 \
	}

/*
 * Starts arguments[0], a path, with exactly `environment`, on one processor where its processes take turns and one is
 * free. Both lists end with NULL.
 */
int machine_start(struct machine *machine, char *const *arguments, char *const *environment, bool takes_turns,
		  struct error *error);

/* Ends it at once if it still runs, waits until all of it is gone, closes everything. */
void machine_stop(struct machine *machine);

#endif
