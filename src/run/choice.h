/* SPDX-License-Identifier: MIT */
/* Whose kernel's IPVS a run uses: --kernel. */
#ifndef IPVS_ISO_RUN_CHOICE_H
#define IPVS_ISO_RUN_CHOICE_H

#include "base/error.h"
#include "guest/kernel.h"
#include "kernel/ipvs.h"

/* Who shares a table: all units, in turns, that of the network namespace we are in; or none, each has one of its
   own. */
enum isolation { ISOLATION_LOCK, ISOLATION_NETNS };

struct choice {
	struct ipvs *ipvs;                /* the host's, open; or NULL */
	const struct guest_kernel *guest; /* the guest's kind; or NULL */
	char *why;                        /* where `auto` took a guest: what the host lacks; or NULL */
};

#define CLEANUP_CHOICE __attribute__((cleanup(choice_clear)))
void choice_clear(struct choice *choice);

/*
 * Chooses by what --kernel says: "host", the name of a kind of guest, or "auto": the host where IPVS is there and
 * permitted, else the first kind of guest that is installed, else an error that says what to install. The host will do
 * only where it permits the isolation.
 */
int choice_make(struct choice *choice, const char *name, enum isolation isolation, struct error *error);

#endif
