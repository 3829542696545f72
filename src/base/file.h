/* SPDX-License-Identifier: MIT */
/* Files read whole, and files written whole or not at all. */
#ifndef IPVS_ISO_BASE_FILE_H
#define IPVS_ISO_BASE_FILE_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/error.h"

/* Closes the descriptor that it stands on when that goes out of scope, unless it is negative. By hand: at once. */
#define CLEANUP_CLOSE __attribute__((cleanup(file_cleanup_close)))
void file_cleanup_close(int *descriptor);

/*
 * Reads all of `path`, or of standard input where it is "-": a file, or a pipe or terminal, whose writer is waited for.
 * More than 1 GiB, or than a tenth of the machine's memory, is refused, and so is a device, which may have no end. A
 * request to end is heard; see base/patience.h. Returns the bytes with a NUL behind them, and how many there are in
 * `length`; the caller frees. NULL with an error that names the file.
 */
char *file_read(const char *path, size_t *length, struct error *error);

/* The same of what nobody named as a pipe: only a regular file is read. */
char *file_read_regular(const char *path, size_t *length, struct error *error);

/* The same from a descriptor that stays open; `name` is for messages. */
char *file_read_descriptor(int descriptor, const char *name, size_t *length, struct error *error);

/* Puts /dev/null in the place of standard input, which is open, for this process and all that it starts. */
int file_empty_input(struct error *error);

/* Writes `path` whole or not at all: target_find() and target_write() of base/target.h. */
int file_write(const char *path, const char *bytes, size_t length, mode_t mode, struct error *error);

/* Writes a text into `out` piece by piece; `context` is its own. It need not look at errors. */
typedef void file_text(FILE *out, const void *context);

/* As file_write(), for a text that is never whole in memory. */
int file_write_text(const char *path, file_text *text, const void *context, mode_t mode, struct error *error);

/* The same to a descriptor, which stays open. `name` is for messages. */
int file_stream(int descriptor, const char *name, file_text *text, const void *context, struct error *error);

/* Writes everything to a descriptor, however many calls that takes. `name` is for messages. */
int file_write_all(int descriptor, const char *name, const char *bytes, size_t length, struct error *error);

#endif
