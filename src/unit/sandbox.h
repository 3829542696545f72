/* SPDX-License-Identifier: MIT */
/*
 * A sandbox: a process with a network namespace, so an IPVS table, of its own; and with a mount namespace, so that what
 * is mounted for it is seen nowhere else; and with a PID namespace, so that nothing that it started outlives it,
 * however it dies. Of none of them anything is left once it has ended: the kernel takes them back.
 */
#ifndef IPVS_ISO_UNIT_SANDBOX_H
#define IPVS_ISO_UNIT_SANDBOX_H

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* The namespaces of a sandbox, as clone(2) names them. */
#define SANDBOX_NAMESPACES (CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID)

/*
 * As fork(2), but the child is in new namespaces, in a sandbox process 1 of its PID namespace, and has none of the
 * locks that this process has inherited (session/lock.h). ERROR_PERMISSION with a remedy where that is not allowed. The
 * child calls sandbox_furnish() next.
 */
pid_t sandbox_fork(uint64_t namespaces, struct error *error);

/*
 * Makes the new namespaces fit for use: /proc and /sys show them, /run is its own (mounts.h; `program` is the unit's),
 * loopback is up, the state directory is an empty one of its own. net.ipv4.vs has its defaults, as in every new
 * namespace.
 */
int sandbox_furnish(const char *program, struct error *error);

/* Whether this process may make one at all: tried with a PID namespace, which costs little. */
int sandbox_permitted(struct error *error);

#endif
