/* SPDX-License-Identifier: MIT */
/*
 * Files written whole or not at all: something new is written beside the place, synced, and put there by rename(2), so
 * that a reader, or a power cut, finds either the old file or the new one and nothing between. What is no file, a pipe,
 * a terminal or a descriptor that we were given, is written to as it is.
 *
 * Where a place is found by its path, no link of a stranger's is followed; see base/way.h. It can be found before there
 * is anything to write, and is then held on to.
 */
#ifndef IPVS_ISO_BASE_TARGET_H
#define IPVS_ISO_BASE_TARGET_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/file.h"
#include "base/way.h"

/* A place that is written to. */
struct target {
	char *path;     /* for messages; owned; NULL: it is none */
	struct way way; /* to it; not to a descriptor that we were given */
	int stream;     /* what is written to as it is, open for that; -1: a file, or a pipe that had no reader */
};

#define TARGET_INIT ((struct target){.way = WAY_INIT, .stream = -1})
#define CLEANUP_TARGET __attribute__((cleanup(target_clear)))
void target_clear(struct target *target);

/*
 * Finds the place that `path` names, by links, too. /dev/stdout, /dev/stderr and /dev/fd/N are descriptors that we were
 * given. A pipe need have no reader yet. `target` must be empty, and is on failure.
 */
int target_find(struct target *target, const char *path, struct error *error);

/* Makes it a descriptor that we were given, of which it keeps a copy. `path` is for messages. */
int target_take(struct target *target, int descriptor, const char *path, struct error *error);

/* Sees that a file can be made there, so that no long work ends with nowhere to go. */
int target_try(const struct target *target, struct error *error);

/* Whether it is no file to be replaced. */
bool target_is_stream(const struct target *target);

/* A descriptor to write to such a one; the caller closes it. A reader of a pipe is waited for, ten seconds long. */
int target_open_stream(const struct target *target, struct error *error);

/*
 * Writes it. A new file gets `mode` less the umask; one that is there keeps its own where `keep` says so, unless
 * another user put it into a sticky directory.
 */
int target_write(const struct target *target, mode_t mode, bool keep, file_text *text, const void *context,
		 struct error *error);

/* The same for a text that is there. */
int target_write_bytes(const struct target *target, mode_t mode, bool keep, const char *bytes, size_t length,
		       struct error *error);

/* Appends to the file `path`, which is made where it is missing, mode 0666 less the umask; or writes to a stream. */
int target_append(const char *path, const char *bytes, size_t length, struct error *error);

/* How the new file of target_replace() is made. */
struct replacement {
	const char *path;   /* for messages */
	const char *beside; /* its name until it is whole; must be free */
	mode_t mode;        /* less the umask; or where that is 0, */
	mode_t exact_mode;
};

/*
 * Replaces the file `name` in `directory`, durably: file and directory are synced. On failure what was there is there
 * still, unless it is the directory that cannot be synced.
 */
int target_replace(int directory, const char *name, const struct replacement *replacement, file_text *text,
		   const void *context, struct error *error);

#endif
