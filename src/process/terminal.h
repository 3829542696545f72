/* SPDX-License-Identifier: MIT */
/* Terminals: pairs of them (pty(7)), and one that is switched to pass every key on as it is. */
#ifndef IPVS_ISO_PROCESS_TERMINAL_H
#define IPVS_ISO_PROCESS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#include "base/error.h"

/* A terminal, and its modes from before terminal_make_raw(). Begins with its descriptor and zeros. */
struct terminal {
	int descriptor;
	bool raw;
	struct termios before;
	size_t typed_ahead; /* so many of the bytes that are read next were typed before it was raw */
};

/* The controlling terminal of this process, in a description of its own that does not block; -1 where there is none. */
int terminal_open_own(void);

/* Whether this is the controlling terminal of this process. */
bool terminal_is_own(int terminal);

/* Whether it is, and this process is in its foreground. */
bool terminal_in_foreground(int terminal);

/*
 * Makes a pair: inside is a terminal with the modes and the size of `like`; what is written to outside is typed there,
 * and what is shown there is read from outside, which does not block. Once outside is closed, inside hangs up. Both are
 * the caller's to close; -1 with an error where one of them could not be opened, and is negative.
 */
int terminal_make_pair(int like, int *outside, int *inside, struct error *error);

/* Whether it puts a "\r" before each "\n" that is written to it. */
bool terminal_completes_lines(int terminal);

void terminal_copy_size(int from, int to);

/* No key means anything to it, nothing is echoed, and what is written is shown as it is. Only from its foreground:
   whose it is else chooses its modes. */
void terminal_make_raw(struct terminal *terminal);

/* Gives back the modes from before, unless somebody else has the terminal by now. */
void terminal_restore(struct terminal *terminal);

/* As read(2) from a raw one; an end of input that was typed ahead is the key for it, as it was. */
ssize_t terminal_read(struct terminal *terminal, char *bytes, size_t size);

#endif
