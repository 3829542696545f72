/* SPDX-License-Identifier: MIT */
#include "run/pool_worker.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "run/guest_place.h"
#include "unit/alone.h"
#include "unit/worker.h"

static void close_foreign(const struct pool_task *task)
{
	for (size_t i = 0; i < task->foreign.count; i++)
		close(task->foreign.items[i]);
}

void pool_work_sandbox(void *context, int answers)
{
	const struct pool_task *task = context;
	const struct run_options *options = task->options;
	struct unit_result result = {.name = NULL};
	const struct unit unit = {.name = task->unit->name, .arguments = task->unit->arguments};
	const struct unit_options unit_options = {
		.timeout_ms = options->timeout_ms,
		.kill_after_ms = options->kill_after_ms,
		.user = options->user,
	};
	const struct unit_place place = {.sandbox = true, .begun = task->begun};
	close_foreign(task);
	unit_run_alone(&unit, &unit_options, options->fixture, &place, &result);
	worker_answer(answers, &result);
}

static void say(int answers, const char *word, const char *rest)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *line = memory_printf("%s%s\n", word, rest);
	file_write_all(answers, "the answer", line, strlen(line), &ignored);
}

/* False when the guest takes no other unit. */
static bool run_unit(const struct guest_place *place, const struct planned_unit *unit, int answers)
{
	CLEANUP_OUTPUT struct output output;
	struct unit_result result = {.name = NULL};
	output_init(&output, true, false);
	bool more = guest_place_run(place, unit, &output, &result);
	if (!more)
		say(answers, POOL_GONE, "");
	worker_answer(answers, &result);
	unit_result_clear(&result);
	return more;
}

void pool_work_guest(void *context, int answers)
{
	const struct pool_task *task = context;
	CLEANUP_GUEST_PLACE struct guest_place place = {.guest = NULL};
	struct unit_result result = {.name = NULL};
	close_foreign(task);
	if (guest_place_open(&place, task->kernel, task->options, &result.interrupted, &result.trouble) < 0) {
		result.name = memory_copy_string("");
		worker_answer(answers, &result);
		return;
	}
	say(answers, POOL_READY, guest_description(place.guest));
	size_t index;
	while (read(task->requests, &index, sizeof index) == sizeof index &&
	       run_unit(&place, &task->plan->units.items[index], answers))
		;
}
