/* SPDX-License-Identifier: MIT */
#include "guest/kernel.h"

#include <stddef.h>
#include <string.h>

const struct guest_kernel *const guest_kernels[] = {
	&guest_kernel_uml,
	NULL,
};

const struct guest_kernel *guest_kernel_named(const char *name)
{
	for (const struct guest_kernel *const *kernel = guest_kernels; *kernel; kernel++) {
		if (strcmp((*kernel)->name, name) == 0)
			return *kernel;
	}
	return NULL;
}
