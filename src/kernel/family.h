/* SPDX-License-Identifier: MIT */
/* The family of generic netlink that is IPVS: it comes and goes with the kernel's module. Internal to src/kernel/. */
#ifndef IPVS_ISO_KERNEL_FAMILY_H
#define IPVS_ISO_KERNEL_FAMILY_H

#include <stdbool.h>

#include "base/error.h"
#include "kernel/ipvs.h"

/* Makes sure that there is an IPVS to talk to, loading its module as root. ERROR_UNAVAILABLE where there is none. */
int family_find(struct ipvs *ipvs, struct error *error);

/*
 * For a request that failed with `error`: whether it did because the module was unloaded since the family was found,
 * and IPVS is found again now. Then `error` is cleared, and the request can be repeated. Otherwise `error` stays, or
 * says why IPVS cannot be had any more.
 */
bool family_find_again(struct ipvs *ipvs, struct error *error);

#endif
