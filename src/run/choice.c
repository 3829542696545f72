/* SPDX-License-Identifier: MIT */
#include "run/choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "unit/sandbox.h"

void choice_clear(struct choice *choice)
{
	ipvs_close(choice->ipvs);
	free(choice->why);
	*choice = (struct choice){0};
}

static int take_host(struct choice *choice, enum isolation isolation, struct error *error)
{
	struct ipvs *ipvs = ipvs_open(error);
	if (!ipvs)
		return -1;
	if (isolation == ISOLATION_NETNS && sandbox_permitted(error) < 0) {
		ipvs_close(ipvs);
		return -1;
	}
	choice->ipvs = ipvs;
	return 0;
}

static int take_guest(struct choice *choice, const struct guest_kernel *kernel, struct error *error)
{
	CLEANUP_FREE char *program = NULL;
	if (kernel->find(&program, error) < 0)
		return -1;
	choice->guest = kernel;
	return 0;
}

static int take_any(struct choice *choice, enum isolation isolation, struct error *error)
{
	CLEANUP_ERROR struct error host_error = ERROR_INIT;
	if (take_host(choice, isolation, &host_error) == 0)
		return 0;
	for (const struct guest_kernel *const *kernel = guest_kernels; *kernel; kernel++) {
		if (take_guest(choice, *kernel, error) == 0) {
			error_clear(error);
			choice->why = memory_copy_string(host_error.message);
			return 0;
		}
	}
	/* The remedy of the last kind of guest stays: that is what would help here. */
	return error_context(error, "%s", host_error.message);
}

int choice_make(struct choice *choice, const char *name, enum isolation isolation, struct error *error)
{
	if (strcmp(name, "auto") == 0)
		return take_any(choice, isolation, error);
	if (strcmp(name, "host") == 0)
		return take_host(choice, isolation, error);
	const struct guest_kernel *kernel = guest_kernel_named(name);
	if (!kernel) {
		error_set(error, ERROR_INPUT, "there is no kernel '%s'", name);
		return error_remedy(error, "the kernels are auto, host and uml");
	}
	return take_guest(choice, kernel, error);
}
