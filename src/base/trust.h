/* SPDX-License-Identifier: MIT */
/*
 * Whether somebody else could have put a file where it is, for us to run. Trusted are the caller, also the one before
 * sudo(8), root, and the owner of this program, who decides what it does anyway.
 */
#ifndef IPVS_ISO_BASE_TRUST_H
#define IPVS_ISO_BASE_TRUST_H

#include <stdbool.h>

#include "base/error.h"
#include "base/walk.h"

/* What was found on the way to a file. Starts as zeros. */
struct trust {
	/* The first reason not to trust the file, as "it belongs to somebody else (user 1000)"; empty: none. */
	struct error refusal;
	bool made_up; /* the way leads over a file system like proc: the file should not even be read */
};

#define CLEANUP_TRUST __attribute__((cleanup(trust_clear)))
void trust_clear(struct trust *trust);

/*
 * A judge for walk(), with a `struct trust` as its context, which may be that of several walks one after another, the
 * first to a directory and the next on from there. It notes a refusal and lets the walk go on; -1 where it cannot tell.
 *
 * All that is on the way must belong to somebody trusted, and nobody else may write to it but the caller's own group,
 * also the one before sudo, and root's. A directory that others may write to can be walked through where it is sticky,
 * as /tmp is; but neither the file nor a link may be in it, as others could have moved one of ours there. No file
 * system on the way may be one whose files the kernel makes up, such as proc: what it calls root's holds other users'
 * words; nor may it be one that another user mounted (FUSE). In a user namespace, directories of users who are not in
 * it can be walked through.
 */
int trust_judge(void *context, const struct walk_step *step, struct error *error);

#endif
