/* SPDX-License-Identifier: MIT */
/* What a guest's kernel prints: kept for the day it dies, shown to nobody before. */
#ifndef IPVS_ISO_GUEST_CONSOLE_H
#define IPVS_ISO_GUEST_CONSOLE_H

#include <stddef.h>

/* The last bytes of it. Starts as zeros. */
struct console {
	char *bytes; /* owned */
	size_t length;
};

void console_clear(struct console *console);

/* Takes what there is to read from a non-blocking descriptor: 1 something, 0 nothing now, -1 closed or broken. */
int console_receive(struct console *console, int descriptor);

/*
 * Whether somebody in the guest has told its kernel to end, and it does or has: what happened, for people, as in "the
 * guest was restarted ..."; else NULL.
 */
const char *console_ending(const struct console *console);

/*
 * The lines that tell why it died, indented, each with a newline before it: from the panic on where there was one, else
 * the last. Empty where nothing was printed. The caller frees.
 */
char *console_last_lines(const struct console *console);

#endif
