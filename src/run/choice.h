/* SPDX-License-Identifier: MIT */
/* Whose kernel's IPVS a run uses: --kernel. */
#ifndef IPVS_ISO_RUN_CHOICE_H
#define IPVS_ISO_RUN_CHOICE_H

#include "base/error.h"
#include "guest/kernel.h"
#include "kernel/ipvs.h"

struct choice {
	struct ipvs *ipvs;                /* the host's, open; or NULL */
	const struct guest_kernel *guest; /* the guest's kind; or NULL */
	char *why;                        /* where `auto` took a guest: what the host lacks; or NULL */
};

#define CLEANUP_CHOICE __attribute__((cleanup(choice_clear)))
void choice_clear(struct choice *choice);

/*
 * Chooses by what --kernel says: "host", the name of a kind of guest, or "auto": the host where IPVS is there and
 * permitted, else the first kind of guest that is installed, else an error that says what to install.
 */
int choice_make(struct choice *choice, const char *name, struct error *error);

#endif
