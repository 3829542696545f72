/* SPDX-License-Identifier: MIT */
#include "run/guest_place.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "table/json.h"

int guest_place_open(struct guest_place *place, const struct guest_kernel *kernel, const struct run_options *options,
		     int *interrupted, struct error *error)
{
	*place = (struct guest_place){.options = options};
	CLEANUP_FREE char *directory = guest_directory(error);
	if (!directory)
		return -1;
	const struct guest_options guest_options = {
		.kernel = kernel,
		.directory = directory,
		.memory = options->guest_memory,
		.patience_ms = options->guest_patience_ms,
	};
	place->guest = guest_start(&guest_options, interrupted, error);
	if (!place->guest)
		return -1;
	place->fixture = options->fixture ? table_to_json(options->fixture, NULL) : NULL;
	return 0;
}

void guest_place_close(struct guest_place *place)
{
	guest_stop(place->guest);
	free(place->fixture);
}

static unsigned file_mask(void)
{
	mode_t mask = umask(0);
	umask(mask);
	return mask;
}

bool guest_place_run(const struct guest_place *place, const struct planned_unit *unit, struct output *output,
		     struct unit_result *result)
{
	const struct guest_request request = {
		.name = unit->name,
		.arguments = unit->arguments,
		.environment = environ,
		.fixture = place->fixture,
		.user = (char *)place->options->user,
		.file_mask = file_mask(),
		.caller = geteuid(),
		.keep = place->options->keep,
		.sandbox = place->options->isolation == ISOLATION_NETNS,
		.timeout_ms = place->options->timeout_ms,
		.kill_after_ms = place->options->kill_after_ms,
	};
	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (guest_run(place->guest, &request, output, result, &error) < 0) {
		unit_result_clear(result);
		result->name = memory_copy_string(unit->name);
		result->trouble = error;
		error = ERROR_INIT;
		return false;
	}
	return guest_is_usable(place->guest);
}
