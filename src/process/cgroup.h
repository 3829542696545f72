/* SPDX-License-Identifier: MIT */
/*
 * A control group (cgroup v2) for one command, where we may make one: the kernel then ends all that is in it at one
 * instant, which no storm of forks outruns. Without one, ending processes is left to what leftovers.c can do by itself.
 */
#ifndef IPVS_ISO_PROCESS_CGROUP_H
#define IPVS_ISO_PROCESS_CGROUP_H

#include <stdbool.h>

struct cgroup {
	char *path;    /* of its folder; owned; NULL: there is none */
	int directory; /* that folder; or -1 */
};

#define CGROUP_NONE ((struct cgroup){.path = NULL, .directory = -1})

/*
 * Makes one below this process's own, and removes those that killed runs have left there. Where that cannot be done,
 * which is no error, there is none then, and the others do nothing.
 */
void cgroup_make(struct cgroup *cgroup);

/* Puts the calling process into it. False with errno when it is refused; true where there is none. */
bool cgroup_enter(const struct cgroup *cgroup);

/* Sends SIGKILL to everything in it. False where there is none, or the kernel cannot (older than 5.14). */
bool cgroup_kill(const struct cgroup *cgroup);

/* Removes it, if it is empty, and frees what it holds. */
void cgroup_remove(struct cgroup *cgroup);

#endif
