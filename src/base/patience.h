/* SPDX-License-Identifier: MIT */
/* Waiting for a descriptor without becoming deaf to whoever asks us to end. */
#ifndef IPVS_ISO_BASE_PATIENCE_H
#define IPVS_ISO_BASE_PATIENCE_H

#include "base/error.h"

#define PATIENCE_FOR_EVER (-1)

/*
 * Waits until poll(2) finds `events` at the descriptor (-1: at none), or its end, for so many milliseconds at most.
 * Where signals that end a process are blocked, to be taken later, one that is there ends the wait and stays for
 * whoever takes it; where they are not, they act as usual. 1; 0 when the time is over; -1 with ERROR_INTERRUPTED.
 * `doing`, such as "cannot read a.json", is for the message.
 */
int patience_wait(int descriptor, short events, int milliseconds, const char *doing, struct error *error);

#endif
