/* SPDX-License-Identifier: MIT */
/* The guest's side: what ipvs-iso does when it is the first process of a kernel of its own. */
#ifndef IPVS_ISO_GUEST_INIT_H
#define IPVS_ISO_GUEST_INIT_H

/* Sets the guest up as the host asks, runs the units that it sends, powers off. Does not return. */
_Noreturn void guest_init(void);

#endif
