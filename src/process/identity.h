/* SPDX-License-Identifier: MIT */
/* Who a command runs as: --user. */
#ifndef IPVS_ISO_PROCESS_IDENTITY_H
#define IPVS_ISO_PROCESS_IDENTITY_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* A user of this system, with all groups. */
struct identity {
	uid_t user;
	gid_t group;
	gid_t *groups; /* owned, as the strings are */
	size_t group_count;
	char *name, *home, *shell;
};

#define CLEANUP_IDENTITY __attribute__((cleanup(identity_clear)))
void identity_clear(struct identity *identity);

/*
 * Looks up a user by name or by number. ERROR_INPUT where there is none, ERROR_PERMISSION where it is somebody else and
 * this process may not become somebody else.
 */
int identity_find(struct identity *identity, const char *name, struct error *error);

/*
 * Makes this process that user for good: groups, user; where that is not root, no capability left in any set and no way
 * to get one back through a set-user-ID program (PR_SET_NO_NEW_PRIVS), and no key of the caller's session; HOME, USER,
 * LOGNAME and SHELL are the user's. For a child before its exec. -1 with errno.
 */
int identity_become(const struct identity *identity);

#endif
