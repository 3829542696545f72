/* SPDX-License-Identifier: MIT */
/*
 * The files in the state directory: written whole and durably, with a checksum, and read only where they are ours and
 * what was written.
 */
#ifndef IPVS_ISO_SESSION_STATE_FILE_H
#define IPVS_ISO_SESSION_STATE_FILE_H

#include <stddef.h>

#include "base/array.h"
#include "base/error.h"
#include "base/file.h"

/*
 * In all of these `directory` is state_open()'s descriptor, and the caller holds the lock that keeps others from
 * writing a file of that name. Messages name the file; the caller adds the directory's path.
 */

/* What is behind the name of a file while it is written. One that a killed process left is of no use to anybody. */
#define STATE_FILE_UNFINISHED ".unfinished"

/*
 * Writes a file whole and durably (fsync of file and directory), mode 0600, replacing one that is there. `text` is
 * called with `context` to write what is in it: something that ends with a JSON object, up to its last value. That gets
 * one more key, "checksum", of all that is before its line. On failure there is none.
 */
int state_file_write(int directory, const char *name, file_text *text, const void *context, struct error *error);

/* Whether there is one, of whatever kind. 1, 0, or -1 on failure. */
int state_file_present(int directory, const char *name, struct error *error);

/*
 * Reads one whole, with a NUL behind it; the caller frees. `path` is the whole path, for messages. A link, somebody
 * else's file, and one of which any byte is not what was written are refused. NULL on failure.
 */
char *state_file_read(int directory, const char *name, const char *path, size_t *length, struct error *error);

/* Names of files; all of it is owned. */
struct state_file_names {
	ARRAY(char *) list;
};

#define CLEANUP_STATE_FILE_NAMES __attribute__((cleanup(state_file_names_clear)))
void state_file_names_clear(struct state_file_names *names);

/* Appends to `names` (zeros at first) what begins with `prefix`, in no order. */
int state_file_find(int directory, const char *prefix, struct state_file_names *names, struct error *error);

/* Removes one, durably. That there is none is no error. */
int state_file_drop(int directory, const char *name, struct error *error);

#endif
