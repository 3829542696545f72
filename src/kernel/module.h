/* SPDX-License-Identifier: MIT */
/* Kernel modules, loaded with libkmod. `directory` holds modules.dep; NULL stands for /lib/modules/RELEASE. */
#ifndef IPVS_ISO_KERNEL_MODULE_H
#define IPVS_ISO_KERNEL_MODULE_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Loads a module, or those of an alias, and what it depends on. A module that is loaded or built in is no error.
 * ERROR_UNAVAILABLE where there is no such module, ERROR_PERMISSION where it may not be loaded.
 */
int module_load(const char *directory, const char *name, struct error *error);

/* Whether there is a list of modules at all. Without one, a module that is not found may still be built in. */
bool module_list_exists(const char *directory);

#endif
