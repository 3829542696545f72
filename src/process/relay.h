/* SPDX-License-Identifier: MIT */
/*
 * A terminal of its own for all that this process runs, so that nothing of it can type into the terminal that this
 * process was started at (TIOCSTI). A second process stands between the two, as with sudo's use_pty and su --pty.
 */
#ifndef IPVS_ISO_PROCESS_RELAY_H
#define IPVS_ISO_PROCESS_RELAY_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Where this process has a controlling terminal, forks. The child, in which this returns 0, leads a session of its own,
 * on a terminal of its own; its descriptors 0 to 2 are that one now where they were the other. The parent passes on
 * what is shown and typed, the size, signals, stops and continues, and exits with the child's status; it never returns.
 * Where the parent is killed, the child gets SIGHUP.
 *
 * Without a controlling terminal there is nothing to do. -1 with an error where no terminal could be made; then nothing
 * has changed. To be called before anything else takes signals, and with nothing that must not be there twice.
 */
int relay_start(struct error *error);

/*
 * For a command that wants to read the terminal or to change its modes: from now on every key goes to our own terminal.
 * False where our job is in the background of the one that it was started at: then it has to stop, by SIGTTIN or
 * SIGTTOU. True where there is no relay: then the terminal is the very one.
 */
bool relay_take_terminal(void);

/* Keys are no longer ours, and mean what they mean to a shell's job. */
void relay_return_terminal(void);

/* Whether our job is in the foreground there; true where there is no relay. */
bool relay_in_foreground(void);

#endif
