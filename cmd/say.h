/* SPDX-License-Identifier: MIT */
/*
 * Lines for a reader. Names of files, of commands and of units come from outside and may hold anything, and a terminal
 * would take some of it for its commands, and a reader for a line of ours. So what the commands say goes through here.
 */
#ifndef IPVS_ISO_SAY_H
#define IPVS_ISO_SAY_H

#include <stdio.h>

/* Writes a line, whatever is in its parts: each character that is not for showing as characters.h has it. */
void say(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes `before` and an error's message or remedy. The line breaks in it are our own: see error_add_lines(). */
void say_message(FILE *stream, const char *before, const char *message);

/* Writes a name that other programs may read: as it is, but to a terminal as say() does. */
void say_name(FILE *stream, const char *name);

#endif
