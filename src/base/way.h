/* SPDX-License-Identifier: MIT */
/*
 * The way to a place that will be written to.
 *
 * The kernel follows whatever link it meets. Here none is followed that somebody else may have laid for us: one that
 * belongs neither to the caller nor to the owner of the directory, in a sticky directory that others may write to, such
 * as /tmp, or anywhere below one. That is so however fs.protected_symlinks is set, and at every step of the way. What
 * was found is held on to by descriptors, so that it cannot be exchanged meanwhile.
 */
#ifndef IPVS_ISO_BASE_WAY_H
#define IPVS_ISO_BASE_WAY_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

/* Where a way ends. */
struct way {
	int directory;     /* the last directory, O_PATH; -1: none */
	char *name;        /* what is meant in it, without slashes; owned */
	struct stat there; /* what has that name, and is no link; st_mode is 0 where nothing has */
	bool unnamed;      /* only proc(5) leads to what is there: a pipe, a terminal, a file that is open somewhere */
	bool shared;       /* `directory` is a sticky one that others may write to, or below one */
	uid_t keeper;      /* where `shared`: who owns that sticky directory, and is trusted for it */
};

#define WAY_INIT ((struct way){.directory = -1})
#define CLEANUP_WAY __attribute__((cleanup(way_clear)))
void way_clear(struct way *way);

/*
 * Walks to the file `path`, by links, too, and tells what is there. A directory, and a way that breaks off, are errors;
 * so is what another user put into a `shared` directory, unless it is a regular file. `way` must be empty, and is on
 * failure.
 */
int way_walk(struct way *way, const char *path, struct error *error);

/*
 * The same, but it does not look at what has the last name, so `there` stays zeros: it may be a link. Messages begin
 * with `purpose`, such as "cannot write".
 */
int way_walk_to_name(struct way *way, const char *path, const char *purpose, struct error *error);

/*
 * Opens the directory `path`, which it makes where it is missing and `make` is set, mode 0777 less the umask; not those
 * that it is in. Returns a descriptor (O_PATH), or -1.
 */
int way_open_directory(const char *path, bool make, const char *purpose, struct error *error);

/* Whether what is there may be another user's trap: shared, and neither ours nor the keeper's. */
bool way_is_strange(const struct way *way);

#endif
