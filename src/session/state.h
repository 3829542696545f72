/* SPDX-License-Identifier: MIT */
/* The state directory: where the lock and the journal of a network namespace are. */
#ifndef IPVS_ISO_SESSION_STATE_H
#define IPVS_ISO_SESSION_STATE_H

#include <stdbool.h>

#include "base/error.h"

/* The environment variable that names another state directory. */
#define STATE_ENVIRONMENT "IPVS_ISO_STATE_DIR"
#define STATE_DIRECTORY_DEFAULT "/run/ipvs-iso"

/*
 * The name of the current network namespace's folder, as below: no other namespace of any kernel has it. The caller
 * frees; NULL on failure.
 */
char *state_namespace(struct error *error);

/*
 * Opens (O_PATH would not do: files are made in it) the folder of the current network namespace inside the state
 * directory, IPVS_ISO_STATE_DIR or /run/ipvs-iso, making both where they are missing, mode 0700; what the state
 * directory itself is in must be there. The folder's name is the namespace's SO_NETNS_COOKIE, "cookie-N", or where the
 * kernel has none "inode-N" of /proc/self/ns/net, and behind it the boot's id: every kernel counts its namespaces from
 * 1, and neither another kernel that sees the same folder nor this one after a reboot may take a journal for its own. A
 * relative path, a link, a folder that is somebody else's, or one that others may write to, is refused. Returns a
 * descriptor, and its path in `path` (the caller frees); -1 on failure, then `path` is unchanged.
 */
int state_open(char **path, struct error *error);

/* The same for those who only look: makes nothing. ERROR_NOT_FOUND where it is not there: nobody has the lock. */
int state_look(char **path, struct error *error);

/* The same for the state directory itself, which those of all namespaces are in. */
int state_open_base(char **path, struct error *error);

/* The same for another directory, at `path`, that shall be ours alone as the state directory is. */
int state_open_own(const char *path, struct error *error);

/* Whether there is something of its name, and how to remove it where nothing is in it: for those who need it for a
   moment and should leave no trace. */
bool state_base_is_there(void);
void state_forget_base(void);

#endif
